public import JSON
public import MCP

extension Optional: ToolOutput where Wrapped: ToolValue {}
extension Optional: ToolValue where Wrapped: ToolValue {
  /// What it wraps, or null. As a member or argument it may be left out instead: see ``memberSchema(_:)``.
  public static func schema(_ builder: inout SchemaBuilder) -> JSONValue {
    var schema = Wrapped.schema(&builder)
    guard let type = schema["type"]?.string, schema["oneOf"] == nil else { return ["anyOf": [schema, ["type": "null"]]] }
    schema["type"] = [.string(type), "null"]
    if let values = schema["enum"]?.array { schema["enum"] = .array(values + [.null]) }
    return schema
  }

  public static func memberSchema(_ builder: inout SchemaBuilder) -> JSONValue { Wrapped.memberSchema(&builder) }
  public static var absent: Wrapped?? { .some(nil) }

  public init(json: RawJSON) throws(ValueError) { self = json.isNull ? nil : try Wrapped(json: json) }
  /// The JSON that stands for the value.
  public var jsonValue: JSONValue { self?.jsonValue ?? .null }
}

extension Array: ToolOutput where Element: ToolOutput {
  public static var outputSchema: JSONValue? { Element.outputSchemaOfArray }
  /// The answer of the tool.
  public func toolResult() throws -> ToolResult { try Element.toolResult(of: self) }
}
extension Array: ToolValue where Element: ToolValue {
  public static func schema(_ builder: inout SchemaBuilder) -> JSONValue { ["type": "array", "items": Element.schema(&builder)] }

  public init(json: RawJSON) throws(ValueError) {
    guard json.kind == .array else { throw .expected("an array", not: json) }
    var elements: [Element] = []
    for element in json.elements {
      do { elements.append(try Element(json: element)) } catch { throw error.inside(.element(elements.count)) }
    }
    self = elements
  }

  /// The JSON that stands for the value.
  public var jsonValue: JSONValue { .array(map(\.jsonValue)) }
}

extension Set: ToolOutput where Element: ToolValue {}
extension Set: ToolValue where Element: ToolValue {
  public static func schema(_ builder: inout SchemaBuilder) -> JSONValue {
    ["type": "array", "items": Element.schema(&builder), "uniqueItems": true]
  }
  public init(json: RawJSON) throws(ValueError) { self.init(try [Element](json: json)) }
  /// In the order of the texts, so that the same set gives the same answer.
  public var jsonValue: JSONValue { .array(map(\.jsonValue).map { ($0.text, $0) }.sorted { $0.0 < $1.0 }.map(\.1)) }
}

extension Dictionary: ToolOutput where Key == String, Value: ToolValue {}
extension Dictionary: ToolValue where Key == String, Value: ToolValue {
  public static func schema(_ builder: inout SchemaBuilder) -> JSONValue {
    ["type": "object", "additionalProperties": Value.schema(&builder)]
  }

  public init(json: RawJSON) throws(ValueError) {
    guard json.kind == .object else { throw .expected("an object", not: json) }
    var values: [String: Value] = [:]
    for (name, value) in json.members {
      let name = name.string ?? ""
      do { values[name] = try Value(json: value) } catch { throw error.inside(.member(name)) }
    }
    self = values
  }

  /// In the order of the names.
  public var jsonValue: JSONValue {
    var object = JSONObject()
    for (name, value) in sorted(by: { $0.key < $1.key }) { object[name] = value.jsonValue }
    return .object(object)
  }
}
