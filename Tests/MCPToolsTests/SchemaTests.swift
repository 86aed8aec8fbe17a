import JSON
import MCPToolMacros
import MCPTools
import Testing

@Suite("Schemas of types")
struct SchemaTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let type: any ToolValue.Type
    let schema: JSONValue
    var testDescription: String { "\(type)" }
  }

  static let scalars: [Row] = [
    Row(type: Bool.self, schema: ["type": "boolean"]),
    Row(type: Int.self, schema: ["type": "integer"]),
    Row(type: Int64.self, schema: ["type": "integer"]),
    Row(type: UInt.self, schema: ["type": "integer", "minimum": 0]),
    Row(type: Int8.self, schema: ["type": "integer", "minimum": -128, "maximum": 127]),
    Row(type: UInt16.self, schema: ["type": "integer", "minimum": 0, "maximum": 65535]),
    Row(type: Double.self, schema: ["type": "number"]),
    Row(type: Float.self, schema: ["type": "number"]),
    Row(type: String.self, schema: ["type": "string"]),
    Row(type: JSONValue.self, schema: [:]),
    Row(type: Int?.self, schema: ["type": ["integer", "null"]]),
    Row(type: JSONValue?.self, schema: ["anyOf": [[:], ["type": "null"]]]),
    Row(type: [Int].self, schema: ["type": "array", "items": ["type": "integer"]]),
    Row(type: [Int?].self, schema: ["type": "array", "items": ["type": ["integer", "null"]]]),
    Row(type: Set<String>.self, schema: ["type": "array", "items": ["type": "string"], "uniqueItems": true]),
    Row(type: [String: [Bool]].self, schema: ["type": "object", "additionalProperties": ["type": "array", "items": ["type": "boolean"]]]),
    Row(type: Priority.self, schema: ["type": "integer", "enum": [1, 5]]),
    Row(
      type: Unit.self,
      schema: [
        "type": "string", "enum": ["celsius", "fahrenheit"],
        "description": "How warm it is said to be.\n- fahrenheit: What the United States use.",
      ]),
  ]

  @Test("A type has the schema of its values", arguments: scalars)
  func scalar(_ row: Row) {
    #expect(row.type.schema == row.schema, "\(row.type.schema.text)")
  }

  @Test("A struct has a member for each stored property, with its constraints, default and doc comment")
  func structure() {
    let address: JSONValue = [
      "type": "object", "description": "Where to deliver.",
      "properties": [
        "street": ["type": "string", "description": "Street and number."], "zip": ["type": "string", "pattern": "^[0-9]{5}$"],
        "country": ["type": "string", "default": "DE"], "note": ["type": "string"],
      ], "required": ["street", "zip"], "additionalProperties": false,
    ]
    #expect(Address.schema == address, "\(Address.schema.text)")
  }

  @Test("A type that occurs once stands where it is used; one that occurs twice is a definition that both refer to")
  func definitions() {
    let schema = Order.schema
    #expect(schema["properties"]?["items"]?["items"]?["properties"]?["count"] == ["type": "integer", "minimum": 1, "maximum": 100, "default": 1])
    #expect(schema["properties"]?["items"]?["minItems"] == 1)
    #expect(schema["properties"]?["items"]?["maxItems"] == 10)
    #expect(schema["properties"]?["deliverTo"] == ["$ref": "#/$defs/Address"])
    #expect(schema["properties"]?["billTo"] == ["$ref": "#/$defs/Address", "description": "In place of `deliverTo`."])
    #expect(schema["required"] == ["items", "deliverTo"])
    #expect(schema["$defs"]?.object?.count == 1)
    #expect(schema["$defs"]?["Address"]?["properties"]?["street"]?["type"] == "string")
  }

  @Test("A recursive type refers to its definition, and the root still shows its type")
  func recursion() {
    let schema = Department.schema
    #expect(schema["type"] == "object")
    #expect(schema["properties"]?["parts"] == ["type": "array", "items": ["$ref": "#/$defs/Department"], "default": []])
    #expect(schema["$defs"]?["Department"]?["properties"]?["parts"]?["items"] == ["$ref": "#/$defs/Department"])
  }

  @Test("An enum with payload is one of several objects that a tag tells apart")
  func choice() {
    let schema = Shape.schema
    #expect(schema["type"] == "object")
    #expect(schema["description"] == "A thing to draw.")
    let circle: JSONValue = [
      "type": "object", "description": "Round.",
      "properties": ["type": ["type": "string", "const": "circle"], "radius": ["type": "number", "description": "In metres."]],
      "required": ["type", "radius"], "additionalProperties": false,
    ]
    let cases = schema["oneOf"]?.array ?? []
    #expect(cases.count == 4)
    #expect(cases.first == circle)
    #expect(cases[1]["required"] == ["type", "width"])
    #expect(cases[2]["properties"]?["value"] == ["type": "string"])
  }

  @Test("Types of the same name get definitions of their own")
  func namesakes() {
    struct Both: ToolObject {
      var one: [A.Leaf], two: [B.Leaf]
      static func schema(_ builder: inout SchemaBuilder) -> JSONValue {
        builder.object(Self.self) { members in
          members.add("one", [A.Leaf].self)
          members.add("two", [B.Leaf].self)
        }
      }
      init(json: RawJSON) throws(ValueError) { (one, two) = ([], []) }
      var jsonValue: JSONValue { [:] }
    }
    #expect(Both.schema["$defs"]?.object?.map(\.name) == ["Leaf", "Leaf2"])
  }

  enum A {
    @ToolInput struct Leaf { var next: [Leaf] = [] }
  }
  enum B {
    @ToolInput struct Leaf { var next: [Leaf] = [] }
  }
}
