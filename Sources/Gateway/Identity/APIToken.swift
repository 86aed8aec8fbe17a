/// A long-lived credential that an operator gave to a user. The secret itself is not kept, only its digest.
///
/// Times are whole seconds since 1970.
public struct APIToken: Sendable, Hashable {
  /// Names the token in lists, logs and commands: `tok_` and 16 letters or digits. Not secret.
  public let id: String
  /// The user the bearer acts as.
  public let user: String
  /// What the operator called it.
  public let name: String
  public let created: Int64
  /// When it stops working by itself.
  public let expires: Int64?
  /// When it was last presented, to within some minutes.
  public let lastUsed: Int64?
  /// When it was revoked.
  public let revoked: Int64?

  public init(
    id: String, user: String, name: String, created: Int64, expires: Int64? = nil, lastUsed: Int64? = nil, revoked: Int64? = nil
  ) {
    self.id = id
    self.user = user
    self.name = name
    self.created = created
    self.expires = expires
    self.lastUsed = lastUsed
    self.revoked = revoked
  }
}
