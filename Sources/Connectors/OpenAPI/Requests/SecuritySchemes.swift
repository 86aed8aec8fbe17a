internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPAuth
internal import MCPHTTP
internal import Secrets

/// The security schemes of a description, with the secrets that the settings give for them.
///
/// Credentials are the connector's own. Which scheme an operation needs is the description's to say; one whose alternatives
/// all lack a secret is not offered.
struct SecuritySchemes: Sendable {
  /// Where a credential goes.
  enum Place: Sendable, Hashable {
    case header(String)
    case query(String)
    case cookie(String)
  }

  struct Scheme: Sendable {
    var place: Place
    var secret: @Sendable () async throws(VendorError) -> Secret
    /// Gets another credential in place of one that the API refused; nil where only an administrator can.
    var renew: (@Sendable () async throws(VendorError) -> Void)?
  }

  private var schemes: [String: Scheme] = [:]
  /// Headers of every request that hold a secret, which the description knows nothing of.
  private var headers: [Scheme] = []
  /// Schemes of the description that the settings give nothing for.
  private(set) var missing: Set<String> = []

  init(_ document: OpenAPIDocument, _ settings: ConnectorSettings?, _ environment: ConnectorEnvironment) throws(ConnectorError) {
    let declared = document.root["components"]?["securitySchemes"]?.object ?? JSONObject()
    let names = Set(declared.map(\.name))
    for (name, _) in settings?.values ?? JSONObject() where !names.contains(name) {
      throw ConnectorError("security: the description has no scheme \"\(name)\". It has: \(names.sorted().joined(separator: ", "))")
    }
    for (name, value) in declared {
      guard let scheme = document.resolved(value), let part = try settings?.settings(name) else {
        missing.insert(name)
        continue
      }
      schemes[name] = try Self.scheme(name, scheme, part, environment)
    }
  }

  /// Sends a secret with every request, for APIs whose description leaves out how they authenticate.
  mutating func add(header name: String, _ reference: SecretReference) {
    headers.append(Scheme(place: .header(name), secret: Self.resolving(reference) { $0 }))
  }

  private static func scheme(_ name: String, _ scheme: JSONValue, _ settings: ConnectorSettings, _ environment: ConnectorEnvironment) throws(ConnectorError) -> Scheme {
    switch (scheme["type"]?.string, scheme["scheme"]?.string?.lowercased()) {
    case ("apiKey", _):
      try settings.allow(["key"])
      guard let parameter = scheme["name"]?.string, let secret = try settings.secret("key") else { throw settings.error("key", "is needed: where the API key is kept") }
      let place: Place =
        switch scheme["in"]?.string {
        case "query": .query(parameter)
        case "cookie": .cookie(parameter)
        default: .header(parameter)
        }
      return Scheme(place: place, secret: resolving(secret) { $0 })
    case ("http", "basic"):
      try settings.allow(["username", "password"])
      let user = try settings.required("username")
      guard let password = try settings.secret("password") else { throw settings.error("password", "is needed: where the password is kept") }
      return Scheme(place: .header("Authorization"), secret: resolving(password) { "Basic " + Base64.encode(Array("\(user):\($0)".utf8)) })
    case ("oauth2", _) where settings.values["client_id"] != nil:
      return try clientCredentials(name, scheme, settings, environment)
    case ("http", "bearer"), ("oauth2", _), ("openIdConnect", _):
      try settings.allow(["token"])
      guard let token = try settings.secret("token") else { throw settings.error("token", "is needed: where the token is kept") }
      return Scheme(place: .header("Authorization"), secret: resolving(token) { "Bearer " + $0 })
    default: throw settings.error("type", "the scheme \(scheme["type"]?.string ?? "") \(scheme["scheme"]?.string ?? "") cannot be used")
    }
  }

  private static func clientCredentials(
    _ name: String, _ scheme: JSONValue, _ settings: ConnectorSettings, _ environment: ConnectorEnvironment
  ) throws(ConnectorError) -> Scheme {
    try settings.allow(["client_id", "client_secret", "token_url", "scopes"])
    guard let secret = try settings.secret("client_secret") else { throw settings.error("client_secret", "is needed: where the secret is kept") }
    let endpoint = try settings.url("token_url", default: scheme["flows"]?["clientCredentials"]?["tokenUrl"]?.string ?? "")
    let grant = OAuthGrant(
      vendor: environment.name, endpoint: endpoint, kind: .clientCredentials, client: .basic(id: try settings.required("client_id"), secret: secret),
      scopes: try settings.strings("scopes") ?? [], http: environment.http, time: environment.time)
    let tokens = TokenCredentials(connector: "\(environment.name) \(name)", grant: grant, state: environment.state, time: environment.time)
    let vendor = environment.name
    return Scheme(
      place: .header("Authorization"),
      secret: { () async throws(VendorError) in Secret("Bearer " + (try await tokens.token(for: .service)).accessToken.reveal()) },
      renew: { () async throws(VendorError) in
        let refused = try await tokens.credential(for: .service, asking: vendor)
        _ = try await tokens.renew(refused, for: .service, asking: vendor)
      })
  }

  private static func resolving(_ reference: SecretReference, _ form: @escaping @Sendable (String) -> String) -> @Sendable () async throws(VendorError) -> Secret {
    { () async throws(VendorError) in
      do throws(SecretError) { return Secret(form(try reference.resolve().reveal())) } catch {
        throw VendorError(.unavailable, "A credential cannot be read: \(error)")
      }
    }
  }

  /// Whether the settings have what some alternative of an operation needs.
  func canAuthorize(_ operation: Operation) -> Bool { alternative(operation) != nil }

  private func alternative(_ operation: Operation) -> [Scheme]? {
    if operation.security.isEmpty { return [] }
    var best: [Scheme]?
    for names in operation.security {
      let found = names.compactMap { schemes[$0] }
      guard found.count == names.count else { continue }
      if !found.isEmpty { return found }
      // Nothing is needed, but a credential that there is shows more.
      best = found
    }
    return best
  }

  /// Renews what can be renewed of an operation's credentials.
  ///
  /// - Returns: whether it is worth trying again.
  func renew(_ operation: Operation) async throws(VendorError) -> Bool {
    var wasRenewed = false
    for scheme in alternative(operation) ?? [] {
      guard let renew = scheme.renew else { continue }
      try await renew()
      wasRenewed = true
    }
    return wasRenewed
  }

  /// Puts the credentials of an operation into its request.
  func authorize(_ request: VendorRequest, _ operation: Operation) async throws(VendorError) -> VendorRequest {
    guard let schemes = alternative(operation) else { throw VendorError(.refused, "The settings have no credential for \(operation.name).") }
    var request = request
    for scheme in headers + schemes {
      let secret = try await scheme.secret()
      switch scheme.place {
      case .header(let name): request.headers.set(name, secret.reveal())
      case .query(let name): request = request.adding(query: [(name, secret.reveal())])
      case .cookie(let name):
        let cookie = "\(name)=\(PercentEncoding.encode(secret.reveal()))"
        request.headers.set("Cookie", request.headers["Cookie"].map { "\($0); \(cookie)" } ?? cookie)
      }
    }
    return request
  }
}

/// A description's credentials go into requests one by one, so the API's own source has none.
struct NoCredentials: CredentialSource {
  func credential(for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential { VendorCredential(id: "openapi", headers: []) }
  func renew(_ refused: VendorCredential, for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential {
    throw VendorError(.unauthorized, "\(vendor) refuses the credential. An administrator must replace it in the connector's settings.", status: 401)
  }
}
