public import ConnectorKit
internal import NIOCore
internal import Synchronization

/// A clock that waits for nobody: sleeping moves it on, and it remembers how long was slept.
public final class VirtualTime: Sendable {
  private struct State {
    var offset: Int64 = 0
    var waits: [Int64] = []
    var sleepsLeft: Int?
  }
  /// Guards the clock.
  private let state = Mutex(State())
  private let start: Int64
  /// What the monotonic clock shows but for sleeps; nil where real time counts as well. An hour ahead, so that deadlines of
  /// sockets, which are kept by real time, do not end while a slow machine gets there.
  private let frozen: NIODeadline?

  /// - Parameters:
  ///   - seconds: what time it is at first, in seconds since 1970.
  ///   - isFrozen: whether time moves with sleeping alone: for budgets that must come out exactly. Then nothing ends a hang.
  ///   - sleeps: after so many sleeps the next is refused as if the task were cancelled, which ends what runs forever.
  public init(seconds: Int64 = 1_795_990_000, isFrozen: Bool = false, sleeps: Int? = nil) {
    frozen = isFrozen ? .now() + .hours(1) : nil
    start = seconds
    state.withLock { $0.sleepsLeft = sleeps }
  }

  /// Seconds since 1970. Moves with sleeping alone.
  public var seconds: Int64 { start + state.withLock { $0.offset } / 1_000_000_000 }

  /// How long each sleep was, in whole seconds.
  public var waits: [Int64] { state.withLock { $0.waits } }

  public func advance(_ seconds: Int64) { state.withLock { $0.offset += seconds * 1_000_000_000 } }

  /// For a connector. Its monotonic clock moves with real time as well, so that deadlines of sockets keep their meaning.
  public var vendorTime: VendorTime {
    VendorTime(
      now: { [self] in (frozen ?? .now()) + .nanoseconds(state.withLock { $0.offset }) }, seconds: { [self] in seconds },
      sleep: { [self] amount in
        try Task.checkCancellation()
        let goesOn = state.withLock { state in
          if let left = state.sleepsLeft {
            guard left > 0 else { return false }
            state.sleepsLeft = left - 1
          }
          state.waits.append(amount.nanoseconds / 1_000_000_000)
          state.offset += amount.nanoseconds
          return true
        }
        guard goesOn else { throw CancellationError() }
        await Task.yield()
      })
  }
}
