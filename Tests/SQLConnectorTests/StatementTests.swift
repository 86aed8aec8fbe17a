import JSON
import MCP
import Testing

@testable import SQLConnector

/// Declared statements as tools, over each kind of database.
@Suite(.serialized) struct StatementTests {
  private static let schema = """
    CREATE TABLE orders(id INTEGER PRIMARY KEY, owner VARCHAR(40) NOT NULL, amount INTEGER NOT NULL, state TEXT NOT NULL, email TEXT NOT NULL);
    INSERT INTO orders VALUES (1, 'bob', 5, 'open', 'b1'), (2, 'bob', 7, 'open', 'b2'), (3, 'ann', 9, 'open', 'a3'), (4, 'ann', 2, 'closed', 'a4');
    CREATE TABLE plain(x INTEGER);
    INSERT INTO plain VALUES (6);
    """
  private static let rules = [TableRules("orders", recordType: "Order", entities: ["owner": "User"], categories: ["email": "pii"])]
  private static let ann: JSONObject = [MetaKey.rows: ["Order": ["=", "owner", "ann"]], MetaKey.clearance: ["internal"]]

  private static func statements(_ source: SQLConfiguration.Source) throws -> [DeclaredStatement] {
    // A table that is there and is not served.
    let plain = if case .postgres = source { "public.plain" } else { "plain" }
    return [
      try DeclaredStatement(
        "orders_over", description: "Orders over an amount",
        sql: "SELECT id, owner, email, amount AS margin FROM orders WHERE amount > :least AND (:state IS NULL OR state = :state) ORDER BY id;",
        parameters: [
          .init("least", .integer, keywords: ["minimum": 0]), .init("state", .text, isOptional: true, keywords: ["enum": ["open", "closed"]]),
        ], categories: ["margin": "confidential"], rows: 3),
      try DeclaredStatement(
        "close_order", description: "Closes an order", sql: "UPDATE orders SET state = 'closed' WHERE id = :id -- whoever asks", parameters: [.init("id", .integer)],
        isWrite: true, isIdempotent: true),
      try DeclaredStatement(
        "close_of", description: "Closes orders of somebody", sql: "UPDATE orders SET state = 'closed' WHERE owner = :owner", parameters: [.init("owner", .text)],
        isWrite: true),
      try DeclaredStatement(
        "add_order", description: "Adds an order", sql: "INSERT INTO orders (id, owner, amount, state, email) VALUES (:id, :owner, :amount, 'open', '')",
        parameters: [.init("id", .integer), .init("owner", .text), .init("amount", .integer, standard: 1)], isWrite: true),
      try DeclaredStatement(
        "give_away", description: "Gives an order away", sql: "UPDATE orders SET owner = :owner WHERE id = :id",
        parameters: [.init("id", .integer), .init("owner", .text)],
        isWrite: true),
      try DeclaredStatement(
        "delete_order", description: "Deletes an order", sql: "DELETE FROM orders WHERE id = :id", parameters: [.init("id", .integer)], isWrite: true),
      try DeclaredStatement(
        "level", description: "Levels amounts", sql: "UPDATE orders SET amount = (SELECT max(x) FROM \(plain)) WHERE id = :id",
        parameters: [.init("id", .integer)], isWrite: true),
    ]
  }

  private func connector(_ database: DatabaseUnderTest, isReadOnly: Bool = false) throws -> SQLConnector {
    var configuration = SQLConfiguration(database.source, name: "hr", tables: Self.rules)
    configuration.statements = try Self.statements(database.source)
    configuration.scope.isReadOnly = isReadOnly
    return try SQLConnector(configuration)
  }

  private func ids(_ connector: SQLConnector, _ condition: String) async throws -> [Int] {
    try await connector.query("SELECT id FROM orders WHERE \(condition) ORDER BY id").rows.array?.compactMap { $0.array?.first?.int } ?? []
  }

