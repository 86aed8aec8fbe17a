import JSON
import MCP
import MCPAuth
import MCPHTTP
import Testing

/// One scenario of the everything client: how its servers behave, what the client is given, and what it must have done.
struct ScenarioCase: Sendable, CustomTestStringConvertible {
  typealias Fixture = AuthorizationFixture

  let name: String
  let arrange: @Sendable (Fixture) -> Void
  let context: @Sendable (Fixture) -> JSONValue
  /// Whether the client gets through to the tool.
  let succeeds: Bool
  let check: @Sendable (Fixture) throws -> Void

  var testDescription: String { name }

  init(
    _ name: String, _ arrange: @escaping @Sendable (Fixture) -> Void = { _ in }, context: @escaping @Sendable (Fixture) -> JSONValue = { _ in [:] },
    succeeds: Bool = true, check: @escaping @Sendable (Fixture) throws -> Void = { _ in }
  ) {
    self.name = "auth/" + name
    self.arrange = arrange
    self.context = context
    self.succeeds = succeeds
    self.check = check
  }

  static let all: [ScenarioCase] = registration + discovery + scopes + issuers + withoutUser + bound

  /// A client that must give up before a code or a token goes anywhere.
  private static func refused(_ name: String, _ arrange: @escaping @Sendable (Fixture) -> Void) -> ScenarioCase {
    ScenarioCase(name, arrange, succeeds: false, check: { #expect($0.first.seen.tokens.isEmpty) })
  }

  private static func authentication(_ name: String, _ method: String, check: @escaping @Sendable (ScriptedAuthorizationServer.TokenRequest) -> Bool) -> ScenarioCase {
    ScenarioCase(
      name, { $0.first.script.metadata = ["token_endpoint_auth_methods_supported": [.string(method)]] },
      check: {
        #expect($0.first.seen.registrations.first?["token_endpoint_auth_method"] == .string(method))
        let token = try #require($0.first.seen.tokens.first)
        #expect(check(token))
      })
  }

  // MARK: Who the client is

  private static let registration: [ScenarioCase] = [
    ScenarioCase(
      "basic-cimd", { $0.first.script.metadata = ["client_id_metadata_document_supported": true] },
      check: {
        #expect($0.first.seen.authorizations.first?["client_id"] == "https://conformance-test.local/client-metadata.json")
        #expect($0.first.seen.registrations.isEmpty)
      }),
    ScenarioCase(
      "basic-dcr",
      check: {
        #expect($0.first.seen.registrations.map { $0["application_type"] } == ["native"])
        #expect($0.first.seen.tokens.first?.fields["resource"] == $0.url)
      }),
    ScenarioCase(
      "pre-registration", { $0.first.script.clients = ["it": "s3cret"] }, context: { _ in ["client_id": "it", "client_secret": "s3cret"] },
      check: {
        #expect($0.first.seen.authorizations.first?["client_id"] == "it")
        #expect($0.first.seen.registrations.isEmpty)
      }),
    authentication("token-endpoint-auth-basic", "client_secret_basic") { $0.authorization != nil && $0.fields["client_secret"] == nil },
    authentication("token-endpoint-auth-post", "client_secret_post") { $0.authorization == nil && $0.fields["client_secret"] != nil },
    authentication("token-endpoint-auth-none", "none") { $0.authorization == nil && $0.fields["client_secret"] == nil },
    ScenarioCase(
      "authorization-server-migration",
      { fixture in
        fixture.script.refusal = { [unowned fixture] _, request in
          // The first call comes with the old server's token; from then on the new one issues.
          if request.rpcMethod == "tools/call" { fixture.script.usesSecond = true }
          return nil
        }
      },
      check: {
        #expect($0.second.seen.registrations.count == 1)
        #expect($0.second.seen.grants == ["authorization_code"])
        let first = $0.first.seen.authorizations.first?["client_id"]
        #expect($0.second.seen.authorizations.allSatisfy { $0["client_id"] != first })
        #expect($0.second.seen.tokens.allSatisfy { $0.fields["client_id"] != first })
      }),
  ]

  // MARK: Where the authorization server is

  private static let discovery: [ScenarioCase] = [
    ScenarioCase("metadata-default", check: { #expect($0.metadataRequests == ["/.well-known/oauth-protected-resource/mcp"]) }),
    ScenarioCase(
      "metadata-var1",
      {
        $0.script.namesMetadata = false
        $0.first.script.metadataPath = "/.well-known/openid-configuration"
      }),
    ScenarioCase(
      "metadata-var2",
      {
        $0.script.namesMetadata = false
        $0.script.metadataPath = "/.well-known/oauth-protected-resource"
        $0.first.script.issuerPath = "/tenant1"
        $0.first.script.metadataPath = "/.well-known/oauth-authorization-server/tenant1"
      }),
    ScenarioCase(
      "metadata-var3",
      {
        $0.script.metadataPath = "/custom/metadata/location.json"
        $0.first.script.issuerPath = "/tenant1"
        $0.first.script.metadataPath = "/tenant1/.well-known/openid-configuration"
      }),
    ScenarioCase(
      "2025-03-26-oauth-metadata-backcompat", { $0.beOwnAuthorizationServer(hasMetadata: true) },
      check: {
        #expect($0.first.seen.grants.first == "authorization_code")
      }),
    ScenarioCase(
      "2025-03-26-oauth-endpoint-fallback", { $0.beOwnAuthorizationServer(hasMetadata: false) },
      check: {
        #expect($0.first.seen.grants.first == "authorization_code")
      }),
    refused("resource-mismatch") { $0.script.resource = "https://evil.example.com/mcp" },
    refused("metadata-issuer-mismatch") { $0.first.script.metadata = ["issuer": "https://honest.example"] },
    ScenarioCase(
      "pkce-no-s256-support", { $0.first.script.metadata = ["code_challenge_methods_supported": []] }, succeeds: false,
      check: {
        #expect($0.first.seen.authorizations.isEmpty)
      }),
  ]

  // MARK: What is asked for

  private static func asksFor(_ scope: String?) -> @Sendable (Fixture) -> Void { { #expect($0.first.seen.authorizations.map { $0["scope"] } == [scope]) } }

  private static let scopes: [ScenarioCase] = [
    ScenarioCase("scope-from-www-authenticate", { $0.script.scopes = { _ in ["mcp:basic"] } }, check: asksFor("mcp:basic")),
    ScenarioCase("scope-from-scopes-supported", { $0.script.scopesSupported = ["mcp:basic", "mcp:read"] }, check: asksFor("mcp:basic mcp:read")),
    ScenarioCase("scope-omitted-when-undefined", check: asksFor(nil)),
    ScenarioCase(
      "scope-step-up", { $0.script.scopes = { $0.hasPrefix("tools/call") ? ["mcp:write"] : ["mcp:basic"] } },
      check: {
        #expect($0.first.seen.authorizations.map { $0["scope"] } == ["mcp:basic", "mcp:basic mcp:write"])
      }),
    ScenarioCase(
      "scope-retry-limit",
      { $0.script.refusal = { _, request in request.token == nil ? nil : (.forbidden, "Bearer error=\"insufficient_scope\", scope=\"mcp:admin\"") } },
      succeeds: false, check: { #expect($0.first.seen.authorizations.count == 2) }),
    ScenarioCase(
      "offline-access-scope",
      {
        $0.script.scopes = { _ in ["mcp:basic"] }
        $0.first.script.metadata = ["scopes_supported": ["mcp:basic", "offline_access"]]
      }, check: asksFor("mcp:basic offline_access")),
    ScenarioCase("offline-access-not-supported", { $0.script.scopes = { _ in ["mcp:basic"] } }, check: asksFor("mcp:basic")),
  ]

  // MARK: Who answers

  private static let issuers: [ScenarioCase] = [
    ScenarioCase("iss-supported"),
    ScenarioCase(
      "iss-not-advertised",
      {
        $0.first.script.iss = nil
        $0.first.script.metadata = ["authorization_response_iss_parameter_supported": .null]
      }),
    refused("iss-supported-missing") { $0.first.script.iss = nil },
    refused("iss-wrong-issuer") { $0.first.script.iss = "https://evil.example" },
    refused("iss-unexpected") {
      $0.first.script.iss = "https://evil.example"
      $0.first.script.metadata = ["authorization_response_iss_parameter_supported": .null]
    },
    refused("iss-normalized") { $0.first.script.iss = "{issuer}/" },
  ]
}

extension AuthorizationFixture {
  /// A server of 2025-03-26: its authorization server is at its own origin, with metadata or at the endpoints of the default.
  func beOwnAuthorizationServer(hasMetadata: Bool) {
    script.metadataPath = nil
    script.namesMetadata = false
    first.script.hasMetadata = hasMetadata
    first.script.iss = nil
    first.script.metadata = [
      "issuer": .string(origin), "authorization_endpoint": .string(origin + "/authorize"), "token_endpoint": .string(origin + "/token"),
      "registration_endpoint": .string(origin + "/register"), "authorization_response_iss_parameter_supported": .null,
    ]
  }
}
