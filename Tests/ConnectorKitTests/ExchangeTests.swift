import ConnectorKit
import ConnectorTesting
import JSON
import MCPHTTP
import NIOCore
import Testing

@Suite("Requests to a vendor and their answers")
struct ExchangeTests {
  static let lost: [(String, Answer)] = [("lost", .lost), ("truncated", .truncated(["items": ["a", "b", "c", "d"]]))]

  @Test("A read whose answer was lost is sent again", arguments: lost)
  func repeatsReads(_ name: String, _ answer: Answer) async throws {
    let kit = try await KitAPI()
    kit.vendor.on("GET", "/x", answer, .json(["ok": true]))
    #expect(try await kit.get().json?["ok"]?.bool == true)
    #expect(kit.vendor.requests.count == 2)
  }

  @Test("A segment that servers may resolve is refused, encoded or not", arguments: [".", "..", "%2e%2E"])
  func dots(_ segment: String) async throws {
    let kit = try await KitAPI()
    let request = segment.hasPrefix("%") ? VendorRequest(path: "/x/\(segment)/y") : VendorRequest(.get, ["x", segment, "y"])
    #expect(await vendorError { () async throws(VendorError) in try await kit.api.send(request, as: .service) }?.code == .refused)
    #expect(kit.vendor.requests.isEmpty)
  }

  @Test("A write whose answer was lost is never sent again, and the caller is told that it may have had its effect", arguments: lost)
  func neverRepeatsWrites(_ name: String, _ answer: Answer) async throws {
    let kit = try await KitAPI()
    kit.vendor.always("POST", "/x", answer)
    let error = await vendorError { () async throws(VendorError) in
      try await kit.api.send(VendorRequest(.post, path: "/x").json(["a": 1]), as: .service)
    }
    #expect(error?.mayHaveHadEffect == true)
    #expect(error?.description.contains("check before you repeat it") == true)
    #expect(kit.vendor.requests.count == 1)
  }

  @Test("A write that a 5xx answers is not repeated unless it is idempotent", arguments: [false, true])
  func unavailableWrites(_ isIdempotent: Bool) async throws {
    let kit = try await KitAPI()
    kit.vendor.on("POST", "/x", .json([:], status: 503))
    kit.vendor.always("POST", "/x", .json(["ok": true]))
    let request = VendorRequest(.post, path: "/x", isIdempotent: isIdempotent).json([:])
    if isIdempotent {
      _ = try await kit.api.send(request, as: .service)
      #expect(kit.vendor.requests.count == 2)
    } else {
      let error = await vendorError { () async throws(VendorError) in try await kit.api.send(request, as: .service) }
      #expect(error?.code == .unavailable && error?.mayHaveHadEffect == true)
      #expect(kit.vendor.requests.count == 1)
    }
  }

