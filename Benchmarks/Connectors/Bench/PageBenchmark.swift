import BenchmarkSupport
import JSON
import MCP
import NIOCore

/// A tool that lists a page, called as a client calls it, with everything between the vendor's bytes and those of the result.
struct PageBenchmark: Sendable {
  /// Records in the page.
  let rows: Int
  /// Of the vendor's answer; 0 where it is no text.
  let inputBytes: Int
  let resultBytes: Int
  private let server: Server
  private let call: ByteBuffer
  private let clock: BenchClock

  private static let context = RequestContext(client: ClientDescription(version: .latest), transport: .inProcess)

  /// - Throws: ``BenchmarkError`` where there is nothing to list here, or the tool does not list all of it.
  init(_ listed: ListedPage, _ sources: PageSources) async throws {
    let source = try sources.source(of: listed)
    let clock = BenchClock()
    let list = try await ListCall(listed, source, sources, clock)
    let message: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": "tools/call",
      "params": [
        "name": .string(list.tool), "arguments": list.arguments,
        "_meta": ["io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": [:]],
      ],
    ]
    let call = ByteBuffer(message)
    // The first call makes connections, signs in, and learns names.
    _ = try await Self.answer(list.server, call)
    let answer = try await Self.answer(list.server, call)
    let found = list.place.reduce(try RawJSON(scanning: answer)["structuredContent"]) { value, member in value?[member] }
    let count = found?.elements.reduce(0) { count, _ in count + 1 } ?? 0
    guard count == source.rows else {
      throw BenchmarkError("the tool lists \(count) of the \(source.rows) records: \(String(buffer: answer).prefix(300))")
    }
    rows = count
    inputBytes = source.body?.readableBytes ?? 0
    resultBytes = answer.readableBytes
    server = list.server
    self.call = call
    self.clock = clock
  }

  /// Lists the page once.
  func list() async throws {
    clock.advance()
    guard try await Self.answer(server, call).readableBytes == resultBytes else { throw BenchmarkError("the result is not what it was") }
  }

  private static func answer(_ server: Server, _ call: ByteBuffer) async throws -> ByteBuffer {
    switch await server.handle(try Envelope(scanning: call), context) {
    case .result(let result): return result
    case .failure(let error, _): throw BenchmarkError("the tool is refused: \(error)")
    }
  }
}
