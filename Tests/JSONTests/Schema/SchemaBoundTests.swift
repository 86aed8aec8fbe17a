import JSON
import Testing

@Suite("Validation of hostile input") struct SchemaBoundTests {
  static let costly: [(schema: String, open: String, times: Int, close: String)] = [
    // Every alternative is tried at every level.
    (
      ##"{"$defs":{"n":{"anyOf":[{"items":{"$ref":"#/$defs/n"},"maxItems":1,"type":"array"},{"items":{"$ref":"#/$defs/n"},"type":"array"}]}},"$ref":"#/$defs/n"}"##,
      "[", 60, "]"
    ),
    (##"{"pattern":"^(([a-z]*)*)*!{1,800}$"}"##, "a", 200_000, ""),
    (##"{"pattern":"(?=(.*){1,50}b)c"}"##, "a", 200_000, ""),
  ]

  @Test("ends at the bound on work", arguments: costly)
  func work(schema: String, open: String, times: Int, close: String) throws {
    let schema = try JSONSchema(JSONValue(parsing: schema), options: JSONSchema.Options(work: 100_000))
    let repeated = String(repeating: open, count: times)
    let instance = try RawJSON(close.isEmpty ? "\"\(repeated)\"" : repeated + "0" + String(repeating: close, count: times))
    #expect(!schema.isValid(instance))
    #expect(schema.validate(instance).last?.message.contains("100000 steps") == true)
  }

  @Test("ends at the bound on depth where references chase each other") func depth() throws {
    // Only the dynamic scope decides where this leads, so that it cannot be seen beforehand.
    let schema = try JSONSchema(
      JSONValue(parsing: ##"{"$id":"http://x/","$dynamicAnchor":"a","$ref":"b","$defs":{"b":{"$id":"b","$dynamicRef":"#a","$dynamicAnchor":"a"}}}"##))
    #expect(!schema.isValid(.null))
    #expect(schema.validate(.null).map(\.message) == ["applies schemas more than 384 deep: nest it less"])
  }

  @Test("does not turn an exceeded bound into consent") func negation() throws {
    let schema = try JSONSchema(JSONValue(parsing: ##"{"not":{"items":{"type":"string"}}}"##), options: JSONSchema.Options(work: 100))
    let text = "[" + Array(repeating: "\"a\"", count: 1000).joined(separator: ",") + "]"
    #expect(!schema.isValid(try RawJSON(text)))
  }

  @Test("accepts deep instances within its bounds") func deep() throws {
    let schema = try JSONSchema(JSONValue(parsing: ##"{"type":["array","integer"],"items":{"$ref":"#"}}"##))
    #expect(schema.isValid(try RawJSON(String(repeating: "[", count: 120) + "1" + String(repeating: "]", count: 120))))
    #expect(!schema.isValid(try RawJSON(String(repeating: "[", count: 120) + "null" + String(repeating: "]", count: 120))))
  }

  @Test("compares 20,000 elements in bounded work") func unique() throws {
    let schema = try JSONSchema(["uniqueItems": true])
    let different = "[" + (0..<20_000).map { "{\"a\":\($0)}" }.joined(separator: ",") + "]"
    #expect(schema.isValid(try RawJSON(different)))
    let equal = different.dropLast() + ",{\"a\":1.70e1}]"
    #expect(schema.validate(try RawJSON(String(equal))).map(\.message) == ["must not have equal elements: those at 17 and 20000 are"])
  }
}
