import Foundation
import GRDB
import JSON
import PostgresFixture
import Testing

@testable import SluiceKit

/// A company's own database in `sluice.yaml`: policy rows, masks and writes hold as they do for the sample.
@Suite("Database upstreams", .timeLimit(.minutes(2)))
struct DatabaseUpstreamTests {
  enum Kind: String, Sendable, CaseIterable { case sqlite, postgres }
  static let kinds: [Kind] = PostgresCluster.isInstalled ? Kind.allCases : [.sqlite]

  private static let schema = """
    CREATE TABLE deals(id INTEGER PRIMARY KEY, owner VARCHAR(40) NOT NULL, amount INTEGER NOT NULL, email TEXT NOT NULL, internal TEXT);
    INSERT INTO deals VALUES (1, 'ada', 10, 'one@example.com', 'x'), (2, 'bob', 20, 'two@example.com', 'y'), (3, 'ada', 30, 'three@example.com', 'z');
    """

  private static let policies = """
    @id("own") permit (principal in Role::"reader", action, resource is Deal) when { resource.owner == principal };
    @id("schema") permit (principal in Role::"reader", action in Action::"read", resource is Tool);
    @id("internal") permit (principal, action == Action::"reveal", resource == Category::"internal");
    @id("pii") permit (principal == User::"bob", action == Action::"reveal", resource == Category::"pii");
    """

  private func withDeals<R: Sendable>(_ kind: Kind, _ keys: JSONObject = [:], _ body: @Sendable (GatewayUnderTest) async throws -> R) async throws -> R {
    try await withDirectory { state in
      var entry: JSONObject
      switch kind {
      case .sqlite:
        let queue = try DatabaseQueue(path: "\(state)/deals.sqlite")
        try await queue.write { try $0.execute(sql: Self.schema) }
        try queue.close()
        entry = ["sqlite": "deals.sqlite"]
      case .postgres:
        let cluster = try PostgresCluster.shared.get()
        let name = try cluster.makeDatabase(Self.schema)
        try cluster.connectionString(name).write(toFile: "\(state)/connection", atomically: true, encoding: .utf8)
        entry = ["postgres": .string("${file:\(state)/connection}"), "connections": 2]
      }
      entry["tables"] = [
        "deals": ["record": "Deal", "entities": ["owner": "User"], "categories": ["email": "pii"], "hide": ["internal"], "writes": ["update", "insert"]]
      ]
      for (key, value) in keys { entry[key] = value }
      var configuration = TestConfiguration()
      configuration.policies = Self.policies
      configuration.upstreams = ["db": .object(entry)]
      return try await withGateway(try configuration.parsed(state: state), body)
    }
  }

