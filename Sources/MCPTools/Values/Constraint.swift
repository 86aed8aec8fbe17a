internal import JSON

/// What a value must be beyond its type, as a keyword of JSON Schema 2020-12. The server checks it before a tool runs.
public struct Constraint<Value>: Sendable {
  let apply: @Sendable (inout JSONValue) -> Void

  private init(_ keyword: String, _ value: JSONValue) { apply = { $0[keyword] = value } }

  private init(bounds: [(keyword: String, bound: JSONValue?)]) {
    let bounds: [(String, JSONValue)] = bounds.compactMap { pair in pair.bound.map { (pair.keyword, $0) } }
    apply = { schema in for (keyword, bound) in bounds { schema[keyword] = bound } }
  }

  private static func number<R: ValueRange>(_ range: R) -> Constraint where R.Bound: ToolValue {
    Constraint(bounds: [
      ("minimum", range.minimum?.jsonValue), ("maximum", range.maximum?.jsonValue),
      ("exclusiveMaximum", range.exclusiveMaximum?.jsonValue),
    ])
  }

  /// A number within `range`.
  public static func range<R: ValueRange>(_ range: R) -> Constraint where R.Bound == Value, Value: ToolValue { number(range) }
  public static func range<R: ValueRange>(_ range: R) -> Constraint where R.Bound? == Value, R.Bound: ToolValue { number(range) }
}

/// Constraints of strings. Those of `String?` hold when there is one.
public protocol TextValue {}
extension String: TextValue {}
extension Optional: TextValue where Wrapped: TextValue {}

extension Constraint where Value: TextValue {
  /// A string with so many characters (Unicode code points).
  public static func length(_ range: some ValueRange<Int>) -> Constraint {
    Constraint(bounds: [("minLength", range.minimum.map { .int($0) }), ("maxLength", range.last.map { .int($0) })])
  }

  /// A string in which the regular expression (ECMA-262) matches. It matches anywhere: anchor it with `^` and `$`.
  public static func pattern(_ expression: String) -> Constraint { Constraint("pattern", .string(expression)) }

  /// A string in a format. One that JSON Schema does not name only tells clients what is meant.
  public static func format(_ format: StringFormat) -> Constraint { Constraint("format", .string(format.rawValue)) }
}

/// Constraints of arrays. Those of an optional array hold when there is one.
public protocol ListValue {}
extension Array: ListValue {}
extension Set: ListValue {}
extension Optional: ListValue where Wrapped: ListValue {}

extension Constraint where Value: ListValue {
  /// An array with so many elements.
  public static func length(_ range: some ValueRange<Int>) -> Constraint {
    Constraint(bounds: [("minItems", range.minimum.map { .int($0) }), ("maxItems", range.last.map { .int($0) })])
  }
}

/// What HTTP can carry in a header: strings, integers and booleans (2026-07-28, server/tools, "x-mcp-header").
public protocol HeaderValueType {}
extension String: HeaderValueType {}
extension Bool: HeaderValueType {}
extension Int: HeaderValueType {}
extension Int32: HeaderValueType {}
extension Optional: HeaderValueType where Wrapped: HeaderValueType {}

extension Constraint where Value: HeaderValueType {
  /// The argument also travels as the header `Mcp-Param-<name>`, where proxies can read it. Not for secrets or personal data.
  public static func header(_ name: String) -> Constraint { Constraint("x-mcp-header", .string(name)) }
}

/// The formats that JSON Schema 2020-12 names (validation, section 7.3).
public struct StringFormat: RawRepresentable, Sendable, Hashable, ExpressibleByStringLiteral {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral value: String) { rawValue = value }

  public static let dateTime = StringFormat(rawValue: "date-time")
  public static let date = StringFormat(rawValue: "date")
  public static let time = StringFormat(rawValue: "time")
  public static let duration = StringFormat(rawValue: "duration")
  public static let email = StringFormat(rawValue: "email")
  public static let hostname = StringFormat(rawValue: "hostname")
  public static let ipv4 = StringFormat(rawValue: "ipv4")
  public static let ipv6 = StringFormat(rawValue: "ipv6")
  public static let uri = StringFormat(rawValue: "uri")
  public static let uuid = StringFormat(rawValue: "uuid")
  public static let regex = StringFormat(rawValue: "regex")
}

/// The ranges of the standard library, as bounds.
public protocol ValueRange<Bound> {
  /// What the range is of.
  associatedtype Bound
  /// The least value, if there is one.
  var minimum: Bound? { get }
  /// The greatest value, if there is one that counts itself.
  var maximum: Bound? { get }
  /// What values must stay below, if anything.
  var exclusiveMaximum: Bound? { get }
}

extension ValueRange {
  public var minimum: Bound? { nil }
  public var maximum: Bound? { nil }
  public var exclusiveMaximum: Bound? { nil }
}

extension ValueRange<Int> {
  /// The last number within.
  var last: Int? { maximum ?? exclusiveMaximum.map { $0 - 1 } }
}

extension ClosedRange: ValueRange {
  /// The least value, if there is one.
  public var minimum: Bound? { lowerBound }
  /// The greatest value, if there is one that counts itself.
  public var maximum: Bound? { upperBound }
}
extension Range: ValueRange {
  /// The least value, if there is one.
  public var minimum: Bound? { lowerBound }
  /// What values must stay below, if anything.
  public var exclusiveMaximum: Bound? { upperBound }
}
extension PartialRangeFrom: ValueRange {
  /// The least value, if there is one.
  public var minimum: Bound? { lowerBound }
}
extension PartialRangeThrough: ValueRange {
  /// The greatest value, if there is one that counts itself.
  public var maximum: Bound? { upperBound }
}
extension PartialRangeUpTo: ValueRange {
  /// What values must stay below, if anything.
  public var exclusiveMaximum: Bound? { upperBound }
}
