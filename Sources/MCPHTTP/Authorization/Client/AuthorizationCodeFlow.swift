internal import Crypto
internal import MCPAuth

/// One authorization request and the redirect that answers it (OAuth 2.1 section 4.1, PKCE with S256, RFC 9207).
struct AuthorizationCodeFlow: Sendable {
  let server: AuthorizationServerMetadata
  let clientID: String
  let redirectURI: String
  /// The RFC 8707 resource.
  let resource: String
  let scopes: [String]
  let proofKeyThumbprint: String?
  /// What ties the answer to this request. The issuer that it must come from is `server`'s.
  let state = RandomText.make()
  let verifier = RandomText.make()

  /// Refuses a server that does not announce PKCE (MCP 2026-07-28, authorization code protection), except one of 2025-03-26 that
  /// announces nothing at all.
  func checkServer() throws(OAuthError) {
    if server.isGuessed { return }
    guard let methods = server.challengeMethods, methods.contains("S256") else {
      throw OAuthError(.noPKCE, "The authorization server \(server.issuer) does not say that it supports PKCE with S256. Authorization is not begun.")
    }
  }

  func authorizationURL() throws(OAuthError) -> String {
    guard let endpoint = server.authorizationEndpoint?.description else {
      throw OAuthError(.discovery, "The metadata of \(server.issuer) have no authorization_endpoint.")
    }
    var fields: [(name: String, value: String)] = [
      ("response_type", "code"), ("client_id", clientID), ("redirect_uri", redirectURI), ("state", state),
      ("code_challenge", Base64URL.encode(SHA256.hash(data: Array(verifier.utf8)))), ("code_challenge_method", "S256"), ("resource", resource),
    ]
    if !scopes.isEmpty { fields.append(("scope", scopes.joined(separator: " "))) }
    // OpenID Connect Core section 11 gives refresh tokens for offline_access only with the user's renewed consent.
    if scopes.contains("offline_access") { fields.append(("prompt", "consent")) }
    if let proofKeyThumbprint { fields.append(("dpop_jkt", proofKeyThumbprint)) }
    return endpoint + (endpoint.contains("?") ? "&" : "?") + FormText.encode(fields)
  }

  /// The code of a redirect that passed every check. Nothing of a redirect that did not is shown.
  func code(from redirect: String) throws(OAuthError) -> String {
    let parts = redirect.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard redirect.utf8.count <= 16_384, parts.count == 2, parts[0] == redirectURI.prefix(while: { $0 != "?" }),
      let fields = FormText.decode(parts[1].prefix { $0 != "#" })
    else { throw OAuthError(.redirect, "The browser came back to another place than \(redirectURI), or without an answer.") }
    guard fields["state"] == state else { throw OAuthError(.redirect, "The redirect does not belong to this authorization request (state). It is not used.") }
    switch fields["iss"] {
    case let issuer?:
      // Simple string comparison, byte for byte: Swift's == would take different Unicode forms for the same.
      guard issuer.utf8.elementsEqual(server.issuer.utf8) else { throw mismatch }
    case nil: if server.sendsIssuer { throw mismatch }
    }
    if let error = fields["error"] {
      throw OAuthError(
        .denied, "The authorization server declined: \(TokenEndpoint.described(error, fields["error_description"]) ?? "")", serverError: error)
    }
    guard let code = fields["code"], !code.isEmpty else { throw OAuthError(.redirect, "The redirect has no code.") }
    return code
  }

  private var mismatch: OAuthError {
    OAuthError(.issuerMismatch, "The redirect does not come from the authorization server \(server.issuer) (RFC 9207). It is not used.")
  }

  /// The token request for a code.
  func tokenRequest(code: String) -> [(name: String, value: String)] {
    [
      ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI), ("code_verifier", verifier), ("resource", resource),
    ]
  }
}
