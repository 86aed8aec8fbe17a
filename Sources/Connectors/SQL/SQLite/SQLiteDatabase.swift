internal import Dispatch
internal import GRDB
internal import GRDBSQLite
internal import JSON

/// An SQLite file. Reads and changes of our own go through a pool, free queries through ``QuerySandbox``.
final class SQLiteDatabase: SQLDatabase {
  let dialect = SQLDialect.sqlite
  private let path: String
  private let pool: DatabasePool
  private let sandbox: QuerySandbox
  private let limits: QueryLimits

  init(path: String, name: String, limits: QueryLimits) throws {
    // SQLite would make an empty database of a misspelt path.
    do {
      var settings = Configuration()
      settings.readonly = true
      try DatabaseQueue(path: path, configuration: settings).close()
    } catch {
      throw SQLConnectorError("Cannot open the database \(path): \(error)")
    }
    var settings = Configuration()
    settings.label = "sql.\(name)"
    settings.busyMode = .timeout(5)
    settings.foreignKeysEnabled = true
    self.path = path
    self.limits = limits
    pool = try DatabasePool(path: path, configuration: settings)
    sandbox = QuerySandbox(path: path, limits: limits)
  }

  func readTables(_ rules: [TableRules]?) throws -> [SQLTable] { try pool.read { try SQLiteSchema(rules: rules).tables($0) } }

  func tables(_ rules: [TableRules]?) async throws -> [SQLTable] { try await pool.read { try SQLiteSchema(rules: rules).tables($0) } }

  func read(_ statement: SQLFragment, bounds: ResultBound) async throws -> SQLRows {
    let (sql, values) = statement.bound
    return try await failing {
      try await pool.read { database in
        var found = SQLRows()
        var bytes = 0
        let cursor = try Row.fetchCursor(database, sql: sql, arguments: StatementArguments(values.map(\.databaseValue)))
        while let row = try cursor.next() {
          let values = Array(row.databaseValues.map(SQLValue.init))
          bytes += values.reduce(0) { $0 + $1.size }
          guard found.rows.count < bounds.rows, bytes <= bounds.bytes || found.rows.isEmpty else {
            found.isTruncated = true
            break
          }
          found.rows.append(values)
        }
        return found
      }
    }
  }

  func change(_ change: SQLChange) async throws -> SQLChange.Outcome? {
    try await failing {
      try await pool.writeWithoutTransaction { database in
        var outcome: SQLChange.Outcome?
        try database.inTransaction(.immediate) {
          let keys = try change.requiresResult ? Self.keys(change.statement, database) : Self.rows(change.statement, database)
          guard keys.count == 1, let key = keys.first else { return .rollback }
          let row = try change.result.flatMap { try Self.rows($0(key), database).first }
          if row == nil, change.requiresResult { return .rollback }
          outcome = row.map { .row($0) } ?? .key(key)
          return .commit
        }
        return outcome
      }
    }
  }

  func write(_ write: DeclaredWrite) async throws -> [[SQLValue]] {
    let watch = QueryWatch(limits)
    return try await failing {
      try await pool.writeWithoutTransaction { [limits] database in
        watch.start()
        // Taken away again before anything else runs here, while the watch lives.
        sqlite3_progress_handler(
          database.sqliteConnection, 1000, { pointer in pointer.map { Unmanaged<QueryWatch>.fromOpaque($0).takeUnretainedValue().mustStop() ? 1 : 0 } ?? 1 },
          Unmanaged.passUnretained(watch).toOpaque())
        defer { withExtendedLifetime(watch) { sqlite3_progress_handler(database.sqliteConnection, 0, nil, nil) } }
        do {
          var keys: [[SQLValue]] = []
          try database.inTransaction(.immediate) {
            keys = try write.perform({ try write.sight == nil ? Self.rows($0, database) : Self.keys($0, database) }, { try database.execute(sql: $0) })
            return .commit
          }
          return keys
        } catch {
          guard watch.reason != nil else { throw error }
          throw SQLToolError("The statement ran longer than \(limits.time), or took too much memory, and was stopped. Nothing was changed.")
        }
      }
    }
  }

  func prepare(_ statement: SQLFragment) async throws {
    try await failing { try await pool.read { _ = try $0.makeStatement(sql: statement.bound.sql) } }
  }

