import JSON
import MCP
import MCPHTTP
import NIOCore

/// What came back over HTTP.
struct Reply: Sendable {
  let status: Int
  let headers: HTTPHeaders
  let text: String

  /// The messages of the body: one, or those of an event stream.
  var messages: [JSONValue] {
    guard headers["Content-Type"]?.hasPrefix("text/event-stream") == true else { return [try? JSONValue(parsing: text)].compactMap { $0 } }
    var parser = SSEParser()
    return ((try? parser.parse(ByteBuffer(string: text))) ?? []).compactMap { try? JSONValue(parsing: String(buffer: $0.data)) }
  }

  /// The response, which comes last.
  var message: JSONValue { messages.last ?? .null }
  var result: JSONValue? { message["result"] }
  var error: JSONValue? { message["error"] }
  var structured: JSONValue? { result?["structuredContent"] }
  var isToolError: Bool { result?["isError"]?.bool ?? false }
  /// The text of the first content block.
  var content: String { result?["content"]?.array?.first?["text"]?.string ?? "" }
  /// The gateway's own stable code, from an error's data or a tool result's `_meta`.
  var code: String? { error?["data"]?["code"]?.string ?? result?["_meta"]?["dev.sluice/refusal"]?["code"]?.string }
}

/// A client of the gateway that says exactly what a test wants said.
struct MCPClient: Sendable {
  let port: Int
  var token: String?
  var http: HTTPClient

  init(port: Int, token: String? = nil, http: HTTPClient = MCPClient.shared) {
    self.port = port
    self.token = token
    self.http = http
  }

  static let shared = HTTPClient(eventLoopGroup: loops)

  func with(token: String?) -> MCPClient { MCPClient(port: port, token: token, http: http) }

  // MARK: HTTP

  /// Headers of a request: nil removes one.
  typealias Headers = [(name: String, value: String?)]

  func send(
    _ method: String = "POST", path: String = "/mcp", headers changes: Headers = [], body: ByteBuffer? = nil, seconds: Int64 = 60
  ) async throws -> Reply {
    let request = request(method, path: path, headers: changes, body: body, streamsEvents: false)
    let response = try await http.send(request, deadline: .now() + .seconds(seconds))
    guard case .full(let bytes) = response.body else { throw NeverHappened(description: "an answer with an end") }
    return Reply(status: response.status.code, headers: response.headers, text: String(buffer: bytes))
  }

  /// The head and the messages of an event stream, as they come.
  func stream(
    _ method: String = "POST", headers changes: Headers = [], body: ByteBuffer? = nil
  ) async throws -> (response: HTTPClientResponse, messages: AsyncThrowingStream<JSONValue, any Error>) {
    let request = request(method, path: "/mcp", headers: changes, body: body, streamsEvents: true)
    let response = try await http.send(request, deadline: .now() + .seconds(30))
    guard case .stream(let bytes) = response.body else {
      return (response, AsyncThrowingStream { $0.finish() })
    }
    let messages = AsyncThrowingStream<JSONValue, any Error> { continuation in
      let task = Task {
        do {
          var parser = SSEParser()
          for try await piece in bytes {
            for event in try parser.parse(piece) where event.data.readableBytes > 0 {
              continuation.yield(try JSONValue(parsing: String(buffer: event.data)))
            }
          }
          continuation.finish()
        } catch { continuation.finish(throwing: error) }
      }
      continuation.onTermination = { _ in task.cancel() }
    }
    return (response, messages)
  }

  private func request(_ method: String, path: String, headers changes: Headers, body: ByteBuffer?, streamsEvents: Bool) -> HTTPClientRequest {
    var headers = HTTPHeaders()
    headers.add("Accept", "application/json, text/event-stream")
    if body != nil { headers.add("Content-Type", "application/json") }
    if let token { headers.add("Authorization", "Bearer \(token)") }
    for (name, value) in changes { if let value { headers.set(name, value) } else { headers.remove(name) } }
    return HTTPClientRequest(
      origin: HTTPOrigin(scheme: .http, host: "127.0.0.1", port: port), method: HTTPMethod(method), path: path, headers: headers, body: body,
      streamsEvents: streamsEvents)
  }

