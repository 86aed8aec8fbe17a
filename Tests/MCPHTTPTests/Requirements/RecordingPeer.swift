import JSON
import MCP
import MCPHTTP
import NIOCore
import Synchronization
import Testing

/// A server that notes what it is sent and answers as a test wants.
final class RecordingPeer: Sendable {
  struct Request: Sendable {
    let method: HTTPMethod
    let path: String
    let query: String?
    let headers: HTTPHeaders
    /// Null where there is none.
    let body: JSONValue

    var rpc: String { body["method"]?.string ?? "" }
  }

  /// Answers a request; nil leaves it open until the client goes.
  typealias Answering = @Sendable (Request) -> HTTPReply?

  private let seen = Mutex<[Request]>([])
  private let answering: Answering
  /// Fires when a request is left open.
  let isWaiting = Signal()
  /// Fires when the client of that request has gone.
  let wasLeft = Signal()

  init(_ answering: @escaping Answering) { self.answering = answering }

  var requests: [Request] { seen.withLock { $0 } }
  /// The methods of the messages that were sent, in order.
  var methods: [String] { requests.map(\.rpc) }

  /// Runs `body` with a wire to this server.
  func serving<R: Sendable>(
    headers: @escaping @Sendable () throws -> [HTTPHint.Header] = { [] }, _ body: @Sendable (HTTPWire) async throws -> R
  ) async throws -> R {
    try await withServer(Responder { await self.respond(to: $0) }) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      let result = try await body(HTTPWire(.init(origin: origin(port), path: "/mcp", headers: headers), client: client))
      await client.shutdown()
      return result
    }
  }

  private func respond(to request: HTTPRequest) async -> HTTPReply {
    let body = (try? JSONValue(parsing: String(buffer: request.body))) ?? .null
    let noted = Request(method: request.method, path: request.path, query: request.query, headers: request.headers, body: body)
    seen.withLock { $0.append(noted) }
    if let reply = answering(noted) { return reply }
    isWaiting.fire()
    let sleep = Task { try await Task.sleep(for: .seconds(60)) }
    let end = await withTaskCancellationHandler {
      await sleep.result
    } onCancel: {
      sleep.cancel()
    }
    if case .failure = end { wasLeft.fire() }
    return .full(.ok, HTTPHeaders(), body: ByteBuffer())
  }

  // MARK: Answers

  static func json(_ message: JSONValue, status: Int = 200, headers: [(String, String)] = []) -> HTTPReply {
    .full(HTTPStatus(status), HTTPHeaders([("Content-Type", "application/json")] + headers), body: ByteBuffer(message))
  }

  static func result(_ result: JSONValue, to request: Request, headers: [(String, String)] = []) -> HTTPReply {
    json(["jsonrpc": "2.0", "id": request.body["id"] ?? .null, "result": result], headers: headers)
  }

  static func error(_ code: Int, to request: Request, status: Int = 200, data: JSONValue? = nil) -> HTTPReply {
    var error: JSONValue = ["code": .int(code), "message": "No."]
    if let data { error["data"] = data }
    return json(["jsonrpc": "2.0", "id": request.body["id"] ?? .null, "error": error], status: status)
  }

  static func events(_ messages: [JSONValue]) -> HTTPReply {
    let text = messages.map { "data: \($0.text)\n\n" }.joined()
    return .full(.ok, HTTPHeaders([("Content-Type", "text/event-stream")]), body: ByteBuffer(string: text))
  }

  static let accepted: HTTPReply = .full(.accepted, HTTPHeaders(), body: ByteBuffer())

  /// A server of 2026-07-28 with everything, which answers requests of other methods by `other`.
  static func modern(_ other: @escaping Answering = { _ in nil }) -> RecordingPeer {
    RecordingPeer { request in
      guard request.rpc == "server/discover" else { return other(request) }
      let capabilities: JSONValue = ["tools": ["listChanged": true], "prompts": [:], "resources": [:]]
      return result(
        [
          "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": capabilities, "ttlMs": 0, "cacheScope": "private",
          "_meta": [MetaKey.serverInfo: ["name": "peer", "version": "1"]],
        ], to: request)
    }
  }

  /// A server of `version` and earlier, which knows nothing of later revisions.
  static func legacy(_ version: String = "2025-11-25", session: String = "session-1", _ other: @escaping Answering = { _ in nil }) -> RecordingPeer {
    RecordingPeer { request in
      switch request.rpc {
      case "server/discover": return error(-32601, to: request, status: 200)
      case "initialize":
        return result(
          ["protocolVersion": .string(version), "capabilities": ["tools": [:]], "serverInfo": ["name": "peer", "version": "1"]], to: request,
          headers: [("Mcp-Session-Id", session)])
      case "notifications/initialized", "notifications/cancelled": return accepted
      default: return other(request)
      }
    }
  }
}

/// A deadline that passes, yet not before a request is with its server, even on a busy machine.
var near: NIODeadline { .now() + .seconds(10) }

/// A deadline that no test reaches.
var farOff: NIODeadline { .now() + .seconds(20) }
