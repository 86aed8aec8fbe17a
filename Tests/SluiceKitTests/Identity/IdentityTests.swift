import Crypto
import CryptoExtras
import Foundation
import Gateway
import JSON
import MCP
import MCPHTTP
import NIOCore
import Testing

@testable import SluiceKit

/// Who is let in, as a client sees it.
@Suite("Identity at the front door", .timeLimit(.minutes(2)))
struct IdentityTests {
  private func withEcho<R: Sendable>(
    _ change: (inout TestConfiguration) -> Void = { _ in }, _ body: @Sendable (GatewayUnderTest) async throws -> R
  ) async throws -> R {
    var configuration = TestConfiguration()
    change(&configuration)
    let made = configuration
    return try await withUpstream(SDKUpstream.echo()) { port in
      var configuration = made
      configuration.add("echo", port: port)
      return try await withGateway(configuration, body)
    }
  }

  @Test("without a token: 401, with a challenge that names the metadata document, which is there")
  func challenge() async throws {
    try await withEcho { gateway in
      let reply = try await gateway.stranger.call("echo__say", ["text": "x"])
      #expect(reply.status == 401)
      #expect(reply.headers["WWW-Authenticate"] == "Bearer resource_metadata=\"https://gateway.example/.well-known/oauth-protected-resource/mcp\"")
      #expect(reply.code == "unauthenticated")
      #expect(reply.error?["data"]?["reason"] == "missing")
      for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
        let document = try await gateway.stranger.send("GET", path: path)
        #expect(document.status == 200)
        #expect(document.headers["Content-Type"] == "application/json")
        #expect(document.message["resource"] == "https://gateway.example/mcp")
        #expect(document.message["bearer_methods_supported"] == ["header"])
      }
      #expect(try await gateway.stranger.send("GET", path: "/.well-known/oauth-protected-resource/other").status == 404)
    }
  }

  @Test(
    "wrong credentials are refused before anything else is looked at",
    arguments: [
      ("Bearer slu_notatoken", 401, "invalid"), ("Bearer a.b.c", 401, "invalid"), ("Bearer ", 400, "malformed"), ("Basic YTpi", 401, "missing"),
      ("Bearer one two", 400, "malformed"), ("Bearer " + String(repeating: "x", count: 15_000), 401, "invalid"),
    ])
  func wrong(_ header: String, _ status: Int, _ reason: String) async throws {
    try await withEcho { gateway in
      let reply = try await gateway.stranger.send(headers: [("Authorization", header)], body: .init(string: "{not json"))
      #expect(reply.status == status, "\(reply.text)")
      #expect(reply.error?["data"]?["reason"]?.string == reason)
      #expect(reply.headers["WWW-Authenticate"]?.contains("resource_metadata=") == true)
      if header.utf8.count > 10 { #expect(!reply.text.contains(header.dropFirst(7)), "the token is not repeated") }
    }
  }

  @Test("a token revoked by another process is refused from the next request on")
  func revoked() async throws {
    try await withEcho { gateway in
      let (token, secret) = try await APITokens(store: gateway.server.store).create(user: "ada", name: "test")
      let client = MCPClient(port: gateway.port, token: secret.reveal())
      let session = try await client.initialize()
      #expect(try await client.call("echo__say", ["text": "before"]).content == "before")
      let other = APITokens(store: try SQLiteStore(directory: gateway.state))
      #expect(try await other.revoke(id: token.id) != nil)
      let reply = try await client.call("echo__say", ["text": "after"])
      #expect(reply.status == 401)
      #expect(reply.error?["data"]?["reason"] == "revoked")
      #expect(reply.headers["WWW-Authenticate"]?.contains("error=\"invalid_token\"") == true)
      #expect(try await session.call("echo__say").status == 401, "a session does not outlive the token")
    }
  }

  @Test("streams that are open when a token is revoked end")
  func revokedStreams() async throws {
    let server = SDKUpstream.echo()
    try await withUpstream(server) { port in
      var configuration = TestConfiguration()
      configuration.add("echo", port: port)
      try await withGateway(configuration) { gateway in
        let tokens = APITokens(store: gateway.server.store)
        let (token, secret) = try await tokens.create(user: "ada", name: "test")
        let client = MCPClient(port: gateway.port, token: secret.reveal())
        var stream = try await client.listen(["toolsListChanged": true]).makeAsyncIterator()
        #expect(try await stream.next() != nil)
        let session = try await client.initialize()
        var legacy = try await client.stream("GET", headers: session.headers + [("Accept", "text/event-stream")]).messages.makeAsyncIterator()
        #expect(try await tokens.revoke(id: token.id) != nil)
        server.add(Tool(name: "new", annotations: SDKUpstream.reading) { _ in ToolResult(text: "new") })
        let bob = try await gateway.client("bob")
        try await eventually("the change is known") { try await bob.list("tools/list", "tools").count == 3 }
        // What happens after is not for them: the streams are cut, and not ended as if all were well.
        let cut = await #expect(throws: HTTPClientError.self) { try await stream.next() }
        let legacyCut = await #expect(throws: HTTPClientError.self) { try await legacy.next() }
        #expect(cut?.code == .closedMidAnswer && legacyCut?.code == .closedMidAnswer)
      }
    }
  }

  @Test("a token ends when it expires, and a disabled or unlisted user is not let in")
  func expired() async throws {
    try await withEcho({ $0.users["carl"] = ["roles": ["reader"], "disabled": true] }) { gateway in
      let expired = try await gateway.client("ada", lifetime: -1).call("echo__say")
      #expect(expired.status == 401)
      #expect(expired.error?["data"]?["reason"] == "expired")
      let start = ContinuousClock.now
      let brief = try await gateway.client("ada", lifetime: 3)
      let first = try await brief.call("echo__say", ["text": "x"])
      // On a busy machine the first call may come too late itself.
      #expect(first.status == 200 || ContinuousClock.now - start > .seconds(2))
      try await eventually("the token expires") { try await brief.call("echo__say").status == 401 }
      for user in ["carl", "nobody"] {
        let reply = try await gateway.client(user).call("echo__say")
        #expect(reply.status == 401)
        #expect(reply.error?["data"]?["reason"] == "invalid", "the answer does not say whether the user exists")
      }
    }
  }

  @Test("several Authorization headers are refused")
  func twice() async throws {
    try await withEcho { gateway in
      let token = try await gateway.client("ada").token ?? ""
      let socket = try RawSocket(port: gateway.port)
      socket.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\nAuthorization: Bearer other\r\nContent-Length: 2\r\n\r\n{}")
      #expect(await socket.readAnswer().status == 400)
    }
  }

  // MARK: JWT

  /// An identity provider with an RSA key; signs with swift-crypto, which the gateway's verifier does not use directly.
  private struct Issuer: Sendable {
    static let name = "https://idp.example"
    private static let key = Result { try _RSA.Signing.PrivateKey(keySize: .bits2048) }

    static func jwks() throws -> JSONValue {
      let parts = try key.get().publicKey.getKeyPrimitives()
      return ["keys": [["kty": "RSA", "kid": "k1", "alg": "RS256", "use": "sig", "n": .string(encode(parts.modulus)), "e": .string(encode(parts.publicExponent))]]]
    }

    static func token(_ changes: JSONObject = [:], header: JSONValue = ["alg": "RS256", "kid": "k1", "typ": "at+jwt"]) throws -> String {
      let now = Int(Date().timeIntervalSince1970)
      var claims: JSONObject = [
        "iss": .string(name), "aud": "https://gateway.example/mcp", "sub": "00u1", "email": "grace@example.com", "groups": ["sales"],
        "realm": ["roles": ["reader"]], "iat": .int(now), "exp": .int(now + 300),
      ]
      for (name, value) in changes { claims[name] = value.isNull ? nil : value }
      let input = encode(Data(header.text.utf8)) + "." + encode(Data(JSONValue.object(claims).text.utf8))
      let signature = try key.get().signature(for: SHA256.hash(data: Data(input.utf8)), padding: .insecurePKCS1v1_5)
      return input + "." + encode(signature.rawRepresentation)
    }

    static func encode(_ data: Data) -> String {
      data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
  }

  private func withIssuer<R: Sendable>(_ body: @Sendable (GatewayUnderTest) async throws -> R) async throws -> R {
    try await withDirectory { directory in
      let file = "\(directory)/jwks.json"
      try Data(Issuer.jwks().text.utf8).write(to: URL(filePath: file))
      return try await withEcho(
        { configuration in
          configuration.users["grace@example.com"] = ["groups": ["staff"]]
          configuration.jwt = [
            [
              "issuer": .string(Issuer.name), "audience": ["https://gateway.example/mcp"], "jwks": .string(file),
              "claims": ["user": "email", "groups": "groups", "roles": "realm.roles"],
            ]
          ]
          configuration.policies = """
            permit (principal in Role::"reader", action == Action::"echo__say", resource) when { principal in Group::"sales" && principal in Group::"staff" };
            """
        }, body)
    }
  }

  @Test("a JWT of a configured issuer is a principal with the roles and groups of its claims and of the configuration")
  func jwt() async throws {
    try await withIssuer { gateway in
      let client = MCPClient(port: gateway.port, token: try Issuer.token(["jti": "j-1"]))
      #expect(try await client.list("tools/list", "tools").compactMap { $0["name"]?.string } == ["echo__say"])
      #expect(try await client.call("echo__say", ["text": "hello"]).content == "hello")
      let who = try gateway.leaves().of("intent").last?["who"]
      #expect(who?["id"] == "grace@example.com")
      #expect(who?["issuer"]?.string == Issuer.name)
      #expect(who?["token"] == "j-1")

      let other = MCPClient(port: gateway.port, token: try Issuer.token(["groups": ["support"]]))
      #expect(try await other.list("tools/list", "tools").isEmpty, "without the group there is no tool")

      let document = try await gateway.stranger.send("GET", path: "/.well-known/oauth-protected-resource/mcp")
      #expect(document.message["authorization_servers"] == [.string(Issuer.name)])
    }
  }

  @Test("a JWT that is not for here is refused with its reason")
  func wrongJWT() async throws {
    try await withIssuer { gateway in
      let now = Int(Date().timeIntervalSince1970)
      let table: [(JSONObject, String)] = [
        (["aud": "https://other.example/mcp"], "wrong_audience"), (["iss": "https://evil.example"], "invalid"), (["exp": .int(now - 600)], "expired"),
        (["nbf": .int(now + 600)], "not_yet_valid"), (["email": .null], "invalid"), (["email": "unlisted@example.com"], "invalid"), (["exp": .null], "invalid"),
      ]
      for (changes, reason) in table {
        let token = try Issuer.token(changes)
        let reply = try await MCPClient(port: gateway.port, token: token).call("echo__say")
        #expect(reply.status == 401, "\(changes): \(reply.text)")
        #expect(reply.error?["data"]?["reason"]?.string == reason, "\(changes): \(reply.text)")
        #expect(reply.headers["WWW-Authenticate"]?.contains("resource_metadata=") == true)
      }
      let good = try Issuer.token()
      let parts = good.split(separator: ".").map(String.init)
      let unsigned = Issuer.encode(Data(#"{"alg":"none"}"#.utf8)) + "." + parts[1] + "."
      let tampered =
        parts[0] + "." + Issuer.encode(Data(#"{"iss":"https://idp.example","aud":"https://gateway.example/mcp","email":"ada","exp":99999999999}"#.utf8)) + "." + parts[2]
      for token in [unsigned, tampered, try Issuer.token(header: ["alg": "RS256", "kid": "unknown"]), try Issuer.token(header: ["alg": "HS256", "kid": "k1"])] {
        #expect(try await MCPClient(port: gateway.port, token: token).call("echo__say").status == 401)
      }
      #expect(try await MCPClient(port: gateway.port, token: good).call("echo__say", ["text": "still"]).content == "still")
    }
  }
}
