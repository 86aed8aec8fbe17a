import Foundation
import JSON
import MCP
import MCPAuth
import MCPHTTP
import Synchronization
import Testing

/// Glewlwyd of Debian: an authorization server that knows OpenID Connect Discovery, registration, resource indicators, introspection and DPoP.
@Suite(
  .serialized,
  .enabled(if: PythonProgram.oauthInterpreter != nil, "no Python with the packages of scripts/python-requirements-oauth.txt (scripts/python.sh): Glewlwyd not tested"),
  .enabled(if: PythonProgram.hasGlewlwyd, "glewlwyd is not installed (scripts/test-setup.sh): Glewlwyd not tested"))
struct GlewlwydTests {
  @Test("A client that nobody knew registers, sends the user to the browser and gets in, in both eras", arguments: [ProtocolVersion.v2026_07_28, .v2025_11_25])
  func registration(version: ProtocolVersion) async throws {
    try await ProtectedServer.with("glewlwyd") { server in
      try await server.withClient(server.configuration(), version: version) { client in
        let tools = try await client.listTools()
        #expect(tools.count == 2)
        let text = try await client.callTool("whoami").text
        #expect(text.hasSuffix(" mcp:read") && !text.hasPrefix("nobody"))
        #expect(server.authorizations.count == 1)
        // One step up, with the union of the scopes, and no further one for the same.
        for _ in 0..<2 {
          let written = try await client.callTool("write").text
          #expect(written.hasSuffix(" mcp:read mcp:write"))
        }
        #expect(server.authorizations.count == 2)
        #expect(server.authorizations.last?.contains("scope=mcp%3Aread%20mcp%3Awrite") == true)
      }
    }
  }

