public import MCPAuth

/// What tokens are kept under: who issued them, for which MCP server, in whose name.
public struct TokenKey: Sendable, Hashable {
  /// The authorization server's `issuer`.
  public var issuer: String
  /// The resource of RFC 8707.
  public var resource: String
  /// Tells the users of one program apart; empty where there is one.
  public var subject: String

  public init(issuer: String, resource: String, subject: String = "") {
    self.issuer = issuer
    self.resource = resource
    self.subject = subject
  }
}

/// An access token and what belongs to it.
public struct TokenSet: Sendable, Hashable {
  /// How the access token is sent.
  public enum Kind: String, Sendable, Hashable { case bearer = "Bearer", dpop = "DPoP" }

  /// What the tokens are kept under.
  public var key: TokenKey
  /// The token to send.
  public var accessToken: Secret
  /// How the access token is sent.
  public var kind: Kind
  /// Seconds since 1970; nil if the authorization server did not say.
  public var expires: Int64?
  /// For the next access token; nil where there is none.
  public var refreshToken: Secret?
  /// The scopes asked for, and with them those granted.
  public var scopes: [String]
  /// The client that they were issued to.
  public var clientID: String
  /// The thumbprint of the key that they are bound to (RFC 9449).
  public var proofKeyThumbprint: String?

  public init(
    key: TokenKey, accessToken: Secret, kind: Kind = .bearer, expires: Int64? = nil, refreshToken: Secret? = nil, scopes: [String] = [],
    clientID: String, proofKeyThumbprint: String? = nil
  ) {
    self.key = key
    self.accessToken = accessToken
    self.kind = kind
    self.expires = expires
    self.refreshToken = refreshToken
    self.scopes = scopes
    self.clientID = clientID
    self.proofKeyThumbprint = proofKeyThumbprint
  }
}

/// A client as an authorization server knows it: the answer to a dynamic registration (RFC 7591 section 3.2.1).
public struct RegisteredClient: Sendable, Hashable {
  /// The client's id.
  public var id: String
  /// The client's secret; nil for public clients.
  public var secret: Secret?
  /// How the client proves who it is.
  public var method: ClientAuthentication.Method
  /// The redirect URI that it was registered with.
  public var redirectURI: String?
  /// When the secret ends, in seconds since 1970; nil if never.
  public var secretExpires: Int64?

  public init(id: String, secret: Secret? = nil, method: ClientAuthentication.Method, redirectURI: String? = nil, secretExpires: Int64? = nil) {
    self.id = id
    self.secret = secret
    self.method = method
    self.redirectURI = redirectURI
    self.secretExpires = secretExpires
  }
}

/// Keeps tokens, and clients that were registered dynamically, each under the authorization server that issued them (MCP 2026-07-28,
/// authorization server binding). What it keeps are credentials: it must keep them from other users.
public protocol TokenStore: Sendable {
  /// The tokens last saved for a resource, whoever issued them.
  func latestTokens(resource: String, subject: String) async throws -> TokenSet?
  /// The tokens kept under a key; nil for none.
  func tokens(for key: TokenKey) async throws -> TokenSet?
  /// Returns once they are safe. The refresh token before them may be dead already (rotation).
  func save(_ tokens: TokenSet) async throws
  /// Forgets the tokens kept under a key.
  func removeTokens(for key: TokenKey) async throws
  /// The client that was registered with an authorization server; nil for none.
  func client(issuedBy issuer: String) async throws -> RegisteredClient?
  /// - Parameter client: nil removes.
  func save(_ client: RegisteredClient?, issuedBy issuer: String) async throws
}

/// Keeps tokens for as long as the process lives.
public actor InMemoryTokenStore: TokenStore {
  private var contents = TokenStoreContents()

  public init() {}

  public func latestTokens(resource: String, subject: String) -> TokenSet? { contents.latest(resource: resource, subject: subject) }
  /// The tokens kept under a key; nil for none.
  public func tokens(for key: TokenKey) -> TokenSet? { contents.tokens.last { $0.key == key } }
  public func save(_ tokens: TokenSet) { contents.save(tokens) }
  /// Forgets the tokens kept under a key.
  public func removeTokens(for key: TokenKey) { contents.tokens.removeAll { $0.key == key } }
  /// The client that was registered with an authorization server; nil for none.
  public func client(issuedBy issuer: String) -> RegisteredClient? { contents.clients[issuer] }
  public func save(_ client: RegisteredClient?, issuedBy issuer: String) { contents.clients[issuer] = client }
}

/// What a store holds: the tokens in the order in which they were saved.
struct TokenStoreContents: Sendable {
  var tokens: [TokenSet] = []
  var clients: [String: RegisteredClient] = [:]

  func latest(resource: String, subject: String) -> TokenSet? { tokens.last { $0.key.resource == resource && $0.key.subject == subject } }

  mutating func save(_ set: TokenSet) {
    tokens.removeAll { $0.key == set.key }
    tokens.append(set)
  }
}
