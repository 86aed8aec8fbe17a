internal import MCP
internal import MCPAuth
internal import NIOCore
internal import Synchronization

/// Gets, keeps and renews the access tokens of a client for one MCP server, as the authorization chapter of MCP 2026-07-28 asks.
///
/// Give it to an ``HTTPWire`` as its authorizer. A request goes out with the token at hand; when the server refuses, the client
/// discovers the authorization server, registers there if it must, gets a token by its ``OAuthGrant`` and the request is sent again.
/// However many requests wait, one authorization or refresh is under way at a time.
public final class OAuthClient: HTTPAuthorizer {
  /// How the token at hand was come by.
  private enum Means { case loaded, refreshed, authorized }

  private struct State {
    var tokens: TokenSet?
    var means = Means.loaded
    /// Tokens that are in use in memory once they are saved.
    var unsaved: TokenSet?
    var isLoaded = false
    /// Counts changes of `tokens`.
    var generation = 0
    /// Counts authorizations, and what was dropped: what comes after is another grant, perhaps another user's.
    var context = 0
    /// The authorization or refresh under way.
    var work: Task<Void, any Error>?
    var servers: [String: (metadata: AuthorizationServerMetadata, until: Int64)] = [:]
    /// Binds tokens to a key, where the configuration or the server wants that.
    var sender: DPoPSender?
    /// The scopes that tokens were got for, for the sake of an operation, so that the same is not done in vain again.
    var steppedUp: [String: Set<String>] = [:]
  }

  private let configuration: OAuthConfiguration
  /// The MCP endpoint.
  let server: HTTPURL
  private let resource: String
  private let transport: OAuthTransport
  private let discovery: OAuthDiscovery
  private let registration: ClientRegistration
  /// Guards what requests share. Never held while anything is waited for.
  private let state: Mutex<State>

  /// Seconds before its end that a token is no longer sent.
  private static let margin: Int64 = 20
  /// Seconds for which an authorization server's metadata are believed.
  private static let metadataLifetime: Int64 = 3600

  /// - Parameter client: reaches authorization servers.
  /// - Throws: ``OAuthError`` where the configuration cannot be used.
  public init(_ configuration: OAuthConfiguration, client: HTTPClient) throws(OAuthError) {
    guard let server = HTTPURL(configuration.server), server.origin.scheme == .https || server.isLoopback else {
      throw OAuthError(.configuration, "The MCP server must be at an https URL for authorization, or on this machine, not at \(configuration.server).")
    }
    if let url = configuration.clientMetadataURL {
      guard let parsed = HTTPURL(url), parsed.origin.scheme == .https, parsed.path != "/" else {
        throw OAuthError(.configuration, "The client metadata URL must be https with a path, such as https://example.com/client.json.")
      }
    }
    if case .authorizationCode(let redirectURI, _) = configuration.grant {
      guard let parsed = HTTPURL(redirectURI), parsed.origin.scheme == .https || parsed.isLoopback, !redirectURI.contains("#") else {
        throw OAuthError(.configuration, "The redirect URI must be https or on this machine (MCP 2026-07-28, communication security), not \(redirectURI).")
      }
    }
    self.configuration = configuration
    self.server = server
    let path = server.path.prefix { $0 != "?" }
    // The canonical form: lower case before the path, and no slash where there is no path.
    resource = server.origin.description.lowercased() + (path == "/" ? "" : path)
    transport = OAuthTransport(client: client, allowsLoopback: server.isLoopback, allows: configuration.allows)
    discovery = OAuthDiscovery(server: server, resource: resource, transport: transport, allowsLegacy: configuration.allowsLegacyDiscovery)
    registration = ClientRegistration(configuration, transport)
    var state = State()
    state.sender = configuration.proofKey.map { DPoPSender($0, now: configuration.now) }
    self.state = Mutex(state)
  }

