import JSON
import MCP
import PostgresFixture
import Testing

@testable import SQLConnector

/// Several schemas of one database behind one upstream.
@Suite("Several schemas", .serialized, .enabled(if: PostgresCluster.isInstalled, "\(PostgresCluster.skipReason)"), .timeLimit(.minutes(2)))
struct PostgresSchemasTests {
  private static let schema = """
    CREATE SCHEMA sales; CREATE SCHEMA support; CREATE SCHEMA "sales.a"; CREATE SCHEMA other;
    CREATE TABLE sales.orders(id int PRIMARY KEY, owner text NOT NULL, amount int NOT NULL); INSERT INTO sales.orders VALUES (1, 'ann', 10), (2, 'bob', 20);
    CREATE TABLE support.orders(id int PRIMARY KEY, owner text NOT NULL, sales_order int REFERENCES sales.orders(id));
    INSERT INTO support.orders VALUES (7, 'ann', 1), (8, 'bob', 2), (9, 'bob', NULL);
    CREATE TABLE sales."a.b"(x int); INSERT INTO sales."a.b" VALUES (1); CREATE TABLE "sales.a".b(x int); INSERT INTO "sales.a".b VALUES (2);
    CREATE TABLE other.orders(secret text); INSERT INTO other.orders VALUES ('hunter2'); CREATE TABLE public.orders(secret text); INSERT INTO public.orders VALUES ('hunter2');
    CREATE TABLE sales."Mixed"(x int); INSERT INTO sales."Mixed" VALUES (3);
    """
  private static let database = Result { try DatabaseUnderTest(.postgres, schema) }

  private static func connector(_ schemas: [String], _ tables: [TableRules]? = nil, _ database: DatabaseUnderTest? = nil) throws -> SQLConnector {
    let name = try (database ?? self.database.get()).name
    let cluster = try PostgresCluster.shared.get()
    let settings = PostgresSettings(connectionString: { cluster.connectionString(name) }, schemas: schemas, connections: 2, patience: .seconds(60))
    return try SQLConnector(SQLConfiguration(.postgres(settings), name: "hr", tables: tables))
  }
  private static let all = Result { try connector(["sales", "support", "sales.a"]) }

