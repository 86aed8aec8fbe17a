/// How much users may ask of the gateway. What is nil is not limited.
public struct LimitsConfiguration: Sendable, Hashable {
  /// The limits of one user.
  public struct UserLimits: Sendable, Hashable {
    /// The most requests in any 60 seconds.
    public var requestsPerMinute: Int?
    /// The most requests in a day, from midnight to midnight UTC.
    public var requestsPerDay: Int?
    /// The most requests under way at once.
    public var inFlight: Int?

    public init(requestsPerMinute: Int? = nil, requestsPerDay: Int? = nil, inFlight: Int? = nil) {
      self.requestsPerMinute = requestsPerMinute
      self.requestsPerDay = requestsPerDay
      self.inFlight = inFlight
    }
  }

  /// For everybody whose roles say nothing else.
  public var perUser: UserLimits
  /// What holders of a role have instead. What is nil here stays as in `perUser`; `Int.max` lifts a limit. Of several roles the
  /// most generous counts, limit by limit, whether it is more or less than in `perUser`.
  public var perRole: [String: UserLimits]
  /// The most requests under way at once in the whole process.
  public var inFlight: Int?

  public init(perUser: UserLimits = UserLimits(), perRole: [String: UserLimits] = [:], inFlight: Int? = nil) {
    self.perUser = perUser
    self.perRole = perRole
    self.inFlight = inFlight
  }

  /// The limits of a principal.
  func limits(for principal: Principal) -> UserLimits {
    let overrides = principal.roles.compactMap { perRole[$0] }
    func limit(_ field: KeyPath<UserLimits, Int?>) -> Int? { overrides.compactMap { $0[keyPath: field] }.max() ?? perUser[keyPath: field] }
    return UserLimits(
      requestsPerMinute: limit(\.requestsPerMinute), requestsPerDay: limit(\.requestsPerDay), inFlight: limit(\.inFlight))
  }
}
