import JSON
import MCP
import MCPAuth
import MCPHTTP
import NIOCore
import Synchronization
import Testing

@Suite("A client behind authorization")
struct AuthorizedClientTests {
  @Test("authorizes by itself, in both eras, and the server's tools see who calls", arguments: [ProtocolVersion.v2026_07_28, .v2025_11_25])
  func eras(version: ProtocolVersion) async throws {
    let issuer = ScriptedAuthorizationServer()
    let http = HTTPClient(eventLoopGroup: loops)
    let server = Server(name: "protected", version: "1")
    server.add(Tool(name: "whoami") { call in ToolResult(text: call.context.caller?.id ?? "nobody") })
    let endpoint = LateResponder()
    try await withServer(Responder { await issuer.respond(to: $0) }) { issuerPort in
      issuer.port = issuerPort
      try await withServer(Responder { await endpoint.respond(to: $0) }) { port in
        let url = "http://127.0.0.1:\(port)/mcp"
        let metadata = try ProtectedResourceMetadata(resource: url, authorizationServers: [issuer.issuer], scopesSupported: ["mcp"])
        let settings = JWTIssuer(issuer: issuer.issuer, audiences: [url], keys: .url(issuer.origin + "/jwks"))
        let resourceServer = try ResourceServer(
          ResourceServer.Configuration(metadata: metadata, issuers: [settings], requiredScopes: { _ in ["mcp"] }), client: http, logger: quiet)
        endpoint.set(ProtectedEndpoint(server, resourceServer: resourceServer))
        let browser: OAuthGrant.Browser = { url in
          let target = try #require(HTTPURL(url))
          let answer = try await http.send(HTTPClientRequest(origin: target.origin, method: .get, path: target.path), deadline: .now() + .seconds(60))
          return try #require(answer.headers["Location"])
        }
        let configuration = OAuthConfiguration(
          server: url, grant: .authorizationCode(redirectURI: AuthorizationFixture.redirectURI, browser: browser), registration: OAuthClientDescription(name: "t"))
        let client = Client(.http(configuration), settings: .init(name: "t", version: "1", versions: [version]))
        let result = try await client.callTool("whoami")
        #expect("\(result.content)".contains("ada"))
        _ = try await client.listTools()
        await client.close()
        #expect(issuer.seen.authorizations.count == 1)
        #expect(issuer.seen.authorizations.first?["scope"] == "mcp")
      }
    }
    await http.shutdown()
  }

  @Test("keeps private lists over a refresh, and gives none of them to whoever is let in by another authorization")
  func privateCache() async throws {
    try await AuthorizationFixture().serving { fixture in
      let refusals = Mutex(0)
      fixture.script.listLifetime = 3_600_000
      fixture.script.refusal = { _, request in
        guard request.rpcMethod == "tools/call" else { return nil }
        return refusals.withLock { refusals in
          refusals -= 1
          return refusals >= 0 ? (.unauthorized, "Bearer error=\"invalid_token\"") : nil
        }
      }
      let wire = try fixture.wire(fixture.configuration())
      let client = Client(ClientTransport { _ in wire })
      func lists() async throws -> Int {
        _ = try await client.listTools()
        return fixture.requests.count { $0.rpcMethod == "tools/list" }
      }
      #expect(try await lists() == 1)
      refusals.withLock { $0 = 1 }
      _ = try await client.callTool("test-tool")
      #expect(fixture.first.seen.grants == ["authorization_code", "refresh_token"])
      #expect(try await lists() == 1)
      fixture.first.script.refusesRefresh = true
      refusals.withLock { $0 = 1 }
      _ = try await client.callTool("test-tool")
      #expect(fixture.first.seen.grants.last == "authorization_code" && fixture.first.seen.authorizations.count == 2)
      #expect(try await lists() == 2)
      #expect(try await lists() == 2)
      await client.close()
    }
  }

  @Test("keeps nothing private for another Authorization header of its own, and what is public for all")
  func privateCacheOfHeaders() async throws {
    let token = Mutex("Bearer t-1")
    let peer = RecordingPeer.modern { request in
      let isPrivate = request.rpc == "tools/list"
      var result: JSONValue = ["resultType": "complete", "ttlMs": 3_600_000, "cacheScope": isPrivate ? "private" : "public"]
      result[isPrivate ? "tools" : "prompts"] = []
      return RecordingPeer.result(result, to: request)
    }
    try await peer.serving(headers: { [HTTPHint.Header("authorization", token.withLock { $0 })] }) { wire in
      let client = Client(ClientTransport { _ in wire })
      for (name, lists) in [("t-1", 1), ("t-1", 1), ("t-2", 2), ("t-2", 2), ("t-1", 3)] {
        token.withLock { $0 = "Bearer " + name }
        _ = try await client.listTools()
        _ = try await client.listPrompts()
        #expect(peer.methods.count { $0 == "tools/list" } == lists && peer.methods.count { $0 == "prompts/list" } == 1)
      }
      await client.close()
    }
  }

  @Test("says at once what is wrong with its settings")
  func settings() async throws {
    let client = Client(.http(OAuthConfiguration(server: "http://mcp.example/mcp", grant: .clientCredentials)), settings: .init(name: "t", version: "1"))
    await #expect(throws: (any Error).self) { try await client.listTools() }
    await client.close()
  }
}

/// A responder that is made when its port is known.
private final class LateResponder: HTTPResponder {
  private let inner = Mutex<(any HTTPResponder)?>(nil)
  func set(_ responder: any HTTPResponder) { inner.withLock { $0 = responder } }
  func respond(to request: HTTPRequest) async -> HTTPReply {
    guard let inner = inner.withLock({ $0 }) else { return .text(.notFound, "not yet") }
    return await inner.respond(to: request)
  }
}
