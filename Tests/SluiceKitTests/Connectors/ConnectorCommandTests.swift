import ConnectorTesting
import Foundation
import GRDB
import JSON
import MCP
import MCPHTTP
import PostgresFixture
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@testable import SluiceKit

/// `sluice connector` and `connector:` of sluice.yaml, run as people run them.
@Suite(
  "Connectors by the command line", .enabled(if: SluiceBinary.path != nil, "no sluice executable beside the tests: commands not tested"), .timeLimit(.minutes(3)))
struct ConnectorCommandTests {
  /// A folder with a handbook and the settings of the files connector for it.
  private func withHandbook<R: Sendable>(_ body: @Sendable (_ directory: String, _ settings: String) async throws -> R) async throws -> R {
    try await withDirectory { directory in
      try FileManager.default.createDirectory(atPath: "\(directory)/handbook", withIntermediateDirectories: true)
      try Data("# Handbook\nAsk first.\n".utf8).write(to: URL(filePath: "\(directory)/handbook/start.md"))
      let settings = "\(directory)/files.yaml"
      try Data("roots: {handbook: \"\(directory)/handbook\"}\n".utf8).write(to: URL(filePath: settings))
      return try await body(directory, settings)
    }
  }

  @Test("list names every connector that is built in")
  func list() async throws {
    let outcome = try await SluiceBinary.run(["connector", "list"])
    #expect(outcome.status == 0)
    let names = outcome.output.split(separator: "\n").map(String.init)
    #expect(names == names.sorted() && Set(names).isSuperset(of: ["files", "openapi", "slack", "jira", "sqlite", "postgres"]), "\(names)")
  }

  @Test("check says what is right, and ends with 1 where something is missing")
  func check() async throws {
    try await withHandbook { directory, settings in
      let good = try await SluiceBinary.run(["connector", "check", "files", "--settings", settings, "--state", "\(directory)/state"])
      #expect(good.status == 0 && good.output == "ok  handbook: 1 entries\n", "\(good.output)\(good.errors)")
      // A real API that is not there.
      let port = try SluiceBinary.freePort()
      try Data("{\"openapi\": \"3.0.0\", \"info\": {\"title\": \"Gone\"}, \"paths\": {\"/a\": {\"get\": {\"operationId\": \"get\"}}}}".utf8)
        .write(to: URL(filePath: "\(directory)/gone.json"))
      try Data("{description: gone.json, base_url: \"http://127.0.0.1:\(port)\", probe: get, security: {}}".utf8).write(to: URL(filePath: "\(directory)/gone.yaml"))
      let bad = try await SluiceBinary.run(["connector", "check", "openapi", "--settings", "gone.yaml"], directory: directory)
      #expect(bad.status == 1 && bad.output.contains("failure  get: ") && bad.output.contains("    Check settings"), "\(bad.output)\(bad.errors)")
    }
  }

  static let signIns: [(connector: String, settings: String, says: String)] = [
    ("slack", "{act_as: caller, oauth: {client_id: '1.2', client_secret: '${env:NO_SUCH}'}}", "warning  people sign in one by one"),
    ("github", "{oauth: {client_id: Iv1.a, client_secret: '${env:NO_SUCH}'}}", "warning  People sign in one by one"),
    ("salesforce", "{act_as: caller, oauth: {client_id: '3MV'}}", "warning  each person signs in"),
  ]

  @Test("check looks at connectors to whose vendor people sign in as well, with a configuration and without", arguments: signIns)
  func checkOfSignIn(_ connector: String, _ settings: String, _ says: String) async throws {
    try await withDirectory { directory in
      try Data(settings.utf8).write(to: URL(filePath: "\(directory)/settings.yaml"))
      try Data("upstreams: {it: {connector: \(connector), settings: \(settings)}}\nresource: https://sluice.example/mcp\n".utf8)
        .write(to: URL(filePath: "\(directory)/sluice.yaml"))
      for source in [[connector, "--settings", "settings.yaml"], ["it", "--config", "sluice.yaml"]] {
        let outcome = try await SluiceBinary.run(["connector", "check"] + source + ["--state", "\(directory)/state"], directory: directory)
        #expect(outcome.status == 0 && outcome.output.hasPrefix(says), "\(source): \(outcome.output)\(outcome.errors)")
      }
    }
  }