  public var extensions: [String] { configuration.grant.extensions }
  public var context: Int { state.withLock(\.context) }

  // MARK: Requests

  public func authorize(_ request: HTTPAuthorizationRequest) async throws -> HTTPAuthorization {
    guard request.origin == server.origin else { return HTTPAuthorization() }
    if !isReady { try await share(nil) { try await self.prepare() } }
    let (tokens, sender, generation) = state.withLock { ($0.tokens, $0.sender, $0.generation) }
    guard let tokens else { return HTTPAuthorization(generation: generation) }
    var headers = [HTTPHint.Header("Authorization", "\(tokens.kind.rawValue) \(tokens.accessToken.reveal())")]
    if tokens.kind == .dpop, let sender {
      var url = server
      url.path = request.path
      headers.append(HTTPHint.Header("DPoP", try sender.proof(method: request.method, url: url, accessToken: tokens.accessToken)))
    }
    return HTTPAuthorization(headers: headers, generation: generation)
  }

  public func received(_ headers: HTTPHeaders, for request: HTTPAuthorizationRequest) {
    guard let sender = state.withLock({ $0.sender }) else { return }
    sender.note(headers, from: request.origin)
  }

  public func answer(
    _ refusal: HTTPAuthorizationRefusal, of request: HTTPAuthorizationRequest, sentWith authorization: HTTPAuthorization, attempt: Int
  ) async throws -> Bool {
    // The end of a session is no reason to send a user to a browser.
    guard request.origin == server.origin, request.method != .delete else { return false }
    let challenges = Challenge.parse(refusal.headers.values("WWW-Authenticate"))
    // `received` has taken the nonce of the same answer.
    if refusal.status == .unauthorized, challenges.contains(where: { $0.error == "use_dpop_nonce" }), refusal.headers.contains("DPoP-Nonce"), attempt <= 2 {
      return true
    }
    let isNew = state.withLock { $0.generation != authorization.generation }
    if isNew { return true }
    let challenge =
      challenges.first { $0.scheme == "dpop" && $0.resourceMetadata != nil } ?? challenges.first { $0.scheme == "bearer" } ?? challenges.first { $0.scheme == "dpop" }
    if refusal.status == .unauthorized { return try await authorizeAgain(challenge, authorization, attempt) }
    guard let challenge, challenge.error == "insufficient_scope", let scopes = challenge.scopes else { return false }
    return try await stepUp(to: scopes, challenge, request.operation, authorization)
  }

  private func authorizeAgain(_ challenge: Challenge?, _ authorization: HTTPAuthorization, _ attempt: Int) async throws -> Bool {
    let means = state.withLock { $0.means }
    if attempt > 1, !authorization.headers.isEmpty, means == .authorized {
      throw OAuthError(.tokenRefused, "\(server) refused the access token that its authorization server has just issued.")
    }
    try await share(authorization.generation) { try await self.renew(challenge, scopes: nil, mayRefresh: attempt == 1) }
    return true
  }

  private func stepUp(to scopes: [String], _ challenge: Challenge, _ operation: String, _ authorization: HTTPAuthorization) async throws -> Bool {
    let isInVain = state.withLock { state in
      // What is under way, or was done meanwhile, says more than what was done before.
      guard state.work == nil, state.generation == authorization.generation else { return false }
      return state.steppedUp[operation]?.isSuperset(of: scopes) == true
    }
    if isInVain {
      throw OAuthError(
        .insufficientScope,
        "\(server) still refuses \(operation.isEmpty ? "the request" : operation) for want of the scopes \(scopes.joined(separator: " ")), though they were asked for."
      )
    }
    try await share(authorization.generation) {
      try await self.renew(challenge, scopes: scopes, mayRefresh: false)
      self.state.withLock { state in
        // A peer that invents operations must not fill the memory.
        if state.steppedUp.count >= 1000 { state.steppedUp.removeAll() }
        state.steppedUp[operation, default: []].formUnion(scopes)
      }
    }
    return true
  }

