import ConnectorKit
import ConnectorTesting
import JSON
import MCPHTTP
import NIOCore
import Testing

@Suite("Limits of a vendor")
struct LimitTests {
  @Test("A budget lets a burst pass and spreads what is beyond it")
  func budget() async throws {
    let kit = try await KitAPI { $0.budgets = { _ in Budget(3, per: 30) } }
    kit.vendor.always("GET", "/x", .json([:]))
    for _ in 0..<3 { _ = try await kit.get() }
    #expect(kit.time.waits == [])
    _ = try await kit.get()
    _ = try await kit.get()
    // One slot is free every ten seconds.
    #expect(kit.time.waits == [10, 10])
  }

  @Test("A budget holds for one credential and one bucket")
  func budgetScope() async throws {
    let kit = try await KitAPI { $0.budgets = { $0 == "search" ? Budget(1, per: 60) : nil } }
    kit.vendor.always("GET", "/x", .json([:]))
    _ = try await kit.get(bucket: "search")
    _ = try await kit.get(bucket: "search", as: .user("ada"))
    _ = try await kit.get(bucket: "core")
    #expect(kit.time.waits == [])
  }

  @Test("Credentials that share their limits at the vendor share budgets, throttles and what the vendor says is left; each is sent for its own subject")
  func sharedLimits() async throws {
    func kit() async throws -> KitAPI {
      try await KitAPI(credentials: KitAPI.NamedCredentials(limitedAs: "app")) { $0.budgets = { $0 == "search" ? Budget(2, per: 60) : nil } }
    }
    let budget = try await kit()
    budget.vendor.always("GET", "/x", .json([:]))
    for person in ["ada", "bob", "eve"] { _ = try await budget.get(bucket: "search", as: .user(person)) }
    #expect(budget.time.waits == [30])
    #expect(budget.vendor.requests.map { $0.header("Authorization") } == ["ada", "bob", "eve"].map { "Bearer token of user:\($0)" })

    for scope in ["bucket", "credential"] {
      let throttled = try await kit()
      throttled.vendor.on("GET", "/x", .throttle("3000", scope: scope))
      for person in ["ada", "bob"] {
        let error = await vendorError { () async throws(VendorError) in try await throttled.get(as: .user(person)) }
        #expect(error?.code == .throttled)
      }
      #expect(throttled.vendor.requests.count == 1)
    }

    let quota = try await kit()
    quota.vendor.on("GET", "/x", .json([:], headers: [("X-Remaining", "0"), ("X-Resets-In", "20")]))
    quota.vendor.always("GET", "/x", .json([:]))
    for person in ["ada", "bob"] { _ = try await quota.get(as: .user(person)) }
    #expect(quota.time.waits.count == 1)
  }

  @Test("Budgets of one thing hold for all who send about it, each of them, and for nothing else")
  func resourceBudgets() async throws {
    let kit = try await KitAPI { $0.resourceBudgets = [Budget(2, per: 10), Budget(3, per: 300)] }
    kit.vendor.always("GET", "/x", .json([:]))
    func send(_ resource: String?, _ bucket: String, _ subject: Subject = .service) async throws {
      var request = VendorRequest(path: "/x", bucket: bucket)
      request.limitedResource = resource
      _ = try await kit.api.send(request, as: subject)
    }
    try await send("issue-1", "a")
    try await send("issue-1", "b", .user("ada"))
    try await send("issue-2", "a")
    for _ in 0..<5 { try await send(nil, "a") }
    #expect(kit.time.waits == [])
    try await send("issue-1", "c")
    #expect(kit.time.waits == [5])
    let error = await vendorError { () async throws(VendorError) in
      var request = VendorRequest(path: "/x")
      request.limitedResource = "issue-1"
      return try await kit.api.send(request, as: .service)
    }
    // The longer budget: a hundred seconds for each beyond three.
    #expect(error?.code == .throttled && error?.retryAfter == 95)
  }

  @Test("Who would wait longer than the call may take is told how long, and nothing is sent")
  func beyondTheDeadline() async throws {
    let kit = try await KitAPI { configuration in
      configuration.budgets = { _ in Budget(1, per: 3600) }
      configuration.timeout = .seconds(45)
    }
    kit.vendor.always("GET", "/x", .json([:]))
    _ = try await kit.get()
    let error = await vendorError { () async throws(VendorError) in try await kit.get() }
    #expect(error?.code == .throttled)
    #expect((3590...3600).contains(error?.retryAfter ?? 0))
    #expect(error?.description.contains("Try again in") == true)
    #expect(kit.vendor.requests.count == 1)
    #expect(kit.time.waits == [])
  }

  @Test("A throttle is waited for as long as the vendor says, and the request goes again")
  func retryAfter() async throws {
    let kit = try await KitAPI()
    kit.vendor.on("GET", "/x", .throttle("7"), .json(["ok": true]))
    #expect(try await kit.get().json?["ok"]?.bool == true)
    #expect(kit.time.waits.reduce(0, +) >= 6)
    #expect(kit.vendor.requests.count == 2)
  }

  @Test("Retry-After: 0 is no licence to spin", arguments: ["0", nil])
  func retryAfterZero(_ after: String?) async throws {
    let kit = try await KitAPI()
    kit.vendor.always("GET", "/x", .throttle(after))
    let error = await vendorError { () async throws(VendorError) in try await kit.get() }
    #expect(error?.code == .throttled && error?.vendorCode == "slow_down")
    #expect(kit.vendor.requests.count <= 4)
    #expect(kit.time.waits.allSatisfy { $0 >= 0 } && kit.time.waits.reduce(0, +) >= kit.vendor.requests.count - 2)
  }

