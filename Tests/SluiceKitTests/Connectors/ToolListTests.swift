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
    try DiscoveryFigures(all: all.map { ($0.connector, $0.tools.count, Self.bytes($0.tools)) }, pair: pair, answers: answers.map(\.bytes)).check()
    #expect(pair < 4096 && total > 10 * pair)
    for (question, answer) in zip(Self.questions, answers) {
      #expect(answer.names.contains { $0.hasSuffix("__" + question.tool) }, "\(question.query): \(answer.names)")
      #expect(pair + answer.bytes < total / 3)
    }
  }
}

/// What listing costs, as `docs/connectors/discovery.md` shows it between two marks.
private struct DiscoveryFigures {
  let all: [(connector: String, tools: Int, bytes: Int)]
  let pair: Int
  /// Bytes of each answer of `find_tools`.
  let answers: [Int]

  private static let page = ProjectFiles.root.appending(path: "docs/connectors/discovery.md")
  private static let marks = (start: "<!-- figures: written by ToolListTests -->\n", end: "<!-- end of figures -->")

  /// Records an issue where the page shows other figures, or writes them with SLUICE_UPDATE_GOLDEN=1.
  func check() throws {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    let start = try #require(text.range(of: Self.marks.start), "the page has lost its first mark").upperBound
    let end = try #require(text.range(of: Self.marks.end, range: start..<text.endIndex), "the page has lost its second mark").lowerBound
    guard text[start..<end] != table else { return }
    if CoverageTable.isUpdating {
      try Data((text[..<start] + table + text[end...]).utf8).write(to: Self.page)
    } else {
      Issue.record("docs/connectors/discovery.md shows other figures: run the tests with SLUICE_UPDATE_GOLDEN=1")
    }
  }

  private var table: String {
    let (tools, bytes) = all.reduce(into: (0, 0)) { $0 = ($0.0 + $1.tools, $0.1 + $1.bytes) }
    let (least, most) = (answers.min() ?? 0, answers.max() ?? 0)
    var lines = ["| Listed | Tools | Bytes | Tokens (bytes / 4) |", "| --- | --- | --- | --- |"]
    lines += all.sorted { $0.bytes > $1.bytes }.map { "| All of `\($0.connector)` | \($0.tools) | \(Self.grouped($0.bytes)) | \(Self.grouped($0.bytes / 4)) |" }
    lines += [
      "| **All together** | **\(tools)** | **\(Self.grouped(bytes))** | **\(Self.grouped(bytes / 4))** |",
      "| **`find_tools` and `call_tool`** | **2** | **\(Self.grouped(pair))** | **\(Self.grouped(pair / 4))** |",
      "| One answer of `find_tools` with five definitions | 5 | \(Self.grouped(least)) to \(Self.grouped(most)) | \(Self.grouped(least / 4)) to \(Self.grouped(most / 4)) |",
      "", "The pair and one search take \(Self.percent(pair + most, of: bytes)) % at most of what the whole list takes.", "",
    ]
    return lines.joined(separator: "\n")
  }

  /// Thousands parted by commas.
  private static func grouped(_ number: Int) -> String {
    number < 1000 ? String(number) : grouped(number / 1000) + "," + String(String(1000 + number % 1000).dropFirst())
  }

  /// With one digit, rounded up.
  private static func percent(_ part: Int, of whole: Int) -> String {
    let tenths = (part * 1000 + whole - 1) / max(whole, 1)
    return "\(tenths / 10).\(tenths % 10)"
  }
}
