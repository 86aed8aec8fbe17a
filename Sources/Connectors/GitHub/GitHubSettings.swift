internal import JSON
internal import ConnectorKit
internal import MCPHTTP
internal import NIOCore
internal import Secrets

/// The settings of one GitHub connector, read and checked.
struct GitHubSettings: Sendable {
  /// Of the REST API: `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise Server.
  var base: HTTPURL
  /// Where people sign in.
  var web: HTTPURL
  var apiVersion: String
  var grant: Grant
  var subjects: SubjectRule
  var scope: ToolScope
  var repositories: NameFilter
  var webhookSecret: SecretReference?
  /// Longest time for one call, in seconds.
  var timeout: Int64

  /// How credentials are obtained.
  enum Grant: Sendable {
    /// Personal access tokens, of the connector and of people.
    case tokens(service: SecretReference?, users: [String: SecretReference])
    /// A GitHub App's installation: the connector's own account.
    case app(id: String, key: SecretReference, installation: Int)
    /// People sign in: in a browser, or with a code where no browser can come back.
    case oauth(clientID: String, secret: SecretReference?, scopes: [String], usesDevice: Bool)
  }

  private static let keys: Set<String> = [
    "base_url", "web_url", "api_version", "token", "tokens", "app", "oauth", "repositories", "webhook_secret", "timeout",
  ]

  init(_ settings: ConnectorSettings) throws(ConnectorError) {
    try settings.allow(Self.keys.union(ToolScope.keys).union(SubjectRule.keys))
    base = try settings.url("base_url", default: "https://api.github.com")
    web = try settings.url("web_url", default: Self.web(of: base))
    apiVersion = try settings.string("api_version") ?? "2022-11-28"
    guard apiVersion.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D }) else { throw settings.error("api_version", "expected a date such as 2022-11-28") }
    scope = try ToolScope(settings)
    repositories = try NameFilter(settings, "repositories")
    webhookSecret = try settings.secret("webhook_secret")
    timeout = Int64(try settings.int("timeout", 1...300) ?? 45)
    grant = try Self.grant(settings)
    switch grant {
    case .tokens(_, let users) where users.isEmpty: subjects = try SubjectRule(settings, default: .service)
    case .app: subjects = try SubjectRule(settings, default: .service)
    case .tokens, .oauth: subjects = try SubjectRule(settings, default: .caller(alone: nil))
    }
    if case .app = grant, case .caller = subjects {
      throw settings.error("act_as", "an app's installation acts as itself; for people give oauth or tokens")
    }
    if case .oauth = grant, case .service = subjects { throw settings.error("act_as", "people sign in with oauth: expected caller") }
  }

  private static func grant(_ settings: ConnectorSettings) throws(ConnectorError) -> Grant {
    let given = ["app", "oauth"].filter { settings.values[$0] != nil } + (settings.values["token"] != nil || settings.values["tokens"] != nil ? ["token"] : [])
    guard given.count == 1 else {
      throw settings.error(given.last ?? "token", given.isEmpty ? "is needed, or app, or oauth" : "give one of token (with tokens), app and oauth")
    }
    if let app = try settings.settings("app") {
      try app.allow(["id", "private_key", "installation"])
      guard let key = try app.secret("private_key") else { throw app.error("private_key", "is needed: ${file:PATH} of the PEM file that GitHub made") }
      guard let installation = try app.int("installation", 1...Int.max) else {
        throw app.error("installation", "is needed: the number at the end of the installation's URL")
      }
      return .app(id: try app.required("id"), key: key, installation: installation)
    }
    if let oauth = try settings.settings("oauth") {
      try oauth.allow(["client_id", "client_secret", "scopes", "device"])
      let secret = try oauth.secret("client_secret")
      return .oauth(
        clientID: try oauth.required("client_id"), secret: secret, scopes: try oauth.strings("scopes") ?? [],
        usesDevice: try oauth.bool("device") ?? (secret == nil))
    }
    return .tokens(service: try settings.secret("token"), users: try settings.secrets("tokens"))
  }

  private static func web(of base: HTTPURL) -> String {
    base.origin.host == "api.github.com" ? "https://github.com" : base.origin.description
  }
}
