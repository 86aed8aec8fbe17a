internal import NIOCore
internal import Synchronization

/// When the next request to a vendor may go: shared by all callers, so that those who wait for the same limit wait together.
///
/// A pure table of times; nobody sleeps in it. Each bucket of a credential is a token bucket that refills evenly, and has a
/// time before which nothing may be sent, which an answer of the vendor sets.
final class RateLimits: Sendable {
  private struct Key: Hashable {
    var credential: String?
    var bucket: String?
    var resource: String?
  }

  private struct Line {
    /// When the next slot is free, in nanoseconds of `NIODeadline`.
    var nextSlot: NIODeadline = .uptimeNanoseconds(0)
    var blockedUntil: NIODeadline = .uptimeNanoseconds(0)
    /// What the vendor said is left until `windowEnd`.
    var remaining: Int?
    var windowEnd: NIODeadline = .uptimeNanoseconds(0)
  }

  /// Guards the lines. Idle ones are dropped when there are many.
  private let lines = Mutex<[Key: Line]>([:])
  private let budgets: @Sendable (String) -> Budget?
  private static let maximumLines = 10_000

  /// - Parameter budgets: the budget of a bucket; nil where only the vendor's answers count.
  init(budgets: @escaping @Sendable (String) -> Budget?) { self.budgets = budgets }

  /// Takes a slot.
  ///
  /// - Returns: when the request may go. The slot is taken only if that is not after `deadline`.
  func reserve(credential: String, bucket: String, resource: String?, now: NIODeadline, deadline: NIODeadline) -> NIODeadline {
    let budget = budgets(bucket)
    return lines.withLock { lines in
      var start = now
      for key in Self.keys(credential, bucket, resource) { if let line = lines[key] { start = max(start, line.blockedUntil) } }
      let own = Key(credential: credential, bucket: bucket)
      var line = lines[own] ?? Line()
      if let remaining = line.remaining {
        if line.windowEnd <= now { line.remaining = nil } else if remaining <= 0 { start = max(start, line.windowEnd) }
      }
      if let budget {
        // A bucket may be a window ahead: bursts up to the whole budget pass, what is beyond is spread evenly.
        let interval = TimeAmount.nanoseconds(budget.window * 1_000_000_000 / Int64(budget.requests))
        let earliest = max(line.nextSlot, now - .seconds(budget.window) + interval)
        start = max(start, earliest)
        if start <= deadline { line.nextSlot = max(earliest, start - .seconds(budget.window) + interval) + interval }
      }
      if start <= deadline, let remaining = line.remaining { line.remaining = remaining - 1 }
      if start <= deadline {
        if lines.count > Self.maximumLines { lines = lines.filter { $0.value.blockedUntil > now || $0.value.nextSlot > now } }
        lines[own] = line
      }
      return start
    }
  }

  /// Nothing that the throttle concerns goes before `time`.
  func block(_ scope: Throttle.Scope, credential: String, bucket: String, resource: String?, until time: NIODeadline) {
    let key: Key =
      switch scope {
      case .bucket: Key(credential: credential, bucket: bucket)
      case .credential: Key(credential: credential)
      case .resource: Key(resource: resource ?? bucket)
      case .everything: Key()
      }
    lines.withLock { lines in
      var line = lines[key] ?? Line()
      line.blockedUntil = max(line.blockedUntil, time)
      lines[key] = line
    }
  }

  /// Takes in what an answer says of its bucket.
  func note(_ quota: QuotaReading, credential: String, bucket: String, now: NIODeadline) {
    lines.withLock { lines in
      let key = Key(credential: credential, bucket: bucket)
      var line = lines[key] ?? Line()
      let end = now + .seconds(min(max(quota.resetsIn, 0), 86_400))
      // Answers come out of order: within one window the smaller count is the later one.
      let isSameWindow = line.remaining != nil && abs((line.windowEnd - end).nanoseconds) < 2_000_000_000
      line.remaining = isSameWindow ? min(line.remaining ?? quota.remaining, quota.remaining) : quota.remaining
      line.windowEnd = end
      lines[key] = line
    }
  }

  private static func keys(_ credential: String, _ bucket: String, _ resource: String?) -> [Key] {
    var keys = [Key(), Key(credential: credential), Key(credential: credential, bucket: bucket)]
    if let resource { keys.append(Key(resource: resource)) }
    return keys
  }
}
