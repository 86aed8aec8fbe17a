import Crypto
import JSON
import MCP
import MCPHTTP
import NIOCore
import NIOPosix

/// A server with one of everything whose handlers neither fail nor talk: what goes wrong before them is what is looked for.
enum FuzzServer {
  static let server: Server = {
    let server = Server(name: "fuzz", version: "1", settings: Server.Settings(pageSize: 2, stateKey: key, now: { 1_000 }))
    server.add(
      Tool(
        name: "add",
        inputSchema: [
          "type": "object", "additionalProperties": false, "required": ["a"],
          "properties": ["a": ["type": "integer", "x-mcp-header": "A"], "b": ["type": ["integer", "null"]], "mode": ["enum": ["exact", "rough"]]],
        ], outputSchema: ["type": "object", "required": ["sum"]]
      ) { call in
        ToolResult(structured: ["sum": .int((call.int("a") ?? 0) &+ (call.int("b") ?? 0))])
      })
    server.add(Tool(name: "echo", inputSchema: ["type": "object"]) { ToolResult(text: $0.arguments.text) })
    server.add(
      Tool(name: "ask") { call in
        guard call.context.era == .modern else { return ToolResult(text: "not here") }
        let answer = try await call.elicit("Your name?", ElicitationForm([.string("name", required: true)]), key: "who")
        return ToolResult(text: "\(answer.action)")
      })
    server.add(Resource(uri: "test://static", name: "static", mimeType: "text/plain") { _ in .text("hello") })
    if let template = try? ResourceTemplate(
      uriTemplate: "test://item/{id}/data{?q*}", name: "item",
      read: { read in
        guard let id = read["id"] else { throw read.notFound }
        return .text(id)
      })
    {
      server.add(template)
    }
    server.add(
      Prompt(name: "greet", arguments: [Prompt.Argument("who", required: true), Prompt.Argument("tone")]) { get in
        PromptResult([.user("Greet \(get["who"] ?? "") \(get["tone"] ?? "kindly")")])
      })
    server.addCompletion(for: .prompt("greet", argument: "who")) { asked in Completion((1...150).map { "\(asked.value)\($0)" }) }
    return server
  }()

  private static let key = SymmetricKey(data: Array("0123456789abcdef0123456789abcdef".utf8))

  static let endpoint = StreamableHTTPResponder(
    server, configuration: StreamableHTTPConfiguration(sessionKey: key, sessionsInMemory: 16, now: { 1 }))

  static let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()

  /// Session ids of two revisions, for inputs that say `$SESSION` and `$BATCHES`.
  static let sessions: Task<(String, String), Never> = Task { (await session("2025-11-25"), await session("2025-03-26")) }

  private static func session(_ version: String) async -> String {
    let request: JSONValue = [
      "jsonrpc": "2.0", "id": 0, "method": "initialize",
      "params": ["protocolVersion": .string(version), "capabilities": [:], "clientInfo": ["name": "fuzz", "version": "1"]],
    ]
    let headers = HTTPHeaders([("Host", "localhost"), ("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")])
    let reply = await endpoint.respond(
      to: HTTPRequest(method: .post, path: "/mcp", headers: headers, body: request.raw.bytes, eventLoop: loop))
    guard case .full(_, let headers, _) = reply else { return "" }
    return headers["Mcp-Session-Id"] ?? ""
  }
}
