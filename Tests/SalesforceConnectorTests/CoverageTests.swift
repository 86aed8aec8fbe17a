import ConnectorTesting
import MCP
import Testing

@testable import SalesforceConnector

@Suite("Coverage of the Salesforce connector")
struct SalesforceCoverageTests {
  private static let replays: [String: String] = [
    "get_identity": "identity", "get_limits": "limits", "list_objects": "objects", "describe_object": "two descriptions, one of 201 KB",
    "soql_query": "lists of contacts, leads, opportunities; refusals",
    "query_more": "two pages", "aggregate_query": "two groupings", "sosl_search": "object and array", "get_record": "an account; broken JSON", "list_recent": "recent",
    "create_record": "created, refused, refused with 200", "upsert_record": "created, 204, 300", "delete_record": "not found",
    "create_records": "success, partial, refused",
    "update_records": "partial, no ids",
  ]
  private static let faults: [String: String] = [
    "soql_query": "both limits, Retry-After, reserve, expiry, slow, 5 MB, hang, 503, 403; classification refused, cut short",
    "upload_file": "places that are not declared, too large", "query_more": "expiry in paging, short page, forged cursors",
    "create_record": "lost answer",
    "update_record": "lost answer; not the owner's", "delete_record": "not the owner's",
  ]

  @Test("is written down for every tool")
  func table() async throws {
    let fixture = try await SalesforceFixture()
    let tools = try await fixture.salesforce.client.listTools().map(\.name)
    let rows = tools.sorted().map { tool in
      let acts = SalesforceAct.all.filter { $0.tool == tool }
      let alone = acts.compactMap(\.alone).first
      return CoverageTable.Row(
        tool, description: acts.isEmpty ? "" : "table of REST resources", differential: alone.map { "- (\($0))" } ?? "simple-salesforce",
        replay: Self.replays[tool] ?? "- (none recorded)", faults: ["limit, truncated", Self.faults[tool]].compactMap { $0 }.joined(separator: "; "))
    }
    try CoverageTable(
      connector: "salesforce", title: "Salesforce",
      introduction:
        "Salesforce publishes no description with schemas that a machine reads: requests are checked against a table of the REST reference's resources (RequestTests.swift). "
        + "The other client is simple-salesforce. Recorded answers are those of restforce, amp-labs and SwiftlySalesforce in ../shared/data/connectors/salesforce.",
      rows: rows
    ).check(tools: tools)
  }
}
