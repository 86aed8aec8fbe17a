/// Counts one user's requests in a window of time, ahead of a persisted counter.
///
/// A pure state machine: it says what to charge, ``Limiter`` does it. A count is leased from the store in batches, so most
/// requests touch memory only, and the store is ahead of the truth by what is left of the lease. While a new lease is on its
/// way, requests may run ahead of the store by at most one lease.
///
/// A minute is 16 windows of 4 seconds, the running one and the 15 before it: at most `limit` requests fall into any 60
/// seconds, and a request is forgotten between 60 and 64 seconds after it was made. A day is one window, the UTC day.
struct Meter {
  struct Period: Sendable {
    /// The name in the store.
    let name: String
    /// Seconds of one window.
    let seconds: Int64
    /// How many windows count together, at most 16.
    let span: Int64

    static let minute = Period(name: "minute", seconds: 4, span: 16)
    static let day = Period(name: "day", seconds: 86_400, span: 1)

    func window(at time: Int64) -> Int64 { time / seconds }
  }

  enum Verdict: Equatable {
    case admit
    /// The limit is reached; seconds until it is not.
    case refuse(retryAfter: Int)
    /// One lease ahead of the store already: ask it first.
    case wait
  }

  let period: Period
  private(set) var limit: Int
  /// Requests in one batch: a fiftieth of the limit.
  private(set) var lease: Int
  private(set) var window: Int64
  /// What the store counts for each window of the span, by window number modulo 16, of windows past without unused leases.
  private var charged = SIMD16<UInt32>(repeating: 0)
  /// The sum of `charged`.
  private var total = 0
  /// Granted for the running window and not used; negative when ahead of the store.
  private(set) var remaining = 0
  /// Asked of the store for the running window and not answered.
  private(set) var requested = 0

  init(period: Period, limit: Int, time: Int64) {
    self.period = period
    self.limit = limit
    lease = Self.lease(limit)
    window = period.window(at: time)
  }

  /// Requests made in the span.
  var count: Int { total - remaining }

  private static func lease(_ limit: Int) -> Int { max(1, limit / 50) }

  mutating func setLimit(_ limit: Int) {
    self.limit = limit
    lease = Self.lease(limit)
  }

  /// Takes over a counter found in the store at the start. What was left of its lease is lost.
  mutating func restore(_ count: Int, window: Int64) {
    guard window <= self.window, window > self.window - period.span else { return }
    setCharged(count, window)
  }

  /// Moves to the window of `time`. A clock that goes back changes nothing.
  /// - Returns: a charge that settles the window left, if it needs one.
  mutating func advance(to time: Int64) -> (window: Int64, amount: Int)? {
    let next = period.window(at: time)
    guard next > window else { return nil }
    let settlement = settle()
    let first = max(window + 1, next - period.span + 1)
    for past in first...next { setCharged(0, past) }
    window = next
    requested = 0
    return settlement
  }

  /// Ends the lease: what was not used is given back, and what ran ahead of the store is charged.
  mutating func settle() -> (window: Int64, amount: Int)? {
    guard remaining != 0 else { return nil }
    defer { remaining = 0 }
    setCharged(Int(charged[lane(window)]) - remaining, window)
    return (window, -remaining)
  }

  func verdict(at time: Int64) -> Verdict {
    if count >= limit { return .refuse(retryAfter: secondsUntilRoom(at: time)) }
    return remaining > -lease ? .admit : .wait
  }

  /// Counts a request.
  /// - Returns: what to ask of the store, 0 if there is enough.
  mutating func take() -> Int {
    remaining -= 1
    return ask()
  }

  /// Asks for one request more, for a request that waits.
  mutating func askForOne() -> Int { request(1) }

  private mutating func ask() -> Int {
    let coming = remaining + requested
    return coming * 2 < lease ? request(lease - min(coming, 0)) : 0
  }

  private mutating func request(_ amount: Int) -> Int {
    let amount = min(amount, limit - total - requested)
    guard amount > 0 else { return 0 }
    requested += amount
    return amount
  }

  /// Takes the store's answer to what was asked for a window.
  /// - Returns: what to give back, if the window is past.
  mutating func grant(_ balance: QuotaBalance, asked: Int, window: Int64) -> Int {
    guard window == self.window else { return balance.granted }
    requested -= asked
    remaining += balance.granted
    setCharged(balance.total, window)
    return 0
  }

  private func lane(_ window: Int64) -> Int { Int(window % period.span) }

  private mutating func setCharged(_ count: Int, _ window: Int64) {
    let lane = lane(window)
    total += count - Int(charged[lane])
    charged[lane] = UInt32(clamping: count)
  }

  private func secondsUntilRoom(at time: Int64) -> Int {
    var excess = count - limit + 1
    for past in (window - period.span + 1)...window {
      excess -= Int(charged[lane(max(0, past))])
      if excess <= 0 || past == window { return max(1, Int((past + period.span) * period.seconds - time)) }
    }
    return 1
  }
}
