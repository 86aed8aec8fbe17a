import ConnectorTesting
import JSON
import PostgresFixture
import Testing

@testable import SQLConnector

@Suite("Databases as Python has them", .serialized, .enabled(if: PythonClients.isPresent, "\(PythonClients.absence)"), .timeLimit(.minutes(3)))
struct DifferentialTests {
  private static let sql = "SELECT owner, count(*) AS n, sum(amount) AS total, max(price) AS price, max(note) AS note FROM orders GROUP BY owner ORDER BY owner"

  /// By tool: what is asked of the connector. Python's part is in Python/sql_acts.py.
  static let acts: [(tool: String, arguments: JSONValue)] = [
    ("list_tables", [:]), ("describe_table", ["table": "orders"]), ("query", ["sql": .string(sql)]),
    (
      "list_rows",
      [
        "table": "orders", "where": [["column": "amount", "is": ">=", "value": 3], ["column": "owner", "is": "!=", "value": "cy"]], "order": "-amount", "limit": 5,
      ]
    ),
    ("insert_row", ["table": "drafts", "values": ["id": 4, "text": "four: it's"]]),
    ("update_row", ["table": "drafts", "key": ["id": 2], "values": ["text": "two", "done": 1]]), ("delete_row", ["table": "drafts", "key": ["id": 3]]),
  ]

  private static let schema = """
    CREATE TABLE orders(id INTEGER PRIMARY KEY, owner VARCHAR(40) NOT NULL, amount INTEGER NOT NULL, price DOUBLE PRECISION NOT NULL, note TEXT);
    INSERT INTO orders VALUES (1, 'ann', 3, 2.5, NULL), (2, 'bob', 7, 0.25, 'a | b'), (3, 'ann', 5, 10.125, 'é 😀'), (4, 'cy', 9, 1.5, ''),
      (5, 'bob', 1, 3.5, 'last'), (6, 'ann', 5, 4.5, 'quote '' and " and \\'), (7, 'dee', 4, 0.5, 'x'), (8, 'bob', 6, 0.75, NULL), (9, 'dee', 3, 8.5, 'y');
    CREATE TABLE drafts(id INTEGER PRIMARY KEY, text TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0);
    INSERT INTO drafts VALUES (1, 'one', 0), (2, 'zwei', 0), (3, 'drei', 1);
    """

  static let rules = [TableRules("drafts", writes: [.insert, .update, .delete]), TableRules("orders")]

  @Test("What is read is what Python reads, and what is changed is what Python makes of a twin", arguments: DatabaseKind.available)
  func differential(kind: DatabaseKind) async throws {
    let (database, twin) = (try DatabaseUnderTest(kind, Self.schema), try DatabaseUnderTest(kind, Self.schema))
    let connector = try database.connector(Self.rules)
    var ours: [String: JSONValue] = [:]
    for (tool, arguments) in Self.acts {
      let answer = try await connector.call(tool, arguments)
      #expect(!answer.isError, "\(tool): \(answer.text)")
      ours[tool] = Self.comparable(tool, answer.structured)
    }
    let vendor = try await VendorDouble()
    vendor.always("POST", "/answer", .json([:]))
    let theirs = try await PythonClients.capture(
      "Tests/SQLConnectorTests/Python/sql_acts.py", vendor,
      environment: ["KIND": kind.rawValue, "DATABASE": try Self.place(database, kind), "TWIN": try Self.place(twin, kind), "SQL": Self.sql])
    for (tool, _) in Self.acts { #expect(try #require(theirs[tool]?.first?.json, "Python did not do \(tool)") == ours[tool], "\(tool)") }
    let left = try #require(theirs["afterwards"]?.first?.json?.array)
    #expect(left.count == 2 && left.first == left.last && left.first?.array?.count == 3)
  }

  private static func place(_ database: DatabaseUnderTest, _ kind: DatabaseKind) throws -> String {
    kind == .sqlite ? database.name : try PostgresCluster.shared.get().connectionString(database.name)
  }

  /// A result in the form in which Python's part tells its own.
  private static func comparable(_ tool: String, _ result: JSONValue) -> JSONValue {
    func names(_ values: JSONValue?) -> JSONValue { .array((values?.array ?? []).compactMap { $0["name"] }) }
    return switch tool {
    case "list_tables": names(result["tables"])
    case "describe_table": names(result["columns"])
    case "query": ["columns": result["columns"] ?? .null, "rows": result["rows"] ?? .null]
    case "list_rows": result["rows"]?["orders"] ?? .null
    case "delete_row": result["deleted"] ?? .null
    default: result["row"]?["drafts"] ?? .null
    }
  }
}
