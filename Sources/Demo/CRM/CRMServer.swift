public import Logging
public import MCP
public import SQLConnector

/// The sample company's CRM as an MCP server: the SQL connector's tools, and typed ones.
public enum CRMServer {
  /// The name under which the demo's policy knows it.
  public static let upstream = "crm"

  /// - Parameters:
  ///   - path: a database made by ``Demo/seed(_:)``.
  ///   - requiresGovernance: refuses requests without row rules, for servers that only a gateway may reach.
  public static func make(
    databasePath path: String, requiresGovernance: Bool = false, query: QueryLimits = QueryLimits(), logger: Logger = Logger(label: "mcp.crm")
  ) throws -> Server {
    let connector = try SQLConnector(
      SQLConfiguration(path: path, name: upstream, tables: CRMTables.all, query: query, requiresGovernance: requiresGovernance))
    let server = try connector.makeServer(
      title: "Northwind CRM", version: "1.0.0",
      instructions: """
        The CRM of Northwind: accounts, opportunities, contacts and activities. Prefer the typed tools; query answers what they do not. \
        You see the rows and fields of the person you work for: what is absent or [masked] is not theirs to see.
        """,
      toolsets: [.schema, .query], logger: logger)
    for tool in try tools(connector) { server.add(tool) }
    try PipelineReview(connector).add(to: server)
    return server
  }

  private static func tools(_ connector: SQLConnector) throws -> [Tool] {
    let crm = try CRM(connector)
    return [
      crm.listOpportunities, crm.getAccount, crm.searchContacts, crm.listActivities, crm.updateOpportunityStage, crm.updateOpportunityForecast,
      crm.updateAccount, crm.revenueSummary,
    ]
  }
}

/// The tables that the typed tools work on.
struct CRM: Sendable {
  let connector: SQLConnector
  let accounts: SQLTable
  let opportunities: SQLTable
  let contacts: SQLTable
  let activities: SQLTable
  let employees: SQLTable

  init(_ connector: SQLConnector) throws {
    func table(_ name: String) throws -> SQLTable {
      guard let table = connector.table(name) else { throw DemoError(description: "The database has no table \(name): it was not made by the demo.") }
      return table
    }
    self.connector = connector
    accounts = try table("accounts")
    opportunities = try table("opportunities")
    contacts = try table("contacts")
    activities = try table("activities")
    employees = try table("employees")
  }

  static let reading = ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: false)
  /// Overwrites a value that the audit log does not keep, hence destructive.
  static let changing = ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: false)
}
