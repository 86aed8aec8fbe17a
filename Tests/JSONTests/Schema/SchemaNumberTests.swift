import JSON
import Testing

@Suite("Numbers in schemas") struct SchemaNumberTests {
  static let cases: [(schema: String, instance: String, isValid: Bool)] = [
    (#"{"type":"integer"}"#, "1.0", true), (#"{"type":"integer"}"#, "1e2", true), (#"{"type":"integer"}"#, "120e-1", true),
    (#"{"type":"integer"}"#, "12e-1", false), (#"{"type":"integer"}"#, "0e-99", true), (#"{"type":"integer"}"#, "-0.0", true),
    (#"{"type":"integer"}"#, "1e400", true), (#"{"type":"integer"}"#, "1e-400", false),
    (#"{"const":1}"#, "1.00", true), (#"{"const":1}"#, "10e-1", true), (#"{"const":0}"#, "-0", true), (#"{"enum":[1e2]}"#, "100", true),
    (#"{"const":9007199254740993}"#, "9007199254740992", false), (#"{"const":1e1000}"#, "10e999", true),
    (#"{"multipleOf":0.1}"#, "0.3", true), (#"{"multipleOf":0.1}"#, "0.35", false), (#"{"multipleOf":0.01}"#, "19.99", true),
    (#"{"multipleOf":0.0001}"#, "0.00751", false), (#"{"multipleOf":3}"#, "1e1000", false), (#"{"multipleOf":2.5e-3}"#, "1e1000000000", true),
    (#"{"multipleOf":7}"#, "700000000000000000000000000000000000007", true), (#"{"multipleOf":7}"#, "700000000000000000000000000000000000008", false),
    (#"{"multipleOf":123456789012345678}"#, "-246913578024691356", true), (#"{"multipleOf":1e300}"#, "3e300", true), (#"{"multipleOf":20}"#, "30", false),
    (#"{"minimum":-1.5}"#, "-1.50", true), (#"{"minimum":-1.5}"#, "-1.51", false), (#"{"maximum":1e999999999999999999999}"#, "1e99999", true),
    (#"{"exclusiveMinimum":0}"#, "1e-99999", true), (#"{"exclusiveMinimum":0}"#, "-0.0", false), (#"{"maximum":12.25}"#, "12.250001", false),
    (#"{"maximum":12.25}"#, "2.3", true), (#"{"minimum":1000}"#, "999.99", false), (#"{"minimum":-1000000000000000000000}"#, "-1e20", true),
    (#"{"maxLength":2.0}"#, #""ab""#, true), (#"{"maxLength":2.0}"#, #""abc""#, false),
  ]

  @Test("are compared exactly, however they are written", arguments: cases)
  func exact(schema: String, instance: String, isValid: Bool) throws {
    #expect(try JSONSchema(JSONValue(parsing: schema)).isValid(RawJSON(instance)) == isValid)
  }
}
