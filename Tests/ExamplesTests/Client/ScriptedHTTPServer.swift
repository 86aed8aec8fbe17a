import JSON
import Logging
import MCP
import MCPHTTP
import NIOCore
import NIOPosix
import Synchronization

/// One HTTP request as the server saw it.
struct SeenRequest: Sendable {
  var method: HTTPMethod
  var headers: HTTPHeaders
  /// The JSON-RPC message; null where there was none.
  var message: JSONValue
  var time: ContinuousClock.Instant

  var rpcMethod: String? { message["method"]?.string }
}

/// An HTTP server that is a closure, and remembers what it was sent.
final class ScriptedHTTPServer: HTTPResponder {
  private let script: @Sendable (SeenRequest, ScriptedHTTPServer) async -> HTTPReply
  private let seen: Mutex<[SeenRequest]> = Mutex([])

  init(_ script: @escaping @Sendable (SeenRequest, ScriptedHTTPServer) async -> HTTPReply) { self.script = script }

  var requests: [SeenRequest] { seen.withLock { $0 } }
  func requests(_ method: String) -> [SeenRequest] { requests.filter { $0.rpcMethod == method } }

  func respond(to request: HTTPRequest) async -> HTTPReply {
    let message = (try? RawJSON(scanning: request.body)).map { JSONValue($0) } ?? .null
    let one = SeenRequest(method: request.method, headers: request.headers, message: message, time: .now)
    seen.withLock { $0.append(one) }
    return await script(one, self)
  }

  /// Serves on a free port for the length of `body`, which is given the URL of the endpoint.
  func serve<R: Sendable>(_ body: @Sendable (String) async throws -> R) async throws -> R {
    var configuration = HTTPServerConfiguration()
    configuration.shutdownTimeout = .milliseconds(200)
    let server = HTTPServer(
      host: "127.0.0.1", port: 0, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration, responder: self,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let port = try await server.start()
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      let result = try await body("http://127.0.0.1:\(port)/mcp")
      group.cancelAll()
      return result
    }
  }

  // MARK: Answers

  static func json(_ status: HTTPStatus, _ value: JSONValue, session: String? = nil) -> HTTPReply {
    var headers = HTTPHeaders([("Content-Type", "application/json")])
    if let session { headers.add("Mcp-Session-Id", session) }
    return .full(status, headers, body: ByteBuffer(value))
  }

  static func result(_ request: SeenRequest, _ result: JSONValue, session: String? = nil) -> HTTPReply {
    json(.ok, ["jsonrpc": "2.0", "id": request.message["id"] ?? .null, "result": result], session: session)
  }

  static func error(_ request: SeenRequest, status: HTTPStatus, _ error: RPCError) -> HTTPReply {
    var object: JSONValue = ["code": .int(error.code.rawValue), "message": .string(error.message)]
    if let data = error.data { object["data"] = data }
    return json(status, ["jsonrpc": "2.0", "id": request.message["id"] ?? .null, "error": object])
  }

  /// A modern server: discovery, lists with hints, and the rest by `script`, which gives a result without the common members.
  static func modern(_ script: @escaping @Sendable (SeenRequest, ScriptedHTTPServer) async -> JSONValue?) -> ScriptedHTTPServer {
    ScriptedHTTPServer { request, server in
      guard request.method == .post else { return .text(405, "no") }
      if request.rpcMethod == "server/discover" {
        return result(
          request,
          [
            "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": ["tools": [:], "resources": [:], "prompts": [:]],
            "ttlMs": 0, "cacheScope": "private",
          ])
      }
      guard var answer = await script(request, server) else { return error(request, status: 404, .methodNotFound(request.rpcMethod ?? "")) }
      if answer["resultType"] == nil, answer["untyped"] == nil { answer["resultType"] = "complete" }
      answer["untyped"] = nil
      return result(request, answer)
    }
  }
}
