internal import CAllocations

/// How often work takes memory from the allocator.
package enum AllocationCount {
  private static var isOptimized: Bool {
    #if DEBUG
      false
    #else
      true
    #endif
  }

  /// - Throws: ``BenchmarkError`` where a count would tell nothing: of a debug build, or without glibc.
  package static func check() throws {
    guard isOptimized else { throw BenchmarkError("allocations are counted in a release build: make bench-allocations") }
    guard allocations_are_counted() else { throw BenchmarkError("allocations are counted with glibc only") }
  }

  /// How many there were since the start of the process; nil where they are not counted.
  package static var soFar: UInt64? { allocations_are_counted() ? allocations_count() : nil }

  /// Allocations of doing `work` once when everything is warm, the least of several rounds: what else happens only ever adds.
  package static func of(_ times: Int, _ work: () async throws -> Void) async throws -> Double {
    for _ in 0..<max(times / 4, 1) { try await work() }
    var least = UInt64.max
    for _ in 0..<5 {
      let before = allocations_count()
      for _ in 0..<times { try await work() }
      least = min(least, allocations_count() - before)
    }
    return Double(least) / Double(times)
  }
}

/// Why something cannot be measured here, and what would help.
package struct BenchmarkError: Error, Sendable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}
