import JSON
import MCP
import MCPAuth
import MCPHTTP
import Testing

/// The scenarios of authorization's extensions: tokens without a user at a browser, and tokens bound to a key.
extension ScenarioCase {
  /// - Parameter declares: the extension that the client must declare with every request, or when it initializes; nil for none.
  private static func asked(_ grant: String, declares name: String?) -> @Sendable (Fixture) -> Void {
    {
      let params = $0.requests.map(\.message).compactMap { $0["params"] }
      let capabilities = params.compactMap { $0["_meta"]?[MetaKey.clientCapabilities] ?? $0["capabilities"] }
      #expect(!capabilities.isEmpty)
      for declared in capabilities {
        let names = declared["extensions"]?.object?.map(\.name).filter { $0 != "io.modelcontextprotocol/tasks" } ?? []
        #expect(names == (name.map { ["io.modelcontextprotocol/" + $0] } ?? []))
      }
      #expect($0.first.seen.grants == [grant])
      #expect($0.first.seen.tokens.first?.fields["resource"] == $0.url)
      #expect($0.first.seen.authorizations.isEmpty)
      #expect($0.first.seen.registrations.isEmpty)
    }
  }
  private static let bearerGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"

  static let withoutUser: [ScenarioCase] = [
    ScenarioCase(
      "client-credentials-basic",
      {
        $0.first.script.clients = ["it": "s3cret"]
        $0.first.script.metadata = ["token_endpoint_auth_methods_supported": ["client_secret_basic"]]
      }, context: { _ in ["client_id": "it", "client_secret": "s3cret"] },
      check: {
        asked("client_credentials", declares: "oauth-client-credentials")($0)
        #expect($0.first.seen.tokens.first?.authorization?.hasPrefix("Basic ") == true)
      }),
    ScenarioCase(
      "client-credentials-jwt",
      {
        $0.first.script.clientKey = try? SigningKey(pem: TestPEM.es256)
        $0.first.script.metadata = ["token_endpoint_auth_methods_supported": ["private_key_jwt"]]
      }, context: { _ in ["client_id": "it", "private_key_pem": .string(TestPEM.es256), "signing_algorithm": "ES256"] },
      check: {
        asked("client_credentials", declares: "oauth-client-credentials")($0)
        #expect($0.first.seen.tokens.first?.fields["client_assertion"] != nil)
      }),
    ScenarioCase(
      "wif-jwt-bearer",
      {
        guard let key = try? SigningKey(pem: TestPEM.es256) else { return }
        trustWorkloads(of: key, $0)
      },
      context: {
        guard let key = try? SigningKey(pem: TestPEM.es256) else { return [:] }
        return ["client_id": "workload", "valid_jwt": .string(assertion(of: key, for: $0.first.issuer))]
      }, check: asked(bearerGrant, declares: nil)),
    enterprise("enterprise-managed-authorization", token: "idp_id_token", type: "id_token"),
    enterprise("enterprise-managed-authorization-refresh-token", token: "idp_refresh_token", type: "refresh_token"),
  ]

  static let bound: [ScenarioCase] = [
    ScenarioCase(
      "dpop",
      {
        $0.script.dpop = DPoPVerifier()
        $0.script.requiresDPoP = true
      }, check: isBound),
    ScenarioCase(
      "dpop-nonce",
      {
        $0.script.dpop = DPoPVerifier(DPoPVerifier.Configuration(requiresNonce: true))
        $0.script.requiresDPoP = true
        $0.first.script.requiresNonce = true
      },
      check: {
        isBound($0)
        #expect($0.first.seen.tokens.count == 2, "asked for a nonce, then with it")
      }),
  ]

  @Sendable private static func isBound(_ fixture: Fixture) {
    #expect(fixture.first.seen.tokens.allSatisfy { $0.proof != nil })
    let sent = fixture.requests.filter { $0.token != nil }
    #expect(sent.allSatisfy { $0.headers["Authorization"]?.hasPrefix("DPoP ") == true })
    #expect(Set(sent.compactMap { $0.headers["DPoP"] }).count == sent.count, "each request has a proof of its own")
  }

  /// The second server is the company's identity provider.
  private static func enterprise(_ name: String, token: String, type: String) -> ScenarioCase {
    ScenarioCase(
      name,
      { fixture in
        fixture.second.script.clients = ["idp": "idp-s3cret"]
        fixture.second.script.acceptsSubject = { $0 == "subject" && $1 == "urn:ietf:params:oauth:token-type:\(type)" }
        let (issuer, url) = (fixture.first.issuer, fixture.url)
        fixture.first.script.acceptsAssertion = { $0 == "jag|\(issuer)|\(url)" }
        fixture.first.script.clients = ["it": "s3cret"]
        fixture.first.script.metadata = ["token_endpoint_auth_methods_supported": ["client_secret_basic"]]
      },
      context: {
        [
          "client_id": "it", "client_secret": "s3cret", token: "subject", "idp_client_id": "idp", "idp_client_secret": "idp-s3cret",
          "idp_issuer": .string($0.second.issuer), "idp_token_endpoint": .string($0.second.origin + "/token"),
        ]
      },
      check: {
        asked(bearerGrant, declares: "enterprise-managed-authorization")($0)
        #expect($0.first.seen.tokens.first?.authorization?.hasPrefix("Basic ") == true)
        #expect($0.second.seen.grants == ["urn:ietf:params:oauth:grant-type:token-exchange"])
      })
  }

  // MARK: Workloads

  /// Has the first server take assertions of one key, made for it and still good.
  static func trustWorkloads(of key: SigningKey, _ fixture: Fixture) {
    let issuer = fixture.first.issuer
    fixture.first.script.clients = ["workload": ""]
    fixture.first.script.acceptsAssertion = { text in
      guard let token = try? CompactToken(parsing: Array(text.utf8)), let jwk = try? RawJSON(key.publicJWK.text),
        let public_ = try? VerificationKey(jwk: jwk, algorithm: key.algorithm), public_.isValid(token.signature, over: token.signingInput)
      else { return false }
      return token.claims["aud"]?.string == issuer && (token.claims["exp"]?.int).map { Int64($0) > SystemSeconds.now() } == true
    }
  }

  /// What an orchestrator gives a workload, addressed to an authorization server.
  static func assertion(of key: SigningKey, for audience: String, lifetime: Int64 = 300) -> String {
    let now = SystemSeconds.now()
    let claims: JSONValue = [
      "iss": "https://orchestrator.example", "sub": "system:serviceaccount:tools:reader", "aud": .string(audience), "iat": .int(now), "exp": .int(now + lifetime),
    ]
    return (try? key.token(claims: claims, header: ["typ": "JWT"])) ?? ""
  }
}
