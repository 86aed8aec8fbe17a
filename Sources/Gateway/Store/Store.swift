public import Crypto

/// What the gateway remembers between starts. Embedded it is ``SQLiteStore``; every implementation passes the same test suite.
///
/// Every method that takes something away from a caller (a revocation, above all) advances ``epoch`` after its commit.
public protocol Store: Sendable {
  /// Changes whenever something that may be cached has changed.
  var epoch: ChangeEpoch { get }

  /// Adds a token. Throws `conflict` if the id or the digest is taken.
  func insert(_ token: APIToken, digest: CredentialDigest) async throws(StoreError)
  /// The token whose secret has this digest, revoked and expired ones included.
  func token(digest: CredentialDigest) async throws(StoreError) -> APIToken?
  /// The tokens of a user, or of everybody, oldest first.
  func tokens(user: String?) async throws(StoreError) -> [APIToken]
  /// Marks a token as revoked at `time`; a token revoked before keeps its time.
  /// - Returns: the token as it is now, or nil if there is none with that id.
  @discardableResult
  func revokeToken(id: String, at time: Int64) async throws(StoreError) -> APIToken?
  /// Notes when tokens were last used, by id. This does not advance ``epoch``.
  func recordUse(_ times: [String: Int64]) async throws(StoreError)

  /// Refuses a session (a JWT's `jti` or `sid`, a console session) until it would have expired anyway.
  func revokeSession(_ id: SessionID, until expiry: Int64) async throws(StoreError)
  /// Whether any of these sessions is revoked.
  func isRevoked(anyOf sessions: [SessionID]) async throws(StoreError) -> Bool

  /// Applies charges in order, in one transaction, each as far as its limit allows.
  /// - Returns: one balance a charge.
  func charge(_ charges: [QuotaCharge]) async throws(StoreError) -> [QuotaBalance]
  /// The counters of a meter from `window` on.
  func quotaCounts(meter: String, since window: Int64) async throws(StoreError) -> [QuotaCount]
  /// Forgets the counters of a meter before `window`.
  func dropQuotaCounts(meter: String, before window: Int64) async throws(StoreError)
  /// Forgets revoked sessions that have expired by `time`.
  func dropExpiredSessions(at time: Int64) async throws(StoreError)

  /// The pinned tools of an upstream, or of all, by upstream and tool.
  func toolPins(of upstream: String?) async throws(StoreError) -> [ToolPin]
  /// Writes pins, each in the place of the one for the same tool. This does not advance ``epoch``.
  func write(_ pins: [ToolPin]) async throws(StoreError)
  /// Accepts what an upstream offers now: one tool, or all. Advances ``epoch``.
  /// - Returns: the pins that changed by it, as they are now.
  func acceptTools(of upstream: String, tool: String?) async throws(StoreError) -> [ToolPin]

  /// 32 random bytes with a name, made at the first call and the same ever after, in every process.
  func key(named name: String) async throws(StoreError) -> SymmetricKey
}

/// Names something with a lifetime of its own that can be revoked before its end.
public struct SessionID: Sendable, Hashable {
  public let text: String

  public init(_ text: String) { self.text = text }

  /// One token of an issuer, by its `jti`.
  public static func token(issuer: String, id: String) -> SessionID { SessionID("jti \(issuer) \(id)") }
  /// All tokens of one login at an issuer, by their `sid`.
  public static func login(issuer: String, id: String) -> SessionID { SessionID("sid \(issuer) \(id)") }
}
