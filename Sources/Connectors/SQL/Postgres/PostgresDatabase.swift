internal import Logging
internal import Synchronization

/// A PostgreSQL database by libpq.
final class PostgresDatabase: SQLDatabase {
  let dialect = SQLDialect.postgres
  private let settings: PostgresSettings
  private let limits: QueryLimits
  private let pq: LibPQ
  private let pool: PostgresPool
  private let make: @Sendable (PostgresWatch, ContinuousClock.Instant) throws -> PostgresSession
  /// Array type -> type of its elements, for types that are not built in.
  private let arrays = Mutex<[UInt32: UInt32]>([:])

  /// Does not connect.
  ///
  /// - Parameter mayWrite: whether any table may be changed. Otherwise the sessions are read-only.
  init(_ settings: PostgresSettings, limits: QueryLimits, mayWrite: Bool) throws(SQLConnectorError) {
    let pq = try LibPQ.loaded.get()
    self.settings = settings
    self.limits = limits
    self.pq = pq
    let session = Self.session(limits, mayWrite: mayWrite)
    make = { watch, deadline in
      let string: String
      do { string = try settings.connectionString() } catch {
        throw SQLToolError("The connection string of the database cannot be read. Whoever runs this server must check its secret.")
      }
      let connected = try PostgresSession(pq, connecting: string, settings: session, watch: watch, until: deadline)
      // Most roles may not, and do without.
      _ = try? connected.simple(Self.temporaryFiles, until: deadline)
      return connected
    }
    pool = PostgresPool((0..<max(1, settings.connections)).map { [make] in PostgresConnection($0, pq, make: make) }, patience: settings.patience)
  }

  /// Names without a schema mean PostgreSQL's own, and values have one form, whatever the server or role is set to.
  private static func session(_ limits: QueryLimits, mayWrite: Bool) -> String {
    """
    SET search_path = pg_catalog; SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'; SET intervalstyle = 'iso_8601'; SET bytea_output = 'hex'; \
    SET standard_conforming_strings = on; SET extra_float_digits = 1; \
    SET statement_timeout = \(limits.time.milliseconds); SET lock_timeout = \(min(5000, limits.time.milliseconds)); \
    SET idle_in_transaction_session_timeout = 60000; SET row_security = on\(mayWrite ? "" : "; SET default_transaction_read_only = on"); \
    SELECT set_config(name, CASE name WHEN 'work_mem' THEN least(setting::int8, \(QueryLimits.workKilobytes))::text ELSE '1' END, false) \
    FROM pg_settings WHERE name IN ('work_mem', 'hash_mem_multiplier')
    """
  }

  /// Bounds what sorts, hashes and recursive queries put on the server's disk. Only superusers may, and roles to whom the parameter was granted.
  private static let temporaryFiles = """
    SELECT set_config(name, '\(QueryLimits.temporaryKilobytes)', false) FROM pg_settings \
    WHERE name = 'temp_file_limit' AND (setting::int8 < 0 OR setting::int8 > \(QueryLimits.temporaryKilobytes))
    """

  /// Runs `body` in a transaction that reads one state of the database and changes nothing.
  private func reading<R: Sendable>(_ body: @escaping @Sendable (PostgresSession, ContinuousClock.Instant) throws -> R) async throws -> R {
    try await transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") { (false, try body($0, $1)) }
  }

  private func transaction<R: Sendable>(
    _ begin: String, _ body: @escaping @Sendable (PostgresSession, ContinuousClock.Instant) throws -> (keep: Bool, value: R)
  ) async throws -> R {
    let arrays = arrays.withLock { $0 }
    do {
      return try await pool.withConnection { connection in
        try await connection.transaction(begin, time: limits.time, patience: settings.patience) { session, deadline in
          session.arrays = arrays
          return try body(session, deadline)
        }
      }
    } catch var failure as PostgresFailure {
      try Task.checkCancellation()
      failure.mayHaveHadEffect = failure.mayHaveHadEffect && begin.hasSuffix("READ WRITE")
      throw failure.told(limits)
    }
  }

  // MARK: SQLDatabase

  func tables(_ rules: [TableRules]?) async throws -> [SQLTable] {
    let found = try await reading { [settings] in try PostgresSchema(settings, rules: rules).read($0, until: $1) }
    arrays.withLock { $0 = found.arrays }
    return found.tables
  }

  func read(_ statement: SQLFragment, bounds: ResultBound) async throws -> SQLRows {
    let (sql, values) = statement.numbered
    return try await reading { try $0.run(sql, values, bound: bounds, until: $1) }
  }

