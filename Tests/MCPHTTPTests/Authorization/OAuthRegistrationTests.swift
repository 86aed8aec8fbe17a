import JSON
import MCP
import MCPAuth
import MCPHTTP
import Testing

@Suite("OAuth client registration")
struct OAuthRegistrationTests {
  static let document = "https://app.example.com/client.json"

  @Test("prefers a registered client, then the metadata document, then dynamic registration")
  func order() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.clients = ["known": ""]
      fixture.first.script.metadata = ["client_id_metadata_document_supported": true]
      let all = fixture.configuration {
        $0.clients = [PreregisteredClient(issuer: fixture.first.issuer, id: "known")]
        $0.clientMetadataURL = Self.document
      }
      try await fixture.wire(all).call()
      let documented = fixture.configuration { $0.clientMetadataURL = Self.document }
      try await fixture.wire(documented).call()
      #expect(fixture.first.seen.registrations.isEmpty)
      fixture.first.script.metadata = [:]
      try await fixture.wire(fixture.configuration { $0.clientMetadataURL = Self.document }).call()
      #expect(fixture.first.seen.registrations.count == 1)
      #expect(fixture.first.seen.authorizations.map { $0["client_id"] } == ["known", Self.document, "client-\(fixture.first.port)-1"])
    }
  }

  @Test("says when there is no way to a client id")
  func none() async throws {
    try await AuthorizationFixture().serving { fixture in
      let error = await fixture.refusal(try OAuthClient(fixture.configuration { $0.registration = nil }, client: fixture.client))
      #expect(error?.code == .registration)
      fixture.first.script.registrationError = "invalid_redirect_uri"
      let refused = await fixture.refusal(try OAuthClient(fixture.configuration(), client: fixture.client))
      #expect(refused?.serverError == "invalid_redirect_uri")
      #expect(refused?.message.contains(AuthorizationFixture.redirectURI) == true)
    }
  }

  @Test(
    "needs an https URL with a path for a metadata document", arguments: ["http://app.example.com/c.json", "https://app.example.com", "https://app.example.com/", "app"])
  func documentURL(url: String) async {
    let client = HTTPClient(eventLoopGroup: loops)
    let configuration = OAuthConfiguration(server: "https://mcp.example/mcp", grant: .clientCredentials, clientMetadataURL: url)
    #expect(throws: OAuthError.self) { try OAuthClient(configuration, client: client) }
    await client.shutdown()
  }

  @Test("describes itself in a metadata document whose client_id is its URL")
  func documentContent() {
    let document = OAuthClientDescription(name: "App", uri: "https://app.example.com").metadataDocument(at: Self.document, redirectURIs: ["http://127.0.0.1/cb"])
    #expect(document["client_id"]?.string == Self.document)
    #expect(document["client_name"] == "App")
    #expect(document["redirect_uris"] == ["http://127.0.0.1/cb"])
  }

  @Test(
    "takes only redirect URIs on this machine or with https",
    arguments: [("http://127.0.0.1:7/cb", true), ("http://localhost/cb", true), ("https://app.example/cb", true), ("http://app.example/cb", false), ("app:/cb", false)])
  func redirectURIs(uri: String, isTaken: Bool) async {
    let client = HTTPClient(eventLoopGroup: loops)
    let configuration = OAuthConfiguration(server: "https://mcp.example/mcp", grant: .authorizationCode(redirectURI: uri) { $0 })
    #expect(((try? OAuthClient(configuration, client: client)) != nil) == isTaken)
    await client.shutdown()
  }

  @Test(
    "registers as the kind of application that its redirect URI shows",
    arguments: [("http://127.0.0.1:7/cb", "native"), ("http://localhost/cb", "native"), ("https://app.example.com/cb", "web")])
  func applicationType(redirectURI: String, type: String) async throws {
    try await AuthorizationFixture().serving { fixture in
      let configuration = fixture.configuration { $0.grant = .authorizationCode(redirectURI: redirectURI, browser: fixture.browser) }
      try await fixture.wire(configuration).call()
      let request = try #require(fixture.first.seen.registrations.first)
      #expect(request["application_type"]?.string == type)
      #expect(request["redirect_uris"] == [.string(redirectURI)])
      #expect(request["grant_types"] == ["authorization_code", "refresh_token"])
      #expect(request["token_endpoint_auth_method"] == "none")
    }
  }

  @Test(
    "authenticates at the token endpoint as the server takes it",
    arguments: [
      ([], "none"), (["none"], "none"), (["client_secret_basic"], "client_secret_basic"), (["client_secret_post"], "client_secret_post"),
      (["private_key_jwt", "client_secret_post"], "client_secret_post"),
    ] as [([String], String)])
  func methods(supported: [String], expected: String) async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.metadata = ["token_endpoint_auth_methods_supported": supported.isEmpty ? .null : .array(supported.map { .string($0) })]
      try await fixture.wire(fixture.configuration()).call()
      #expect(fixture.first.seen.registrations.first?["token_endpoint_auth_method"]?.string == expected)
      let request = try #require(fixture.first.seen.tokens.first)
      #expect((request.authorization != nil) == (expected == "client_secret_basic"))
      #expect((request.fields["client_secret"] != nil) == (expected == "client_secret_post"))
      #expect(request.fields["client_id"] != nil)
    }
  }

  @Test("does as the registration's answer says, whatever it asked for")
  func answer() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.registersMethod = "client_secret_post"
      try await fixture.wire(fixture.configuration()).call()
      #expect(fixture.first.seen.tokens.first?.fields["client_secret"] == "s3cret: 1/é")
    }
  }

  @Test("registers once with a server and uses that again, after a restart as well")
  func reuse() async throws {
    try await AuthorizationFixture().serving { fixture in
      let store = InMemoryTokenStore()
      for subject in ["a", "b"] { try await fixture.wire(fixture.configuration { ($0.store, $0.subject) = (store, subject) }).call() }
      #expect(fixture.first.seen.registrations.count == 1)
      #expect(fixture.first.seen.authorizations.count == 2)
    }
  }

  @Test("registers anew with another authorization server, and sends the old one's credentials nowhere else")
  func migration() async throws {
    try await AuthorizationFixture().serving { fixture in
      let wire = try fixture.wire(fixture.configuration())
      try await wire.call()
      let old = try #require(fixture.requests.last?.token)
      fixture.script.usesSecond = true
      try await wire.call()
      #expect(fixture.second.seen.registrations.count == 1)
      #expect(fixture.second.seen.grants == ["authorization_code"])
      #expect(fixture.second.seen.authorizations.first?["client_id"] == "client-\(fixture.second.port)-1")
      #expect(fixture.first.seen.grants == ["authorization_code"], "the refresh token of the first is not used")
      #expect(fixture.requests.last?.token != old)
    }
  }

  @Test("keeps a metadata document's id when the authorization server changes")
  func portable() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.metadata = ["client_id_metadata_document_supported": true]
      fixture.second.script.metadata = ["client_id_metadata_document_supported": true]
      let wire = try fixture.wire(fixture.configuration { $0.clientMetadataURL = Self.document })
      try await wire.call()
      fixture.script.usesSecond = true
      try await wire.call()
      #expect(fixture.second.seen.authorizations.first?["client_id"] == Self.document)
      #expect(fixture.second.seen.registrations.isEmpty)
    }
  }

  @Test("refuses to send a registered client's credentials to another authorization server", arguments: [true, false])
  func binding(isNamed: Bool) async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.clients = ["known": "secret"]
      fixture.first.script.metadata = ["token_endpoint_auth_methods_supported": ["client_secret_basic"]]
      let wire = try fixture.wire(
        fixture.configuration {
          $0.clients = [PreregisteredClient(issuer: isNamed ? fixture.first.issuer : nil, id: "known", authentication: .secret(Secret("secret")))]
          $0.registration = nil
        })
      try await wire.call()
      fixture.script.usesSecond = true
      let failure = await wire.failure()
      #expect(failure?.message.contains("credentials") == true)
      #expect(fixture.second.seen.authorizations.isEmpty)
      #expect(fixture.second.seen.tokens.isEmpty)
    }
  }

  @Test("registers again when the authorization server has forgotten the client")
  func forgotten() async throws {
    try await AuthorizationFixture().serving { fixture in
      let store = InMemoryTokenStore()
      await store.save(RegisteredClient(id: "gone", method: .none, redirectURI: AuthorizationFixture.redirectURI), issuedBy: fixture.first.issuer)
      try await fixture.wire(fixture.configuration { $0.store = store }).call()
      #expect(fixture.first.seen.registrations.count == 1)
      #expect(fixture.first.seen.authorizations.map { $0["client_id"] } == ["gone", "client-\(fixture.first.port)-1"])
    }
  }
}
