internal import ConnectorKit
internal import JSON
internal import MCPAuth
internal import MCPHTTP
internal import Secrets

extension SchemeSettings {
  private static let keys: Set<String> = [
    "flow", "client_id", "client_secret", "secret_in", "scopes", "authorization_url", "token_url", "refresh_url", "device_url", "issuer", "shared",
  ]

  /// The scheme with the grant that gets its tokens.
  ///
  /// - Parameters:
  ///   - needed: the scopes of the operations that are offered.
  ///   - vendor: the API, as people know it.
  func granted(_ flow: Flow, scopes needed: [String], vendor: String, _ environment: ConnectorEnvironment) throws(ConnectorError) -> SecurityScheme {
    try settings.allow(Self.keys)
    let declared = scheme["flows"]?[flow.declaredName]
    let discovery = try discovery(environment)
    let id = try clientID()
    let scopes = try settings.strings("scopes") ?? scopes(needed, flow, declared)
    let endpoint = try endpoint("token_url", declared?["tokenUrl"], discovery)
    guard let known = endpoint ?? discovery?.issuer else { throw settings.error("token_url", "expected an https URL") }
    let isService = flow == .clientCredentials
    var grant = ConnectorKit.OAuthGrant(
      vendor: vendor, endpoint: known, kind: isService ? .clientCredentials : .refreshToken(), client: try client(id, isNeeded: isService),
      scopes: isService ? scopes : [], http: environment.http, time: environment.time)
    let signIn = flow == .authorizationCode ? try signIn(id, scopes, declared, discovery, vendor, environment) : nil
    if let signIn { grant.consentURL = { signIn.link(for: $0) } }
    let codes = DiscoveringGrant(grant: grant, discovery: endpoint == nil ? discovery : nil)
    var renewal = codes
    // Refresh tokens may be spent elsewhere than codes (OpenAPI, `refreshUrl`). The description's place is none for those of another server.
    let followsDescription = try settings.string("token_url") == nil && discovery == nil
    if !isService, let url = try settings.string("refresh_url") ?? (followsDescription ? declared?["refreshUrl"]?.string : nil), !url.isEmpty {
      renewal.grant.endpoint = try settings.url("refresh_url", default: url)
      renewal.discovery = nil
    }
    let source = flow == .device ? try device(id, scopes, declared, endpoint, renewal.grant, vendor, environment) : renewal
    let tokens = TokenCredentials(connector: "\(environment.name) \(name)", grant: source, state: environment.state, time: environment.time)
    let name = name
    var result = SecurityScheme(name: name, place: place, service: tokens, people: tokens, isShared: isShared) {
      await Self.check(name, flow, discovery, tokens, scopes, callback: signIn?.redirectURI, vendor)
    }
    guard let signIn else { return result }
    result.signInLink = { signIn.link(for: $0) }
    result.routes = signIn.routes { code, subject, redirectURI, verifier async throws(VendorError) in
      let token = try await codes.found().token(for: subject, code: code, redirectURI: redirectURI, verifier: verifier)
      try await tokens.adopt(token, for: subject)
    }
    return result
  }

  /// Signing in with a browser.
  private func signIn(
    _ id: String, _ scopes: [String], _ declared: JSONValue?, _ discovery: OpenIDDiscovery?, _ vendor: String, _ environment: ConnectorEnvironment
  ) throws(ConnectorError) -> SignIn {
    guard let publicURL = environment.publicURL else {
      throw settings.error("flow", "signing in needs HTTP: run the connector with --port, or behind sluice serve with a resource_url")
    }
    let endpoint = try endpoint("authorization_url", declared?["authorizationUrl"], discovery)
    let configuration = SignIn.Configuration(
      vendor: vendor,
      authorizationEndpoint: { () async throws(VendorError) in
        if let endpoint { return endpoint }
        guard let discovery else { throw VendorError(.unavailable, "It is not known where to sign in to \(vendor).") }
        return try await discovery.endpoints().authorization
      }, clientID: id, scopes: scopes)
    return SignIn(configuration, publicURL: publicURL, key: environment.signInKey, time: environment.time)
  }

  /// Signing in with a code that is typed in elsewhere.
  private func device(
    _ id: String, _ scopes: [String], _ declared: JSONValue?, _ endpoint: HTTPURL?, _ renewal: ConnectorKit.OAuthGrant, _ vendor: String,
    _ environment: ConnectorEnvironment
  ) throws(ConnectorError) -> any Grant {
    guard let endpoint else { throw settings.error("token_url", "is needed: an https URL; issuer is for signing in with a browser") }
    return DeviceGrant(
      vendor: vendor, deviceEndpoint: try settings.url("device_url", default: declared?["deviceAuthorizationUrl"]?.string ?? ""), tokenEndpoint: endpoint,
      clientID: id, scopes: scopes, renewal: renewal, http: environment.http, time: environment.time)
  }

