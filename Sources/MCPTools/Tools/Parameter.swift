/// A parameter of a typed tool or prompt. Its type is a ``ToolValue``; for any other, the compiler says what to do.
public struct Parameter<Value> {
  /// The member of the arguments.
  public let name: String
  public let description: String?
  /// What an argument that is left out stands for.
  public let `default`: Value?
  /// What arguments must be beyond their type.
  public let constraints: [Constraint<Value>]
}

extension Parameter: Sendable where Value: Sendable {}

extension Parameter where Value: ToolValue {
  /// A parameter. Without a default it must be given, unless its type is optional.
  public init(
    _ name: String, _ type: Value.Type = Value.self, description: String? = nil, default: Value? = nil,
    constraints: Constraint<Value>...
  ) {
    self.init(name: name, description: description, default: `default`, constraints: constraints)
  }

  func add(to schemas: inout MemberSchemas) { schemas.add(name, Value.self, description, default: `default`, constraints) }

  func read(from arguments: ObjectReader) throws(ValueError) -> Value { try arguments.read(name, default: `default`) }
}

extension Parameter {
  /// No parameter: JSON has no form for `Value`.
  @available(
    *, unavailable,
    message: "a parameter is of a ToolValue: mark a struct or an enum @ToolInput; take a date, URL or UUID as a String with a @Format; take JSONValue for any JSON"
  )
  @_disfavoredOverload
  public init(
    _ name: String, _ type: Value.Type = Value.self, description: String? = nil, default: Value? = nil,
    constraints: Constraint<Value>...
  ) {
    self.init(name: name, description: description, default: `default`, constraints: constraints)
  }
}
