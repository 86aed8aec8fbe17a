import JSON
import MCP
import MCPAuth
import MCPHTTP
import NIOCore
import Synchronization
import Testing

@Suite("OAuth without a browser, and bound tokens")
struct OAuthExtensionTests {
  @Test("gets tokens with client credentials, by secret or by signed assertion", arguments: ["basic", "post", "jwt"])
  func clientCredentials(method: String) async throws {
    try await AuthorizationFixture().serving { fixture in
      let key = SigningKey.generate(.es256)
      fixture.first.script.clientKey = key
      fixture.first.script.clients = ["robot": "s3cret"]
      fixture.script.scopes = { _ in ["mcp"] }
      let names = ["basic": "client_secret_basic", "post": "client_secret_post", "jwt": "private_key_jwt"]
      fixture.first.script.metadata = ["token_endpoint_auth_methods_supported": [.string(names[method] ?? "")]]
      let authentication: ClientAuthentication = method == "jwt" ? .privateKey(key) : .secret(Secret("s3cret"))
      let configuration = fixture.configuration {
        $0.grant = .clientCredentials
        $0.clients = [PreregisteredClient(id: "robot", authentication: authentication)]
      }
      try await fixture.wire(configuration).call()
      let request = try #require(fixture.first.seen.tokens.first)
      #expect(request.fields["grant_type"] == "client_credentials")
      #expect(request.fields["resource"] == fixture.url)
      #expect(request.fields["scope"] == "mcp")
      #expect((request.authorization != nil) == (method == "basic"))
      #expect((request.fields["client_secret"] != nil) == (method == "post"))
      #expect((request.fields["client_assertion"] != nil) == (method == "jwt"))
      #expect(fixture.first.seen.authorizations.isEmpty)
      #expect(fixture.first.seen.registrations.isEmpty)
    }
  }

  @Test("does not register a client for client credentials")
  func unregistered() async throws {
    try await AuthorizationFixture().serving { fixture in
      let error = await fixture.refusal(try OAuthClient(fixture.configuration { $0.grant = .clientCredentials }, client: fixture.client))
      #expect(error?.code == .registration)
      #expect(fixture.first.seen.registrations.isEmpty)
    }
  }

