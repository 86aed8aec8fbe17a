internal import Crypto
internal import JSON
public import Logging
public import MCP
public import MCPAuth
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Who sends a request, by the access token that came with it.
public final class TokenCaller: Caller {
  /// What the access token says.
  public let token: AccessToken
  /// The token's issuer and its subject, else its client: `https://login.example.com sub:ada`. A subject is somebody at its issuer alone.
  public let id: String

  /// - Throws: where the token says of nobody that it is theirs.
  init(_ token: AccessToken) throws(AuthenticationFailure) {
    self.token = token
    if let subject = token.subject, !subject.isEmpty {
      id = "\(token.issuer) sub:\(subject)"
    } else if let client = token.clientID, !client.isEmpty {
      id = "\(token.issuer) client:\(client)"
    } else {
      throw .invalid
    }
  }
}

/// An MCP server as an OAuth 2.1 resource server: verifies access tokens, sends challenges and serves its metadata (MCP 2026-07-28,
/// basic/authorization).
///
/// Give ``authenticate(_:)`` to a ``StreamableHTTPResponder``, or wrap that in ``ProtectedEndpoint``, which also serves the metadata.
public final class ResourceServer: Sendable {
  /// Whose tokens are taken, and for what.
  public struct Configuration: Sendable {
    /// What the server says of itself to clients.
    public var metadata: ProtectedResourceMetadata
    /// Whose JWTs are taken.
    public var issuers: [JWTIssuer]
    /// Where to ask about tokens that are no JWTs.
    public var introspection: TokenIntrospection?
    /// Proofs of possession; nil takes bearer tokens only.
    public var dpop: DPoPVerifier?
    /// The scopes that a request needs, by its method, path, headers or body.
    public var requiredScopes: @Sendable (HTTPRequest) -> [String]
    /// Which scopes are part of a broader one, such as `["files:write": ["files:read"]]`.
    public var impliedScopes: [String: [String]] = [:]
    /// Seconds that a verified token is believed without another look; for introspection, how long a revocation may go unnoticed.
    public var cacheSeconds: Int64
    /// The most tokens to remember.
    public var cacheCapacity: Int
    /// Seconds since 1970.
    public var now: @Sendable () -> Int64

    public init(
      metadata: ProtectedResourceMetadata, issuers: [JWTIssuer] = [], introspection: TokenIntrospection? = nil, dpop: DPoPVerifier? = nil,
      cacheSeconds: Int64 = 30, cacheCapacity: Int = 20_000, now: @escaping @Sendable () -> Int64 = SystemSeconds.now,
      requiredScopes: @escaping @Sendable (HTTPRequest) -> [String] = { _ in [] }
    ) {
      self.metadata = metadata
      self.issuers = issuers
      self.introspection = introspection
      self.dpop = dpop
      self.cacheSeconds = cacheSeconds
      self.cacheCapacity = cacheCapacity
      self.now = now
      self.requiredScopes = requiredScopes
    }

    /// Whether a token's scopes, with all that they imply, hold those that a request needs.
    func grants(_ needed: [String], to held: [String]) -> Bool {
      if needed.allSatisfy(held.contains) { return true }
      if impliedScopes.isEmpty { return false }
      var all = Set(held)
      var rest = held
      while let scope = rest.popLast() {
        for implied in impliedScopes[scope] ?? [] where all.insert(implied).inserted { rest.append(implied) }
      }
      return all.isSuperset(of: needed)
    }
  }

  /// What the server says of itself to clients.
  public let metadata: ProtectedResourceMetadata
  private let configuration: Configuration
  private let verifier: JWTVerifier
  private let client: HTTPClient
  private let logger: Logger
  /// The URL of the server, as clients know it.
  let resource: HTTPURL

  private struct State {
    var verified: TokenCache<TokenCaller>
    /// What introspection said no to a moment ago: apart, so that made-up tokens push out no good ones.
    var refused = TokenCache<AuthenticationFailure>(capacity: 1000)
    /// Introspection under way.
    var asked: [SHA256Digest: Task<Result<TokenCaller, AuthenticationFailure>, Never>] = [:]
  }
  /// Guards what is known of tokens.
  private let state: Mutex<State>

  /// Seconds that the refusal of an opaque token is believed at most.
  private static let refusalSeconds: Int64 = 10

