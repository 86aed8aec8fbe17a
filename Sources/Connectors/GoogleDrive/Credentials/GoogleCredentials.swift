internal import ConnectorKit
internal import JSON
internal import MCPAuth
internal import MCPHTTP
internal import Secrets

/// The credentials that the settings name: `service_account`, `oauth`, or a `token` of somebody's own.
struct GoogleCredentials {
  let source: any CredentialSource
  let routes: [ConnectorRoute]
  let accounts: GoogleAccounts
  /// Whom the settings name: by an account, or by a refresh token.
  let people: Set<String>
  /// In whose name requests are, where it is known without asking Google.
  let impersonated: @Sendable (Subject) throws(VendorError) -> String?
  /// The scopes of a subject's token, as Google's token answer has them; nil where it is not known.
  let granted: @Sendable (Subject) async throws(VendorError) -> [String]?

  static let keys: Set<String> = ["service_account", "oauth", "token", "accounts", "domains"]
  static let readScopes = ["https://www.googleapis.com/auth/drive.readonly"]
  static let writeScopes = ["https://www.googleapis.com/auth/drive"]
  private static let standardTokenURL = "https://oauth2.googleapis.com/token"

  /// - Parameter writes: whether any tool writes, which needs a wider scope.
  init(_ settings: ConnectorSettings, _ environment: ConnectorEnvironment, hosts: DriveAPI.Hosts, rule: SubjectRule, writes: Bool) throws(ConnectorError) {
    accounts = try GoogleAccounts(settings)
    let scopes = writes ? Self.writeScopes : Self.readScopes
    let given = Self.keys.intersection(["service_account", "oauth", "token"]).filter { settings.values[$0] != nil }
    guard given.count == 1 else {
      throw settings.error("service_account", "exactly one of service_account, oauth and token is needed. docs/connectors/google_drive.md says how to get them")
    }
    if let part = try settings.settings("service_account") {
      let account = try Self.serviceAccount(part, accounts, scopes, rule)
      let url = try part.url("token_url", default: Self.standardTokenURL)
      let grant = ConnectorKit.OAuthGrant(
        vendor: "Google", endpoint: url, kind: .assertion { subject, now throws(VendorError) in try account.assertion(subject, now: now) }, client: .none,
        http: environment.http, time: environment.time)
      // Tokens of assertions are made anew at will: none outlives the process, nor a change of `accounts`.
      let tokens = TokenCredentials(connector: environment.name, grant: grant, state: InMemoryConnectorState(), time: environment.time)
      source = tokens
      // Google makes no token of fewer scopes than an assertion asks for.
      granted = { subject async throws(VendorError) in
        let scopes = try await tokens.token(for: subject).scopes
        return scopes.isEmpty ? account.scopes : scopes
      }
      (routes, people) = ([], accounts.people)
      impersonated = { subject throws(VendorError) in try account.impersonated(subject) }
    } else if let oauth = try settings.settings("oauth") {
      let (tokens, check, routes) = try Self.oauth(oauth, environment, hosts, accounts, scopes)
      source = VerifiedCredentials(tokens, check)
      self.routes = routes
      people = accounts.people.union(try oauth.secrets("users").keys)
      granted = { subject async throws(VendorError) in
        let scopes = try await tokens.token(for: subject).scopes
        return scopes.isEmpty ? nil : scopes
      }
      let accounts = accounts
      impersonated = { subject throws(VendorError) in if case .user(let id) = subject { try accounts.address(of: id) } else { nil } }
    } else {
      guard rule == .service else { throw settings.error("token", "is of one account and cannot act for callers. Use service_account or oauth with act_as: caller") }
      source = SecretCredentials(service: try settings.secret("token"))
      (routes, people) = ([], [])
      impersonated = { _ throws(VendorError) in nil }
      granted = { _ throws(VendorError) in nil }
    }
  }

  private static func serviceAccount(
    _ part: ConnectorSettings, _ accounts: GoogleAccounts, _ scopes: [String], _ rule: SubjectRule
  ) throws(ConnectorError) -> ServiceAccount {
    try part.allow(["key", "subject", "scopes", "token_url", "audience"])
    guard let key = try part.secret("key") else { throw part.error("key", "is needed: ${file:/path/to/the/key.json}, where the key file of the service account is kept") }
    let subject = try part.string("subject")
    if let subject, !GoogleAccounts.isAddress(subject) { throw part.error("subject", "expected the e-mail address of a person of the domain") }
    return ServiceAccount(
      key: key, scopes: try part.strings("scopes") ?? scopes, audience: try part.string("audience") ?? standardTokenURL, accounts: accounts, subject: subject)
  }

  private static func oauth(
    _ oauth: ConnectorSettings, _ environment: ConnectorEnvironment, _ hosts: DriveAPI.Hosts, _ accounts: GoogleAccounts, _ scopes: [String]
  ) throws(ConnectorError) -> (TokenCredentials, AccountCheck, [ConnectorRoute]) {
    try oauth.allow(["client_id", "client_secret", "refresh_token", "users", "scopes", "authorize_url", "token_url"])
    guard let secret = try oauth.secret("client_secret") else { throw oauth.error("client_secret", "is needed: where the client's secret is kept") }
    let id = try oauth.required("client_id")
    let (service, users) = (try oauth.secret("refresh_token"), try oauth.secrets("users"))
    guard service != nil || !users.isEmpty || environment.publicURL != nil else {
      throw oauth.error("refresh_token", "is needed, or users: signing in needs HTTP, run the connector with --port, or behind sluice serve")
    }
    let endpoint = try oauth.url("token_url", default: standardTokenURL)
    let authorize = try oauth.url("authorize_url", default: "https://accounts.google.com/o/oauth2/v2/auth")
    let wanted = try oauth.strings("scopes") ?? scopes
    let signIn = environment.publicURL.map { publicURL in
      // Without `prompt=consent` Google gives a refresh token only the first time.
      SignIn(
        .init(
          vendor: "Google Drive", authorizationEndpoint: authorize, clientID: id, scopes: wanted,
          extraQuery: [("access_type", "offline"), ("prompt", "consent")]),
        publicURL: publicURL, key: environment.signInKey, time: environment.time)
    }
    let code = ConnectorKit.OAuthGrant(
      vendor: "Google", endpoint: endpoint, kind: .refreshToken(), client: .post(id: id, secret: secret), consentURL: { signIn?.link(for: $0) },
      http: environment.http, time: environment.time)
    let tokens = TokenCredentials(
      connector: environment.name, grant: GoogleRefreshGrant(service: service, users: users, endpoint: code), state: environment.state, time: environment.time)
    let check = AccountCheck(accounts: accounts) { credential throws(ConnectorError) in
      try DriveAPI(hosts, credentials: FixedCredential(value: credential), environment)
    }
    let routes =
      signIn?.routes { text, subject, redirectURI, verifier async throws(VendorError) in
        let token = try await code.token(for: subject, code: text, redirectURI: redirectURI, verifier: verifier)
        if case .user(let user) = subject { try await check.check(.bearer(token.accessToken, id: "sign-in \(subject.key)"), user) }
        try await tokens.adopt(token, for: subject)
      } ?? []
    return (tokens, check, routes)
  }
}
