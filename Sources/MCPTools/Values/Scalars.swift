public import JSON
public import MCP

extension Bool: ToolValue {
  public static func schema(_ builder: inout SchemaBuilder) -> JSONValue { ["type": "boolean"] }
  public init(json: RawJSON) throws(ValueError) {
    guard let bool = json.bool else { throw .expected("true or false", not: json) }
    self = bool
  }
  /// The JSON that stands for the value.
  public var jsonValue: JSONValue { .bool(self) }
}

extension String: ToolValue {
  public static func schema(_ builder: inout SchemaBuilder) -> JSONValue { ["type": "string"] }
  public init(json: RawJSON) throws(ValueError) {
    guard let string = json.string else { throw .expected("a string", not: json) }
    self = string
  }
  /// The JSON that stands for the value.
  public var jsonValue: JSONValue { .string(self) }

  // A text is an answer as it is, and says nothing of itself to programs.
  public static var outputSchema: JSONValue? { nil }
  /// The answer of the tool.
  public func toolResult() -> ToolResult { ToolResult(text: self) }
}

extension JSONValue: ToolValue {
  public static func schema(_ builder: inout SchemaBuilder) -> JSONValue { [:] }
  public init(json: RawJSON) throws(ValueError) { self.init(json) }
  /// The JSON that stands for the value.
  public var jsonValue: JSONValue { self }

  public static var outputSchema: JSONValue? { nil }
}

extension ToolValue where Self: FixedWidthInteger {
  // `Int` and `UInt` have no bounds that a client could care for: 64 bits are more than its numbers hold.
  public static func schema(_ builder: inout SchemaBuilder) -> JSONValue {
    var schema: JSONObject = ["type": "integer"]
    if !isSigned || bitWidth < 64 { schema["minimum"] = .int(min) }
    if bitWidth < 64 { schema["maximum"] = .int(max) }
    return .object(schema)
  }

  public init(json: RawJSON) throws(ValueError) {
    guard json.kind == .number else { throw .expected("an integer", not: json) }
    if let integer = json.withBytes({ Self(String(decoding: $0, as: UTF8.self)) }) {
      self = integer
      return
    }
    // JSON Schema counts 1.0 and 1e3 as integers (2020-12 validation, section 6.1.1).
    guard let double = json.double, double == double.rounded() else { throw ValueError("must be an integer, not a fraction") }
    guard let integer = Self(exactly: double) else { throw ValueError("must be an integer from \(Self.min) to \(Self.max)") }
    self = integer
  }

  public var jsonValue: JSONValue { .int(self) }
}

extension Int: ToolValue {}
extension Int8: ToolValue {}
extension Int16: ToolValue {}
extension Int32: ToolValue {}
extension Int64: ToolValue {}
extension UInt: ToolValue {}
extension UInt8: ToolValue {}
extension UInt16: ToolValue {}
extension UInt32: ToolValue {}
extension UInt64: ToolValue {}

extension Double: ToolValue {
  public static func schema(_ builder: inout SchemaBuilder) -> JSONValue { ["type": "number"] }
  public init(json: RawJSON) throws(ValueError) {
    guard json.kind == .number, let double = json.double else { throw .expected("a number", not: json) }
    guard double.isFinite else { throw ValueError("must be a number within \(-Double.greatestFiniteMagnitude) and \(Double.greatestFiniteMagnitude)") }
    self = double
  }
  /// Null for infinities and NaN, which JSON has not.
  public var jsonValue: JSONValue { JSONNumber(self).map { .number($0) } ?? .null }
}

extension Float: ToolValue {
  public static func schema(_ builder: inout SchemaBuilder) -> JSONValue { ["type": "number"] }
  public init(json: RawJSON) throws(ValueError) {
    let float = Float(try Double(json: json))
    guard float.isFinite else { throw ValueError("must be a number within \(-Float.greatestFiniteMagnitude) and \(Float.greatestFiniteMagnitude)") }
    self = float
  }
  /// The shortest number that reads back as this one, rather than the digits of its `Double`.
  public var jsonValue: JSONValue { Double(description).flatMap { JSONNumber($0) }.map { .number($0) } ?? .null }
}
