public import JSON

/// The schemas of the members of an object type, or of the arguments of a tool, in order.
public struct MemberSchemas: Sendable {
  var builder: SchemaBuilder
  private var properties = JSONObject()
  private var required: [JSONValue] = []

  /// The schema of an object, no member yet.
  public init(_ builder: SchemaBuilder = SchemaBuilder()) { self.builder = builder }

  /// Adds a member. It may be left out if it has a default or its type is optional.
  ///
  /// - Parameter default: what a left-out member stands for. The schema shows it.
  public mutating func add<Value: ToolValue>(
    _ name: String, _ type: Value.Type = Value.self, _ description: String? = nil, default: Value? = nil,
    constraints: Constraint<Value>...
  ) {
    add(name, type, description, default: `default`, constraints)
  }

  /// No member: JSON has no form for `Value`.
  @available(
    *, unavailable,
    message: "a member is of a ToolValue: mark a struct or an enum @ToolInput; take a date, URL or UUID as a String with a @Format; take JSONValue for any JSON"
  )
  @_disfavoredOverload
  public mutating func add<Value>(
    _ name: String, _ type: Value.Type = Value.self, _ description: String? = nil, default: Value? = nil, constraints: Constraint<Value>...
  ) {}

  mutating func add<Value: ToolValue>(
    _ name: String, _ type: Value.Type, _ description: String?, default: Value?, _ constraints: [Constraint<Value>]
  ) {
    var schema = Value.memberSchema(&builder)
    if let description { schema["description"] = .string(description) }
    for constraint in constraints { constraint.apply(&schema) }
    if let value = `default`?.jsonValue, !value.isNull { schema["default"] = value }
    properties[name] = schema
    if `default` == nil, Value.absent == nil { required.append(.string(name)) }
  }

  /// Adds a member whose value is always the same, such as the tag of a case.
  mutating func add(_ name: String, constant: JSONValue) {
    properties[name] = ["type": "string", "const": constant]
    required.append(.string(name))
  }

  func object(_ description: String? = nil) -> JSONValue {
    var schema: JSONObject = ["type": "object"]
    if let description { schema["description"] = .string(description) }
    if !properties.isEmpty { schema["properties"] = .object(properties) }
    if !required.isEmpty { schema["required"] = .array(required) }
    schema["additionalProperties"] = false
    return .object(schema)
  }

  /// The whole schema of an object that no type stands for: the arguments of a function.
  public func finish() -> JSONValue { builder.finish(object()) }
}

/// The schemas of the cases of an enum with payload.
public struct ChoiceSchemas: Sendable {
  let tag: String
  var builder: SchemaBuilder
  private(set) var cases: [JSONValue] = []

  init(tag: String, _ builder: SchemaBuilder) {
    self.tag = tag
    self.builder = builder
  }

  /// Adds a case and the members of its payload.
  public mutating func add(_ name: String, _ description: String? = nil, _ members: (inout MemberSchemas) -> Void = { _ in }) {
    var schemas = MemberSchemas(builder)
    schemas.add(tag, constant: .string(name))
    members(&schemas)
    builder = schemas.builder
    cases.append(schemas.object(description))
  }
}