  @Test("Alone over HTTP, the page at which a person signs in is where the answer says")
  func signInAlone() async throws {
    try await withDirectory { directory in
      try Data("{user: ada, oauth: {client_id: Iv1.a, client_secret: '${env:NO_SUCH}'}}".utf8).write(to: URL(filePath: "\(directory)/settings.yaml"))
      let port = try SluiceBinary.freePort()
      let running = try SluiceBinary.start(
        ["connector", "github", "--settings", "\(directory)/settings.yaml", "--port", "\(port)", "--state", "\(directory)/state"])
      defer { running.kill() }
      let client = MCPClient(port: port)
      try await eventually("the connector answers") { (try? await client.modern("tools/list", seconds: 2).status) == 200 }
      let answer = try await client.call("get_me")
      let words = "Open this page in a browser, then call the tool again: http://127.0.0.1:\(port)"
      let place = try #require(answer.content.range(of: words), "\(answer.text)")
      let page = try await client.send("GET", path: String(answer.content[place.upperBound...]))
      #expect(page.status == 200 && page.text.contains("ada") && page.headers["Content-Security-Policy"] != nil, "\(page.text)")
      #expect(try await client.send("GET", path: "/connectors/github/sign-in?state=AAAA").status == 400)
      #expect(try await client.send("GET", path: "/connectors/other/sign-in").status == 404)
    }
  }

  // MARK: Databases

  /// A folder with an SQLite file, and a configuration for it whose rows have a type.
  private func withDeals<R: Sendable>(_ rules: String = "{deals: {record: Deal, writes: [update]}}", _ body: @Sendable (_ directory: String) async throws -> R)
    async throws -> R
  {
    try await withDirectory { directory in
      let queue = try DatabaseQueue(path: "\(directory)/deals.sqlite")
      try await queue.write {
        try $0.execute(
          sql: "CREATE TABLE deals(id INTEGER PRIMARY KEY, owner TEXT NOT NULL); INSERT INTO deals VALUES (1, 'ada'); CREATE TABLE notes(text TEXT);")
      }
      try queue.close()
      try Data("sqlite: deals.sqlite\ntables: \(rules)\n".utf8).write(to: URL(filePath: "\(directory)/settings.yaml"))
      try Data("upstreams: {shop: {sqlite: deals.sqlite, tables: \(rules)}}\n".utf8).write(to: URL(filePath: "\(directory)/sluice.yaml"))
      return try await body(directory)
    }
  }

  @Test("run serves a database alone, where no rules for rows come in")
  func database() async throws {
    try await withDeals { directory in
      let binary = try #require(SluiceBinary.path)
      for source in [["sqlite", "--settings", "\(directory)/settings.yaml"], ["shop", "--config", "\(directory)/sluice.yaml"]] {
        let client = Client(.stdio(binary, ["connector", "run"] + source))
        let changed = try await client.callTool("update_row", ["table": "deals", "key": ["id": 1], "values": ["owner": .string(source[0])]])
        #expect(changed.structured?["row"]?["deals"]?["owner"] == .string(source[0]), "\(changed.text)")
        #expect(try await client.callTool("query", ["sql": "SELECT owner FROM deals"]).structured?["rows"] == [[.string(source[0])]])
        #expect(try await client.callTool("query", ["sql": "SELECT text FROM notes"]).isError)
        await client.close()
      }
    }
  }