  func change(_ change: SQLChange) async throws -> SQLChange.Outcome? {
    let (sql, values) = change.statement.numbered
    return try await transaction("BEGIN READ WRITE") { session, deadline in
      let keys = try session.run(sql, values, until: deadline).rows
      guard keys.count == 1, let key = keys.first else { return (false, nil) }
      var row: [SQLValue]?
      if let result = change.result?(key).numbered { row = try session.run(result.sql, result.values, until: deadline).rows.first }
      if row == nil, change.requiresResult { return (false, nil) }
      return (true, row.map { .row($0) } ?? .key(key))
    }
  }

  func write(_ write: DeclaredWrite) async throws -> [[SQLValue]] {
    // Where rows are looked at before they are changed, nobody may change them in between.
    try await transaction(write.sight == nil ? "BEGIN READ WRITE" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE") { session, deadline in
      let keys = try write.perform(
        {
          let (sql, values) = $0.numbered
          return try session.run(sql, values, until: deadline).rows
        }, { try session.simple($0, until: deadline) })
      return (true, keys)
    }
  }

  func prepare(_ statement: SQLFragment) async throws {
    let sql = statement.numbered.sql
    try await reading { _ = try $0.describe(sql, until: $1) }
  }

  func columns(of sql: String, arguments: [String: SQLFragment], over tables: [VisibleTable]) async throws -> [String] {
    let text = try SelectParser.governed(sql, arguments, over: tables, growth: limits.gatheredBytes).numbered.sql
    return try await reading { try $0.describe(text, until: $1).map(\.name) }
  }

  func query(_ sql: String, arguments: [String: SQLFragment], over tables: [VisibleTable], rows: Int) async throws -> SQLRows {
    let statement = try SelectParser.governed(sql, arguments, over: tables, growth: limits.gatheredBytes)
    let (text, values) = statement.numbered
    let bound = ResultBound(rows: min(rows, limits.rows), bytes: limits.bytes)
    return try await reading { [limits] session, deadline in
      let columns = try session.describe(text, until: deadline)
      var found = try session.run(Self.bounded(text, columns, limits, rows: bound.rows), values, bound: bound, until: deadline)
      found.columns = columns.map(\.name)
      return found
    }
  }

  /// The statement with its rows counted and its values cut by the server, so that none that is larger is ever sent.
  private static func bounded(_ sql: String, _ columns: [(name: String, type: UInt32)], _ limits: QueryLimits, rows: Int) -> String {
    let selected = columns.enumerated().map { index, column in
      let name = "c\(index)"
      switch column.type {
      case PostgresType.bool, PostgresType.int2, PostgresType.int4, PostgresType.int8, PostgresType.oid, PostgresType.float4, PostgresType.float8, PostgresType.date,
        PostgresType.timestamp, PostgresType.timestamptz, PostgresType.uuid, PostgresType.numeric:
        return name
      case PostgresType.bytea: return "'[' || octet_length(\(name)) || ' bytes]'"
      // The type stays what it is where the value is not too large.
      case PostgresType.text, PostgresType.varchar, PostgresType.bpchar: return "left(\(name)::text, \(limits.valueBytes / 4))"
      default: return "CASE WHEN octet_length(\(name)::text) <= \(limits.valueBytes) THEN \(name) END"
      }
    }
    let names = columns.indices.map { "c\($0)" }.joined(separator: ", ")
    return "SELECT \(selected.joined(separator: ", ")) FROM (\(sql)) AS q(\(names)) LIMIT \(rows + 1)"
  }

  func explain(_ sql: String, over tables: [VisibleTable]) async throws -> String {
    let (text, values) = try SelectParser.governed(sql, over: tables, growth: limits.gatheredBytes).numbered
    // Estimates come from statistics over all rows, and conditions hold the rules: neither is for callers who see some rows only.
    let isFiltered = tables.contains(where: \.isFiltered)
    let plan = try await reading { try $0.run("EXPLAIN (COSTS \(!isFiltered)) " + text, values, until: $1) }
    let lines = plan.rows.compactMap { row in if case .text(let line)? = row.first { line } else { nil } }
    return lines.enumerated().filter { !isFiltered || $0 == 0 || $1.contains("->  ") }.map(\.element).joined(separator: "\n")
  }

  func watch(_ changed: @escaping @Sendable (String?) -> Void) async {
    guard let channel = settings.channel else { return }
    await PostgresListener(pq, channel: channel, make: make).run(changed)
  }
}