  /// - Parameter client: fetches key sets and introspects; nil makes one.
  public init(
    _ configuration: Configuration, client: HTTPClient? = nil, logger: Logger = Logger(label: "mcp.auth")
  ) throws(IdentityConfigurationError) {
    let client = client ?? HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    var metadata = configuration.metadata
    if let dpop = configuration.dpop { metadata.dpopAlgorithms = dpop.configuration.algorithms }
    guard let resource = HTTPURL(metadata.resource) else { throw IdentityConfigurationError("The resource \(metadata.resource) is no URL.") }
    guard !configuration.issuers.isEmpty || configuration.introspection != nil else {
      throw IdentityConfigurationError("A resource server needs issuers whose JWTs it takes, or an introspection endpoint.")
    }
    guard !metadata.scopesSupported.contains("offline_access") else {
      throw IdentityConfigurationError("offline_access is between a client and the authorization server (MCP 2026-07-28, refresh tokens). Leave it out of the scopes.")
    }
    try configuration.introspection?.validate()
    self.metadata = metadata
    self.configuration = configuration
    self.resource = resource
    self.client = client
    self.logger = logger
    verifier = try JWTVerifier(issuers: configuration.issuers, fetch: { try await Self.fetch($0, client) }, now: configuration.now, logger: logger)
    state = Mutex(State(verified: TokenCache(capacity: configuration.cacheCapacity)))
  }

  /// For a ``StreamableHTTPResponder``: the caller of a request, or the refusal with its challenge.
  public func authenticate(_ request: HTTPRequest) async -> Authentication {
    do throws(AuthenticationFailure) {
      return .allowed(try await caller(of: request))
    } catch {
      if let cause = error.cause { logger.warning("an access token could not be checked", metadata: ["error": "\(cause)"]) }
      return refusal(error, needed: configuration.requiredScopes(request))
    }
  }

  /// The metadata document, where a request asks for it; nil for any other request.
  public func document(for request: HTTPRequest) -> HTTPReply? {
    guard request.method == .get, request.path == metadata.path || request.path == "/.well-known/oauth-protected-resource" else { return nil }
    var headers = HTTPHeaders()
    headers.add("Content-Type", "application/json")
    headers.add("Cache-Control", "max-age=300")
    headers.add("Access-Control-Allow-Origin", "*")
    return .full(.ok, headers, body: ByteBuffer(metadata.json))
  }

  private func caller(of request: HTTPRequest) async throws(AuthenticationFailure) -> TokenCaller {
    let (scheme, text) = try Self.credential(request.headers.values("Authorization"))
    let digest = SHA256.hash(data: Array(text.utf8))
    let now = configuration.now()
    let caller: TokenCaller
    if let known = state.withLock({ $0.verified.value(for: digest, at: now) }) {
      caller = known
    } else if let introspection = configuration.introspection,
      configuration.issuers.isEmpty || text.utf8.count(where: { $0 == UInt8(ascii: ".") }) != 2
    {
      caller = try await ask(introspection, about: text, digest, at: now)
    } else {
      caller = try TokenCaller(try await verifier.verify(Array(text.utf8)))
      state.withLock { $0.verified.insert(caller, for: digest, until: end(of: caller, from: now)) }
    }
    // A proof is good once, and was: a stream that goes on has no other.
    if !request.isRecheck { try checkPossession(caller.token, text, scheme, request) }
    let needed = configuration.requiredScopes(request)
    guard configuration.grants(needed, to: caller.token.scopes) else { throw .insufficientScope(needed) }
    return caller
  }

  private func end(of caller: TokenCaller, from now: Int64) -> Int64 { min(caller.token.expires, now + configuration.cacheSeconds) }

  /// Asks once about one token, however many requests bring it, and about so many at a time: whoever sends requests can make up tokens.
  private func ask(
    _ introspection: TokenIntrospection, about text: String, _ digest: SHA256Digest, at now: Int64
  ) async throws(AuthenticationFailure) -> TokenCaller {
    let (known, asked): (Result<TokenCaller, AuthenticationFailure>?, Task<Result<TokenCaller, AuthenticationFailure>, Never>?) = state.withLock { state in
      if let caller = state.verified.value(for: digest, at: now) { return (.success(caller), nil) }
      if let failure = state.refused.value(for: digest, at: now) { return (.failure(failure), nil) }
      if let asked = state.asked[digest] { return (nil, asked) }
      guard state.asked.count < introspection.maximumInFlight else {
        return (.failure(.unavailable(OAuthError(.unreachable, "As many tokens as may be are being introspected."))), nil)
      }
      // Not a child of the request that happened to come first.
      let task = Task { await self.introspect(introspection, text, digest) }
      state.asked[digest] = task
      return (nil, task)
    }
    if let known { return try known.get() }
    guard let asked else { throw .invalid }
    return try await asked.value.get()
  }

  private func introspect(_ introspection: TokenIntrospection, _ text: String, _ digest: SHA256Digest) async -> Result<TokenCaller, AuthenticationFailure> {
    let result: Result<TokenCaller, AuthenticationFailure>
    do throws(AuthenticationFailure) {
      result = .success(try TokenCaller(try await introspection.verify(text, with: client, now: configuration.now)))
    } catch { result = .failure(error) }
    let now = configuration.now()
    state.withLock { state in
      state.asked[digest] = nil
      switch result {
      case .success(let caller): state.verified.insert(caller, for: digest, until: end(of: caller, from: now))
      case .failure(let failure) where failure.code != .unavailable:
        state.refused.insert(failure, for: digest, until: now + min(configuration.cacheSeconds, Self.refusalSeconds))
      case .failure: break
      }
    }
    return result
  }

