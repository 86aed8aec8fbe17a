import ConnectorKit
import ConnectorTesting
import Crypto
import JSON
import MCP
import MCPHTTP
import OpenAPIConnector
import Synchronization
import Testing

@Suite("People sign in to an API", .timeLimit(.minutes(2)))
struct SignInTests {
  private static let publicURL = "https://sluice.example/connectors/shop"

  private static func description(_ scheme: JSONValue) -> String {
    ([
      "openapi": "3.2.0", "info": ["title": "Shop"],
      "paths": [
        "/a": [
          "get": [
            "operationId": "get", "security": [["main": ["read", "list"]]], "parameters": [["name": "page", "in": "query", "schema": ["type": "integer"]]],
          ], "post": ["operationId": "write", "security": [["main": ["write"]]]],
        ]
      ], "components": ["securitySchemes": ["main": scheme]],
    ] as JSONValue).text
  }

  private static let code: JSONValue = [
    "type": "oauth2",
    "flows": [
      "authorizationCode": [
        "authorizationUrl": "{url}/authorize", "tokenUrl": "{url}/token", "refreshUrl": "{url}/refresh",
        "scopes": ["read": "", "list": "", "write": "", "offline_access": ""],
      ]
    ],
  ]

  private func api(
    _ secrets: TestSecrets, _ scheme: JSONValue = code, _ settings: JSONObject = [:], state: any ConnectorState = InMemoryConnectorState(),
    handlers: ClientHandlers = ClientHandlers()
  ) async throws -> (DescriptionUnderTest, AuthorizationServerDouble) {
    for person in ["ada", "bob", "service"] {
      for number in 1...9 { for kind in ["access", "refresh"] { secrets.guardText("\(kind)-\(person)-\(number)") } }
    }
    let main: JSONObject = ["client_id": "client", "client_secret": .string(try secrets.reference("client", "the-client-secret"))]
    let test = try await DescriptionUnderTest(
      Self.description(scheme), ["operations": ["get"], "security": ["main": .object(main.merging(settings))]], secrets: secrets, publicURL: Self.publicURL, state: state,
      handlers: handlers)
    return (test, AuthorizationServerDouble(test.vendor))
  }

  /// Signs a person in as the browser would.
  private static func signIn(_ api: ConnectorUnderTest<OpenAPIConnector>, _ person: String, link: String) async throws -> String? {
    let state = try #require(link.split(separator: "state=").last.map(String.init))
    let redirect = try await api.route(.get, "/sign-in", query: ["state": state, "go": "1"])
    #expect(try await api.route(.get, "/callback", query: ["state": state, "code": person]).status == 200)
    return redirect.location
  }

  private func signIn(_ test: DescriptionUnderTest, _ person: String) async throws -> String? {
    try await Self.signIn(test.api, person, link: try await test.api.failure("get", as: person))
  }

  @Test("Who has not signed in is asked to, for the scopes of what is offered and no more; then the call goes on")
  func asked() async throws {
    let place = Mutex<String?>(nil)
    let tested = Mutex<ConnectorUnderTest<OpenAPIConnector>?>(nil)
    let handlers = ClientHandlers(url: { question in
      guard let api = tested.withLock({ $0 }) else { return ElicitationResult(.decline) }
      let location = try await Self.signIn(api, "ada", link: question.url)
      place.withLock { $0 = location }
      return ElicitationResult(.accept)
    })
    let secrets = try TestSecrets()
    let (test, _) = try await api(secrets, handlers: handlers)
    tested.withLock { $0 = test.api }
    #expect(try await test.api.structured("get", as: "ada")["body"]?["person"] == "ada")
    let location = try #require(place.withLock { $0 })
    #expect(location.hasPrefix("\(test.vendor.url)/authorize?response_type=code&client_id=client&") && location.contains("code_challenge_method=S256"))
    #expect(location.contains("scope=read%20list%20offline_access&") || location.contains("scope=read+list+offline_access&"), "\(location)")
    // The code is spent with the verifier of the challenge that went along with the browser.
    let challenge = PercentText.fields(String(location.drop { $0 != "?" }.dropFirst())).first { $0.name == "code_challenge" }?.value
    let verifier = try #require(test.vendor.requests.first { $0.path == "/token" }?.form.first { $0.name == "code_verifier" }?.value)
    #expect(challenge == Base64.encode(Array(SHA256.hash(data: Array(verifier.utf8))), urlSafe: true))
    tested.withLock { $0 = nil }
    // Another person is asked for himself.
    #expect(try await test.api.failure("get", as: "bob").contains("declined"))
  }

