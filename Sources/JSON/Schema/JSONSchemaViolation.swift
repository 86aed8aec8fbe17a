/// One way in which an instance does not satisfy a schema.
public struct JSONSchemaViolation: Sendable, Hashable, CustomStringConvertible {
  /// The JSON Pointer (RFC 6901) of the value that is wrong; empty for the whole instance.
  public let instancePath: String
  /// The JSON Pointer of the keyword that says so, after the URI and `#` if it stands in another resource.
  public let schemaPath: String
  public let keyword: String
  /// The member that is missing or not allowed, where the violation is about one.
  public let property: String?
  /// What would be right instead, where that can be said apart: the types of a missing member, the members that are known.
  public let expected: String?
  /// What is wrong and what would be right, without the value itself: "must be of type integer, not string".
  public let message: String

  public init(instancePath: String, schemaPath: String, keyword: String, property: String? = nil, expected: String? = nil, message: String) {
    self.instancePath = instancePath
    self.schemaPath = schemaPath
    self.keyword = keyword
    self.property = property
    self.expected = expected
    self.message = message
  }

  public var description: String { "\(instancePath.isEmpty ? "the value" : instancePath) \(message)" }
}
