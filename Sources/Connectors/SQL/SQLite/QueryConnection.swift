internal import GRDBSQLite
internal import JSON

/// A connection to the database for one free query. Not shared between threads, closed when released.
final class QueryConnection {
  private let handle: OpaquePointer
  private let limits: QueryLimits
  private let watch: QueryWatch
  private let authorizer = QueryAuthorizer()
  /// Part of the names that no caller can guess.
  private let nonce: String

  init(path: String, limits: QueryLimits, watch: QueryWatch) throws(SQLToolError) {
    var handle: OpaquePointer?
    let status = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nil)
    guard status == SQLITE_OK, let handle else {
      sqlite3_close_v2(handle)
      throw SQLToolError("The database cannot be opened at the moment.")
    }
    self.handle = handle
    self.limits = limits
    self.watch = watch
    var random = SystemRandomNumberGenerator()
    nonce = String(random.next(), radix: 36) + String(random.next(), radix: 36)
    sqlite3_busy_timeout(handle, 1000)
    _disableDoubleQuotedStringLiterals(handle)
    // What SQLite puts aside while it works stays in memory, where the watch sees it.
    for pragma in ["PRAGMA trusted_schema = OFF", "PRAGMA temp_store = MEMORY", "PRAGMA cell_size_check = ON"] { try execute(pragma) }
  }

  deinit {
    sqlite3_set_authorizer(handle, nil, nil)
    sqlite3_progress_handler(handle, 0, nil, nil)
    sqlite3_close_v2(handle)
  }

  // MARK: Setting up

  /// Puts a view in the place of each table, then closes the way to everything else.
  ///
  /// - Parameter parameters: how many the statement has.
  func shadow(_ tables: [VisibleTable], parameters: Int = 0) throws(SQLToolError) {
    for (index, visible) in tables.enumerated() {
      let table = visible.table.name
      // A value that cannot be written lets no row through.
      guard let body = visible.select.literal else { throw SQLToolError("The rules for \(table) cannot be applied to a free query. Use the typed tools.") }
      let source = "sluice_\(nonce)_\(index)"
      // LIMIT -1 keeps SQLite from looking at the caller's conditions before the view's own: a condition that fails or is slow
      // for certain values would tell of rows that the caller must not see.
      try execute("CREATE TEMP VIEW \(SQLLiteral.identifier(source)) AS \(body) LIMIT -1")
      try execute("CREATE TEMP VIEW \(SQLLiteral.identifier(table)) AS SELECT * FROM temp.\(SQLLiteral.identifier(source))")
      authorizer.addSource(source, table: table)
    }
    let reserved = try names("SELECT name FROM main.sqlite_schema UNION SELECT name FROM pragma_module_list")
    for (limit, value) in [
      (SQLITE_LIMIT_LENGTH, limits.valueBytes), (SQLITE_LIMIT_SQL_LENGTH, QueryConnection.statementBytes), (SQLITE_LIMIT_COLUMN, 500),
      (SQLITE_LIMIT_COMPOUND_SELECT, 50), (SQLITE_LIMIT_ATTACHED, 0), (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000), (SQLITE_LIMIT_VARIABLE_NUMBER, parameters),
      (SQLITE_LIMIT_TRIGGER_DEPTH, 0), (SQLITE_LIMIT_WORKER_THREADS, 0), (SQLITE_LIMIT_VDBE_OP, 100_000),
    ] { sqlite3_limit(handle, limit, Int32(clamping: value)) }
    authorizer.seal(reserved: reserved)
    // Both callbacks live as long as the connection does, which keeps the objects that they point to.
    sqlite3_set_authorizer(
      handle,
      { pointer, action, first, second, database, context in
        guard let pointer else { return SQLITE_DENY }
        let authorizer = Unmanaged<QueryAuthorizer>.fromOpaque(pointer).takeUnretainedValue()
        func text(_ pointer: UnsafePointer<CChar>?) -> String? { pointer.map { String(cString: $0) } }
        let isPermitted = authorizer.permits(action, text(first), text(second), database: text(database), context: text(context))
        return isPermitted ? SQLITE_OK : SQLITE_DENY
      }, Unmanaged.passUnretained(authorizer).toOpaque())
    // A single step may take long, when a function works on long values: few steps between two looks at the clock.
    sqlite3_progress_handler(
      handle, 64,
      { pointer in
        guard let pointer else { return 1 }
        return Unmanaged<QueryWatch>.fromOpaque(pointer).takeUnretainedValue().mustStop() ? 1 : 0
      }, Unmanaged.passUnretained(watch).toOpaque())
  }

  /// The longest statement, in bytes.
  static let statementBytes = 20_000

  private func execute(_ sql: String) throws(SQLToolError) {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw problem() }
  }

  private func names(_ sql: String) throws(SQLToolError) -> [String] {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else { throw problem() }
    var names: [String] = []
    while sqlite3_step(statement) == SQLITE_ROW {
      if let text = sqlite3_column_text(statement, 0) { names.append(String(cString: text)) }
    }
    return names
  }

  // MARK: The caller's statement

  func rows(of sql: String, _ values: [SQLValue] = [], limit: Int) throws(SQLToolError) -> SQLRows {
    let statement = try prepare(sql)
    defer { sqlite3_finalize(statement) }
    for (index, value) in values.enumerated() { guard bind(value, statement, Int32(index + 1)) == SQLITE_OK else { throw problem() } }
    return try step(statement, limit: limit)
  }

  func columns(of sql: String) throws(SQLToolError) -> [String] {
    let statement = try prepare(sql)
    defer { sqlite3_finalize(statement) }
    return names(of: statement)
  }

  private func names(of statement: OpaquePointer) -> [String] {
    (0..<sqlite3_column_count(statement)).map { sqlite3_column_name(statement, $0).map { withoutNonce(String(cString: $0)) } ?? "" }
  }

  private func bind(_ value: SQLValue, _ statement: OpaquePointer, _ index: Int32) -> Int32 {
    switch value {
    case .null: sqlite3_bind_null(statement, index)
    case .integer(let value): sqlite3_bind_int64(statement, index, value)
    case .real(let value): sqlite3_bind_double(statement, index, value)
    case .boolean(let value): sqlite3_bind_int64(statement, index, value ? 1 : 0)
    case .json(let value): bind(.text(value.text), statement, index)
    // SQLITE_TRANSIENT: SQLite makes a copy.
    case .text(let text): sqlite3_bind_text(statement, index, text, Int32(clamping: text.utf8.count), unsafeBitCast(-1, to: sqlite3_destructor_type.self))
    }
  }

  /// SQLite's plan of the statement, after it was found to be one that may run.
  func plan(of sql: String) throws(SQLToolError) -> SQLRows {
    sqlite3_finalize(try prepare(sql))
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    guard sqlite3_prepare_v2(handle, "EXPLAIN QUERY PLAN " + sql, -1, &statement, nil) == SQLITE_OK, let statement else { throw problem() }
    var plan = try step(statement, limit: 1000)
    plan.rows = plan.rows.map { $0.map { if case .text(let text) = $0 { .text(withoutNonce(text)) } else { $0 } } }
    return plan
  }

  private func step(_ statement: OpaquePointer, limit: Int) throws(SQLToolError) -> SQLRows {
    let count = sqlite3_column_count(statement)
    var result = SQLRows(columns: names(of: statement))
    var bytes = 0
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        guard result.rows.count < limit else { result.isTruncated = true; return result }
        let row = (0..<count).map { value(statement, $0, &bytes) }
        guard bytes <= limits.bytes else { result.isTruncated = true; return result }
        result.rows.append(row)
      case SQLITE_DONE: return result
      default: throw problem()
      }
    }
  }

  private func prepare(_ sql: String) throws(SQLToolError) -> OpaquePointer {
    guard sql.utf8.count <= Self.statementBytes else { throw SQLToolError("The statement is longer than \(Self.statementBytes) bytes. Write a shorter one.") }
    // Beyond U+0000 SQLite reads nothing.
    guard !sql.utf8.contains(0) else { throw SQLToolError("The statement holds a null character. Leave it out.") }
    var failure: SQLToolError?
    var prepared: OpaquePointer?
    sql.withCString { text in
      var rest: UnsafePointer<CChar>?
      guard sqlite3_prepare_v2(handle, text, -1, &prepared, &rest) == SQLITE_OK else { failure = problem(); return }
      guard let rest, prepared != nil else { failure = SQLToolError("There is no statement. Write one SELECT."); return }
      // A semicolon, blanks and comments may follow. SQLite itself says whether anything else does.
      var tail: UnsafePointer<CChar>? = rest
      while failure == nil, let here = tail, here.pointee != 0 {
        var another: OpaquePointer?
        let status = sqlite3_prepare_v2(handle, here, -1, &another, &tail)
        if status != SQLITE_OK || another != nil { failure = SQLToolError("There is more than one statement. Send one SELECT a call.") }
        sqlite3_finalize(another)
        if tail == here { break }
      }
    }
    if failure == nil, let prepared {
      if sqlite3_stmt_readonly(prepared) != 0, sqlite3_stmt_isexplain(prepared) == 0, sqlite3_column_count(prepared) > 0 { return prepared }
      failure = SQLToolError("Only SELECT is served here, with or without WITH.")
    }
    sqlite3_finalize(prepared)
    throw failure ?? SQLToolError("There is no statement. Write one SELECT.")
  }

  private func value(_ statement: OpaquePointer, _ index: Int32, _ bytes: inout Int) -> SQLValue {
    switch sqlite3_column_type(statement, index) {
    case SQLITE_INTEGER:
      bytes += 8
      return .integer(sqlite3_column_int64(statement, index))
    case SQLITE_FLOAT:
      bytes += 8
      return .real(sqlite3_column_double(statement, index))
    case SQLITE_TEXT:
      guard let text = sqlite3_column_text(statement, index) else { return .null }
      let count = Int(sqlite3_column_bytes(statement, index))
      bytes += count
      return .text(String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
    case SQLITE_BLOB:
      return .text("[\(sqlite3_column_bytes(statement, index)) bytes]")
    default: return .null
    }
  }

  // MARK: Errors

  /// What SQLite says, in words that help to write a better statement.
  private func problem() -> SQLToolError {
    switch watch.reason {
    case .time: return SQLToolError("The query ran longer than \(limits.time) and was stopped. Select fewer rows: add conditions, join on ids, or aggregate.")
    case .memory: return SQLToolError("The query took more than \(limits.memory >> 20) MB of memory and was stopped. Select fewer or shorter values.")
    case .cancelled: return SQLToolError("The query was cancelled.")
    case nil: break
    }
    let message = withoutNonce(String(cString: sqlite3_errmsg(handle)))
    switch sqlite3_errcode(handle) & 0xFF {
    case SQLITE_AUTH:
      // The message about a table names its columns, which are none of the caller's; that about a function helps.
      let what = message.hasPrefix("not authorized to use function") ? message : "not authorized"
      return SQLToolError(
        "Refused: \(what). Only one SELECT over the tables of list_tables is served, named without a schema, with the usual functions of SQLite.")
    case SQLITE_TOOBIG: return SQLToolError("A value or the statement is too large: \(message). Values may have \(limits.valueBytes) bytes.")
    case SQLITE_ERROR, SQLITE_RANGE, SQLITE_MISMATCH: return SQLToolError("SQLite: \(message). list_tables and describe_table tell what there is.")
    case SQLITE_BUSY, SQLITE_LOCKED: return SQLToolError("The database is busy. Try again in a second.")
    default: return SQLToolError("The query failed (SQLite code \(sqlite3_errcode(handle))). Try a simpler one.")
    }
  }

  private func withoutNonce(_ text: String) -> String {
    let parts = text.split(separator: nonce, omittingEmptySubsequences: false)
    return parts.count == 1 ? text : parts.joined(separator: "view")
  }
}
