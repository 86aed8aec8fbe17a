/// How many notifications of one kind a request may send (2026-07-28, basic/patterns/progress and server/utilities/logging: both want
/// floods limited). What is above is left out: of progress the next value says all that was missed, of log messages a count is told.
public struct NotificationRate: Sendable, Hashable {
  /// On average.
  public var perSecond: Int
  /// How many may come at once.
  public var burst: Int

  /// - Parameters: both at least 1.
  public init(perSecond: Int = 50, burst: Int = 100) {
    self.perSecond = max(1, perSecond)
    self.burst = max(1, burst)
  }

  /// A token bucket that counts what it turns away.
  struct Bucket: Sendable {
    private let rate: NotificationRate
    private var tokens: Double
    /// In milliseconds since 1970.
    private var last: Int
    private var leftOut = 0

    init(_ rate: NotificationRate, now: Int) {
      self.rate = rate
      tokens = Double(rate.burst)
      last = now
    }

    /// - Returns: how many were left out since the last that was admitted; nil when this one is left out too.
    mutating func admit(now: Int) -> Int? {
      // A clock that is set back gives nothing and takes nothing.
      tokens = min(Double(rate.burst), tokens + Double(max(0, now - last)) / 1000 * Double(rate.perSecond))
      last = now
      guard tokens >= 1 else {
        leftOut += 1
        return nil
      }
      tokens -= 1
      defer { leftOut = 0 }
      return leftOut
    }
  }
}
