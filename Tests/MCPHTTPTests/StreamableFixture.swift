import Crypto
import JSON
import MCP
import MCPHTTP
import NIOCore
import NIOPosix
import Synchronization

/// An MCP endpoint and requests to it, in memory.
struct StreamableFixture {
  let server: Server
  let responder: StreamableHTTPResponder
  /// Fires when the tool `wait` has begun, and when it was cancelled.
  let began = Signal()
  let wasCancelled = Signal()

  final class Person: Caller {
    let id: String
    init(_ id: String) { self.id = id }
  }

  static let key = SymmetricKey(data: Array("0123456789abcdef0123456789abcdef".utf8))

  /// - Parameter people: whether `Authorization` names the caller; without the field there is a challenge.
  init(people: Bool = false, _ configure: (inout StreamableHTTPConfiguration) -> Void = { _ in }) {
    server = Server(name: "fixture", version: "1")
    server.add(
      Tool(name: "echo", inputSchema: ["type": "object"]) { call in
        ToolResult(text: "\(call.string("text") ?? "") \(call.context.header?("Mcp-Param-Region") ?? "-") \(call.context.caller?.id ?? "-")")
      })
    server.add(
      Tool(name: "talk") { call in
        await call.progress(1, total: 2)
        await call.log(.info, "half")
        await call.progress(2, total: 2)
        return ToolResult(text: "done")
      })
    server.add(Tool(name: "forbidden") { _ in throw RPCError(.invalidParams, "No.") })
    server.add(
      Tool(name: "client") { call in
        ToolResult(structured: [
          "info": call.context.client.info.map { JSONValue($0) } ?? .null, "capabilities": JSONValue(call.context.client.capabilities),
          "version": .string(call.context.client.version.rawValue), "session": .string(call.context.sessionID ?? ""),
        ])
      })
    let (began, wasCancelled) = (began, wasCancelled)
    server.add(
      Tool(name: "wait") { call in
        began.fire()
        await call.progress(1)
        let sleep = Task { try await Task.sleep(for: .seconds(600)) }
        let end = await withTaskCancellationHandler {
          await sleep.result
        } onCancel: {
          sleep.cancel()
        }
        if case .failure = end { wasCancelled.fire() }
        return ToolResult(text: "late")
      })
    server.add(Resource(uri: "test://é", name: "accent") { _ in .text("accent") })
    server.add(Resource(uri: "test://watched", name: "watched") { _ in .text("watched") })
    var configuration = StreamableHTTPConfiguration(sessionKey: Self.key)
    configure(&configuration)
    responder = StreamableHTTPResponder(server, configuration: configuration, authenticate: people ? Self.people : nil)
  }

  private static let people: StreamableHTTPResponder.Authenticate = { request in
    guard let name = request.headers["Authorization"] else {
      return .refused(HTTPHint(status: 401, headers: [HTTPHint.Header("WWW-Authenticate", "Bearer")]))
    }
    return .allowed(Person(name))
  }

  struct Reply {
    var status: Int
    var headers: HTTPHeaders
    var text: String
    /// The body, or the data of the last event of a stream.
    var json: JSONValue?
    var isEvents: Bool { headers["Content-Type"] == "text/event-stream" }
  }

  /// Sends a request and gives its answer; for an answer that is a live stream, its head.
  func send(_ method: HTTPMethod = .post, _ body: String = "", _ headers: [(String, String)] = [], path: String = "/mcp") async -> Reply {
    let defaults = [("Host", "localhost:8080"), ("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")]
    let given = Set(headers.map { $0.0.lowercased() })
    let all = defaults.filter { !given.contains($0.0.lowercased()) } + headers.filter { $0.1 != "(none)" }
    let request = HTTPRequest(
      method: method, path: path, headers: HTTPHeaders(all), body: ByteBuffer(string: body), eventLoop: loops.next())
    switch await responder.respond(to: request) {
    case .full(let status, let headers, let body):
      let text = String(buffer: body)
      let data = text.split(separator: "\n").last { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) } ?? text
      return Reply(status: status.code, headers: headers, text: text, json: try? JSONValue(parsing: data))
    case .stream(let status, let headers, _): return Reply(status: status.code, headers: headers, text: "")
    }
  }

  // MARK: Modern

  static let meta: JSONValue = [MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: [:]]

  static func modernBody(_ method: String, _ params: JSONValue = [:], id: JSONValue = 1) -> JSONValue {
    var params = params
    if params["_meta"] == nil { params["_meta"] = meta }
    return ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": params]
  }

  static func modernHeaders(_ method: String, name: String? = nil) -> [(String, String)] {
    [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)] + (name.map { [("Mcp-Name", $0)] } ?? [])
  }

  func modern(_ method: String, _ params: JSONValue = [:], id: JSONValue = 1, headers: [(String, String)] = []) async -> Reply {
    let name = (params["name"] ?? params["uri"])?.string.map { HeaderValue.encode($0) }
    return await send(.post, Self.modernBody(method, params, id: id).text, Self.modernHeaders(method, name: name) + headers)
  }

  // MARK: Legacy

  static func initialize(_ version: String, capabilities: JSONValue = ["sampling": [:]]) -> JSONValue {
    [
      "jsonrpc": "2.0", "id": "i", "method": "initialize",
      "params": [
        "protocolVersion": .string(version), "capabilities": capabilities, "clientInfo": ["name": "tests", "version": "2"],
      ],
    ]
  }

  /// Opens a session and gives its id.
  func session(_ version: String = "2025-11-25", _ headers: [(String, String)] = []) async -> String {
    await send(.post, Self.initialize(version).text, headers).headers["Mcp-Session-Id"] ?? ""
  }

  func legacy(
    _ session: String, _ method: String, _ params: JSONValue = [:], id: JSONValue? = 1, headers: [(String, String)] = []
  ) async -> Reply {
    var message: JSONValue = ["jsonrpc": "2.0", "method": .string(method), "params": params]
    if let id { message["id"] = id }
    return await send(.post, message.text, [("Mcp-Session-Id", session)] + headers)
  }

  // MARK: Over the wire

  /// Serves the endpoint on a free port for the length of `body`.
  func serving<R: Sendable>(
    _ configure: (inout HTTPServerConfiguration) -> Void = { _ in }, _ body: @Sendable (Int) async throws -> R
  ) async throws -> R {
    let responder = responder
    return try await withServer(Responder { await responder.respond(to: $0) }, configure, body)
  }

  static func wire(_ method: String, _ body: String, _ headers: [(String, String)]) -> String {
    let fields = [("Host", "localhost"), ("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")] + headers
    let head = fields.map { "\($0.0): \($0.1)\r\n" }.joined()
    return "\(method) /mcp HTTP/1.1\r\n\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}

extension String {
  /// The messages of the server-sent events in what came over the wire.
  var events: [JSONValue] {
    split(whereSeparator: \.isNewline).filter { $0.hasPrefix("data: ") }.compactMap { try? JSONValue(parsing: String($0.dropFirst(6))) }
  }

  func count(of text: String) -> Int { components(separatedBy: text) - 1 }

  private func components(separatedBy text: String) -> Int {
    var count = 1
    var rest = self[...]
    while let range = rest.firstRange(of: text) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