  @Test("check says of each table of a database what is served, and what is missing")
  func databaseCheck() async throws {
    try await withDeals { directory in
      let good = "ok  connected to SQLite\nok  deals: 2 columns, record Deal, update allowed\n"
      for source in [["sqlite", "--settings", "\(directory)/settings.yaml"], ["shop", "--config", "\(directory)/sluice.yaml"]] {
        let outcome = try await SluiceBinary.run(["connector", "check"] + source)
        #expect(outcome.status == 0 && outcome.output == good, "\(outcome.output)\(outcome.errors)")
      }
    }
    let rules = "{gone: {}, deals: {record: Deal, categories: {email: pii}, hide: [secret]}, notes: {writes: [insert, delete]}}"
    try await withDeals(rules) { directory in
      let outcome = try await SluiceBinary.run(["connector", "check", "sqlite", "--settings", "\(directory)/settings.yaml"])
      let expected = [
        "ok  connected to SQLite", "failure  gone: The database has no table \"gone\". It has: deals, notes.",
        "failure  deals: has no column email, secret, which the configuration speaks of", "ok  notes: 1 column, insert, delete allowed",
        "warning  notes: has no record while other tables have, so behind the gateway nobody sees a row of it",
        "failure  notes: insert, delete will be refused, because no primary key tells its rows apart",
      ]
      let lines = outcome.output.split(separator: "\n").map(String.init)
      #expect(outcome.status == 1 && lines.filter { !$0.hasPrefix("    ") } == expected, "\(outcome.output)\(outcome.errors)")
      #expect(lines.contains { $0.hasPrefix("    ") })
      try Data("sqlite: gone.sqlite\n".utf8).write(to: URL(filePath: "\(directory)/gone.yaml"))
      let gone = try await SluiceBinary.run(["connector", "check", "sqlite", "--settings", "\(directory)/gone.yaml"])
      #expect(gone.status == 1 && gone.output.hasPrefix("failure  Cannot open the database \(directory)/gone.sqlite"), "\(gone.output)\(gone.errors)")
    }
  }