  /// An endpoint of the settings or the description; nil where discovery is to find it.
  private func endpoint(_ key: String, _ declared: JSONValue?, _ discovery: OpenIDDiscovery?) throws(ConnectorError) -> HTTPURL? {
    if discovery != nil, try settings.string(key) == nil { return nil }
    return try settings.url(key, default: declared?.string ?? "")
  }

  /// Of a scheme whose endpoints the provider tells: `issuer` of the settings says which provider may be asked, whatever the description says.
  private func discovery(_ environment: ConnectorEnvironment) throws(ConnectorError) -> OpenIDDiscovery? {
    guard try settings.string("issuer") != nil else { return nil }
    let issuer = try settings.url("issuer", default: "")
    guard scheme["type"]?.string == "openIdConnect", let document = HTTPURL(scheme["openIdConnectUrl"]?.string ?? ""), document.origin == issuer.origin else {
      throw settings.error("issuer", "expected the provider that the description's openIdConnectUrl is of")
    }
    return OpenIDDiscovery(document: document, issuer: issuer, http: environment.http, time: environment.time)
  }

  /// The client's id may be kept where secrets are.
  private func clientID() throws(ConnectorError) -> String {
    let text = try settings.required("client_id")
    guard text.contains("${"), let reference = try settings.secret("client_id") else { return text }
    do throws(SecretError) { return try reference.resolve().reveal() } catch { throw settings.error("client_id", error.description) }
  }

  private func client(_ id: String, isNeeded: Bool) throws(ConnectorError) -> ConnectorKit.OAuthGrant.ClientAuthentication {
    let isPosted = try settings.string("secret_in").map { place throws(ConnectorError) in
      guard ["header", "body"].contains(place) else { throw settings.error("secret_in", "expected header or body") }
      return place == "body"
    }
    guard let secret = try settings.secret("client_secret") else {
      if isNeeded { throw settings.error("client_secret", "is needed: where the secret is kept") }
      return .publicClient(id: id)
    }
    return isPosted == true ? .post(id: id, secret: secret) : .basic(id: id, secret: secret)
  }

  /// What is asked for: no more than the operations need, and what keeps people signed in.
  private func scopes(_ needed: [String], _ flow: Flow, _ declared: JSONValue?) -> [String] {
    guard flow != .clientCredentials else { return needed }
    let isOpenID = scheme["type"]?.string == "openIdConnect"
    let standing = isOpenID ? ["openid", "offline_access"] : declared?["scopes"]?["offline_access"] == nil ? [] : ["offline_access"]
    return needed + standing.filter { !needed.contains($0) }
  }

  private static func check(
    _ name: String, _ flow: Flow, _ discovery: OpenIDDiscovery?, _ tokens: TokenCredentials, _ scopes: [String], callback: String?, _ vendor: String
  ) async -> [ConnectorFinding] {
    do throws(VendorError) {
      _ = try await discovery?.endpoints()
      let asked = scopes.isEmpty ? "no scopes" : "the scopes \(scopes.joined(separator: " "))"
      guard flow == .clientCredentials else {
        return [ConnectorFinding(.ok, "security.\(name): people sign in for \(asked)" + (callback.map { "; the callback to register is \($0)" } ?? ""))]
      }
      _ = try await tokens.credential(for: .service, asking: vendor)
      return [ConnectorFinding(.ok, "security.\(name): a token was granted for \(asked)")]
    } catch {
      return [ConnectorFinding(.failure, "security.\(name): \(error)", remedy: "Check client_id, client_secret, scopes and the URLs of settings.security.\(name).")]
    }
  }
}

/// A grant whose endpoint may have to be found first.
private struct DiscoveringGrant: Grant {
  var grant: ConnectorKit.OAuthGrant
  var discovery: OpenIDDiscovery?

  func found() async throws(VendorError) -> ConnectorKit.OAuthGrant {
    guard let discovery else { return grant }
    var grant = grant
    grant.endpoint = try await discovery.endpoints().token
    return grant
  }

  func token(for subject: Subject, after previous: StoredToken?) async throws(VendorError) -> StoredToken {
    try await found().token(for: subject, after: previous)
  }
}
