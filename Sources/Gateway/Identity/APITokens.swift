internal import MCPAuth

/// Makes, lists, revokes and checks API tokens. The gateway and the command line use it on the same state directory.
public struct APITokens: Sendable {
  private let store: any Store
  private let clock: WallClock

  public init(store: any Store, clock: WallClock = .system) {
    self.store = store
    self.clock = clock
  }

  /// Makes a token. The secret is in the answer and nowhere else: show it now.
  /// - Parameter lifetime: seconds until it expires; nil for no end.
  public func create(user: String, name: String, lifetime: Int64? = nil) async throws(StoreError) -> (token: APIToken, secret: APITokenSecret) {
    let secret = APITokenSecret()
    let now = clock.seconds
    let token = APIToken(
      id: "tok_" + String(decoding: Base62.random(count: 16), as: UTF8.self), user: user, name: name, created: now,
      expires: lifetime.map { now &+ $0 })
    try await store.insert(token, digest: CredentialDigest(of: secret.reveal()))
    return (token, secret)
  }

  /// The tokens of a user, or of everybody, oldest first, revoked and expired ones included.
  public func list(user: String? = nil) async throws(StoreError) -> [APIToken] { try await store.tokens(user: user) }

  /// Revokes a token; the next request that presents it is refused, in whatever process.
  /// - Returns: the revoked token, or nil if there is none with that id.
  public func revoke(id: String) async throws(StoreError) -> APIToken? {
    try await store.revokeToken(id: id, at: clock.seconds)
  }

  /// The valid token with this digest.
  func verify(_ digest: CredentialDigest) async throws(AuthenticationFailure) -> APIToken {
    let found: APIToken?
    do { found = try await store.token(digest: digest) } catch { throw .unavailable(error) }
    guard let token = found else { throw .invalid }
    if token.revoked != nil { throw .revoked }
    if let expires = token.expires, expires <= clock.seconds { throw .expired }
    return token
  }
}
