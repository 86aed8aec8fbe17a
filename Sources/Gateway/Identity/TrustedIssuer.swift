public import MCPAuth

/// An authorization server whose tokens the gateway takes, and how its claims name users.
public struct TrustedIssuer: Sendable, Hashable {
  public var settings: JWTIssuer
  public var claims: ClaimMapping

  public init(_ settings: JWTIssuer, claims: ClaimMapping = ClaimMapping()) {
    self.settings = settings
    self.claims = claims
  }
}
