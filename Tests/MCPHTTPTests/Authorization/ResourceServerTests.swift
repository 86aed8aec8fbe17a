import JSON
import MCP
import MCPAuth
import MCPHTTP
import NIOCore
import NIOPosix
import Testing

@Suite("A resource server")
struct ResourceServerTests {
  private static let resource = "https://mcp.example.com/mcp"

  private func server(
    _ issuer: ScriptedAuthorizationServer, _ client: HTTPClient, introspects: Bool = false, dpop: DPoPVerifier? = nil,
    scopes: @escaping @Sendable (HTTPRequest) -> [String] = { _ in [] }
  ) throws -> ResourceServer {
    let metadata = try ProtectedResourceMetadata(resource: Self.resource, authorizationServers: [issuer.issuer], scopesSupported: ["mcp"])
    let introspection = TokenIntrospection(
      endpoint: issuer.origin + "/introspect", issuer: issuer.issuer, clientID: "rs", authentication: .secret(Secret("pw")), audiences: [Self.resource])
    return try ResourceServer(
      ResourceServer.Configuration(
        metadata: metadata, issuers: [JWTIssuer(issuer: issuer.issuer, audiences: [Self.resource], keys: .url(issuer.origin + "/jwks"))],
        introspection: introspects ? introspection : nil, dpop: dpop, requiredScopes: scopes), client: client, logger: quiet)
  }

  private func request(_ headers: [(String, String)] = [], path: String = "/mcp", method: HTTPMethod = .post) -> HTTPRequest {
    HTTPRequest(method: method, path: path, headers: HTTPHeaders(headers), eventLoop: loops.next())
  }

  private func token(_ issuer: ScriptedAuthorizationServer, _ changes: JSONObject = [:], key: SigningKey? = nil) throws -> String {
    let now = SystemSeconds.now()
    let claims: JSONObject = [
      "iss": .string(issuer.issuer), "aud": .string(Self.resource), "sub": "ada", "client_id": "app", "scope": "mcp", "iat": .int(now), "exp": .int(now + 60),
    ]
    return try (key ?? issuer.key).token(claims: .object(claims.merging(changes)), header: ["typ": "at+jwt"])
  }

  private func serving(_ body: @escaping @Sendable (ScriptedAuthorizationServer, HTTPClient) async throws -> Void) async throws {
    let issuer = ScriptedAuthorizationServer()
    let client = HTTPClient(eventLoopGroup: loops)
    try await withServer(Responder { await issuer.respond(to: $0) }) { port in
      issuer.port = port
      try await body(issuer, client)
    }
    await client.shutdown()
  }

  private func outcome(_ authentication: Authentication) -> (caller: TokenCaller?, status: Int?, challenges: [String]) {
    switch authentication {
    case .allowed(let caller): (caller as? TokenCaller, nil, [])
    case .refused(let hint, _): (nil, hint.status, hint.headers.filter { $0.name == "WWW-Authenticate" }.map(\.value))
    }
  }

  @Test("lets in who brings a token for it, and knows whom")
  func good() async throws {
    try await serving { issuer, client in
      let server = try self.server(issuer, client)
      let text = try self.token(issuer)
      for _ in 0..<2 {
        let caller = try #require(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer \(text)")]))).caller)
        #expect(caller.id == "ada")
        #expect(caller.token.clientID == "app")
        #expect(caller.token.scopes == ["mcp"])
      }
    }
  }

  @Test(
    "answers with the status and challenge of RFC 6750",
    arguments: [
      (nil, 401, nil), ("Basic YTpi", 401, nil), ("Bearer", 400, "invalid_request"), ("Bearer a b", 400, "invalid_request"), ("Bearer nonsense", 401, "invalid_token"),
    ] as [(String?, Int, String?)])
  func refusals(header: String?, status: Int, error: String?) async throws {
    try await serving { issuer, client in
      let server = try self.server(issuer, client)
      let answer = self.outcome(await server.authenticate(self.request(header.map { [("Authorization", $0)] } ?? [])))
      #expect(answer.status == status)
      let challenge = try #require(Challenge.parse(answer.challenges).first)
      #expect(challenge.scheme == "bearer")
      #expect(challenge.error == error)
      #expect(challenge.resourceMetadata == "https://mcp.example.com/.well-known/oauth-protected-resource/mcp")
      #expect(challenge.scopes == ["mcp"])
    }
  }

  @Test(
    "refuses tokens that are not for it, not good or not signed",
    arguments: [
      ["aud": "https://mcp.example.com"], ["aud": "https://mcp.example.com/mcp/"], ["aud": []], ["iss": "https://evil.example"], ["exp": 1], ["exp": .null],
    ] as [JSONObject])
  func badTokens(changes: JSONObject) async throws {
    try await serving { issuer, client in
      let server = try self.server(issuer, client)
      let text = try self.token(issuer, changes)
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer \(text)")]))).status == 401)
      let forged = try self.token(issuer, key: .generate(.es256, keyID: "as-1"))
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer \(forged)")]))).status == 401)
      let good = try self.token(issuer)
      let twice = self.request([("Authorization", "Bearer \(good)"), ("Authorization", "Bearer \(good)")])
      #expect(self.outcome(await server.authenticate(twice)).status == 400)
    }
  }

