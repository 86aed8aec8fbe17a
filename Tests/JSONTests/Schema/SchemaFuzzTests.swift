import JSON
import Testing

/// Random schemas and instances: nothing crashes, nothing exceeds its bounds, and the two ways of asking agree.
@Suite("Random schemas") struct SchemaFuzzTests {
  @Test("never crash, and explain exactly what they reject", arguments: UInt64(1)...8)
  func agree(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let clock = ContinuousClock()
    let end = clock.now + .seconds(2)
    var (compiled, valid, tried) = (0, 0, 0)
    // On a slow machine two seconds may be a stall.
    while tried < 100 || (clock.now < end && tried < 4_000) {
      tried += 1
      let schema = random.schema(depth: 4)
      guard let compiledSchema = try? JSONSchema(schema, options: JSONSchema.Options(checksFormats: true, work: 20_000, violations: 4)) else { continue }
      compiled += 1
      for _ in 0..<4 {
        let instance = random.instance(depth: 4).raw
        let isValid = compiledSchema.isValid(instance)
        let violations = compiledSchema.validate(instance)
        #expect(violations.isEmpty == isValid, "\(schema.text) on \(instance.text)")
        #expect(violations.count <= 5)
        if isValid { valid += 1 }
      }
    }
    #expect(compiled > 0)
    #expect(valid > 0)
  }

  @Test("patterns of random characters never crash or hang", arguments: UInt64(1)...4)
  func patterns(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    for _ in 0..<3_000 {
      let pattern = random.text(from: Array("ab^$.*+?()[]{}|\\-,0123dwsbBpPu=!<>:é\u{1F600}"), upTo: 16)
      guard let schema = try? JSONSchema(["pattern": .string(pattern)], options: JSONSchema.Options(work: 50_000)) else { continue }
      _ = schema.isValid(JSONValue.string(random.text(from: Array("ab01 -é\u{1F600}"), upTo: 40)).raw)
    }
  }
}

/// A seeded generator (Steele, Lea and Flood, 2014), so that what fails can be repeated.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

  mutating func text(from alphabet: [Character], upTo length: Int) -> String {
    String((0..<below(length + 1)).map { _ in alphabet[below(alphabet.count)] })
  }

  private mutating func name() -> String { ["a", "b", "c", "a/b", "~", "é", "", "$ref", "items"][below(9)] }

  mutating func instance(depth: Int) -> JSONValue {
    switch below(depth > 0 ? 8 : 6) {
    case 0: return .null
    case 1: return .bool(below(2) == 0)
    case 2: return .int(below(7) - 2)
    case 3: return (try? JSONValue(parsing: ["1.0", "2.5", "1e400", "-0", "1e-9", "123456789012345678901234567890"][below(6)])) ?? .null
    case 4, 5: return .string(text(from: Array("abAB01-é\u{1F600}\n\"\\"), upTo: 6))
    case 6: return .array((0..<below(4)).map { _ in instance(depth: depth - 1) })
    default:
      var object = JSONObject()
      for _ in 0..<below(4) { object[name()] = instance(depth: depth - 1) }
      return .object(object)
    }
  }

  mutating func schema(depth: Int) -> JSONValue {
    if depth == 0 || below(12) == 0 { return .bool(below(3) > 0) }
    var object = JSONObject()
    for _ in 0..<(1 + below(3)) {
      let (keyword, value) = keyword(depth: depth - 1)
      object[keyword] = value
    }
    if depth == 4 { object["$defs"] = ["x": schema(depth: 2), "y": ["$dynamicAnchor": "n", "type": "object"]] }
    return .object(object)
  }

  private mutating func list(_ depth: Int) -> JSONValue { .array((0...below(3)).map { _ in schema(depth: depth) }) }

  private mutating func map(_ depth: Int) -> JSONValue {
    var object = JSONObject()
    for _ in 0..<below(4) { object[name()] = schema(depth: depth) }
    return .object(object)
  }

  private mutating func keyword(depth: Int) -> (String, JSONValue) {
    switch below(22) {
    case 0: return ("type", .array((0...below(2)).map { _ in .string(["string", "integer", "number", "boolean", "array", "object", "null"][below(7)]) }))
    case 1: return ("enum", .array((0..<below(4)).map { _ in instance(depth: 2) }))
    case 2: return ("const", instance(depth: 2))
    case 3: return (["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"][below(4)], below(9) == 0 ? "x" : .int(below(5) - 2))
    case 4: return ("multipleOf", (try? JSONValue(parsing: ["0.1", "2", "1e-300", "0"][below(4)])) ?? 1)
    case 5: return (["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains"][below(8)], .int(below(4)))
    case 6: return ("pattern", .string(["^a", "[ab]+$", "\\p{Lu}", "(a|b)*c", "(?=a)", "("][below(6)]))
    case 7: return ("uniqueItems", .bool(below(4) > 0))
    case 8: return ("required", .array([.string(name()), .string(name())]))
    case 9, 10: return ("properties", map(depth))
    case 11: return ("patternProperties", .object(["^a": schema(depth: depth), "b|é": schema(depth: depth)]))
    case 12: return (["additionalProperties", "propertyNames", "items", "contains", "not"][below(5)], schema(depth: depth))
    case 13: return ("prefixItems", list(depth))
    case 14, 15: return (["allOf", "anyOf", "oneOf"][below(3)], list(depth))
    case 16: return (["if", "then", "else"][below(3)], schema(depth: depth))
    case 17: return ("dependentSchemas", map(depth))
    case 18: return (["unevaluatedProperties", "unevaluatedItems"][below(2)], schema(depth: depth))
    case 19: return ("$ref", .string(["#/$defs/x", "#/$defs/y", "#", "#n", "#/properties/a", "other"][below(6)]))
    case 20: return ("$dynamicRef", .string(["#n", "#/$defs/x"][below(2)]))
    default: return ("format", .string(["date-time", "email", "uri", "ipv6", "regex", "uuid", "duration", "time", "uri-template"][below(9)]))
    }
  }
}
