/// Why a schema cannot be used, and where.
public struct JSONSchemaError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// A keyword whose value is not what the specification asks for.
    case malformedKeyword
    /// A `$schema` that is neither known nor given, or that requires a vocabulary that is not supported.
    case unsupportedDialect
    /// A reference to something that is neither in the schema nor among its resources.
    case unresolvedReference
    /// References that lead back to where they started without entering the instance.
    case referenceLoop
    /// The same `$id` or anchor twice.
    case duplicateIdentifier
    /// A regular expression that is not valid ECMA-262.
    case malformedPattern
    /// A regular expression that cannot be run in bounded time (back-references, look-behind, huge repetitions).
    case unsupportedPattern
    /// A bound of ``JSONSchema/Options`` is exceeded.
    case tooLarge
  }

  public let code: Code
  /// Where in the schema: a JSON Pointer, after the URI and `#` if it is not the schema itself.
  public let path: String
  /// What is wrong and what would be right.
  public let message: String

  public init(_ code: Code, at path: String, _ message: String) {
    self.code = code
    self.path = path
    self.message = message
  }

  public var description: String { "\(message) (schema path \(path.isEmpty ? "/" : path))" }
}
