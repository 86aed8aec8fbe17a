import Gateway
import Synchronization
import Testing

private let ada = Principal(id: "ada", authentication: .local)
private let bob = Principal(id: "bob", authentication: .local)

private func limiter(
  _ perUser: LimitsConfiguration.UserLimits, roles: [String: LimitsConfiguration.UserLimits] = [:], inFlight: Int? = nil,
  store: (any Store)? = nil, _ clock: TestClock = TestClock()
) async throws -> Limiter {
  let configuration = LimitsConfiguration(perUser: perUser, perRole: roles, inFlight: inFlight)
  return try await Limiter(configuration: configuration, store: try store ?? QuotaStore(), clock: clock.clock)
}

/// Sends up to `count` requests that end at once.
/// - Returns: how many were admitted, and the refusal that came then.
private func send(_ count: Int, _ principal: Principal, to limiter: Limiter) async -> (admitted: Int, refusal: LimitRefusal?) {
  for sent in 0..<count {
    do { _ = try await limiter.admit(principal) } catch { return (sent, error) }
  }
  return (count, nil)
}

/// Counts what is under way.
private final class Tally: Sendable {
  private let state = Mutex((now: 0, most: 0, entered: 0))

  var most: Int { state.withLock { $0.most } }
  var entered: Int { state.withLock { $0.entered } }
  func enter() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.entered + 1) } }
  func leave() { state.withLock { $0.now -= 1 } }
}

@Suite("The limiter")
struct LimiterTests {
  @Test("admits exactly the limit of a minute, whatever the size of a lease", arguments: [0, 1, 2, 7, 49, 50, 51, 60, 100, 1000, 12_345])
  func minute(limit: Int) async throws {
    let limiter = try await limiter(.init(requestsPerMinute: limit))
    let (admitted, refusal) = await send(limit + 1, ada, to: limiter)
    #expect(admitted == limit)
    #expect(refusal?.code == .requestsPerMinute)
    #expect(refusal?.limit == limit)
    #expect(refusal?.description.contains("\(limit) requests a minute") == true)
    if limit > 0 { #expect(await send(1, bob, to: limiter).admitted == 1, "users are apart") }
  }

  @Test("two Unicode forms of a name are two users, as they are for policies")
  func unicodeForms() async throws {
    let limiter = try await limiter(.init(requestsPerMinute: 3))
    #expect(await send(4, Principal(id: "Ren\u{E9}", authentication: .local), to: limiter).admitted == 3)
    #expect(await send(4, Principal(id: "Rene\u{301}", authentication: .local), to: limiter).admitted == 3)
  }

  @Test("never admits more than the limit in any 60 seconds, and says when to come back")
  func sliding() async throws {
    let clock = TestClock()
    let limiter = try await limiter(.init(requestsPerMinute: 30), clock)
    var times: [Double] = []
    var now = 0.0
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      if await send(1, ada, to: limiter).admitted == 1 { times.append(now) }
      let step = Double.random(in: 0...1.5, using: &generator)
      now += step
      clock.advance(seconds: step)
    }
    for (index, start) in times.enumerated() {
      #expect(times[index...].prefix { $0 < start + 60 }.count <= 30)
    }
    #expect(Double(times.count) > now / 60 * 25, "nor much less than the limit: a request counts for 64 seconds at most")
  }

  @Test("can be believed about when to try again")
  func retryAfter() async throws {
    let clock = TestClock()
    let limiter = try await limiter(.init(requestsPerMinute: 10), clock)
    _ = await send(5, ada, to: limiter)
    clock.advance(seconds: 21)
    _ = await send(5, ada, to: limiter)
    let wait = try #require(await send(1, ada, to: limiter).refusal).retryAfter
    #expect(wait == 64 - 21, "the first five are forgotten after 64 s")
    clock.advance(seconds: Double(wait) - 1)
    #expect(await send(1, ada, to: limiter).admitted == 0)
    clock.advance(seconds: 1)
    let later = await send(6, ada, to: limiter)
    #expect(later.admitted == 5)
    #expect(later.refusal?.code == .requestsPerMinute)
  }

  @Test("counts a day from midnight to midnight UTC")
  func day() async throws {
    let clock = TestClock()
    let limiter = try await limiter(.init(requestsPerMinute: 1000, requestsPerDay: 120), clock)
    let (admitted, refusal) = await send(121, ada, to: limiter)
    #expect(admitted == 120)
    #expect(refusal?.code == .requestsPerDay)
    #expect(refusal?.retryAfter == 43_200)
    clock.advance(seconds: 43_199)
    #expect(await send(1, ada, to: limiter).refusal?.retryAfter == 1)
    clock.advance(seconds: 1)
    #expect(await send(121, ada, to: limiter).admitted == 120)
    clock.advance(seconds: -10)
    #expect(await send(1, ada, to: limiter).admitted == 0, "a clock that goes back gives nothing away")
  }

