import EverythingClientAuthorization
import JSON
import MCP
import MCPAuth
import MCPHTTP
import NIOCore
import Testing

struct ScenarioCase: Sendable, CustomTestStringConvertible {
  var name: String
  var arrange: @Sendable (AuthorizationFixture) -> Void = { _ in }
  /// Whether the client gets through; where not, it must not have sent a code or token anywhere.
  var succeeds = true
  var testDescription: String { name }
}

@Suite("The everything client's authorization scenarios")
struct AuthorizationScenarioTests {
  static let interactive: [ScenarioCase] = [
    ScenarioCase(name: "auth/basic-cimd", arrange: { $0.first.script.metadata = ["client_id_metadata_document_supported": true] }),
    ScenarioCase(name: "auth/basic-dcr"), ScenarioCase(name: "auth/metadata-default"),
    ScenarioCase(
      name: "auth/metadata-var1",
      arrange: {
        $0.script.namesMetadata = false
        $0.first.script.metadataPath = "/.well-known/openid-configuration"
      }),
    ScenarioCase(
      name: "auth/metadata-var2",
      arrange: {
        $0.script.namesMetadata = false
        $0.script.metadataPath = "/.well-known/oauth-protected-resource"
        $0.first.script.issuerPath = "/tenant1"
        $0.first.script.metadataPath = "/.well-known/oauth-authorization-server/tenant1"
      }),
    ScenarioCase(
      name: "auth/metadata-var3",
      arrange: {
        $0.script.metadataPath = "/custom/metadata/location.json"
        $0.first.script.issuerPath = "/tenant1"
        $0.first.script.metadataPath = "/tenant1/.well-known/openid-configuration"
      }),
    ScenarioCase(name: "auth/scope-from-www-authenticate", arrange: { $0.script.scopes = { _ in ["mcp:basic"] } }),
    ScenarioCase(name: "auth/scope-from-scopes-supported", arrange: { $0.script.scopesSupported = ["mcp:basic"] }),
    ScenarioCase(name: "auth/scope-omitted-when-undefined"),
    ScenarioCase(name: "auth/scope-step-up", arrange: { $0.script.scopes = { $0.hasPrefix("tools/call") ? ["mcp:write"] : ["mcp:basic"] } }),
    ScenarioCase(
      name: "auth/scope-retry-limit",
      arrange: { $0.script.refusal = { _, request in request.token == nil ? nil : (.forbidden, "Bearer error=\"insufficient_scope\", scope=\"mcp:admin\"") } },
      succeeds: false),
    ScenarioCase(name: "auth/token-endpoint-auth-basic", arrange: { $0.first.script.metadata = ["token_endpoint_auth_methods_supported": ["client_secret_basic"]] }),
    ScenarioCase(name: "auth/token-endpoint-auth-post", arrange: { $0.first.script.metadata = ["token_endpoint_auth_methods_supported": ["client_secret_post"]] }),
    ScenarioCase(name: "auth/token-endpoint-auth-none", arrange: { $0.first.script.metadata = ["token_endpoint_auth_methods_supported": ["none"]] }),
    ScenarioCase(name: "auth/resource-mismatch", arrange: { $0.script.resource = "https://evil.example.com/mcp" }, succeeds: false),
    ScenarioCase(
      name: "auth/offline-access-scope",
      arrange: {
        $0.script.scopes = { _ in ["mcp:basic"] }
        $0.first.script.metadata = ["scopes_supported": ["mcp:basic", "offline_access"]]
      }),
    ScenarioCase(name: "auth/offline-access-not-supported", arrange: { $0.script.scopes = { _ in ["mcp:basic"] } }),
    ScenarioCase(name: "auth/iss-supported"),
    ScenarioCase(
      name: "auth/iss-not-advertised",
      arrange: {
        $0.first.script.iss = nil
        $0.first.script.metadata = ["authorization_response_iss_parameter_supported": .null]
      }),
    ScenarioCase(name: "auth/iss-supported-missing", arrange: { $0.first.script.iss = nil }, succeeds: false),
    ScenarioCase(name: "auth/iss-wrong-issuer", arrange: { $0.first.script.iss = "https://evil.example" }, succeeds: false),
    ScenarioCase(
      name: "auth/iss-unexpected",
      arrange: {
        $0.first.script.iss = "https://evil.example"
        $0.first.script.metadata = ["authorization_response_iss_parameter_supported": .null]
      }, succeeds: false),
    ScenarioCase(name: "auth/iss-normalized", arrange: { $0.first.script.iss = "{issuer}/" }, succeeds: false),
    ScenarioCase(name: "auth/metadata-issuer-mismatch", arrange: { $0.first.script.metadata = ["issuer": "https://honest.example"] }, succeeds: false),
    ScenarioCase(
      name: "auth/dpop",
      arrange: {
        $0.script.dpop = DPoPVerifier()
        $0.script.requiresDPoP = true
      }),
    ScenarioCase(
      name: "auth/dpop-nonce",
      arrange: {
        $0.script.dpop = DPoPVerifier(DPoPVerifier.Configuration(requiresNonce: true))
        $0.script.requiresDPoP = true
        $0.first.script.requiresNonce = true
      }),
  ]