  @Test(
    "A Retry-After is a day at most, and one that is no date is none",
    arguments: [
      ("\(Int64.max)", 86_400), ("-1", 0), ("Sun, 06 Nov 9999 08:49:37 GMT", 86_400), ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
      ("Sun, 06 Nov \(Int64.max) 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 \(Int64.max):49:37 GMT", nil),
    ] as [(String, Int64?)])
  func retryAfter(_ text: String, _ seconds: Int64?) {
    #expect(VendorResponse(status: HTTPStatus(429), headers: HTTPHeaders([("Retry-After", text)])).retryAfter(now: 1_700_000_000) == seconds)
  }

  @Test("A Retry-After beyond the deadline ends the call with the wait, without another request")
  func retryAfterTooLong() async throws {
    let kit = try await KitAPI()
    kit.vendor.always("GET", "/x", .throttle("3600"))
    let error = await vendorError { () async throws(VendorError) in try await kit.get() }
    #expect(error?.code == .throttled && (3590...3600).contains(error?.retryAfter ?? 0))
    #expect(kit.vendor.requests.count == 1)
    // Others that share the limit are told at once.
    let other = await vendorError { () async throws(VendorError) in try await kit.get() }
    #expect(other?.code == .throttled)
    #expect(kit.vendor.requests.count == 1)
  }

  @Test("An allowance that is used up ends the call at once")
  func exhausted() async throws {
    let kit = try await KitAPI()
    kit.vendor.always("GET", "/x", .throttle("1", headers: [("X-Exhausted", "1")]))
    let error = await vendorError { () async throws(VendorError) in try await kit.get() }
    #expect(error?.code == .throttled)
    #expect(kit.vendor.requests.count == 1)
  }

  static let scopes: [(String, blocksOtherBucket: Bool, blocksOtherSubject: Bool, blocksSameResource: Bool)] = [
    ("bucket", false, false, false), ("credential", true, false, false), ("everything", true, true, true), ("resource", false, false, true),
  ]

  @Test("A throttle stops those whom it concerns, and nobody else", arguments: scopes)
  func scope(_ name: String, _ otherBucket: Bool, _ otherSubject: Bool, _ sameResource: Bool) async throws {
    let kit = try await KitAPI()
    kit.vendor.on("GET", "/x", .throttle("3000", scope: name))
    kit.vendor.always("GET", "/x", .json([:]))
    var first = VendorRequest(path: "/x", bucket: "a")
    first.limitedResource = "issue-1"
    _ = await vendorError { () async throws(VendorError) in try await kit.api.send(first, as: .service) }
    func isBlocked(_ request: VendorRequest, _ subject: Subject) async -> Bool {
      do throws(VendorError) {
        _ = try await kit.api.send(request, as: subject)
        return false
      } catch { return error.code == .throttled }
    }
    #expect(await isBlocked(VendorRequest(path: "/x", bucket: "b"), .service) == otherBucket)
    #expect(await isBlocked(VendorRequest(path: "/x", bucket: "c"), .user("ada")) == otherSubject)
    var again = VendorRequest(path: "/x", bucket: "d")
    again.limitedResource = "issue-1"
    #expect(await isBlocked(again, .user("bob")) == sameResource)
  }

  @Test("What an answer says is left is kept to: at nothing left, the window's end is waited for")
  func quota() async throws {
    let kit = try await KitAPI()
    kit.vendor.on("GET", "/x", .json([:], headers: [("X-Remaining", "0"), ("X-Resets-In", "20")]))
    kit.vendor.always("GET", "/x", .json([:]))
    _ = try await kit.get()
    #expect(kit.time.waits == [])
    _ = try await kit.get()
    #expect(kit.time.waits.count == 1 && (18...20).contains(kit.time.waits[0]))
  }

  @Test("Who stands in the line when a throttle comes waits for it as well, and is told if that is too long", .timeLimit(.minutes(1)), arguments: [30, 3000])
  func queued(_ wait: Int64) async throws {
    let clock = HeldTime()
    let vendor = try await VendorDouble()
    vendor.on("GET", "/x", .json([:]))
    vendor.on("GET", "/x", .throttle(String(wait)))
    vendor.always("GET", "/x", .json([:]))
    let api = try KitAPI.api(vendor, time: clock.vendorTime) { $0.budgets = { _ in Budget(1, per: 10) } }
    _ = try await api.send(VendorRequest(path: "/x"), as: .service)
    // Slots are free after 10, 20 and 30 seconds; who has the first of them meets the throttle.
    var line: [Task<VendorError.Code?, Never>] = []
    for count in 1...3 {
      line.append(
        Task {
          do throws(VendorError) { _ = try await api.send(VendorRequest(path: "/x"), as: .service) } catch { return error.code }
          return nil
        })
      await clock.sleepers(count)
    }
    for sender in line {
      clock.advance(10)
      if wait == 30 { await clock.sleepers(3) } else { #expect(await sender.value == .throttled) }
      #expect(vendor.requests.count == 2)
    }
    guard wait == 30 else { return }
    clock.advance(11)
    for sender in line { #expect(await sender.value == nil) }
    #expect(vendor.requests.count == 5)
  }

  @Test("Many who wait for one throttle wait together")
  func sharedWait() async throws {
    let kit = try await KitAPI()
    kit.vendor.on("GET", "/x", .throttle("5"))
    kit.vendor.always("GET", "/x", .json([:]))
    _ = try await kit.get()
    for _ in 0..<5 { _ = try await kit.get() }
    #expect(kit.vendor.requests.count == 7)
  }
}
