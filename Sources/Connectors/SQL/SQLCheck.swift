#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// One finding of a check.
public struct SQLFinding: Sendable, Hashable {
  public enum Level: String, Sendable { case ok, warning, failure }

  public var level: Level
  public var message: String
  /// What to do about it.
  public var remedy: String?

  init(_ level: Level, _ message: String, remedy: String? = nil) {
    self.level = level
    self.message = message
    self.remedy = remedy
  }
}

extension SQLConnector {
  /// Whether the database can be served as configured: what `sluice connector check` says. Each table is looked at by itself, so that one
  /// that is missing hides no other.
  public static func check(_ configuration: SQLConfiguration) async -> [SQLFinding] { await SQLCheck(configuration: configuration).findings() }
}

/// Compares a database with its configuration.
struct SQLCheck {
  let configuration: SQLConfiguration

  func findings() async -> [SQLFinding] {
    let database: any SQLDatabase
    let isStandby: Bool
    do {
      database = try open()
      isStandby = try await connect(database)
    } catch { return [SQLFinding(.failure, "\(error)", remedy: remedy)] }
    var findings = [SQLFinding(.ok, "connected to \(database.dialect.name)\(isStandby ? ", a standby" : "")")]
    var served: [SQLTable] = []
    if let rules = configuration.tables {
      for rules in rules {
        do {
          let (table, found) = try await look(at: rules, database, isStandby)
          findings += found
          if let table { served.append(table) }
        } catch { findings.append(SQLFinding(.failure, "\(rules.name): \(error)", remedy: tableRemedy)) }
      }
    } else {
      do {
        served = try await database.tables(nil)
        findings.append(
          served.isEmpty
            ? SQLFinding(.warning, "there is no table that can be read", remedy: tableRemedy)
            : SQLFinding(.ok, "\(Self.count(served.count, "table")) served, read only: \(Self.names(served))"))
      } catch { findings.append(SQLFinding(.failure, "\(error)", remedy: tableRemedy)) }
    }
    for statement in configuration.statements where configuration.scope.admits(statement.name) {
      do { findings += try await look(at: statement, served, database, isStandby) } catch {
        findings.append(SQLFinding(.failure, "\(statement.name): \(error)", remedy: "Correct it under statements."))
      }
    }
    return await findings + channel(served, database, isStandby)
  }

  private func open() throws -> any SQLDatabase {
    switch configuration.source {
    case .sqlite(let path): try SQLiteDatabase(path: path, name: configuration.name, limits: configuration.query)
    case .postgres(let settings): try PostgresDatabase(settings, limits: configuration.query, mayWrite: false)
    }
  }

  /// - Returns: whether the server only follows another one.
  private func connect(_ database: any SQLDatabase) async throws -> Bool {
    switch database.dialect {
    case .sqlite:
      _ = try await database.read("SELECT count(*) FROM sqlite_schema", bounds: ResultBound())
      return false
    case .postgres: return try await database.read("SELECT pg_is_in_recovery()", bounds: ResultBound()).rows.first?.first == .boolean(true)
    }
  }

  private var remedy: String {
    switch configuration.source {
    case .sqlite: "Give the path of an SQLite file that the account that runs Sluice may read and write, with its directory."
    case .postgres: "psql with the same connection string, as the same account, tells more. See Troubleshooting in docs/connectors/sql.md."
    }
  }

  private var tableRemedy: String {
    switch configuration.source {
    case .sqlite: "Correct what stands under tables."
    case .postgres: "Correct what stands under tables, schema or schemas, or GRANT SELECT on the table to the role."
    }
  }

  // MARK: Tables

  /// - Returns: nil for a table that cannot be served.
  private func look(at rules: TableRules, _ database: any SQLDatabase, _ isStandby: Bool) async throws -> (SQLTable?, [SQLFinding]) {
    let columns = Set(try await database.tables([TableRules(rules.name)]).flatMap(\.columns).map(\.name))
    let missing = Set(rules.entities.keys).union(rules.categories.keys).union(rules.columns.keys).union(rules.hidden).subtracting(columns)
    guard missing.isEmpty else {
      let names = missing.sorted().joined(separator: ", ")
      return (nil, [SQLFinding(.failure, "\(rules.name): has no column \(names), which the configuration speaks of", remedy: tableRemedy)])
    }
    guard let table = try await database.tables([rules]).first else { return (nil, []) }
    let scope = configuration.scope
    let writes = scope.isReadOnly || !scope.toolsets.contains(.writes) ? [] : TableRules.Write.allCases.filter { rules.writes.contains($0) }
    var findings: [SQLFinding] = []
    if rules.recordType == nil, configuration.tables?.contains(where: { $0.recordType != nil }) == true {
      findings.append(
        SQLFinding(
          .warning, "\(rules.name): has no record while other tables have, so behind the gateway nobody sees a row of it", remedy: "Give it a record, or leave it out."))
    }
    if !writes.isEmpty { findings += try await obstacles(to: writes, table, database, isStandby) }
    let record = rules.recordType.map { ", record \($0)" } ?? ""
    let allowed = writes.isEmpty ? "read only" : "\(writes.map(\.rawValue).joined(separator: ", ")) allowed"
    findings.insert(SQLFinding(.ok, "\(rules.name): \(Self.count(table.columns.count, "column"))\(record), \(allowed)"), at: 0)
    return (table, findings)
  }

