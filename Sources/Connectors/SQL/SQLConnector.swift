internal import GRDB
public import JSON
internal import Logging
public import MCP

/// Serves a SQLite database over MCP: its schema, a bounded free query, and what typed tools build on ``page(_:for:)`` and
/// ``update(_:id:set:for:)``.
///
/// Behind a gateway every access obeys the rules that the request carries in `_meta`: rows outside ``MetaKey/rows`` do not
/// exist, columns outside ``MetaKey/clearance`` are masked, both before any condition of the caller is looked at.
public final class SQLConnector: Sendable {
  public let configuration: SQLConfiguration
  public let tables: [SQLTable]
  private let pool: DatabasePool
  let sandbox: QuerySandbox

  /// - Throws: ``SQLConnectorError`` when the file is not there, is no database or does not fit the configuration.
  public init(_ configuration: SQLConfiguration) throws {
    // SQLite would make an empty database of a misspelt path.
    do { try DatabaseQueue(path: configuration.path, configuration: Self.readOnly).close() } catch {
      throw SQLConnectorError("Cannot open the database \(configuration.path): \(error)")
    }
    var settings = Configuration()
    settings.label = "sql.\(configuration.name)"
    settings.busyMode = .timeout(5)
    pool = try DatabasePool(path: configuration.path, configuration: settings)
    tables = try pool.read { try SchemaReader(rules: configuration.tables).tables($0) }
    sandbox = QuerySandbox(path: configuration.path, limits: configuration.query)
    self.configuration = configuration
  }

  private static var readOnly: Configuration {
    var settings = Configuration()
    settings.readonly = true
    return settings
  }

  /// A table by its name, in any case as in SQL.
  public func table(_ name: String) -> SQLTable? {
    tables.first { $0.name == name } ?? tables.first { $0.name.lowercased() == name.lowercased() }
  }

  func governance(_ request: some ServerRequest) throws -> Governance {
    if configuration.requiresGovernance, request.meta?[MetaKey.rows] == nil {
      throw SQLToolError("This server answers only requests that come through a Sluice gateway with row rules (_meta \"\(MetaKey.rows)\").")
    }
    return Governance(request, tables)
  }

  // MARK: Reading

  /// One page of the rows that the caller may see.
  ///
  /// - Throws: ``SQLToolError`` for a cursor or field that cannot be.
  public func page(_ query: RecordQuery, for request: some ServerRequest) async throws -> RecordPage {
    let governance = try governance(request)
    let plan = try query.plan(governance)
    let rows = try await rows(plan.statement)
    return plan.page(rows)
  }

  /// Values of a statement over visible tables.
  ///
  /// - Parameter statement: given the visible form of each table by name, a `SELECT` over it. The forms are whole statements:
  ///   put them in parentheses.
  public func select(_ tables: [SQLTable], for request: some ServerRequest, _ statement: ([SQLFragment]) -> SQLFragment) async throws -> [[SQLValue]] {
    let governance = try governance(request)
    return try await rows(statement(tables.map { governance.visible($0) }))
  }

  private func rows(_ statement: SQLFragment) async throws -> [[SQLValue]] {
    let (sql, values) = statement.bound
    return try await pool.read { database in
      try Row.fetchAll(database, sql: sql, arguments: StatementArguments(values.map(\.databaseValue))).map { row in
        row.databaseValues.map(SQLValue.init)
      }
    }
  }

  // MARK: Writing

  /// Changes one row if it is there and the caller's rules let it through, in one transaction.
  ///
  /// - Parameter set: column -> new value.
  /// - Returns: the row as the caller may see it afterwards, or nil if there was none to change.
  public func update(_ table: SQLTable, id: String, set: [(column: String, value: SQLValue)], for request: some ServerRequest) async throws -> JSONValue? {
    let governance = try governance(request)
    let assignments: [SQLFragment] = set.map { "\(identifier: $0.column) = \($0.value)" }
    let rule = governance.condition(table) ?? "1"
    let change: SQLFragment = "UPDATE main.\(identifier: table.name) SET \(SQLFragment.joined(assignments, by: ", ")) WHERE id = \(.text(id)) AND \(rule)"
    let result: SQLFragment = "SELECT * FROM (\(governance.visible(table))) WHERE id = \(.text(id))"
    let (bound, read) = (change.bound, result.bound)
    let row: [SQLValue]?? = try await pool.write { database in
      try database.execute(sql: bound.sql, arguments: StatementArguments(bound.values.map(\.databaseValue)))
      guard database.changesCount == 1 else { return nil }
      let row = try Row.fetchOne(database, sql: read.sql, arguments: StatementArguments(read.values.map(\.databaseValue)))
      return .some(row.map { $0.databaseValues.map(SQLValue.init) })
    }
    guard let row else { return nil }
    // The change may have moved the row out of the caller's sight: then only its id is said.
    guard let row else { return ["id": .string(id)] }
    return RecordPage(columns: table.columns, rows: [row], nextCursor: nil).records.first
  }
}

/// A call that cannot be served as asked: says what is wrong and what would be right. Becomes a tool error.
public struct SQLToolError: Error, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

extension ToolResult {
  /// Runs a tool and turns ``SQLToolError`` into a result that the model can act on.
  public static func catching(_ body: () async throws -> ToolResult) async throws -> ToolResult {
    do { return try await body() } catch let error as SQLToolError { return .error(error.description) }
  }
}

extension SQLValue {
  init(_ value: DatabaseValue) {
    switch value.storage {
    case .null: self = .null
    case .int64(let value): self = .integer(value)
    case .double(let value): self = .real(value)
    case .string(let value): self = .text(value)
    case .blob(let value): self = .text("[\(value.count) bytes]")
    }
  }

  var databaseValue: DatabaseValue {
    switch self {
    case .null: .null
    case .integer(let value): value.databaseValue
    case .real(let value): value.databaseValue
    case .text(let value): value.databaseValue
    }
  }

  /// - Parameter kind: that of the column, where there is one; it tells a boolean from a number.
  public func json(_ kind: SQLColumn.Kind? = nil) -> JSONValue {
    switch self {
    case .null: .null
    case .integer(let value): kind == .boolean ? .bool(value != 0) : .int(value)
    case .real(let value): JSONNumber(value).map { .number($0) } ?? .null
    case .text(let value): .string(value)
    }
  }
}
