import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("Schemas of a description become JSON Schema 2020-12", .timeLimit(.minutes(2)))
struct SchemaTests {
  private func body(_ schema: JSONValue, schemas: JSONValue = [:], version: String = "3.0.3") async throws -> JSONValue {
    let test = try await DescriptionUnderTest(
      paths: ["/a": ["post": ["operationId": "send", "requestBody": ["content": ["application/json": ["schema": schema]]]]]], components: ["schemas": schemas],
      version: version)
    return try #require(try await test.tool("send")?.inputSchema)
  }

  static let conversions: [(name: String, schema: JSONValue, converted: JSONValue)] = [
    ("nullable", ["type": "string", "nullable": true], ["type": ["string", "null"]]), ("not nullable", ["type": "string", "nullable": false], ["type": "string"]),
    ("nullable enum", ["type": "string", "nullable": true, "enum": ["a"]], ["type": ["string", "null"], "enum": ["a", .null]]),
    (
      "nullable composition", ["nullable": true, "allOf": [["type": "string"]]], ["anyOf": [["allOf": [["type": "string"]]], ["type": "null"]]]
    ),
    (
      "exclusive bounds", ["type": "integer", "minimum": 1, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": true],
      ["type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 9]
    ),
    ("inclusive bounds", ["type": "integer", "minimum": 1, "exclusiveMinimum": false], ["type": "integer", "minimum": 1]),
    (
      "read-only members",
      [
        "type": "object", "required": ["id", "name"],
        "properties": ["id": ["type": "string", "readOnly": true], "name": ["type": "string"], "key": ["type": "string", "writeOnly": true]],
      ],
      ["type": "object", "required": ["name"], "properties": ["name": ["type": "string"], "key": ["type": "string", "writeOnly": true]]]
    ),
    (
      "read-only members of what a schema is put together of",
      [
        "allOf": [
          ["type": "object", "properties": ["id": ["type": "string", "readOnly": true]], "required": ["id"]],
          ["properties": ["name": ["type": "string"]], "required": ["id", "name"]],
        ]
      ],
      [
        "allOf": [["type": "object", "properties": [:], "required": []], ["properties": ["name": ["type": "string"]], "required": ["name"]]]
      ]
    ), ("what describes no argument", ["type": "string", "example": "x", "xml": [:], "externalDocs": [:], "x-internal": true, "discriminator": [:]], ["type": "string"]),
    ("patterns of other dialects", ["type": "string", "pattern": "^(?<name>\\p{Alpha}+)$"], ["type": "string"]),
    (
      "members that are called as keywords", ["type": "object", "properties": ["nullable": ["type": "boolean"], "example": ["type": "string"]]],
      ["type": "object", "properties": ["nullable": ["type": "boolean"], "example": ["type": "string"]]]
    ),
    ("older drafts", ["type": "file", "required": true], [:]),
    ("lists", ["type": "array", "items": ["type": "string", "nullable": true]], ["type": "array", "items": ["type": ["string", "null"]]]),
    (
      "open objects", ["type": "object", "additionalProperties": ["type": "integer", "nullable": true]],
      ["type": "object", "additionalProperties": ["type": ["integer", "null"]]]
    ),
  ]

  @Test("Keywords of OpenAPI 3.0 are said as 2020-12 says them", arguments: conversions)
  func conversion(_ name: String, _ schema: JSONValue, _ converted: JSONValue) async throws {
    let tool = try await body(schema)
    #expect(tool["properties"]?["body"] == converted, "\(name)")
    #expect(throws: Never.self) { try JSONSchema(tool) }
  }

  @Test("What is referred to comes along once, references within it too, and recursion ends")
  func recursion() async throws {
    let tool = try await body(
      ["$ref": "#/components/schemas/Node"],
      schemas: [
        "Node": [
          "type": "object",
          "properties": ["value": ["$ref": "#/components/schemas/Value"], "children": ["type": "array", "items": ["$ref": "#/components/schemas/Node"]]],
        ],
        "Value": ["type": "string", "nullable": true], "Unused": ["type": "string"],
      ])
    #expect(tool["properties"]?["body"] == ["$ref": "#/$defs/Node"])
    #expect(Set(tool["$defs"]?.object?.map(\.name) ?? []) == ["Node", "Value"])
    let schema = try JSONSchema(tool)
    #expect(schema.isValid((["body": ["value": .null, "children": [["children": []]]]] as JSONValue).raw))
    #expect(!schema.isValid((["body": ["children": [["value": 1]]]] as JSONValue).raw))
  }

  @Test("References to other places are followed, in a circle only so far, and those that lead nowhere admit anything")
  func references() async throws {
    let tool = try await body(
      [
        "type": "object",
        "properties": [
          "inline": ["$ref": "#/components/schemas/Outer/properties/inner"], "none": ["$ref": "#/components/schemas/None"],
          "elsewhere": ["$ref": "https://example.com/schema.json"], "circle": ["$ref": "#/components/schemas/Circle/properties/a"],
        ],
      ],
      schemas: [
        "Outer": ["properties": ["inner": ["type": "integer"]]],
        "Circle": ["properties": ["a": ["type": "array", "items": ["$ref": "#/components/schemas/Circle/properties/a"]]]],
      ])
    let properties = tool["properties"]?["body"]?["properties"]
    #expect(properties?["inline"] == ["type": "integer"] && properties?["none"] == true && properties?["elsewhere"] == true)
    #expect(properties?["circle"]?["items"]?["type"] == "array")
    #expect(tool.text.utf8.count < 4096)
    #expect(throws: Never.self) { try JSONSchema(tool) }
  }

  @Test("A circle with many ways round ends soon, and what a reference says beside it counts")
  func manyWays() async throws {
    let ways = (0..<8).reduce(into: JSONObject()) { $0["w\($1)"] = ["$ref": "#/components/schemas/Circle/properties/a"] }
    let tool = try await body(
      [
        "type": "object",
        "properties": ["circle": ["$ref": "#/components/schemas/Circle/properties/a"], "id": ["$ref": "#/components/schemas/ID", "readOnly": true]],
        "required": ["id"],
      ], schemas: ["Circle": ["properties": ["a": ["type": "object", "properties": .object(ways)]]], "ID": ["type": "integer"]], version: "3.1.0")
    #expect(tool.text.utf8.count < 200_000 && tool["properties"]?["body"]?["properties"]?["id"] == nil)
    #expect(tool["properties"]?["body"]?["required"] == [])
    #expect(throws: Never.self) { try JSONSchema(tool) }
  }

  @Test("OpenAPI 3.1 is 2020-12 already: types with null stay, and a reference keeps its own description")
  func version31() async throws {
    let tool = try await body(
      [
        "type": "object",
        "properties": [
          "a": ["type": ["string", "null"]], "b": ["$ref": "#/components/schemas/B", "description": "here"], "c": ["const": 1], "d": ["exclusiveMinimum": 2],
        ],
      ],
      schemas: ["B": ["$id": "https://example.com/b", "$schema": "https://spec.openapis.org/oas/3.1/dialect/base", "type": "string"]], version: "3.1.0")
    let properties = tool["properties"]?["body"]?["properties"]
    #expect(properties?["a"] == ["type": ["string", "null"]] && properties?["b"] == ["$ref": "#/$defs/B", "description": "here"])
    #expect(properties?["c"] == ["const": 1] && properties?["d"] == ["exclusiveMinimum": 2] && tool["$defs"]?["B"] == ["type": "string"])
    #expect(throws: Never.self) { try JSONSchema(tool) }
  }

  @Test("Arguments that do not fit are refused before anything is sent")
  func checked() async throws {
    let test = try await DescriptionUnderTest(paths: [
      "/a/{id}": ["get": ["operationId": "get", "parameters": [["name": "id", "in": "path", "required": true, "schema": ["type": "integer", "minimum": 1]]]]]
    ])
    for arguments in [[:], ["id": "x"], ["id": 0], ["id": 1, "extra": 2]] as [JSONValue] { _ = try await test.api.failure("get", arguments) }
    #expect(test.vendor.requests.isEmpty)
  }
}
