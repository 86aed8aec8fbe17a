public import NIOCore

/// How often and how long a failed request to an upstream is tried again.
///
/// Exponential backoff with full jitter, bounded in number and in total time. Only what is safe is sent twice: requests that the
/// server cannot have begun, and reads.
public struct RetryPolicy: Sendable, Hashable {
  /// Tries after the first one.
  public var attempts: Int
  public var base: TimeAmount
  public var cap: TimeAmount
  /// Bound on all waiting for one request.
  public var total: TimeAmount

  public init(attempts: Int = 2, base: TimeAmount = .milliseconds(50), cap: TimeAmount = .seconds(2), total: TimeAmount = .seconds(5)) {
    self.attempts = attempts
    self.base = base
    self.cap = cap
    self.total = total
  }

  /// The wait before try number `attempt` (1 is the first repetition). `Retry-After` is a lower bound.
  public func delay(before attempt: Int, retryAfter: Int?, random: (ClosedRange<Int64>) -> Int64 = { .random(in: $0) }) -> TimeAmount {
    let shifted = base.nanoseconds << min(max(attempt - 1, 0), 20)
    let ceiling = min(shifted > 0 ? shifted : cap.nanoseconds, cap.nanoseconds)
    let jittered = random(0...max(ceiling, 1))
    return .nanoseconds(max(jittered, Int64(min(max(retryAfter ?? 0, 0), 86_400)) * 1_000_000_000))
  }

  /// The wait before connecting again after so many failures in a row: 0.25 s, doubling to 30 s, half of it jitter.
  func reconnectDelay(after failures: Int) -> TimeAmount {
    let ceiling = min(Int64(250) << min(failures, 7), 30_000)
    return .milliseconds(ceiling / 2 + .random(in: 0...(ceiling / 2)))
  }
}
