import Foundation
import GRDB
import JSON
import MCP
import NIOCore
import Testing

@testable import SQLConnector

@Suite struct QuerySandboxTests {
  /// A database with a governed table, one that is not served, and a view and a trigger to confuse matters.
  private static func connector(_ limits: QueryLimits = QueryLimits(), tables: [TableRules]? = rules) throws -> SQLConnector {
    let path = directory.path + "/\(UUID().uuidString).sqlite"
    let queue = try DatabaseQueue(path: path)
    try queue.write { database in
      try database.execute(
        sql: """
          CREATE TABLE people(id TEXT PRIMARY KEY, name TEXT NOT NULL, team TEXT NOT NULL, ssn TEXT NOT NULL, salary INTEGER NOT NULL);
          INSERT INTO people VALUES ('1', 'Ann', 'red', '987-65-4320', 10), ('2', 'Bob', 'blue', '987-65-4321', 20), ('3', 'Cy', 'red', '987-65-4322', 30);
          CREATE TABLE teams(id TEXT PRIMARY KEY, name TEXT NOT NULL);
          INSERT INTO teams VALUES ('red', 'Red team'), ('blue', 'Blue team');
          CREATE TABLE hidden(secret TEXT);
          INSERT INTO hidden VALUES ('hunter2');
          CREATE VIEW everybody AS SELECT * FROM people;
          """)
    }
    try queue.close()
    return try SQLConnector(SQLConfiguration(path: path, name: "hr", tables: tables, query: limits))
  }

  /// Goes with the process.
  private static let directory: URL = {
    let path = NSTemporaryDirectory() + "sluice-sql-\(ProcessInfo.processInfo.processIdentifier)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + "sluice-sql-\(ProcessInfo.processInfo.processIdentifier)") }
    return URL(fileURLWithPath: path)
  }()

  private static let rules: [TableRules] = [
    TableRules("people", recordType: "Person", categories: ["ssn": "pii", "salary": "confidential"]), TableRules("teams", recordType: "Team"),
  ]
  private static let red: JSONObject = [
    MetaKey.rows: ["Person": ["=", "team", "red"], "Team": ["true"]], MetaKey.clearance: ["public", "internal"],
  ]