  /// Why changes that the configuration allows would fail all the same.
  private func obstacles(
    to writes: [TableRules.Write], _ table: SQLTable, _ database: any SQLDatabase, _ isStandby: Bool
  ) async throws -> [SQLFinding] {
    let wanted = writes.map(\.rawValue).joined(separator: ", ")
    if isStandby {
      return [SQLFinding(.failure, "\(table.name): \(wanted) will fail, because a standby takes no changes", remedy: "Connect to the primary, or take away writes.")]
    }
    var findings: [SQLFinding] = []
    if table.primaryKey.isEmpty {
      findings.append(
        SQLFinding(
          .failure, "\(table.name): \(wanted) will be refused, because no primary key tells its rows apart", remedy: "Give it a primary key, or take away writes."))
    }
    return try await findings + privileges(for: writes, table, database)
  }

  private func privileges(for writes: [TableRules.Write], _ table: SQLTable, _ database: any SQLDatabase) async throws -> [SQLFinding] {
    let wanted = writes.map(\.rawValue).joined(separator: ", ")
    var findings: [SQLFinding] = []
    switch configuration.source {
    case .sqlite(let path):
      if access(path, W_OK) != 0 {
        findings.append(
          SQLFinding(.failure, "\(table.name): \(wanted) will fail, because the file may not be written", remedy: "Let the account write it, or take away writes."))
      }
    case .postgres:
      for write in writes {
        let privilege = SQLValue.text(write.rawValue.uppercased())
        let relation = SQLValue.text(Self.relation(table))
        // DELETE is of whole tables.
        let query: SQLFragment =
          write == .delete
          ? "SELECT has_table_privilege(\(relation)::text, \(privilege)::text)" : "SELECT has_any_column_privilege(\(relation)::text, \(privilege)::text)"
        guard try await database.read(query, bounds: ResultBound()).rows.first?.first != .boolean(true) else { continue }
        let word = write.rawValue.uppercased()
        findings.append(
          SQLFinding(
            .failure, "\(table.name): \(write.rawValue) will fail, because the role has no \(word)", remedy: "GRANT \(word) ON \(Self.relation(table)) TO the role."))
      }
    }
    return findings
  }

  // MARK: Statements

  /// Has the database look at a declared statement, without running it.
  private func look(at statement: DeclaredStatement, _ tables: [SQLTable], _ database: any SQLDatabase, _ isStandby: Bool) async throws -> [SQLFinding] {
    let scope = configuration.scope
    guard let write = statement.text.write else {
      guard scope.toolsets.contains(.statements) else { return [] }
      let visible = tables.map {
        VisibleTable(table: $0, select: "SELECT \(SQLFragment.joined($0.columns.map { "\(identifier: $0.name)" }, by: ", ")) FROM \($0.reference)", isFiltered: false)
      }
      let columns = try await database.columns(of: statement.sql, arguments: statement.noArguments(database.dialect), over: visible)
      try StatementTools.check(columns, of: statement)
      return [SQLFinding(.ok, "\(statement.name): reads \(columns.joined(separator: ", "))")]
    }
    guard !scope.isReadOnly, scope.toolsets.contains(.writes) else { return [] }
    let table = try StatementTools.target(of: statement, tables)
    try await database.prepare(StatementTools.fragment(statement, statement.noArguments(database.dialect), table))
    if isStandby {
      return [SQLFinding(.failure, "\(statement.name): will fail, because a standby takes no changes", remedy: "Connect to the primary, or take the statement away.")]
    }
    return [SQLFinding(.ok, "\(statement.name): \(write.rawValue) of \(table.name)")] + (try await privileges(for: [write], table, database))
  }

  private static func relation(_ table: SQLTable) -> String { SQLLiteral.identifier(table.schema) + "." + SQLLiteral.identifier(table.relation) }

  private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  private static func names(_ tables: [SQLTable]) -> String {
    tables.prefix(20).map(\.name).joined(separator: ", ") + (tables.count > 20 ? ", ..." : "")
  }

  // MARK: Changes

  /// Whether somebody tells of changes on the channel, as far as triggers show it.
  private func channel(_ tables: [SQLTable], _ database: any SQLDatabase, _ isStandby: Bool) async -> [SQLFinding] {
    guard case .postgres(let settings) = configuration.source, let channel = settings.channel else { return [] }
    if isStandby {
      return [SQLFinding(.failure, "channel \(channel): a standby tells of no changes", remedy: "Connect to the primary, or take away channel.")]
    }
    var (telling, silent): ([SQLTable], [SQLTable]) = ([], [])
    do {
      for table in tables { if try await tells(table, on: channel, database) { telling.append(table) } else { silent.append(table) } }
    } catch { return [SQLFinding(.failure, "channel \(channel): \(error)")] }
    var findings: [SQLFinding] = []
    if !telling.isEmpty { findings.append(SQLFinding(.ok, "channel \(channel): told by triggers of \(Self.names(telling))")) }
    if !silent.isEmpty {
      findings.append(
        SQLFinding(
          .warning, "channel \(channel): no trigger of \(Self.names(silent)) names it",
          remedy: "docs/connectors/sql.md has such a trigger. It is not needed where the application itself notifies."))
    }
    return findings
  }

  /// Whether a trigger of the table has the channel's name in its function or arguments.
  private func tells(_ table: SQLTable, on channel: String, _ database: any SQLDatabase) async throws -> Bool {
    let (relation, name) = (SQLValue.text(Self.relation(table)), SQLValue.text(channel))
    let query: SQLFragment = """
      SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid \
      WHERE t.tgrelid = \(relation)::text::regclass AND NOT t.tgisinternal AND t.tgenabled <> 'D' \
      AND (strpos(p.prosrc, \(name)::text) > 0 OR position(convert_to(\(name)::text, getdatabaseencoding()) IN t.tgargs) > 0))
      """
    return try await database.read(query, bounds: ResultBound()).rows.first?.first == .boolean(true)
  }
}
