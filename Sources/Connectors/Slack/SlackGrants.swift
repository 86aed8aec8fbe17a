internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPAuth
internal import MCPHTTP
internal import Secrets

/// Where the tokens come from that Slack is asked with.
struct SlackGrants {
  let credentials: any CredentialSource
  /// Of sign-ins.
  let routes: [ConnectorRoute]
  /// Whether the app itself has a token.
  let hasService: Bool
  /// People whose tokens stand in the settings.
  let users: [String]

  /// - Parameter team: the workspace that an organization's tokens are used in.
  init(
    _ settings: ConnectorSettings, _ environment: ConnectorEnvironment, _ base: HTTPURL, team: String?, _ rule: SubjectRule, _ scope: ToolScope
  ) throws(ConnectorError) {
    let token = try settings.secret("token")
    let users = try settings.secrets("users")
    guard let oauth = try settings.settings("oauth") else {
      guard token != nil || !users.isEmpty else { throw settings.error("token", "is needed: ${env:SLACK_BOT_TOKEN}; or users, or oauth") }
      // Tokens of several people may be of several workspaces.
      let holder = team == nil && users.count > 1 ? nil : Self.holder(team ?? "")
      (credentials, routes) = (SecretCredentials(service: token, users: users, limit: holder), [])
      (hasService, self.users) = (token != nil, users.keys.sorted())
      return
    }
    try oauth.allow(["client_id", "client_secret", "scopes", "authorize_url", "refresh_token"])
    let id = try oauth.required("client_id")
    guard let secret = try oauth.secret("client_secret") else { throw oauth.error("client_secret", "is needed: where the app's client secret is kept") }
    for (key, isGiven) in [("token", token != nil), ("users", !users.isEmpty)] where isGiven {
      throw settings.error(key, "is not used together with oauth, which obtains the tokens itself. Remove one of the two")
    }
    self.users = []
    let seed = try oauth.secret("refresh_token")
    if case .service = rule {
      guard let seed else {
        throw oauth.error(
          "refresh_token",
          "is needed: where the refresh token (xoxe-) is kept that Slack shows beside the bot's own once rotation is on. For people who sign in set act_as: caller")
      }
      for key in ["scopes", "authorize_url"] where oauth.values[key]?.isNull == false {
        throw oauth.error(key, "is for people who sign in: set act_as: caller, or remove it. A bot has the scopes that its app was installed with")
      }
      let grant = SeededGrant(try Self.grant(settings, environment, base, "oauth.v2.access", .refreshToken(seed: seed), id, secret) { _ in nil })
      credentials = TokenCredentials(
        connector: environment.name, grant: grant, state: environment.state, time: environment.time, limit: { _ in team.map(Self.holder) })
      (routes, hasService) = ([], true)
      return
    }
    guard seed == nil else { throw oauth.error("refresh_token", "is the bot's own: with act_as: caller people sign in and have their own. Remove one of the two") }
    guard let publicURL = environment.publicURL else { throw oauth.error("client_id", "signing in needs HTTP: run the connector with --port, or behind sluice serve") }
    let authorize = try oauth.url("authorize_url", default: "https://slack.com/oauth/v2_user/authorize")
    let scopes = try oauth.strings("scopes") ?? SlackScopes.signIn(scope)
    let signIn = SignIn(
      .init(vendor: "Slack", authorizationEndpoint: authorize, clientID: id, scopes: scopes, scopeSeparator: ","), publicURL: publicURL, key: environment.signInKey,
      time: environment.time)
    let grant = try Self.grant(settings, environment, base, "oauth.v2.user.access", .refreshToken(), id, secret) { signIn.link(for: $0) }
    let tokens = TokenCredentials(
      connector: environment.name, grant: grant, state: environment.state, time: environment.time,
      limit: { (team ?? $0.extra["team"]?["id"]?.string).map(Self.holder) })
    credentials = tokens
    routes = signIn.routes { code, subject, redirectURI, verifier async throws(VendorError) in
      try await tokens.adopt(try await grant.token(for: subject, code: code, redirectURI: redirectURI, verifier: verifier), for: subject)
    }
    hasService = false
  }

  /// Slack limits an app in a workspace, however many of its people ask. Tokens of which the workspace is not known have a limit each.
  private static func holder(_ team: String) -> String { "app " + team }

  private static func grant(
    _ settings: ConnectorSettings, _ environment: ConnectorEnvironment, _ base: HTTPURL, _ method: String, _ kind: ConnectorKit.OAuthGrant.Kind, _ id: String,
    _ secret: SecretReference, _ consentURL: @escaping @Sendable (Subject) -> String?
  ) throws(ConnectorError) -> ConnectorKit.OAuthGrant {
    guard let endpoint = HTTPURL(base.description + "/" + method) else { throw settings.error("base_url", "expected an https URL") }
    return ConnectorKit.OAuthGrant(
      vendor: "Slack", endpoint: endpoint, kind: kind, client: .post(id: id, secret: secret), kept: ["team", "user_id"], consentURL: consentURL,
      http: environment.http, time: environment.time)
  }
}

/// Takes the refresh token of the settings where Slack no longer takes the one that is stored: an administrator has put another there.
private struct SeededGrant: Grant {
  private let grant: ConnectorKit.OAuthGrant

  init(_ grant: ConnectorKit.OAuthGrant) { self.grant = grant }

  func token(for subject: Subject, after previous: StoredToken?) async throws(VendorError) -> StoredToken {
    do throws(VendorError) { return try await grant.token(for: subject, after: previous) } catch {
      guard error.code == .consentRequired, previous?.refreshToken != nil else { throw error }
      return try await grant.token(for: subject, after: nil)
    }
  }
}