  @Test("Tokens are refreshed as they end, and each refresh token is used once")
  func refresh() async throws {
    try await ProtectedServer.with("glewlwyd") { server in
      let clock = Mutex(SystemSeconds.now())
      let store = InMemoryTokenStore()
      let configuration = server.configuration {
        $0.store = store
        $0.now = { clock.withLock { $0 } }
      }
      var seen: Set<String> = []
      try await server.withClient(configuration) { client in
        for _ in 0..<3 {
          _ = try await client.callTool("whoami")
          let tokens = try #require(await store.latestTokens(resource: server.url, subject: ""))
          seen.insert(try #require(tokens.refreshToken).reveal())
          clock.withLock { $0 += 3590 }
        }
      }
      #expect(seen.count == 3)
      #expect(server.authorizations.count == 1)
    }
  }

  @Test("A new signing key is fetched, and tokens of the one that is gone are refused and renewed")
  func rotation() async throws {
    let clock = Mutex<Int64>(0)
    try await ProtectedServer.with("glewlwyd", configure: { configuration, _ in configuration.now = { SystemSeconds.now() + clock.withLock { $0 } } }) { server in
      try await server.withClient(server.configuration()) { before in
        _ = try await before.callTool("whoami")
        try await server.issuer.ask("rotate")
        // The keys are looked at again when an unknown one is named, and not twice in 30 seconds.
        clock.withLock { $0 = 31 }
        let after = try await server.call("whoami", server.configuration())
        #expect(after.hasSuffix("mcp:read"))
        let users = server.authorizations.count
        _ = try await before.callTool("whoami")
        #expect(server.authorizations.count == users, "its refresh token is still good")
      }
    }
  }

  @Test("A program gets in with its own credentials", arguments: ["client_secret_basic", "private_key_jwt"])
  func clientCredentials(method: String) async throws {
    try await ProtectedServer.with("glewlwyd") { server in
      let key = SigningKey.generate(.es256, keyID: "k")
      let secret = server.issuer.about["secret"]?.string ?? ""
      let isKey = method == "private_key_jwt"
      var jwk = key.publicJWK
      (jwk["kid"], jwk["alg"]) = ("k", "ES256")
      try await server.issuer.ask(
        "client",
        ["id": "robot", "types": ["client_credentials"], "methods": [.string(method)], "jwks": isKey ? ["keys": [jwk]] : .null])
      let configuration = server.configuration {
        $0.grant = .clientCredentials
        $0.clients = [PreregisteredClient(id: "robot", authentication: isKey ? .privateKey(key, audience: .tokenEndpoint) : .secret(Secret(secret)))]
      }
      let text = try await server.call("whoami", configuration)
      #expect(text.hasSuffix("mcp:read"))
      #expect(server.authorizations.isEmpty)

      let wrong = server.configuration {
        $0.grant = .clientCredentials
        $0.clients = [PreregisteredClient(id: "robot", authentication: isKey ? .privateKey(.generate(.es256), audience: .tokenEndpoint) : .secret(Secret("wrong")))]
      }
      let failure = await server.failure(wrong)
      #expect(failure?.contains("refused") == true, "\(failure ?? "let in")")
    }
  }

  @Test("Tokens for another server, and of another issuer, are refused", arguments: ["audience", "issuer"])
  func foreign(fault: String) async throws {
    let configure: @Sendable (inout ResourceServer.Configuration, PythonPeer) throws -> Void = { configuration, _ in
      if fault == "audience" {
        configuration.issuers[0].audiences = ["https://other.example/mcp"]
      } else {
        configuration.issuers[0].issuer = "https://other.example"
      }
    }
    try await ProtectedServer.with("glewlwyd", configure: configure) { server in
      let failure = await server.failure(server.configuration())
      #expect(failure?.contains("refused the access token") == true, "\(failure ?? "let in")")
      #expect(server.authorizations.count == 1)
    }
  }

  @Test("Introspection finds out a token, and that it was revoked")
  func introspection() async throws {
    let configure: @Sendable (inout ResourceServer.Configuration, PythonPeer) throws -> Void = { configuration, issuer in
      let name = issuer.about["issuer"]?.string ?? ""
      configuration.issuers = []
      configuration.introspection = TokenIntrospection(
        endpoint: name + "/introspect", issuer: name, clientID: "app", authentication: .secret(Secret(issuer.about["secret"]?.string ?? "")),
        audiences: [configuration.metadata.resource])
    }
    try await ProtectedServer.with("glewlwyd", configure: configure) { server in
      // Glewlwyd tells a client of its own tokens only: the server asks as the client that it belongs to.
      try await server.issuer.ask(
        "client",
        [
          "id": "app", "types": ["code", "refresh_token", "client_credentials"], "methods": ["client_secret_basic"],
          "redirect_uris": [.string(ProtectedServer.redirectURI)],
        ])
      let store = InMemoryTokenStore()
      let secret = Secret(server.issuer.about["secret"]?.string ?? "")
      let configuration = server.configuration {
        $0.store = store
        $0.clients = [PreregisteredClient(id: "app", authentication: .secret(secret))]
      }
      try await server.withClient(configuration) { client in
        let text = try await client.callTool("whoami").text
        #expect(text.hasSuffix("mcp:read"))
        let token = try #require(await store.latestTokens(resource: server.url, subject: "")).accessToken.reveal()
        try await server.issuer.ask("revoke", ["token": .string(token), "client": "app"])
        _ = try await client.callTool("whoami")
        let renewed = try #require(await store.latestTokens(resource: server.url, subject: "")).accessToken.reveal()
        #expect(renewed != token)
      }
    }
  }

  @Test("Tokens are bound to the client's key, which Glewlwyd and an independent verifier both see proven")
  func dpop() async throws {
    let configure: @Sendable (inout ResourceServer.Configuration, PythonPeer) throws -> Void = { configuration, _ in configuration.dpop = DPoPVerifier() }
    try await ProtectedServer.with("glewlwyd", configure: configure) { server in
      let key = SigningKey.generate(.es256)
      let text = try await server.call("whoami", server.configuration { $0.proofKey = key })
      #expect(text.hasSuffix("mcp:read"))
      let proven = server.requests.filter { $0.headers["Authorization"]?.hasPrefix("DPoP ") == true }
      #expect(!proven.isEmpty)
      try await PythonPeer.with(try #require(PythonProgram.oauthInterpreter), "dpop_peer.py") { verifier in
        for request in proven {
          let token = request.headers["Authorization"]?.dropFirst(5) ?? ""
          let found = try await verifier.ask(
            "verify",
            [
              "proof": .string(request.headers["DPoP"] ?? ""), "method": .string(request.method.name), "url": .string(server.url),
              "access_token": .string(String(token)),
            ])
          #expect(found["thumbprint"]?.string == key.thumbprint, "\(found.text)")
        }
      }
    }
  }
}
