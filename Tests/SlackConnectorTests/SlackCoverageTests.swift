import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("Coverage of Slack")
struct SlackCoverageTests {
  @Test("Every tool is tested, and the page says how")
  func coverage() async throws {
    let test = try await SlackTest()
    let tools = try await test.slack.client.listTools().map(\.name)
    let rows = tools.sorted().map { tool in
      let acts = SlackAct.all.filter { $0.tool == tool }
      let samples = Set(acts.flatMap(\.samples)).sorted()
      let reasons = acts.compactMap(\.noClient) + acts.flatMap(\.exceptions).map(\.reason)
      return CoverageTable.Row(
        tool, description: acts.isEmpty ? "" : acts.allSatisfy(\.isDescribed) ? "valid" : "not in the copy that the tests read",
        differential: acts.isEmpty ? "" : reasons.isEmpty ? "equal to slack_sdk" : "slack_sdk, but: " + Set(reasons).sorted().joined(separator: "; "),
        replay: samples.isEmpty ? "own (Slack publishes no sample)" : samples.map { "`\($0)`" }.joined(separator: ", "),
        faults: acts.isEmpty ? "" : SlackAct.Fault.allCases.map { Self.cell($0, tool, writes: acts.contains(where: \.isWriting)) }.joined(separator: ", "))
    }
    try CoverageTable(
      connector: "slack", title: "Slack",
      introduction: """
        Descriptions: Slack's method reference (slack-ruby/slack-api-ref). Client: slack_sdk. Recordings: Slack's own anonymised samples \
        (slackapi/java-slack-sdk). Faults of all tools at once, besides: limits in bodies and their scopes, a token that expires between pages, short and empty pages, \
        slow and five-megabyte answers, a hang, answers that are no JSON. Slack takes arguments in query, form and JSON alike: they are compared by name and value.
        """, rows: rows
    ).check(tools: tools)
  }

  private static func cell(_ fault: SlackAct.Fault, _ tool: String, writes: Bool) -> String {
    if let reason = SlackAct.exempt[fault]?[tool] { return "\(fault.rawValue): \(reason)" }
    return fault == .cutOff ? "\(fault.rawValue) (\(writes ? "not repeated" : "repeated"))" : fault.rawValue
  }
}
