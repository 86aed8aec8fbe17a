import Foundation
import JSON
import MCP
import PostgresFixture
import Synchronization
import Testing

@testable import SQLConnector

/// What happens when the database, the network or a query does not do what it should.
@Suite(.serialized, .enabled(if: PostgresCluster.isInstalled, "\(PostgresCluster.skipReason)")) struct PostgresFaultTests {
  private static let endless = "SELECT count(*) FROM generate_series(1, 1000000000) a"

  private func connector(_ limits: QueryLimits = QueryLimits(), connections: Int = 2, patience: Duration = .seconds(60)) throws -> (connector: SQLConnector, name: String)
  {
    let cluster = try PostgresCluster.shared.get()
    let name = try cluster.makeDatabase("CREATE TABLE t(id int PRIMARY KEY, x text); INSERT INTO t SELECT n, repeat('x', 100) FROM generate_series(1, 5000) n")
    let settings = PostgresSettings(connectionString: { cluster.connectionString(name) }, connections: connections, patience: patience)
    return (try SQLConnector(SQLConfiguration(.postgres(settings), name: "hr", query: limits)), name)
  }

  /// How many sessions of the database do something at the moment.
  private func active(_ name: String) throws -> Int {
    try Int(PostgresCluster.shared.get().psql("SELECT count(*) FROM pg_stat_activity WHERE datname = '\(name)' AND state = 'active'")) ?? -1
  }

  /// Returns when they have ended.
  @discardableResult private func terminate(_ name: String, _ condition: String = "true") throws -> String {
    try PostgresCluster.shared.get().psql("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '\(name)' AND \(condition)")
  }

  @Test("a query beyond its time is stopped by the server, and the connection is used again") func timeout() async throws {
    let (connector, name) = try connector(QueryLimits(time: .seconds(2)))
    let answer = try await connector.query(Self.endless)
    #expect(answer.isError && answer.text.contains("longer than"), "\(answer.text)")
    #expect(try await connector.query("SELECT 1").rows == [[1]])
    #expect(try active(name) == 0)
  }

  @Test("a cancelled query stops at the server") func cancelled() async throws {
    let (connector, name) = try connector(QueryLimits(time: .seconds(60)))
    _ = try await connector.currentTables()
    let task = Task { try await connector.query(Self.endless) }
    #expect(try await eventually { try active(name) == 1 })
    task.cancel()
    _ = try? await task.value
    #expect(try await eventually { try active(name) == 0 })
    #expect(try await connector.query("SELECT 1").rows == [[1]])
  }

  @Test("a server that goes away in the middle of a query is an error that says so; the next query connects again") func goesAway() async throws {
    let (connector, name) = try connector(QueryLimits(time: .seconds(60)))
    _ = try await connector.currentTables()
    let task = Task { try await connector.query(Self.endless) }
    #expect(try await eventually { try active(name) == 1 })
    try terminate(name, "state = 'active'")
    let answer = try await task.value
    #expect(answer.isError && answer.text.contains("Try again") && !answer.text.contains("change"), "\(answer.text)")
    #expect(try await connector.query("SELECT 1").rows == [[1]])
  }

  @Test("connections that died while idle are replaced without a word") func idleDeath() async throws {
    let (connector, name) = try connector()
    for _ in 0..<3 {
      #expect(try await connector.query("SELECT count(*) FROM t").rows == [[5000]])
      try terminate(name)
    }
  }

  @Test("more callers than connections wait in line, and not for ever") func exhausted() async throws {
    let (connector, name) = try connector(QueryLimits(time: .seconds(30)), connections: 1, patience: .seconds(3))
    _ = try await connector.currentTables()
    let long = Task { try await connector.query(Self.endless) }
    #expect(try await eventually { try active(name) == 1 })
    let refused = try await connector.query("SELECT 1")
    #expect(refused.isError && refused.text.contains("busy"), "\(refused.text)")
    long.cancel()
    _ = try? await long.value
    #expect(try await eventually { try await connector.query("SELECT 1").rows == [[1]] })
    // All of many get their turn.
    let (shared, _) = try self.connector(connections: 2, patience: .seconds(30))
    try await withThrowingTaskGroup(of: JSONValue.self) { group in
      for number in 0..<40 { group.addTask { try await shared.query("SELECT \(number), count(*) FROM t").rows } }
      var sum = 0
      for try await rows in group { sum += rows.array?.first?.array?.first?.int ?? -1 }
      #expect(sum == (0..<40).reduce(0, +))
    }
  }

  @Test("rows, bytes and values are bounded at the server") func bounds() async throws {
    let (connector, name) = try connector(QueryLimits(bytes: 10_000, valueBytes: 4000))
    let many = try await connector.query("SELECT * FROM t ORDER BY id")
    #expect((many.rows.array?.count ?? 0) < 100 && many.structured["truncated"] == true && many.rows.array?.first?.array?.first == 1, "\(many.text)")
    let few = try await connector.call("query", ["sql": "SELECT id FROM t", "limit": 5])
    #expect(few.rows.array?.count == 5 && few.structured["truncated"] == true)
    let huge = try await connector.query("SELECT string_agg(x, '') FROM t")
    #expect(huge.rows.array?.first?.array?.first?.string?.utf8.count == 1000)
    let array = try await connector.query("SELECT array_agg(x) FROM t")
    #expect(array.rows == [[.null]])
    #expect(try active(name) == 0)
  }

  @Test("a list of long rows ends at its bound of bytes and goes on by its cursor") func longRows() async throws {
    let database = try DatabaseUnderTest(
      .postgres, "CREATE TABLE t(id int PRIMARY KEY, x text); INSERT INTO t SELECT n, repeat('x', 1000000) FROM generate_series(1, 20) n")
    let connector = try database.connector()
    let first = try await connector.call("list_rows", ["table": "t", "limit": 20])
    let count = first.rows["t"]?.array?.count ?? 0
    #expect(count > 1 && count < 20)
    let next = try await connector.call("list_rows", ["table": "t", "limit": 1, "fields": ["id"], "cursor": first.structured["next_cursor"] ?? .null])
    #expect(next.rows["t"]?.array?.first?["id"]?.int == count + 1)
  }

  @Test("bytes that are no UTF-8 are shown as such") func encoding() async throws {
    let database = try DatabaseUnderTest(.postgres, #"CREATE TABLE t(id int, x text); INSERT INTO t VALUES (1, E'a\xE9b')"#, options: "ENCODING 'SQL_ASCII'")
    #expect(try await database.connector().query("SELECT x FROM t").rows == [["a\u{FFFD}b"]])
    let latin = try DatabaseUnderTest(.postgres, "SET client_encoding = 'UTF8'; CREATE TABLE t(x text); INSERT INTO t VALUES ('Zoé')", options: "ENCODING 'LATIN1'")
    #expect(try await latin.connector().query("SELECT x FROM t WHERE x = 'Zoé'").rows == [["Zoé"]])
  }

  @Test(
    "a server that cannot be reached, or does not let us in, is an error without the connection string",
    arguments: [
      "host=127.0.0.1 port=1 user=hunter2 password=swordfish dbname=x", "postgresql://hunter2:swordfish@127.0.0.1:1/x", "host=/nonexistent/hunter2 password=swordfish",
      "hunter2 swordfish", "password='swordfish",
      "hunter2=swordfish", "host=hunter2.invalid password=swordfish",
    ])
  func unreachable(string: String) async throws {
    let settings = PostgresSettings(connectionString: { string }, patience: .seconds(3))
    let connector = try SQLConnector(SQLConfiguration(.postgres(settings), name: "hr"))
    let started = ContinuousClock.now
    for tool in ["list_tables", "query", "list_rows"] {
      let answer = try await connector.call(tool, tool == "query" ? ["sql": "SELECT 1"] : tool == "list_rows" ? ["table": "t"] : [:])
      #expect(answer.isError && !answer.text.contains("hunter2") && !answer.text.contains("swordfish"), "\(answer.text)")
    }
    #expect(started.duration(to: .now) < .seconds(60))
  }

  @Test("a wrong login says whom to ask, and a secret that cannot be read, too") func login() async throws {
    let cluster = try PostgresCluster.shared.get()
    for string in [cluster.connectionString("nosuchdatabase"), cluster.connectionString("postgres", user: "nobody_of_that_name")] {
      let connector = try SQLConnector(SQLConfiguration(.postgres(PostgresSettings(connectionString: { string })), name: "hr"))
      let answer = try await connector.call("list_tables")
      #expect(answer.isError && answer.text.contains("connection string") && !answer.text.contains("nosuch") && !answer.text.contains("nobody"), "\(answer.text)")
    }
    struct NoSecret: Error {}
    let unreadable = try SQLConnector(SQLConfiguration(.postgres(PostgresSettings(connectionString: { throw NoSecret() })), name: "hr"))
    #expect(try await unreadable.call("list_tables").text.contains("secret"))
  }

  @Test("a server that accepts and then says nothing is given up on") func silent() async throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        _ = (bind(descriptor, generic, length), listen(descriptor, 8), getsockname(descriptor, generic, &length))
      }
      return Int(UInt16(bigEndian: pointer.pointee.sin_port))
    }
    let settings = PostgresSettings(connectionString: { "host=127.0.0.1 port=\(port) sslmode=disable user=x dbname=x" }, patience: .milliseconds(500))
    let connector = try SQLConnector(SQLConfiguration(.postgres(settings), name: "hr"))
    let started = ContinuousClock.now
    let answer = try await connector.call("list_tables")
    #expect(answer.isError && answer.text.contains("cannot be reached"), "\(answer.text)")
    #expect(started.duration(to: .now) < .seconds(30))
  }

  @Test("beyond this machine connections are encrypted unless the string says otherwise") func tls() async throws {
    let pq = try LibPQ.loaded.get()
    for (string, isLocal) in [
      ("dbname=x", true), ("host=localhost", true), ("host=127.0.0.1,/tmp", true), ("host=db.example.com", false), ("host=localhost,db.example.com", false),
      ("postgresql://db.example.com/x", false),
      ("postgresql:///x?host=/tmp", true), ("hostaddr=10.0.0.1", false), ("service=x", false), ("host=127.0.0.1.example.com", false),
    ] { #expect(try PostgresLogin(string, pq).isLocal == isLocal, "\(string)") }
    let cluster = try PostgresCluster.shared.get()
    guard try cluster.psql("SHOW ssl") == "on" else { return }
    let name = try cluster.makeDatabase("CREATE VIEW s AS SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    for (mode, expected) in [("require", true), ("disable", false)] {
      let settings = PostgresSettings(connectionString: { "host=127.0.0.1 port=\(cluster.port) user=admin dbname=\(name) sslmode=\(mode)" })
      let connector = try SQLConnector(SQLConfiguration(.postgres(settings), name: "hr"))
      #expect(try await connector.query("SELECT ssl FROM s").rows == [[.bool(expected)]])
    }
    // The server's certificate is its own: verification fails.
    let strict = PostgresSettings(connectionString: { "host=localhost port=\(cluster.port) user=admin dbname=\(name) sslmode=verify-full sslrootcert=/nonexistent" })
    #expect(try await SQLConnector(SQLConfiguration(.postgres(strict), name: "hr")).call("list_tables").isError)
  }

  @Test("a rotated connection string counts with the next connection") func rotation() async throws {
    let cluster = try PostgresCluster.shared.get()
    let first = try cluster.makeDatabase("CREATE TABLE one(id int)"), second = try cluster.makeDatabase("CREATE TABLE two(id int)")
    let box = Box(current: first)
    let settings = PostgresSettings(connectionString: { cluster.connectionString(box.current.withLock { $0 }) }, connections: 1)
    let connector = try SQLConnector(SQLConfiguration(.postgres(settings), name: "hr"))
    #expect(try await connector.currentTables().map(\.name) == ["one"])
    box.current.withLock { $0 = second }
    try terminate(first)
    connector.catalog.forget()
    #expect(try await connector.currentTables().map(\.name) == ["two"])
  }

  private final class Box: Sendable {
    let current: Mutex<String>
    init(current: String) { self.current = Mutex(current) }
  }

  @Test("a locked row is an error that says so") func locked() async throws {
    let cluster = try PostgresCluster.shared.get()
    let name = try cluster.makeDatabase("CREATE TABLE t(id int PRIMARY KEY, x int); INSERT INTO t VALUES (1, 1)")
    let settings = PostgresSettings(connectionString: { cluster.connectionString(name) })
    let connector = try SQLConnector(
      SQLConfiguration(.postgres(settings), name: "hr", tables: [TableRules("t", writes: [.update])], query: QueryLimits(time: .milliseconds(800))))
    let holder = Task.detached { try cluster.psql("BEGIN; UPDATE t SET x = 2; SELECT pg_sleep(60); ROLLBACK", database: name) }
    #expect(
      try await eventually {
        try cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE datname = '\(name)' AND query LIKE '%pg_sleep(60)%' AND state = 'active'") == "1"
      })
    let answer = try await connector.call("update_row", ["table": "t", "key": ["id": 1], "values": ["x": 3]])
    #expect(answer.isError && (answer.text.contains("locked") || answer.text.contains("longer than")), "\(answer.text)")
    try terminate(name, "query LIKE '%pg_sleep(60)%'")
    _ = try? await holder.value
    #expect(try await eventually { try await !connector.call("update_row", ["table": "t", "key": ["id": 1], "values": ["x": 3]]).isError })
  }
}
