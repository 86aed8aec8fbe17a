/// Why the limits stage refused a request, and when to come back.
public struct LimitRefusal: Error, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    case requestsPerMinute = "requests_per_minute"
    case requestsPerDay = "requests_per_day"
    case inFlightPerUser = "in_flight_per_user"
    case inFlight = "in_flight"
    /// Nobody's limit: the counters cannot be written, and uncounted requests are not let through.
    case unavailable = "quota_unavailable"
  }

  public let code: Code
  /// The limit that was reached; 0 for `unavailable`.
  public let limit: Int
  /// Seconds after which a try makes sense, at least 1: the value of a `Retry-After` header.
  public let retryAfter: Int
  /// For the log only.
  public let cause: (any Error)?

  init(_ code: Code, limit: Int, retryAfter: Int, cause: (any Error)? = nil) {
    self.code = code
    self.limit = limit
    self.retryAfter = max(1, retryAfter)
    self.cause = cause
  }

  /// Says what to do. Safe to show to the caller.
  public var description: String {
    switch code {
    case .requestsPerMinute:
      "You may make \(limit) requests a minute. Wait \(retryAfter) s, or ask the gateway's operator for a higher limit."
    case .requestsPerDay:
      "You may make \(limit) requests a day. The count starts again at midnight UTC, in \(retryAfter) s; the gateway's operator can raise it."
    case .inFlightPerUser:
      "You may have \(limit) requests under way at once. Let one finish, then send this one again."
    case .inFlight:
      "The gateway has \(limit) requests under way, the most it takes at once. Try again in \(retryAfter) s."
    case .unavailable:
      "The gateway cannot count requests right now. Try again in \(retryAfter) s."
    }
  }
}
