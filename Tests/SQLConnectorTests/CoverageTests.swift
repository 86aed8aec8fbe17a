import ConnectorTesting
import JSON
import Testing

@testable import SQLConnector

@Suite("Coverage of the SQL connector")
struct CoverageTests {
  private static let faults: [String: String] = [
    "list_tables": "server not reachable, login refused, configuration that does not fit", "describe_table": "no privilege on a table or column, no such table",
    "query": "timeout, cancelled, server gone, idle connection dead, all connections busy, silent server, rows, bytes and memory bounded, no end, out of the rules",
    "explain": "no gateway, bounds kept secret, out of the rules",
    "list_rows": "long rows, changed schema, forged cursors, hostile values, out of the rules", "insert_row": "key taken, out of the rules, masked and hidden columns",
    "update_row": "locked row, no such row, incomplete key, row given away, out of the rules", "delete_row": "no such row, no gateway, out of the rules",
  ]

  @Test("is written down, for every tool")
  func page() async throws {
    let connector = try DatabaseUnderTest(.sqlite, "CREATE TABLE orders(id INTEGER PRIMARY KEY); CREATE TABLE drafts(id INTEGER PRIMARY KEY)")
      .connector(DifferentialTests.rules)
    let tools = try await connector.request("tools/list", [:])?["tools"]?.array?.compactMap { $0["name"]?.string } ?? []
    let compared = Set(DifferentialTests.acts.map(\.tool))
    let rows = tools.sorted().map { tool in
      CoverageTable.Row(
        tool, description: "– databases have none", differential: compared.contains(tool) ? "sqlite3, psycopg" : "– the plan of a statement of our own",
        replay: "– real databases, nothing recorded", faults: Self.faults[tool] ?? "")
    }
    try CoverageTable(
      connector: "sql", title: "SQL",
      introduction: """
        There is no vendor: the tests have SQLite files and a PostgreSQL 15 of their own. Differential: the tool's result, or what it leaves of a table, is what Python's `sqlite3` and \
        `psycopg` say of the same database or make of a twin (`Tests/SQLConnectorTests/DifferentialTests.swift`). Faults: `PostgresFaultTests.swift`, `PostgresGrowthTests.swift`, \
        `PostgresSelectTests.swift`, `QuerySandboxTests.swift`, `RecordTests.swift`, `GenericToolsTests.swift` there.
        """, rows: rows
    ).check(tools: tools)
  }
}