  @Test("one that reads takes typed values, optional ones are NULL, and the rows are counted", arguments: DatabaseKind.available)
  func reading(kind: DatabaseKind) async throws {
    let connector = try connector(DatabaseUnderTest(kind, Self.schema))
    let all = try await connector.call("orders_over", ["least": 0])
    #expect(all.rows.array?.compactMap { $0["id"]?.int } == [1, 2, 3] && all.structured["truncated"] == true, "\(all.text)")
    #expect(all.rows.array?.first == ["id": 1, "owner": "bob", "email": "b1", "margin": 5])
    #expect(try await connector.call("orders_over", ["least": 0, "state": "closed"]).rows.array?.compactMap { $0["id"]?.int } == [4])
    for arguments in [["least": -1], ["least": "0"], [:], ["least": 0, "state": "' OR 1=1 --"], ["least": 0, "more": 1]] as [JSONValue] {
      #expect(try await connector.call("orders_over", arguments).isError)
    }
  }

  @Test("rows and columns of the tables keep their rules, computed ones their category", arguments: DatabaseKind.available)
  func rules(kind: DatabaseKind) async throws {
    let connector = try connector(DatabaseUnderTest(kind, Self.schema))
    let answer = try await connector.call("orders_over", ["least": 0], meta: Self.ann)
    #expect(
      answer.rows == [["id": 3, "owner": "ann", "email": "[masked]", "margin": "[masked]"], ["id": 4, "owner": "ann", "email": "[masked]", "margin": "[masked]"]])
    #expect(try await connector.call("orders_over", ["least": 0], meta: [MetaKey.rows: [:]]).rows == [])
  }

  @Test("one that changes something says what it changed", arguments: DatabaseKind.available) func writing(kind: DatabaseKind) async throws {
    let connector = try connector(DatabaseUnderTest(kind, Self.schema))
    let closed = try await connector.call("close_of", ["owner": "bob"])
    #expect(closed.structured == ["changed": 2, "keys": [["id": 1], ["id": 2]]], "\(closed.text)")
    #expect(try await ids(connector, "state = 'open'") == [3])
    #expect(try await connector.call("close_order", ["id": 99]).isError)
    #expect(try await connector.call("add_order", ["id": 9, "owner": "x' OR '1'='1"]).structured["changed"] == 1)
    #expect(try await ids(connector, "amount = 1") == [9])
    #expect(try await connector.call("add_order", ["id": 9, "owner": "bob"]).isError)
  }

  @Test("whoever sees some rows changes none but those, and gives none away", arguments: DatabaseKind.available) func limits(kind: DatabaseKind) async throws {
    let connector = try connector(DatabaseUnderTest(kind, Self.schema))
    func refused(_ tool: String, _ arguments: JSONValue, _ words: String = DeclaredWrite.refusal.description) async throws {
      let answer = try await connector.call(tool, arguments, meta: Self.ann)
      #expect(answer.isError && answer.text.contains(words), "\(tool): \(answer.text)")
    }
    try await refused("close_order", ["id": 1])
    try await refused("close_order", ["id": 77])
    try await refused("close_of", ["owner": "bob"])
    try await refused("give_away", ["id": 3, "owner": "bob"])
    try await refused("give_away", ["id": 1, "owner": "ann"])
    try await refused("delete_order", ["id": 2])
    try await refused("add_order", ["id": 10, "owner": "bob"], "is masked for you")
    try await refused("level", ["id": 3], "may depend on others")
    #expect(try await ids(connector, "state = 'open'") == [1, 2, 3])
    #expect(try await ids(connector, "owner = 'ann'") == [3, 4])
    // Of rows that are not theirs they hear the same as of none.
    let (there, nowhere) = (try await connector.call("delete_order", ["id": 2], meta: Self.ann), try await connector.call("delete_order", ["id": 77], meta: Self.ann))
    #expect(there.text == nowhere.text)

    #expect(try await connector.call("close_of", ["owner": "ann"], meta: Self.ann).structured["changed"] == 2)
    #expect(try await connector.call("delete_order", ["id": 4], meta: Self.ann).structured["changed"] == 1)
    #expect(try await ids(connector, "state = 'open' OR owner = 'ann'") == [1, 2, 3])
    // Who sees all rows may run one that looks at another table.
    #expect(try await connector.call("level", ["id": 3]).structured["changed"] == 1)
    #expect(try await ids(connector, "amount = 6") == [3])
  }

  @Test("a statement that uses a masked column is not for those for whom it is masked", arguments: DatabaseKind.available) func masks(kind: DatabaseKind) async throws {
    let connector = try connector(DatabaseUnderTest(kind, Self.schema))
    let answer = try await connector.call("add_order", ["id": 10, "owner": "ann"], meta: Self.ann)
    #expect(answer.isError && answer.text.contains("email"))
    let cleared: JSONObject = [MetaKey.rows: ["Order": ["=", "owner", "ann"]], MetaKey.clearance: ["internal", "pii"]]
    #expect(try await connector.call("add_order", ["id": 10, "owner": "bob"], meta: cleared).text.contains(DeclaredWrite.refusal.description))
    #expect(try await connector.call("add_order", ["id": 10, "owner": "ann"], meta: cleared).structured["keys"] == [["id": 10]])
  }

  @Test(
    "so is one that means it without its name: by all columns, a row as a value, or other names for the columns", arguments: DatabaseKind.available,
    [
      ("INSERT INTO orders VALUES (:id, 'ann', 1, 'open', 'mine')", true), ("INSERT INTO orders AS o VALUES (:id, 'ann', 1, 'open', 'mine')", true),
      ("INSERT INTO archive (id, owner, amount, state, note) SELECT * FROM orders WHERE id = :id", true),
      ("INSERT INTO archive (id, owner, amount, state, note) SELECT o.* FROM orders o WHERE id = :id", true),
      ("INSERT INTO archive SELECT * FROM orders WHERE id = :id", true),
      ("INSERT INTO orders AS o (id, owner, amount, state) VALUES (:id, 'ann', 2 * 3, 'open')", false),
      ("INSERT INTO archive (id, note) SELECT o.id * 100, o.state FROM orders AS o WHERE id = :id", false),
      ("UPDATE orders SET amount = (SELECT max(x.amount) * 2 FROM orders x) WHERE id = :id", false),
      ("UPDATE orders SET state = orders::text WHERE id = :id", true), ("UPDATE orders o SET state = CAST(o AS text)", true),
      ("INSERT INTO archive (id, note) SELECT a, e FROM orders AS p(a, b, c, d, e)", true),
      ("INSERT INTO archive (id, note) SELECT 1, to_json(orders) FROM orders", true),
      ("INSERT INTO archive (id) SELECT id FROM orders NATURAL JOIN plain", true), ("INSERT INTO archive (id) TABLE orders", true),
      ("UPDATE public.orders AS o SET state = 'x' FROM archive a JOIN orders p ON p.id = a.id WHERE o.id = p.id AND orders.id > 1", false),
      ("INSERT INTO orders (id, state) VALUES (1, 'orders') ON CONFLICT (id) DO UPDATE SET state = 'x'", false), ("DELETE FROM archive WHERE id = :id", false),
    ])
  func unnamed(kind: DatabaseKind, test: (sql: String, isRefused: Bool)) async throws {
    let database = try DatabaseUnderTest(
      kind, Self.schema + "CREATE TABLE archive(id INTEGER PRIMARY KEY, owner TEXT, amount INTEGER, state TEXT, note TEXT);")
    var configuration = SQLConfiguration(database.source, name: "hr", tables: Self.rules + [TableRules("archive")])
    let takesID = test.sql.contains(":id")
    configuration.statements = [
      try DeclaredStatement("run_it", description: "", sql: test.sql, parameters: takesID ? [.init("id", .integer)] : [], isWrite: true)
    ]
    let answer = try await SQLConnector(configuration).call("run_it", takesID ? ["id": 1] : [:], meta: [MetaKey.clearance: ["internal"]])
    #expect(answer.text.contains("\"email\", which is masked") == test.isRefused, "\(test.sql): \(answer.text)")
  }

  @Test(
    "keys that do not stand in a result byte by byte stand for no other row",
    arguments: [("zeroblob(16)", "[16 bytes]"), ("CAST(x'610062' AS TEXT)", "a"), ("CAST(x'61ff' AS TEXT)", "a\u{FFFD}")])
  func inexactKeys(test: (hidden: String, own: String)) async throws {
    let database = try DatabaseUnderTest(
      .sqlite,
      """
      CREATE TABLE notes(id TEXT PRIMARY KEY DEFAULT (\(test.hidden)), owner VARCHAR(40) NOT NULL, state TEXT NOT NULL);
      INSERT INTO notes VALUES ('\(test.own)', 'ann', 'open'), (\(test.hidden), 'bob', 'secret');
      """)
    var configuration = SQLConfiguration(
      database.source, name: "hr", tables: [TableRules("notes", recordType: "Order", entities: ["owner": "User"], writes: [.insert])])
    configuration.statements = [
      try DeclaredStatement(
        "close", description: "", sql: "UPDATE notes SET state = 'closed' WHERE state = :state", parameters: [.init("state", .text)], isWrite: true)
    ]
    let connector = try SQLConnector(configuration)
    #expect(try await connector.call("close", ["state": "secret"], meta: Self.ann).isError)
    #expect(try await connector.query("SELECT owner FROM notes WHERE state = 'secret'").rows == [["bob"]])
    try database.execute("DELETE FROM notes WHERE owner = 'bob'")
    #expect(try await connector.call("insert_row", ["table": "notes", "values": ["owner": "bob", "state": "given"]], meta: Self.ann).isError)
    #expect(try await connector.query("SELECT owner FROM notes").rows == [["ann"]])
  }

  @Test("rows with binary keys are not changed by whoever sees some only", arguments: DatabaseKind.available) func binaryKeys(kind: DatabaseKind) async throws {
    let database = try DatabaseUnderTest(
      kind, "CREATE TABLE files(id \(kind == .sqlite ? "BLOB" : "BYTEA") PRIMARY KEY, owner VARCHAR(40) NOT NULL); INSERT INTO files VALUES ('[2 bytes]', 'ann')")
    var configuration = SQLConfiguration(
      database.source, name: "hr", tables: [TableRules("files", recordType: "Order", entities: ["owner": "User"], writes: [.insert])])
    configuration.statements = [try DeclaredStatement("close", description: "", sql: "UPDATE files SET owner = 'ann'", isWrite: true)]
    let connector = try SQLConnector(configuration)
    #expect(try await connector.call("close", meta: Self.ann).text.contains("no primary key"))
    #expect(try await connector.call("insert_row", ["table": "files", "values": ["id": "x", "owner": "ann"]], meta: Self.ann).text.contains("binary"))
    #expect(try await connector.call("close").structured["changed"] == 1)
  }

  @Test("a decimal compares with what is computed", arguments: DatabaseKind.available) func decimals(kind: DatabaseKind) async throws {
    let database = try DatabaseUnderTest(kind, Self.schema)
    var configuration = SQLConfiguration(database.source, name: "hr", tables: Self.rules)
    configuration.statements = [
      try DeclaredStatement(
        "buyers", description: "", sql: "SELECT owner FROM orders GROUP BY owner HAVING sum(amount) >= :least", parameters: [.init("least", .decimal)])
    ]
    let answer = try await SQLConnector(configuration).call("buyers", ["least": "11.5"])
    #expect(answer.rows == [["owner": "bob"]], "\(answer.text)")
  }

  @Test("a trial that the server ends is no refusal; whatever else fails is one") func failures() throws {
    let write = DeclaredWrite(kind: .update, statement: "UPDATE", rows: 1, sight: .init(present: { _ in "SELECT" }, visible: { _ in "SELECT" }))
    for failure in [PostgresFailure(kind: .connection), PostgresFailure(kind: .time), PostgresFailure(kind: .statement, state: "57014")] {
      #expect(throws: PostgresFailure.self) { try write.perform({ _ in throw failure }, { _ in }) }
    }
    let error = #expect(throws: SQLToolError.self) { try write.perform({ _ in throw PostgresFailure(kind: .statement, state: "23505") }, { _ in }) }
    #expect(error?.description == DeclaredWrite.refusal.description)
    // A COMMIT that outlasts its time.
    #expect(PostgresFailure(kind: .time, mayHaveHadEffect: true).told(QueryLimits()).description.contains("is not known"))
    #expect(PostgresFailure(kind: .time).told(QueryLimits()).description.contains("was stopped"))
  }

  @Test("read-only mode leaves those that read") func readOnly() async throws {
    let tools = try await connector(DatabaseUnderTest(.sqlite, Self.schema), isReadOnly: true).request("tools/list", [:])?["tools"]?.array ?? []
    let names = Set(tools.compactMap { $0["name"]?.string })
    #expect(names.contains("orders_over") && names.isDisjoint(with: ["close_order", "add_order", "delete_order"]))
    let read = tools.first { $0["name"] == "orders_over" }
    #expect(read?["annotations"]?["readOnlyHint"] == true && read?["inputSchema"]?["required"] == ["least"])
  }

  @Test(
    "statement and declaration must belong together",
    arguments: [
      ("SELECT 1", true, "changes nothing"), ("DELETE FROM orders", false, "write: true"), ("SELECT :x", false, "no parameter \"x\""),
      ("SELECT 1; DELETE FROM orders", false, "more than one"), ("DROP TABLE orders", true, "begins with"),
      ("WITH x AS (SELECT 1) DELETE FROM orders", true, "changes nothing"),
      ("UPDATE orders SET amount = 1 RETURNING id", true, "RETURNING"), ("UPDATE", true, "too early"), ("SELECT 'open", false, "quote"),
    ])
  func declarations(test: (sql: String, isWrite: Bool, says: String)) {
    let error = #expect(throws: SQLConnectorError.self) { try DeclaredStatement("x", description: "", sql: test.sql, isWrite: test.isWrite) }
    #expect(error?.description.contains(test.says) == true, "\(error?.description ?? "")")
  }

  @Test("what looks like a parameter in a text or comment is none") func texts() throws {
    let statement = try DeclaredStatement("x", description: "", sql: "SELECT ':a', \":b\" /* :c */ , :d::text -- :e", parameters: [.init("d", .text)])
    #expect(statement.text.parameters == ["d"])
    #expect(throws: SQLConnectorError.self) { try DeclaredStatement("list_Tables", description: "", sql: "SELECT 1") }
    #expect(throws: SQLConnectorError.self) { try DeclaredStatement("x", description: "", sql: "SELECT :d", parameters: [.init("d", .integer, standard: "a")]) }
  }

  @Test("a statement has a name of its own") func names() throws {
    var configuration = SQLConfiguration(try DatabaseUnderTest(.sqlite, Self.schema).source, name: "hr", tables: Self.rules)
    configuration.statements = [try DeclaredStatement("query", description: "", sql: "SELECT 1")]
    #expect(throws: SQLConnectorError.self) { try SQLConnector(configuration) }
  }

  @Test("the check has the database look at each", arguments: DatabaseKind.available) func check(kind: DatabaseKind) async throws {
    let database = try DatabaseUnderTest(kind, Self.schema)
    var configuration = SQLConfiguration(database.source, name: "hr", tables: Self.rules)
    configuration.statements =
      try Self.statements(database.source) + [
        DeclaredStatement("odd", description: "", sql: "SELECT nothing FROM orders"),
        DeclaredStatement("else_where", description: "", sql: "DELETE FROM plain", isWrite: true),
        DeclaredStatement("twice", description: "", sql: "SELECT id, id FROM orders"),
        DeclaredStatement("lost", description: "", sql: "UPDATE orders SET amount = (SELECT max(x) FROM others)", isWrite: true),
        DeclaredStatement("aside", description: "", sql: "SELECT x FROM plain"),
      ]
    let findings = await SQLConnector.check(configuration)
    func level(_ name: String) -> SQLFinding.Level? { findings.first { $0.message.hasPrefix(name + ":") }?.level }
    #expect(["orders_over", "close_order", "add_order", "delete_order", "level"].allSatisfy { level($0) == .ok }, "\(findings.map(\.message))")
    #expect(["odd", "else_where", "twice", "lost", "aside"].allSatisfy { level($0) == .failure }, "\(findings.map(\.message))")
  }
}
