import BenchmarkSupport
import JSON

/// One measured stretch of listing.
struct ListWindow {
  let page: PageBenchmark

  init(_ page: PageBenchmark) { self.page = page }

  struct Figures {
    let page: PageBenchmark
    var rows: Int
    var seconds: Double
    /// CPU seconds of this process. That of databases is not in it.
    var cpu: Double
    /// Nil where they are not counted.
    var allocations: UInt64?

    var json: JSONValue {
      let count = Double(rows)
      func figure(_ value: Double) -> JSONValue { JSONNumber((value * 1000).rounded() / 1000).map { .number($0) } ?? .null }
      return [
        "rows": .int(rows), "seconds": figure(seconds), "cpu_us_per_row": figure(cpu / count * 1e6),
        "allocations_per_row": allocations.map { figure(Double($0) / count) } ?? .null,
        "input_bytes_per_row": figure(Double(page.inputBytes) / Double(page.rows)), "result_bytes_per_row": figure(Double(page.resultBytes) / Double(page.rows)),
      ]
    }
  }

  func measure(seconds: Double) async throws -> Figures {
    let clock = ContinuousClock()
    let (cpu, allocations) = (ProcessCPU.seconds, AllocationCount.soFar)
    let start = clock.now
    var rows = 0
    repeat {
      try await page.list()
      rows += page.rows
    } while clock.now - start < .seconds(seconds)
    return Figures(
      page: page, rows: rows, seconds: (clock.now - start) / .seconds(1), cpu: ProcessCPU.seconds - cpu,
      allocations: allocations.flatMap { before in AllocationCount.soFar.map { $0 - before } })
  }
}
