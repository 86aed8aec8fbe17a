/// Which claims of a token make the principal. A name is looked up as it stands, then as a dotted path (`realm_access.roles`).
public struct ClaimMapping: Sendable, Hashable {
  /// A string claim: the user.
  public var user: String
  /// Put in front of the user, to keep the users of several issuers apart.
  public var userPrefix: String
  /// A claim with a string or an array of strings.
  public var groups: String
  /// A claim with a string or an array of strings.
  public var roles: String
  /// Claims that become attributes of the same name, whatever their type.
  public var attributes: [String]

  public init(user: String = "sub", userPrefix: String = "", groups: String = "groups", roles: String = "roles", attributes: [String] = []) {
    self.user = user
    self.userPrefix = userPrefix
    self.groups = groups
    self.roles = roles
    self.attributes = attributes
  }
}
