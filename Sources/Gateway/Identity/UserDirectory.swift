public import JSON

/// What the operator's configuration says about users. A plain value: the configuration loader builds it.
public struct UserDirectory: Sendable, Hashable {
  public struct Entry: Sendable, Hashable {
    public var kind: Principal.Kind?
    public var groups: [String]
    public var roles: [String]
    public var attributes: JSONObject
    /// Refuses the user whatever credential is presented.
    public var isDisabled: Bool

    public init(
      kind: Principal.Kind? = nil, groups: [String] = [], roles: [String] = [], attributes: JSONObject = [:], isDisabled: Bool = false
    ) {
      self.kind = kind
      self.groups = groups
      self.roles = roles
      self.attributes = attributes
      self.isDisabled = isDisabled
    }
  }

  public var users: [String: Entry]
  /// Whether a valid credential is enough for a user who is not listed. They have the groups of their token, if any.
  public var admitsUnlistedUsers: Bool

  public init(users: [String: Entry] = [:], admitsUnlistedUsers: Bool = true) {
    self.users = users
    self.admitsUnlistedUsers = admitsUnlistedUsers
  }

  /// The entry to apply, empty for an unlisted user, or nil if the user is refused.
  func entry(for user: String) -> Entry? {
    // Two ids are one only if their bytes are: `String` would take different Unicode forms of a name for the same.
    guard let index = users.index(forKey: user), users[index].key.utf8.elementsEqual(user.utf8) else { return admitsUnlistedUsers ? Entry() : nil }
    let entry = users[index].value
    return entry.isDisabled ? nil : entry
  }
}
