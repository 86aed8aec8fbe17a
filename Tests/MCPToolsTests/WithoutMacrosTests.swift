import JSON
import MCP
import MCPTools
import Testing

@Suite("Typed tools without macros")
struct WithoutMacrosTests {
  struct Point: ToolObject, Equatable {
    var x: Int
    var y: Int
    init(json: RawJSON) throws(ValueError) {
      let reader = try ObjectReader(json)
      x = try reader.read("x")
      y = try reader.read("y", default: 0)
    }
    static func schema(_ builder: inout SchemaBuilder) -> JSONValue {
      builder.object(Self.self, "A point.") { members in
        members.add("x", Int.self, "To the right.")
        members.add("y", Int.self, default: 0, constraints: .range(0..<10))
      }
    }
    var jsonValue: JSONValue { ["x": .int(x), "y": .int(y)] }
  }

  private func server(withReload: Bool = false) throws -> Server {
    try Server(name: "plain", version: "1") {
      Tool(name: "add", description: "Adds.", traits: [.readOnly], parameters: Parameter("a", Int.self), Parameter("b", default: 1)) { _, a, b in a + b }
      Tool(name: "flip", input: Point.self) { point, _ in [point.y, point.x] }
      Tool(name: "ping") { _ in "pong" }
      Tool(name: "note", parameters: Parameter("text", String.self, constraints: .length(1...5), .pattern("^a"))) { call, text in
        await call.log(.info, .string(text))
      }
      if withReload { Tool(name: "reload") { _ in } }
      for name in ["one", "two"] {
        Resource(uri: "plain://\(name)", name: name) { _ in .text(name) }
      }
      try ResourceTemplate(uriTemplate: "plain://{id}/x", name: "x") { read in .text(read["id"] ?? "") }
      Prompt(name: "greet", parameters: Parameter("who", String.self), Parameter("times", Int?.self)) { _, who, times in
        "Greet \(who) \(times ?? 1) times"
      }
    }
  }

  @Test("A server lists what its builder names")
  func builder() async throws {
    #expect(try await server().ask("tools/list")["tools"]?.array?.map { $0["name"] } == ["add", "flip", "ping", "note"])
    #expect(try await server(withReload: true).ask("tools/list")["tools"]?.array?.count == 5)
    #expect(try await server().ask("resources/list")["resources"]?.array?.count == 2)
    #expect(try await server().ask("resources/templates/list")["resourceTemplates"]?.array?.count == 1)
  }

  @Test("Parameters and closures give schema and call")
  func typed() async throws {
    let server = try server()
    let schema: JSONValue = [
      "type": "object", "properties": ["a": ["type": "integer"], "b": ["type": "integer", "default": 1]], "required": ["a"],
      "additionalProperties": false,
    ]
    #expect(try await server.definition("add")["inputSchema"] == schema)
    #expect(try await server.call("add", ["a": 4])["structuredContent"] == 5)
    #expect(try await server.call("flip", ["x": 1, "y": 2])["structuredContent"] == [2, 1])
    #expect(try await server.definition("flip")["inputSchema"]?["properties"]?["y"] == ["type": "integer", "minimum": 0, "exclusiveMaximum": 10, "default": 0])
    #expect(try await server.definition("ping")["inputSchema"] == ["type": "object", "additionalProperties": false])
    #expect(try await server.call("ping").firstText == "pong")
    #expect(try await server.call("note", ["text": "abc"]).firstText == "Done.")
  }

  @Test("The format of a parameter is checked before the tool runs")
  func formats() async throws {
    let server = Server(name: "mail", version: "1") {
      Tool(
        name: "invite", parameters: Parameter("to", String.self, constraints: .format(.email)),
        Parameter("colour", String?.self, constraints: .format("colour"))
      ) { _, to, _ in "Invited \(to)." }
    }
    let refused = try await server.call("invite", ["to": "ada at example.com"])
    #expect(refused["isError"] == true)
    #expect(refused.firstText == "Argument \"to\" must be an e-mail address.")
    // Formats that JSON Schema does not know are not checked.
    #expect(try await server.call("invite", ["to": "ada@example.com", "colour": "?"]).firstText == "Invited ada@example.com.")
  }

  @Test("Typed prompts read their arguments")
  func prompt() async throws {
    let got = try await server().ask("prompts/get", ["name": "greet", "arguments": ["who": "Ada", "times": "3"]])
    #expect(got["messages"]?.array?.first?["content"]?["text"] == "Greet Ada 3 times")
  }
}
