/// A change of one persisted counter.
public struct QuotaCharge: Sendable, Hashable {
  /// The kind of counter, such as `day`.
  public var meter: String
  /// Whom it counts.
  public var user: String
  /// The number of the time window since 1970.
  public var window: Int64
  /// How many requests to add; negative to give unused ones back.
  public var amount: Int
  /// How many windows, this one the last, may together hold at most `limit`.
  public var span: Int64
  public var limit: Int

  public init(meter: String, user: String, window: Int64, amount: Int, span: Int64, limit: Int) {
    self.meter = meter
    self.user = user
    self.window = window
    self.amount = amount
    self.span = span
    self.limit = limit
  }
}

/// The answer to a ``QuotaCharge``.
public struct QuotaBalance: Sendable, Hashable {
  /// What was added: the amount, or less where the limit left less room. Negative amounts are always taken whole.
  public var granted: Int
  /// The window's counter afterwards, everybody's charges included.
  public var total: Int

  public init(granted: Int, total: Int) {
    self.granted = granted
    self.total = total
  }
}

/// One persisted counter.
public struct QuotaCount: Sendable, Hashable {
  public var user: String
  public var window: Int64
  public var count: Int

  public init(user: String, window: Int64, count: Int) {
    self.user = user
    self.window = window
    self.count = count
  }
}
