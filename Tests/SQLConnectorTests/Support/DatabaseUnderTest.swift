import Foundation
import GRDB
import JSON
import MCP
import NIOCore
import PostgresFixture
import Testing

@testable import SQLConnector

/// Which database a test runs over.
enum DatabaseKind: String, Sendable, CaseIterable, CustomTestStringConvertible {
  case sqlite, postgres

  var testDescription: String { rawValue }

  /// PostgreSQL where it is installed: `PostgresTests` says so where it is not.
  static let available: [DatabaseKind] = PostgresCluster.isInstalled ? allCases : [.sqlite]
}

/// A database of one test, and how to reach it without any of our code.
struct DatabaseUnderTest: Sendable {
  let source: SQLConfiguration.Source
  /// Of PostgreSQL: its name.
  let name: String
  private let path: String

  init(_ kind: DatabaseKind, _ sql: String, options: String = "", channel: String? = nil, connections: Int = 2) throws {
    switch kind {
    case .sqlite:
      path = Self.directory + "/\(UUID().uuidString).sqlite"
      name = path
      source = .sqlite(path: path)
      let queue = try DatabaseQueue(path: path)
      try queue.write { try $0.execute(sql: sql) }
      try queue.close()
    case .postgres:
      let cluster = try PostgresCluster.shared.get()
      let database = try cluster.makeDatabase(sql, options: options)
      path = ""
      name = database
      source = .postgres(
        PostgresSettings(connectionString: { cluster.connectionString(database) }, connections: connections, patience: .seconds(60), channel: channel))
    }
  }

  /// Goes with the process.
  private static let directory: String = {
    let path = NSTemporaryDirectory() + "sluice-sql-\(ProcessInfo.processInfo.processIdentifier)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + "sluice-sql-\(ProcessInfo.processInfo.processIdentifier)") }
    return path
  }()

  /// Runs SQL beside the connector.
  @discardableResult func execute(_ sql: String) throws -> String {
    guard path.isEmpty else {
      let queue = try DatabaseQueue(path: path)
      defer { try? queue.close() }
      try queue.write { try $0.execute(sql: sql) }
      return ""
    }
    return try PostgresCluster.shared.get().psql(sql, database: name)
  }

  func connector(_ tables: [TableRules]? = nil, limits: QueryLimits = QueryLimits(), requiresGovernance: Bool = false) throws -> SQLConnector {
    try SQLConnector(SQLConfiguration(source, name: "hr", tables: tables, query: limits, requiresGovernance: requiresGovernance))
  }
}

/// What a tool answered.
struct ToolAnswer: Sendable {
  let isError: Bool
  let text: String
  let structured: JSONValue
  var rows: JSONValue { structured["rows"] ?? .null }
}

extension SQLConnector {
  func call(_ tool: String, _ arguments: JSONValue = [:], meta: JSONObject = [:]) async throws -> ToolAnswer {
    let reply = try await request("tools/call", ["name": .string(tool), "arguments": arguments, "_meta": .object(meta)])
    guard let result = reply else { return ToolAnswer(isError: true, text: "failure", structured: .null) }
    return ToolAnswer(
      isError: result["isError"]?.bool == true, text: result["content"]?.array?.first?["text"]?.string ?? "", structured: result["structuredContent"] ?? .null)
  }

  func query(_ sql: String, meta: JSONObject = [:]) async throws -> ToolAnswer { try await call("query", ["sql": .string(sql)], meta: meta) }

  /// The result of a request; nil for a protocol error.
  func request(_ method: String, _ params: JSONValue) async throws -> JSONValue? {
    let server = try makeServer(version: "1")
    let message: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": params]
    let context = RequestContext(client: ClientDescription(version: .v2026_07_28), transport: .inProcess)
    guard case .result(let text) = await server.handle(try Envelope(scanning: ByteBuffer(string: message.text)), context) else { return nil }
    return JSONValue(try RawJSON(scanning: text))
  }
}

/// Waits for something that another thread or process brings about.
func eventually(_ bound: Duration = .seconds(60), _ condition: () async throws -> Bool) async throws -> Bool {
  let end = ContinuousClock.now.advanced(by: bound)
  while ContinuousClock.now < end {
    if try await condition() { return true }
    try await Task.sleep(for: .milliseconds(20))
  }
  return false
}
