internal import NIOCore
internal import Synchronization

/// When the next request to a vendor may go: shared by all callers, so that those who wait for the same limit wait together.
///
/// A pure table of times; nobody sleeps in it. Each bucket of a holder (``VendorCredential/limitedAs``) is a token bucket that refills evenly,
/// and has a time before which nothing may be sent, which an answer of the vendor sets.
final class RateLimits: Sendable {
  private struct Key: Hashable {
    var holder: String?
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
  private let resourceBudgets: [Budget]
  private static let maximumLines = 10_000

  /// - Parameters:
  ///   - budgets: the budget of a bucket; nil where only the vendor's answers count.
  ///   - resourceBudgets: what may be sent about one thing, by all holders together; each holds.
  init(budgets: @escaping @Sendable (String) -> Budget?, resourceBudgets: [Budget] = []) {
    self.budgets = budgets
    self.resourceBudgets = resourceBudgets
  }

  /// Takes a slot.
  ///
  /// - Returns: when the request may go. The slot is taken only if that is not after `deadline`.
  func reserve(holder: String, bucket: String, resource: String?, now: NIODeadline, deadline: NIODeadline) -> NIODeadline {
    let own = Key(holder: holder, bucket: bucket)
    var slots = budgets(bucket).map { [(key: own, budget: $0)] } ?? []
    if let resource { for budget in resourceBudgets { slots.append((Key(bucket: "\(budget.window) s", resource: resource), budget)) } }
    return lines.withLock { lines in
      var start = max(now, Self.blockedUntil(Self.keys(holder, bucket, resource), lines))
      var line = lines[own] ?? Line()
      if let remaining = line.remaining {
        if line.windowEnd <= now { line.remaining = nil } else if remaining <= 0 { start = max(start, line.windowEnd) }
      }
      // A line may be a window ahead: bursts up to the whole budget pass, what is beyond is spread evenly.
      func first(_ budget: Budget, after time: NIODeadline) -> NIODeadline { time - .seconds(budget.window) + budget.interval }
      for slot in slots { start = max(start, lines[slot.key]?.nextSlot ?? start, first(slot.budget, after: now)) }
      guard start <= deadline else { return start }
      if lines.count > Self.maximumLines { lines = lines.filter { $0.value.blockedUntil > now || $0.value.nextSlot > now } }
      if let remaining = line.remaining { line.remaining = remaining - 1 }
      lines[own] = line
      for slot in slots {
        let next = lines[slot.key]?.nextSlot ?? first(slot.budget, after: start)
        lines[slot.key, default: Line()].nextSlot = max(next, first(slot.budget, after: start)) + slot.budget.interval
      }
      return start
    }
  }

  /// Until when nothing goes: for who has a slot, and looks whether a throttle has come meanwhile.
  func blockedUntil(holder: String, bucket: String, resource: String?) -> NIODeadline {
    lines.withLock { Self.blockedUntil(Self.keys(holder, bucket, resource), $0) }
  }

  private static func blockedUntil(_ keys: [Key], _ lines: [Key: Line]) -> NIODeadline {
    keys.compactMap { lines[$0]?.blockedUntil }.max() ?? .uptimeNanoseconds(0)
  }

  /// Nothing that the throttle concerns goes before `time`.
  func block(_ scope: Throttle.Scope, holder: String, bucket: String, resource: String?, until time: NIODeadline) {
    let key: Key =
      switch scope {
      case .bucket: Key(holder: holder, bucket: bucket)
      case .credential: Key(holder: holder)
      case .resource: resource.map { Key(resource: $0) } ?? Key(holder: holder, bucket: bucket)
      case .everything: Key()
      }
    lines.withLock { lines in
      var line = lines[key] ?? Line()
      line.blockedUntil = max(line.blockedUntil, time)
      lines[key] = line
    }
  }

  /// Takes in what an answer says of its bucket.
  func note(_ quota: QuotaReading, holder: String, bucket: String, now: NIODeadline) {
    lines.withLock { lines in
      let key = Key(holder: holder, bucket: bucket)
      var line = lines[key] ?? Line()
      let end = now + .seconds(min(max(quota.resetsIn, 0), 86_400))
      // Answers come out of order: within one window the smaller count is the later one.
      let isSameWindow = line.remaining != nil && abs((line.windowEnd - end).nanoseconds) < 2_000_000_000
      line.remaining = isSameWindow ? min(line.remaining ?? quota.remaining, quota.remaining) : quota.remaining
      line.windowEnd = end
      lines[key] = line
    }
  }

  private static func keys(_ holder: String, _ bucket: String, _ resource: String?) -> [Key] {
    var keys = [Key(), Key(holder: holder), Key(holder: holder, bucket: bucket)]
    if let resource { keys.append(Key(resource: resource)) }
    return keys
  }
}
