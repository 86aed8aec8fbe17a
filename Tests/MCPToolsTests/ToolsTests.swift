import JSON
import MCP
import MCPToolMacros
import MCPTools
import NIOCore
import Synchronization
import Testing

@Suite("Tools from functions")
struct ToolsTests {
  let server = Server(name: "shop", version: "1", Shop(), Counter())

  @Test("A tool is described by the declaration of its function and its doc comment")
  func definition() async throws {
    let add: JSONValue = [
      "name": "add", "description": "Adds.\n\nOverflow is an error.",
      "inputSchema": [
        "type": "object",
        "properties": [
          "a": ["type": "integer", "description": "The first."], "b": ["type": "integer", "description": "The second.", "default": 1],
        ], "required": ["a"], "additionalProperties": false,
      ],
      "outputSchema": ["type": "integer"], "annotations": ["readOnlyHint": true, "openWorldHint": false],
    ]
    #expect(try await server.definition("add") == add)
    #expect(try await server.definition("add", .legacy)["outputSchema"] == nil)
    let order = try await server.definition("shop.order")
    #expect(order["title"] == "Order")
    #expect(order["annotations"] == ["idempotentHint": true, "destructiveHint": false])
    #expect(order["inputSchema"]?["properties"]?.object?.map(\.name) == ["order", "customer"])
    #expect(order["inputSchema"]?["$defs"]?["Address"] != nil)
    #expect(order["outputSchema"]?["required"] == ["street", "zip"])
    #expect(try await server.definition("order") == .null)
  }

  @Test("Constraints of parameters are in the schema")
  func constraints() async throws {
    let properties = try await server.definition("convert")["inputSchema"]?["properties"]
    #expect(properties?["temperature"] == ["type": "number", "minimum": -273.15])
    #expect(properties?["region"] == ["type": "string", "x-mcp-header": "Region", "minLength": 2, "maxLength": 2])
    #expect(properties?["day"] == ["type": "string", "format": "date"])
    #expect(properties?["unit"]?["default"] == "fahrenheit")
    #expect(properties?["priority"] == ["type": "integer", "enum": [1, 5], "default": 1])
    #expect(try await server.definition("convert")["inputSchema"]?["required"] == ["temperature"])
  }

  @Test("Arguments reach the function by name, and defaults stand in for those left out")
  func calls() async throws {
    #expect(try await server.call("add", ["a": 2, "b": 3])["structuredContent"] == 5)
    #expect(try await server.call("add", ["a": 2])["structuredContent"] == 3)
    #expect(try await server.call("convert", ["temperature": 100]).firstText == "212.0 - - 1")
    let all = try await server.call("convert", ["temperature": 1, "unit": "celsius", "region": "eu", "day": "2026-07-28", "priority": 5])
    #expect(all.firstText == "1.0 eu 2026-07-28 5")
    #expect(try await server.call("sum", ["numbers": ["a": 1.5, "b": 2]])["structuredContent"] == 3.5)
    #expect(try await server.call("count", ["department": ["name": "a", "parts": [["name": "b"]]]])["structuredContent"] == 2)
  }

  @Test("A parameter of type ToolCall is the call, and no argument")
  func context() async throws {
    let notified = Mutex<[String]>([])
    let address: JSONValue = ["street": "Weg 1", "zip": "10115"]
    let params: JSONValue = [
      "name": "shop.order", "arguments": ["order": ["items": [["sku": "a"]], "deliverTo": address], "customer": "c"],
      "_meta": ["progressToken": 1],
    ]
    let result = try await server.ask("tools/call", params) { message in notified.withLock { $0.append(String(buffer: message)) } }
    #expect(result["structuredContent"] == ["street": "Weg 1", "zip": "10115", "country": "DE"])
    #expect(notified.withLock { $0.count } == 1)
  }

