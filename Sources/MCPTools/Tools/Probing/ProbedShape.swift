internal import JSON

/// What is known of the JSON that a `Codable` type stands for. In doubt it is ``any``: a schema must not refuse what its type encodes.
indirect enum ProbedShape: Hashable {
  case any
  /// A type of JSON Schema.
  case scalar(String)
  case values([JSONValue])
  /// Its elements; nil when none was seen.
  case array(ProbedShape?)
  case dictionary(ProbedShape)
  case object([Member])
  case nullable(ProbedShape)

  struct Member: Hashable {
    var name: String
    /// Nil when no value was seen.
    var shape: ProbedShape?
    var isRequired: Bool
  }

  var orNull: ProbedShape {
    switch self {
    case .any, .nullable: self
    default: .nullable(self)
    }
  }

  /// What both are.
  func merged(with other: ProbedShape) -> ProbedShape {
    if self == other { return self }
    switch (self, other) {
    case (.nullable(let one), .nullable(let other)): return one.merged(with: other).orNull
    case (.nullable(let one), let other), (let other, .nullable(let one)): return one.merged(with: other).orNull
    case (.array(let one), .array(let other)): return .array(Self.merge(one, other))
    case (.dictionary(let one), .dictionary(let other)): return .dictionary(one.merged(with: other))
    case (.object(let one), .object(let other)): return .object(Self.merge(one, other))
    default: return .any
    }
  }

  static func merge(_ one: ProbedShape?, _ other: ProbedShape?) -> ProbedShape? {
    guard let one, let other else { return one ?? other }
    return one.merged(with: other)
  }

  private static func merge(_ one: [Member], _ other: [Member]) -> [Member] {
    var members = one
    for index in members.indices where !other.contains(where: { $0.name == members[index].name }) { members[index].isRequired = false }
    for member in other {
      if let index = members.firstIndex(where: { $0.name == member.name }) {
        members[index].shape = merge(members[index].shape, member.shape)
        members[index].isRequired = members[index].isRequired && member.isRequired
      } else {
        members.append(Member(name: member.name, shape: member.shape, isRequired: false))
      }
    }
    return members
  }

  /// The same with members that may all be left out, or be null.
  var loosened: ProbedShape {
    switch self {
    case .any, .scalar, .values: self
    case .array(let element): .array(element?.loosened)
    case .dictionary(let value): .dictionary(value.loosened)
    case .object(let members): .object(members.map { Member(name: $0.name, shape: $0.shape?.loosened.orNull, isRequired: false) })
    case .nullable(let shape): shape.loosened.orNull
    }
  }

  /// How many schemas it takes to say it.
  var size: Int {
    switch self {
    case .any, .scalar, .values: 1
    case .array(let element): 1 + (element?.size ?? 0)
    case .dictionary(let shape), .nullable(let shape): 1 + shape.size
    case .object(let members): members.reduce(1) { $0 + ($1.shape?.size ?? 1) }
    }
  }

  /// Its JSON Schema.
  var json: JSONValue {
    var schema = JSONObject()
    switch self {
    case .any: break
    case .scalar(let type): schema["type"] = .string(type)
    case .values(let values):
      if values.allSatisfy({ $0.string != nil }) { schema["type"] = "string" } else if values.allSatisfy({ $0.int != nil }) { schema["type"] = "integer" }
      schema["enum"] = .array(values)
    case .array(let element):
      schema["type"] = "array"
      if let element, element != .any { schema["items"] = element.json }
    case .dictionary(let value):
      schema["type"] = "object"
      if value != .any { schema["additionalProperties"] = value.json }
    case .object(let members):
      schema["type"] = "object"
      var properties = JSONObject()
      for member in members { properties[member.name] = member.shape?.json ?? [:] }
      if !properties.isEmpty { schema["properties"] = .object(properties) }
      let required = members.filter(\.isRequired).map { JSONValue.string($0.name) }
      if !required.isEmpty { schema["required"] = .array(required) }
    case .nullable(let shape):
      schema = shape.json.object ?? JSONObject()
      if let type = schema["type"]?.string { schema["type"] = [.string(type), "null"] }
      if let values = schema["enum"]?.array { schema["enum"] = .array(values + [.null]) }
    }
    return .object(schema)
  }
}
