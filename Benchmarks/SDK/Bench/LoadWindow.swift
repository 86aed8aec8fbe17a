import BenchmarkSupport
import JSON
import MCP

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One measured stretch of asking.
struct LoadWindow {
  let work: Work
  let connections: Int
  let serverProcess: Int32?

  struct Figures {
    var seconds: Double
    /// Nanoseconds from question to answer.
    var latencies: [UInt64]
    /// CPU seconds of this process, and of the server's.
    var ownCPU: Double
    var serverCPU: Double

    var json: JSONValue {
      let sorted = latencies.sorted()
      func percentile(_ part: Double) -> JSONValue {
        sorted.isEmpty ? .null : .floating((Double(sorted[min(Int(Double(sorted.count) * part), sorted.count - 1)]) / 10).rounded() / 100)
      }
      let count = Double(max(sorted.count, 1))
      return [
        "requests": .int(sorted.count), "seconds": .floating(seconds), "p50_us": percentile(0.5), "p99_us": percentile(0.99),
        "client_cpu_us": .floating(ownCPU / count * 1e6), "server_cpu_us": .floating(serverCPU / count * 1e6),
      ]
    }
  }

  func measure(_ client: Client, seconds: Double) async throws -> Figures {
    let clock = ContinuousClock()
    let (own, served) = (ProcessCPU.seconds, serverCPU())
    let start = clock.now
    let end = start + .seconds(seconds)
    let work = work
    @Sendable func ask() async throws -> [UInt64] {
      var latencies: [UInt64] = []
      latencies.reserveCapacity(1 << 20)
      while true {
        let asked = clock.now
        guard asked < end else { return latencies }
        try await work.run(client)
        let elapsed = (clock.now - asked).components
        latencies.append(UInt64(elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000))
      }
    }
    // One asker asks from here: a task of its own would only add hops.
    let latencies =
      connections == 1
      ? try await ask()
      : try await withThrowingTaskGroup(of: [UInt64].self) { group in
        for _ in 0..<connections { group.addTask { try await ask() } }
        return try await group.reduce(into: []) { $0 += $1 }
      }
    return Figures(
      seconds: (clock.now - start) / .seconds(1), latencies: latencies, ownCPU: ProcessCPU.seconds - own, serverCPU: serverCPU() - served)
  }

  /// User and system time of the server's process (`/proc/<pid>/stat`), in seconds; 0 where that is not to be had.
  private func serverCPU() -> Double {
    guard let serverProcess, let file = fopen("/proc/\(serverProcess)/stat", "r") else { return 0 }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1024)
    let count = fread(&bytes, 1, bytes.count, file)
    // The name in parentheses may hold anything: fields count from the last parenthesis.
    let fields = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}

extension JSONValue {
  static func floating(_ value: Double) -> JSONValue { JSONNumber(value).map { .number($0) } ?? .null }
}
