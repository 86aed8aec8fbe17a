import ConnectorKit
import ConnectorTesting
import Foundation
import JSON
import MCP
import OpenAPIConnector
import Testing

/// What vendors publish, whole.
@Suite("Published descriptions", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), .timeLimit(.minutes(5)))
struct PublishedDescriptionTests {
  struct Published: Sendable, CustomTestStringConvertible {
    var file: String
    var operations: Int
    var title: String
    /// What somebody may ask for, and the tool that does it.
    var questions: [(query: String, tool: String)]
    var testDescription: String { title }
  }

  static let published = [
    Published(
      file: "github/openapi-v1.1.4-subset.json", operations: 131, title: "GitHub v3 REST API",
      questions: [
        ("list issues of a repository", "issues_list_for_repo"), ("create a pull request", "pulls_create"), ("search code", "search_code"),
        ("merge pull request", "pulls_merge"),
      ]),
    Published(
      file: "jira/openapi-v3-subset.json", operations: 81, title: "The Jira Cloud platform REST API",
      questions: [("add comment to issue", "add_comment"), ("get transitions of an issue", "get_transitions"), ("create issue", "create_issue")]),
    Published(file: "jira/agile-openapi-subset-2022.json", operations: 22, title: "", questions: [("get all sprints of a board", "get_all_sprints")]),
    Published(file: "vault/vault-openapi-subset.json", operations: 78, title: "", questions: []),
  ]

  private func connector(_ published: Published, isGoverned: Bool) throws -> ConnectorUnderTest<OpenAPIConnector> {
    let folder = try #require(SharedData.root)
    let document = try SharedData.json(published.file)
    var security = JSONObject()
    // References need not lead anywhere before they are used.
    for (name, scheme) in document["components"]?["securitySchemes"]?.object ?? JSONObject() {
      security[name] = scheme["scheme"] == "basic" ? ["username": "ada", "password": "${env:NOT_SET}"] : ["token": "${env:NOT_SET}"]
    }
    var settings: JSONObject = [
      "description": .string(folder.appending(path: published.file).path), "base_url": "https://vendor.example", "read_only": false,
    ]
    if !security.isEmpty { settings["security"] = .object(security) }
    return try ConnectorUnderTest(OpenAPIConnector.self, settings, isGoverned: isGoverned)
  }

  @Test("Every operation is a tool whose schema compiles, under a name that stays", arguments: published)
  func whole(_ published: Published) async throws {
    let test = try connector(published, isGoverned: true)
    let findings = await test.connector.check()
    #expect(findings.filter { $0.message.hasPrefix("left out") }.isEmpty, "\(findings.map(\.message))")
    let tools = try await test.client.listTools()
    #expect(tools.count == published.operations)
    #expect(Set(tools.map(\.name)).count == tools.count)
    for tool in tools {
      #expect(tool.name.utf8.count <= 56 && tool.name.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5F }, "\(tool.name)")
      do { _ = try JSONSchema(tool.inputSchema) } catch { Issue.record("\(tool.name): \(error)") }
      #expect(tool.description?.isEmpty == false && tool.inputSchema["type"] == "object")
    }
    let again = try await connector(published, isGoverned: true).client.listTools()
    #expect(again.map(\.name) == tools.map(\.name))
  }

  @Test("Alone, a catalogue is listed as find_tools and call_tool, which find what is asked for", arguments: published.filter { !$0.questions.isEmpty })
  func discovery(_ published: Published) async throws {
    let test = try connector(published, isGoverned: false)
    let listed = try await test.client.listTools()
    let bytes = listed.reduce(0) { $0 + $1.raw.text.utf8.count }
    guard published.operations > 50 else {
      // Small enough to be listed whole.
      #expect(bytes <= 64 << 10)
      return
    }
    #expect(listed.map(\.name) == [ToolDiscovery.findName, ToolDiscovery.callName] && bytes < 4096)
    for (query, tool) in published.questions {
      let result = try await test.call(ToolDiscovery.findName, ["query": .string(query)])
      let names = result.structured?["tools"]?.array?.compactMap { $0["name"]?.string } ?? []
      #expect(names.contains(tool), "\(query): \(names)")
    }
    // A tool that was found is called with arguments that are checked.
    let refused = try await test.call(ToolDiscovery.callName, ["name": .string(published.questions[0].tool), "arguments": ["nonsense": 1]])
    #expect(refused.isError)
    await #expect(throws: ClientError.self) { try await test.client.callTool(ToolDiscovery.callName, ["name": "no_such_tool"]) }
    await #expect(throws: ClientError.self) { try await test.client.callTool(ToolDiscovery.findName, ["query": ""]) }
  }

  @Test("Requests that the connector makes of a description are valid against it, as another reader has it", arguments: ["github/openapi-v1.1.4-subset.json"])
  func requests(_ file: String) async throws {
    let vendor = try await VendorDouble()
    for method in ["GET", "POST", "PATCH", "PUT"] { vendor.always(method, "/**", .json([:])) }
    let folder = try #require(SharedData.root)
    let test = try ConnectorUnderTest(
      OpenAPIConnector.self, ["description": .string(folder.appending(path: file).path), "base_url": .string(vendor.url), "read_only": false], isGoverned: true)
    for (tool, arguments) in [
      ("issues_list_for_repo", ["owner": "octo", "repo": "cat", "state": "open", "labels": "bug,ui", "per_page": 5]),
      ("issues_create", ["owner": "octo", "repo": "cat", "body": ["title": "Broken", "labels": ["bug"]]]),
      ("pulls_merge", ["owner": "octo", "repo": "cat", "pull_number": 7, "body": ["merge_method": "squash"]]),
      ("search_code", ["q": "addClass in:file repo:jquery/jquery"]),
      ("issues_update", ["owner": "octo", "repo": "cat", "issue_number": 3, "body": ["state": "closed"]]),
    ] as [(String, JSONValue)] {
      _ = try await test.structured(tool, arguments)
    }
    #expect(vendor.requests.count == 5)
    try OpenAPIDescription(file).expectValid(vendor.requests)
  }
}