  @Test("A result is what the function returns, as JSON with a schema and as text")
  func results() async throws {
    let shape = try await server.call("draw", ["shape": ["type": "rectangle", "width": 2]])
    #expect(shape["structuredContent"] == ["type": "rectangle", "width": 2, "height": 1])
    #expect(shape.firstText == "{\"type\":\"rectangle\",\"width\":2,\"height\":1}")
    #expect(try await server.call("staff")["structuredContent"]?.array?.count == 2)
    #expect(try await server.definition("staff")["outputSchema"]?["items"] == ["$ref": "#/$defs/Department"])
    #expect(try await server.call("find", ["name": "x"])["structuredContent"] == .null)
    #expect(try await server.call("any", ["json": [1, ["a": nil]]])["structuredContent"] == [1, ["a": nil]])
    #expect(try await server.definition("any")["outputSchema"] == nil)
  }

  @Test("Text, contents, links and whole results pass as they are")
  func contents() async throws {
    #expect(try await server.call("convert", ["temperature": 1])["structuredContent"] == nil)
    #expect(try await server.definition("convert")["outputSchema"] == nil)
    #expect(try await server.call("picture")["content"]?.array?.map { $0["type"] } == ["text", "image"])
    #expect(try await server.call("picture")["structuredContent"] == nil)
    #expect(try await server.call("link")["content"]?.array?.first?["type"] == "resource_link")
    #expect(try await server.call("whole").firstText == "one")
    #expect(try await server.call("forget").firstText == "Done.")
  }

  @Test("An Encodable that does not decode becomes structured content without a schema")
  func encodable() async throws {
    #expect(try await server.call("measure")["structuredContent"] == ["value": 1.5, "unit": "m"])
    #expect(try await server.definition("measure")["outputSchema"] == nil)
  }

  /// Only encodes.
  struct Reading: Encodable, Sendable {
    var value: Double
    static let schema: JSONValue = ["type": "object", "properties": ["value": ["type": "number", "maximum": 10]], "required": ["value"]]
  }

  @Tools struct Gauge {
    @Tool(.outputSchema(Reading.schema)) func read(value: Double) -> Reading { Reading(value: value) }
  }

  @Test("A type that only encodes has the schema that its tool is given, and is held to it")
  func givenSchema() async throws {
    let server = Server(name: "gauges", version: "1") {
      Gauge()
      Tool(name: "plain", outputSchema: Reading.schema, parameters: Parameter("value", Double.self)) { _, value in Reading(value: value) }
      Tool(name: "object", input: Item.self, outputSchema: Reading.schema) { _, _ in Reading(value: 1) }
    }
    for name in ["read", "plain"] {
      #expect(try await server.definition(name)["outputSchema"] == Reading.schema)
      #expect(try await server.call(name, ["value": 1.5])["structuredContent"] == ["value": 1.5])
      #expect(try await server.call(name, ["value": 11])["isError"] == true)
    }
    #expect(try await server.definition("object")["outputSchema"] == Reading.schema)
  }

  @Test("Clients of earlier revisions get text where the result is no object")
  func legacy() async throws {
    let sum = try await server.call("add", ["a": 1], .legacy)
    #expect(sum["structuredContent"] == nil)
    #expect(sum.firstText == "2")
    #expect(try await server.call("draw", ["shape": ["type": "nothing"]], .legacy)["structuredContent"] == ["type": "nothing"])
    #expect(try await server.definition("draw", .legacy)["outputSchema"]?["type"] == "object")
  }

  @Test(
    "Arguments that do not fit are answered with what would be right",
    arguments: [
      ("shop.order", "{\"order\":{\"items\":[{\"sku\":1}],\"deliverTo\":{\"street\":\"\",\"zip\":\"\"}},\"customer\":\"\"}", "sku"),
      ("add", "{}", "a"), ("add", "{\"a\":\"1\"}", "integer"), ("draw", "{\"shape\":{\"type\":\"star\"}}", "circle"),
      ("convert", "{\"temperature\":1,\"unit\":\"kelvin\"}", "celsius"),
      ("convert", "{\"temperature\":1,\"day\":\"2026-02-30\"}", "Argument \"day\" must be a date"),
    ])
  func unfit(_ tool: String, _ arguments: String, _ hint: String) async throws {
    let result = try await server.call(tool, try JSONValue(parsing: arguments))
    #expect(result["isError"] == true)
    #expect(result.firstText?.contains(hint) == true, "\(result.firstText ?? "")")
  }

