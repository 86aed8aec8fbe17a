import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("Lists of GitHub")
struct ListTests {
  /// GitHub gives all of them at once.
  private static let whole: Set<String> = ["list_issue_types", "list_discussion_categories"]
  /// What always comes: it identifies the record.
  private static let identity: Set<String> = ["repository", "owner", "visibility", "number", "pull_number", "author", "sha", "id", "type"]

  private static func isList(_ tool: ToolDefinition) -> Bool {
    tool.name.hasPrefix("list_") || tool.name.hasPrefix("search_") || tool.inputSchema["properties"]?["cursor"] != nil
  }

  private static func rows(_ result: JSONValue) -> [JSONValue] { result.object?.lazy.compactMap(\.value.array).first ?? [] }

  @Test("Every one comes in pages whose length the call says, and holds the members alone that it asks for")
  func fields() async throws {
    let fixture = try await GitHubFixture()
    PlausibleGitHub.answer(all: fixture.vendor, isListing: true)
    var seen: Set<String> = []
    let tools = try await fixture.github.client.listTools().filter(Self.isList)
    for tool in tools {
      let arguments = tool.inputSchema["properties"]
      #expect(arguments?["fields"] != nil, "\(tool.name)")
      #expect(arguments?["limit"]?["maximum"] == 100 || Self.whole.contains(tool.name), "\(tool.name)")
      for act in GitHubAct.all where act.tool == tool.name {
        let all = try await fixture.github.structured(act.tool, act.arguments)
        guard let row = Self.rows(all).first?.object else { continue }
        let names = row.map(\.name)
        guard let name = names.first(where: { !Self.identity.contains($0) }) ?? names.first else { continue }
        seen.insert(tool.name)
        let chosen = try await fixture.github.call(act.tool, act.arguments.merging(["fields": [.string(name)]]))
        let found = Self.rows(chosen.structured ?? .null)
        #expect(found.first?[name] != nil, "\(act.name): \(name)")
        for row in found { #expect(Set((row.object ?? JSONObject()).map(\.name)).subtracting(Self.identity).isSubset(of: [name]), "\(act.name)") }
        fixture.github.time.advance(10)
      }
    }
    #expect(seen == Set(tools.map(\.name)))
    let wrong = try await fixture.github.failure("issue_read", ["owner": "octo", "repo": "cat", "issue_number": 7, "method": "get_labels", "fields": ["colour"]])
    #expect(wrong.contains("colour") && wrong.contains("color"))
  }

  @Test("Every list of REST goes on where its cursor says, under the path that was checked")
  func cursors() async throws {
    let fixture = try await GitHubFixture()
    PlausibleGitHub.answer(all: fixture.vendor, isListing: true)
    let tools = Set(try await fixture.github.client.listTools().filter { Self.isList($0) && !Self.whole.contains($0.name) }.map(\.name))
    for act in GitHubAct.all where tools.contains(act.tool) {
      let first = try await fixture.github.structured(act.tool, act.arguments)
      guard let sent = fixture.vendor.requests.last, !GraphQL.isCall(sent), let cursor = first["next_cursor"] else { continue }
      fixture.github.time.advance(10)
      _ = try await fixture.github.structured(act.tool, act.arguments.merging(["cursor": cursor]))
      let next = try #require(fixture.vendor.requests.last)
      #expect(next.path == sent.path && next.query("page") == "2" && next.query("per_page") == sent.query("per_page"), "\(act.name)")
      fixture.github.time.advance(10)
    }
  }
}
