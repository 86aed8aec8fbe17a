import ConnectorKit
import ConnectorTesting
import Foundation
import JSON
import MCP
import OpenAPIConnector
import Testing

@Suite("Descriptions are read", .timeLimit(.minutes(2)))
struct DocumentTests {
  private static let yaml = """
    # A comment
    openapi: 3.1.0
    info: {title: Pets, version: 1.0}
    servers:
      - url: "{url}/v{number}"
        variables: {number: {default: '7'}}
    x-shared: &limit
      name: limit
      in: query
      schema: {type: integer, minimum: 1, default: 20}
    paths:
      /pets/{id}:
        get:
          operationId: getPetById
          summary: Finds a pet
          description: >
            Finds a pet
            by its id.
          tags: [pets, "null"]
          deprecated: true
          parameters:
            - *limit
            - {name: id, in: path, required: true, schema: {type: [string, 'null'], enum: [yes, "1", on]}}
          responses:
            200: {description: ok, content: {application/xml: {}, application/json; charset=utf-8: {}}}
        head:
          responses: {204: {description: none}}
    """

  @Test("YAML is read as 1.2 has it: aliases, block texts, numbers as numbers and `yes` as a word")
  func yaml() async throws {
    let test = try await DescriptionUnderTest(Self.yaml, ["base_url": .null])
    let tools = try await test.api.client.listTools()
    #expect(tools.map(\.name) == ["get_pet_by_id", "head_pets_id"])
    #expect(tools[0].title == "Finds a pet" && tools[0].description == "Deprecated. Finds a pet by its id.\n")
    #expect(tools[0].inputSchema["properties"]?["limit"] == ["type": "integer", "minimum": 1, "default": 20])
    #expect(tools[0].inputSchema["properties"]?["id"] == ["type": ["string", "null"], "enum": ["yes", "1", "on"]])
    #expect(tools[0].annotations.readOnly == true && tools[0].annotations.openWorld == nil)
    let request = try await test.request("get_pet_by_id", ["id": "yes", "limit": 5])
    #expect(request?.path == "/v7/pets/yes" && request?.query("limit") == "5" && request?.header("Accept") == "application/json; charset=utf-8")
  }

  private static let head = "openapi: 3.0.3\ninfo: {title: T}\n"
  static let brokenCases: [(text: String, says: String)] = [
    ("", "description is empty"), ("{\"openapi\": ", "no valid JSON"), ("openapi: [", "no valid YAML"), ("just a text", "no member \"openapi\""),
    ("a: 1", "no member \"openapi\""),
    ("swagger: '2.0'", "convert the description to OpenAPI 3"), ("openapi: 2.0.0", "OpenAPI 2.0.0 is not read"), ("openapi: 4.0.0", "3.0, 3.1 and 3.2 are"),
    ("openapi: 3.10.0", "is not read"),
    ("openapi: 3.0.3\na: *nowhere", "no valid YAML"), ("[1]: 2", "no text"), ("a: &a [*a]", "YAML"),
  ]