  @Test("does not count a refused request")
  func refusedIsFree() async throws {
    let clock = TestClock()
    let limiter = try await limiter(.init(requestsPerMinute: 2, requestsPerDay: 3), clock)
    _ = await send(2, ada, to: limiter)
    for _ in 0..<10 { #expect(await send(1, ada, to: limiter).refusal?.code == .requestsPerMinute) }
    clock.advance(seconds: 64)
    #expect(await send(1, ada, to: limiter).admitted == 1)
    #expect(await send(1, ada, to: limiter).refusal?.code == .requestsPerDay)
  }

  @Test("bounds what is under way, for a user and for all, and a slot ends once")
  func inFlight() async throws {
    let limiter = try await limiter(.init(inFlight: 2), inFlight: 3)
    let one = try await limiter.admit(ada)
    let two = try await limiter.admit(ada)
    #expect(await send(1, ada, to: limiter).refusal?.code == .inFlightPerUser)
    let three = try await limiter.admit(bob)
    #expect(await send(1, bob, to: limiter).refusal?.code == .inFlight)
    #expect(limiter.inFlight == 3)
    one.release()
    #expect(limiter.inFlight == 2)
    #expect(await send(1, ada, to: limiter).admitted == 1)
    two.release()
    three.release()
    #expect(limiter.inFlight == 0)
  }

  @Test("gives holders of a role their own limits, the most generous of several")
  func roles() async throws {
    let limiter = try await limiter(
      .init(requestsPerMinute: 5, inFlight: 1),
      roles: ["power": .init(requestsPerMinute: 20), "batch": .init(requestsPerMinute: 10, inFlight: 4), "guest": .init(requestsPerMinute: 2)])
    let table: [([String], Int)] = [([], 5), (["unknown"], 5), (["guest"], 2), (["power"], 20), (["batch", "power", "guest"], 20)]
    for (index, (roles, expected)) in table.enumerated() {
      let principal = Principal(id: "user\(index)", roles: roles, authentication: .local)
      #expect(await send(30, principal, to: limiter).admitted == expected, "\(roles)")
    }
    let power = Principal(id: "p", roles: ["power"], authentication: .local)
    let first = try await limiter.admit(power)
    #expect(await send(1, power, to: limiter).refusal?.code == .inFlightPerUser, "what a role leaves out stays")
    first.release()
  }

  @Test("keeps counts when limits change")
  func update() async throws {
    let limiter = try await limiter(.init(requestsPerMinute: 100))
    #expect(await send(60, ada, to: limiter).admitted == 60)
    limiter.update(configuration: LimitsConfiguration(perUser: .init(requestsPerMinute: 50)))
    #expect(await send(1, ada, to: limiter).refusal?.limit == 50)
    limiter.update(configuration: LimitsConfiguration(perUser: .init(requestsPerMinute: 70)))
    #expect(await send(20, ada, to: limiter).admitted == 10)
    limiter.update(configuration: LimitsConfiguration())
    #expect(await send(500, ada, to: limiter).admitted == 500)
  }

  @Test("holds its bounds when many tasks admit at once", arguments: [1, 8, 40])
  func concurrency(bound: Int) async throws {
    let limiter = try await limiter(.init(requestsPerDay: 700, inFlight: bound), inFlight: bound + 3)
    let tally = Tally()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<16 {
        group.addTask {
          for _ in 0..<200 {
            guard let slot = try? await limiter.admit(ada) else {
              await Task.yield()
              continue
            }
            tally.enter()
            await Task.yield()
            tally.leave()
            slot.release()
          }
        }
      }
    }
    #expect(tally.most <= bound)
    #expect(tally.entered <= 700)
    #expect(limiter.inFlight == 0)
  }

  @Test("lets exactly the limit through when all come at once", arguments: [3, 60, 500])
  func burst(limit: Int) async throws {
    let limiter = try await limiter(.init(requestsPerMinute: limit))
    let admitted = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          var count = 0; for _ in 0..<limit { count += await send(1, ada, to: limiter).admitted }; return count
        }
      }
      return await group.reduce(0, +)
    }
    #expect(admitted == limit)
  }
}

