public import Logging
import Synchronization

/// The limits stage: how many requests a user may make in a minute and a day, and have under way at once.
///
/// Counters are kept in memory and leased from the store in batches of at most a fiftieth of the limit (see `Meter`). They
/// survive a restart. After a kill a counter may be off by one lease: too high by what was left of the last one, or too low by
/// requests that ran ahead of the next. A refused request is not counted.
public final class Limiter: Sendable {
  private struct State {
    var configuration: LimitsConfiguration
    /// Counts configurations.
    var generation = 0
    var inFlight = 0
    /// Places in `users`. A slot keeps the place, so a user with requests under way is not moved.
    var indices: [UserKey: Int] = [:]
    var users: [UserQuota] = []
    var free: [Int] = []
    /// The number of users at which idle ones are looked for.
    var sweepAt = 10_000
    /// What to tell the store next.
    var charges: [QuotaCharge] = []
    /// Telling it now.
    var flush: Task<Void, any Error>?
    /// Counters of users not seen since the start.
    var restored: [UserKey: [(period: Meter.Period, count: QuotaCount)]] = [:]
  }

  private enum Outcome {
    case admitted(index: Int, isLeaseDue: Bool)
    case refused(LimitRefusal)
    case wait
  }

  private let store: any Store
  private let clock: WallClock
  private let logger: Logger
  /// Guards all counters, and is never held across a call of the store.
  private let state: Mutex<State>
  private let wakes: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation
  /// Times that a request waits for a lease before it is refused.
  private static let attempts = 8

  /// Reads the counters of the running minute and day from the store.
  public init(
    configuration: LimitsConfiguration, store: any Store, clock: WallClock = .system, logger: Logger = Logger(label: "sluice.limits")
  ) async throws(StoreError) {
    self.store = store
    self.clock = clock
    self.logger = logger
    (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    var state = State(configuration: configuration)
    let now = clock.seconds
    for period in [Meter.Period.minute, .day] {
      for count in try await store.quotaCounts(meter: period.name, since: period.window(at: now) - period.span + 1) {
        state.restored[UserKey(count.user), default: []].append((period, count))
      }
    }
    self.state = Mutex(state)
  }

  /// Counts a request of a principal and lets it in. It waits for the store only when a lease is used up faster than the next
  /// one comes.
  public func admit(_ principal: Principal) async throws(LimitRefusal) -> Slot {
    for _ in 0..<Self.attempts {
      let now = clock.seconds
      switch state.withLock({ Self.admit(principal, now, &$0) }) {
      case .admitted(let index, let isLeaseDue):
        if isLeaseDue { wake.yield() }
        return Slot(self, index)
      case .refused(let refusal): throw refusal
      case .wait:
        do { try await persist() } catch { throw LimitRefusal(.unavailable, limit: 0, retryAfter: 1, cause: error) }
      }
    }
    throw LimitRefusal(.unavailable, limit: 0, retryAfter: 1)
  }

  /// Puts new limits in place. Counts stay.
  public func update(configuration: LimitsConfiguration) {
    state.withLock { state in
      state.configuration = configuration
      state.generation += 1
    }
  }

  /// The requests under way.
  public var inFlight: Int { state.withLock { $0.inFlight } }

  /// Keeps the store up with the counters until the task is cancelled, then gives unused leases back.
  public func run() async {
    var swept = clock.seconds
    for await _ in wakes {
      do {
        try await persist()
        if clock.seconds - swept >= 3600 {
          swept = clock.seconds
          try await dropPast(at: swept)
        }
      } catch {
        logger.error("cannot write quotas; requests beyond the current leases are refused", metadata: ["error": "\(error)"])
        try? await Task.sleep(for: .seconds(1))
        wake.yield()
      }
    }
    await returnLeases()
  }

  /// Gives unused leases back to the store. The end of ``run()``; call it yourself where that is not used.
  public func returnLeases() async {
    do {
      // What is asked for has to be answered first, or its grant would come after the return.
      try await persist()
      state.withLock { state in
        for index in state.users.indices { state.users[index].settle(charges: &state.charges) }
      }
      try await persist()
    } catch {
      logger.error("cannot give unused leases back; quotas will be counted up to one lease too high", metadata: ["error": "\(error)"])
    }
  }

  func release(_ index: Int) {
    state.withLock { state in
      state.inFlight -= 1
      state.users[index].release()
    }
  }

  private static func admit(_ principal: Principal, _ now: Int64, _ state: inout State) -> Outcome {
    if let limit = state.configuration.inFlight, state.inFlight >= limit {
      return .refused(LimitRefusal(.inFlight, limit: limit, retryAfter: 1))
    }
    let wasIdle = state.charges.isEmpty
    let index = state.indices[principal.userKey] ?? addUser(principal, now, &state)
    if !state.users[index].hasLimits(of: principal.cacheKey, configuration: state.generation) {
      let limits = state.configuration.limits(for: principal)
      state.users[index].setLimits(
        limits, of: principal.cacheKey, configuration: state.generation, now: now, charges: &state.charges)
    }
    switch state.users[index].admit(at: now, charges: &state.charges) {
    case .admit:
      state.inFlight += 1
      return .admitted(index: index, isLeaseDue: wasIdle && !state.charges.isEmpty)
    case .refuse(let refusal): return .refused(refusal)
    case .wait: return .wait
    }
  }

  private static func addUser(_ principal: Principal, _ now: Int64, _ state: inout State) -> Int {
    if state.indices.count >= state.sweepAt { sweep(now, &state) }
    let user = UserQuota(id: principal.id, restored: state.restored.removeValue(forKey: principal.userKey) ?? [])
    let index: Int
    if let free = state.free.popLast() {
      index = free
      state.users[index] = user
    } else {
      index = state.users.count
      state.users.append(user)
    }
    state.indices[principal.userKey] = index
    return index
  }

  private static func sweep(_ now: Int64, _ state: inout State) {
    for (user, index) in state.indices where state.users[index].isIdle(at: now, charges: &state.charges) {
      state.indices[user] = nil
      state.free.append(index)
    }
    state.sweepAt = max(10_000, state.indices.count * 2)
  }

  /// Returns when the store has answered every charge there was at the call. One write is under way at a time, and callers
  /// share it.
  private func persist() async throws {
    if let running = state.withLock({ $0.flush }) { _ = await running.result }
    let next: Task<Void, any Error>? = state.withLock { state in
      if state.flush == nil, !state.charges.isEmpty {
        // Not a child of any request: many wait for it, and a cancelled task cannot use the store.
        state.flush = Task { try await self.flush() }
      }
      return state.flush
    }
    try await next?.value
  }

  private func flush() async throws(StoreError) {
    let charges = state.withLock { state in
      defer { state.charges = [] }
      return state.charges
    }
    do throws(StoreError) {
      let balances = try await store.charge(charges)
      state.withLock { state in
        state.flush = nil
        for (charge, balance) in zip(charges, balances) {
          if let index = state.indices[UserKey(charge.user)] {
            state.users[index].apply(balance, to: charge, charges: &state.charges)
          }
        }
      }
    } catch {
      state.withLock { state in
        state.flush = nil
        state.charges = charges + state.charges
      }
      throw error
    }
  }

  private func dropPast(at now: Int64) async throws(StoreError) {
    for period in [Meter.Period.minute, .day] {
      try await store.dropQuotaCounts(meter: period.name, before: period.window(at: now) - period.span)
    }
    try await store.dropExpiredSessions(at: now)
  }
}
