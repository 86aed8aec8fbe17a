import ConnectorKit
import ConnectorTesting
import Foundation
import JSON
import MCP
import NIOCore
import OpenAPIConnector
import Testing

@Suite("An API that is not well", .timeLimit(.minutes(5)))
struct FaultTests {
  private typealias Answer = ConnectorTesting.Answer

  private func api(_ settings: JSONObject = JSONObject()) async throws -> DescriptionUnderTest {
    let page: JSONValue = [
      ["name": "page", "in": "query", "schema": ["type": "integer"]], ["name": "per_page", "in": "query", "schema": ["type": "integer"]],
      ["name": "deep", "in": "query", "schema": ["type": "boolean"]],
    ]
    return try await DescriptionUnderTest(
      paths: [
        "/a": [
          "get": ["operationId": "get", "parameters": page], "post": ["operationId": "post"], "put": ["operationId": "put"], "patch": ["operationId": "patch"],
          "delete": ["operationId": "delete"],
        ]
      ], settings: settings)
  }

  // MARK: Limits

  struct Limit: Sendable, CustomTestStringConvertible {
    var name: String
    var status: Int
    var after: String?
    /// Whole seconds that are slept before the next try, less what passes while the answer is read.
    var waits: Int64
    var testDescription: String { name }
  }

  static let limits = [
    Limit(name: "429 that says seconds", status: 429, after: "7", waits: 6),
    Limit(name: "429 that says a date", status: 429, after: "Sun, 29 Nov 2026 22:06:46 GMT", waits: 5),
    Limit(name: "429 that says nothing", status: 429, after: nil, waits: 0), Limit(name: "429 that says now", status: 429, after: "0", waits: 0),
    Limit(name: "429 that says a date that is past", status: 429, after: "Sun, 29 Nov 2020 00:00:00 GMT", waits: 0),
    Limit(name: "429 that says nonsense", status: 429, after: "soon", waits: 0), Limit(name: "429 that says less than nothing", status: 429, after: "-5", waits: 0),
    Limit(name: "503 that says seconds", status: 503, after: "7", waits: 6), Limit(name: "503 that says now", status: 503, after: "0", waits: 0),
    Limit(name: "502", status: 502, after: nil, waits: 0), Limit(name: "504", status: 504, after: nil, waits: 0),
  ]

  @Test("Limits and outages of each kind are waited for, never without a pause, and then the work is done", arguments: limits)
  func waits(_ limit: Limit) async throws {
    let test = try await api()
    test.vendor.on("GET", "/a", .status(limit.status, headers: limit.after.map { [("Retry-After", $0)] } ?? []), .json(["ok": true]))
    #expect(try await test.api.structured("get")["body"] == ["ok": true])
    #expect(test.vendor.requests.count == 2)
    #expect(test.api.time.waits.contains { $0 >= limit.waits }, "\(test.api.time.waits)")
  }

  @Test("A limit that does not end is given up on after a few tries, with the time to wait")
  func endless() async throws {
    let test = try await api()
    test.vendor.always("GET", "/a", .status(429, headers: [("Retry-After", "0")]))
    #expect(try await test.api.failure("get").contains("Try again in"))
    #expect(test.vendor.requests.count == 4)
  }

  @Test("A wait beyond the deadline is told at once, and holds for all operations until it is over")
  func beyondDeadline() async throws {
    let test = try await api()
    test.vendor.on("GET", "/a", .status(429, headers: [("Retry-After", "9000")]))
    for method in ["GET", "POST"] { test.vendor.always(method, "/a", .json([:])) }
    #expect(try await test.api.failure("get").contains("Try again in 9000 s"))
    #expect(try await test.api.failure("post").contains("Try again in"))
    #expect(test.vendor.requests.count == 1)
    test.api.time.advance(9001)
    _ = try await test.api.structured("post")
    #expect(test.api.time.waits.allSatisfy { $0 < 10 })
  }

  @Test("What was limited was not done: even what adds is sent again", arguments: ["get", "post", "put", "patch", "delete"])
  func limitedWrites(_ tool: String) async throws {
    let test = try await api()
    test.vendor.on(tool.uppercased(), "/a", .status(429, headers: [("Retry-After", "1")]), .json(["done": true]))
    #expect(try await test.api.structured(tool)["body"] == ["done": true])
  }

  // MARK: Answers that do not come whole

