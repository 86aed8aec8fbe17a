public import MCPAuth

/// How a client gets access tokens for one MCP server.
public struct OAuthConfiguration: Sendable {
  /// The URL of the MCP endpoint.
  public var server: String
  /// On the strength of what access tokens are asked for.
  public var grant: OAuthGrant
  /// Clients registered beforehand. Used before anything else (MCP 2026-07-28, client registration).
  public var clients: [PreregisteredClient]
  /// The https URL of the client's metadata document: its id at authorization servers that support such.
  public var clientMetadataURL: String?
  /// For dynamic registration, where nothing else fits; nil for never.
  public var registration: OAuthClientDescription?
  /// Tokens are bound to this key (DPoP, RFC 9449); nil for bearer tokens, unless the server demands bound ones.
  public var proofKey: SigningKey?
  /// Where tokens are kept.
  public var store: any TokenStore
  /// Tells the users of one program apart in the store.
  public var subject: String
  /// Scopes to ask for besides those that the server names.
  public var extraScopes: [String]
  /// Whether to ask for `offline_access` where the authorization server offers it.
  public var wantsRefreshToken: Bool
  /// Whether a server without protected resource metadata may be its own authorization server, as 2025-03-26 had it.
  public var allowsLegacyDiscovery: Bool
  /// A further condition on every URL that a server names, for example against addresses of a private network.
  ///
  /// By default there is none: on a person's machine such addresses are as good as others, and what is asked is asked over https of a host with
  /// a good certificate (http is for this machine, where the MCP server is on it as well), so that metadata services and the like answer
  /// nothing. A client that is hosted for many should refuse what is private all the same; as a name may resolve to anything, by a list
  /// of the hosts it knows or by a proxy for what goes out, better than by the look of the address.
  public var allows: @Sendable (HTTPURL) -> Bool
  /// Seconds since 1970.
  public var now: @Sendable () -> Int64

  public init(
    server: String, grant: OAuthGrant, clients: [PreregisteredClient] = [], clientMetadataURL: String? = nil, registration: OAuthClientDescription? = nil,
    proofKey: SigningKey? = nil, store: any TokenStore = InMemoryTokenStore(), subject: String = "", extraScopes: [String] = [],
    wantsRefreshToken: Bool = true, allowsLegacyDiscovery: Bool = true, allows: @escaping @Sendable (HTTPURL) -> Bool = { _ in true },
    now: @escaping @Sendable () -> Int64 = SystemSeconds.now
  ) {
    self.server = server
    self.grant = grant
    self.clients = clients
    self.clientMetadataURL = clientMetadataURL
    self.registration = registration
    self.proofKey = proofKey
    self.store = store
    self.subject = subject
    self.extraScopes = extraScopes
    self.wantsRefreshToken = wantsRefreshToken
    self.allowsLegacyDiscovery = allowsLegacyDiscovery
    self.allows = allows
    self.now = now
  }
}

/// What an access token is asked for on the strength of.
public enum OAuthGrant: Sendable {
  /// A user's consent at a browser (code and PKCE). See ``LoopbackRedirect`` for command lines.
  case authorizationCode(redirectURI: String, browser: Browser)
  /// The client's own credentials (extension `io.modelcontextprotocol/oauth-client-credentials`).
  case clientCredentials
  /// A JWT of somebody whom the authorization server trusts (RFC 7523 section 2.1): workload identity, a file that an orchestrator
  /// renews (``assertion(file:)``). Asked for anew with each token.
  case jwtBearer(@Sendable (AssertionRequest) async throws -> Secret)
  /// A company's identity provider decides (extension `io.modelcontextprotocol/enterprise-managed-authorization`).
  case enterpriseManaged(EnterpriseIdentityProvider)

  /// Shows a user the authorization URL and gives the URL that the authorization server redirected to, whole.
  public typealias Browser = @Sendable (_ authorizationURL: String) async throws -> String

  /// The identifiers of the extensions that it takes.
  var extensions: [String] {
    switch self {
    case .authorizationCode, .jwtBearer: []
    case .clientCredentials: ["io.modelcontextprotocol/oauth-client-credentials"]
    case .enterpriseManaged: ["io.modelcontextprotocol/enterprise-managed-authorization"]
    }
  }

  /// Reads the assertion from a file each time.
  public static func assertion(file path: String) -> OAuthGrant { .jwtBearer { _ in try await AssertionFile.read(path) } }
}

/// What an assertion is wanted for.
public struct AssertionRequest: Sendable, Hashable {
  /// The authorization server: the `aud` of the assertion.
  public var issuer: String
  /// Where the assertion will be sent.
  public var tokenEndpoint: String
  /// The MCP server that the access token is wanted for.
  public var resource: String
}

/// Where a client exchanges the ID token of its user for an assertion for an MCP server's authorization server.
public struct EnterpriseIdentityProvider: Sendable {
  /// Kinds of identity assertion (RFC 8693 section 3).
  public enum AssertionKind: String, Sendable {
    case idToken = "urn:ietf:params:oauth:token-type:id_token"
    case saml2 = "urn:ietf:params:oauth:token-type:saml2"
    /// The refresh token of the user's sign-on, for when the ID token is over. The provider need not take it.
    case refreshToken = "urn:ietf:params:oauth:token-type:refresh_token"
  }

  /// The identity provider, whose metadata name the token endpoint.
  public var issuer: String
  /// Its token endpoint, where it is known without looking.
  public var tokenEndpoint: String?
  /// The client's id there.
  public var clientID: String
  /// How the client proves there who it is.
  public var authentication: ClientAuthentication
  /// What kind of assertion it is.
  public var kind: AssertionKind
  /// The identity assertion that the user's sign-on gave the client. Asked for anew with each token.
  public var assertion: @Sendable () async throws -> Secret

  public init(
    issuer: String, tokenEndpoint: String? = nil, clientID: String, authentication: ClientAuthentication = .none, kind: AssertionKind = .idToken,
    assertion: @escaping @Sendable () async throws -> Secret
  ) {
    self.issuer = issuer
    self.tokenEndpoint = tokenEndpoint
    self.clientID = clientID
    self.authentication = authentication
    self.kind = kind
    self.assertion = assertion
  }
}