  @Test("go as the fixture list says, with tools/list and test-tool", arguments: interactive)
  func scenario(_ scenario: ScenarioCase) async throws {
    try await AuthorizationFixture().serving { fixture in
      scenario.arrange(fixture)
      let wire = fixture.wire(try AuthorizationScenario.authorizer(scenario.name, url: fixture.url, context: .null, client: fixture.client))
      let failures = [await wire.failure(), await wire.failure("test-tool")]
      #expect(failures.allSatisfy { ($0 == nil) == scenario.succeeds })
      if !scenario.succeeds, scenario.name != "auth/scope-retry-limit" { #expect(fixture.first.seen.tokens.isEmpty) }
      #expect(fixture.first.seen.authorizations.count <= 3)
    }
  }

  @Test(
    "use the data of their context",
    arguments: ["auth/pre-registration", "auth/client-credentials-basic", "auth/client-credentials-jwt", "auth/wif-jwt-bearer", "auth/enterprise-managed-authorization"])
  func withContext(_ name: String) async throws {
    try await AuthorizationFixture().serving { fixture in
      let provider = Responder { _ in
        ScriptedAuthorizationServer.json(
          .ok, ["access_token": "jag", "issued_token_type": "urn:ietf:params:oauth:token-type:id-jag", "token_type": "N_A"])
      }
      try await withServer(provider) { port in
        let key = try SigningKey(pem: Self.pem)
        let isPublic = name == "auth/wif-jwt-bearer"
        fixture.first.script.clients = ["it": isPublic ? "" : "s3cret"]
        fixture.first.script.clientKey = key
        fixture.first.script.acceptsAssertion = { $0 == "jag" || $0 == "valid" }
        fixture.first.script.metadata = [
          "token_endpoint_auth_methods_supported": isPublic ? ["none"] : ["client_secret_basic", "private_key_jwt"], "registration_endpoint": .null,
        ]
        let context: JSONValue = [
          "name": .string(name), "client_id": "it", "client_secret": "s3cret", "private_key_pem": .string(Self.pem), "signing_algorithm": "ES256", "valid_jwt": "valid",
          "idp_client_id": "idp", "idp_id_token": "id", "idp_issuer": .string("http://127.0.0.1:\(port)"),
          "idp_token_endpoint": .string("http://127.0.0.1:\(port)/token"),
        ]
        let wire = fixture.wire(try AuthorizationScenario.authorizer(name, url: fixture.url, context: context, client: fixture.client))
        try await wire.call()
        try await wire.call("test-tool")
        #expect(fixture.first.seen.tokens.count == 1)
      }
    }
    let client = HTTPClient(eventLoopGroup: loops)
    #expect(throws: OAuthError.self) { try AuthorizationScenario.authorizer(name, url: "http://127.0.0.1:1/mcp", context: [:], client: client) }
    await client.shutdown()
  }

  /// A key made for these tests.
  private static let pem = TestPEM.es256
}
