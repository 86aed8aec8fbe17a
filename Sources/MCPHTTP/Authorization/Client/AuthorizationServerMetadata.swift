internal import JSON
internal import MCPAuth

/// What a client needs of an authorization server's metadata (RFC 8414 section 2, OpenID Connect Discovery section 3).
struct AuthorizationServerMetadata: Sendable {
  var issuer: String
  var authorizationEndpoint: HTTPURL?
  var tokenEndpoint: HTTPURL
  var registrationEndpoint: HTTPURL?
  var scopesSupported: [String] = []
  /// Nil where the server does not say.
  var challengeMethods: [String]?
  var tokenAuthenticationMethods: [String]?
  var sendsIssuer = false
  var takesMetadataDocuments = false
  /// Whether these are the default endpoints of 2025-03-26, for a server without any metadata.
  var isGuessed = false

  /// The URLs of the metadata of an issuer, in the order in which MCP 2026-07-28 has them tried.
  static func locations(of issuer: HTTPURL) -> [String] {
    let origin = issuer.origin.description
    let path = issuer.path == "/" ? "" : issuer.path.hasSuffix("/") ? String(issuer.path.dropLast()) : issuer.path
    if path.isEmpty { return [origin + "/.well-known/oauth-authorization-server", origin + "/.well-known/openid-configuration"] }
    return [
      origin + "/.well-known/oauth-authorization-server" + path, origin + "/.well-known/openid-configuration" + path,
      origin + path + "/.well-known/openid-configuration",
    ]
  }

  /// Reads a document that was fetched from a place derived from `issuer`, which it must name byte for byte (RFC 8414 section 3.3).
  init(document: RawJSON, issuer: String, _ transport: OAuthTransport) throws(OAuthError) {
    guard document["issuer"]?.string?.utf8.elementsEqual(issuer.utf8) == true else {
      throw OAuthError(
        .issuerMismatch, "The metadata of the authorization server \(issuer) are those of \(document["issuer"]?.string?.prefix(200) ?? "nobody"). They are not used.")
    }
    func url(_ name: String) throws(OAuthError) -> HTTPURL? {
      guard let text = document[name]?.string else { return nil }
      return try transport.check(text, name.replacing("_", with: " "))
    }
    guard let token = try url("token_endpoint") else { throw OAuthError(.discovery, "The metadata of \(issuer) have no token_endpoint.") }
    self.issuer = issuer
    tokenEndpoint = token
    authorizationEndpoint = try url("authorization_endpoint")
    registrationEndpoint = try url("registration_endpoint")
    scopesSupported = AccessToken.strings(document["scopes_supported"]) ?? []
    challengeMethods = AccessToken.strings(document["code_challenge_methods_supported"])
    tokenAuthenticationMethods = AccessToken.strings(document["token_endpoint_auth_methods_supported"])
    sendsIssuer = document["authorization_response_iss_parameter_supported"]?.bool ?? false
    takesMetadataDocuments = document["client_id_metadata_document_supported"]?.bool ?? false
  }

  /// The endpoints of a server of 2025-03-26 that publishes no metadata.
  init(guessedFor origin: HTTPOrigin, _ transport: OAuthTransport) throws(OAuthError) {
    issuer = origin.description
    authorizationEndpoint = try transport.check(origin.description + "/authorize", "authorization endpoint")
    tokenEndpoint = try transport.check(origin.description + "/token", "token endpoint")
    registrationEndpoint = try transport.check(origin.description + "/register", "registration endpoint")
    isGuessed = true
  }
}