  @Test("presents a workload's assertion, and does not try again or otherwise when it is refused")
  func workload() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.acceptsAssertion = { $0 == "good" }
      let asked = Mutex<[AssertionRequest]>([])
      func configuration(_ assertion: String) -> OAuthConfiguration {
        fixture.configuration {
          $0.grant = .jwtBearer { request in
            asked.withLock { $0.append(request) }
            return Secret(assertion)
          }
          $0.clients = [PreregisteredClient(id: "workload")]
        }
      }
      fixture.first.script.clients = ["workload": ""]
      try await fixture.wire(configuration("good")).call()
      #expect(asked.withLock { $0.first?.issuer } == fixture.first.issuer)
      #expect(fixture.first.seen.tokens.last?.fields["client_id"] == "workload")
      let refused = await fixture.refusal(try OAuthClient(configuration("bad"), client: fixture.client))
      #expect(refused?.serverError == "invalid_grant")
      #expect(fixture.first.seen.grants == Array(repeating: "urn:ietf:params:oauth:grant-type:jwt-bearer", count: 2))
    }
  }

  /// An identity provider that exchanges ID tokens for ID-JAGs.
  private func identityProvider(_ seen: @escaping @Sendable ([String: String]) -> Void, issuedType: String = "urn:ietf:params:oauth:token-type:id-jag") -> Responder {
    Responder { request in
      let fields = Form.decode(String(buffer: request.body))
      seen(fields)
      guard fields["subject_token"] == "id-token" else { return ScriptedAuthorizationServer.json(.badRequest, ["error": "invalid_grant"]) }
      return ScriptedAuthorizationServer.json(
        .ok, ["access_token": .string("jag-for-\(fields["audience"] ?? "")"), "issued_token_type": .string(issuedType), "token_type": "N_A", "expires_in": 300])
    }
  }

  @Test("exchanges the ID token for an ID-JAG, and that for an access token", arguments: [true, false])
  func enterprise(isJAG: Bool) async throws {
    try await AuthorizationFixture().serving { fixture in
      let seen = Mutex<[[String: String]]>([])
      let type = isJAG ? "urn:ietf:params:oauth:token-type:id-jag" : "urn:ietf:params:oauth:token-type:access_token"
      let provider = identityProvider({ fields in seen.withLock { $0.append(fields) } }, issuedType: type)
      try await withServer(provider) { port in
        let issuer = fixture.first.issuer
        fixture.first.script.acceptsAssertion = { $0 == "jag-for-\(issuer)" }
        fixture.first.script.clients = ["app": "s3cret"]
        fixture.first.script.metadata = ["token_endpoint_auth_methods_supported": ["client_secret_basic"]]
        fixture.script.scopes = { _ in ["chat"] }
        let idp = EnterpriseIdentityProvider(
          issuer: "http://127.0.0.1:\(port)", tokenEndpoint: "http://127.0.0.1:\(port)/token", clientID: "idp-app", assertion: { Secret("id-token") })
        let configuration = fixture.configuration {
          $0.grant = .enterpriseManaged(idp)
          $0.clients = [PreregisteredClient(id: "app", authentication: .secret(Secret("s3cret")))]
        }
        let failure = try await fixture.wire(configuration).failure()
        #expect((failure == nil) == isJAG)
        let exchange = try #require(seen.withLock { $0.first })
        #expect(exchange["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange")
        #expect(exchange["requested_token_type"] == "urn:ietf:params:oauth:token-type:id-jag")
        #expect(exchange["subject_token_type"] == "urn:ietf:params:oauth:token-type:id_token")
        #expect(exchange["audience"] == issuer)
        #expect(exchange["resource"] == fixture.url)
        #expect(exchange["scope"] == "chat")
        #expect(exchange["client_id"] == "idp-app")
        #expect(fixture.first.seen.tokens.count == (isJAG ? 1 : 0))
        if isJAG { #expect(fixture.first.seen.tokens.first?.authorization != nil) }
      }
    }
  }

  @Test("binds tokens to its key and proves that it holds it, with the nonces of both servers", arguments: [false, true])
  func dpop(needsNonces: Bool) async throws {
    try await AuthorizationFixture().serving { fixture in
      let verifier = DPoPVerifier(DPoPVerifier.Configuration(requiresNonce: needsNonces))
      fixture.script.dpop = verifier
      fixture.script.requiresDPoP = true
      fixture.first.script.requiresNonce = needsNonces
      let key = SigningKey.generate()
      let wire = try fixture.wire(fixture.configuration { $0.proofKey = key })
      try await wire.call()
      // The first refusal gave a nonce along the way. A server that was started anew does not know it.
      if needsNonces { fixture.script.dpop = DPoPVerifier(DPoPVerifier.Configuration(requiresNonce: true)) }
      for _ in 0..<2 { try await wire.call() }
      #expect(fixture.first.seen.grants.count == (needsNonces ? 2 : 1))
      #expect(fixture.first.seen.authorizations.first?["dpop_jkt"] == key.thumbprint)
      #expect(fixture.first.seen.tokens.allSatisfy { $0.proof != nil })
      let sent = fixture.requests.filter { $0.token != nil }
      #expect(sent.allSatisfy { $0.headers["Authorization"]?.hasPrefix("DPoP ") == true })
      #expect(Set(sent.compactMap { $0.headers["DPoP"] }).count == sent.count)
      #expect(sent.count == (needsNonces ? 4 : 3))
    }
  }

  @Test("makes a key of its own where the server demands bound tokens")
  func demanded() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.dpop = DPoPVerifier()
      fixture.script.requiresDPoP = true
      try await fixture.wire(fixture.configuration()).call()
      #expect(fixture.requests.last?.headers["Authorization"]?.hasPrefix("DPoP ") == true)
    }
  }

  @Test("refuses a bearer token where a bound one was asked for")
  func unbound() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.tokenType = "Bearer"
      let error = await fixture.refusal(try OAuthClient(fixture.configuration { $0.proofKey = .generate() }, client: fixture.client))
      #expect(error?.code == .token)
    }
  }

  @Test("does not begin with saved tokens that are bound to another key")
  func otherKey() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.dpop = DPoPVerifier()
      let store = InMemoryTokenStore()
      for _ in 0..<2 { try await fixture.wire(fixture.configuration { ($0.store, $0.proofKey) = (store, .generate()) }).call() }
      #expect(fixture.first.seen.authorizations.count == 2)
    }
  }
}
