import GRDB
import JSON
import MCP
import PostgresFixture
import Testing

@testable import SQLConnector

@Suite struct RowFilterSQLTests {
  private static let rows: [(id: String, name: String?, amount: Int?, open: Int?)] = [
    ("a", "Ann", 1, 1), ("b", "Bob", 2, 0), ("c", nil, nil, nil), ("d", "O'Hara; DROP TABLE t --", 10, 1), ("e", "[x]*?%_", -5, 0), ("f", "ann", 9, 1),
  ]

  /// What the condition lets through, with its values bound and with its values written out.
  private func matches(_ filter: RowFilter) throws -> String {
    let queue = try DatabaseQueue()
    return try queue.write { database in
      try database.execute(sql: "CREATE TABLE t(id TEXT PRIMARY KEY, name TEXT COLLATE NOCASE, amount INTEGER, open BOOLEAN)")
      for row in Self.rows { try database.execute(sql: "INSERT INTO t VALUES (?, ?, ?, ?)", arguments: [row.id, row.name, row.amount, row.open]) }
      let table = try #require(try SQLiteSchema(rules: nil).tables(database).first)
      let condition = RowFilterSQL.condition(filter, table, .sqlite)
      let (sql, values) = condition.bound
      let bound = try String.fetchAll(database, sql: "SELECT id FROM t WHERE \(sql) ORDER BY id", arguments: StatementArguments(values.map(\.databaseValue)))
      let literal = try #require(condition.literal)
      let written = try String.fetchAll(database, sql: "SELECT id FROM t WHERE \(literal) ORDER BY id")
      #expect(bound == written)
      #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM t") == Self.rows.count)
      return bound.joined()
    }
  }

  private static let postgres = Result {
    try DatabaseUnderTest(
      .postgres,
      """
      CREATE TYPE names AS ENUM ('Ann', 'Bob', 'O''Hara; DROP TABLE t --', '[x]*?%_', 'ann');
      CREATE TABLE t(id text PRIMARY KEY, name text, amount int2, open boolean);
      CREATE TABLE e(id text PRIMARY KEY, name names, amount int8, open boolean);
      """
        + rows.map { row in
          let name = row.name.map { SQLLiteral.string($0) } ?? "NULL", amount = row.amount.map(String.init) ?? "NULL", open = row.open.map { "\($0)::bool" } ?? "NULL"
          return "INSERT INTO t VALUES ('\(row.id)', \(name), \(amount), \(open)); INSERT INTO e VALUES ('\(row.id)', \(name), \(amount), \(open));"
        }.joined())
  }

