import JSON
import Testing

/// What a model or a developer reads.
@Suite("Violations of a schema") struct SchemaMessageTests {
  static let cases: [(schema: String, instance: String, expected: [String])] = [
    (##"{"type":"integer"}"##, "1.5", ["the value must be of type integer, not number"]),
    (##"{"type":["string","null"]}"##, "[]", ["the value must be of type string or null, not array"]),
    (##"{"enum":["a","b",3]}"##, ##""c""##, [##"the value must be one of "a", "b", 3"##]),
    (##"{"const":{"a":1}}"##, "2", [##"the value must be {"a":1}"##]),
    (##"{"minimum":3}"##, "2", ["the value must be at least 3"]),
    (##"{"minimum":1,"maximum":200}"##, "0", ["the value must be from 1 to 200"]),
    (##"{"exclusiveMaximum":1e2}"##, "100", ["the value must be less than 1e2"]),
    (##"{"multipleOf":0.05}"##, "0.12", ["the value must be a multiple of 0.05"]),
    (##"{"minLength":2}"##, ##""\u00e9""##, ["the value must have at least 2 characters, has 1"]),
    (##"{"maxLength":1}"##, ##""ab""##, ["the value must have at most 1 character, has 2"]),
    (##"{"pattern":"^a+$"}"##, ##""b""##, ["the value must match the pattern ^a+$"]),
    (
      ##"{"properties":{"a":{"type":"string"}},"required":["a","b"]}"##, "{}",
      [##"the value lacks the required property "a" (string)"##, ##"the value lacks the required property "b""##]
    ),
    (
      ##"{"properties":{"a":true,"b":true},"additionalProperties":false}"##, ##"{"c":1}"##,
      [##"the value must not have the property "c": known are a, b"##]
    ),
    (##"{"items":{"properties":{"a/b":{"type":"null"}}}}"##, ##"[{},{"a/b":1}]"##, ["/1/a~1b must be of type null, not number"]),
    (##"{"anyOf":[{"type":"string"},{"type":"null"}]}"##, "1", ["the value must be of type string or null, not number"]),
    (
      ##"{"oneOf":[{"properties":{"k":{"const":"x"}},"required":["k"]},{"properties":{"k":{"const":"y"},"n":{"type":"integer"}}}]}"##,
      ##"{"k":"y","n":"1"}"##,
      ["the value must fit one of 2 alternatives (the closest is number 2: /n must be of type integer, not string)"]
    ),
    (##"{"oneOf":[true,true,false]}"##, "1", ["the value must fit exactly one of 3 alternatives, but fits 1 and 2"]),
    (##"{"not":{"type":"string"}}"##, ##""a""##, ["the value must not be of type string"]),
    (##"{"uniqueItems":true}"##, "[1,2,1.0]", ["the value must not have equal elements: those at 0 and 2 are"]),
    (##"{"contains":{"const":1}}"##, "[2]", ["the value must contain at least 1 element that is 1, has 0"]),
    (##"{"propertyNames":{"maxLength":1}}"##, ##"{"ab":1}"##, [##"the value must not have the property "ab": the name must have at most 1 character, has 2"##]),
    (
      ##"{"unevaluatedProperties":false,"allOf":[{"properties":{"a":true}}]}"##, ##"{"a":1,"b":2}"##,
      [##"the value must not have the property "b": no part of the schema knows it"##]
    ),
    (##"{"dependentRequired":{"a":["b"]}}"##, ##"{"a":1}"##, [##"the value lacks the property "b", which is required where "a" is"##]),
    (##"{"properties":{"a":false}}"##, ##"{"a":1}"##, ["/a is not allowed"]),
  ]

  @Test("say what is wrong and what would be right", arguments: cases)
  func message(schema: String, instance: String, expected: [String]) throws {
    let schema = try JSONSchema(JSONValue(parsing: schema))
    #expect(try schema.validate(RawJSON(instance)).map(\.description) == expected)
  }

  @Test("say where, in the instance and in the schema") func paths() throws {
    let schema = try JSONSchema(
      JSONValue(parsing: ##"{"$defs":{"n":{"minimum":1}},"properties":{"a":{"items":{"$ref":"#/$defs/n"}},"b":{"$ref":"http://x/y#/$defs/z"}}}"##),
      resources: ["http://x/y": ["$defs": ["z": ["type": "string"]]]])
    let violations = schema.validate(try RawJSON(##"{"a":[1,0],"b":1}"##))
    #expect(violations.map(\.instancePath) == ["/a/1", "/b"])
    #expect(violations.map(\.schemaPath) == ["/$defs/n/minimum", "http://x/y#/$defs/z/type"])
    #expect(violations.map(\.keyword) == ["minimum", "type"])
  }

  @Test("are counted from the instance, wherever that stands in its text") func slice() throws {
    let schema = try JSONSchema(["properties": ["a": ["type": "string"]]])
    let whole = try RawJSON(##"{"params":[0,{"a":1}]}"##)
    let instance = try #require(whole["params"]?.elements.dropFirst().first { _ in true })
    #expect(schema.validate(instance).map(\.description) == ["/a must be of type string, not number"])
  }

  @Test("never show the value, and long words of the schema only in part") func secrets() throws {
    let secret = String(repeating: "s3cret", count: 200)
    let schema = try JSONSchema(["enum": .array([.string(String(repeating: "x", count: 500))]), "maxLength": 3, "pattern": "^a$"])
    for violation in schema.validate(JSONValue.string(secret).raw) {
      #expect(!violation.description.contains("s3cret"))
      #expect(violation.description.utf8.count < 200)
    }
    let closed = try JSONSchema(["additionalProperties": false])
    #expect(closed.validate(JSONValue.object([secret: 1]).raw).first.map { $0.description.utf8.count < 300 } == true)
  }

  @Test("are as many as asked for at most") func bounded() throws {
    let schema = try JSONSchema(["items": ["type": "string"]], options: JSONSchema.Options(violations: 3))
    #expect(schema.validate(try RawJSON("[1,2,3,4,5,6]")).count == 3)
  }
}
