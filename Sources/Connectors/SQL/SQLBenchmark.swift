public import JSON
public import MCP
internal import NIOCore

/// What a benchmark measures of the connector: rows that are read, governed and written as a tool's result.
public struct SQLBenchmark: Sendable {
  private let connector: SQLConnector
  private let server: Server
  private let table: String

  /// - Parameter table: with a primary key, and more rows than a page.
  public init(_ connector: SQLConnector, table: String) throws {
    self.connector = connector
    self.table = table
    server = try connector.makeServer(version: "1", toolsets: [.rows])
  }

  /// Lists pages of the table by `list_rows`, as a client gets them, beginning anew at the end.
  ///
  /// - Parameters:
  ///   - rows: how many rows at least.
  ///   - request: makes the request of a page from its arguments, with whatever `_meta` a gateway would add.
  /// - Returns: how many rows were listed, how many bytes of results, and in what time.
  public func listAndMap(
    rows: Int, page: Int = 500, request: @Sendable (JSONValue) throws -> Envelope
  ) async throws -> (rows: Int, bytes: Int, time: Duration) {
    let context = RequestContext(client: ClientDescription(version: .latest), transport: .inProcess)
    var (listed, bytes) = (0, 0)
    var cursor: JSONValue?
    let started = ContinuousClock.now
    while listed < rows {
      var arguments: JSONValue = ["table": .string(table), "limit": .int(page)]
      arguments["cursor"] = cursor
      guard case .result(let text) = await server.handle(try request(arguments), context) else { throw SQLToolError("The page was refused.") }
      bytes += text.readableBytes
      let structured = try RawJSON(scanning: text)["structuredContent"]
      let count = structured?["rows"]?[table]?.elements.reduce(0) { count, _ in count + 1 } ?? 0
      guard count > 0 else { throw SQLToolError("The page holds no rows.") }
      listed += count
      cursor = structured?["next_cursor"].map { JSONValue($0) }
    }
    return (listed, bytes, started.duration(to: .now))
  }
}
