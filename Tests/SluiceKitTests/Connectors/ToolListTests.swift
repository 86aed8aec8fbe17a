import ConnectorKit
import ConnectorTesting
import Foundation
import JSON
import Logging
import MCP
import Testing

@testable import SluiceKit

/// What listing all tools of our connectors costs a model, and what `find_tools` and `call_tool` cost in its place.
@Suite("The list of tools", .timeLimit(.minutes(2)))
struct ToolListTests {
  /// The least settings with which a connector offers all it has.
  private static let settings: [String: JSONObject] = [
    "files": ["roots": ["a": "/tmp"], "toolsets": ["all"]], "github": ["token": "${env:NOT_SET}", "toolsets": ["all"]],
    "jira": ["site": "https://example.atlassian.net", "email": "ada@example.com", "token": "${env:NOT_SET}", "toolsets": ["all"]],
    "slack": ["token": "${env:NOT_SET}", "toolsets": ["all"]],
    "google_drive": ["service_account": ["key": "${env:NOT_SET}"], "toolsets": ["all"]],
    "salesforce": [
      "login_url": "https://example.my.salesforce.com", "client_credentials": ["client_id": "x", "client_secret": "${env:NOT_SET}"], "toolsets": ["all"],
    ],
  ]

  /// Definitions by connector, as `tools/list` of 2026-07-28 shows them. OpenAPI is left out: its tools are whatever is described.
  private static func definitions() async throws -> [(connector: String, tools: [ToolDefinition])] {
    var all: [(connector: String, tools: [ToolDefinition])] = []
    for type in ConnectorCatalog.all.sorted(by: { $0.name < $1.name }) where type.name != "openapi" {
      let settings = try #require(Self.settings[type.name], "say the least settings of \(type.name) in ToolListTests")
      let environment = ConnectorEnvironment(
        name: type.name, http: ConnectorTestingHTTP.client, state: InMemoryConnectorState(), logger: quiet, isGoverned: true)
      let connector = try type.init(ConnectorSettings(settings, path: type.name), environment)
      all.append((type.name, try await Client.with(.inProcess(connector.server)) { try await $0.listTools() }))
    }
    return all
  }

  private static func bytes(_ tools: [ToolDefinition]) -> Int { tools.reduce(0) { $0 + $1.raw.text.utf8.count } }

  /// What somebody may want to do, and the tool of ours that does it.
  static let questions: [(query: String, tool: String)] = [
    ("search for text in files", "search_text"), ("read the history of a channel", "get_channel_history"), ("issues of a sprint", "list_sprint_issues"),
    ("merge a pull request", "merge_pull_request"),
  ]

  @Test("find_tools and call_tool take a small part of what all tools take, one answer with five tools included")
  func saved() async throws {
    let all = try await Self.definitions()
    let server = Server(name: "all", version: "1", settings: Server.Settings(discovery: ToolDiscovery(listBytes: 0)))
    for (connector, tools) in all {
      for tool in tools {
        server.add(
          Tool(
            name: "\(connector)__\(tool.name)", title: tool.title, description: tool.description, inputSchema: tool.inputSchema, outputSchema: tool.outputSchema,
            annotations: tool.annotations
          ) { _ in
            ToolResult([])
          })
      }
    }
    let total = all.reduce(0) { $0 + Self.bytes($1.tools) }
    let (pair, answers) = try await Client.with(.inProcess(server)) { client in
      let pair = Self.bytes(try await client.listTools())
      var answers: [(query: String, names: [String], bytes: Int)] = []
      for question in Self.questions {
        let result = try await client.callTool(ToolDiscovery.findName, ["query": .string(question.query)])
        // A client gives the model the text, or the structured content: one of them.
        answers.append((question.query, result.structured?["tools"]?.array?.compactMap { $0["name"]?.string } ?? [], result.text.utf8.count))
      }
      return (pair, answers)
    }
    for (connector, tools) in all { print("tools of \(connector): \(tools.count), \(Self.bytes(tools)) bytes, about \(Self.bytes(tools) / 4) tokens") }
    print("tools of all: \(all.reduce(0) { $0 + $1.tools.count }), \(total) bytes, about \(total / 4) tokens")
    print("find_tools and call_tool: \(pair) bytes, about \(pair / 4) tokens")
    for answer in answers { print("find_tools \"\(answer.query)\": \(answer.bytes) bytes, about \(answer.bytes / 4) tokens: \(answer.names.joined(separator: ", "))") }
    #expect(pair < 4096 && total > 10 * pair)
    for (question, answer) in zip(Self.questions, answers) {
      #expect(answer.names.contains { $0.hasSuffix("__" + question.tool) }, "\(question.query): \(answer.names)")
      #expect(pair + answer.bytes < total / 3)
    }
  }
}