  private func query(_ sql: String, _ connector: SQLConnector, meta: JSONObject = red) async throws -> (isError: Bool, text: String, rows: JSONValue) {
    let server = try connector.makeServer(version: "1")
    let message: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ["name": "query", "arguments": ["sql": .string(sql)], "_meta": .object(meta)],
    ]
    let context = RequestContext(client: ClientDescription(version: .v2026_07_28), transport: .inProcess)
    guard case .result(let text) = await server.handle(try Envelope(scanning: ByteBuffer(string: message.text)), context) else {
      return (true, "failure", .null)
    }
    let result = try RawJSON(scanning: text)
    let structured = result["structuredContent"].map { JSONValue($0) } ?? .null
    return (result["isError"]?.bool == true, result["content"]?.elements.first { _ in true }?["text"]?.string ?? "", structured["rows"] ?? .null)
  }

  @Test(
    "honest queries see the caller's rows, masked",
    arguments: [
      ("SELECT id, name, ssn, salary FROM people ORDER BY id", #"[["1","Ann","[masked]",null],["3","Cy","[masked]",null]]"#),
      ("SELECT count(*) FROM people", "[[2]]"), ("SELECT count(*), sum(salary), min(ssn) FROM People", #"[[2,null,"[masked]"]]"#),
      ("SELECT p.name, t.name FROM people p JOIN teams t ON t.id = p.team ORDER BY 1", #"[["Ann","Red team"],["Cy","Red team"]]"#),
      ("WITH x AS (SELECT * FROM people) SELECT count(*) FROM x", "[[2]]"), ("WITH people AS (SELECT * FROM teams) SELECT count(*) FROM people", "[[2]]"),
      ("SELECT name FROM people WHERE name LIKE 'a%' -- a comment", #"[["Ann"]]"#), ("SELECT 1; /* nothing */ ;", "[[1]]"),
      ("VALUES (1, 'x'), (2, 'y')", #"[[1,"x"],[2,"y"]]"#),
      ("SELECT name, row_number() OVER (ORDER BY name DESC) FROM people ORDER BY 2", #"[["Cy",1],["Ann",2]]"#),
      ("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 4) SELECT group_concat(x) FROM c", #"[["1,2,3,4"]]"#),
      ("SELECT count(*) FROM people a, people b, teams", "[[8]]"),
      ("SELECT upper(substr(name, 1, 1)) || '.' FROM people WHERE EXISTS (SELECT 1 FROM teams WHERE id = team) ORDER BY 1", #"[["A."],["C."]]"#),
      ("SELECT name FROM people UNION SELECT name FROM teams ORDER BY 1", #"[["Ann"],["Blue team"],["Cy"],["Red team"]]"#),
      ("SELECT count(*) FROM people WHERE ssn LIKE '987%'", "[[0]]"),
      ("SELECT count(*) FROM temp.people", "[[2]]"),
    ])
  func honest(sql: String, expected: String) async throws {
    let answer = try await query(sql, Self.connector())
    #expect(!answer.isError, "\(answer.text)")
    #expect(answer.rows == (try JSONValue(parsing: expected)))
  }

  @Test(
    "no statement reaches past the views",
    arguments: [
      "SELECT * FROM main.people", "SELECT count(*) FROM main.people", "SELECT count(*) FROM MAIN.people", "SELECT * FROM \"main\".\"people\"",
      "SELECT 1 FROM main.people LIMIT 1",
      "SELECT * FROM hidden", "SELECT count(*) FROM hidden", "SELECT 1 FROM Hidden", "SELECT * FROM everybody", "SELECT count(*) FROM everybody",
      "SELECT name FROM people UNION SELECT secret FROM hidden", "SELECT name FROM people UNION ALL SELECT name FROM main.people",
      "WITH people AS (SELECT * FROM main.people) SELECT * FROM people", "WITH hidden AS (SELECT * FROM main.hidden) SELECT * FROM hidden",
      "WITH everybody AS (SELECT * FROM main.people) SELECT * FROM everybody", "WITH people AS (SELECT count(*) FROM main.people) SELECT * FROM people",
      "SELECT (SELECT secret FROM hidden)", "SELECT name FROM people WHERE EXISTS (SELECT 1 FROM hidden)", "SELECT name FROM people ORDER BY (SELECT secret FROM hidden)",
      "SELECT * FROM (SELECT * FROM main.people) AS people", "SELECT people.* FROM main.people AS people",
      "SELECT * FROM sqlite_master", "SELECT * FROM sqlite_schema", "SELECT count(*) FROM sqlite_schema", "SELECT * FROM sqlite_temp_master",
      "SELECT count(*) FROM sqlite_temp_schema",
      "SELECT * FROM temp.sqlite_master", "SELECT * FROM main.sqlite_schema", "SELECT * FROM pragma_table_info('people')", "SELECT count(*) FROM pragma_table_list",
      "SELECT * FROM pragma_database_list",
      "SELECT * FROM pragma_function_list", "SELECT count(*) FROM dbstat", "SELECT * FROM sqlite_stmt", "SELECT count(*) FROM sqlite_dbpage",
      "SELECT * FROM json_each('[1]')",
      "PRAGMA table_info(people)", "PRAGMA writable_schema = ON", "PRAGMA query_only = OFF", "ATTACH '/tmp/x.sqlite' AS x", "DETACH main", "VACUUM INTO '/tmp/x.sqlite'",
      "EXPLAIN SELECT * FROM people", "EXPLAIN QUERY PLAN SELECT * FROM people", "BEGIN", "COMMIT", "SAVEPOINT x", "ANALYZE", "REINDEX",
      "INSERT INTO people VALUES ('4','x','red','','1')", "UPDATE people SET team = 'red'", "DELETE FROM people", "DELETE FROM main.people RETURNING *",
      "DROP TABLE people", "DROP VIEW people",
      "CREATE TABLE x(y)", "CREATE TEMP TABLE x AS SELECT 1", "CREATE TEMP VIEW x AS SELECT * FROM main.people", "WITH x AS (SELECT 1) DELETE FROM people",
      "REPLACE INTO teams VALUES ('a', 'b')",
      "SELECT load_extension('/tmp/x.so')", "SELECT readfile('/etc/passwd')", "SELECT writefile('/tmp/x', 'y')", "SELECT fts3_tokenizer('simple')", "SELECT edit('x')",
      "SELECT sqlite_compileoption_get(1)",
      "SELECT randomblob(10)", "SELECT zeroblob(10)", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE people", "SELECT 1; --x\nPRAGMA user_version",
      "SELECT name FROM people/*", "", ";", "-- nothing", "/* */",
      "SELECT \"no such column\" FROM people", "SELECT rowid, * FROM main.people", "SELECT ? FROM people", "SELECT 1\u{0}; SELECT 2",
      "SELECT * FROM people INDEXED BY sqlite_autoindex_people_1",
    ])
  func escapes(sql: String) async throws {
    let connector = try Self.connector()
    let answer = try await query(sql, connector)
    // An unclosed comment ends with the text, which SQLite allows: then nothing but the visible rows may be there.
    if !answer.isError { #expect(sql.hasSuffix("/*") && answer.rows == [["Ann"], ["Cy"]]) }
    #expect(
      !answer.text.contains("hunter2") && !answer.text.contains("987-65") && !answer.text.contains("Bob") && !answer.text.contains("hidden.secret")
        && !answer.text.contains("sluice_"))
    #expect(try await query("SELECT count(*) FROM people", connector, meta: [:]).rows == [[3]])
  }

  @Test(
    "a condition that fails for certain values does not tell of rows outside the caller's",
    arguments: [
      "SELECT count(*) FROM people WHERE CASE WHEN name = 'Bob' THEN json('{') ELSE 1 END",
      "SELECT count(*) FROM people p JOIN teams t ON CASE WHEN p.name = 'Bob' THEN json('{') ELSE 1 END",
      "SELECT max(CASE WHEN name = 'Bob' THEN abs(-9223372036854775807 - 1) ELSE 1 END) FROM people",
      "SELECT name FROM people ORDER BY CASE WHEN name = 'Bob' THEN json('{') END",
      "SELECT name FROM people GROUP BY name HAVING CASE WHEN name = 'Bob' THEN json('{') ELSE 1 END",
    ])
  func errorOracle(sql: String) async throws {
    let answer = try await query(sql, Self.connector())
    #expect(!answer.isError, "\(answer.text)")
  }

  @Test(
    "a table without rules, or with rules that cannot be read, has no rows",
    arguments: [#"{}"#, #"{"Person": 1}"#, #"{"Person": ["=", "nope", 1]}"#, #"{"Team": ["true"]}"#, "[]", "null", "true"])
  func noRules(rows: String) async throws {
    let answer = try await query("SELECT count(*) FROM people", Self.connector(), meta: [MetaKey.rows: try JSONValue(parsing: rows)])
    #expect(answer.rows == [[0]], "\(answer.text)")
  }

  @Test(
    "hostile values in rules stay values",
    arguments: ["red' OR '1'='1", "red'); DROP TABLE people; --", "\" OR 1 --", "red\u{0}' OR 1 --", "'\u{301} OR 1=1 --", "red' LIMIT -1; SELECT '"])
  func hostileRules(value: String) async throws {
    let connector = try Self.connector()
    let answer = try await query("SELECT count(*) FROM people", connector, meta: [MetaKey.rows: ["Person": ["=", "team", .string(value)]]])
    #expect(answer.isError || answer.rows == [[0]])
    #expect(try await query("SELECT count(*) FROM people", connector, meta: [:]).rows == [[3]])
  }

  @Test(
    "what would not end is stopped, and says so",
    arguments: [
      ("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c", "longer than"),
      ("WITH n(x) AS (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) SELECT count(*) FROM n a, n b, n c, n d, n e, n f, n g, n h, n i, n j, n k", "longer than"),
      ("SELECT hex(printf('%100000d', 1))", "too large"), ("SELECT replace(printf('%100000d', 1), ' ', printf('%1000d', 1))", "too large"),
    ])
  func endless(sql: String, says: String) async throws {
    let connector = try Self.connector(QueryLimits(time: .seconds(2)))
    let started = ContinuousClock.now
    let answer = try await query(sql, connector)
    #expect(answer.isError && answer.text.contains(says), "\(answer.text)")
    #expect(started.duration(to: .now) < .seconds(20))
  }

  @Test("a query that piles up memory is stopped") func memory() async throws {
    let connector = try Self.connector(QueryLimits(time: .seconds(20), memory: 8 << 20))
    let answer = try await query(
      "WITH RECURSIVE c(x, y) AS (SELECT 1, '' UNION ALL SELECT x + 1, printf('%100000d', x) FROM c) SELECT count(*) FROM (SELECT DISTINCT y FROM c)", connector)
    #expect(answer.isError && answer.text.contains("memory"), "\(answer.text)")
  }

  @Test("rows and bytes are bounded, and the answer says that there are more") func bounds() async throws {
    let many = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 5000) SELECT x, printf('%1000d', x) FROM c"
    let rows = try await query(many, Self.connector())
    #expect(rows.rows.array?.count == 100 && rows.text.contains("more rows"))
    let bytes = try await query(many, Self.connector(QueryLimits(bytes: 10_000)))
    #expect(bytes.rows.array?.count == 9 && bytes.text.contains("more rows"))
    let long = try await query("SELECT '\(String(repeating: "x", count: 30_000))'", Self.connector())
    #expect(long.isError)
  }

  @Test("a cancelled query stops") func cancelled() async throws {
    let connector = try Self.connector(QueryLimits(time: .seconds(60)))
    let task = Task { try await connector.database.query("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c", over: [], rows: 1) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test("without a gateway any SQLite file is served whole") func ungoverned() async throws {
    let connector = try Self.connector(tables: nil)
    #expect(connector.tables.map(\.name) == ["hidden", "people", "teams"])
    #expect(try await query("SELECT count(*) FROM people", connector, meta: [:]).rows == [[3]])
    #expect(try await query("SELECT secret FROM hidden", connector, meta: [:]).rows == [["hunter2"]])
    #expect(try await query("SELECT secret FROM main.hidden", connector, meta: [:]).isError)
  }

  @Test(
    "a configuration that does not fit the file is refused with what is there",
    arguments: [
      (TableRules("nope"), "It has: hidden, people, teams"), (TableRules("people", categories: ["nope": "pii"]), "no column \"nope\""),
    ])
  func misfit(rules: TableRules, says: String) throws {
    do {
      _ = try Self.connector(tables: [rules])
      Issue.record("accepted")
    } catch let error as SQLConnectorError {
      #expect(error.description.contains(says))
    }
  }

  @Test("a missing file is an error and is not made") func missingFile() {
    let path = NSTemporaryDirectory() + "sluice-missing-\(UUID().uuidString).sqlite"
    #expect(throws: SQLConnectorError.self) { try SQLConnector(SQLConfiguration(path: path, name: "x")) }
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
