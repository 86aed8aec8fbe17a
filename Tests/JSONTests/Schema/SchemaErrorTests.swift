import JSON
import Testing

@Suite("A schema that cannot be used") struct SchemaErrorTests {
  static let cases: [(schema: String, code: JSONSchemaError.Code, path: String)] = [
    (##"{"properties":{"a":{"type":"strin"}}}"##, .malformedKeyword, "/properties/a/type"),
    (##"{"type":1}"##, .malformedKeyword, "/type"),
    (##"{"allOf":[]}"##, .malformedKeyword, "/allOf"),
    (##"{"required":[1]}"##, .malformedKeyword, "/required/0"),
    (##"{"minLength":-1}"##, .malformedKeyword, "/minLength"),
    (##"{"minItems":1.5}"##, .malformedKeyword, "/minItems"),
    (##"{"multipleOf":0}"##, .malformedKeyword, "/multipleOf"),
    (##"{"multipleOf":1.2345678901234567891}"##, .malformedKeyword, "/multipleOf"),
    (##"{"maximum":"1"}"##, .malformedKeyword, "/maximum"),
    (##"{"not":1}"##, .malformedKeyword, "/not"),
    ("3", .malformedKeyword, ""),
    (##"{"$anchor":"1"}"##, .malformedKeyword, "/$anchor"),
    (##"{"items":{"$ref":"#/$defs/none"}}"##, .unresolvedReference, "/items/$ref"),
    (##"{"items":{"$ref":"#none"}}"##, .unresolvedReference, "/items/$ref"),
    (##"{"$ref":"https://example.com/other.json"}"##, .unresolvedReference, "/$ref"),
    (##"{"$ref":"#"}"##, .referenceLoop, ""),
    (##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"allOf":[{"$ref":"#/$defs/a"}]}},"$ref":"#/$defs/a"}"##, .referenceLoop, "/$defs/b/allOf/0"),
    (##"{"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}}"##, .duplicateIdentifier, "/$defs/b/$anchor"),
    (##"{"$defs":{"a":{"$id":"http://x/a"},"b":{"$id":"http://x/a"}}}"##, .duplicateIdentifier, "/$defs/b/$id"),
    (##"{"$schema":"https://example.com/dialect"}"##, .unsupportedDialect, "/$schema"),
    (##"{"pattern":"("}"##, .malformedPattern, "/pattern"),
    (##"{"patternProperties":{"[":true}}"##, .malformedPattern, "/patternProperties/["),
    (##"{"pattern":"(a)\\1"}"##, .unsupportedPattern, "/pattern"),
    (##"{"pattern":"(?<=a)b"}"##, .unsupportedPattern, "/pattern"),
    (##"{"pattern":"(a{1000}){1000}"}"##, .unsupportedPattern, "/pattern"),
  ]

  @Test("says why and where", arguments: cases)
  func error(schema: String, code: JSONSchemaError.Code, path: String) throws {
    let value = try JSONValue(parsing: schema)
    let error = #expect(throws: JSONSchemaError.self) { try JSONSchema(value) }
    #expect(error?.code == code)
    #expect(error?.path == path)
  }

  @Test("is refused when it requires an unknown vocabulary") func vocabulary() throws {
    let dialect: JSONValue = ["$vocabulary": ["https://json-schema.org/draft/2020-12/vocab/core": true, "https://example.com/vocab": true]]
    let error = #expect(throws: JSONSchemaError.self) { try JSONSchema(["$schema": "https://x/d"], resources: ["https://x/d": dialect]) }
    #expect(error?.code == .unsupportedDialect)
  }

  @Test("is refused when it is nested too deep or too large") func bounds() throws {
    let deep: JSONValue = (0..<200).reduce(true) { inner, _ in ["not": inner] }
    #expect(throws: JSONSchemaError.self) { try JSONSchema(deep) }
    let wide: JSONValue = ["allOf": .array(Array(repeating: ["type": "string"], count: 100))]
    let error = #expect(throws: JSONSchemaError.self) { try JSONSchema(wide, options: JSONSchema.Options(schemas: 50)) }
    #expect(error?.code == .tooLarge)
  }
}