  /// The same over PostgreSQL, over a table with a text and over one with an enumeration.
  private func postgresMatches(_ filter: RowFilter) async throws -> [String] {
    let connector = try Self.postgres.get().connector()
    return try await withThrowingTaskGroup(of: String.self) { group in
      for table in try await connector.currentTables() {
        group.addTask {
          let statement: SQLFragment = "SELECT id FROM \(table.reference) WHERE \(RowFilterSQL.condition(filter, table, .postgres)) ORDER BY id COLLATE \"C\""
          return try await connector.database.read(statement, bounds: ResultBound()).rows.compactMap { $0.first?.string }.joined()
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  @Test(
    "a filter lets exactly the rows through for which it is true",
    arguments: [
      (#"["true"]"#, "abcdef"), (#"["false"]"#, ""), (#"["and"]"#, "abcdef"), (#"["or"]"#, ""),
      // Text compares by its bytes, whatever the collation of the column.
      (#"["=", "name", "Ann"]"#, "a"), (#"["in", "name", ["Ann", "Bob", 3]]"#, "ab"), (#"["in", "name", []]"#, ""),
      (#"["<", "amount", 2]"#, "ae"), (#"["<=", "amount", 2]"#, "abe"), (#"["=", "open", true]"#, "adf"),
      // Unknown is not true, and neither is its negation.
      (#"["not", ["=", "name", "Ann"]]"#, "bdef"), (#"["not", ["in", "name", ["Ann"]]]"#, "bdef"), (#"["not", ["isTrue", ["=", "name", "Ann"]]]"#, "bcdef"),
      (#"["has", "name"]"#, "abdef"), (#"["not", ["has", "name"]]"#, "c"), (#"["or", ["=", "amount", 1], ["=", "id", "c"]]"#, "ac"),
      // Values of another type are different, and have no order.
      (#"["=", "amount", "1"]"#, ""), (#"["not", ["=", "amount", "1"]]"#, "abdef"), (#"["=", "amount", true]"#, ""), (#"["=", "open", 1]"#, ""),
      (#"["=", "name", 1]"#, ""), (#"["<", "name", "B"]"#, ""), (#"["not", ["<", "name", "B"]]"#, ""), (#"["<", "amount", "z"]"#, ""), (#"["=", "amount", 1.0]"#, ""),
      // Patterns know one wildcard, and upper from lower case.
      (#"["like", "name", "A*"]"#, "a"), (#"["like", "name", "*o*"]"#, "b"), (#"["like", "name", "[x]\\*?%_"]"#, "e"), (#"["like", "name", "[x]\\**"]"#, "e"),
      (#"["like", "name", "?nn"]"#, ""),
      (#"["like", "name", "%"]"#, ""), (#"["like", "amount", "*"]"#, ""), (#"["contains", "name", "A"]"#, ""), (#"["not", ["contains", "name", "A"]]"#, ""),
      // Hostile values are values.
      (#"["=", "name", "O'Hara; DROP TABLE t --"]"#, "d"), (#"["=", "name", "' OR 1=1 --"]"#, ""), (#"["=", "name", "Ann\u0000' OR '1'='1"]"#, ""),
      (#"["not", ["=", "name", "x'́ OR 1 --"]]"#, "abdef"),
      (#"["like", "name", "*' OR 1=1 --"]"#, ""), (#"["=", "amount", -9223372036854775808]"#, ""), (#"["<=", "amount", 9223372036854775807]"#, "abdef"),
      // What is no column, or is another by case, lets nothing through, wherever it stands.
      (#"["=", "NAME", "Ann"]"#, ""), (#"["=", "name\" = name OR \"id", "x"]"#, ""), (#"["or", ["true"], ["has", "nope"]]"#, ""),
      (#"["not", ["isTrue", ["=", "rowid", 1]]]"#, ""),
      (#"["=", "name", null]"#, ""), (#"["not", ["=", "name", ["a"]]]"#, ""), (#"["=", "a.b", 1]"#, ""),
    ])
  func filter(json: String, expected: String) async throws {
    let filter = try #require(RowFilter(try JSONValue(parsing: json)))
    #expect(try matches(filter) == expected)
    if PostgresCluster.isInstalled { #expect(try await postgresMatches(filter) == [expected, expected]) }
  }

  @Test("a filter beyond all measure lets nothing through and does not crash") func excessive() async throws {
    var deep: RowFilter = .constant(true)
    for _ in 0..<10_000 { deep = .not(deep) }
    #expect(try matches(deep) == "")
    #expect(try matches(.or(Array(repeating: .constant(true), count: 5000))) == "")
    #expect(try matches(.isIn(attribute: "name", (0..<5000).map { .string("\($0)") })) == "")
    #expect(try matches(.like(attribute: "name", pattern: String(repeating: "*a", count: 5000))) == "")
    #expect(try matches(.or(Array(repeating: .constant(true), count: 400))) == "abcdef")
    guard PostgresCluster.isInstalled else { return }
    #expect(try await postgresMatches(deep) == ["", ""])
    #expect(try await postgresMatches(.isIn(attribute: "name", (0..<2000).map { .string("\($0)") })) == ["", ""])
  }

  @Test(
    "literals mean in SQL what they were",
    arguments: [
      .null, .integer(0), .integer(.max), .integer(.min), .integer(-1), .real(1.5), .real(-1e300), .real(5e-324), .real(.infinity), .real(-.infinity),
      .text(""), .text("'"), .text("''\"\\%;--/*"), .text("\u{27}\u{301}"), .text("日本\n\t"), .text(String(repeating: "'", count: 999)),
    ] as [SQLValue])
  func literals(value: SQLValue) throws {
    let literal = try #require(SQLLiteral.text(value))
    let read = try DatabaseQueue().read { try DatabaseValue.fetchOne($0, sql: "SELECT \(literal)") }
    #expect(SQLValue(try #require(read ?? .null)) == value)
  }

  @Test("what has no literal gets none") func noLiteral() {
    #expect(SQLLiteral.text(.text("a\u{0}b")) == nil)
    #expect(SQLLiteral.text(.real(.nan)) == nil)
    #expect(SQLLiteral.identifier("a\"b") == "\"a\"\"b\"")
  }
}