  private static func rows(_ statement: SQLFragment, _ database: Database) throws -> [[SQLValue]] {
    let (sql, values) = statement.bound
    return try Row.fetchAll(database, sql: sql, arguments: StatementArguments(values.map(\.databaseValue))).map { Array($0.databaseValues.map(SQLValue.init)) }
  }

  /// Keys by which rows are found again: each must be its very bytes, which binary ones, and texts with null characters, are not.
  private static func keys(_ statement: SQLFragment, _ database: Database) throws -> [[SQLValue]] {
    let (sql, values) = statement.bound
    var keys: [[SQLValue]] = []
    var areExact = true
    let cursor = try Row.fetchCursor(database, sql: sql, arguments: StatementArguments(values.map(\.databaseValue)))
    while let row = try cursor.next() {
      var key: [SQLValue] = []
      for (index, value) in row.databaseValues.enumerated() {
        switch value.storage {
        case .blob: areExact = false
        case .string(let text): areExact = try row.withUnsafeData(atIndex: index) { $0?.elementsEqual(text.utf8) == true } && areExact
        case .null, .int64, .double: break
        }
        key.append(SQLValue(value))
      }
      keys.append(key)
    }
    guard areExact else { throw DeclaredWrite.refusal }
    return keys
  }

  /// Turns what SQLite says into what a caller can act on.
  private func failing<R: Sendable>(_ body: () async throws -> R) async throws -> R {
    do { return try await body() } catch let error as DatabaseError {
      switch error.resultCode {
      case .SQLITE_CONSTRAINT: throw SQLToolError("The database refuses the change: \(error.message ?? "a constraint is not met"). Nothing was changed.")
      case .SQLITE_BUSY, .SQLITE_LOCKED: throw SQLToolError("The database is busy. Try again in a second.")
      case .SQLITE_READONLY: throw SQLToolError("The database is read-only. Nothing was changed.")
      case .SQLITE_MISMATCH: throw SQLToolError("A value has not the type of its column. Nothing was changed.")
      case .SQLITE_ERROR: throw SQLToolError("SQLite: \(error.message ?? "the statement failed").", tellsOfNewSchema: true)
      default: throw error
      }
    }
  }

  // MARK: Free queries

  func query(_ sql: String, arguments: [String: SQLFragment], over tables: [VisibleTable], rows: Int) async throws -> SQLRows {
    let (sql, values) = try Self.bound(sql, arguments)
    return try await sandbox.run(sql, values, tables: tables, rows: rows)
  }

  private static func bound(_ sql: String, _ arguments: [String: SQLFragment]) throws(SQLToolError) -> (sql: String, values: [SQLValue]) {
    arguments.isEmpty ? (sql, []) : try StatementText(sql).fragment(arguments).bound
  }

  func columns(of sql: String, arguments: [String: SQLFragment], over tables: [VisibleTable]) async throws -> [String] {
    let (sql, values) = try Self.bound(sql, arguments)
    return try await sandbox.run(sql, values, tables: tables, rows: 0, .columns).columns
  }

  func explain(_ sql: String, over tables: [VisibleTable]) async throws -> String {
    let plan = try await sandbox.run(sql, tables: tables, rows: 1000, .plan)
    // The names of the views are of no use to anybody; the tables' are known.
    return plan.rows.compactMap { row in if case .text(let text) = row.last { text } else { nil } }.joined(separator: "\n")
  }

  // MARK: Changes

  /// Looks at `PRAGMA data_version`, which changes with every commit of another connection, once a second.
  func watch(_ changed: @escaping @Sendable (String?) -> Void) async {
    var settings = Configuration()
    settings.readonly = true
    guard let queue = try? DatabaseQueue(path: path, configuration: settings) else { return }
    defer { try? queue.close() }
    func version() async -> Int? { try? await queue.read { try Int.fetchOne($0, sql: "PRAGMA data_version") } }
    var known = await version()
    while !Task.isCancelled {
      do { try await Task.sleep(for: .seconds(1)) } catch { return }
      guard let current = await version(), current != known else { continue }
      known = current
      changed(nil)
    }
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
    case .boolean(let value): (value ? 1 : 0).databaseValue
    case .json(let value): value.text.databaseValue
    }
  }

  /// Bytes, roughly.
  var size: Int {
    switch self {
    case .null: 1
    case .integer, .real: 8
    case .boolean: 1
    case .text(let text): text.utf8.count
    case .json(let value): value.text.utf8.count
    }
  }
}
