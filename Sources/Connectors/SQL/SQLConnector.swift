public import JSON
internal import Logging
public import MCP

/// Serves an SQLite or PostgreSQL database over MCP: its schema, a bounded free query, lists of rows, changes of the tables that
/// allow them, and what typed tools build on ``page(_:for:)`` and ``update(_:id:set:for:)``.
///
/// Behind a gateway every access obeys the rules that the request carries in `_meta`: rows outside ``MetaKey/rows`` do not
/// exist, columns outside ``MetaKey/clearance`` are masked, both before any condition of the caller is looked at.
public final class SQLConnector: Sendable {
  public let configuration: SQLConfiguration
  let database: any SQLDatabase
  let catalog: SchemaCatalog

  /// An SQLite file is opened and read at once; PostgreSQL is asked when it is first needed, so that one that is down delays no start.
  ///
  /// - Throws: ``SQLConnectorError`` when the file is not there, is no database or does not fit the configuration, or when there
  ///   is no libpq on this machine.
  public init(_ configuration: SQLConfiguration) throws {
    var configuration = configuration
    // Then no table can be changed, by any tool.
    if configuration.scope.isReadOnly { configuration.tables = configuration.tables?.map { $0.readOnly } }
    self.configuration = configuration
    var names = Self.toolNames
    for statement in configuration.statements where !names.insert(statement.name).inserted {
      throw SQLConnectorError("There is another tool called \"\(statement.name)\". Give the statement a name of its own.")
    }
    switch configuration.source {
    case .sqlite(let path):
      let sqlite = try SQLiteDatabase(path: path, name: configuration.name, limits: configuration.query)
      database = sqlite
      catalog = SchemaCatalog(try sqlite.readTables(configuration.tables))
    case .postgres(let settings):
      database = try PostgresDatabase(settings, limits: configuration.query, mayWrite: configuration.mayWrite)
      catalog = SchemaCatalog()
    }
  }

  /// Those of the tools that any database has.
  static let toolNames: Set<String> = ["list_tables", "describe_table", "query", "explain", "list_rows", "insert_row", "update_row", "delete_row"]

  /// The tables as last read: for PostgreSQL none before the first request.
  public var tables: [SQLTable] { catalog.known }

  /// A table by its name, in any case as in SQL, as last read.
  public func table(_ name: String) -> SQLTable? { Self.find(name, tables) }

  static func find(_ name: String, _ tables: [SQLTable]) -> SQLTable? {
    tables.first { $0.name == name } ?? tables.first { $0.name.lowercased() == name.lowercased() }
  }

  /// The tables as they are now, within half a minute.
  ///
  /// - Throws: ``SQLToolError`` where they cannot be read, or do not fit the configuration any more.
  public func currentTables() async throws -> [SQLTable] {
    if let fresh = catalog.fresh { return fresh }
    do {
      let tables = try await database.tables(configuration.tables)
      catalog.set(tables)
      return tables
    } catch let error as SQLConnectorError {
      throw SQLToolError("The database does not fit its configuration: \(error.description)")
    }
  }

  /// - Throws: ``SQLToolError`` naming the tables that there are.
  func currentTable(_ name: String) async throws -> SQLTable {
    let tables = try await currentTables()
    guard let table = Self.find(name, tables) else {
      throw SQLToolError("There is no table \"\(name.prefix(64))\". Tables are: \(tables.map(\.name).joined(separator: ", ")).")
    }
    return table
  }

  func governance(_ request: some IncomingRequest) throws -> Governance {
    if configuration.requiresGovernance, request.meta?[MetaKey.rows] == nil {
      throw SQLToolError("This server answers only requests that come through a Sluice gateway with row rules (_meta \"\(MetaKey.rows)\").")
    }
    return Governance(request, types: configuration.tables?.compactMap(\.recordType) ?? [], database.dialect)
  }

