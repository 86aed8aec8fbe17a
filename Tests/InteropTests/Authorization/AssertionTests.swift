import JSON
import MCP
import MCPAuth
import MCPHTTP
import Testing

/// Grants that rest on somebody's assertion, checked by authlib of PyPI: enterprise-managed authorization and workload identity.
///
/// The identity provider that issues ID-JAGs is a double of our own (Python/issuer_authlib.py): none that does was to be had. It checks
/// the ID token and the exchange, and signs with authlib.
@Suite(
  .serialized,
  .enabled(if: PythonProgram.oauthInterpreter != nil, "no Python with the packages of scripts/python-requirements-oauth.txt (scripts/python.sh): authlib not tested"))
struct AssertionTests {
  private static func enterprise(_ server: ProtectedServer, idToken: String) async throws -> OAuthConfiguration {
    try await server.issuer.ask(
      "client", ["id": "app", "grants": ["urn:ietf:params:oauth:grant-type:jwt-bearer"], "methods": ["client_secret_basic"]])
    let secret = server.issuer.about["secret"]?.string ?? ""
    let provider = EnterpriseIdentityProvider(
      issuer: server.issuer.about["provider"]?.string ?? "", clientID: "at-the-provider", assertion: { Secret(idToken) })
    return server.configuration {
      $0.grant = .enterpriseManaged(provider)
      $0.clients = [PreregisteredClient(id: "app", authentication: .secret(Secret(secret)))]
    }
  }

  @Test("An ID token becomes an ID-JAG, and that an access token, with a step up; nobody is sent to a browser")
  func enterprise() async throws {
    try await ProtectedServer.with("idjag") { server in
      let token = try await server.issuer.ask("id_token").string ?? ""
      try await server.withClient(try await Self.enterprise(server, idToken: token)) { client in
        let read = try await client.callTool("whoami").text
        #expect(read == "ada mcp:read")
        let written = try await client.callTool("write").text
        #expect(written == "ada mcp:read mcp:write")
      }
      let exchanges = try await server.issuer.ask("exchanges").array ?? []
      #expect(exchanges.map { $0["resource"]?.string } == [server.url, server.url])
      #expect(exchanges.map { $0["audience"] } == [server.issuer.about["issuer"], server.issuer.about["issuer"]])
      #expect(exchanges.map { $0["scope"]?.string } == ["mcp:read", "mcp:read mcp:write"])
      #expect(server.authorizations.isEmpty)
    }
  }

  @Test("An ID-JAG that was used, is for another server or client or resource, is refused and told", arguments: ["replay", "audience", "client", "resource"])
  func faults(fault: String) async throws {
    try await ProtectedServer.with("idjag") { server in
      let token = try await server.issuer.ask("id_token").string ?? ""
      let configuration = try await Self.enterprise(server, idToken: token)
      if fault == "replay" { #expect(await server.failure(configuration) == nil) }
      try await server.issuer.ask("fault", ["fault": .string(fault)])
      var another = configuration
      another.store = InMemoryTokenStore()
      let failure = await server.failure(another)
      #expect(failure?.contains("invalid_grant") == true, "\(failure ?? "let in")")
    }
  }

  @Test("An ID token that is over is not exchanged")
  func expiredIDToken() async throws {
    try await ProtectedServer.with("idjag") { server in
      let token = try await server.issuer.ask("id_token", ["lifetime": -120]).string ?? ""
      let failure = await server.failure(try await Self.enterprise(server, idToken: token))
      #expect(failure?.contains("invalid_grant") == true, "\(failure ?? "let in")")
    }
  }

  @Test(
    "A workload gets in with its orchestrator's assertion, and not with one that is over, for another, of another key or of nobody known",
    arguments: [
      ("good", [:]), ("over", ["lifetime": -120]), ("for another", ["audience": "https://other.example"]), ("of another key", ["own": false]),
      ("of nobody", ["subject": "mallory"]),
    ]
      as [(String, JSONObject)])
  func workload(name: String, claims: JSONObject) async throws {
    try await ProtectedServer.with("workload") { server in
      try await server.issuer.ask("client", ["id": "workload", "grants": ["urn:ietf:params:oauth:grant-type:jwt-bearer"], "methods": ["none"]])
      let issuer = server.issuer
      let configuration = server.configuration {
        // Asked for anew each time, as from a file that an orchestrator renews.
        $0.grant = .jwtBearer { _ in Secret(try await issuer.ask("assertion", claims).string ?? "") }
      }
      if name == "good" {
        let text = try await server.call("whoami", configuration)
        #expect(text == "system:serviceaccount:tools:reader mcp:read")
      } else {
        let failure = await server.failure(configuration)
        #expect(failure?.contains("invalid_grant") == true, "\(failure ?? "let in")")
      }
    }
  }

  @Test(
    "Client credentials are taken from the header, the body and an assertion, with every character that a secret may have",
    arguments: ["client_secret_basic", "client_secret_post", "private_key_jwt"])
  func clientCredentials(method: String) async throws {
    try await ProtectedServer.with("workload") { server in
      let key = SigningKey.generate(.es256)
      let isKey = method == "private_key_jwt"
      try await server.issuer.ask(
        "client", ["id": "robot", "grants": ["client_credentials"], "methods": [.string(method)], "key": isKey ? key.publicJWK : .null])
      let secret = server.issuer.about["secret"]?.string ?? ""
      let configuration = server.configuration {
        $0.grant = .clientCredentials
        $0.clients = [PreregisteredClient(id: "robot", authentication: isKey ? .privateKey(key) : .secret(Secret(secret)))]
      }
      let failure = await server.failure(configuration)
      #expect(failure == nil)
    }
  }
}
