import JSON
import MCP
import MCPAuth
import MCPHTTP
import Synchronization
import Testing

struct IssuerAnswer: Sendable, CustomTestStringConvertible {
  var testDescription: String
  /// `{issuer}` for the right one.
  var iss: String?
  var isAnnounced: Bool
  var code: OAuthError.Code?
}

@Suite("OAuth authorization code")
struct AuthorizationCodeTests {
  @Test("sends PKCE, state, the resource and the server's scopes, and the token in a header only")
  func request() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.scopes = { _ in ["mcp:read", "mcp:list"] }
      try await fixture.wire(fixture.configuration()).call("add")
      let asked = try #require(fixture.first.seen.authorizations.first)
      #expect(asked["response_type"] == "code")
      #expect(asked["code_challenge_method"] == "S256")
      #expect(asked["code_challenge"]?.utf8.count == 43)
      #expect((asked["state"]?.utf8.count ?? 0) >= 32)
      #expect(asked["scope"] == "mcp:read mcp:list")
      #expect(asked["resource"] == fixture.url)
      let token = try #require(fixture.first.seen.tokens.first).fields
      #expect(token["resource"] == fixture.url)
      #expect(token["redirect_uri"] == AuthorizationFixture.redirectURI)
      #expect((43...128).contains(token["code_verifier"]?.utf8.count ?? 0))
      #expect(fixture.requests.last?.headers["Authorization"]?.hasPrefix("Bearer ") == true)
      #expect(fixture.requests.allSatisfy { $0.query == nil })
    }
  }

  @Test(
    "asks for the challenge's scopes, else for those of the metadata, else for none",
    arguments: [(["a"], ["b", "c"], "a"), ([], ["b", "c"], "b c"), ([], [], nil)] as [([String], [String], String?)])
  func scopes(challenge: [String], supported: [String], expected: String?) async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.scopes = { _ in challenge }
      fixture.script.namesScopes = !challenge.isEmpty
      fixture.script.scopesSupported = supported
      try await fixture.wire(fixture.configuration()).call()
      #expect(fixture.first.seen.authorizations.first?["scope"] == expected)
    }
  }

  @Test("asks for offline access only where the authorization server offers it, and then with consent", arguments: [true, false], [true, false])
  func offlineAccess(isOffered: Bool, isWanted: Bool) async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.scopes = { _ in ["mcp"] }
      if isOffered { fixture.first.script.metadata = ["scopes_supported": ["mcp", "offline_access"]] }
      try await fixture.wire(fixture.configuration { $0.wantsRefreshToken = isWanted }).call()
      let asked = try #require(fixture.first.seen.authorizations.first)
      #expect(asked["scope"] == (isOffered && isWanted ? "mcp offline_access" : "mcp"))
      #expect(asked["prompt"] == (isOffered && isWanted ? "consent" : nil))
    }
  }

  static let answers: [IssuerAnswer] = [
    IssuerAnswer(testDescription: "announced and right", iss: "{issuer}", isAnnounced: true, code: nil),
    IssuerAnswer(testDescription: "announced and missing", iss: nil, isAnnounced: true, code: .issuerMismatch),
    IssuerAnswer(testDescription: "announced and wrong", iss: "https://evil.example", isAnnounced: true, code: .issuerMismatch),
    IssuerAnswer(testDescription: "announced, with a slash more", iss: "{issuer}/", isAnnounced: true, code: .issuerMismatch),
    IssuerAnswer(testDescription: "not announced and right", iss: "{issuer}", isAnnounced: false, code: nil),
    IssuerAnswer(testDescription: "not announced and wrong", iss: "https://evil.example", isAnnounced: false, code: .issuerMismatch),
    IssuerAnswer(testDescription: "neither announced nor there", iss: nil, isAnnounced: false, code: nil),
  ]

  @Test("compares the issuer of the redirect as RFC 9207 says, before the code goes anywhere", arguments: answers)
  func issuer(answer: IssuerAnswer) async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.iss = answer.iss
      if !answer.isAnnounced { fixture.first.script.metadata = ["authorization_response_iss_parameter_supported": .null] }
      let error = await fixture.refusal(try OAuthClient(fixture.configuration(), client: fixture.client))
      #expect(error?.code == answer.code)
      #expect(fixture.first.seen.tokens.count == (answer.code == nil ? 1 : 0))
    }
  }

  @Test("does not use or show an error that comes with a wrong issuer or state")
  func errorOfAnother() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.authorizationError = "access_denied"
      let declined = await fixture.refusal(try OAuthClient(fixture.configuration(), client: fixture.client))
      #expect(declined?.code == .denied)
      #expect(declined?.serverError == "access_denied")
      #expect(declined?.message.contains("not today") == true)
      fixture.first.script.iss = "https://evil.example"
      let mismatched = await fixture.refusal(try OAuthClient(fixture.configuration(), client: fixture.client))
      #expect(mismatched?.code == .issuerMismatch)
      #expect(mismatched?.message.contains("not today") == false)
      fixture.first.script.iss = "{issuer}"
      fixture.first.script.state = "other"
      let foreign = await fixture.refusal(try OAuthClient(fixture.configuration(), client: fixture.client))
      #expect(foreign?.code == .redirect)
      #expect(foreign?.message.contains("not today") == false)
    }
  }

  @Test(
    "takes nothing but a whole answer at its redirect URI",
    arguments: [
      "http://127.0.0.1:39999/other?code=a&state={state}", "http://127.0.0.1:39998/callback?code=a&state={state}", "http://127.0.0.1:39999/callback",
      "http://127.0.0.1:39999/callback?state={state}", "http://127.0.0.1:39999/callback?code=a&code=b&state={state}",
      "http://127.0.0.1:39999/callback?code=a%zz&state={state}",
      "http://127.0.0.1:39999/callback?code=a", "http://127.0.0.1:39999/callback#code=a&state={state}", "",
    ])
  func redirects(redirect: String) async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.metadata = ["authorization_response_iss_parameter_supported": .null]
      let browser: OAuthGrant.Browser = { url in
        let state = Form.decode(String(url.split(separator: "?")[1]))["state"] ?? ""
        return redirect.replacing("{state}", with: state)
      }
      let configuration = fixture.configuration { $0.grant = .authorizationCode(redirectURI: AuthorizationFixture.redirectURI, browser: browser) }
      let error = await fixture.refusal(try OAuthClient(configuration, client: fixture.client))
      #expect(error?.code == .redirect)
      #expect(fixture.first.seen.tokens.isEmpty)
    }
  }

  @Test("adds to the query that an authorization endpoint has")
  func query() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.metadata = ["authorization_endpoint": .string(fixture.first.origin + "/authorize?tenant=7")]
      try await fixture.wire(fixture.configuration()).call()
      #expect(fixture.first.seen.authorizations.first?["tenant"] == "7")
      #expect(fixture.first.seen.authorizations.first?["response_type"] == "code")
    }
  }

  @Test("makes a new state and verifier for each authorization")
  func fresh() async throws {
    try await AuthorizationFixture().serving { fixture in
      for _ in 0..<3 { try await fixture.wire(fixture.configuration()).call() }
      let seen = fixture.first.seen
      #expect(Set(seen.authorizations.compactMap { $0["state"] }).count == 3)
      #expect(Set(seen.tokens.compactMap { $0.fields["code_verifier"] }).count == 3)
    }
  }

  @Test(
    "gives up on a token endpoint that answers with something unusable",
    arguments: [("invalid_grant", nil), (nil, "mac"), ("server_error", nil)] as [(String?, String?)])
  func tokenEndpoint(error: String?, type: String?) async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.tokenError = error
      fixture.first.script.tokenType = type
      let failure = await fixture.refusal(try OAuthClient(fixture.configuration(), client: fixture.client))
      #expect(failure?.code == .token)
      #expect(failure?.serverError == error)
      #expect(fixture.first.seen.tokens.count == 1)
    }
  }

  @Test("sends its token to the MCP server's origin only")
  func origin() async throws {
    try await AuthorizationFixture().serving { fixture in
      let client = try OAuthClient(fixture.configuration(), client: fixture.client)
      try await fixture.wire(client).call()
      let elsewhere = HTTPAuthorizationRequest(method: .post, origin: HTTPOrigin(scheme: .https, host: "127.0.0.1", port: 1), path: "/mcp", operation: "")
      let authorization = try await client.authorize(elsewhere)
      #expect(authorization.headers.isEmpty)
    }
  }

  @Test("shows no secret in what it says or prints")
  func secrets() {
    let set = TokenSet(key: TokenKey(issuer: "i", resource: "r"), accessToken: Secret("hidden-1"), refreshToken: Secret("hidden-2"), clientID: "c")
    var text = ""
    dump(set, to: &text)
    text += "\(set) \(String(reflecting: set)) \(Secret("hidden-3")) \(SigningKey.generate())"
    #expect(!text.contains("hidden"))
  }
}