  @Test("asks for the scopes that the request needs")
  func scopes() async throws {
    try await serving { issuer, client in
      let server = try self.server(issuer, client, scopes: { $0.headers["Mcp-Name"] == "write" ? ["mcp", "mcp:write"] : ["mcp"] })
      let bearer = ("Authorization", "Bearer " + (try self.token(issuer)))
      #expect(self.outcome(await server.authenticate(self.request([bearer]))).caller != nil)
      let answer = self.outcome(await server.authenticate(self.request([bearer, ("Mcp-Name", "write")])))
      #expect(answer.status == 403)
      let challenge = try #require(Challenge.parse(answer.challenges).first)
      #expect(challenge.error == "insufficient_scope")
      #expect(challenge.scopes == ["mcp", "mcp:write"])
    }
  }

  @Test("counts a broad scope for the narrow ones in it")
  func implied() async throws {
    try await serving { issuer, client in
      var configuration = ResourceServer.Configuration(
        metadata: try ProtectedResourceMetadata(resource: Self.resource),
        issuers: [JWTIssuer(issuer: issuer.issuer, audiences: [Self.resource], keys: .url(issuer.origin + "/jwks"))],
        requiredScopes: { [$0.headers["Mcp-Name"] ?? ""] })
      configuration.impliedScopes = ["admin": ["write"], "write": ["read", "admin"]]
      let server = try ResourceServer(configuration, client: client, logger: quiet)
      let bearer = ("Authorization", "Bearer " + (try self.token(issuer, ["scope": "admin"])))
      for (name, isAllowed) in [("admin", true), ("write", true), ("read", true), ("other", false)] {
        let answer = self.outcome(await server.authenticate(self.request([bearer, ("Mcp-Name", name)])))
        #expect((answer.caller != nil) == isAllowed)
      }
    }
  }

  @Test("asks the authorization server about opaque tokens, and not again at once")
  func introspection() async throws {
    try await serving { issuer, client in
      issuer.script.clients = ["rs": "pw"]
      issuer.script.audience = Self.resource
      let server = try self.server(issuer, client, introspects: true)
      for _ in 0..<3 { #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer opaque-good")]))).caller?.id == "ada") }
      #expect(issuer.seen.tokens.count == 1)
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer opaque-dead")]))).status == 401)
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer opaque-elsewhere")]))).status == 401)
      issuer.script.clients = [:]
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer opaque-other")]))).status == 503)
      let jwt = try self.token(issuer)
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer \(jwt)")]))).caller != nil)
    }
  }

  @Test("serves its metadata beside the endpoint, without credentials")
  func document() async throws {
    try await serving { issuer, client in
      let server = try self.server(issuer, client, dpop: DPoPVerifier())
      for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
        guard case .full(let status, _, let body)? = server.document(for: self.request(path: path, method: .get)) else {
          Issue.record("no document at \(path)")
          continue
        }
        #expect(status == .ok)
        let document = try JSONValue(RawJSON(scanning: body))
        #expect(document["resource"]?.string == Self.resource)
        #expect(document["authorization_servers"] == [.string(issuer.issuer)])
        #expect(document["dpop_signing_alg_values_supported"] == ["ES256", "EdDSA"])
      }
      #expect(server.document(for: self.request()) == nil)
    }
  }

  @Test("takes a bound token only from the holder of its key")
  func possession() async throws {
    try await serving { issuer, client in
      let key = SigningKey.generate()
      let bound = try self.token(issuer, ["cnf": ["jkt": .string(key.thumbprint)]])
      let proof = try DPoPProof.make(key, method: "POST", url: Self.resource, accessToken: Secret(bound))
      let server = try self.server(issuer, client, dpop: DPoPVerifier())
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer \(bound)")]))).status == 401)
      let good = self.request([("Authorization", "DPoP \(bound)"), ("DPoP", proof)])
      #expect(self.outcome(await server.authenticate(good)).caller?.id == "ada")
      let replayed = self.outcome(await server.authenticate(good))
      #expect(replayed.status == 401)
      #expect(Challenge.parse(replayed.challenges).first?.error == "invalid_dpop_proof")
      let free = try self.token(issuer)
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "DPoP \(free)"), ("DPoP", proof)]))).status == 401)
      let without = try self.server(issuer, client)
      #expect(self.outcome(await without.authenticate(self.request([("Authorization", "Bearer \(bound)")]))).status == 401)
    }
  }

  @Test("needs settings that can work")
  func settings() async throws {
    let client = HTTPClient(eventLoopGroup: loops)
    let metadata = try ProtectedResourceMetadata(resource: Self.resource)
    #expect(throws: IdentityConfigurationError.self) { try ResourceServer(ResourceServer.Configuration(metadata: metadata), client: client) }
    let open = TokenIntrospection(endpoint: "http://as.example/i", issuer: "i", clientID: "c", authentication: .none, audiences: ["a"])
    #expect(throws: IdentityConfigurationError.self) {
      try ResourceServer(ResourceServer.Configuration(metadata: metadata, introspection: open), client: client)
    }
    let offline = try ProtectedResourceMetadata(resource: Self.resource, scopesSupported: ["offline_access"])
    let issuer = JWTIssuer(issuer: "https://i", audiences: ["a"], keys: .url("https://i/jwks"))
    #expect(throws: IdentityConfigurationError.self) {
      try ResourceServer(ResourceServer.Configuration(metadata: offline, issuers: [issuer]), client: client)
    }
    await client.shutdown()
  }
}