  /// A token that is bound to a key is good for its holder only, and a proof is no help to one that is not (RFC 9449 section 7).
  private func checkPossession(_ token: AccessToken, _ text: String, _ scheme: Scheme, _ request: HTTPRequest) throws(AuthenticationFailure) {
    guard let thumbprint = token.proofKeyThumbprint else {
      if scheme == .dpop || metadata.requiresDPoP { throw .invalidProof("The token is not bound to a key") }
      return
    }
    guard let dpop = configuration.dpop else { throw .invalidProof("Tokens that are bound to a key are not taken here") }
    let proofs = request.headers.values("DPoP")
    guard scheme == .dpop, proofs.count == 1 else { throw .invalidProof("Send the token as Authorization: DPoP with one DPoP proof") }
    // The URL as clients know it: behind a proxy ours is another.
    let url = resource.origin.description + request.path
    try dpop.verify(proof: proofs[0], method: request.method.name, url: url, accessToken: text, thumbprint: thumbprint)
  }

  private enum Scheme { case bearer, dpop }

  /// The token of the one Authorization header.
  private static func credential(_ headers: [String]) throws(AuthenticationFailure) -> (Scheme, String) {
    guard let header = headers.first else { throw .missing }
    let parts = header.split(separator: " ", maxSplits: 1)
    let scheme: Scheme
    switch parts.first?.lowercased() {
    case "bearer": scheme = .bearer
    case "dpop": scheme = .dpop
    default: throw .missing
    }
    // Of several headers a proxy and we could believe different ones.
    guard headers.count == 1, parts.count == 2 else { throw .malformed }
    let token = parts[1].drop { $0 == " " }
    guard !token.isEmpty, token.utf8.count <= CompactToken.maximumLength, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") }) else {
      throw .malformed
    }
    return (scheme, String(token))
  }

  private func refusal(_ failure: AuthenticationFailure, needed: [String]) -> Authentication {
    var headers: [HTTPHint.Header] = [.init("Content-Type", "application/json")]
    let scopes = needed.isEmpty ? metadata.scopesSupported : needed
    let isProof = failure.code == .invalidProof || failure.code == .nonceRequired
    if !isProof, !metadata.requiresDPoP, let challenge = failure.challenge(resourceMetadata: metadata.url, scopes: scopes) {
      headers.append(.init("WWW-Authenticate", challenge))
    }
    if let dpop = configuration.dpop {
      if let challenge = failure.challenge(resourceMetadata: metadata.url, scopes: scopes, dpopAlgorithms: dpop.configuration.algorithms) {
        headers.append(.init("WWW-Authenticate", challenge))
      }
      if let nonce = dpop.nonce { headers.append(.init("DPoP-Nonce", nonce)) }
    } else if isProof, let challenge = failure.challenge(resourceMetadata: metadata.url, scopes: scopes) {
      headers.append(.init("WWW-Authenticate", challenge))
    }
    if failure.code == .unavailable { headers.append(.init("Retry-After", "5")) }
    let body: JSONValue = ["jsonrpc": "2.0", "error": ["code": -32600, "message": .string(failure.description), "data": ["reason": .string(failure.code.rawValue)]]]
    return .refused(HTTPHint(status: failure.status, headers: headers), body: ByteBuffer(body))
  }

  private static func fetch(_ url: String, _ client: HTTPClient) async throws -> ByteBuffer {
    guard let target = HTTPURL(url) else { throw OAuthError(.unsafeURL, "\(url) is no http or https URL") }
    let request = HTTPClientRequest(origin: target.origin, method: .get, path: target.path, headers: HTTPHeaders([("Accept", "application/json")]))
    let response = try await client.send(request, deadline: .now() + .seconds(10))
    guard response.status == .ok, case .full(let body) = response.body else {
      throw OAuthError(.unreachable, "\(url) answered with status \(response.status.code)")
    }
    return body
  }
}

/// An MCP endpoint behind a ``ResourceServer``, with the metadata document beside it.
public struct ProtectedEndpoint: HTTPResponder {
  private let endpoint: StreamableHTTPResponder
  private let resourceServer: ResourceServer

  /// An endpoint whose requests need an access token.
  public init(_ handler: any RequestHandler, configuration: StreamableHTTPConfiguration = StreamableHTTPConfiguration(), resourceServer: ResourceServer) {
    self.resourceServer = resourceServer
    endpoint = StreamableHTTPResponder(handler, configuration: configuration, authenticate: { await resourceServer.authenticate($0) })
  }

  /// Answers one request.
  public func respond(to request: HTTPRequest) async -> HTTPReply {
    if let document = resourceServer.document(for: request) { return document }
    return await endpoint.respond(to: request)
  }
}