  @Test("A write that never left has had no effect, and says nothing of one")
  func unreachable() async throws {
    // Nobody listens there.
    let configuration = VendorAPI.Configuration(name: "Vendor", base: try #require(HTTPURL("http://127.0.0.1:1"))) { _, _, _ in .accepted() }
    let api = try VendorAPI(
      configuration, credentials: KitAPI.fixed, client: ConnectorTestingHTTP.client, time: VirtualTime(isFrozen: true).vendorTime)
    let error = await vendorError { () async throws(VendorError) in
      try await api.send(VendorRequest(.post, path: "/x").json([:]), as: .service)
    }
    #expect(error?.code == .unavailable && error?.mayHaveHadEffect == false)
  }

  @Test("A write that was throttled was not done, and goes again")
  func throttledWrites() async throws {
    let kit = try await KitAPI()
    kit.vendor.on("POST", "/x", .throttle("1"), .json(["ok": true]))
    _ = try await kit.api.send(VendorRequest(.post, path: "/x").json([:]), as: .service)
    #expect(kit.vendor.requests.count == 2)
  }

  @Test("A vendor that stays unavailable is an error, after few tries")
  func unavailable() async throws {
    let kit = try await KitAPI()
    kit.vendor.always("GET", "/x", .json([:], status: 502))
    let error = await vendorError { () async throws(VendorError) in try await kit.get() }
    #expect(error?.code == .unavailable)
    #expect(kit.vendor.requests.count == 4)
  }

  @Test("A vendor that hangs is given up at the deadline")
  func hang() async throws {
    let kit = try await KitAPI(time: VirtualTime()) { configuration in
      configuration.timeout = .seconds(1)
      configuration.tryTimeout = .milliseconds(600)
      configuration.maximumTries = 1
    }
    kit.vendor.always("GET", "/x", .hang)
    let error = await vendorError { () async throws(VendorError) in try await kit.get() }
    #expect(error?.code == .unavailable || error?.code == .timeout)
  }

  @Test("A slow body is waited for")
  func slow() async throws {
    let kit = try await KitAPI()
    kit.vendor.on("GET", "/x", .slow(["items": [1, 2, 3]]))
    #expect(try await kit.get().json?["items"]?.elements.map { $0.int } == [1, 2, 3])
    #expect(kit.vendor.requests.count == 1)
  }

  @Test("A body beyond the bound is refused while it comes, and not asked for again")
  func oversized() async throws {
    let kit = try await KitAPI()
    kit.vendor.always("GET", "/x", .oversized(5 << 20))
    let error = await vendorError { () async throws(VendorError) in
      try await kit.api.send(VendorRequest(path: "/x", maximumBytes: 64 << 10), as: .service)
    }
    #expect(error?.code == .tooLarge && error?.message.contains("65536") == true)
    #expect(kit.vendor.requests.count == 1)
  }

  @Test("An answer that is no JSON is an error where JSON is due")
  func notJSON() async throws {
    let kit = try await KitAPI()
    kit.vendor.always("GET", "/x", .text("<html>maintenance</html>"))
    let error = await vendorError { () async throws(VendorError) in try await kit.api.json(VendorRequest(path: "/x"), as: .service) }
    #expect(error?.code == .invalidAnswer)
  }

  @Test("An answer that has not changed is taken from what is kept, for the same credential only")
  func conditional() async throws {
    let kit = try await KitAPI()
    kit.vendor.always("GET", "/x") { request in
      request.header("If-None-Match") == "\"1\"" ? .status(304) : .json(["for": .string(request.header("Authorization") ?? "")], headers: [("ETag", "\"1\"")])
    }
    let request = VendorRequest(path: "/x").cached()
    let first = try await kit.api.json(request, as: .user("ada"))
    let second = try await kit.api.json(request, as: .user("ada"))
    #expect(first.text == second.text)
    #expect(kit.vendor.requests.map { $0.header("If-None-Match") } == [nil, "\"1\""])
    let other = try await kit.api.json(request, as: .user("bob"))
    #expect(other["for"]?.string == "Bearer token of user:bob")
    #expect(kit.vendor.requests.last?.header("If-None-Match") == nil)
  }

  @Test("Answers that are kept count with their names and headers: of many small ones those that were not used for longest are dropped")
  func conditionalBound() async throws {
    let kit = try await KitAPI { $0.cachedBytes = 64 << 10 }
    let names = (0..<40).map { "/x?q=\($0)\(String(repeating: "a", count: 2000))" }
    kit.vendor.always("GET", "/x") { request in request.header("If-None-Match") == nil ? .json(1, headers: [("ETag", "\"1\"")]) : .status(304) }
    for name in names { _ = try await kit.api.json(VendorRequest(path: name).cached(), as: .service) }
    // Neither dropped nor asked for anew.
    for name in names.suffix(10) { _ = try await kit.api.json(VendorRequest(path: name).cached(), as: .service) }
    #expect(kit.vendor.requests.suffix(10).allSatisfy { $0.header("If-None-Match") == "\"1\"" })
    _ = try await kit.api.json(VendorRequest(path: names[0]).cached(), as: .service)
    #expect(kit.vendor.requests.last?.header("If-None-Match") == nil)
  }

  @Test("A redirect to another origin carries no credential, one within the origin does")
  func redirect() async throws {
    let elsewhere = try await VendorDouble()
    elsewhere.always("GET", "/log", .text("the log"))
    let kit = try await KitAPI()
    kit.vendor.on("GET", "/x", .redirect(to: elsewhere.url + "/log"))
    kit.vendor.on("GET", "/y", .redirect(to: "/z"))
    kit.vendor.on("GET", "/z", .text("here"))
    var request = VendorRequest(path: "/x")
    request.followsRedirects = true
    #expect(try await kit.api.send(request, as: .service).text == "the log")
    #expect(elsewhere.requests.count == 1 && elsewhere.requests[0].header("Authorization") == nil)
    var within = VendorRequest(path: "/y")
    within.followsRedirects = true
    #expect(try await kit.api.send(within, as: .service).text == "here")
    #expect(kit.vendor.requests.last?.header("Authorization") == "Bearer token of service")
  }

  @Test("Redirects that go round are given up")
  func redirectLoop() async throws {
    let kit = try await KitAPI { $0.maximumTries = 1 }
    kit.vendor.always("GET", "/x", .redirect(to: "/x"))
    var request = VendorRequest(path: "/x")
    request.followsRedirects = true
    let error = await vendorError { () async throws(VendorError) in try await kit.api.send(request, as: .service) }
    #expect(error?.code == .invalidAnswer)
    #expect(kit.vendor.requests.count == 5)
  }

  @Test("A request to an origin that the configuration does not name is not sent")
  func unknownOrigin() async throws {
    let elsewhere = try await VendorDouble()
    let kit = try await KitAPI { $0.maximumTries = 1 }
    var request = VendorRequest(path: "/x")
    request.origin = HTTPURL(elsewhere.url)?.origin
    _ = await vendorError { () async throws(VendorError) in try await kit.api.send(request, as: .service) }
    #expect(elsewhere.requests.isEmpty && kit.vendor.requests.isEmpty)
  }

  @Test("Segments and queries are encoded, so that no argument reaches another path")
  func encoding() async throws {
    let kit = try await KitAPI(basePath: "/api/v3")
    kit.vendor.always("GET", "/**", .json([:]))
    _ = try await kit.api.send(VendorRequest(.get, ["repos", "../../admin", "a/b?c#d"], query: [("q", "a b&c=d"), ("none", nil)]), as: .service)
    let request = try #require(kit.vendor.requests.first)
    #expect(request.path == "/api/v3/repos/..%2F..%2Fadmin/a%2Fb%3Fc%23d")
    #expect(request.query.map(\.value) == ["a b&c=d"])
  }

  @Test("A link of the vendor is followed within its base URL only")
  func links() async throws {
    let kit = try await KitAPI(basePath: "/api/v3")
    #expect(kit.api.path(ofLink: kit.vendor.url + "/api/v3/repositories/1/issues?page=2") == "/repositories/1/issues?page=2")
    #expect(kit.api.path(ofLink: "/api/v3/x") == "/x")
    for link in ["https://evil.example/api/v3/x", kit.vendor.url + "/other/x", "//evil.example/x", "javascript:alert(1)"] {
      #expect(kit.api.path(ofLink: link) == nil, "\(link)")
    }
  }

  @Test("A base URL without TLS is for this machine only")
  func plainHTTP() throws {
    let configuration = VendorAPI.Configuration(name: "Vendor", base: try #require(HTTPURL("http://vendor.example"))) { _, _, _ in .accepted() }
    #expect(throws: VendorError.self) { try VendorAPI(configuration, credentials: KitAPI.fixed, client: ConnectorTestingHTTP.client) }
  }
}
