internal import MCPAuth
internal import JSON
internal import NIOCore

/// Asks an authorization server about opaque tokens (RFC 7662).
public struct TokenIntrospection: Sendable {
  /// The introspection endpoint: https, or http on this machine.
  public var endpoint: String
  /// Whose tokens the endpoint knows; the `iss` of its answers, where they have one, must equal it.
  public var issuer: String
  /// Who asks. The endpoint must know it.
  public var clientID: String
  /// How that client proves who it is.
  public var authentication: ClientAuthentication
  /// `aud` must hold one of these. At least one is required.
  public var audiences: [String]
  /// How many tokens are asked about at a time. Beyond that requests with tokens that are not known yet are answered with 503.
  public var maximumInFlight: Int

  public init(
    endpoint: String, issuer: String, clientID: String, authentication: ClientAuthentication, audiences: [String], maximumInFlight: Int = 64
  ) {
    self.endpoint = endpoint
    self.issuer = issuer
    self.clientID = clientID
    self.authentication = authentication
    self.audiences = audiences
    self.maximumInFlight = maximumInFlight
  }

  func validate() throws(IdentityConfigurationError) {
    guard let url = HTTPURL(endpoint), url.origin.scheme == .https || url.isLoopback else {
      throw IdentityConfigurationError("The introspection endpoint must be an https URL, not \(endpoint).")
    }
    if issuer.contains(where: \.isWhitespace) { throw IdentityConfigurationError("The issuer \(issuer) has a space in its name.") }
    if audiences.isEmpty { throw IdentityConfigurationError("Introspection at \(endpoint) has no audience. Set it to the URL of the MCP endpoint.") }
  }

  /// The token, if the authorization server calls it active and it was issued for this resource.
  func verify(_ token: String, with client: HTTPClient, now: @escaping @Sendable () -> Int64) async throws(AuthenticationFailure) -> AccessToken {
    let json: RawJSON
    do { json = try await ask(token, client, now) } catch { throw .unavailable(error) }
    guard json["active"]?.bool == true else { throw .invalid }
    if let name = json["iss"]?.string, !name.utf8.elementsEqual(issuer.utf8) { throw .invalid }
    guard let audience = AccessToken.strings(json["aud"]), audience.contains(where: audiences.contains) else { throw .wrongAudience }
    if let start = try AccessToken.time(json["nbf"]), start > now() + 30 { throw .notYetValid }
    // Without an end the answer counts for as long as answers are kept.
    let expires = try AccessToken.time(json["exp"]) ?? Int64.max
    if expires <= now() { throw .expired }
    return AccessToken(issuer: issuer, claims: json, expires: expires)
  }

  private func ask(_ token: String, _ client: HTTPClient, _ now: @escaping @Sendable () -> Int64) async throws -> RawJSON {
    let transport = OAuthTransport(client: client, allowsLoopback: true, allows: { _ in true }, timeout: .seconds(10))
    let url = try transport.check(endpoint, "introspection endpoint")
    let identity = ClientIdentity(id: clientID, authentication, issuer: issuer, tokenEndpoint: url, methods: nil)
    let answer = try await TokenEndpoint(url: url, transport: transport, now: now)
      .send([("token", token), ("token_type_hint", "access_token")], identity, nil)
    guard answer.status == .ok, let json = answer.json, json.kind == .object else {
      throw OAuthError(.unreachable, "The introspection endpoint \(url) answered with status \(answer.status.code).")
    }
    return json
  }
}