  @Test("An answer that is cut off is asked for again by what may be repeated, and never by what adds", arguments: ["get", "post", "put", "patch", "delete"])
  func truncated(_ tool: String) async throws {
    for cut in [Answer.truncated(["padding": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]), .lost, .status(503)] {
      let test = try await api()
      test.vendor.on(tool.uppercased(), "/a", cut, .json(["done": true]))
      let result = try await test.api.call(tool)
      let isRepeatable = ["get", "put", "delete"].contains(tool)
      #expect(result.isError != isRepeatable && test.vendor.requests.count == (isRepeatable ? 2 : 1), "\(result.text)")
      if !isRepeatable { #expect(result.text.contains("check before you repeat it"), "\(result.text)") }
    }
  }

  @Test("A slow answer is waited for")
  func slow() async throws {
    let test = try await api()
    test.vendor.on("GET", "/a", .slow([["id": 1], ["id": 2]], pieces: 10, pause: .milliseconds(20)))
    #expect(try await test.api.structured("get")["body"] == [["id": 1], ["id": 2]])
    #expect(test.vendor.requests.count == 1)
  }

  @Test("Of an answer of five megabytes no more is read than the settings say; it is shown where they allow it")
  func large() async throws {
    let test = try await api()
    test.vendor.on("GET", "/a", .oversized(5 << 20))
    #expect(try await test.api.failure("get").contains("longer than 4194304 bytes"))
    let roomy = try await api(["maximum_bytes": .int(8 << 20)])
    roomy.vendor.on("GET", "/a", .oversized(5 << 20))
    #expect(try await roomy.api.structured("get")["body"]?.array?.first?.string?.utf8.count == 5 << 20)
  }

  @Test("An answer with an ETag is asked for again by it, and shown again where the API says that it still holds; not what must not be stored")
  func unchanged() async throws {
    let test = try await api()
    test.vendor.always("GET", "/a") { request in
      request.header("If-None-Match") == "\"v1\"" ? .status(304) : .json(["id": 1], headers: [("ETag", "\"v1\"")])
    }
    for _ in 0..<2 {
      let answer = try await test.api.structured("get")
      #expect(answer["status"] == 200 && answer["body"] == ["id": 1], "\(answer.text)")
    }
    #expect(test.vendor.requests.map { $0.header("If-None-Match") } == [nil, "\"v1\""])
    let other = try await api()
    other.vendor.always("GET", "/a", .json(["id": 2], headers: [("ETag", "\"v2\""), ("Cache-Control", "private, no-store")]))
    for _ in 0..<2 { #expect(try await other.api.structured("get")["body"] == ["id": 2]) }
    #expect(other.vendor.requests.allSatisfy { $0.header("If-None-Match") == nil })
  }

  @Test("A call that is given up ends, though the API hangs")
  func hang() async throws {
    let test = try await api()
    test.vendor.always("GET", "/a", .hang)
    let call = Task { try await test.api.client.callTool("get", [:]) }
    while test.vendor.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    call.cancel()
    _ = await call.result
    #expect(test.vendor.requests.count == 1)
  }

  @Test("An API that is not there is an error that says so, without its address's path or a secret")
  func unreachable() async throws {
    let test = try await api(["base_url": "http://127.0.0.1:1/secret-path"])
    let text = try await test.api.failure("get")
    #expect(text.contains("Petstore") && !text.contains("secret-path"), "\(text)")
    #expect(try await test.api.failure("post").contains("may have had") == false, "nothing was ever sent")
  }

  // MARK: Pages

  static let links: [(link: String, next: JSONValue?)] = [
    ("<{url}/a?page=2&per_page=2>; rel=\"next\", <{url}/a?page=9>; rel=\"last\"", ["page": 2]),
    ("<{url}/a?page=1>; rel=\"first\", <{url}/a?page=2>; rel=next", ["page": 2]),
    ("</a?page=2&per_page=5&deep=true&key=s3cr3t>; title=\"a, b\"; rel=\"prev next\"", ["page": 2, "per_page": 5, "deep": true]),
    ("<{url}/a?page=1>; rel=\"prev\"", nil), ("<{url}/a>; rel=\"next\"", nil), ("<{url}/a?page=two>; rel=\"next\"", nil), ("{url}/a?page=2; rel=\"next\"", nil),
    ("<{url}/a?page=1&per_page=2>; rel=\"next\"", nil), ("<", nil), ("", nil),
  ]

  @Test("A short page need not be the last: the link to the next is told as arguments, and nothing else of it", arguments: links)
  func pages(_ link: String, _ next: JSONValue?) async throws {
    let test = try await api()
    test.vendor.on("GET", "/a", .json([["id": 1]], headers: [("Link", link.replacing("{url}", with: test.vendor.url))]))
    let result = try await test.api.call("get", ["page": 1, "per_page": 2])
    #expect(result.structured?["next"] == next && result.structured?["body"] == [["id": 1]])
    #expect(result.text.contains("There is more") == (next != nil) && !result.raw.text.contains("s3cr3t"), "\(result.text)")
  }

  @Test("A token that ends between two pages is renewed, and the page is read")
  func expiry() async throws {
    let secrets = try TestSecrets()
    for number in 1...2 { secrets.guardText("granted-token-\(number)") }
    let test = try await DescriptionUnderTest(
      ([
        "openapi": "3.1.0", "info": ["title": "T"], "security": [["main": []]],
        "paths": ["/a": ["get": ["operationId": "get", "parameters": [["name": "page", "in": "query", "schema": ["type": "integer"]]]]]],
        "components": ["securitySchemes": ["main": ["type": "oauth2", "flows": ["clientCredentials": ["tokenUrl": "{url}/token", "scopes": [:]]]]]],
      ] as JSONValue).text,
      ["security": ["main": ["client_id": "me", "client_secret": .string(try secrets.reference("client", "client-secret"))]]], secrets: secrets)
    for number in 1...2 { test.vendor.on("POST", "/token", .json(["access_token": .string("granted-token-\(number)"), "token_type": "Bearer", "expires_in": 3600])) }
    test.vendor.always("GET", "/a") { request in
      let page = Int(request.query("page") ?? "1") ?? 0
      guard page == 1 || request.header("Authorization") == "Bearer granted-token-2" else { return .json(["error": "expired"], status: 401) }
      return .json([["page": .int(page)]], headers: page < 3 ? [("Link", "</a?page=\(page + 1)>; rel=\"next\"")] : [])
    }
    var (arguments, pages): (JSONValue, [Int]) = ([:], [])
    for _ in 0..<5 {
      let page = try await test.api.structured("get", arguments)
      pages.append(page["body"]?.array?.first?["page"]?.int ?? 0)
      guard let next = page["next"] else { break }
      arguments = next
    }
    #expect(pages == [1, 2, 3] && test.vendor.requests.count { $0.path == "/token" } == 2)
  }

  // MARK: Descriptions

  @Test("A description of five megabytes is read whole, and neither its texts nor its lists drown the model")
  func largeDescription() async throws {
    let text = String(repeating: "All about this operation, at length. ", count: 66)
    let paths = (0..<1500).reduce(into: JSONObject()) { paths, number in
      paths["/things/\(number)/{id}"] = [
        "get": [
          "operationId": .string("get_thing_\(number)"), "summary": .string("Thing number \(number)"), "description": .string(text + "\(number)"),
          "parameters": [["name": "id", "in": "path", "required": true, "schema": ["type": "string"], "description": .string(String(text.prefix(900)))]],
        ]
      ]
    }
    let description: JSONValue = ["openapi": "3.0.3", "info": ["title": "Large", "version": "1"], "paths": .object(paths)]
    #expect(description.text.utf8.count > 5 << 20)
    let governed = try await DescriptionUnderTest(description.text)
    let tools = try await governed.tools()
    #expect(tools.count == 1500 && tools.allSatisfy { ($0.description?.count ?? 0) <= 601 })
    #expect(try await governed.request("get_thing_1499", ["id": "x"])?.path == "/things/1499/x")
    // Alone, what is listed stays small, and everything is found.
    let alone = try await DescriptionUnderTest(description.text, isGoverned: false)
    let listed = try await alone.tools()
    #expect(listed.map(\.name) == [ToolDiscovery.findName, ToolDiscovery.callName])
    let found = try await alone.api.structured(ToolDiscovery.findName, ["query": "thing number 1234"])
    #expect(found["tools"]?.array?.first?["name"] == "get_thing_1234")
  }

  @Test("One text of five megabytes in a description is cut")
  func longText() async throws {
    let test = try await DescriptionUnderTest(paths: [
      "/a": [
        "get": ["operationId": "get", "description": .string(String(repeating: "long ", count: 1 << 20)), "summary": .string(String(repeating: "s", count: 5 << 20))]
      ]
    ])
    let tool = try #require(try await test.tool("get"))
    #expect(tool.raw.text.utf8.count < 4096)
    _ = try await test.request("get", [:])
  }

  static let unreadable: [(bytes: [UInt8], says: String)] = [
    ([], "is empty"), (Array("{\"openapi\": \"3.0".utf8), "no valid JSON"), (Array("{\"openapi\": \"3.0.0\", \"paths\":".utf8), "no valid JSON"),
    ([0x7B, 0xFF, 0xFE], "no valid JSON"), ([0xFF, 0xFE, 0x00], "no valid YAML"), (Array(String(repeating: "[", count: 100_000).utf8), "no valid YAML"),
    (Array(String(repeating: "- ", count: 100_000).utf8), "no valid YAML"), (Array(String(repeating: "a: {", count: 100_000).utf8), "no valid YAML"),
    (Array("{\"a\":".utf8) + Array(String(repeating: "[", count: 100_000).utf8), "no valid JSON"),
  ]

  @Test("A description that is cut off, no text, or nested without end is refused when it is read", arguments: unreadable)
  func broken(_ bytes: [UInt8], _ says: String) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "sluice-broken-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(bytes).write(to: file)
    let refusal = ConnectorUnderTest<OpenAPIConnector>.refusal(["description": .string(file.path), "base_url": "https://api.example.com"])
    #expect(refusal != "accepted" && refusal.contains("description") && refusal.contains(says), "\(refusal)")
  }

  @Test("A description that is not there, or a directory, is refused with its name")
  func noFile() {
    for path in ["/nonexistent/api.yaml", "/"] {
      let refusal = ConnectorUnderTest<OpenAPIConnector>.refusal(["description": .string(path), "base_url": "https://api.example.com"])
      #expect(refusal.contains("cannot be read") && refusal.contains(path), "\(refusal)")
    }
  }
}