  // MARK: 2026-07-28

  /// `params` with the `_meta` that every modern request has.
  static func modernParams(_ params: JSONValue, meta: JSONObject = [:], capabilities: JSONValue = [:]) -> JSONValue {
    var params = params
    var all: JSONObject = [
      MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: capabilities,
      MetaKey.clientInfo: ["name": "test-client", "version": "1"],
    ]
    for (name, value) in meta { all[name] = value }
    params["_meta"] = .object(all)
    return params
  }

  static func modernHeaders(_ method: String, _ params: JSONValue) -> Headers {
    var headers: Headers = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)]
    switch method {
    case "tools/call", "prompts/get": headers.append(("Mcp-Name", params["name"]?.string))
    case "resources/read": headers.append(("Mcp-Name", params["uri"]?.string))
    default: break
    }
    return headers
  }

  static func body(_ method: String, _ params: JSONValue, id: JSONValue = 1) -> ByteBuffer {
    ByteBuffer(string: (["jsonrpc": "2.0", "id": id, "method": .string(method), "params": params] as JSONValue).text)
  }

  func modern(
    _ method: String, _ params: JSONValue = [:], id: JSONValue = 1, meta: JSONObject = [:], headers: Headers = [], seconds: Int64 = 60
  ) async throws -> Reply {
    try await send(
      headers: Self.modernHeaders(method, params) + headers, body: Self.body(method, Self.modernParams(params, meta: meta), id: id), seconds: seconds)
  }

  func call(_ tool: String, _ arguments: JSONValue = [:], seconds: Int64 = 60) async throws -> Reply {
    try await modern("tools/call", ["name": .string(tool), "arguments": arguments], seconds: seconds)
  }

  func listen(_ filter: JSONValue) async throws -> AsyncThrowingStream<JSONValue, any Error> {
    let params = Self.modernParams(["notifications": filter])
    return try await stream(
      headers: Self.modernHeaders("subscriptions/listen", params) + [("Accept", "text/event-stream")], body: Self.body("subscriptions/listen", params)
    ).messages
  }

  // MARK: Legacy

  func initialize(_ version: String = "2025-11-25", headers: Headers = []) async throws -> LegacyClient {
    let params: JSONValue = ["protocolVersion": .string(version), "capabilities": [:], "clientInfo": ["name": "test-client", "version": "1"]]
    let reply = try await send(headers: headers, body: Self.body("initialize", params))
    guard let session = reply.headers["Mcp-Session-Id"], let agreed = reply.result?["protocolVersion"]?.string else {
      throw NeverHappened(description: "a session: \(reply.status) \(reply.text)")
    }
    return LegacyClient(client: self, session: session, version: agreed, description: reply.result ?? .null)
  }
}

/// A session of the legacy era.
struct LegacyClient: Sendable {
  let client: MCPClient
  let session: String
  let version: String
  /// The result of `initialize`.
  let description: JSONValue

  var headers: MCPClient.Headers { [("Mcp-Session-Id", session), ("MCP-Protocol-Version", version)] }

  func request(
    _ method: String, _ params: JSONValue = [:], id: JSONValue = 1, headers changes: MCPClient.Headers = [], as other: MCPClient? = nil
  ) async throws -> Reply {
    try await (other ?? client).send(headers: headers + changes, body: MCPClient.body(method, params, id: id))
  }

  func call(_ tool: String, _ arguments: JSONValue = [:]) async throws -> Reply {
    try await request("tools/call", ["name": .string(tool), "arguments": arguments])
  }

  func end(as other: MCPClient? = nil) async throws -> Reply {
    try await (other ?? client).send("DELETE", headers: headers)
  }
}
