import ConnectorKit
import NIOCore
import Synchronization

/// Time for connectors under load: it moves on with every page, so that no vendor's limit is ever met, and sleeping takes none.
final class BenchClock: Sendable {
  /// Nanoseconds since its start.
  private let passed = Atomic<Int64>(3_600_000_000_000)
  /// Seconds since 1970 at its start.
  private static let start: Int64 = 1_795_990_000
  /// Between two pages. The strictest of the limits that connectors keep is 20 requests a minute.
  private static let step: Int64 = 4_000_000_000

  func advance() { passed.wrappingAdd(Self.step, ordering: .relaxed) }

  var time: VendorTime {
    VendorTime(
      now: { [self] in .uptimeNanoseconds(UInt64(passed.load(ordering: .relaxed))) },
      seconds: { [self] in Self.start + passed.load(ordering: .relaxed) / 1_000_000_000 },
      sleep: { [self] amount in passed.wrappingAdd(amount.nanoseconds, ordering: .relaxed) })
  }
}