  @Test("A description that cannot be read is refused with what is wrong and what would be right", arguments: brokenCases)
  func broken(_ text: String, _ says: String) async throws {
    do {
      _ = try await DescriptionUnderTest(text)
      Issue.record("accepted: \(text)")
    } catch { #expect("\(error)".contains("upstreams.openapi.description: ") && "\(error)".contains(says), "\(error)") }
  }

  @Test("Aliases that multiply are bounded", .timeLimit(.minutes(1)))
  func laughs() async throws {
    var text = "openapi: 3.0.3\nl0: &l0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 { text += "l\(level): &l\(level) [" + Array(repeating: "*l\(level - 1)", count: 10).joined(separator: ", ") + "]\n" }
    let bomb = text
    await #expect(throws: (any Error).self) { try await DescriptionUnderTest(bomb) }
  }

  static let operations: [(paths: String, problem: String)] = [
    ("/a: {get: {parameters: [{name: x, in: body}]}}", "GET /a: the place body of x is not known"),
    ("/a: {get: {parameters: [{in: query}]}}", "GET /a: a parameter has no name"),
    ("/a: {get: {parameters: [{$ref: '#/components/parameters/None'}]}}", "leads nowhere"),
    ("/a: {get: {parameters: [{name: x, in: query, style: spiral}]}}", "style spiral is not known"),
    ("/a: {post: {requestBody: {$ref: '#/components/requestBodies/None'}}}", "the reference of the body leads nowhere"),
    ("/a: {get: {parameters: [{$ref: '#/paths/~1a/get/parameters/0'}]}}", "leads nowhere"), ("'/a b': {get: {}}", "printable ASCII"),
    ("/a: {get: {parameters: [{name: \"x\\r\\ny\", in: header}]}}", "characters that it cannot have"), ("/a: {$ref: '#/none'}", "/a: its reference leads nowhere"),
    ("/a: {query: {operationId: ask}}", "QUERY /a: this method is not offered"),
    ("/a: {post: {requestBody: {content: {\"a/b\\r\\nX: y\": {}}}}}", "media type of the body"),
  ]

  @Test("One operation that cannot be read is left out and named by check, and the others are offered", arguments: operations)
  func leftOut(_ path: String, _ problem: String) async throws {
    let test = try await DescriptionUnderTest(Self.head + "paths:\n  \(path)\n  /ok: {get: {operationId: fine}}\n")
    #expect(try await test.api.client.listTools().map(\.name) == ["fine"])
    let warnings = await test.api.connector.check().filter { $0.level == .warning }.map(\.message)
    #expect(warnings.contains { $0.hasPrefix("left out: ") && $0.contains(problem) }, "\(warnings)")
  }

  static let nameCases: [(ids: [String?], names: [String])] = [
    (["listPets", "list-pets", "issues/list-comments"], ["list_pets", "list_pets_2", "issues_list_comments"]),
    (["getUserByID", "getHTTPStatus2xx"], ["get_user_by_id", "get_http_status2xx"]),
    ([nil, ""], ["get_p0", "get_p1"]), (["--", "日本"], ["operation", "operation_2"]),
    ([String(repeating: "veryLong", count: 20), String(repeating: "veryLong", count: 20) + "B"], []),
  ]

  @Test("Names are words of an operation's id, unique, and short enough for an upstream's name in front", arguments: nameCases)
  func names(_ ids: [String?], _ expected: [String]) async throws {
    var paths = JSONObject()
    for (index, id) in ids.enumerated() {
      let operation: JSONValue = id.map { ["operationId": .string($0)] } ?? [:]
      paths["/p\(index)"] = ["get": operation]
    }
    let names = try await DescriptionUnderTest(paths: .object(paths)).api.client.listTools().map(\.name)
    #expect(expected.isEmpty ? Set(names).count == ids.count && names.allSatisfy { $0.utf8.count <= 56 } : names == expected, "\(names)")
  }

  private static let shop: JSONValue = [
    "/pets": [
      "get": ["operationId": "listPets", "tags": ["pets"]], "post": ["operationId": "createPet", "tags": ["pets"]],
      "delete": ["operationId": "removePets", "tags": ["admin"]],
    ], "/health": ["get": ["operationId": "health"]],
  ]
  static let scopes: [(settings: JSONObject, tools: Set<String>)] = [
    (["read_only": .null], ["list_pets", "health"]), ([:], ["list_pets", "create_pet", "remove_pets", "health"]),
    (["operations": ["*_pet*"]], ["list_pets", "create_pet", "remove_pets"]),
    (["operations": ["deny": ["DELETE *"]]], ["list_pets", "create_pet", "health"]), (["operations": ["GET /pets"]], ["list_pets"]),
    (["tags": ["pets"]], ["list_pets", "create_pet"]),
    (["tags": ["deny": ["admin"]]], ["list_pets", "create_pet", "health"]), (["methods": ["get", "POST"]], ["list_pets", "create_pet", "health"]),
    (["operations": ["create_pet"], "read_only": true], []),
  ]

  @Test("What is offered is what the settings allow, and without a word only what reads", arguments: scopes)
  func scope(_ settings: JSONObject, _ tools: Set<String>) async throws {
    let test = try await DescriptionUnderTest(paths: Self.shop, settings: settings)
    #expect(Set(try await test.tools().map(\.name)) == tools)
  }

  @Test("Annotations follow from the method")
  func annotations() async throws {
    var item = JSONObject()
    for method in ["get", "head", "put", "post", "delete", "patch"] { item[method] = ["operationId": .string(method)] }
    let tools = try await DescriptionUnderTest(paths: ["/a": .object(item)]).api.client.listTools()
    #expect(Set(tools.filter { $0.annotations.readOnly == true }.map(\.name)) == ["get", "head"])
    #expect(Set(tools.filter { $0.annotations.destructive == true }.map(\.name)) == ["put", "delete", "patch"])
    #expect(Set(tools.filter { $0.annotations.idempotent == true }.map(\.name)) == ["get", "head", "put", "delete"])
  }

  static let wrong: [(settings: JSONObject, says: String)] = [
    (["description": .null], "description: is needed"), (["description": "https://example.com/openapi.json"], "nothing is fetched"),
    (["description": "/no/such/file"], "cannot be read"),
    (["description": "/"], "cannot be read"), (["base_url": .null], "base_url: is needed"), (["base_url": "http://api.example.com"], "https"),
    (["base_url": "file:///etc"], "https"),
    (["baseurl": "x"], "baseurl: unknown key"), (["operations": ["listPets"]], "no operation is called \"listPets\""), (["probe": "none"], "there is no operation none"),
    (["probe": "create_pet"], "changes something"), (["fields": ["none": ["a"]]], "there is no such operation"), (["headers": ["X": 1]], "headers.X"),
  ]

  @Test("Wrong settings are refused with the key", arguments: wrong)
  func settings(_ settings: JSONObject, _ says: String) async throws {
    do {
      _ = try await DescriptionUnderTest(paths: Self.shop, settings: settings)
      Issue.record("accepted")
    } catch { #expect("\(error)".contains(says), "\(error)") }
  }

  @Test("Check tries the probe with the real credential and says what came back")
  func check() async throws {
    let test = try await DescriptionUnderTest(paths: Self.shop, settings: ["probe": "health"])
    test.vendor.on("GET", "/health", .json([:]), .json(["detail": "closed"], status: 403))
    #expect(await test.api.connector.check().last?.message == "health answered with status 200")
    let failed = await test.api.connector.check().last
    #expect(failed?.level == .failure && failed?.message.contains("closed") == true && failed?.remedy?.contains("base_url") == true)
  }
}
