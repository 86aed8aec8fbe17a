/// A setting of the identity stage that cannot work. The message says which, and what it should be.
public struct IdentityConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