  @Test(
    "check says of PostgreSQL what the role may not do, and which tables tell of changes",
    .enabled(if: PostgresCluster.isInstalled, "\(PostgresCluster.skipReason)"))
  func postgresCheck() async throws {
    try await withDirectory { directory in
      let cluster = try PostgresCluster.shared.get()
      let role = "reader_\(UUID().uuidString.lowercased().filter { $0 != "-" })"
      let database = try cluster.makeDatabase(
        """
        CREATE TABLE orders(id int PRIMARY KEY, item text); CREATE TABLE products(id int PRIMARY KEY); CREATE TABLE hidden(id int PRIMARY KEY);
        CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('shop_changes', TG_TABLE_NAME); RETURN NULL; END $$;
        CREATE TRIGGER tell AFTER INSERT ON orders FOR EACH STATEMENT EXECUTE FUNCTION tell();
        CREATE ROLE \(role) LOGIN; GRANT SELECT ON orders, products TO \(role); GRANT UPDATE (item) ON orders TO \(role);
        """)
      defer { _ = try? cluster.psql("DROP OWNED BY \(role); DROP ROLE \(role)", database: database) }
      let connection = cluster.connectionString(database, user: role)
      func check(_ settings: String) async throws -> (status: Int32, lines: [String]) {
        try Data(settings.utf8).write(to: URL(filePath: "\(directory)/settings.yaml"))
        let outcome = try await SluiceBinary.run(["connector", "check", "postgres", "--settings", "\(directory)/settings.yaml"])
        return (outcome.status, outcome.output.split(separator: "\n").map(String.init))
      }
      let found = try await check(
        "{postgres: '\(connection)', channel: shop_changes, tables: {orders: {writes: [insert, update, delete]}, products: {}, hidden: {}}}")
      #expect(
        found.lines.filter { !$0.hasPrefix("    ") } == [
          "ok  connected to PostgreSQL", "ok  orders: 2 columns, insert, update, delete allowed", "failure  orders: insert will fail, because the role has no INSERT",
          "failure  orders: delete will fail, because the role has no DELETE", "ok  products: 1 column, read only",
          "failure  hidden: The database has no table \"hidden\". It has: orders, products.", "ok  channel shop_changes: told by triggers of orders",
          "warning  channel shop_changes: no trigger of products names it",
        ], "\(found.lines)")
      #expect(found.status == 1 && found.lines.contains("    GRANT INSERT ON \"public\".\"orders\" TO the role."))
      let all = try await check("{postgres: '\(connection)'}")
      #expect(all.status == 0 && all.lines == ["ok  connected to PostgreSQL", "ok  2 tables served, read only: orders, products"], "\(all.lines)")
      let down = try await check("{postgres: 'host=127.0.0.1 port=1 user=x password=swordfish'}")
      #expect(
        down.status == 1 && down.lines.first?.hasPrefix("failure  The database cannot be reached") == true && !down.lines.joined().contains("swordfish"), "\(down.lines)")
    }
  }

  @Test("run serves one connector over standard input and output, in both eras")
  func run() async throws {
    try await withHandbook { directory, settings in
      let binary = try #require(SluiceBinary.path)
      for versions in [ProtocolVersion.allCases, [.latestLegacy]] {
        let client = Client(
          .stdio(binary, ["connector", "run", "files", "--settings", settings, "--state", "\(directory)/state"]), settings: Client.Settings(versions: versions))
        #expect(try await client.listTools().count == 8)
        let file = try await client.callTool("read_file", ["path": "handbook/start.md"])
        #expect(file.structured?["file"]?["text"] == "# Handbook\nAsk first.\n")
        #expect(try await client.callTool("read_file", ["path": "handbook/../files.yaml"]).isError)
        #expect("\(try await client.readResource("files://handbook/start.md").contents)".contains("Ask first."))
        await client.close()
      }
    }
  }

  @Test(
    "What the account may not open is said for each tool of the files connector, and does not hide the rest",
    .enabled(if: OtherAccount.prefix != nil, "root, and no other account can run the program (setpriv): files without permission not tested"))
  func permission() async throws {
    try await withHandbook { directory, settings in
      func file(_ name: String) -> String { "\(directory)/handbook/\(name)" }
      try FileManager.default.createDirectory(atPath: file("shut"), withIntermediateDirectories: true)
      for name in ["closed.md", "shut/inside.md"] { try Data("Ask nobody.\n".utf8).write(to: URL(filePath: file(name))) }
      for (name, mode) in [("closed.md", 0), ("shut", 0), ("start.md", 0o644), ("", 0o755), ("..", 0o777), ("../files.yaml", 0o644)] {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file(name))
      }
      defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file("shut")) }
      let command =
        try #require(OtherAccount.prefix) + [try #require(SluiceBinary.path), "connector", "run", "files", "--settings", settings, "--state", "\(directory)/state"]
      let client = Client(.stdio(command[0], Array(command.dropFirst())))
      for (tool, path) in [("read_file", "handbook/closed.md"), ("list_directory", "handbook/shut"), ("read_file", "handbook/shut/inside.md")] {
        let result = try await client.callTool(tool, ["path": .string(path)])
        #expect(result.isError && result.text.contains("may not be opened by the account"), "\(path): \(result.text)")
      }
      let found = try await client.callTool("search_text", ["path": "handbook", "text": "ask"])
      #expect(found.structured?["matches"]?.array?.map { $0["path"] } == ["handbook/start.md"])
      let several = try await client.callTool("read_files", ["paths": ["handbook/closed.md", "handbook/start.md"]])
      #expect(several.structured?["files"]?.array?.count == 1 && several.structured?["failed"]?.array?.first?["path"] == "handbook/closed.md")
      let tree = try await client.callTool("directory_tree", ["path": "handbook"])
      #expect(tree.structured?["files"]?.array?.map { $0["path"] } == ["handbook/closed.md", "handbook/shut", "handbook/start.md"])
      await client.close()
    }
  }

  @Test("run takes the settings of an upstream of sluice.yaml as well, and serves HTTP where a port is given")
  func configured() async throws {
    try await withHandbook { directory, _ in
      let file = "\(directory)/sluice.yaml"
      let port = try SluiceBinary.freePort()
      try Data("upstreams: {books: {connector: files, settings: {roots: {handbook: \"\(directory)/handbook\"}}}}\n".utf8).write(to: URL(filePath: file))
      let running = try SluiceBinary.start(["connector", "books", "--config", file, "--port", "\(port)", "--state", "\(directory)/state"])
      defer { running.kill() }
      let client = MCPClient(port: port)
      try await eventually("the connector answers") { (try? await client.modern("tools/list", seconds: 2).status) == 200 }
      #expect(try await client.call("list_roots").structured?["roots"] == [["name": "handbook", "writable": false]])
      let none = try await SluiceBinary.run(["connector", "check", "other", "--config", file])
      #expect(none.status != 0 && none.errors.contains("has no upstream other"))
    }
  }

  static let wrong: [(arguments: [String], settings: String, says: String)] = [
    (["nothing"], "{}", "there is no connector \"nothing\". Known here: "), (["files"], "roots: {a: /no/such/place}", "upstreams.files.settings.roots.a"),
    (["files"], "rots: {}", "rots: unknown key. Known here: "), (["files"], "[1]", "must hold a mapping"), (["files"], "a: [", "yaml"),
    (["files"], "{}", "roots: is needed"), (["sqlite"], "{tables: [a]}", "must have the key sqlite"), (["postgres"], "[1]", "must hold a mapping"),
    (["sqlite"], "{sqlite: a, tables: {a: {writes: [drop]}}}", "insert, update, delete"), (["sqlite"], "{sqlite: a, postgres: b}", "exactly one of"),
    (["sqlite"], "{sqlite: a, statements: {x: {description: d, sql: 'SELECT :a'}}}", "no parameter \"a\""),
    (["sqlite"], "{sqlite: a, statements: {x: {description: d, sql: DELETE FROM a}}}", "write: true"),
    (["sqlite"], "{sqlite: a, statements: {x: {description: d, sql: 'SELECT :a', parameters: {a: money}}}}", "decimal"),
  ]

  @Test("Settings that are wrong are refused with the key and what would be right", arguments: wrong)
  func wrongSettings(_ arguments: [String], _ settings: String, _ says: String) async throws {
    try await withDirectory { directory in
      let file = "\(directory)/settings.yaml"
      try Data(settings.utf8).write(to: URL(filePath: file))
      for command in ["run", "check"] {
        let outcome = try await SluiceBinary.run(["connector", command] + arguments + ["--settings", file])
        #expect(outcome.status != 0 && outcome.errors.contains(says), "\(outcome.errors)")
        #expect(!outcome.errors.contains("Fatal error"))
      }
    }
  }

  static let configurations: [(upstream: String, says: String)] = [
    ("{connector: nothing}", "there is no connector \"nothing\". Known here: files"),
    ("{connector: files, settings: {rots: {}}}", "upstreams.a.settings.rots: unknown key"),
    ("{connector: files, settings: [1]}", "settings is a mapping"), ("{connector: files}", "upstreams.a.settings.roots: is needed"),
    ("{connector: files, url: 'http://127.0.0.1:1/mcp'}", "exactly one of"), ("{connector: slack, settings: {token: xoxb-written-out-secret}}", "${env:NAME}"),
    ("{connector: openapi, settings: {description: /no/such.yaml}}", "upstreams.a.settings.description"),
    ("{connector: sqlite}", "sqlite is a key of the upstream itself"),
  ]

  @Test("serve refuses a connector whose entry is wrong, and does not repeat a secret that stands there", arguments: configurations)
  func configuration(_ upstream: String, _ says: String) async throws {
    try await withDirectory { directory in
      let file = "\(directory)/sluice.yaml"
      try Data("upstreams: {a: \(upstream)}\nstate: \"\(directory)/state\"\n".utf8).write(to: URL(filePath: file))
      let outcome = try await SluiceBinary.run(["serve", "--config", file, "--listen", "127.0.0.1:0"])
      #expect(outcome.status != 0 && outcome.errors.contains(says), "\(outcome.errors)")
      #expect(!outcome.errors.contains("written-out") && !outcome.errors.contains("Fatal error"), "\(outcome.errors)")
    }
  }
}

/// How the program runs as an account that is not root: as it is, or by way of setpriv.
private enum OtherAccount {
  /// What stands before the command; nil where there is no way.
  static let prefix: [String]? = {
    if geteuid() != 0 { return [] }
    let command = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    guard let binary = SluiceBinary.path, FileManager.default.isExecutableFile(atPath: command[0]) else { return nil }
    let process = Process()
    process.executableURL = URL(filePath: command[0])
    process.arguments = command.dropFirst() + [binary, "--version"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? ProcessStart.run(process)) != nil else { return nil }
    process.waitUntilExit()
    return process.terminationStatus == 0 ? command : nil
  }()
}
