import Cedar
import Testing

@Suite("Extension values")
struct ValueTests {
  @Test(
    "Addresses are read as the standard forms say",
    arguments: [
      ("10.0.0.1", true), ("10.0.0.1/32", true), ("10.0.0.1/33", false), ("10.0.0.1/08", false), ("10.0.0.01", false), ("256.0.0.1", false),
      ("1.2.3", false), ("", false), ("/", false), ("1.2.3.4/", false), ("::", true), ("::1", true), ("1::", true), (":::", false), (":1", false), ("1:", false),
      ("1:2:3:4:5:6:7:8", true), ("1:2:3:4:5:6:7::", true), ("::2:3:4:5:6:7:8", true), ("1:2:3:4:5:6:7:8::", false), ("1::2::3", false),
      ("::ffff:1.2.3.4", false), ("fFfF::/128", true), ("::/0", true), ("::/129", false), ("12345::", false), ("1:2:3:4:5:6:7:8:9", false), ("g::", false),
    ])
  func addresses(text: String, valid: Bool) throws {
    let address = Value.IPAddress(text)
    #expect((address != nil) == valid)
    if let address { #expect(Value.IPAddress(address.description) == address) }
  }

  @Test(
    "Decimals keep four digits and their bounds",
    arguments: [
      ("1.0", 10_000), ("-0.5", -5_000), ("0.0001", 1), ("922337203685477.5807", Int64.max), ("-922337203685477.5808", Int64.min),
      ("922337203685477.5808", nil), ("1", nil), ("1.", nil), (".1", nil), ("1.23456", nil), ("+1.0", nil), ("--1.0", nil), ("1.0.0", nil), ("1,0", nil),
    ] as [(String, Int64?)])
  func decimals(text: String, scaled: Int64?) {
    let decimal = Value.Decimal(text)
    #expect(decimal?.scaled == scaled)
    if let decimal { #expect(Value.Decimal(decimal.description) == decimal) }
  }

  @Test(
    "Durations take units in order",
    arguments: [
      ("1d2h3m4s5ms", 93_784_005), ("-1ms", -1), ("0ms", 0), ("1s", 1_000), ("9223372036854775807ms", Int64.max), ("-9223372036854775808ms", Int64.min),
      ("9223372036854775808ms", nil), ("", nil), ("-", nil), ("1", nil), ("1x", nil), ("1m1d", nil), ("1d1d", nil), ("1ms1s", nil), ("d", nil), ("1d ", nil),
    ] as [(String, Int64?)])
  func durations(text: String, milliseconds: Int64?) {
    #expect(Value.Duration(text)?.milliseconds == milliseconds)
  }

  @Test(
    "Instants follow the calendar and the offset",
    arguments: [
      ("1970-01-01", 0), ("1970-01-01T00:00:00.001Z", 1), ("1969-12-31T23:59:59Z", -1_000), ("2024-02-29", 1_709_164_800_000), ("2023-02-29", nil),
      ("2000-02-29", 951_782_400_000), ("1900-02-29", nil), ("2024-10-15T11:35:00+0100", 1_728_988_500_000), ("2024-10-15T11:35:00.5Z", nil),
      ("2024-10-15T24:00:00Z", nil), ("2024-10-15T11:60:00Z", nil), ("2024-10-15T11:35:00", nil), ("2024-10-15T11:35:00+2400", nil), ("2024-13-01", nil),
      ("2024-10-15T11:35:00+01:00", nil), ("2024-1-1", nil), ("0000-01-01", -62_167_219_200_000), ("9999-12-31T23:59:59.999-2359", 253_402_387_139_999),
    ] as [(String, Int64?)])
  func instants(text: String, milliseconds: Int64?) {
    let instant = Value.Datetime(text)
    #expect(instant?.milliseconds == milliseconds)
    if let instant, let printed = instant.text { #expect(Value.Datetime(printed) == instant) }
  }

  @Test("Times of day count from midnight, before 1970 too")
  func timeOfDay() {
    let instant = Value.Datetime(milliseconds: -1)
    #expect(instant.timeOfDay.milliseconds == 86_399_999)
    #expect(instant.startOfDay?.milliseconds == -86_400_000)
    #expect(Value.Datetime(milliseconds: .min).startOfDay == nil)
  }

  @Test(
    "Values survive JSON and Cedar text",
    arguments: [
      .datetime(.init(milliseconds: .min)), .datetime(.init(milliseconds: .max)), .datetime(.init(milliseconds: -1)),
      .duration(.init(milliseconds: .min)), .decimal(.init(scaled: .min)), .long(.min), .string("a\"\\\n\0\u{301}\u{200b}*"),
      ["a b": [1, "x", [true]], "if": .entity(EntityUID(type: "A::B", id: "\""))],
    ] as [Value])
  func roundTrip(value: Value) throws {
    #expect(try Value(json: value.json) == value)
    let policies = try PolicySet(parsing: "permit(principal,action,resource) when { \(value) == context.v };")
    let uid = EntityUID(type: "T", id: "")
    let request = Request(principal: uid, action: uid, resource: uid, context: ["v": value])
    #expect(policies.isAuthorized(request, entities: Entities()).decision == .allow)
  }

  @Test(
    "Patterns match with any number of wildcards",
    arguments: [
      ("", "", true), ("*", "", true), ("a*", "abc", true), ("*c", "abc", true), ("a*c*e", "abcde", true), ("a*c*e", "abcdf", false),
      ("*ab*ab*", "xabyabz", true), ("*ab*ab*", "xaby", false), ("\\*", "*", true), ("\\*", "x", false), ("é*", "état", true), ("a", "A", false),
    ])
  func patterns(pattern: String, text: String, matches: Bool) throws {
    let policies = try PolicySet(parsing: "permit(principal,action,resource) when { context.t like \"\(pattern)\" };")
    let uid = EntityUID(type: "T", id: "")
    let response = policies.isAuthorized(
      Request(principal: uid, action: uid, resource: uid, context: ["t": .string(text)]), entities: Entities())
    #expect((response.decision == .allow) == matches)
  }
}