  @Test("A token that ends between two pages is renewed where the description says, once for all who wait, and people stay apart")
  func expiry() async throws {
    let secrets = try TestSecrets()
    let (test, server) = try await api(secrets)
    for person in ["ada", "bob"] { _ = try await signIn(test, person) }
    var (arguments, pages): (JSONValue, [JSONValue]) = ([:], [])
    for number in 0..<3 {
      if number == 1 { server.expire() }
      let page = try await test.api.structured("get", arguments, as: "ada")
      pages.append(page["body"] ?? .null)
      arguments = page["next"] ?? [:]
    }
    #expect(pages == (1...3).map { ["person": "ada", "page": .int($0)] })
    server.expire()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<16 {
        let person = number.isMultiple(of: 2) ? "ada" : "bob"
        group.addTask {
          let answer = try await test.api.structured("get", as: person)
          #expect(answer["body"]?["person"] == .string(person))
        }
      }
      try await group.waitForAll()
    }
    // Each refresh token works once: had two requests spent one, somebody would have to sign in again.
    let expected = Array(repeating: "/token authorization_code", count: 2) + Array(repeating: "/refresh refresh_token", count: 3)
    #expect(AuthorizationServerDouble.grants(test.vendor) == expected)
    // One that is about to end is renewed before.
    test.api.time.advance(3590)
    _ = try await test.api.structured("get", as: "ada")
    #expect(AuthorizationServerDouble.grants(test.vendor).count == 6)
  }

  @Test("With a token URL of the settings, tokens are renewed there and not where the description says")
  func overridden() async throws {
    let secrets = try TestSecrets()
    let (test, server) = try await api(secrets, Self.code, ["token_url": "{url}/token"])
    _ = try await signIn(test, "ada")
    server.expire()
    _ = try await test.api.structured("get", as: "ada")
    #expect(AuthorizationServerDouble.grants(test.vendor) == ["/token authorization_code", "/token refresh_token"])
  }

  @Test("Where a refresh token is revoked, and where even a renewed token is refused, the person is asked to sign in again")
  func revoked() async throws {
    let secrets = try TestSecrets()
    let (test, server) = try await api(secrets)
    _ = try await signIn(test, "ada")
    server.revoke()
    let again = try await test.api.failure("get", as: "ada")
    #expect(again.contains("no longer accepts the sign-in of ada") && again.contains("\(Self.publicURL)/sign-in?state="), "\(again)")
    _ = try await Self.signIn(test.api, "ada", link: again)
    _ = try await test.api.structured("get", as: "ada")
    test.vendor.reset()
    test.vendor.always("GET", "/a", .json([:], status: 401))
    test.vendor.always("POST", "/refresh", .json(["access_token": "access-ada-9", "refresh_token": "refresh-ada-9", "expires_in": 3600]))
    let refused = try await test.api.failure("get", as: "ada")
    #expect(refused.contains("refuses the sign-in of ada, even renewed") && refused.contains("/sign-in?state="), "\(refused)")
    #expect(test.vendor.requests.map(\.path) == ["/a", "/refresh", "/a"])
  }

  @Test("A rotated refresh token that cannot be stored is not used")
  func notStored() async throws {
    let secrets = try TestSecrets()
    let state = FailingState()
    let (test, _) = try await api(secrets, state: state)
    _ = try await signIn(test, "ada")
    test.api.time.advance(3600)
    await state.breakDown()
    #expect(try await test.api.failure("get", as: "ada").contains("cannot be stored"))
    #expect(!test.vendor.requests.contains { $0.path == "/a" })
  }

  @Test("With a code that is typed in elsewhere, the page and the code are told, and the next call goes on")
  func device() async throws {
    let secrets = try TestSecrets()
    let flows: JSONValue = ["deviceAuthorization": ["deviceAuthorizationUrl": "{url}/device", "tokenUrl": "{url}/token", "scopes": [:]]]
    let (test, server) = try await api(secrets, ["type": "oauth2", "flows": flows], ["client_secret": .null])
    server.hold(1)
    let asked = try await test.api.failure("get", as: "ada")
    #expect(asked.contains("WDJB-MJHT") && asked.contains("https://login.example.com/device"), "\(asked)")
    #expect(test.vendor.requests.last?.form.map { "\($0.name)=\($0.value)" } == ["client_id=client", "scope=read list"])
    #expect(try await test.api.structured("get", as: "ada")["body"]?["person"] == "ada")
    server.expire()
    #expect(try await test.api.structured("get", as: "ada")["body"]?["person"] == "ada")
    #expect(AuthorizationServerDouble.grants(test.vendor).last == "/token refresh_token")
  }

  @Test("Without a word of scopes the service asks for those of what is offered")
  func service() async throws {
    let secrets = try TestSecrets()
    let (test, _) = try await api(secrets, ["type": "oauth2", "flows": ["clientCredentials": ["tokenUrl": "{url}/token", "scopes": [:]]]], ["secret_in": "body"])
    #expect(try await test.api.structured("get", as: "ada")["body"]?["person"] == "service")
    #expect(
      test.vendor.requests.first?.form.map { "\($0.name)=\($0.value)" } == [
        "grant_type=client_credentials", "scope=read list", "client_id=client", "client_secret=the-client-secret",
      ])
  }

  // MARK: OpenID Connect

  private static let openID: JSONValue = ["type": "openIdConnect", "openIdConnectUrl": "{url}/.well-known/openid-configuration"]

  private func configure(_ vendor: VendorDouble, issuer: String? = nil, token: String? = nil) {
    vendor.always(
      "GET", "/.well-known/openid-configuration",
      .json([
        "issuer": .string(issuer ?? vendor.url), "authorization_endpoint": .string("\(vendor.url)/authorize"), "token_endpoint": .string(token ?? "\(vendor.url)/token"),
      ]))
  }

  @Test("The endpoints of an OpenID provider that the settings name are found when somebody signs in, and once")
  func discovered() async throws {
    let secrets = try TestSecrets()
    let (test, server) = try await api(secrets, Self.openID, ["issuer": "{url}"])
    configure(test.vendor)
    #expect(test.vendor.requests.isEmpty)
    let link = try await test.api.failure("get", as: "ada")
    let location = try await Self.signIn(test.api, "ada", link: link)
    #expect(location?.hasPrefix("\(test.vendor.url)/authorize?") == true && location?.contains("openid") == true)
    for _ in 0..<2 {
      #expect(try await test.api.structured("get", as: "ada")["body"]?["person"] == "ada")
      server.expire()
    }
    #expect(test.vendor.requests.count { $0.path.hasPrefix("/.well-known") } == 1)
    #expect(AuthorizationServerDouble.grants(test.vendor) == ["/token authorization_code", "/token refresh_token"])
  }

  @Test("A provider that says to be another, or whose endpoints are elsewhere, is not trusted")
  func foreign() async throws {
    for (issuer, token) in [("https://evil.example", nil), (nil, "https://evil.example/token")] as [(String?, String?)] {
      let secrets = try TestSecrets()
      let (test, _) = try await api(secrets, Self.openID, ["issuer": "{url}"])
      configure(test.vendor, issuer: issuer, token: token)
      let text = try await test.api.failure("get", as: "ada")
      #expect(text.contains("of another issuer") || text.contains("token_endpoint of"), "\(text)")
      #expect(!test.vendor.requests.contains { $0.path == "/token" })
      let findings = await test.api.connector.check()
      #expect(findings.contains { $0.level == .failure && $0.message.hasPrefix("security.main: ") }, "\(findings)")
    }
  }

  @Test("The check tells the callback to register, and the scopes that people are asked for")
  func check() async throws {
    let (test, _) = try await api(try TestSecrets())
    let findings = await test.api.connector.check().map(\.message)
    let told = "security.main: people sign in for the scopes read list offline_access; the callback to register is \(Self.publicURL)/callback"
    #expect(findings.contains(told), "\(findings)")
  }
}
