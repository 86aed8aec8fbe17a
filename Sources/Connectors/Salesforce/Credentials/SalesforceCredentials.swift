internal import ConnectorKit
internal import JSON
internal import MCPAuth
internal import MCPHTTP
internal import Secrets

/// How Salesforce is signed in to: `jwt`, `client_credentials` or `oauth` of the settings. Never with a password.
struct SalesforceCredentials: Sendable {
  let tokens: TokenCredentials
  let routes: [ConnectorRoute]
  /// Whether the connector has an account of its own.
  let hasService: Bool
  /// Whom the settings name.
  let people: Set<String>

  static let keys: Set<String> = ["login_url", "jwt", "client_credentials", "oauth"]
  static let standardLogin = "https://login.salesforce.com"

  init(_ settings: ConnectorSettings, _ environment: ConnectorEnvironment) throws(ConnectorError) {
    let login = try settings.url("login_url", default: Self.standardLogin)
    let root = login.description.hasSuffix("/") ? String(login.description.dropLast()) : login.description
    guard let endpoint = HTTPURL(root + "/services/oauth2/token") else { throw settings.error("login_url", "expected an https URL such as \(Self.standardLogin)") }
    let jwt = try settings.settings("jwt")
    let client = try settings.settings("client_credentials")
    let oauth = try settings.settings("oauth")
    guard [jwt != nil, client != nil, oauth != nil].count(where: { $0 }) == 1 else {
      throw settings.error("jwt", "exactly one of jwt, client_credentials and oauth is needed: how to sign in")
    }
    let grant: ConnectorKit.OAuthGrant
    var signIn: SignIn?
    if let jwt {
      let bearer = try JWTBearer(jwt, login: login)
      hasService = bearer.username != nil
      people = Set(bearer.users.keys)
      grant = ConnectorKit.OAuthGrant(
        vendor: "Salesforce", endpoint: endpoint, kind: .assertion { subject, now throws(VendorError) in try bearer.assertion(for: subject, now: now) }, client: .none,
        kept: Self.kept, http: environment.http, time: environment.time)
    } else if let client {
      try client.allow(["client_id", "client_secret"])
      guard let secret = try client.secret("client_secret") else { throw client.error("client_secret", "is needed: where the connected app's secret is kept") }
      if case .caller = try SubjectRule(settings) {
        throw settings.error("act_as", "with client_credentials Salesforce knows one account only; use jwt or oauth for people")
      }
      (hasService, people) = (true, [])
      grant = ConnectorKit.OAuthGrant(
        vendor: "Salesforce", endpoint: endpoint, kind: .clientCredentials, client: .post(id: try client.required("client_id"), secret: secret), kept: Self.kept,
        http: environment.http, time: environment.time)
    } else {
      guard let oauth else { throw settings.error("oauth", "is needed") }
      (hasService, people) = (false, [])
      (grant, signIn) = try Self.webServer(oauth, root, endpoint, environment)
    }
    let tokens = TokenCredentials(
      connector: environment.name, grant: grant, state: environment.state, time: environment.time,
      // The allowance is the org's, whoever asks.
      limit: { $0.extra["instance_url"]?.string })
    routes =
      signIn?.routes { code, subject, redirectURI, verifier async throws(VendorError) in
        try await tokens.adopt(try await grant.token(for: subject, code: code, redirectURI: redirectURI, verifier: verifier), for: subject)
      } ?? []
    self.tokens = tokens
  }

  /// What the answer says besides the token. `id` names the user and the org.
  private static let kept = ["instance_url", "id"]

  /// The web server flow: people sign in in a browser, with PKCE.
  private static func webServer(
    _ oauth: ConnectorSettings, _ root: String, _ endpoint: HTTPURL, _ environment: ConnectorEnvironment
  ) throws(ConnectorError) -> (ConnectorKit.OAuthGrant, SignIn) {
    try oauth.allow(["client_id", "client_secret", "scopes"])
    guard let publicURL = environment.publicURL else { throw oauth.error("client_id", "signing in needs HTTP: run the connector with --port, or behind sluice serve") }
    let id = try oauth.required("client_id")
    guard let authorize = HTTPURL(root + "/services/oauth2/authorize") else { throw oauth.error("client_id", "the login_url cannot be used") }
    let signIn = SignIn(
      .init(vendor: "Salesforce", authorizationEndpoint: authorize, clientID: id, scopes: try oauth.strings("scopes") ?? ["api", "id", "refresh_token"]),
      publicURL: publicURL, key: environment.signInKey, time: environment.time)
    let client: ConnectorKit.OAuthGrant.ClientAuthentication = try oauth.secret("client_secret").map { .post(id: id, secret: $0) } ?? .publicClient(id: id)
    let grant = ConnectorKit.OAuthGrant(
      vendor: "Salesforce", endpoint: endpoint, kind: .refreshToken(), client: client, kept: kept, consentURL: { signIn.link(for: $0) }, http: environment.http,
      time: environment.time)
    return (grant, signIn)
  }
}

/// The JWT bearer flow (RFC 7523): the connector signs who is meant, and an administrator has approved the connected app beforehand.
struct JWTBearer: Sendable {
  let clientID: String
  let key: SecretReference
  /// The connector's own account.
  let username: String?
  /// People: the gateway's id -> Salesforce username. Empty where the two are the same.
  let users: [String: String]
  let audience: String

  /// Salesforce takes assertions of at most three minutes.
  static let lifetime: Int64 = 170

  init(_ settings: ConnectorSettings, login: HTTPURL) throws(ConnectorError) {
    try settings.allow(["client_id", "private_key", "username", "users", "audience"])
    clientID = try settings.required("client_id")
    guard let key = try settings.secret("private_key") else {
      throw settings.error("private_key", "is needed: where the key in PEM is kept whose certificate the connected app has")
    }
    self.key = key
    username = try settings.string("username")
    var users: [String: String] = [:]
    if let part = try settings.settings("users") { for (name, _) in part.values { users[name] = try part.required(name) } }
    self.users = users
    audience = try settings.string("audience") ?? login.origin.description
  }

  func assertion(for subject: Subject, now: Int64) throws(VendorError) -> Secret {
    let name: String
    switch subject {
    case .service:
      guard let username else { throw VendorError(.refused, "The connector has no Salesforce account of its own. An administrator sets jwt.username.") }
      name = username
    case .user(let id):
      // Who is named must be who is impersonated, or nobody is.
      guard let username = users.isEmpty ? id : users[id] else {
        throw VendorError(.consentRequired, "There is no Salesforce user for \(id). An administrator adds one to jwt.users of the connector's settings.")
      }
      name = username
    }
    do {
      let signing = try SigningKey(pem: try key.resolve().reveal(), algorithm: .rs256)
      return Secret(
        try signing.token(claims: ["iss": .string(clientID), "sub": .string(name), "aud": .string(audience), "exp": .int(now + Self.lifetime)], header: ["typ": "JWT"]))
    } catch let error as SecretError {
      throw VendorError(.unavailable, "The private key for Salesforce cannot be read: \(error)")
    } catch let error as IdentityConfigurationError {
      throw VendorError(.unavailable, "The private key for Salesforce cannot be used: \(error)")
    } catch { throw VendorError(.unavailable, "The private key for Salesforce cannot sign.") }
  }
}