@Suite("Quotas in the store")
struct QuotaPersistenceTests {
  @Test("survive a kill, off by at most one lease either way", arguments: [1, 49, 70, 500, 999])
  func kill(count: Int) async throws {
    let directory = TemporaryDirectory()
    let clock = TestClock()
    let limit = 1000
    do {
      let limiter = try await limiter(.init(requestsPerMinute: limit, requestsPerDay: limit), store: SQLiteStore(directory: directory.path), clock)
      // Without `run()` nothing is written but what a request has to wait for: the worst there is.
      #expect(await send(count, ada, to: limiter).admitted == count)
    }
    let lease = limit / 50
    let again = try await limiter(.init(requestsPerDay: limit), store: SQLiteStore(directory: directory.path), clock)
    let left = await send(limit + 1, ada, to: again).admitted
    #expect(abs(left - (limit - count)) <= lease)
    let minute = try await limiter(.init(requestsPerMinute: limit), store: SQLiteStore(directory: directory.path), clock)
    #expect(abs(await send(limit + 1, ada, to: minute).admitted - (limit - count)) <= lease)
  }

  @Test("are exact after an orderly stop", arguments: [1, 49, 70, 500, 999, 1000])
  func shutdown(count: Int) async throws {
    let directory = TemporaryDirectory()
    let clock = TestClock()
    let first = try await limiter(.init(requestsPerMinute: 1000, requestsPerDay: 1000), store: SQLiteStore(directory: directory.path), clock)
    let running = Task { await first.run() }
    #expect(await send(count, ada, to: first).admitted == count)
    clock.advance(seconds: 9)
    running.cancel()
    await running.value
    let again = try await limiter(.init(requestsPerDay: 1000), store: SQLiteStore(directory: directory.path), clock)
    #expect(await send(1001, ada, to: again).admitted == 1000 - count)
    await again.returnLeases()
    let minute = try await limiter(.init(requestsPerMinute: 1000), store: SQLiteStore(directory: directory.path), clock)
    #expect(await send(1001, ada, to: minute).admitted == 1000 - count)
  }

  @Test("settle windows that have passed, so that the store holds what was used and no more")
  func settlement() async throws {
    let directory = TemporaryDirectory()
    let clock = TestClock()
    let store = try SQLiteStore(directory: directory.path)
    let limiter = try await limiter(.init(requestsPerMinute: 1000), store: store, clock)
    for _ in 0..<10 {
      #expect(await send(33, ada, to: limiter).admitted == 33)
      clock.advance(seconds: 4)
    }
    await limiter.returnLeases()
    #expect(try await store.quotaCounts(meter: "minute", since: 0).map(\.count).reduce(0, +) == 330)
  }

  @Test("are shared by two gateways on one store, which together stay within the limit")
  func sharing() async throws {
    let directory = TemporaryDirectory()
    let clock = TestClock()
    let one = try await limiter(.init(requestsPerDay: 500), store: SQLiteStore(directory: directory.path), clock)
    let two = try await limiter(.init(requestsPerDay: 500), store: SQLiteStore(directory: directory.path), clock)
    var admitted = 0
    for _ in 0..<60 {
      admitted += await send(10, ada, to: one).admitted
      admitted += await send(10, ada, to: two).admitted
    }
    let lease = 10
    #expect(admitted > 500 - 2 * lease && admitted <= 500 + 2 * lease)
  }

  @Test("make no request wait for the store while leases come in time")
  func asynchronous() async throws {
    let store = try QuotaStore()
    let limiter = try await limiter(.init(requestsPerDay: 5000), store: store)
    #expect(await send(100, ada, to: limiter).admitted == 100)
    #expect(store.calls == 0, "the first lease of 100 is used while it is asked for")
    #expect(await send(1, ada, to: limiter).admitted == 1)
    #expect(store.calls == 1)
    #expect(await send(4899, ada, to: limiter).admitted == 4899)
    #expect(store.calls <= 5000 / 100)
  }

  @Test("refuse requests beyond the lease while the store is down, and go on when it is back")
  func broken() async throws {
    let store = try QuotaStore()
    let limiter = try await limiter(.init(requestsPerDay: 500), store: store)
    store.breakDown()
    let (admitted, refusal) = await send(100, ada, to: limiter)
    #expect(admitted == 10, "one lease ahead and no further")
    #expect(refusal?.code == .unavailable)
    store.breakDown(false)
    #expect(await send(600, ada, to: limiter).admitted == 490)
    #expect(store.charged.map(\.amount).reduce(0, +) == 500, "what was asked for while it was down is not lost")
  }
}
