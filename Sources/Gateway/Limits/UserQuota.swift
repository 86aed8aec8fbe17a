/// The counters of one user. A pure state machine: what it has to say to the store it appends to a list of charges.
struct UserQuota {
  enum Verdict {
    case admit
    case refuse(LimitRefusal)
    /// Too far ahead of the store.
    case wait
  }

  let id: String
  private(set) var inFlight = 0
  private var maximumInFlight: Int?
  private var minute: Meter?
  private var day: Meter?
  /// Counts of an earlier process, until the meters that take them over are made.
  private var restored: [(period: Meter.Period, count: QuotaCount)]
  /// The principal that the limits were looked up for, and the number of the configuration they are from.
  private var limitsOf: (principal: UInt64, configuration: Int) = (0, -1)

  init(id: String, restored: [(period: Meter.Period, count: QuotaCount)]) {
    self.id = id
    self.restored = restored
  }

  func hasLimits(of principal: UInt64, configuration: Int) -> Bool { limitsOf == (principal, configuration) }

  mutating func setLimits(
    _ limits: LimitsConfiguration.UserLimits, of principal: UInt64, configuration: Int, now: Int64, charges: inout [QuotaCharge]
  ) {
    limitsOf = (principal, configuration)
    maximumInFlight = limits.inFlight
    setLimit(limits.requestsPerMinute, of: &minute, .minute, now, &charges)
    setLimit(limits.requestsPerDay, of: &day, .day, now, &charges)
  }

  private func setLimit(_ limit: Int?, of meter: inout Meter?, _ period: Meter.Period, _ now: Int64, _ charges: inout [QuotaCharge]) {
    guard let limit else {
      if let settled = meter?.settle() { charges.append(charge(settled.amount, settled.window, period, limit: Int.max)) }
      meter = nil
      return
    }
    if meter != nil {
      meter?.setLimit(limit)
      return
    }
    var made = Meter(period: period, limit: limit, time: now)
    for past in restored where past.period.name == period.name { made.restore(past.count.count, window: past.count.window) }
    meter = made
  }

  /// Counts a request, or says why not. Limits are checked before anything is counted.
  mutating func admit(at now: Int64, charges: inout [QuotaCharge]) -> Verdict {
    if let limit = maximumInFlight, inFlight >= limit { return .refuse(LimitRefusal(.inFlightPerUser, limit: limit, retryAfter: 1)) }
    advance(to: now, charges: &charges)
    let minuteVerdict = minute?.verdict(at: now) ?? .admit
    let dayVerdict = day?.verdict(at: now) ?? .admit
    // The day first: who has to wait until midnight should not be told to try in a minute.
    if case .refuse(let retryAfter) = dayVerdict {
      return .refuse(LimitRefusal(.requestsPerDay, limit: day?.limit ?? 0, retryAfter: retryAfter))
    }
    if case .refuse(let retryAfter) = minuteVerdict {
      return .refuse(LimitRefusal(.requestsPerMinute, limit: minute?.limit ?? 0, retryAfter: retryAfter))
    }
    if minuteVerdict == .wait || dayVerdict == .wait {
      if minuteVerdict == .wait { ask(minute?.askForOne(), minute, &charges) }
      if dayVerdict == .wait { ask(day?.askForOne(), day, &charges) }
      return .wait
    }
    inFlight += 1
    ask(minute?.take(), minute, &charges)
    ask(day?.take(), day, &charges)
    return .admit
  }

  mutating func release() { inFlight -= 1 }

  /// Takes the store's answer to a charge.
  mutating func apply(_ balance: QuotaBalance, to asked: QuotaCharge, charges: inout [QuotaCharge]) {
    guard asked.amount > 0 else { return }
    let surplus: Int
    if asked.meter == Meter.Period.minute.name {
      surplus = minute?.grant(balance, asked: asked.amount, window: asked.window) ?? balance.granted
    } else {
      surplus = day?.grant(balance, asked: asked.amount, window: asked.window) ?? balance.granted
    }
    if surplus > 0 {
      var back = asked
      back.amount = -surplus
      charges.append(back)
    }
  }

  /// Ends all leases.
  mutating func settle(charges: inout [QuotaCharge]) {
    if let settled = minute?.settle() { charges.append(charge(settled.amount, settled.window, .minute, limit: Int.max)) }
    if let settled = day?.settle() { charges.append(charge(settled.amount, settled.window, .day, limit: Int.max)) }
  }

  /// Whether there is nothing to remember of the user.
  mutating func isIdle(at now: Int64, charges: inout [QuotaCharge]) -> Bool {
    advance(to: now, charges: &charges)
    return inFlight == 0 && minute?.count ?? 0 == 0 && day?.count ?? 0 == 0
  }

  private mutating func advance(to now: Int64, charges: inout [QuotaCharge]) {
    if let settled = minute?.advance(to: now) { charges.append(charge(settled.amount, settled.window, .minute, limit: Int.max)) }
    if let settled = day?.advance(to: now) { charges.append(charge(settled.amount, settled.window, .day, limit: Int.max)) }
  }

  private func ask(_ amount: Int?, _ meter: Meter?, _ charges: inout [QuotaCharge]) {
    guard let amount, amount > 0, let window = meter?.window, let period = meter?.period, let limit = meter?.limit else { return }
    charges.append(charge(amount, window, period, limit: limit))
  }

  /// A settlement is recorded whatever the limit: the requests were made.
  private func charge(_ amount: Int, _ window: Int64, _ period: Meter.Period, limit: Int) -> QuotaCharge {
    QuotaCharge(meter: period.name, user: id, window: window, amount: amount, span: period.span, limit: limit)
  }
}
