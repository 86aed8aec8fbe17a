internal import ConnectorKit
internal import JSON
internal import MCP
internal import Secrets

/// What the settings give for one security scheme: `security.NAME`.
struct SchemeSettings {
  /// How tokens are granted (OpenAPI, "OAuth Flows Object").
  enum Flow: String, CaseIterable {
    case authorizationCode = "authorization_code"
    case device
    case clientCredentials = "client_credentials"

    /// The description's name of it.
    var declaredName: String {
      switch self {
      case .authorizationCode: "authorizationCode"
      case .device: "deviceAuthorization"
      case .clientCredentials: "clientCredentials"
      }
    }
  }

  let name: String
  /// As the description has it.
  let scheme: JSONValue
  let settings: ConnectorSettings
  let place: SecurityScheme.Place
  /// Nil for a secret that stays as it is.
  let flow: Flow?
  let isShared: Bool
  private let service: SecretReference?
  private let users: [String: SecretReference]

  /// - Parameter actsForCallers: whether the settings say so; which flow is meant where they name none depends on it.
  init(_ name: String, _ scheme: JSONValue, _ settings: ConnectorSettings, actsForCallers: Bool) throws(ConnectorError) {
    self.name = name
    self.scheme = scheme
    self.settings = settings
    isShared = try settings.bool("shared") ?? false
    place = try Self.place(scheme, settings)
    let type = scheme["type"]?.string
    let isOAuth = type == "oauth2" || type == "openIdConnect"
    if isOAuth, settings.values["client_id"] != nil {
      flow = try Self.flow(scheme, settings, actsForCallers: actsForCallers)
      (service, users) = (nil, [:])
      if isShared, flow != .clientCredentials { throw settings.error("shared", "is for the connector's own credential: people sign in for themselves") }
      return
    }
    flow = nil
    let key: String
    switch (type, scheme["scheme"]?.string?.lowercased()) {
    case ("apiKey", _): key = "key"
    case ("http", "basic"): key = "password"
    case ("http", "bearer"), ("oauth2", _), ("openIdConnect", _): key = "token"
    default: throw settings.error("type", "the scheme \(type ?? "") \(scheme["scheme"]?.string ?? "") cannot be used")
    }
    try settings.allow(Set(["users", "shared", key, key == "password" ? "username" : key]))
    service = try settings.secret(key)
    users = try settings.secrets("users")
    guard service != nil || !users.isEmpty else { throw settings.error(key, "is needed: where it is kept; or users, each with a secret") }
    guard !isShared || users.isEmpty else { throw settings.error("shared", "everybody has the connector's own credential then: remove it, or users") }
    if key == "password", service != nil { _ = try settings.required("username") }
  }

  private static func place(_ scheme: JSONValue, _ settings: ConnectorSettings) throws(ConnectorError) -> SecurityScheme.Place {
    guard scheme["type"]?.string == "apiKey" else { return .header("Authorization") }
    guard let name = scheme["name"]?.string, !name.isEmpty else { throw settings.error("key", "the description does not say under which name it is sent") }
    switch scheme["in"]?.string {
    case "query": return .query(name)
    case "cookie", "header":
      guard name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !":;,=\"".utf8.contains($0) }) else {
        throw settings.error("key", "the description sends it under a name that has characters that it cannot have")
      }
      return scheme["in"]?.string == "cookie" ? .cookie(name) : .header(name)
    default: throw settings.error("key", "the description does not say where it is sent")
    }
  }

  private static func flow(_ scheme: JSONValue, _ settings: ConnectorSettings, actsForCallers: Bool) throws(ConnectorError) -> Flow {
    if let text = try settings.string("flow") {
      guard let flow = Flow(rawValue: text) else { throw settings.error("flow", "expected \(Flow.allCases.map(\.rawValue).joined(separator: ", "))") }
      return flow
    }
    let order: [Flow] = actsForCallers ? Flow.allCases : [.clientCredentials, .authorizationCode, .device]
    if let declared = order.first(where: { scheme["flows"]?[$0.declaredName]?.object != nil }) { return declared }
    return scheme["type"]?.string == "openIdConnect" || settings.values["authorization_url"] != nil ? .authorizationCode : .clientCredentials
  }

  /// Whether people have credentials of their own.
  var isPersonal: Bool { !users.isEmpty || flow == .authorizationCode || flow == .device }

  var reach: SecurityScheme.Reach {
    switch flow {
    case .authorizationCode: SecurityScheme.Reach(everyone: true)
    // Run alone without a name for its person, a connector still has one person.
    case .device: SecurityScheme.Reach(service: true, everyone: true)
    case .clientCredentials: SecurityScheme.Reach(service: true, everyone: isShared)
    case nil: SecurityScheme.Reach(service: service != nil, everyone: isShared, users: Set(users.keys))
    }
  }

  /// The scheme with its secrets.
  func secrets() throws(ConnectorError) -> SecurityScheme {
    let isBasic = scheme["type"]?.string == "http" && scheme["scheme"]?.string?.lowercased() == "basic"
    let user = try settings.string("username") ?? ""
    let form: @Sendable (String) -> String
    let person: @Sendable (String) -> String
    if isBasic {
      form = { "Basic " + Base64.encode(Array("\(user):\($0)".utf8)) }
      person = { "Basic " + Base64.encode(Array($0.utf8)) }
    } else {
      let prefix = scheme["type"]?.string == "apiKey" ? "" : "Bearer "
      form = { prefix + $0 }
      person = form
    }
    return SecurityScheme(name, place, service: service.map { ($0, form) }, users: users, person: person, isShared: isShared)
  }
}
