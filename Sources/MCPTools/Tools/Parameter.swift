/// A parameter of a typed tool or prompt.
public struct Parameter<Value: ToolValue>: Sendable {
  /// The member of the arguments.
  public let name: String
  public let description: String?
  /// What an argument that is left out stands for.
  public let `default`: Value?
  /// What arguments must be beyond their type.
  public let constraints: [Constraint<Value>]

  /// A parameter. Without a default it must be given, unless its type is optional.
  public init(
    _ name: String, _ type: Value.Type = Value.self, description: String? = nil, default: Value? = nil,
    constraints: Constraint<Value>...
  ) {
    self.name = name
    self.description = description
    self.default = `default`
    self.constraints = constraints
  }

  func add(to schemas: inout MemberSchemas) { schemas.add(name, Value.self, description, default: `default`, constraints) }

  func read(from arguments: ObjectReader) throws(ValueError) -> Value { try arguments.read(name, default: `default`) }
}
