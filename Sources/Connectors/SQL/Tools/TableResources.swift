internal import JSON
internal import MCP

/// The schema as resources, `sql://{database}/tables` and `sql://{database}/tables/{table}`; and the first rows of a table,
/// `sql://{database}/{table}`, where no rule could keep any of them from anybody.
///
/// A gateway decides on reading a resource as a whole, not on rows, so tables with record types or categories have none of the latter.
struct TableResources {
  let connector: SQLConnector

  private var database: String { "sql://\(connector.configuration.name)" }

  private static let rows = 50

  /// The resources that change with a table.
  func uris(of table: String) -> [String] { ["\(database)/\(table)", "\(database)/tables/\(table)"] }

  static func list(_ tables: [SQLTable]) -> JSONValue {
    let entries: [JSONValue] = tables.map { table in
      var entry: JSONValue = ["name": .string(table.name)]
      if let description = table.description { entry["description"] = .string(description) }
      entry["columns"] = .array(table.columns.map { .string($0.name) })
      return entry
    }
    return ["tables": .array(entries)]
  }

  func addSchema(to server: Server) throws {
    let root = "\(database)/tables"
    server.add(
      Resource(uri: root, name: "tables", title: "Tables", description: "The tables of the database and their columns.", mimeType: "application/json") {
        [connector] read in .text(Self.list(try await tables(connector, read)).text)
      })
    for table in listed {
      server.add(
        Resource(
          uri: "\(root)/\(table.name)", name: table.name, title: "Table \(table.name)", description: table.description, mimeType: "application/json"
        ) { [connector] read in
          guard let table = SQLConnector.find(table.name, try await tables(connector, read)) else { throw read.notFound }
          return .text(table.json.text)
        })
    }
    let template = "\(root)/{table}"
    server.add(
      try ResourceTemplate(
        uriTemplate: template, name: "table", title: "A table", description: "The columns of one table.", mimeType: "application/json"
      ) { [connector] read in
        guard let table = SQLConnector.find(read["table"] ?? "", try await tables(connector, read)) else { throw read.notFound }
        return .text(table.json.text)
      })
    server.addCompletion(for: .resourceTemplate(template, argument: "table")) { [connector] request in
      try await TableCompletion(connector: connector).tables(request.value)
    }
  }

  /// Of a database that is not read at the start, the tables that the configuration names.
  private var listed: [(name: String, description: String?)] {
    let tables = connector.tables.map { (name: $0.name, description: $0.description) }
    return tables.isEmpty ? (connector.configuration.tables ?? []).map { ($0.name, $0.description) } : tables
  }

  /// Nothing where a rule could speak of rows or columns.
  func addRows(to server: Server) throws {
    let rules = connector.configuration.tables ?? []
    guard !connector.configuration.requiresGovernance, rules.allSatisfy({ $0.recordType == nil && $0.categories.isEmpty }) else { return }
    let template = "\(database)/{table}"
    server.add(
      try ResourceTemplate(
        uriTemplate: template, name: "rows", title: "Rows of a table", description: "The first \(Self.rows) rows of a table, as CSV or Markdown.", mimeType: "text/plain"
      ) { [connector] read in
        guard let table = SQLConnector.find(read["table"] ?? "", try await tables(connector, read)) else { throw read.notFound }
        do {
          let page = try await connector.page(RecordQuery(table, order: .init(table.primaryKey.first?.name ?? "id"), limit: Self.rows), for: read)
          return UntrustedText.mark(.text(CompactTable(columns: page.columns.map(\.name), rows: page.cells).text))
        } catch let error as SQLToolError { throw RPCError(.internalError, error.description) }
      })
    server.addCompletion(for: .resourceTemplate(template, argument: "table")) { [connector] request in
      try await TableCompletion(connector: connector).tables(request.value)
    }
  }
}

private func tables(_ connector: SQLConnector, _ read: ResourceRead) async throws -> [SQLTable] {
  do { return try await connector.currentTables() } catch let error as SQLToolError { throw RPCError(.internalError, error.description) }
}

/// Suggests names of tables and columns.
struct TableCompletion {
  let connector: SQLConnector

  func tables(_ typed: String) async throws -> Completion { Completion(Self.matches(typed, try await known().map(\.name))) }

  /// - Parameter table: nil for the columns of all tables.
  func columns(_ typed: String, of table: String?) async throws -> Completion {
    let tables = try await known()
    let chosen = table.flatMap { SQLConnector.find($0, tables) }.map { [$0] } ?? tables
    var names: [String] = []
    for name in chosen.flatMap({ $0.columns.map(\.name) }) where !names.contains(name) { names.append(name) }
    return Completion(Self.matches(typed, names))
  }

  /// A database that is down has no suggestions.
  private func known() async throws -> [SQLTable] { (try? await connector.currentTables()) ?? connector.tables }

  private static func matches(_ typed: String, _ names: [String]) -> [String] { names.filter { $0.lowercased().hasPrefix(typed.lowercased()) } }
}