  @Test("no two tables have one name, and what their names are does not depend on what else is served")
  func names() async throws {
    let listed = try await Self.all.get().call("list_tables")
    #expect(
      listed.structured["tables"]?.array?.compactMap { $0["name"]?.string } == [
        "sales.Mixed", "sales.\"a.b\"", "sales.orders", "support.orders", "\"sales.a\".b",
      ])
    #expect(try await Self.connector(["sales"]).call("describe_table", ["table": "sales.orders"]).structured["name"] == "sales.orders")
    let described = try await Self.all.get().call("describe_table", ["table": "support.orders"])
    #expect(described.structured["columns"]?.array?.last?["references"] == "sales.orders.id", "\(described.text)")
  }

  @Test(
    "SQL names them as they are listed, with or without an alias",
    arguments: [
      ("SELECT count(*) FROM sales.orders", "[[2]]"), ("SELECT sales.orders.amount FROM sales.orders WHERE orders.id = 2", "[[20]]"),
      ("SELECT s.owner, o.amount FROM support.orders s JOIN sales.orders AS o ON o.id = s.sales_order ORDER BY s.id", #"[["ann",10],["bob",20]]"#),
      ("SELECT x FROM sales.\"a.b\"", "[[1]]"), ("SELECT x FROM \"sales.a\".b", "[[2]]"), ("SELECT x FROM SALES.mixed", "[[3]]"),
      ("SELECT x FROM \"sales\".\"Mixed\"", "[[3]]"), ("SELECT count(*) FROM \"support.orders\"", "[[3]]"),
      ("WITH orders AS (SELECT 1 AS n) SELECT n FROM orders", "[[1]]"),
      ("SELECT o.* FROM (sales.orders o CROSS JOIN support.orders) WHERE o.id = 1 AND orders.id = 7", "[[1,\"ann\",10]]"),
    ])
  func queries(_ sql: String, _ expected: String) async throws {
    let answer = try await Self.all.get().query(sql)
    #expect(try !answer.isError && answer.rows == JSONValue(parsing: expected), "\(answer.text)")
  }

  @Test(
    "nothing of another schema is reached, and who leaves the schema out is told the names",
    arguments: [
      "SELECT * FROM orders", "SELECT * FROM other.orders", "SELECT * FROM public.orders", "SELECT * FROM pg_catalog.pg_class", "SELECT * FROM sales.orders.id",
      "SELECT * FROM information_schema.tables", "SELECT * FROM \"sales.orders.id\"", "SELECT * FROM hr.sales.orders", "SELECT other.orders.secret FROM sales.orders",
      "SELECT sales.orders FROM sales.orders, public.orders",
    ])
  func elsewhere(_ sql: String) async throws {
    let answer = try await Self.all.get().query(sql)
    #expect(answer.isError && !answer.text.contains("hunter2"), "\(answer.text)")
    if sql == "SELECT * FROM orders" { #expect(answer.text.contains("sales.orders, support.orders")) }
  }

  @Test("rules, lists, changes and resources go by those names as well")
  func rules() async throws {
    let connector = try Self.connector(
      ["sales", "support"],
      [TableRules("sales.orders", recordType: "Order", entities: ["owner": "User"], writes: [.update]), TableRules("support.orders", recordType: "Case")])
    let meta: JSONObject = [MetaKey.rows: ["Order": ["=", "owner", "ann"], "Case": ["true"]], MetaKey.clearance: ["internal"]]
    let listed = try await connector.call("list_rows", ["table": "sales.orders"], meta: meta)
    #expect(listed.rows["sales.orders"] == [["id": 1, "owner": "ann", "amount": 10]] && listed.rows["support.orders"] == .null, "\(listed.text)")
    #expect(try await connector.query("SELECT count(*) FROM sales.orders o, support.orders s", meta: meta).rows == [[3]])
    let changed = try await connector.call("update_row", ["table": "sales.orders", "key": ["id": 1], "values": ["amount": 11]], meta: meta)
    #expect(changed.structured["row"]?["sales.orders"]?["amount"] == 11, "\(changed.text)")
    for (table, key) in [("sales.orders", 2), ("support.orders", 7)] {
      #expect(try await connector.call("update_row", ["table": .string(table), "key": ["id": .int(key)], "values": ["owner": "eve"]], meta: meta).isError)
    }
    _ = try await connector.call("update_row", ["table": "sales.orders", "key": ["id": 1], "values": ["amount": 10]], meta: meta)
    let all = try Self.all.get()
    let read = try await all.request("resources/read", ["uri": "sql://hr/support.orders"])
    #expect(read?["contents"]?.array?.first?["text"]?.string?.contains("| 7 | ann | 1 |") == true)
    let completed = try await all.request(
      "completion/complete", ["ref": ["type": "ref/resource", "uri": "sql://hr/tables/{table}"], "argument": ["name": "table", "value": "support."]])
    #expect(completed?["completion"]?["values"] == ["support.orders"])
  }

  @Test("a schema that is not there, or a rule without one, is said")
  func missing() async throws {
    #expect(try await Self.connector(["sales", "nope"]).call("list_tables").text.contains("no schema \"nope\""))
    let bare = try await Self.connector(["sales"], [TableRules("orders")]).call("list_tables")
    #expect(bare.isError && bare.text.contains("sales.orders"), "\(bare.text)")
  }

  @Test("a notification names a table with its schema, or all of that name", .timeLimit(.minutes(1)))
  func notifications() async throws {
    let database = try Self.database.get()
    let cluster = try PostgresCluster.shared.get()
    let settings = PostgresSettings(connectionString: { cluster.connectionString(database.name) }, schemas: ["sales", "support"], channel: "changes")
    let connector = try SQLConnector(SQLConfiguration(.postgres(settings), name: "hr"))
    _ = try await connector.currentTables()
    for (payload, expected) in [("support.orders", ["sql://hr/support.orders"]), ("orders", ["sql://hr/sales.orders", "sql://hr/support.orders"])] {
      let (uris, continuation) = AsyncStream.makeStream(of: String.self)
      let watching = Task { await connector.watch { continuation.yield($0) } }
      let telling = Task {
        while !Task.isCancelled {
          try database.execute("NOTIFY changes, '\(payload)'")
          try await Task.sleep(for: .milliseconds(200))
        }
      }
      var seen: Set<String> = []
      for await uri in uris {
        if !uri.contains("/tables/") { seen.insert(uri) }
        if seen.isSuperset(of: expected) { break }
      }
      #expect(seen == Set(expected))
      telling.cancel()
      watching.cancel()
      await watching.value
    }
  }
}
