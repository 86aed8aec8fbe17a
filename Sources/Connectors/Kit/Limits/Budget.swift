internal import NIOCore

/// How many requests a bucket may send in a window: kept ahead of the vendor's own limit, so that it is rarely met.
public struct Budget: Sendable, Hashable {
  public var requests: Int
  /// Seconds.
  public var window: Int64

  public init(_ requests: Int, per window: Int64) {
    self.requests = max(requests, 1)
    self.window = max(window, 1)
  }

  /// Between two requests where all are spread evenly.
  var interval: TimeAmount { .nanoseconds(window * 1_000_000_000 / Int64(requests)) }
}
