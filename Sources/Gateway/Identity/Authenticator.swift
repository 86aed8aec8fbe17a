import JSON
public import Logging
public import MCPAuth
import Synchronization

/// The identity stage: turns the credential of a request into a ``Principal``.
///
/// A credential that was checked in the last minute is found by its SHA-256 in one table, without a hop or a look at the store.
/// Entries end with the token, with a change of ``ChangeEpoch``, and after `maximumAge` at the latest.
public final class Authenticator: Sendable {
  private struct State {
    var directory: UserDirectory
    var cache: CredentialCache
    /// The epoch that everything in the cache was read under.
    var epoch: UInt64
    /// Counts directories, so that a principal made with an old one is not cached.
    var generation = 0
    /// API tokens used since the last write, by id.
    var used: [String: Int64] = [:]
  }

  private let tokens: APITokens
  private let verifier: JWTVerifier
  /// How each issuer's claims name users, by its name.
  private let mappings: [String: ClaimMapping]
  private let store: any Store
  private let epoch: ChangeEpoch
  private let clock: WallClock
  private let logger: Logger
  /// Guards the directory and all that is derived from it.
  private let state: Mutex<State>
  /// Nanoseconds that a checked credential is trusted without another look.
  private static let maximumAge: Int64 = 60_000_000_000
  /// Seconds within which `lastUsed` is exact.
  static let useResolution: Int64 = 300

  /// - Parameters:
  ///   - issuers: whose JWTs are taken; none means API tokens only.
  ///   - fetch: gets a JWK set; needed if the keys of an issuer are at a URL.
  ///   - capacity: the most credentials to remember.
  public init(
    store: any Store, directory: UserDirectory = UserDirectory(), issuers: [TrustedIssuer] = [],
    fetch: KeyFetch? = nil, capacity: Int = 20_000, clock: WallClock = .system, logger: Logger = Logger(label: "sluice.identity")
  ) throws(IdentityConfigurationError) {
    tokens = APITokens(store: store, clock: clock)
    verifier = try JWTVerifier(issuers: issuers.map(\.settings), fetch: fetch, now: { clock.seconds }, logger: logger)
    mappings = Dictionary(issuers.map { ($0.settings.issuer, $0.claims) }) { first, _ in first }
    self.store = store
    epoch = store.epoch
    self.clock = clock
    self.logger = logger
    state = Mutex(State(directory: directory, cache: CredentialCache(capacity: capacity), epoch: store.epoch.current))
  }

  /// The principal of a request.
  /// - Parameter authorization: the value of the one Authorization header. A request with several is `malformed`.
  public func authenticate(authorization: String?) async throws(AuthenticationFailure) -> Principal {
    guard let authorization else { throw .missing }
    let credential = try BearerCredential(authorization)
    let observed = epoch.current
    if let principal = cached(credential.digest, observed) { return principal }
    return try await check(credential, observed)
  }

  /// Puts a new directory in place; requests from now on see it.
  public func update(directory: UserDirectory) {
    state.withLock { state in
      state.directory = directory
      state.generation += 1
      state.cache.removeAll()
    }
  }

  /// Writes what tokens were used to the store once a minute, until the task is cancelled.
  public func run() async {
    repeat {
      try? await Task.sleep(for: .seconds(60))
      // The last write comes after the cancellation, and a cancelled task cannot use the store.
      await Task { await self.recordUse() }.value
    } while !Task.isCancelled
  }

  func recordUse() async {
    let used = state.withLock { state in
      defer { state.used = [:] }
      return state.used
    }
    if used.isEmpty { return }
    do { try await store.recordUse(used) } catch {
      logger.warning("cannot note when API tokens were used", metadata: ["error": "\(error)"])
    }
  }

  private func cached(_ digest: CredentialDigest, _ observed: UInt64) -> Principal? {
    let now = clock.nanoseconds
    return state.withLock { state in
      if state.epoch != observed {
        state.cache.removeAll()
        state.epoch = observed
        return nil
      }
      return state.cache.principal(for: digest, at: now)
    }
  }

  private func check(_ credential: BearerCredential, _ observed: UInt64) async throws(AuthenticationFailure) -> Principal {
    let (directory, generation) = state.withLock { ($0.directory, $0.generation) }
    let principal: Principal
    let expires: Int64?
    switch try credential.kind {
    case .apiToken:
      let token = try await tokens.verify(credential.digest)
      principal = try Self.principal(token, directory)
      expires = token.expires
      noteUse(token)
    case .jwt(let bytes):
      let verified = try await verifier.verify(bytes)
      let token = try VerifiedToken(verified, mappings[verified.issuer] ?? ClaimMapping())
      do {
        if try await store.isRevoked(anyOf: token.sessions) { throw AuthenticationFailure.revoked }
      } catch let failure as AuthenticationFailure {
        throw failure
      } catch {
        throw .unavailable(error)
      }
      principal = try Self.principal(token, directory)
      expires = token.expires
    }
    let latest = clock.nanoseconds + Self.maximumAge
    let (end, overflow) = (expires ?? Int64.max).multipliedReportingOverflow(by: 1_000_000_000)
    state.withLock { state in
      // Whatever changed while we looked may be about this very credential.
      guard state.epoch == observed, state.generation == generation else { return }
      state.cache.insert(CredentialCache.Entry(principal: principal, expires: overflow ? latest : min(end, latest)), for: credential.digest)
    }
    return principal
  }

  private func noteUse(_ token: APIToken) {
    let now = clock.seconds
    if let last = token.lastUsed, now - last < Self.useResolution { return }
    state.withLock { $0.used[token.id] = now }
  }

  private static func principal(_ token: APIToken, _ directory: UserDirectory) throws(AuthenticationFailure) -> Principal {
    guard let entry = directory.entry(for: token.user) else { throw .invalid }
    return Principal(
      id: token.user, kind: entry.kind ?? .user, groups: entry.groups, roles: entry.roles, attributes: entry.attributes,
      tokenID: token.id, authentication: .apiToken)
  }

  /// Groups and roles of both sources add up; of an attribute in both, the operator's directory has the say.
  private static func principal(_ token: VerifiedToken, _ directory: UserDirectory) throws(AuthenticationFailure) -> Principal {
    guard let entry = directory.entry(for: token.user) else { throw .invalid }
    var attributes = token.attributes
    for (name, value) in entry.attributes { attributes[name] = value }
    return Principal(
      id: token.user, kind: entry.kind ?? token.kind, groups: token.groups + entry.groups, roles: token.roles + entry.roles,
      attributes: attributes, clientID: token.clientID, tokenID: token.tokenID, authentication: .jwt(issuer: token.issuer))
  }
}