  // MARK: Work that requests share

  /// Whether a request can go out as things are.
  private var isReady: Bool {
    let now = configuration.now()
    return state.withLock { state in
      guard state.isLoaded, state.unsaved == nil else { return false }
      return state.tokens.map { $0.expires.map { $0 - Self.margin > now } ?? true } ?? true
    }
  }

  /// Runs `body`, or waits for what runs already. A waiter that is cancelled goes; the work goes on for the others.
  /// - Parameter generation: of the token that was found wanting; if there is another by now, nothing is done.
  private func share(_ generation: Int?, _ body: @escaping @Sendable () async throws -> Void) async throws {
    let work: Task<Void, any Error>? = state.withLock { state in
      if let work = state.work { return work }
      if let generation, state.generation != generation { return nil }
      // Not a child of the request that happened to come first.
      let work = Task {
        defer { self.state.withLock { $0.work = nil } }
        try await body()
      }
      state.work = work
      return work
    }
    guard let work else { return }
    let (ended, continuation) = AsyncStream<Void>.makeStream()
    let watch = Task {
      _ = await work.result
      continuation.finish()
    }
    for await _ in ended {}
    if Task.isCancelled {
      watch.cancel()
      throw CancellationError()
    }
    try await work.value
  }

  /// Loads what was saved, and renews it if it is old.
  private func prepare() async throws {
    if let unsaved = state.withLock({ $0.unsaved }) { try await publish(unsaved, .refreshed) }
    if !state.withLock({ $0.isLoaded }) { try await load() }
    guard let tokens = state.withLock({ $0.tokens }), let expires = tokens.expires, expires - Self.margin <= configuration.now() else { return }
    if tokens.refreshToken != nil {
      let found = try await discovery.resourceMetadata(at: nil)
      if found.issuers.contains(tokens.key.issuer), try await refresh(tokens, found, isLegacy: found.isLegacy) { return }
    }
    // The server's challenge starts the next authorization.
    drop()
  }

  private func load() async throws {
    let loaded = try await configuration.store.latestTokens(resource: resource, subject: configuration.subject)
    state.withLock { state in
      state.isLoaded = true
      guard let loaded, loaded.kind == .bearer ? configuration.proofKey == nil : loaded.proofKeyThumbprint == state.sender?.thumbprint else { return }
      state.tokens = loaded
      state.means = .loaded
      state.generation += 1
    }
  }

  private func drop() {
    state.withLock { state in
      state.tokens = nil
      state.generation += 1
      state.context += 1
    }
  }

  /// Saves tokens and then lets requests use them. Saving comes first: the refresh token before them is dead.
  private func publish(_ tokens: TokenSet, _ means: Means) async throws {
    state.withLock { state in
      state.unsaved = tokens
      if means == .authorized { state.context += 1 }
    }
    try await configuration.store.save(tokens)
    state.withLock { state in
      state.unsaved = nil
      state.tokens = tokens
      state.means = means
      state.isLoaded = true
      state.generation += 1
    }
  }

  /// Gets a new token after a refusal.
  /// - Parameter scopes: to step up to, besides those asked for before; nil after a 401.
  private func renew(_ challenge: Challenge?, scopes: [String]?, mayRefresh: Bool) async throws {
    let found = try await discovery.resourceMetadata(at: challenge?.resourceMetadata)
    var before = state.withLock { $0.tokens }
    let issuer = registration.choose(found.issuers, current: before?.key.issuer)
    // What another authorization server issued stays with it.
    if before?.key.issuer != issuer { before = nil }
    if mayRefresh, let before, before.refreshToken != nil, try await refresh(before, found, isLegacy: found.isLegacy) { return }
    if scopes == nil { state.withLock { $0.steppedUp.removeAll() } }

    let metadata = try await metadata(of: issuer, isLegacy: found.isLegacy)
    if found.requiresDPoP { requireSender() }
    let wanted = self.scopes((before?.scopes ?? []) + (scopes ?? challenge?.scopes ?? found.scopes ?? []), metadata)
    var client = try await registration.identity(at: metadata, scopes: wanted)
    do {
      try await grant(found, metadata, client, wanted)
    } catch let error as OAuthError where error.serverError == "invalid_client" && client?.isDynamic == true {
      try await registration.forget(issuer: issuer)
      client = try await registration.identity(at: metadata, scopes: wanted)
      try await grant(found, metadata, client, wanted)
    }
  }

