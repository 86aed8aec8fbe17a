internal import ConnectorKit
internal import JSON
internal import Secrets

/// What the settings say of credentials: `security` and `headers`, and in whose name the API is asked.
struct SecuritySettings {
  let rule: SubjectRule
  /// Headers of every request that are no secret.
  private(set) var plainHeaders: [(name: String, value: String)] = []
  private var secretHeaders: [SecurityScheme] = []
  private var parts: [String: SchemeSettings] = [:]

  static let keys: Set<String> = SubjectRule.keys.union(["security", "headers"])

  init(_ document: OpenAPIDocument, _ settings: ConnectorSettings) throws(ConnectorError) {
    let declared = document.root["components"]?["securitySchemes"]?.object ?? JSONObject()
    let given = try settings.settings("security")
    let names = Set(declared.map(\.name))
    for (name, _) in given?.values ?? JSONObject() where !names.contains(name) {
      throw ConnectorError("security: the description has no scheme \"\(name)\". It has: \(names.sorted().joined(separator: ", "))")
    }
    let actsForCallers = try settings.string("act_as") == "caller"
    for (name, value) in declared {
      guard let scheme = document.resolved(value), let part = try given?.settings(name) else { continue }
      parts[name] = try SchemeSettings(name, scheme, part, actsForCallers: actsForCallers)
    }
    let headers = try settings.settings("headers")
    let hasPeople = headers?.values.contains { $0.value.object != nil } == true || parts.values.contains(where: \.isPersonal)
    rule = try SubjectRule(settings, default: hasPeople ? .caller(alone: nil) : .service)
    if rule == .service, hasPeople { throw settings.error("act_as", "people have credentials of their own in security or headers: expected caller") }
    if rule != .service { try checkPeople(settings) }
    if let headers { try read(headers) }
  }

  /// Where each acts for themselves, nobody's requests go out with the connector's own credential, unless that only names the application.
  private func checkPeople(_ settings: ConnectorSettings) throws(ConnectorError) {
    for part in parts.values where !part.isPersonal && !part.isShared {
      throw part.settings.error(
        "users", "is needed with act_as: caller, or shared: true if this is a key of the application, which goes with everybody's requests and shows nobody's data")
    }
    guard parts.values.count(where: { $0.flow == .authorizationCode }) <= 1 else {
      throw settings.error("security", "people can sign in with a browser for one scheme only")
    }
  }

  // MARK: Headers

  /// Headers whose value is a secret, and so is not written into the settings.
  private static let alwaysSecret: Set<String> = ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "private-token"]
  /// Those that say who somebody is.
  private static let personal: Set<String> = ["authorization", "cookie", "x-auth-token", "private-token"]

  private mutating func read(_ headers: ConnectorSettings) throws(ConnectorError) {
    for (name, value) in headers.values {
      if let part = value.object == nil ? nil : try headers.settings(name) {
        try part.allow(["users"])
        secretHeaders.append(SecurityScheme(name, .header(name), service: nil, users: try part.secrets("users"), person: { $0 }, isShared: false, part: "headers"))
      } else if let text = value.string {
        guard text.contains("${") || Self.alwaysSecret.contains(name.lowercased()) else {
          plainHeaders.append((name, text))
          continue
        }
        if rule != .service, Self.personal.contains(name.lowercased()) {
          throw headers.error(name, "is one credential for all: with act_as: caller expected {users: {PERSON: secret}}")
        }
        if let secret = try headers.secret(name) {
          secretHeaders.append(SecurityScheme(name, .header(name), service: (secret, { $0 }), users: [:], person: { $0 }, isShared: true, part: "headers"))
        }
      } else {
        throw headers.error(name, "expected a text, or {users: {PERSON: secret}}")
      }
    }
  }

  // MARK: Operations

  /// Whether a parameter stands where the settings put something: then it is not the model's to give.
  func fixes(_ parameter: Operation.Parameter) -> Bool {
    let places = parts.values.map(\.place) + (plainHeaders.map(\.name) + secretHeaders.map(\.name)).map { SecurityScheme.Place.header($0) }
    return places.contains { place in
      switch (place, parameter.location) {
      case (.header(let name), .header): name.lowercased() == parameter.name.lowercased()
      case (.query(let name), .query), (.cookie(let name), .cookie): name == parameter.name
      default: false
      }
    }
  }

  private func isUsable(_ scheme: String) -> Bool {
    guard let reach = parts[scheme]?.reach else { return false }
    return rule == .service ? reach.service : reach.everyone || !reach.users.isEmpty
  }

  /// The schemes that an operation lacks, in words; nil if it can be called.
  func wanted(by operation: Operation) -> String? {
    guard operation.alternative(where: isUsable) == nil else { return nil }
    let alternatives = operation.security.map { $0.map(\.scheme).filter { !isUsable($0) }.joined(separator: " and ") }
    return alternatives.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.joined(separator: ", or ")
  }

  /// What may be needed of an operation's alternatives: which one is taken is another matter for each person.
  private func requirements(of operation: Operation) -> [Operation.Requirement] {
    guard rule != .service else { return operation.alternative(where: isUsable) ?? [] }
    return operation.security.filter { $0.allSatisfy { isUsable($0.scheme) } }.flatMap { $0 }
  }

  /// The schemes with their secrets and grants.
  ///
  /// - Parameter operations: those that are offered: no other scopes than theirs are asked for.
  func schemes(for operations: [Operation], vendor: String, _ environment: ConnectorEnvironment) throws(ConnectorError) -> SecuritySchemes {
    var scopes: [String: [String]] = [:]
    for requirement in operations.flatMap(requirements) {
      for scope in requirement.scopes where scopes[requirement.scheme]?.contains(scope) != true { scopes[requirement.scheme, default: []].append(scope) }
    }
    var schemes: [String: SecurityScheme] = [:]
    for (name, part) in parts {
      if let flow = part.flow {
        schemes[name] = try part.granted(flow, scopes: scopes[name] ?? [], vendor: vendor, environment)
      } else {
        schemes[name] = try part.secrets()
      }
    }
    return SecuritySchemes(vendor: vendor, schemes: schemes, reaches: parts.mapValues(\.reach), headers: secretHeaders)
  }
}
