import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import OpenAPIConnector
import Testing

@Suite("Operations with servers of their own", .timeLimit(.minutes(2)))
struct ServerTests {
  /// `{url}` is the double of the base URL.
  private static func description(_ other: String) -> String {
    """
    openapi: 3.1.0
    info: {title: Pets, version: 1.0}
    servers: [{url: "{url}/v1"}, {url: "https://backup.example.com"}]
    security: [{key: []}]
    paths:
      /pets: {get: {operationId: list_pets}}
      /status:
        servers: [{url: "{url}/health/"}]
        get: {operationId: status}
        head: {operationId: status_again, servers: [{url: "{url}/v1"}]}
      /reports/{id}:
        servers: [{url: "/v{number}", variables: {number: {default: 2}}}]
        get: {operationId: get_report}
      /files:
        put: {operationId: upload, servers: [{url: "\(other)/u/{tenant}"}, {url: "\(other)/uploads"}]}
        post: {operationId: elsewhere, servers: [{url: "https://elsewhere.example.com/x"}, {url: "up/there"}]}
        patch: {operationId: relative, servers: [{url: "../there"}]}
        delete: {operationId: climbing, servers: [{url: "/a/../b"}]}
        get: {operationId: list_files, servers: []}
    components:
      securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
    """
  }

  private static func settings(_ secrets: TestSecrets, _ more: JSONObject = [:]) throws -> JSONObject {
    let settings: JSONObject = ["base_url": .null, "security": ["key": ["key": .string(try secrets.reference("key", "swordfish-123"))]]]
    return settings.merging(more)
  }

  @Test("go to their path of the base URL's origin; those of other origins are left out, and it is said how to have them")
  func ownServers() async throws {
    let secrets = try TestSecrets()
    let test = try await DescriptionUnderTest(Self.description("https://uploads.example.com"), try Self.settings(secrets), secrets: secrets)
    for (tool, arguments, path) in [
      ("list_pets", [:], "/v1/pets"), ("status", [:], "/health/status"), ("status_again", [:], "/v1/status"), ("get_report", ["id": "a b"], "/v2/reports/a%20b"),
      ("list_files", [:], "/v1/files"),
    ] as [(String, JSONValue, String)] {
      let request = try await test.request(tool, arguments)
      #expect(request?.path == path, "\(tool)")
      #expect(request?.header("X-Key") == "swordfish-123")
    }
    #expect(try await Set(test.tools().map(\.name)) == ["list_pets", "status", "status_again", "get_report", "list_files"])
    let problems = await test.api.connector.check().map(\.message).filter { $0.hasPrefix("left out") }
    #expect(problems.count == 4, "\(problems)")
    #expect(problems.contains { $0.hasPrefix("left out: PUT /files: ") && $0.contains(#"servers: {"https://uploads.example.com": "https://uploads.example.com"}"#) })
    #expect(problems.contains { $0.hasPrefix("left out: PATCH /files: ") && $0.contains("\"../there\" is no URL") }, "\(problems)")
  }

  @Test("of an origin that the settings name go where these say, and nowhere else")
  func named() async throws {
    let (secrets, uploads) = (try TestSecrets(), try await VendorDouble())
    uploads.always("PUT", "/**", .json([:]))
    let settings = try Self.settings(secrets, ["servers": ["https://uploads.example.com": .string(uploads.url)]])
    let test = try await DescriptionUnderTest(Self.description("https://uploads.example.com"), settings, secrets: secrets)
    _ = try await test.api.structured("upload")
    #expect(uploads.requests.map(\.path) == ["/uploads/files"] && uploads.requests.first?.header("X-Key") == "swordfish-123" && test.vendor.requests.isEmpty)
    #expect(try await !test.tools().contains { $0.name == "elsewhere" })
    let moved = try Self.settings(secrets, ["servers": ["https://uploads.example.com": .string(uploads.url + "/tenant/7/")]])
    let other = try await DescriptionUnderTest(Self.description("https://uploads.example.com"), moved, secrets: secrets)
    _ = try await other.api.structured("upload")
    #expect(uploads.requests.last?.path == "/tenant/7/files")
  }

  @Test("move with the base URL where they have the description's own server, and are left out where it is another of its origins")
  func movedBase() async throws {
    let (secrets, proxy) = (try TestSecrets(), try await VendorDouble())
    proxy.always("HEAD", "/**", .json([:]))
    let test = try await DescriptionUnderTest(
      Self.description("https://uploads.example.com"), try Self.settings(secrets, ["base_url": .string(proxy.url + "/proxied")]), secrets: secrets)
    _ = try await test.api.structured("status_again")
    #expect(proxy.requests.map(\.path) == ["/proxied/status"] && test.vendor.requests.isEmpty)
    #expect(try await !test.tools().contains { $0.name == "status" })
  }

  @Test(
    "A setting that is no origin, or leads to no https, is refused",
    arguments: [
      (["uploads.example.com": "https://a.example.com"], "expected origins"), (["https://a.example.com/v1": "https://a.example.com"], "expected origins"),
      (["https://a.example.com": "http://a.example.com"], "expected an https URL"), (["https://a.example.com": .null], "expected an https URL"),
    ] as [(JSONObject, String)])
  func mistakes(servers: JSONObject, says: String) async throws {
    let test = try await DescriptionUnderTest(paths: ["/a": ["get": ["operationId": "a"]]])
    let refusal = ConnectorUnderTest<OpenAPIConnector>.refusal(
      ["description": .string(test.descriptionPath), "base_url": .string(test.vendor.url), "servers": .object(servers)])
    // The description is there as long as this is.
    withExtendedLifetime(test) {}
    #expect(refusal.contains(says), "\(refusal)")
  }
}