  @Test("A ToolError is for the model to read; other errors are not")
  func errors() async throws {
    let overflow = try await server.call("add", ["a": .int(Int.max)])
    #expect(overflow["isError"] == true)
    #expect(overflow.firstText == "The sum does not fit. Use smaller numbers.")
    let failure = try await server.call("explode")
    #expect(failure["isError"] == true)
    #expect(failure.firstText?.contains("internal reason") == true)
  }

  @Test("Traits make calls tasks, and give results a view")
  func traits() async throws {
    let server = Server(name: "reports", version: "1", Reports())
    #expect(try await server.definition("show")["_meta"] == ["ui": ["resourceUri": "ui://reports/chart"]])
    #expect(try await server.definition("redraw")["_meta"] == ["ui": ["resourceUri": "ui://reports/chart", "visibility": ["app"]]])
    guard case .task(let task) = try await Client(.inProcess(server)).startTool("build", ["year": 2026]) else {
      Issue.record("no task")
      return
    }
    #expect(try await task.result().text == "The report of 2026.")
    guard case .result(let result) = try await Client(.inProcess(server)).startTool("show") else {
      Issue.record("a task")
      return
    }
    #expect(result.text == "12 reports")
  }

  @Test("The functions of an actor are tools that take turns")
  func actor() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<50 { group.addTask { _ = try await server.call("increment", ["step": 2]) } }
      try await group.waitForAll()
    }
    #expect(try await server.call("increment", ["step": 0])["structuredContent"] == 100)
    #expect(try await server.call("name").firstText == "counter")
  }

  @Test("Prompts take their arguments as strings and read them as the types of the parameters")
  func prompts() async throws {
    let list = try await server.ask("prompts/list")["prompts"]?.array ?? []
    let review: JSONValue = [
      "name": "review", "description": "Asks for a review.",
      "arguments": [["name": "code", "description": "What to review.", "required": true], ["name": "times"], ["name": "unit"]],
    ]
    #expect(list.first == review)
    #expect(list.last?["title"] == "Chat")
    let got = try await server.ask("prompts/get", ["name": "review", "arguments": ["code": "12", "times": "3", "unit": "celsius"]])
    #expect(got["messages"] == [["role": "user", "content": ["type": "text", "text": "12 3 celsius"]]])
    let plain = try await server.ask("prompts/get", ["name": "review", "arguments": ["code": "x"]])
    #expect(plain["messages"]?.array?.first?["content"]?["text"] == "x 2 -")
    let wrong = try await server.ask("prompts/get", ["name": "review", "arguments": ["code": "x", "times": "many"]])
    #expect(wrong["error"]?["code"] == -32602)
    #expect(wrong["error"]?["message"]?.string?.contains("integer") == true)
    #expect(try await server.ask("prompts/get", ["name": "chat"])["messages"]?.array?.count == 2)
  }

  @Test("Resources are read by their URI, and templates by the variables in it")
  func resources() async throws {
    let list = try await server.ask("resources/list")["resources"]?.array ?? []
    #expect(list.first == ["uri": "shop://about", "name": "about", "description": "Everything about the shop.", "mimeType": "text/plain"])
    let template = try await server.ask("resources/templates/list")["resourceTemplates"]?.array?.first
    #expect(template == ["uriTemplate": "shop://items/{sku}/{count}{?unit}", "name": "item", "title": "Item"])
    let about = try await server.ask("resources/read", ["uri": "shop://about"])["contents"]
    #expect(about == [["uri": "shop://about", "mimeType": "text/plain", "text": "A shop in EUR."]])
    #expect(try await server.ask("resources/read", ["uri": "shop://logo"])["contents"]?.array?.first?["blob"] == "AQID")
    let item = try await server.ask("resources/read", ["uri": "shop://items/a%20b/3?unit=fahrenheit"])["contents"]?.array?.first
    #expect(item?["text"] == "{\"sku\":\"a b\",\"count\":3,\"tags\":[\"fahrenheit\"]}")
    #expect(item?["mimeType"] == "application/json")
    for uri in ["shop://items/a/many", "shop://items/none/1", "shop://items/a/1?unit=kelvin"] {
      #expect(try await server.ask("resources/read", ["uri": .string(uri)])["error"]?["code"] == -32602, "\(uri)")
    }
  }
}
