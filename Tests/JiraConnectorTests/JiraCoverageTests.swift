import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("Coverage of Jira")
struct JiraCoverageTests {
  @Test("Every tool is tested, and the page says how")
  func coverage() async throws {
    let tools = try await JiraTest().jira.client.listTools().map(\.name)
    let rows = tools.sorted().map { tool in
      let acts = JiraAct.all.filter { $0.tool == tool }
      let recordings = Set(acts.flatMap(\.recordings)).sorted()
      let reasons = Set(acts.flatMap(\.exceptions).map(\.reason)).sorted()
      let described =
        switch acts.first?.described {
        case nil: ""
        case .core: "valid (REST v3)"
        case .agile: tool == "get_board" ? "valid (Agile 1.0, REST v3 for statuses)" : "valid (Agile 1.0)"
        case .service: "- (no description of Service Management is at hand)"
        case .some(.none): "- (not in the part of the description that is at hand)"
        }
      return CoverageTable.Row(
        tool, description: described, differential: acts.isEmpty ? "" : reasons.isEmpty ? "equal" : "equal, but: " + reasons.joined(separator: "; "),
        replay: recordings.isEmpty ? "– none recorded (own answer)" : recordings.map { "`\($0)`" }.joined(separator: ", "),
        faults: "429 now and beyond the deadline, "
          + (JiraAct.notCutOff.contains(tool) ? "not cut off (a file)" : acts.contains(where: \.isWriting) ? "cut off (adding is not repeated)" : "cut off (repeated)"))
    }
    try CoverageTable(
      connector: "jira", title: "Jira",
      introduction: """
        Descriptions: Atlassian's OpenAPI files of Jira Cloud v3 (2025) and Agile 1.0 (2022). Clients: atlassian-python-api and, where it builds the body itself, PyPI jira. \
        Recordings: jira-cli, go-jira, amp-labs. Documents: Atlassian's ADF schema. Faults of all tools at once, besides: each RateLimit-Reason with what it holds up, \
        a token that is refused between pages, rotation that cannot be stored, short and empty pages, slow and five-megabyte answers, a hang, answers that are no JSON. \
        Data Center's paths and bodies are checked by hand: no description of it is at hand.
        """, rows: rows
    ).check(tools: tools)
  }
}
