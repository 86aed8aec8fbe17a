import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import OpenAPIConnector
import Testing

@Suite("Each person's requests carry that person's credentials", .timeLimit(.minutes(2)))
struct PeopleTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var scheme: JSONValue
    /// What goes with a person's request, of the secret `secret-of-ada`.
    var sent: @Sendable (_ secret: String) -> String
    var testDescription: String { name }
  }

  static let rows = [
    Row(name: "apiKey in a header", scheme: ["type": "apiKey", "in": "header", "name": "X-Key"], sent: { $0 }),
    Row(name: "apiKey in the query", scheme: ["type": "apiKey", "in": "query", "name": "key"], sent: { $0 }),
    Row(name: "apiKey in a cookie", scheme: ["type": "apiKey", "in": "cookie", "name": "sid"], sent: { "sid=\($0)" }),
    Row(name: "basic", scheme: ["type": "http", "scheme": "basic"], sent: { "Basic " + MCP.Base64.encode(Array($0.utf8)) }),
    Row(name: "bearer", scheme: ["type": "http", "scheme": "bearer"], sent: { "Bearer \($0)" }),
    Row(name: "oauth2 with tokens", scheme: ["type": "oauth2", "flows": [:]], sent: { "Bearer \($0)" }),
  ]

  private static func place(_ request: CapturedRequest) -> String? {
    request.header("X-Key") ?? request.query("key") ?? request.header("Cookie") ?? request.header("Authorization")
  }

  private func users(_ secrets: TestSecrets) throws -> JSONValue {
    var users = JSONObject()
    for person in ["ada", "bob"] { users[person] = .string(try secrets.reference(person, "secret-of-\(person)")) }
    return .object(users)
  }

  private func api(
    _ schemes: JSONValue, security: JSONValue, _ settings: JSONObject, _ secrets: TestSecrets, isGoverned: Bool = true
  ) async throws -> DescriptionUnderTest {
    let document: JSONValue = [
      "openapi": "3.1.0", "info": ["title": "Petstore"], "paths": ["/a": ["get": ["operationId": "get", "security": security]]],
      "components": ["securitySchemes": schemes],
    ]
    return try await DescriptionUnderTest(document.text, settings, secrets: secrets, isGoverned: isGoverned)
  }

  @Test("Nobody is asked for by the ETag of an answer to somebody else", arguments: rows)
  func tags(_ row: Row) async throws {
    let secrets = try TestSecrets()
    let test = try await api(["main": row.scheme], security: [["main": []]], ["security": ["main": ["users": try users(secrets)]]], secrets)
    let known = Dictionary(uniqueKeysWithValues: ["ada", "bob"].map { (row.sent("secret-of-\($0)"), $0) })
    test.vendor.always("GET", "/a") { request in
      guard request.header("If-None-Match") == nil else { return .status(304) }
      return .json(["person": .string(Self.place(request).flatMap { known[$0] } ?? "")], headers: [("ETag", "\"v1\"")])
    }
    for person in ["ada", "bob", "ada", "bob"] {
      #expect(try await test.api.structured("get", as: person)["body"] == ["person": .string(person)])
    }
    #expect(test.vendor.requests.map { $0.header("If-None-Match") } == [nil, nil, "\"v1\"", "\"v1\""])
  }

  @Test("Two people side by side are never mixed, and who has no secret is refused before anything is sent", arguments: rows)
  func sideBySide(_ row: Row) async throws {
    let secrets = try TestSecrets()
    let test = try await api(["main": row.scheme], security: [["main": []]], ["security": ["main": ["users": try users(secrets)]]], secrets)
    // The API answers with whose credential it saw.
    let known = Dictionary(uniqueKeysWithValues: ["ada", "bob"].map { (row.sent("secret-of-\($0)"), $0) })
    test.vendor.always("GET", "/a") { .json(["person": Self.place($0).flatMap { known[$0] }.map { .string($0) } ?? .null]) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<24 {
        let person = number.isMultiple(of: 2) ? "ada" : "bob"
        group.addTask {
          let answer = try await test.api.structured("get", as: person)
          #expect(answer["body"] == ["person": .string(person)])
        }
      }
      try await group.waitForAll()
    }
    let count = test.vendor.requests.count
    #expect(try await test.api.failure("get", as: "eve").contains("no Petstore credential"))
    #expect(try await test.api.failure("get").contains("in whose name"))
    #expect(test.vendor.requests.count == count)
    // What is refused stays that person's, and the others go on.
    test.vendor.reset()
    test.vendor.always("GET", "/a") { Self.place($0).flatMap { known[$0] } == "ada" ? .json([:], status: 401) : .json([:]) }
    #expect(try await test.api.failure("get", as: "ada").contains("refuses the credential of ada"))
    _ = try await test.api.structured("get", as: "bob")
  }

  @Test("Who signs in is asked for the scopes of an alternative that only others have a secret for")
  func laterAlternative() async throws {
    let secrets = try TestSecrets()
    let oauth: JSONValue = [
      "type": "oauth2",
      "flows": ["authorizationCode": ["authorizationUrl": "https://login.example/authorize", "tokenUrl": "https://login.example/token", "scopes": ["read": ""]]],
    ]
    let document: JSONValue = [
      "openapi": "3.1.0", "info": ["title": "Petstore"],
      "paths": ["/a": ["get": ["operationId": "get", "security": [["key": []], ["oauth": ["read"]]]]]],
      "components": ["securitySchemes": ["key": ["type": "apiKey", "in": "header", "name": "X-Key"], "oauth": oauth]],
    ]
    let test = try await DescriptionUnderTest(
      document.text, ["security": ["key": ["users": try users(secrets)], "oauth": ["client_id": "client"]]], secrets: secrets,
      publicURL: "https://sluice.example/connectors/shop")
    let findings = await test.api.connector.check().map(\.message)
    #expect(findings.contains { $0.hasPrefix("security.oauth: people sign in for the scopes read;") }, "\(findings)")
  }

  @Test("Alone the person is whom the settings name")
  func alone() async throws {
    let secrets = try TestSecrets()
    let test = try await api(
      ["main": ["type": "http", "scheme": "bearer"]], security: [["main": []]],
      ["user": "bob", "probe": "get", "security": ["main": ["users": try users(secrets)]]], secrets, isGoverned: false)
    test.vendor.always("GET", "/a", .json([:]))
    #expect(await test.api.connector.check().allSatisfy { $0.level == .ok })
    #expect(test.vendor.requests.map { $0.header("Authorization") } == ["Bearer secret-of-bob"])
  }

  /// Settings of the schemes `own` (ada and bob have secrets), `shared` (one of the application) and `adas` (hers alone), by who can call.
  static let alternatives: [(security: JSONValue, ada: [String]?, bob: [String]?)] = [
    ([["own": []], ["shared": []]], ["O-ada"], ["O-bob"]), ([["adas": []], ["own": []]], ["A-ada"], ["O-bob"]),
    ([["adas": []], ["shared": []]], ["A-ada"], ["S-app"]), ([["own": [], "shared": []]], ["O-ada", "S-app"], ["O-bob", "S-app"]),
    ([["adas": [], "shared": []]], ["A-ada", "S-app"], nil), ([["none": []], ["adas": []]], ["A-ada"], nil),
    ([["own": [], "none": []], ["shared": []]], ["S-app"], ["S-app"]), ([[:], ["adas": []]], ["A-ada"], []), ([], [], []),
  ]

  @Test("Of the alternatives of an operation the first counts all of whose schemes the caller has", arguments: alternatives)
  func alternative(_ security: JSONValue, _ ada: [String]?, _ bob: [String]?) async throws {
    let secrets = try TestSecrets()
    func scheme(_ name: String) -> JSONValue { ["type": "apiKey", "in": "header", "name": .string("X-\(name)")] }
    func secret(_ value: String) throws -> JSONValue { .string(try secrets.reference(value, value)) }
    let test = try await api(
      ["own": scheme("Own"), "shared": scheme("Shared"), "adas": scheme("Adas"), "none": scheme("None")], security: security,
      [
        "security": [
          "own": ["users": ["ada": try secret("O-ada"), "bob": try secret("O-bob")]], "shared": ["key": try secret("S-app"), "shared": true],
          "adas": ["users": ["ada": try secret("A-ada")]],
        ]
      ], secrets)
    test.vendor.always("GET", "/a", .json([:]))
    for (person, sent) in [("ada", ada), ("bob", bob)] {
      guard let sent else {
        #expect(try await test.api.failure("get", as: person).contains("no Petstore credential of"))
        continue
      }
      _ = try await test.api.structured("get", as: person)
      let headers = test.vendor.requests.last?.headers.filter { $0.name.lowercased().hasPrefix("x-") }.map(\.value) ?? []
      #expect(headers.sorted() == sent, "\(person)")
    }
  }

  @Test("Headers that the description knows nothing of are each person's own as well")
  func headers() async throws {
    let secrets = try TestSecrets()
    let test = try await api(
      [:], security: [],
      [
        "headers": [
          "Authorization": ["users": ["ada": .string("Bearer " + (try secrets.reference("ada", "secret-of-ada")))]],
          "X-Api-Key": .string(try secrets.reference("app", "key-of-the-app")),
        ]
      ], secrets)
    test.vendor.always("GET", "/a", .json([:]))
    _ = try await test.api.structured("get", as: "ada")
    _ = try await test.api.failure("get", as: "bob")
    #expect(test.vendor.requests.map { [$0.header("Authorization"), $0.header("X-Api-Key")] } == [["Bearer secret-of-ada", "key-of-the-app"]])
  }

  @Test("What the settings put into a request is no argument")
  func fixed() async throws {
    let secrets = try TestSecrets()
    func parameter(_ name: String, _ place: String) -> JSONValue { ["name": .string(name), "in": .string(place), "schema": ["type": "string"]] }
    let test = try await DescriptionUnderTest(
      paths: [
        "/a": [
          "get": [
            "operationId": "get", "security": [["main": []]],
            "parameters": [parameter("key", "query"), parameter("x-tenant", "header"), parameter("q", "query"), parameter("sid", "cookie")],
          ]
        ]
      ], components: ["securitySchemes": ["main": ["type": "apiKey", "in": "query", "name": "key"]]],
      settings: ["headers": ["X-Tenant": "acme"], "security": ["main": ["key": .string(try secrets.reference("key", "the-secret-key"))]]], secrets: secrets)
    #expect(Set(try await test.tool("get")?.inputSchema["properties"]?.object?.map(\.name) ?? []) == ["q", "sid"])
  }

  static let refused: [(settings: JSONObject, says: String)] = [
    (["act_as": "service", "security": ["main": ["users": ["ada": "${env:A}"]]]], "act_as: people have credentials of their own"),
    (["act_as": "caller", "security": ["main": ["token": "${env:A}"]]], "main.users: is needed with act_as: caller"),
    (["security": ["main": ["token": "${env:A}", "shared": true, "users": ["ada": "${env:A}"]]]], "main.shared"),
    (["security": ["main": ["users": ["ada": "plain-secret"]]]], "${env:NAME}"), (["security": ["main": ["users": [:]]]], "main.token: is needed"),
    (["act_as": "caller", "headers": ["Authorization": "Bearer ${env:A}"]], "headers.Authorization: is one credential for all"),
    (["security": ["oauth": ["client_id": "x"]]], "client_secret"), (["security": ["oauth": ["client_id": "x", "flow": "implicit"]]], "expected authorization_code"),
    (["security": ["oauth": ["client_id": "x", "flow": "authorization_code"]]], "signing in needs HTTP"),
    (["security": ["oauth": ["client_id": "x", "flow": "device"]]], "oauth.token_url: expected an https URL"),
    (["security": ["oauth": ["client_id": "x", "flow": "device", "shared": true]]], "people sign in for themselves"),
    (["security": ["oauth": ["client_id": "x", "client_secret": "${env:A}", "issuer": "https://login.example.com"]]], "oauth.issuer"),
    (["security": ["oauth": ["client_id": "x", "client_secret": "${env:A}", "secret_in": "query"]]], "expected header or body"),
  ]

  @Test("Settings by which somebody would act with another's credential, or nobody could, are refused", arguments: refused)
  func mistakes(_ settings: JSONObject, _ says: String) async throws {
    do {
      _ = try await api(
        [
          "main": ["type": "http", "scheme": "bearer"],
          "oauth": [
            "type": "oauth2",
            "flows": [
              "authorizationCode": ["authorizationUrl": "https://x.example/a", "tokenUrl": "https://x.example/t", "scopes": [:]],
              "clientCredentials": ["tokenUrl": "https://x.example/t", "scopes": [:]],
            ],
          ],
        ], security: [["main": []], ["oauth": []]], settings, try TestSecrets())
      Issue.record("accepted")
    } catch { #expect("\(error)".contains(says) && !"\(error)".contains("plain-secret"), "\(error)") }
  }

  @Test("The check says which secrets cannot be read, and which operations lack which schemes")
  func check() async throws {
    let secrets = try TestSecrets()
    let document: JSONValue = [
      "openapi": "3.1.0", "info": ["title": "Petstore"],
      "paths": [
        "/a": ["get": ["operationId": "get_a", "security": [["main": []]]], "put": ["operationId": "put_a", "security": [["main": [], "other": []], ["third": []]]]],
        "/b": ["get": ["operationId": "get_b", "security": [["other": []]]], "put": ["operationId": "put_b", "security": [["other": []]]]],
      ],
      "components": [
        "securitySchemes": [
          "main": ["type": "http", "scheme": "bearer"], "other": ["type": "http", "scheme": "basic"], "third": ["type": "apiKey", "in": "query", "name": "k"],
        ]
      ],
    ]
    let test = try await DescriptionUnderTest(
      document.text,
      ["security": ["main": ["users": ["ada": .string(try secrets.reference("ada", "secret-of-ada")), "bob": "${file:/nonexistent/secret-of-bob}"]]], "probe": "get_a"],
      secrets: secrets)
    let findings = await test.api.connector.check()
    #expect(findings.contains { $0.level == .warning && $0.message == "no secret for the security scheme other: not offered are get_b, put_b" }, "\(findings)")
    #expect(findings.contains { $0.message == "no secret for the security scheme other, or third: not offered are put_a" }, "\(findings)")
    #expect(findings.contains { $0.level == .failure && $0.message.hasPrefix("security.main: ") && $0.message.contains("bob") }, "\(findings)")
    #expect(findings.contains { $0.message.contains("get_a was not tried") && $0.remedy?.contains("user") == true }, "\(findings)")
  }
}
