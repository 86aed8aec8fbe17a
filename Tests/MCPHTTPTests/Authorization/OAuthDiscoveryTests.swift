import JSON
import MCP
import MCPAuth
import MCPHTTP
import Testing

struct DiscoveryPlace: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var resourceMetadata: String
  var isNamed = true
  var issuerPath = ""
  var serverMetadata: String
  /// The places asked, in order.
  var asked: [String]
  var askedOfServer: [String]
}

struct DiscoveryFault: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var code: OAuthError.Code
  var spoil: @Sendable (AuthorizationFixture) -> Void
}

@Suite("OAuth discovery")
struct OAuthDiscoveryTests {
  static let wellKnown = "/.well-known/oauth-protected-resource"
  static let places: [DiscoveryPlace] = [
    DiscoveryPlace(
      testDescription: "the place in the challenge, RFC 8414", resourceMetadata: wellKnown + "/mcp", serverMetadata: "/.well-known/oauth-authorization-server",
      asked: [wellKnown + "/mcp"], askedOfServer: ["/.well-known/oauth-authorization-server"]),
    DiscoveryPlace(
      testDescription: "well-known with path, OpenID Connect", resourceMetadata: wellKnown + "/mcp", isNamed: false, serverMetadata: "/.well-known/openid-configuration",
      asked: [wellKnown + "/mcp"], askedOfServer: ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]),
    DiscoveryPlace(
      testDescription: "well-known at the root, RFC 8414 with path inserted", resourceMetadata: wellKnown, isNamed: false, issuerPath: "/tenant1",
      serverMetadata: "/.well-known/oauth-authorization-server/tenant1", asked: [wellKnown + "/mcp", wellKnown],
      askedOfServer: ["/.well-known/oauth-authorization-server/tenant1"]),
    DiscoveryPlace(
      testDescription: "a place of the server's own, OpenID Connect with path inserted", resourceMetadata: "/custom/metadata.json", issuerPath: "/tenant1",
      serverMetadata: "/.well-known/openid-configuration/tenant1", asked: ["/custom/metadata.json"],
      askedOfServer: ["/.well-known/oauth-authorization-server/tenant1", "/.well-known/openid-configuration/tenant1"]),
    DiscoveryPlace(
      testDescription: "OpenID Connect with path before", resourceMetadata: wellKnown + "/mcp", issuerPath: "/tenant1",
      serverMetadata: "/tenant1/.well-known/openid-configuration", asked: [wellKnown + "/mcp"],
      askedOfServer: [
        "/.well-known/oauth-authorization-server/tenant1", "/.well-known/openid-configuration/tenant1", "/tenant1/.well-known/openid-configuration",
      ]),
  ]

  @Test("finds the authorization server in every documented place, in their order", arguments: places)
  func place(_ place: DiscoveryPlace) async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.metadataPath = place.resourceMetadata
      fixture.script.namesMetadata = place.isNamed
      fixture.first.script.issuerPath = place.issuerPath
      fixture.first.script.metadataPath = place.serverMetadata
      try await fixture.wire(fixture.configuration()).call()
      #expect(fixture.metadataRequests == place.asked)
      #expect(fixture.first.seen.metadata.suffix(place.askedOfServer.count) == place.askedOfServer[...])
      #expect(fixture.requests.map { $0.token != nil } == [false, true])
    }
  }

  @Test("takes a server without resource metadata for its own authorization server, as 2025-03-26 had it", arguments: [true, false])
  func legacy(hasMetadata: Bool) async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.metadataPath = nil
      fixture.script.namesMetadata = false
      fixture.first.script.hasMetadata = hasMetadata
      // The endpoints lie behind the MCP server itself, and what they issue is of its origin.
      let origin = fixture.origin
      var metadata: JSONObject = ["issuer": .string(origin)]
      for name in ["authorize", "token", "register"] {
        metadata[name == "authorize" ? "authorization_endpoint" : name == "token" ? "token_endpoint" : "registration_endpoint"] = .string(origin + "/" + name)
      }
      fixture.first.script.metadata = metadata
      fixture.first.script.iss = nil
      fixture.first.script.metadata["authorization_response_iss_parameter_supported"] = .null
      try await fixture.wire(fixture.configuration()).call()
      #expect(fixture.first.seen.grants == ["authorization_code"])
      #expect(fixture.first.seen.tokens.first?.fields["resource"] == fixture.url)

      let strict = fixture.configuration { $0.allowsLegacyDiscovery = false }
      let strictly = try await fixture.wire(strict).failure()
      #expect(strictly?.message.contains("no protected resource metadata") == true)
    }
  }

  static let faults: [DiscoveryFault] = [
    DiscoveryFault(testDescription: "metadata of another issuer", code: .issuerMismatch) { $0.first.script.metadata = ["issuer": "https://honest.example"] },
    DiscoveryFault(testDescription: "an issuer with one slash more", code: .issuerMismatch) { $0.first.script.metadata = ["issuer": .string($0.first.issuer + "/")] },
    DiscoveryFault(testDescription: "an issuer in another form of the same Unicode text", code: .issuerMismatch) {
      $0.first.script.issuerPath = "/K"
      $0.first.script.metadataPath = "/.well-known/oauth-authorization-server/K"
      $0.first.script.metadata = ["issuer": .string($0.first.issuer.replacing("K", with: "\u{212A}"))]
    },
    DiscoveryFault(testDescription: "no PKCE", code: .noPKCE) { $0.first.script.metadata = ["code_challenge_methods_supported": .null] },
    DiscoveryFault(testDescription: "plain PKCE alone", code: .noPKCE) { $0.first.script.metadata = ["code_challenge_methods_supported": ["plain"]] },
    DiscoveryFault(testDescription: "metadata for another resource", code: .resourceMismatch) { $0.script.resource = "https://evil.example.com/mcp" },
    DiscoveryFault(testDescription: "metadata for a neighbour", code: .resourceMismatch) { $0.script.resource = $0.origin + "/mc" },
    DiscoveryFault(testDescription: "a token endpoint over http elsewhere", code: .unsafeURL) {
      $0.first.script.metadata = ["token_endpoint": "http://auth.example/token"]
    },
    DiscoveryFault(testDescription: "an authorization endpoint of another scheme", code: .unsafeURL) {
      $0.first.script.metadata = ["authorization_endpoint": "file:///etc/passwd"]
    },
    DiscoveryFault(testDescription: "no metadata", code: .discovery) { $0.first.script.hasMetadata = false },
    DiscoveryFault(testDescription: "no token endpoint", code: .discovery) { $0.first.script.metadata = ["token_endpoint": .null] },
  ]

  @Test("refuses to go on with wrong metadata, before anything was authorized", arguments: faults)
  func fault(_ fault: DiscoveryFault) async throws {
    try await AuthorizationFixture().serving { fixture in
      fault.spoil(fixture)
      let client = try OAuthClient(fixture.configuration(), client: fixture.client)
      let error = await fixture.refusal(client)
      #expect(error?.code == fault.code)
      #expect(fixture.first.seen.authorizations.isEmpty)
      #expect(fixture.first.seen.tokens.isEmpty)
      #expect(await fixture.wire(client).failure()?.code == .status(401))
    }
  }

  @Test("takes metadata for the whole host, and asks for tokens for what they name")
  func parentResource() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.resource = fixture.origin
      try await fixture.wire(fixture.configuration()).call()
      #expect(fixture.first.seen.authorizations.first?["resource"] == fixture.origin)
      #expect(fixture.first.seen.tokens.first?.fields["resource"] == fixture.origin)
    }
  }

  @Test("wants PKCE announced in OpenID Connect metadata as well")
  func openIDWithoutPKCE() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.metadataPath = "/.well-known/openid-configuration"
      fixture.first.script.metadata = ["code_challenge_methods_supported": .null]
      let error = await fixture.refusal(try OAuthClient(fixture.configuration(), client: fixture.client))
      #expect(error?.code == .noPKCE)
      #expect(fixture.first.seen.authorizations.isEmpty)
    }
  }

  @Test("takes a scheme in upper case, and names the server in its canonical form")
  func canonical() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.metadataPath = nil
      fixture.script.namesMetadata = false
      fixture.first.script.hasMetadata = false
      fixture.first.script.iss = nil
      let loud = fixture.configuration { $0.server = fixture.url.replacing("http://", with: "HTTP://") }
      try await fixture.wire(loud).call()
      #expect(fixture.first.seen.authorizations.first?["resource"] == fixture.url)
      let root = fixture.configuration { $0.server = fixture.origin + "/" }
      _ = await fixture.refusal(try OAuthClient(root, client: fixture.client), location: nil)
      #expect(fixture.first.seen.authorizations.last?["resource"] == fixture.origin)
    }
  }

  @Test("asks no URL that the program's settings forbid")
  func settings() async throws {
    try await AuthorizationFixture().serving { fixture in
      let port = fixture.first.port
      let configuration = fixture.configuration { $0.allows = { $0.origin.port != port } }
      let failure = try await fixture.wire(configuration).failure()
      #expect(failure?.message.contains("not allowed") == true)
      #expect(fixture.first.seen.metadata.isEmpty)
    }
  }

  @Test(
    "needs https, but on this machine",
    arguments: [("http://mcp.example/mcp", false), ("https://mcp.example/mcp", true), ("http://127.0.0.1:1/mcp", true), ("http://localhost.example/", false)])
  func scheme(url: String, isAllowed: Bool) async {
    let configuration = OAuthConfiguration(server: url, grant: .clientCredentials)
    let client = HTTPClient(eventLoopGroup: loops)
    #expect(((try? OAuthClient(configuration, client: client)) != nil) == isAllowed)
    await client.shutdown()
  }
}

extension AuthorizationFixture {
  /// What an authorizer says to the server's first refusal; nil if it is dealt with.
  func refusal(_ client: OAuthClient) async -> OAuthError? { await refusal(client, location: origin + (script.metadataPath ?? "")) }

  func refusal(_ client: OAuthClient, location: String?) async -> OAuthError? {
    let request = HTTPAuthorizationRequest(
      method: .post, origin: HTTPURL(url)!.origin, path: "/mcp", operation: "tools/list")
    do {
      let authorization = try await client.authorize(request)
      let challenge = location.map { "Bearer resource_metadata=\"\($0)\"" } ?? "Bearer"
      let refusal = HTTPAuthorizationRefusal(status: .unauthorized, headers: HTTPHeaders([("WWW-Authenticate", challenge)]))
      _ = try await client.answer(refusal, of: request, sentWith: authorization, attempt: 1)
      return nil
    } catch { return error as? OAuthError }
  }
}
