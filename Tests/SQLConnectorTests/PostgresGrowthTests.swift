import Foundation
import JSON
import MCP
import PostgresFixture
import Testing

@testable import SQLConnector

/// What a query may gather in the memory of PostgreSQL.
@Suite("Aggregates that grow with their input", .serialized, .enabled(if: PostgresCluster.isInstalled, "\(PostgresCluster.skipReason)"), .timeLimit(.minutes(5)))
struct PostgresGrowthTests {
  private static let schema = """
    CREATE TABLE t(id int PRIMARY KEY, team text NOT NULL, x text, j jsonb);
    INSERT INTO t SELECT n, 'team ' || n % 7, CASE WHEN n % 11 <> 0 THEN repeat('x', 100) END, jsonb_build_object('n', n) FROM generate_series(1, 2000) n;
    """
  private static let database = Result { try DatabaseUnderTest(.postgres, schema, connections: 1) }
  /// Of one megabyte that may be gathered.
  private static let connector = Result { try database.get().connector(limits: QueryLimits(time: .seconds(60), memory: 4 << 20)) }

  private func query(_ sql: String) async throws -> ToolAnswer { try await Self.connector.get().query(sql) }

  @Test(
    "what stays within the bound is what PostgreSQL makes of it",
    arguments: [
      ("SELECT string_agg(team, ',' ORDER BY id) FROM t WHERE id <= 3", #"[["team 1,team 2,team 3"]]"#),
      ("SELECT string_agg(DISTINCT team, ',' ORDER BY team DESC) FROM t", #"[["team 6,team 5,team 4,team 3,team 2,team 1,team 0"]]"#),
      ("SELECT array_agg(id ORDER BY id) FILTER (WHERE id < 4) FROM t", "[[[1,2,3]]]"), ("SELECT array_agg(x) FROM t WHERE id = 11", "[[[null]]]"),
      ("SELECT array_agg(ARRAY[id, id + 1] ORDER BY id) FROM t WHERE id < 3", "[[[[1,2],[2,3]]]]"),
      ("SELECT json_agg(team ORDER BY id) FROM t WHERE id < 3", #"[[["team 1","team 2"]]]"#),
      ("SELECT jsonb_agg(j ORDER BY id) FROM t WHERE id < 3", #"[[[{"n":1},{"n":2}]]]"#),
      ("SELECT json_object_agg(id, team) FROM t WHERE id = 5", #"[[{"5":"team 5"}]]"#),
      ("SELECT jsonb_object_agg(team, id) FROM t WHERE id IN (1, 2)", #"[[{"team 1":1,"team 2":2}]]"#),
      ("SELECT json_agg(s) FROM (SELECT id, team FROM t WHERE id = 1) AS s", #"[[[{"id":1,"team":"team 1"}]]]"#),
      ("SELECT string_agg(team, ',') FROM t WHERE false", "[[null]]"), ("SELECT string_agg(NULL, ',') FROM t", "[[null]]"),
      ("SELECT string_agg('a', '') FILTER (WHERE id < 4) OVER (ORDER BY id) FROM t ORDER BY id LIMIT 4", #"[["a"],["aa"],["aaa"],["aaa"]]"#),
      ("SELECT team, length(string_agg(x, '')) FROM t GROUP BY team ORDER BY team LIMIT 1", #"[["team 0",26000]]"#),
      ("SELECT (SELECT string_agg(b.team, ',') FROM t b WHERE b.id = a.id) FROM t a WHERE id = 2", #"[["team 2"]]"#),
      ("SELECT string_agg((SELECT b.team FROM t b WHERE b.id = a.id), ',') FROM t a WHERE id = 2", #"[["team 2"]]"#),
      ("WITH n AS (SELECT string_agg(team, ',' ORDER BY id) AS s FROM t WHERE id < 3) SELECT array_agg(s) FROM n", #"[[["team 1,team 2"]]]"#),
      // Only what the caller's own condition lets through counts.
      ("SELECT length(string_agg(md5(n::text), '') FILTER (WHERE n <= 3)) FROM generate_series(1, 200000) n", "[[96]]"),
      ("SELECT length(string_agg(md5(n::text), '')) FROM (SELECT n FROM generate_series(1, 1000000) n LIMIT 1000) s", "[[32000]]"),
      ("SELECT count(*), count(DISTINCT n), max(n) FROM generate_series(1, 300000) n", "[[300000,300000,300000]]"),
    ])
  func within(_ sql: String, _ expected: String) async throws {
    let answer = try await query(sql)
    #expect(try !answer.isError && answer.rows == JSONValue(parsing: expected), "\(answer.text)")
  }

  @Test(
    "beyond the bound the statement ends, however it is written, and says what to do",
    arguments: [
      "SELECT length(string_agg(md5(n::text), '')) FROM generate_series(1, 200000) n", "SELECT array_agg(n) FROM generate_series(1, 200000) n",
      "SELECT json_agg(n) FROM generate_series(1, 200000) n", "SELECT jsonb_agg(n) FROM generate_series(1, 200000) n",
      "SELECT json_object_agg(n, n) FROM generate_series(1, 200000) n", "SELECT jsonb_object_agg(n, n) FROM generate_series(1, 200000) n",
      // Many groups, windows, sets, subqueries: all count together.
      "SELECT n % 1000, length(string_agg(md5(n::text), '')) FROM generate_series(1, 200000) n GROUP BY 1",
      "SELECT max(s.l) FROM (SELECT length(string_agg(md5(n::text), '') OVER (ORDER BY n)) AS l FROM generate_series(1, 100000) n) s",
      "SELECT string_agg(DISTINCT 'x', '') FROM generate_series(1, 100000) n", "SELECT count(*) FROM (SELECT array_agg(a.x) FROM t a, t b GROUP BY a.id) s",
      "WITH a AS (SELECT string_agg(x, '') AS s FROM t), b AS (SELECT string_agg(x, '!') AS s FROM t) SELECT length(a.s), length(b.s), length(c.s), length(d.s), length(e.s) FROM a, b, "
        + "(SELECT string_agg(x, '') AS s FROM t) c, (SELECT string_agg(x, '') AS s FROM t) d, (SELECT string_agg(x, '') AS s FROM t) e",
      "SELECT string_agg(x, x) FILTER (WHERE true) FROM t a CROSS JOIN generate_series(1, 100) n",
      "SELECT length(string_agg('', '')) FROM generate_series(1, 200000) n", "SELECT array_agg(NULL::int) FROM generate_series(1, 200000) n",
    ])
  func beyond(_ sql: String) async throws {
    let answer = try await query(sql)
    #expect(answer.isError && answer.text.contains("would gather more than 1024 KB") && answer.text.contains("LIMIT"), "\(answer.text)")
    #expect(!answer.text.contains(GrowthBound.setting))
  }

  @Test("one statement's count is not the next one's")
  func fresh() async throws {
    for _ in 0..<10 {
      #expect(try await query("SELECT length(string_agg(x, '')) FROM t").rows == [[181_900]])
      #expect(try await query("SELECT array_agg(n) FROM generate_series(1, 100000) n").isError)
    }
  }

  @Test(
    "an aggregate that grows is not an argument of another, and what counts cannot be reached",
    arguments: [
      "SELECT string_agg((SELECT string_agg(team, ',') FROM t), ',') FROM t", "SELECT array_agg(array_agg(id)) FROM t", "SELECT set_config('sluice.gathered', '0', true)",
      "SELECT current_setting('sluice.gathered')", "SELECT string_agg(team, ',') FILTER () FROM t", "SELECT string_agg(team, ',') FILTER (team) FROM t",
      "SELECT string_agg(team, ',') FILTER (WHERE true FROM t",
    ])
  func refused(_ sql: String) async throws {
    let answer = try await query(sql)
    #expect(answer.isError && answer.text.contains("Refused"), "\(answer.text)")
  }

  @Test("a plan of such a statement tells nothing of the bound")
  func plan() async throws {
    let answer = try await Self.connector.get().call("explain", ["sql": "SELECT team, string_agg(x, ',') FROM t GROUP BY team"])
    #expect(!answer.isError && !answer.text.contains("sluice"), "\(answer.text)")
  }

  // MARK: The server's memory

  private static let settingsView = "CREATE VIEW s AS SELECT name, setting FROM pg_settings WHERE name IN ('work_mem', 'temp_file_limit', 'hash_mem_multiplier')"

  @Test("sorts and hashes are bounded by the session, never above what the database or role is set to")
  func session() async throws {
    let cluster = try PostgresCluster.shared.get()
    let database = try DatabaseUnderTest(.postgres, Self.settingsView)
    let sql = "SELECT name, setting FROM s ORDER BY name"
    // The server's own work_mem is 4 MB, which is less than ours.
    #expect(try await database.connector().query(sql).rows == [["hash_mem_multiplier", "1"], ["temp_file_limit", "1048576"], ["work_mem", "4096"]])
    try cluster.psql("ALTER DATABASE \(database.name) SET work_mem = '256MB'; ALTER DATABASE \(database.name) SET temp_file_limit = '64MB'")
    #expect(try await database.connector().query(sql).rows == [["hash_mem_multiplier", "1"], ["temp_file_limit", "65536"], ["work_mem", "16384"]])
  }

  @Test("a role that may not set the bound of temporary files does without")
  func leastPrivilege() async throws {
    let cluster = try PostgresCluster.shared.get()
    let database = try DatabaseUnderTest(
      .postgres,
      Self.settingsView + """
        ; DO $$ BEGIN CREATE ROLE modest LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; GRANT SELECT ON s TO modest;
        """)
    let connector = try SQLConnector(
      SQLConfiguration(.postgres(PostgresSettings(connectionString: { cluster.connectionString(database.name, user: "modest") })), name: "hr"))
    #expect(try await connector.query("SELECT setting FROM s WHERE name = 'temp_file_limit'").rows == [["-1"]])
    #expect(try await connector.query("SELECT array_agg(n) FROM generate_series(1, 2000000) n").text.contains("would gather more than"))
    try cluster.psql("GRANT SET ON PARAMETER temp_file_limit TO modest")
    let granted = try SQLConnector(
      SQLConfiguration(.postgres(PostgresSettings(connectionString: { cluster.connectionString(database.name, user: "modest") })), name: "hr"))
    #expect(try await granted.query("SELECT setting FROM s WHERE name = 'temp_file_limit'").rows == [["1048576"]])
  }

  @Test("a sort that fills the disk ends")
  func temporaryFiles() async throws {
    let cluster = try PostgresCluster.shared.get()
    let database = try DatabaseUnderTest(.postgres, "CREATE TABLE t(id int)")
    try cluster.psql("ALTER DATABASE \(database.name) SET temp_file_limit = '1MB'")
    let answer = try await database.connector(limits: QueryLimits(time: .seconds(60))).query("SELECT count(DISTINCT md5(n::text)) FROM generate_series(1, 500000) n")
    #expect(answer.isError && answer.text.contains("database"), "\(answer.text)")
  }

  #if os(Linux)
    @Test("a server process stays below 200 MB whatever is asked of it, with the bounds that are there by default", .timeLimit(.minutes(3)))
    func peak() async throws {
      let cluster = try PostgresCluster.shared.get()
      let database = try DatabaseUnderTest(.postgres, "CREATE TABLE t(id int)", connections: 1)
      let connector = try database.connector()
      for aggregate in [
        "string_agg(md5(n::text), '')", "array_agg(md5(n::text))", "array_agg(n)", "json_agg(n)", "jsonb_agg(n)", "jsonb_object_agg(n, n)", "string_agg('', '')",
      ] {
        for grouping in ["", " GROUP BY n % 5000", " GROUP BY n"] {
          let answer = try await connector.query(
            "SELECT count(*) FROM (SELECT \(aggregate) AS x FROM generate_series(1, 2000000) n\(grouping) OFFSET 0) s WHERE x IS NOT NULL")
          #expect(answer.isError && (answer.text.contains("would gather more than") || answer.text.contains("longer than")), "\(answer.text)")
        }
      }
      let pids = try cluster.psql("SELECT pid FROM pg_stat_activity WHERE datname = '\(database.name)' AND pid <> pg_backend_pid()").split(separator: "\n")
      for pid in pids {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }.flatMap { Int($0.filter(\.isNumber)) } ?? 0
        #expect(peak > 0 && peak < 200 << 10, "\(peak) KB")
      }
      #expect(!pids.isEmpty)
    }
  #endif
}
