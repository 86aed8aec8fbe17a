import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import OpenAPIConnector
import Testing

@Suite("Security schemes of a description", .timeLimit(.minutes(2)))
struct SecurityTests {
  /// The places of a credential, by the scheme that asks for it.
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var scheme: JSONValue
    /// `{secret}` stands for the reference.
    var settings: JSONObject
    var header: (name: String, value: String)?
    var query: String?
    var testDescription: String { name }
  }

  static let secret = "s3cr3t/with=sign&s"
  static let rows = [
    Row(name: "apiKey in a header", scheme: ["type": "apiKey", "in": "header", "name": "X-Key"], settings: ["key": "{secret}"], header: ("X-Key", secret)),
    Row(name: "apiKey in the query", scheme: ["type": "apiKey", "in": "query", "name": "key"], settings: ["key": "{secret}"], query: secret),
    Row(
      name: "apiKey in a cookie", scheme: ["type": "apiKey", "in": "cookie", "name": "sid"], settings: ["key": "{secret}"],
      header: ("Cookie", "sid=\(secret)")),
    Row(
      name: "basic", scheme: ["type": "http", "scheme": "Basic"], settings: ["username": "ada", "password": "{secret}"],
      header: ("Authorization", "Basic " + MCP.Base64.encode(Array("ada:\(secret)".utf8)))),
    Row(name: "bearer", scheme: ["type": "http", "scheme": "bearer"], settings: ["token": "{secret}"], header: ("Authorization", "Bearer \(secret)")),
    Row(name: "oauth2 with a token", scheme: ["type": "oauth2", "flows": [:]], settings: ["token": "{secret}"], header: ("Authorization", "Bearer \(secret)")),
    Row(
      name: "openIdConnect", scheme: ["type": "openIdConnect", "openIdConnectUrl": "https://example.com"], settings: ["token": "{secret}"],
      header: ("Authorization", "Bearer \(secret)")),
  ]

  private func api(_ scheme: JSONValue, security: JSONValue = [["main": []]], _ settings: JSONObject, _ secrets: TestSecrets) async throws -> DescriptionUnderTest {
    try await DescriptionUnderTest(
      paths: ["/a": ["get": ["operationId": "get", "security": security]]], components: ["securitySchemes": ["main": scheme]], settings: settings, secrets: secrets)
  }

  @Test("Each scheme puts its secret where the description says, and nowhere else", arguments: rows)
  func schemes(_ row: Row) async throws {
    let secrets = try TestSecrets()
    let reference = try secrets.reference("secret", Self.secret)
    let part = row.settings.reduce(into: JSONObject()) { $0[$1.name] = $1.value == "{secret}" ? .string(reference) : $1.value }
    let test = try await api(row.scheme, ["security": ["main": .object(part)]], secrets)
    let request = try #require(try await test.request("get", [:]))
    if let header = row.header { #expect(request.header(header.name) == header.value) } else { #expect(request.header("Authorization") == nil) }
    #expect(request.query.map(\.value) == (row.query.map { [$0] } ?? []))
    // Refusals, failures and the log do not repeat it either: every answer is searched for it.
    test.vendor.reset()
    test.vendor.on("GET", "/a", .json(["message": "no"], status: 403), .json([:], status: 401), .lost, .lost, .lost, .lost)
    #expect(try await test.api.failure("get").contains("no"))
    #expect(try await test.api.failure("get").contains("refuses the credential"))
    _ = try await test.api.call("get")
    // A rotated secret counts at once.
    _ = try secrets.reference("secret", "another-secret")
    _ = try await test.request("get", [:])
    #expect(try #require(test.vendor.requests.last).headers.contains { $0.value.contains("s3cr3t") } == false)
  }

  @Test("A secret that would end its cookie is not sent", arguments: ["s3cr3t; b=c", "s3cr3t b", "s3cr3t\tb"])
  func cookie(_ secret: String) async throws {
    let secrets = try TestSecrets()
    let reference = try secrets.reference("secret", secret)
    let test = try await api(["type": "apiKey", "in": "cookie", "name": "sid"], ["security": ["main": ["key": .string(reference)]]], secrets)
    #expect(try await test.api.failure("get").contains("characters that a cookie cannot have"))
    #expect(test.vendor.requests.isEmpty)
  }

  @Test("Client credentials are exchanged once, renewed once when the API refuses the token, and never shown")
  func clientCredentials() async throws {
    let secrets = try TestSecrets()
    secrets.guardText("granted-token-1")
    secrets.guardText("granted-token-2")
    let reference = try secrets.reference("client", "client-secret")
    let test = try await DescriptionUnderTest(
      ([
        "openapi": "3.1.0", "info": ["title": "T"], "paths": ["/a": ["get": ["operationId": "get", "security": [["main": ["read"]]]]]],
        "components": ["securitySchemes": ["main": ["type": "oauth2", "flows": ["clientCredentials": ["tokenUrl": "{url}/token", "scopes": [:]]]]]],
      ] as JSONValue).text,
      ["security": ["main": ["client_id": "me", "client_secret": .string(reference), "scopes": ["read", "list"]]]], secrets: secrets)
    for number in 1...2 { test.vendor.on("POST", "/token", .json(["access_token": .string("granted-token-\(number)"), "token_type": "Bearer", "expires_in": 3600])) }
    test.vendor.on("GET", "/a", .json([:]), .json([:]), .json([:], status: 401), .json(["again": true]))
    for _ in 0..<2 { _ = try await test.api.structured("get") }
    #expect(try await test.api.structured("get")["body"] == ["again": true])
    let grants = test.vendor.requests.filter { $0.path == "/token" }
    #expect(grants.count == 2)
    #expect(grants.allSatisfy { $0.form.map { "\($0.name)=\($0.value)" } == ["grant_type=client_credentials", "scope=read list"] })
    #expect(grants.first?.header("Authorization") == "Basic " + MCP.Base64.encode(Array("me:client-secret".utf8)))
    #expect(test.vendor.requests.filter { $0.path == "/a" }.map { $0.header("Authorization") ?? "" } == [1, 1, 1, 2].map { "Bearer granted-token-\($0)" })
  }

  static let alternativeCases: [(security: JSONValue, offered: Bool, sent: Bool)] = [
    ([["main": []]], true, true), ([], true, false), ([[:]], true, false), ([[:], ["main": []]], true, true), ([["other": []], ["main": []]], true, true),
    ([["main": [], "other": []]], false, false), ([["other": []]], false, false),
  ]

  @Test("Of the alternatives of an operation one that has its secrets is taken; without any the operation is not offered", arguments: alternativeCases)
  func alternatives(_ security: JSONValue, _ offered: Bool, _ sent: Bool) async throws {
    let secrets = try TestSecrets()
    let test = try await api(
      ["type": "http", "scheme": "bearer"], security: security, ["security": ["main": ["token": .string(try secrets.reference("t", "token-of-main"))]]], secrets)
    #expect((try await test.tool("get") != nil) == offered)
    if offered { #expect(try await test.request("get", [:])?.header("Authorization") == (sent ? "Bearer token-of-main" : nil)) }
  }

  @Test("The security of the whole description holds where an operation says nothing, and an empty one lifts it")
  func inherited() async throws {
    let document: JSONValue = [
      "openapi": "3.0.3", "info": ["title": "T"], "security": [["main": []]],
      "paths": ["/a": ["get": ["operationId": "a"]], "/b": ["get": ["operationId": "b", "security": []]]],
      "components": ["securitySchemes": ["main": ["type": "http", "scheme": "bearer"]]],
    ]
    let without = try await DescriptionUnderTest(document.text)
    #expect(try await without.api.client.listTools().map(\.name) == ["b"])
    #expect(await without.api.connector.check().contains { $0.message.contains("no secret for the security scheme main") })
  }

  @Test("Headers may hold secrets by reference, for APIs whose description leaves out how they authenticate")
  func headers() async throws {
    let secrets = try TestSecrets()
    let reference = try secrets.reference("token", "ghp_0123456789")
    let test = try await DescriptionUnderTest(
      paths: ["/a": ["get": ["operationId": "get", "parameters": [["name": "X-Plain", "in": "header", "schema": ["type": "string"]]]]]],
      settings: ["headers": ["Authorization": .string("Bearer \(reference)"), "X-Plain": "plain"]], secrets: secrets)
    let request = try await test.request("get", [:])
    #expect(request?.header("Authorization") == "Bearer ghp_0123456789" && request?.header("X-Plain") == "plain")
    #expect(
      ConnectorUnderTest<OpenAPIConnector>.refusal([
        "description": .string(test.descriptionPath), "base_url": "https://x.example", "headers": ["authorization": "Bearer abc"],
      ]).contains("${env:NAME}"))
  }

  static let wrongCases: [(scheme: JSONValue, settings: JSONValue, says: String)] = [
    (["type": "apiKey", "in": "header", "name": "K"], ["key": "plain-secret-in-file"], "${env:NAME}"),
    (["type": "apiKey", "in": "header", "name": "K"], [:], "key: is needed"),
    (["type": "http", "scheme": "basic"], ["username": "ada"], "password: is needed"),
    (["type": "http", "scheme": "basic"], ["password": "${env:X}"], "username: is needed"),
    (["type": "http", "scheme": "bearer"], ["key": "${env:X}"], "key: unknown key"), (["type": "http", "scheme": "digest"], ["token": "${env:X}"], "cannot be used"),
    (["type": "mutualTLS"], ["token": "${env:X}"], "cannot be used"), (["type": "oauth2"], ["client_id": "x", "client_secret": "${env:X}"], "token_url"),
    (["type": "oauth2"], ["client_id": "x", "client_secret": "${env:X}", "token_url": "http://evil.example/"], "https"),
  ]

  @Test("Settings that do not fit a scheme are refused, and a secret that stands in them is not repeated", arguments: wrongCases)
  func wrong(_ scheme: JSONValue, _ settings: JSONValue, _ says: String) async throws {
    do {
      _ = try await api(scheme, ["security": ["main": settings]], try TestSecrets())
      Issue.record("accepted")
    } catch { #expect("\(error)".contains(says) && !"\(error)".contains("plain-secret"), "\(error)") }
  }

  @Test("A scheme that the description does not have is named, with those that it has")
  func unknown() async throws {
    do {
      _ = try await api(["type": "http", "scheme": "bearer"], ["security": ["mian": ["token": "${env:X}"]]], try TestSecrets())
      Issue.record("accepted")
    } catch { #expect("\(error)".contains("mian") && "\(error)".contains("It has: main")) }
  }
}
