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
    _ issuer: ScriptedAuthorizationServer, _ client: HTTPClient, introspects: Bool = false, inFlight: Int = 64, dpop: DPoPVerifier? = nil,
    scopes: @escaping @Sendable (HTTPRequest) -> [String] = { _ in [] }
  ) throws -> ResourceServer {
    let metadata = try ProtectedResourceMetadata(resource: Self.resource, authorizationServers: [issuer.issuer], scopesSupported: ["mcp"])
    let introspection = TokenIntrospection(
      endpoint: issuer.origin + "/introspect", issuer: issuer.issuer, clientID: "rs", authentication: .secret(Secret("pw")), audiences: [Self.resource],
      maximumInFlight: inFlight)
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
        #expect(caller.id == "\(issuer.issuer) sub:ada")
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

  @Test("takes an issuer by its bytes: another form of the same Unicode text is another issuer")
  func issuerBytes() async throws {
    try await serving { issuer, client in
      // The sign for kelvin is, to Unicode, the letter K.
      issuer.script.issuerPath = "/K"
      issuer.script.clients = ["rs": "pw"]
      issuer.script.audience = Self.resource
      let kelvin = issuer.issuer.replacing("K", with: "\u{212A}")
      #expect(kelvin == issuer.issuer && !kelvin.utf8.elementsEqual(issuer.issuer.utf8))
      let server = try self.server(issuer, client, introspects: true)
      let (good, bad) = (try self.token(issuer), try self.token(issuer, ["iss": .string(kelvin)]))
      for (token, isAllowed) in [(good, true), (bad, false), ("opaque-good", true), ("opaque-kelvin", false)] {
        let answer = self.outcome(await server.authenticate(self.request([("Authorization", "Bearer \(token)")])))
        #expect((answer.caller != nil) == isAllowed && (answer.status == 401) == !isAllowed, "\(token)")
      }
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
      for _ in 0..<3 { #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer opaque-good")]))).caller?.token.subject == "ada") }
      #expect(issuer.seen.tokens.count == 1)
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer opaque-dead")]))).status == 401)
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer opaque-elsewhere")]))).status == 401)
      issuer.script.clients = [:]
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer opaque-other")]))).status == 503)
      let jwt = try self.token(issuer)
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer \(jwt)")]))).caller != nil)
    }
  }

  @Test("asks about a token once, however many requests bring it, be it good or not", arguments: [("opaque-good", 10), ("opaque-dead", 0)])
  func sharedIntrospection(token: String, good: Int) async throws {
    try await serving { issuer, client in
      issuer.script.clients = ["rs": "pw"]
      issuer.script.audience = Self.resource
      let (began, gate) = (Signal(), Signal())
      issuer.script.introspectionBegan = began
      issuer.script.introspectionGate = gate
      let server = try self.server(issuer, client, introspects: true)
      let allowed = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<10 { group.addTask { self.outcome(await server.authenticate(self.request([("Authorization", "Bearer \(token)")]))).caller != nil } }
        group.addTask {
          await began.wait()
          gate.fire()
          return false
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(allowed == good)
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer \(token)")]))).status == (good > 0 ? nil : 401))
      #expect(issuer.seen.tokens.count == 1)
    }
  }

  @Test("asks about so many tokens at a time, and has the others come again")
  func boundedIntrospection() async throws {
    try await serving { issuer, client in
      issuer.script.clients = ["rs": "pw"]
      issuer.script.audience = Self.resource
      let (began, gate) = (Signal(), Signal())
      issuer.script.introspectionBegan = began
      issuer.script.introspectionGate = gate
      let server = try self.server(issuer, client, introspects: true, inFlight: 1)
      async let first = server.authenticate(self.request([("Authorization", "Bearer opaque-good")]))
      await began.wait()
      guard case .refused(let hint, _) = await server.authenticate(self.request([("Authorization", "Bearer made-up")])) else {
        Issue.record("a token that nobody knows was taken")
        return
      }
      #expect(hint.status == 503 && hint.headers.contains { $0.name == "Retry-After" })
      gate.fire()
      #expect(self.outcome(await first).caller != nil)
      #expect(self.outcome(await server.authenticate(self.request([("Authorization", "Bearer made-up")]))).status == 401)
      #expect(issuer.seen.tokens.count == 2)
    }
  }

  @Test("tells users of different issuers apart, and users from clients of the same name, and lets nobody in who is neither")
  func identity() async throws {
    try await serving { issuer, client in
      let metadata = try ProtectedResourceMetadata(resource: Self.resource)
      let issuers = ["https://a.example", "https://b.example"].map { JWTIssuer(issuer: $0, audiences: [Self.resource], keys: .url(issuer.origin + "/jwks")) }
      let server = try ResourceServer(ResourceServer.Configuration(metadata: metadata, issuers: issuers), client: client, logger: quiet)
      var ids: [String?] = []
      for claims in [
        ["iss": "https://a.example"], ["iss": "https://b.example"], ["iss": "https://a.example", "sub": .null, "client_id": "ada"],
        ["iss": "https://a.example", "sub": "", "client_id": ""],
      ] as [JSONObject] {
        let answer = self.outcome(await server.authenticate(self.request([("Authorization", "Bearer \(try self.token(issuer, claims))")])))
        ids.append(answer.caller?.id)
        if answer.caller == nil { #expect(answer.status == 401 && Challenge.parse(answer.challenges).first?.error == "invalid_token") }
      }
      #expect(ids == ["https://a.example sub:ada", "https://b.example sub:ada", "https://a.example client:ada", nil])
    }
  }

  @Test("wants a proof of possession when a stream begins, and no other while it goes on")
  func possessionOfStreams() async throws {
    try await serving { issuer, client in
      let key = SigningKey.generate()
      let bound = try self.token(issuer, ["cnf": ["jkt": .string(key.thumbprint)]])
      let proof = try DPoPProof.make(key, method: "POST", url: Self.resource, accessToken: Secret(bound))
      let server = Server(name: "s", version: "1")
      server.add(Tool(name: "one") { _ in ToolResult(text: "") })
      let endpoint = ProtectedEndpoint(
        server, configuration: StreamableHTTPConfiguration(allowed: .any), resourceServer: try self.server(issuer, client, dpop: DPoPVerifier()))
      let headers =
        StreamableFixture.modernHeaders("subscriptions/listen") + [
          ("Content-Type", "application/json"), ("Authorization", "DPoP \(bound)"), ("DPoP", proof),
        ]
      var request = self.request(headers)
      request.body = ByteBuffer(StreamableFixture.modernBody("subscriptions/listen", ["notifications": ["toolsListChanged": true]], id: "sub"))
      guard case .stream(_, _, let produce) = await endpoint.respond(to: request) else {
        Issue.record("no stream")
        return
      }
      let (events, written) = AsyncStream.makeStream(of: String.self)
      let streaming = Task {
        defer { written.finish() }
        try await produce(HTTPBodyWriter { written.yield(String(buffer: $0)) })
      }
      var heard = events.makeAsyncIterator()
      #expect(await heard.next()?.contains("notifications/subscriptions/acknowledged") == true)
      for name in ["two", "three"] {
        server.add(Tool(name: name) { _ in ToolResult(text: "") })
        #expect(await heard.next()?.contains("notifications/tools/list_changed") == true)
      }
      streaming.cancel()
      _ = await streaming.result
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
      #expect(self.outcome(await server.authenticate(good)).caller?.token.subject == "ada")
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
