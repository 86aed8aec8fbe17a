/// The kind of SQL that a database speaks.
enum SQLDialect: Sendable, Hashable {
  case sqlite, postgres

  var name: String { self == .sqlite ? "SQLite" : "PostgreSQL" }
  var always: SQLFragment { self == .sqlite ? "1" : "TRUE" }
  var never: SQLFragment { self == .sqlite ? "0" : "FALSE" }
}

/// What a connector needs of a database. Everything above it is the same for SQLite and PostgreSQL.
///
/// No call blocks the thread that makes it. Failures that a caller can act on are ``SQLToolError``; none holds a connection string.
protocol SQLDatabase: Sendable {
  var dialect: SQLDialect { get }

  /// The tables as they are now, joined with the rules.
  ///
  /// - Throws: ``SQLConnectorError`` where a rule names a table or column that is not there, ``SQLToolError`` where the database
  ///   cannot be asked.
  func tables(_ rules: [TableRules]?) async throws -> [SQLTable]

  /// The rows of a statement of our own, at most as many and as large as the bounds say.
  func read(_ statement: SQLFragment, bounds: ResultBound) async throws -> SQLRows

  /// Changes one row, in one transaction.
  ///
  /// - Returns: nil if the change met no row, or its result was required and is not there; then nothing was changed.
  func change(_ change: SQLChange) async throws -> SQLChange.Outcome?

  /// Makes the changes of a declared statement.
  ///
  /// - Returns: the keys of the rows that were changed.
  func write(_ write: DeclaredWrite) async throws -> [[SQLValue]]

  /// Has the database look at a statement that changes something, without running it.
  func prepare(_ statement: SQLFragment) async throws

  /// Runs one `SELECT` that a caller wrote, or one that was declared, with the values of its parameters.
  func query(_ sql: String, arguments: [String: SQLFragment], over tables: [VisibleTable], rows: Int) async throws -> SQLRows

  /// Names of the columns that the `SELECT` would give.
  func columns(of sql: String, arguments: [String: SQLFragment], over tables: [VisibleTable]) async throws -> [String]

  /// How the database would run the `SELECT`, as text.
  func explain(_ sql: String, over tables: [VisibleTable]) async throws -> String

  /// Calls `changed` when data may have changed, with the table if known, until cancelled.
  func watch(_ changed: @escaping @Sendable (_ table: String?) -> Void) async
}

extension SQLDatabase {
  func query(_ sql: String, over tables: [VisibleTable], rows: Int) async throws -> SQLRows { try await query(sql, arguments: [:], over: tables, rows: rows) }
}

/// A table and what a caller may see of it.
struct VisibleTable: Sendable {
  let table: SQLTable
  /// The `SELECT` that gives the caller's rows and masked columns.
  let select: SQLFragment
  /// Whether rows are left out of it.
  let isFiltered: Bool
}

/// How much of a result is wanted.
struct ResultBound: Sendable {
  var rows = Int.max
  var bytes = 8 << 20
}

/// Rows with the names of their columns.
struct SQLRows: Sendable {
  var columns: [String] = []
  var rows: [[SQLValue]] = []
  /// Whether a bound cut the rows off.
  var isTruncated = false
}

/// A change of one row.
struct SQLChange: Sendable {
  enum Outcome: Sendable {
    /// The row as the caller may see it afterwards.
    case row([SQLValue])
    /// The row is gone, or no more in the caller's sight; its key.
    case key([SQLValue])
  }

  /// `INSERT`, `UPDATE` or `DELETE` that ends with `RETURNING` and the columns of the key.
  let statement: SQLFragment
  /// Given the key, a `SELECT` of the row as the caller may see it; nil where the row is gone.
  let result: (@Sendable ([SQLValue]) -> SQLFragment)?
  /// Whether a change after which the caller does not see the row is taken back.
  var requiresResult = false
}
