import ConnectorKit
import NIOCore
import Synchronization

/// A clock that stands until it is told to go on: for tests of what happens while several sleep.
final class HeldTime: Sendable {
  private struct State {
    var offset: Int64 = 0
    var sleepers: [(until: Int64, continuation: CheckedContinuation<Void, Never>)] = []
  }
  /// Guards the clock.
  private let state = Mutex(State())
  /// An hour ahead, as in ``VirtualTime``.
  private let start = NIODeadline.now() + .hours(1)

  func advance(_ seconds: Int64) {
    let woken = state.withLock { state in
      state.offset += seconds * 1_000_000_000
      let woken = state.sleepers.filter { $0.until <= state.offset }
      state.sleepers.removeAll { $0.until <= state.offset }
      return woken.map(\.continuation)
    }
    for continuation in woken { continuation.resume() }
  }

  /// Waits until so many sleep.
  func sleepers(_ count: Int) async {
    while state.withLock({ $0.sleepers.count }) != count { try? await Task.sleep(for: .milliseconds(2)) }
  }

  var vendorTime: VendorTime {
    VendorTime(
      now: { [self] in start + .nanoseconds(state.withLock { $0.offset }) }, seconds: { [self] in 1_795_990_000 + state.withLock { $0.offset } / 1_000_000_000 },
      sleep: { [self] amount in
        await withCheckedContinuation { continuation in
          state.withLock { $0.sleepers.append(($0.offset + amount.nanoseconds, continuation)) }
        }
      })
  }
}
