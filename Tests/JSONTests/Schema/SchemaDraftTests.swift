import JSON
import Testing

/// Schemas of the field name older drafts; they are read by their rules.
@Suite("Older drafts") struct SchemaDraftTests {
  static let cases: [(schema: String, instance: String, isValid: Bool)] = [
    (##"{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}],"additionalItems":false}"##, ##"["a",1]"##, false),
    (##"{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}],"additionalItems":{"type":"integer"}}"##, ##"["a",1]"##, true),
    (##"{"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"a":{"type":"string"}},"$ref":"#/definitions/a","type":"integer"}"##, ##""x""##, true),
    (##"{"$schema":"http://json-schema.org/draft-07/schema#","dependencies":{"a":["b"],"c":{"required":["d"]}}}"##, ##"{"a":1,"b":1,"c":1}"##, false),
    (##"{"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"a":{"$id":"#x","type":"string"}},"properties":{"p":{"$ref":"#x"}}}"##, ##"{"p":1}"##, false),
    (##"{"$schema":"http://json-schema.org/draft-07/schema#","prefixItems":[{"type":"string"}],"unevaluatedProperties":false}"##, "[1]", true),
    (
      ##"{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveAnchor":true,"properties":{"a":{"$recursiveRef":"#"}},"unevaluatedProperties":false}"##,
      ##"{"a":{"b":1}}"##, false
    ),
    (##"{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveAnchor":true,"properties":{"a":{"$recursiveRef":"#"}}}"##, ##"{"a":{"a":{}}}"##, true),
  ]

  @Test("keep their meaning", arguments: cases)
  func meaning(schema: String, instance: String, isValid: Bool) throws {
    #expect(try JSONSchema(JSONValue(parsing: schema)).isValid(RawJSON(instance)) == isValid)
  }
}
