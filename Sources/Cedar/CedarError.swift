/// A failure to read policies or data: where, and what is wrong with it.
public struct CedarError: Error, Sendable, Hashable {
  public enum Code: String, Sendable, Hashable {
    /// The text is not valid UTF-8.
    case encoding
    /// The text is not a Cedar policy set.
    case syntax
    /// Text or data exceeds a bound on size or depth.
    case limit
    /// The text is a valid template, which needs values for its slots before it can be used.
    case template
    /// Entity, context or value JSON does not have the shape Cedar defines.
    case json
    /// The entity hierarchy has a cycle, or one entity is given twice in different versions.
    case entities
  }

  public let code: Code
  /// What is wrong, in a sentence fragment that can be shown to the author of the policy or data.
  public let message: String
  /// Where in the source text, if the error is about source text.
  public let location: SourceLocation?

  init(_ code: Code, _ message: String, at location: SourceLocation? = nil) {
    self.code = code
    self.message = message
    self.location = location
  }
}

/// A place in source text. Line and column count from 1; the column counts Unicode scalars.
public struct SourceLocation: Sendable, Hashable {
  public let line: Int
  public let column: Int
  /// The byte offset in UTF-8.
  public let offset: Int
}

extension CedarError: CustomStringConvertible {
  /// `line:column: message`, or the message alone.
  public var description: String {
    guard let location else { return message }
    return "\(location.line):\(location.column): \(message)"
  }
}