  private func requireSender() {
    let now = configuration.now
    state.withLock { state in
      if state.sender == nil { state.sender = DPoPSender(.generate(), now: now) }
    }
  }

  /// Each scope once, with `offline_access` where it is offered and of use.
  private func scopes(_ wanted: [String], _ metadata: AuthorizationServerMetadata) -> [String] {
    var scopes: [String] = []
    for scope in wanted + configuration.extraScopes where !scopes.contains(scope) { scopes.append(scope) }
    if case .authorizationCode = configuration.grant, configuration.wantsRefreshToken, !scopes.isEmpty, metadata.scopesSupported.contains("offline_access"),
      !scopes.contains("offline_access")
    {
      scopes.append("offline_access")
    }
    return scopes
  }

  private func metadata(of issuer: String, isLegacy: Bool) async throws(OAuthError) -> AuthorizationServerMetadata {
    let now = configuration.now()
    if let known = state.withLock({ $0.servers[issuer] }), known.until > now { return known.metadata }
    let metadata = try await discovery.serverMetadata(issuer, isLegacy: isLegacy)
    state.withLock { state in
      if state.servers.count >= 32 { state.servers.removeAll() }
      state.servers[issuer] = (metadata, now + Self.metadataLifetime)
    }
    return metadata
  }

  // MARK: Grants

