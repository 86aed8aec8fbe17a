import JSON
import MCP
import NIOCore

/// A server with one of everything, and in-process requests to it.
struct ServerFixture {
  let server: Server

  init(pageSize: Int = 100) throws {
    server = Server(
      name: "fixture", version: "1", instructions: "Be brief.",
      settings: Server.Settings(pageSize: pageSize, cache: CacheHint(milliseconds: 300, scope: .public)))
    server.add(
      Tool(
        name: "add",
        inputSchema: [
          "type": "object", "additionalProperties": false, "required": ["a", "b"],
          "properties": [
            "a": ["type": "integer"], "b": ["type": ["integer", "null"]], "mode": ["type": "string", "enum": ["exact", "rough"]],
          ],
        ],
        outputSchema: ["type": "object"], annotations: ToolAnnotations(readOnly: true), meta: ["dev.sluice/x": 1]
      ) { call in
        ToolResult(structured: ["sum": .int((call.int("a") ?? 0) + (call.int("b") ?? 0))])
      })
    server.add(Tool(name: "list", outputSchema: ["type": "array"]) { _ in ToolResult(structured: [1, 2]) })
    server.add(Tool(name: "explode") { _ in throw Failure() })
    server.add(Tool(name: "refuse") { _ in throw RPCError(.invalidParams, "No.", data: ["why": "so"]) })
    server.add(
      Tool(name: "needs_sampling") { call in
        try call.requireClient("sampling")
        return ToolResult(text: "sampled")
      })
    server.add(
      Tool(name: "talk") { call in
        await call.progress(1, total: 2, message: "half")
        await call.log(.debug, "details")
        await call.log(.warning, ["careful": true], logger: "fixture")
        return ToolResult(text: "done")
      })
    server.add(
      Tool(name: "rows") { call in
        ToolResult(text: call.rowFilter("Deal").map { $0.json.text } ?? "ungoverned")
      })
    server.add(Resource(uri: "test://static", name: "static", mimeType: "text/plain") { _ in .text("hello") })
    server.add(
      try ResourceTemplate(uriTemplate: "test://item/{id}/data", name: "item") { read in
        guard let id = read["id"], id != "0" else { throw read.notFound }
        return .blob(Array(id.utf8), mimeType: "application/octet-stream")
      })
    server.add(
      Prompt(name: "greet", arguments: [Prompt.Argument("who", required: true), Prompt.Argument("tone")]) { get in
        PromptResult([.user("Greet \(get["who"] ?? "") \(get["tone"] ?? "kindly")")])
      })
    server.addCompletion(for: .prompt("greet", argument: "who")) { asked in
      Completion((1...150).map { "\(asked.value)\($0)" })
    }
    server.addCompletion(for: .resourceTemplate("test://item/{id}/data", argument: "id")) { asked in
      ["\(asked.value)-\(asked.arguments["other"] ?? "")"]
    }
  }

  struct Failure: Error {}

  /// The result or error object of a request, as JSON.
  func ask(
    _ method: String, _ params: JSONValue = [:], _ era: Era = .modern, capabilities: JSONValue = [:], logLevel: LogLevel? = nil,
    notify: @escaping @Sendable (ByteBuffer) async -> Void = { _ in }
  ) async throws -> JSONValue {
    let request: JSONValue = ["jsonrpc": "2.0", "id": 7, "method": .string(method), "params": params]
    let client = ClientDescription(version: era == .modern ? .v2026_07_28 : .v2025_11_25, capabilities: capabilities.raw)
    let context = RequestContext(client: client, transport: .inProcess, logLevel: logLevel, notify: notify)
    switch await server.handle(try Envelope(request.raw), context) {
    case .result(let result): return try JSONValue(parsing: String(buffer: result))
    case .failure(let error, _):
      var object: JSONValue = ["code": .int(error.code.rawValue), "message": .string(error.message)]
      if let data = error.data { object["data"] = data }
      return ["error": object]
    }
  }
}
