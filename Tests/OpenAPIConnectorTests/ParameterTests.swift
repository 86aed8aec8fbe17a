import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import OpenAPIConnector
import Testing

/// OpenAPI 3.1.1, "Style Examples", with the values of its table: `color` as a text, a list and an object.
@Suite("Parameters of an operation", .timeLimit(.minutes(2)))
struct ParameterTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var place: String
    var style: String
    var explode: Bool
    var text: String
    var list: String
    var object: String
    var testDescription: String { "\(style) in \(place), explode \(explode)" }
  }

  static let rows = [
    Row(place: "path", style: "matrix", explode: false, text: ";color=blue", list: ";color=blue,black,brown", object: ";color=R,100,G,200,B,150"),
    Row(place: "path", style: "matrix", explode: true, text: ";color=blue", list: ";color=blue;color=black;color=brown", object: ";R=100;G=200;B=150"),
    Row(place: "path", style: "label", explode: false, text: ".blue", list: ".blue,black,brown", object: ".R,100,G,200,B,150"),
    Row(place: "path", style: "label", explode: true, text: ".blue", list: ".blue.black.brown", object: ".R=100.G=200.B=150"),
    Row(place: "path", style: "simple", explode: false, text: "blue", list: "blue,black,brown", object: "R,100,G,200,B,150"),
    Row(place: "path", style: "simple", explode: true, text: "blue", list: "blue,black,brown", object: "R=100,G=200,B=150"),
    Row(place: "header", style: "simple", explode: false, text: "blue", list: "blue,black,brown", object: "R,100,G,200,B,150"),
    Row(place: "header", style: "simple", explode: true, text: "blue", list: "blue,black,brown", object: "R=100,G=200,B=150"),
    Row(place: "query", style: "form", explode: false, text: "color=blue", list: "color=blue,black,brown", object: "color=R,100,G,200,B,150"),
    Row(place: "query", style: "form", explode: true, text: "color=blue", list: "color=blue&color=black&color=brown", object: "R=100&G=200&B=150"),
    Row(place: "query", style: "spaceDelimited", explode: false, text: "color=blue", list: "color=blue black brown", object: "color=R 100 G 200 B 150"),
    Row(place: "query", style: "pipeDelimited", explode: false, text: "color=blue", list: "color=blue|black|brown", object: "color=R|100|G|200|B|150"),
    Row(
      place: "query", style: "deepObject", explode: true, text: "color=blue", list: "color=blue&color=black&color=brown", object: "color[R]=100&color[G]=200&color[B]=150"
    ),
    Row(place: "cookie", style: "form", explode: false, text: "color=blue", list: "color=blue,black,brown", object: "color=R,100,G,200,B,150"),
  ]

  @Test("Each style in each place writes a text, a list and an object as the table of OpenAPI has it", arguments: rows)
  func styles(_ row: Row) async throws {
    let path = row.place == "path" ? "/things/{color}" : "/things"
    let test = try await DescriptionUnderTest(
      paths: .object([
        path: [
          "get": [
            "operationId": "get",
            "parameters": [["name": "color", "in": .string(row.place), "style": .string(row.style), "explode": .bool(row.explode), "required": true, "schema": [:]]],
          ]
        ]
      ]))
    let values: [JSONValue] = ["blue", ["blue", "black", "brown"], ["R": 100, "G": 200, "B": 150]]
    for (value, expected) in zip(values, [row.text, row.list, row.object]) {
      let request = try await test.request("get", ["color": value])
      switch row.place {
      case "path": #expect(request.map { PercentText.decode($0.path) } == "/things/" + expected)
      case "header": #expect(request?.header("color") == expected)
      case "cookie": #expect(request?.header("Cookie").map { PercentText.decode($0) } == expected)
      default: #expect(DescriptionUnderTest.rawQuery(request) == expected)
      }
    }
  }

  private func awkward(_ place: String, _ path: String = "/a/{x}/b", slashes isOpen: Bool = false) async throws -> DescriptionUnderTest {
    try await DescriptionUnderTest(
      paths: .object([
        path: ["get": ["operationId": "get", "parameters": [["name": "x", "in": .string(place), "required": true, "schema": ["type": "string"]]]]]
      ]), settings: isOpen ? ["slashes": ["get"]] : [:])
  }

  static let values = ["a/b", "a b", "ä€😀", "a?b=c", "a#b", "a%2Fb", "{x}", "a;b", "a&b=c", "..x", "x..", "%00", "a+b", "\"", "a\tb", "%2e%2e", "a.b"]

  @Test("A value in a path stays one segment, whatever it holds", arguments: values)
  func segments(_ value: String) async throws {
    let request = try #require(try await awkward("path", slashes: true).request("get", ["x": .string(value)]))
    #expect(request.segments == ["a", value, "b"] && request.query.isEmpty)
    #expect(request.path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
  }

  @Test("A value in a query stays one value", arguments: values)
  func queries(_ value: String) async throws {
    let request = try #require(try await awkward("query", "/a").request("get", ["x": .string(value)]))
    #expect(request.query.map { [$0.name, $0.value] } == [["x", value]] && request.path == "/a")
  }

  @Test("A slash in a path is refused unless the settings name the operation: servers that decode it first would do another one")
  func slashes() async throws {
    let test = try await awkward("path")
    for value in ["a/b", "a\\b", "/"] { #expect(try await test.api.failure("get", ["x": .string(value)]).contains("must not hold a slash")) }
    #expect(test.vendor.requests.isEmpty)
  }

  static let climbingCases = ["..", ".", "../admin", "a/../../admin", "..\\admin", "a/./b", "a\\..", "/..", "../"]

  @Test("A value that would lead to another path where dots are resolved is refused", arguments: climbingCases)
  func climbing(_ value: String) async throws {
    let test = try await awkward("path")
    #expect(try await test.api.failure("get", ["x": .string(value)]).contains("another path"))
    #expect(try await test.api.failure("get", ["x": ""]).contains("must not be empty"))
    #expect(test.vendor.requests.isEmpty)
  }

  @Test("A label cannot become a dot segment either")
  func label() async throws {
    let test = try await DescriptionUnderTest(paths: [
      "/a/{x}/b": ["get": ["operationId": "get", "parameters": [["name": "x", "in": "path", "style": "label", "required": true, "schema": [:]]]]]
    ])
    for value in ["", "."] as [JSONValue] { #expect(try await test.api.failure("get", ["x": value]).contains("another path")) }
    #expect(test.vendor.requests.isEmpty)
  }

  @Test("A value in a header cannot begin another header", arguments: ["a\r\nX-Admin: 1", "a\nb", "a\u{0}b", "é"])
  func headers(_ value: String) async throws {
    let test = try await awkward("header", "/a")
    #expect(try await test.api.failure("get", ["x": .string(value)]).contains("printable ASCII"))
    #expect(test.vendor.requests.isEmpty)
  }

  @Test("Parameters that would steer the request itself are not offered")
  func reserved() async throws {
    let names = ["Host", "Content-Length", "Transfer-Encoding", "Authorization", "Cookie", "Accept", "content-type", "Connection", "X-Ok"]
    let test = try await DescriptionUnderTest(paths: [
      "/a": ["get": ["operationId": "get", "parameters": .array(names.map { ["name": .string($0), "in": "header", "schema": ["type": "string"]] })]]
    ])
    #expect(try await test.tool("get")?.inputSchema["properties"]?.object?.map(\.name) == ["X-Ok"])
  }

  @Test("Parameters of the path are shared, replaced by an operation's own, told apart by place, and found where none is described")
  func merging() async throws {
    let test = try await DescriptionUnderTest(
      paths: [
        "/a/{id}/{undescribed}": [
          "parameters": [["$ref": "#/components/parameters/Id"], ["name": "q", "in": "query", "description": "shared", "schema": ["type": "string"]]],
          "post": [
            "operationId": "post",
            "parameters": [
              ["name": "q", "in": "query", "description": "own", "schema": ["type": "integer"]], ["name": "id", "in": "query", "schema": ["type": "string"]],
              ["name": "body", "in": "query", "schema": ["type": "string"]],
              ["name": "filter", "in": "query", "content": ["application/json": ["schema": ["type": "object"]]]],
            ],
            "requestBody": ["required": true, "content": ["application/json": ["schema": ["type": "object"]]]],
          ],
        ]
      ], components: ["parameters": ["Id": ["name": "id", "in": "path", "required": true, "schema": ["type": "string"]]]])
    let schema = try #require(try await test.tool("post")?.inputSchema)
    #expect(Set(schema["properties"]?.object?.map(\.name) ?? []) == ["id", "query_id", "undescribed", "q", "query_body", "filter", "body"])
    #expect(schema["properties"]?["q"] == ["type": "integer", "description": "own"])
    #expect(Set(schema["required"]?.array?.compactMap(\.string) ?? []) == ["id", "undescribed", "body"])
    let request = try await test.request(
      "post", ["id": "1", "query_id": "2", "undescribed": "u", "q": 3, "query_body": "b", "filter": ["a": [1, 2]], "body": ["c": true]])
    #expect(request?.path == "/a/1/u" && request?.query("id") == "2" && request?.query("q") == "3" && request?.query("body") == "b")
    #expect(request?.query("filter") == "{\"a\":[1,2]}" && request?.json == ["c": true])
  }

  @Test("The base URL's own path comes first, and no argument changes scheme, host or port")
  func base() async throws {
    let test = try await DescriptionUnderTest(paths: ["/a/{x}": ["get": ["operationId": "get"]]])
    let below = try ConnectorUnderTest(
      OpenAPIConnector.self, ["description": .string(test.descriptionPath), "base_url": .string(test.vendor.url + "/api/v2/"), "slashes": ["get"]], isGoverned: true)
    test.vendor.always("GET", "/**", .redirect(to: "http://127.0.0.1:1/elsewhere"))
    #expect(try await below.failure("get", ["x": "http://evil.example/"]).contains("status 302"))
    #expect(test.vendor.requests.map(\.path) == ["/api/v2/a/http%3A%2F%2Fevil.example%2F"])
  }
}
