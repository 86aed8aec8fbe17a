public import JSON
public import MCPHTTP
internal import MCPAuth
internal import NIOCore

/// The `auth/...` scenarios of the everything client: which authorizer each needs. What the client then does is the same in all:
/// tools/list and `test-tool{}` (the fixture list's client table).
public enum AuthorizationScenario {
  /// The client's metadata document, for servers that support such.
  static let clientMetadataURL = "https://conformance-test.local/client-metadata.json"
  static let redirectURI = "http://localhost:3000/callback"

  /// Those of the fixture list's rows "auth/*" and "auth extensions".
  public static let names: [String] = [
    "2025-03-26-oauth-endpoint-fallback", "2025-03-26-oauth-metadata-backcompat", "authorization-server-migration", "basic-cimd", "basic-dcr",
    "client-credentials-basic", "client-credentials-jwt", "dpop", "dpop-nonce", "enterprise-managed-authorization",
    "enterprise-managed-authorization-refresh-token", "iss-normalized", "iss-not-advertised", "iss-supported", "iss-supported-missing", "iss-unexpected",
    "iss-wrong-issuer", "metadata-default", "metadata-issuer-mismatch", "metadata-var1", "metadata-var2", "metadata-var3", "offline-access-not-supported",
    "offline-access-scope", "pkce-no-s256-support", "pre-registration", "resource-mismatch",
    "scope-from-scopes-supported", "scope-from-www-authenticate", "scope-omitted-when-undefined", "scope-retry-limit", "scope-step-up",
    "token-endpoint-auth-basic", "token-endpoint-auth-none", "token-endpoint-auth-post", "wif-jwt-bearer",
  ].map { "auth/" + $0 }

  /// - Parameters:
  ///   - name: of the scenario.
  ///   - url: the MCP endpoint.
  ///   - context: the scenario's data, as `MCP_CONFORMANCE_CONTEXT` has it.
  /// - Throws: ``OAuthError`` for a context that lacks what the scenario needs.
  public static func authorizer(_ name: String, url: String, context: JSONValue, client: HTTPClient) throws -> OAuthClient {
    var configuration = OAuthConfiguration(
      server: url, grant: .authorizationCode(redirectURI: redirectURI, browser: browser(client)), clientMetadataURL: clientMetadataURL,
      registration: OAuthClientDescription(name: "everything-client"))
    func need(_ member: String) throws(OAuthError) -> String {
      guard let text = context[member]?.string else { throw OAuthError(.configuration, "The context of \(name) has no \(member).") }
      return text
    }
    switch name {
    case "auth/pre-registration":
      configuration.clients = [PreregisteredClient(id: try need("client_id"), authentication: .secret(Secret(try need("client_secret"))))]
    case "auth/client-credentials-basic":
      configuration.grant = .clientCredentials
      configuration.clients = [PreregisteredClient(id: try need("client_id"), authentication: .secret(Secret(try need("client_secret"))))]
    case "auth/client-credentials-jwt":
      configuration.grant = .clientCredentials
      let algorithm = context["signing_algorithm"]?.string.flatMap(SignatureAlgorithm.init(rawValue:))
      let key = try SigningKey(pem: need("private_key_pem"), algorithm: algorithm)
      configuration.clients = [PreregisteredClient(id: try need("client_id"), authentication: .privateKey(key))]
    case "auth/enterprise-managed-authorization", "auth/enterprise-managed-authorization-refresh-token":
      let isRefreshToken = name.hasSuffix("-refresh-token")
      let token = Secret(try need(isRefreshToken ? "idp_refresh_token" : "idp_id_token"))
      configuration.grant = .enterpriseManaged(
        EnterpriseIdentityProvider(
          issuer: try need("idp_issuer"), tokenEndpoint: context["idp_token_endpoint"]?.string, clientID: try need("idp_client_id"),
          authentication: context["idp_client_secret"]?.string.map { .secret(Secret($0)) } ?? .none, kind: isRefreshToken ? .refreshToken : .idToken,
          assertion: { token }))
      configuration.clients = [PreregisteredClient(id: try need("client_id"), authentication: .secret(Secret(try need("client_secret"))))]
    case "auth/wif-jwt-bearer":
      let assertion = Secret(try need("valid_jwt"))
      configuration.grant = .jwtBearer { _ in assertion }
      configuration.clients = [PreregisteredClient(id: try need("client_id"))]
    case "auth/dpop", "auth/dpop-nonce": configuration.proofKey = .generate()
    default: break
    }
    return try OAuthClient(configuration, client: client)
  }

  /// A browser without a person: the code is in the Location of the answer.
  static func browser(_ client: HTTPClient) -> OAuthGrant.Browser {
    { url in
      guard let target = HTTPURL(url) else { throw OAuthError(.redirect, "The authorization URL is no URL.") }
      let response = try await client.send(HTTPClientRequest(origin: target.origin, method: .get, path: target.path), deadline: .now() + .seconds(20))
      guard let location = response.headers["Location"] else { throw OAuthError(.redirect, "The authorization endpoint did not redirect.") }
      return location
    }
  }
}