  @Test("people see their own rows, with what they may not see masked, by every tool", arguments: kinds) func rows(kind: Kind) async throws {
    try await withDeals(kind) { gateway in
      let (ada, bob) = (try await gateway.client("ada"), try await gateway.client("bob"))
      let list = try await ada.call("db__list_rows", ["table": "deals"])
      #expect(
        list.structured?["rows"]?["deals"] == [
          ["id": 1, "owner": "ada", "amount": 10, "email": "[masked]"], ["id": 3, "owner": "ada", "amount": 30, "email": "[masked]"],
        ]
          || list.structured?["rows"]?["deals"]?.array?.map { $0["id"] } == [1, 3], "\(list.text)")
      #expect(!list.text.contains("example.com"))
      let own = try await bob.call("db__list_rows", ["table": "deals"])
      #expect(own.structured?["rows"]?["deals"] == [["id": 2, "owner": "bob", "amount": 20, "email": "two@example.com"]], "\(own.text)")
      #expect(try await ada.call("db__query", ["sql": "SELECT sum(amount), count(*) FROM deals"]).structured?["rows"] == [[40, 2]])
      #expect(try await ada.call("db__query", ["sql": "SELECT internal FROM deals"]).isToolError)
      #expect(try await ada.call("db__query", ["sql": "SELECT count(*) FROM deals WHERE email LIKE '%@%'"]).structured?["rows"] == [[0]])
      // No role, no tools.
      #expect(try await gateway.client("eve").call("db__list_rows", ["table": "deals"]).error != nil)
    }
  }

  @Test("people change their own rows and no others", arguments: kinds) func writes(kind: Kind) async throws {
    try await withDeals(kind) { gateway in
      let ada = try await gateway.client("ada")
      let changed = try await ada.call("db__update_row", ["table": "deals", "key": ["id": 1], "values": ["amount": 11]])
      #expect(changed.structured?["row"]?["deals"]?["amount"] == 11, "\(changed.text)")
      #expect(try await ada.call("db__update_row", ["table": "deals", "key": ["id": 2], "values": ["amount": 11]]).isToolError)
      #expect(try await ada.call("db__update_row", ["table": "deals", "key": ["id": 1], "values": ["owner": "bob"]]).isToolError)
      #expect(try await ada.call("db__delete_row", ["table": "deals", "key": ["id": 1]]).error != nil)
      #expect(try await gateway.client("bob").call("db__query", ["sql": "SELECT id, amount FROM deals"]).structured?["rows"] == [[2, 20]])
    }
  }

  @Test("declared statements are tools, within the rows and columns of who calls", arguments: kinds) func statements(kind: Kind) async throws {
    let keys: JSONObject = [
      "statements": [
        "deals_over": [
          "description": "Deals over an amount", "sql": "SELECT id, amount, email FROM deals WHERE amount >= :least ORDER BY id;",
          "parameters": ["least": ["type": "integer", "minimum": 0, "default": 15]],
        ],
        "raise": [
          "description": "Raises a deal", "write": true, "destructive": false, "sql": "UPDATE deals SET amount = amount + :by WHERE id = :deal",
          "parameters": ["deal": "integer", "by": ["type": "integer", "minimum": 1]],
        ],
      ]
    ]
    try await withDeals(kind, keys) { gateway in
      let (ada, bob) = (try await gateway.client("ada"), try await gateway.client("bob"))
      #expect(try await ada.call("db__deals_over").structured?["rows"] == [["id": 3, "amount": 30, "email": "[masked]"]])
      #expect(try await bob.call("db__deals_over", ["least": 0]).structured?["rows"] == [["id": 2, "amount": 20, "email": "two@example.com"]])
      let raised = try await ada.call("db__raise", ["deal": 1, "by": 5])
      #expect(raised.structured == ["changed": 1, "keys": [["id": 1]]], "\(raised.text)")
      #expect(try await ada.call("db__raise", ["deal": 2, "by": 5]).isToolError)
      #expect(try await ada.call("db__deals_over", ["least": 0]).structured?["rows"]?.array?.map { $0["amount"] } == [15, 30])
      #expect(try await bob.call("db__deals_over").structured?["rows"]?.array?.map { $0["amount"] } == [20])
    }
  }

  @Test(
    "read_only, toolsets and tools say which tools there are, and read-only mode overrules what tables allow", arguments: kinds,
    [
      (#"{"read_only": true}"#, ["describe_table", "explain", "list_rows", "list_tables", "query"]),
      (#"{"read_only": true, "toolsets": ["writes", "rows"]}"#, ["list_rows"]),
      (#"{"toolsets": ["schema", "writes"]}"#, ["describe_table", "insert_row", "list_tables", "update_row"]),
      (#"{"toolsets": "all", "tools": {"deny": ["query", "*_row"]}}"#, ["describe_table", "explain", "list_rows", "list_tables"]),
      (#"{"tools": ["list_*"]}"#, ["list_rows", "list_tables"]),
    ] as [(String, [String])])
  func scope(kind: Kind, test: (keys: String, tools: [String])) async throws {
    try await withDeals(kind, try #require(JSONValue(parsing: test.keys).object)) { gateway in
      let ada = try await gateway.client("ada")
      let offered = try await ada.modern("tools/list").result?["tools"]?.array?.compactMap { $0["name"]?.string }.filter { $0.hasPrefix("db__") }
      #expect(offered?.sorted() == test.tools.map { "db__\($0)" })
      let change = try await ada.call("db__update_row", ["table": "deals", "key": ["id": 1], "values": ["amount": 11]])
      #expect((change.error == nil) == test.tools.contains("update_row"), "\(change.text)")
    }
  }

  @Test("a database that is down delays no start and is an error of its own calls", .enabled(if: PostgresCluster.isInstalled, "\(PostgresCluster.skipReason)"))
  func down() async throws {
    try await withDirectory { state in
      var configuration = TestConfiguration()
      configuration.upstreams = ["db": ["postgres": "host=127.0.0.1 port=1 user=x password=swordfish", "tables": ["deals": ["record": "Deal"]]]]
      try await withGateway(try configuration.parsed(state: state)) { gateway in
        let answer = try await gateway.client("ada").call("db__query", ["sql": "SELECT 1"])
        #expect(answer.isToolError && answer.content.contains("cannot be reached") && !answer.text.contains("swordfish"), "\(answer.text)")
      }
    }
  }

  @Test(
    "a mistake in a database's entry stops the start with its place",
    arguments: [
      (#"{"sqlite": "x", "postgres": "y"}"#, "exactly one of"), (#"{"sqlite": "x", "channel": "c"}"#, "only an upstream with postgres"),
      (#"{"url": "http://x/mcp", "tables": ["a"]}"#, "only an upstream with sqlite or postgres"),
      (#"{"postgres": "x", "tables": {"a": {"categories": {"b": "personal"}}}}"#, "expected one of public, internal"),
      (#"{"postgres": "x", "tables": {"a": {"record": "Not a type"}}}"#, "Cedar type"),
      (#"{"postgres": "x", "tables": {"a": {"writes": ["drop"]}}}"#, "insert, update, delete"), (#"{"postgres": "x", "tables": {"a": {"row": "b"}}}"#, "unknown key"),
      (#"{"postgres": "x", "connections": 0}"#, "from 1 to 64"), (#"{"postgres": "x", "schema": "a", "schemas": ["b"]}"#, "not both"),
      (#"{"postgres": "x", "schemas": []}"#, "at least one schema"), (#"{"postgres": "x", "schemas": ["a", "a"]}"#, "each once"),
      (#"{"sqlite": "x", "schemas": ["a"]}"#, "only an upstream with postgres"),
      (#"{"sqlite": "x", "toolsets": ["schema", "nope"]}"#, "there is no toolset \"nope\". Known here: schema, query"),
      (#"{"url": "http://x/mcp", "read_only": true}"#, "only an upstream with sqlite or postgres"),
      (#"{"sqlite": "x", "sample": "northwind", "read_only": true}"#, "the sample has all of its tools"),
      (#"{"sqlite": "x", "read_only": "yes please"}"#, "true or false"),
      (#"{"sqlite": "x", "tools": {"permit": ["query"]}}"#, "unknown key"),
      (#"{"postgres": "x", "tables": {}}"#, "at least one table"), (#"{"postgres": "${vault:x}"}"#, "unknown secret reference"),
    ])
  func mistakes(json: String, says: String) {
    do {
      _ = try SluiceConfiguration(parsing: #"{"upstreams": {"db": \#(json)}}"#)
      Issue.record("accepted")
    } catch { #expect(error.description.contains(says), "\(error)") }
  }
}