  /// Runs `body`; if it fails because the schema is no more what it was, the schema is read again for the next request.
  func watchingSchema<R>(_ body: () async throws -> R) async throws -> R {
    do { return try await body() } catch let error as SQLToolError {
      if error.tellsOfNewSchema { catalog.forget() }
      throw error
    }
  }

  // MARK: Reading

  /// One page of the rows that the caller may see.
  ///
  /// - Throws: ``SQLToolError`` for a cursor or field that cannot be.
  public func page(_ query: RecordQuery, for request: some IncomingRequest) async throws -> RecordPage {
    let plan = try query.plan(try governance(request))
    let found = try await watchingSchema { try await database.read(plan.statement, bounds: ResultBound()) }
    return plan.page(found)
  }

  /// Values of a statement over visible tables.
  ///
  /// - Parameter statement: given the visible form of each table by name, a `SELECT` over it. The forms are whole statements:
  ///   put them in parentheses.
  public func select(_ tables: [SQLTable], for request: some IncomingRequest, _ statement: ([SQLFragment]) -> SQLFragment) async throws -> [[SQLValue]] {
    let governance = try governance(request)
    let statement = statement(tables.map { governance.visible($0) })
    return try await watchingSchema { try await database.read(statement, bounds: ResultBound()).rows }
  }

  // MARK: Writing

  /// Changes one row if it is there and the caller's rules let it through, in one transaction.
  ///
  /// - Parameter set: column -> new value.
  /// - Returns: the row as the caller may see it afterwards, or nil if there was none to change.
  public func update(_ table: SQLTable, id: String, set: [(column: String, value: SQLValue)], for request: some IncomingRequest) async throws -> JSONValue? {
    guard !configuration.scope.isReadOnly else { throw SQLToolError("The database \(configuration.name) is read-only here (read_only), so nothing is changed.") }
    let governance = try governance(request)
    let assignments: [SQLFragment] = set.map { "\(identifier: $0.column) = \($0.value)" }
    let rule = governance.condition(table) ?? database.dialect.always
    let change = SQLChange(
      statement:
        "UPDATE \(table.reference) SET \(SQLFragment.joined(assignments, by: ", ")) WHERE id = \(.text(id)) AND \(rule) RETURNING id",
      result: { _ in "SELECT * FROM (\(governance.visible(table))) AS changed WHERE id = \(.text(id))" })
    switch try await watchingSchema({ try await database.change(change) }) {
    case nil: return nil
    case .row(let row): return RecordPage(columns: table.columns, rows: [row], nextCursor: nil).records.first
    // The change may have moved the row out of the caller's sight: then only its id is said.
    case .key: return ["id": .string(id)]
    }
  }
}

/// A call that cannot be served as asked: says what is wrong and what would be right. Becomes a tool error.
public struct SQLToolError: Error, Sendable, CustomStringConvertible {
  public let description: String
  /// Whether a table or column was not as it was read.
  var tellsOfNewSchema = false

  public init(_ description: String) { self.description = description }

  init(_ description: String, tellsOfNewSchema: Bool) {
    self.description = description
    self.tellsOfNewSchema = tellsOfNewSchema
  }
}

extension ToolResult {
  /// Runs a tool and turns ``SQLToolError`` into a result that the model can act on.
  public static func catching(_ body: () async throws -> ToolResult) async throws -> ToolResult {
    do { return try await body() } catch let error as SQLToolError { return .error(error.description) }
  }
}

extension SQLValue {
  /// - Parameter kind: that of the column, where there is one; it tells a boolean from a number.
  public func json(_ kind: SQLColumn.Kind? = nil) -> JSONValue {
    switch self {
    case .null: .null
    case .integer(let value): kind == .boolean ? .bool(value != 0) : .int(value)
    // JSON has no number for what is none.
    case .real(let value): JSONNumber(value).map { .number($0) } ?? .string(value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
    case .text(let value): .string(value)
    case .boolean(let value): .bool(value)
    case .json(let value): value
    }
  }
}
