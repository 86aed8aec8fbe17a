import ArgumentParser
import BenchmarkSupport
import JSON
import MCP
import MCPHTTP
import NIOCore

/// How many allocations each kind of work takes, held against Benchmarks/Thresholds.
struct Allocations: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Counts allocations, and fails where one kind of work takes more than its threshold.")

  @Option(help: "The folder with one file of thresholds for each compiler.") var thresholds = "Benchmarks/Thresholds"
  @Flag(help: "Writes what was counted as the new thresholds.") var write = false

  func run() async throws {
    try AllocationCount.check()
    let counted = try await AllocationCounts.measure()
    let thresholds = AllocationThresholds(folder: thresholds)
    if write { try thresholds.write(counted) }
    guard try thresholds.hold(counted) else { throw ExitCode.failure }
  }
}

/// The counts of each kind of work, once everything is warm.
enum AllocationCounts {
  static func measure() async throws -> [(name: String, count: Double)] {
    let server = BenchServer.make()
    let memory = Client(.inProcess(server))
    let recorded = await RecordedWire.client(of: server)
    let endpoint = HTTPEndpoint(server, port: 0)
    let port = try await endpoint.start()
    let serving = Task { try await endpoint.run() }
    let http = Client(.http("http://127.0.0.1:\(port)/mcp"))

    let call = ByteBuffer(
      string:
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":\#(Work.arguments.text),"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#
    )
    let context = RequestContext(client: ClientDescription(version: .latest), transport: .inProcess)
    let event = SSE.event(data: call)

    let counts: [(String, Double)] = [
      ("scan", try await AllocationCount.of(2000) { _ = try RawJSON(scanning: call) }),
      (
        "sse-event",
        try await AllocationCount.of(2000) {
          var parser = SSEParser()
          _ = try parser.parse(event)
        }
      ),
      ("dispatch-echo", try await AllocationCount.of(2000) { _ = await server.handle(try Envelope(scanning: call), context) }),
      ("memory-echo", try await AllocationCount.of(2000) { try await Work.echo.run(memory) }),
      ("memory-list-100", try await AllocationCount.of(100) { try await Work.list.run(memory) }),
      ("parse-list-100", try await AllocationCount.of(100) { try await Work.parse.run(recorded) }),
      ("http-echo", try await AllocationCount.of(2000) { try await Work.echo.run(http) }),
      ("http-list-100", try await AllocationCount.of(100) { try await Work.list.run(http) }),
    ]
    await http.close()
    serving.cancel()
    return counts
  }
}
