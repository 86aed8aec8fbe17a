import ArgumentParser
import CAllocations
import Foundation
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

  /// What the count may vary by, with the growth of buffers and the turns of event loops.
  private static let tolerance = 0.5

  /// The compiler that made this program: counts belong to it.
  static var compiler: String {
    #if compiler(>=6.5)
      "unknown"
    #elseif compiler(>=6.4)
      "6.4"
    #else
      "6.3"
    #endif
  }

  private static var isOptimized: Bool {
    #if DEBUG
      false
    #else
      true
    #endif
  }

  func run() async throws {
    guard Self.isOptimized else { throw ValidationError("counts are those of a release build: swift build -c release --product sdk-bench") }
    guard allocations_are_counted() else { throw ValidationError("allocations are counted with glibc only") }
    let counted = try await AllocationCounts.measure()
    let file = URL(filePath: thresholds).appending(path: "\(Self.compiler).json")
    if write {
      let text = counted.map { "  \"\($0.name)\": \(Int($0.count.rounded(.up)))" }.joined(separator: ",\n")
      try Data("{\n\(text)\n}\n".utf8).write(to: file)
    }
    guard let data = try? Data(contentsOf: file), let pinned = try? JSONValue(parsing: String(decoding: data, as: UTF8.self)) else {
      throw ValidationError("there are no thresholds for Swift \(Self.compiler) in \(thresholds): --write makes them")
    }
    var exceeded = false
    for (name, count) in counted {
      let threshold = pinned[name]?.double
      let isTooMany = threshold.map { count > $0 + max(Self.tolerance, $0 * 0.02) } ?? true
      exceeded = exceeded || isTooMany
      let limit = threshold.map { String(Int($0)) } ?? "none"
      print(
        "\(name.padding(toLength: 24, withPad: " ", startingAt: 0)) \(String(format: "%8.2f", count)) allocations, threshold \(limit)\(isTooMany ? "  TOO MANY" : "")")
    }
    if exceeded { throw ExitCode.failure }
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
      ("scan", try await count(2000) { _ = try RawJSON(scanning: call) }),
      (
        "sse-event",
        try await count(2000) {
          var parser = SSEParser()
          _ = try parser.parse(event)
        }
      ),
      ("dispatch-echo", try await count(2000) { _ = await server.handle(try Envelope(scanning: call), context) }),
      ("memory-echo", try await count(2000) { try await Work.echo.run(memory) }),
      ("memory-list-100", try await count(100) { try await Work.list.run(memory) }),
      ("parse-list-100", try await count(100) { try await Work.parse.run(recorded) }),
      ("http-echo", try await count(2000) { try await Work.echo.run(http) }),
      ("http-list-100", try await count(100) { try await Work.list.run(http) }),
    ]
    await http.close()
    serving.cancel()
    return counts
  }

  /// Allocations of one time, the least of several rounds: what else happens only ever adds.
  private static func count(_ times: Int, _ work: () async throws -> Void) async throws -> Double {
    for _ in 0..<(times / 4) { try await work() }
    var least = UInt64.max
    for _ in 0..<5 {
      let before = allocations_count()
      for _ in 0..<times { try await work() }
      least = min(least, allocations_count() - before)
    }
    return Double(least) / Double(times)
  }
}