  /// - Returns: false if the authorization server no longer takes the refresh token.
  private func refresh(_ tokens: TokenSet, _ found: OAuthDiscovery.Found, isLegacy: Bool) async throws -> Bool {
    guard let refreshToken = tokens.refreshToken else { return false }
    let metadata = try await metadata(of: tokens.key.issuer, isLegacy: isLegacy)
    // A refresh token belongs to the client that it was issued to.
    guard try await registration.knows(tokens.clientID, at: metadata) else { return false }
    let client = try await registration.identity(at: metadata, scopes: tokens.scopes, issuedTo: tokens.clientID)
    if let client, client.id != tokens.clientID { return false }
    let sender = state.withLock { $0.sender }
    let endpoint = TokenEndpoint(url: metadata.tokenEndpoint, transport: transport, now: configuration.now)
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refreshToken.reveal()), ("resource", found.resource)]
    do {
      let answer = try await endpoint.request(fields, client: client, sender: sender)
      var next = try tokenSet(answer, found, metadata, clientID: tokens.clientID, tokens.scopes, sender)
      if next.refreshToken == nil { next.refreshToken = refreshToken }
      try await publish(next, .refreshed)
      return true
    } catch let error as OAuthError where error.code == .token && error.serverError != nil {
      return false
    }
  }

  private func grant(_ found: OAuthDiscovery.Found, _ metadata: AuthorizationServerMetadata, _ client: ClientIdentity?, _ scopes: [String]) async throws {
    let sender = state.withLock { $0.sender }
    var fields: [(name: String, value: String)]
    var needsScope = true
    switch configuration.grant {
    case .authorizationCode(let redirectURI, let browser):
      guard let client else { throw OAuthError(.registration, "An authorization code needs a client id.") }
      let flow = AuthorizationCodeFlow(
        server: metadata, clientID: client.id, redirectURI: redirectURI, resource: found.resource, scopes: scopes, proofKeyThumbprint: sender?.thumbprint)
      try flow.checkServer()
      fields = flow.tokenRequest(code: try flow.code(from: await browser(flow.authorizationURL())))
      needsScope = false
    case .clientCredentials: fields = [("grant_type", "client_credentials"), ("resource", found.resource)]
    case .jwtBearer(let assertion):
      let request = AssertionRequest(issuer: metadata.issuer, tokenEndpoint: metadata.tokenEndpoint.description, resource: found.resource)
      fields = Self.jwtBearer(try await assertion(request)) + [("resource", found.resource)]
    case .enterpriseManaged(let provider):
      fields = Self.jwtBearer(try await exchange(provider, found, metadata, scopes)) + [("resource", found.resource)]
    }
    if needsScope, !scopes.isEmpty { fields.append(("scope", scopes.joined(separator: " "))) }
    let endpoint = TokenEndpoint(url: metadata.tokenEndpoint, transport: transport, now: configuration.now)
    let answer = try await endpoint.request(fields, client: client, sender: sender)
    try await publish(try tokenSet(answer, found, metadata, clientID: client?.id ?? "", scopes, sender), .authorized)
  }

  private static func jwtBearer(_ assertion: Secret) -> [(name: String, value: String)] {
    [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.reveal())]
  }

  /// The identity provider's assertion for the MCP server's authorization server (RFC 8693; enterprise-managed authorization, section 4).
  private func exchange(
    _ provider: EnterpriseIdentityProvider, _ found: OAuthDiscovery.Found, _ metadata: AuthorizationServerMetadata, _ scopes: [String]
  ) async throws -> Secret {
    let url: HTTPURL
    var methods: [String]?
    if let text = provider.tokenEndpoint {
      url = try transport.check(text, "identity provider's token endpoint")
    } else {
      let found = try await self.metadata(of: provider.issuer, isLegacy: false)
      url = found.tokenEndpoint
      methods = found.tokenAuthenticationMethods
    }
    let kind = "urn:ietf:params:oauth:token-type:id-jag"
    var fields: [(name: String, value: String)] = [
      ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("requested_token_type", kind), ("audience", metadata.issuer),
      ("resource", found.resource), ("subject_token", try await provider.assertion().reveal()), ("subject_token_type", provider.kind.rawValue),
    ]
    if !scopes.isEmpty { fields.append(("scope", scopes.joined(separator: " "))) }
    let client = ClientIdentity(id: provider.clientID, provider.authentication, issuer: provider.issuer, tokenEndpoint: url, methods: methods)
    let answer = try await TokenEndpoint(url: url, transport: transport, now: configuration.now).request(fields, client: client, sender: nil)
    guard answer.issuedType == kind else {
      throw OAuthError(.token, "The identity provider \(provider.issuer) issued no ID-JAG, but \(answer.issuedType?.prefix(100) ?? "a token of no named type").")
    }
    return answer.accessToken
  }

  private func tokenSet(
    _ answer: TokenEndpoint.Answer, _ found: OAuthDiscovery.Found, _ metadata: AuthorizationServerMetadata, clientID: String, _ scopes: [String], _ sender: DPoPSender?
  ) throws(OAuthError) -> TokenSet {
    let kind: TokenSet.Kind = sender == nil ? .bearer : .dpop
    guard answer.type.lowercased() == kind.rawValue.lowercased() else {
      throw OAuthError(.token, "The authorization server \(metadata.issuer) issued a token of type \(answer.type.prefix(40)) where \(kind.rawValue) was asked for.")
    }
    return TokenSet(
      key: TokenKey(issuer: metadata.issuer, resource: resource, subject: configuration.subject), accessToken: answer.accessToken, kind: kind,
      expires: answer.expires, refreshToken: answer.refreshToken, scopes: scopes + (answer.scopes ?? []).filter { !scopes.contains($0) }, clientID: clientID,
      proofKeyThumbprint: sender?.thumbprint)
  }
}
