internal import ConnectorKit
internal import MCP
internal import MCPAuth
internal import MCPHTTP
internal import Secrets

/// With what Jira is asked, and where: an account's token, those of people, or what they grant by signing in.
struct JiraAccess: Sendable {
  /// What has to be known of a sign-in to check it.
  struct Signing: Sendable {
    var tokens: TokenCredentials
    /// What people are asked for.
    var scopes: [String]
  }

  let credentials: any CredentialSource
  let base: HTTPURL
  /// What the paths of a subject start with.
  var prefix: @Sendable (Subject) async throws(VendorError) -> [String] = { _ in [] }
  var routes: [ConnectorRoute] = []
  /// Whether there is an account of the connector's own.
  var hasService = false
  /// People whose tokens are in the settings.
  var users: [String] = []
  var signing: Signing?

  /// - Parameter toolsets: those that are on: people are asked for no more than they need.
  static func read(
    _ settings: ConnectorSettings, _ environment: ConnectorEnvironment, _ deployment: JiraAPI.Deployment, _ site: HTTPURL, _ toolsets: [JiraToolset]
  ) throws(ConnectorError) -> JiraAccess {
    guard let oauth = try settings.settings("oauth") else { return try JiraAccess(tokens: settings, deployment) }
    return try JiraAccess(signingIn: oauth, settings, environment, site, toolsets)
  }

  private init(tokens settings: ConnectorSettings, _ deployment: JiraAPI.Deployment) throws(ConnectorError) {
    base = try settings.url("base_url", default: try settings.required("site"))
    let token = try settings.secret("token")
    let users = try settings.secrets("users")
    guard token != nil || !users.isEmpty else { throw settings.error("token", "is needed: ${env:JIRA_TOKEN}; or users, or oauth") }
    hasService = token != nil
    self.users = users.keys.sorted()
    guard deployment == .cloud else {
      credentials = SecretCredentials(service: token, users: users)
      return
    }
    // Cloud takes e-mail address and API token as a pair (RFC 7617); for people both stand in the secret.
    let email = try settings.string("email")
    guard token == nil || email != nil else { throw settings.error("email", "is needed: the address of the account that the token is of") }
    credentials = SecretCredentials(service: token, users: users) { secret in
      let text = secret.reveal()
      let pair = text.contains(":") ? text : "\(email ?? ""):\(text)"
      return [("Authorization", Secret("Basic " + Base64.encode(Array(pair.utf8))))]
    }
  }

  /// OAuth 2.0 (3LO): people sign in, refresh tokens rotate (<https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/>).
  private init(
    signingIn oauth: ConnectorSettings, _ settings: ConnectorSettings, _ environment: ConnectorEnvironment, _ site: HTTPURL, _ toolsets: [JiraToolset]
  ) throws(ConnectorError) {
    try oauth.allow(["client_id", "client_secret", "cloud_id", "scopes", "auth_url"])
    guard let secret = try oauth.secret("client_secret") else { throw oauth.error("client_secret", "is needed: where the app's client secret is kept") }
    guard let publicURL = environment.publicURL else { throw oauth.error("client_id", "signing in needs HTTP: run the connector with --port, or behind sluice serve") }
    let id = try oauth.required("client_id")
    let auth = try oauth.url("auth_url", default: "https://auth.atlassian.com")
    let root = auth.description.hasSuffix("/") ? String(auth.description.dropLast()) : auth.description
    guard let authorize = HTTPURL(root + "/authorize"), let endpoint = HTTPURL(root + "/oauth/token") else { throw oauth.error("auth_url", "expected an https URL") }
    let scopes = try oauth.strings("scopes") ?? JiraToolset.all(toolsets, \.scopes) + ["offline_access"]
    let signIn = SignIn(
      .init(
        vendor: "Jira", authorizationEndpoint: authorize, clientID: id, scopes: scopes, extraQuery: [("audience", "api.atlassian.com"), ("prompt", "consent")],
        usesPKCE: false),
      publicURL: publicURL, key: environment.signInKey, time: environment.time)
    let grant = OAuthGrant(
      vendor: "Jira", endpoint: endpoint, kind: .refreshToken(), client: .post(id: id, secret: secret), sendsJSON: true, consentURL: { signIn.link(for: $0) },
      http: environment.http,
      time: environment.time)
    let tokens = TokenCredentials(connector: environment.name, grant: grant, state: environment.state, time: environment.time)
    credentials = tokens
    signing = Signing(tokens: tokens, scopes: scopes)
    var sites: CloudSites?
    if let cloud = try oauth.string("cloud_id") {
      base = try settings.url("base_url", default: "https://api.atlassian.com/ex/jira/" + PercentEncoding.segment(cloud))
    } else {
      base = try settings.url("base_url", default: "https://api.atlassian.com")
      sites = try CloudSites(site: site, base: base, credentials: tokens, environment)
      prefix = { subject throws(VendorError) in
        guard let cloud = CloudSites.id(try await tokens.token(for: subject)) else {
          throw VendorError(.consentRequired, "It is not known which site the sign-in to Jira is for. Sign in again.", consentURL: signIn.link(for: subject))
        }
        return ["ex", "jira", cloud]
      }
    }
    routes = signIn.routes { [sites] code, subject, redirectURI, verifier async throws(VendorError) in
      var token = try await grant.token(for: subject, code: code, redirectURI: redirectURI, verifier: verifier)
      if let sites { token = try await sites.resolving(token) }
      try await tokens.adopt(token, for: subject)
    }
  }
}
