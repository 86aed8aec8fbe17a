import Foundation
import Gateway
import JSON
import MCPAuth
import Testing

@Suite("An issuer's keys")
struct KeyRotationTests {
  private let clock = TestClock()
  private let directory = TemporaryDirectory()

  private func authenticator(_ issuer: TestIssuer, _ settings: TrustedIssuer = TestIssuer.settings()) throws -> Authenticator {
    try Authenticator(store: SQLiteStore(directory: directory.path), issuers: [settings], fetch: issuer.fetch, clock: clock.clock)
  }

  private func failure(_ authenticator: Authenticator, _ token: String) async -> AuthenticationFailure.Code? {
    do {
      _ = try await authenticator.authenticate(authorization: "Bearer \(token)")
      return nil
    } catch { return error.code }
  }

  private func token(_ key: TestKey, _ subject: String = "ada") throws -> String {
    try key.token(TestIssuer.claims(clock, ["sub": .string(subject)]))
  }

  @Test("are fetched once, however many tokens come at the same time")
  func singleFlight() async throws {
    let key = try TestKey.make("ES256")
    let issuer = TestIssuer([key])
    let authenticator = try authenticator(issuer)
    let tokens = try (0..<50).map { try token(key, "user\($0)") }
    let admitted = await withTaskGroup(of: Bool.self) { group in
      for token in tokens { group.addTask { (try? await authenticator.authenticate(authorization: "Bearer \(token)")) != nil } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(admitted == 50)
    #expect(issuer.fetches == 1)
  }

  @Test("are fetched again when a token names an unknown one, at most once in 30 seconds")
  func rotation() async throws {
    let (old, new) = (try TestKey.make("ES256", id: "old"), try TestKey.make("RS256", id: "new"))
    let issuer = TestIssuer([old])
    let authenticator = try authenticator(issuer)
    #expect(await failure(authenticator, try token(old)) == nil)
    issuer.rotate(to: [old, new])
    for index in 0..<20 { #expect(await failure(authenticator, try token(new, "u\(index)")) == .invalid, "too early for another fetch") }
    #expect(issuer.fetches == 1)
    clock.advance(seconds: 30)
    #expect(await failure(authenticator, try token(new)) == nil)
    #expect(await failure(authenticator, try token(old, "bob")) == nil)
    #expect(issuer.fetches == 2)
    issuer.rotate(to: [new])
    clock.advance(seconds: 30)
    #expect(await failure(authenticator, try token(try TestKey.make("ES256", id: "invented"))) == .invalid)
    #expect(await failure(authenticator, try token(old, "carol")) == .invalid, "a key that is gone is not used")
    #expect(issuer.fetches == 3)
  }

  @Test("stay in use while newer ones cannot be had")
  func outage() async throws {
    let key = try TestKey.make("ES256")
    let issuer = TestIssuer([key])
    let authenticator = try authenticator(issuer)
    #expect(await failure(authenticator, try token(key)) == nil)
    issuer.breakDown()
    clock.advance(seconds: 100_000)
    for index in 0..<5 { #expect(await failure(authenticator, try token(key, "u\(index)")) == nil) }
    #expect(await failure(authenticator, try token(try TestKey.make("ES256", id: "other"))) == .invalid)
    issuer.breakDown(false)
    issuer.rotate(to: [])
    clock.advance(seconds: 31)
    #expect(await failure(authenticator, try token(try TestKey.make("ES256", id: "other"))) == .invalid)
    #expect(await failure(authenticator, try token(key, "x")) == nil, "an empty set is no newer set")
  }

  @Test("that were never had make a token unavailable, not invalid, and soon tried again")
  func neverFetched() async throws {
    let key = try TestKey.make("ES256")
    let issuer = TestIssuer([key])
    issuer.breakDown()
    let authenticator = try authenticator(issuer)
    for _ in 0..<10 { #expect(await failure(authenticator, try token(key)) == .unavailable) }
    #expect(issuer.fetches == 1)
    issuer.breakDown(false)
    clock.advance(seconds: 2)
    #expect(await failure(authenticator, try token(key)) == nil)
  }

  @Test("for other uses, of other types and broken ones are passed over")
  func unusable() async throws {
    let key = try TestKey.make("ES256")
    var encryption = key.jwk
    encryption["use"] = "enc"
    var signing = key.jwk
    signing["key_ops"] = ["sign"]
    let bad: [JSONValue] = [encryption, signing, ["kty": "future"], ["kty": "RSA", "n": "AA", "e": "AQAB"], ["kty": "EC", "crv": "P-256", "x": "AA"], 7]
    for jwk in bad {
      let issuer = TestIssuer([TestKey(id: "key-1", algorithm: "ES256", jwk: jwk, sign: key.sign)])
      #expect(await failure(try authenticator(issuer), try token(key)) == .unavailable)
      issuer.rotate(to: [TestKey(id: "key-1", algorithm: "ES256", jwk: jwk, sign: key.sign), key])
      #expect(await failure(try authenticator(issuer), try token(key)) == nil)
    }
  }

  @Test("without an id are tried one after another")
  func withoutID() async throws {
    let keys = try (0..<3).map { _ in try TestKey.make("ES256", id: nil) }
    let authenticator = try authenticator(TestIssuer(keys))
    for key in keys { #expect(await failure(authenticator, try token(key)) == nil) }
    #expect(await failure(authenticator, try token(try TestKey.make("ES256", id: nil))) == .invalid)
  }

  @Test("in a file are read again when the file is replaced")
  func file() async throws {
    try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
    let path = directory.path + "/jwks.json"
    let (one, two) = (try TestKey.make("ES256", id: "one"), try TestKey.make("ES256", id: "two"))
    let authenticator = try authenticator(TestIssuer([]), TestIssuer.settings(keys: .file(path)))
    #expect(await failure(authenticator, try token(one)) == .unavailable)
    try TestIssuer([one]).jwks.text.write(toFile: path, atomically: true, encoding: .utf8)
    clock.advance(seconds: 2)
    #expect(await failure(authenticator, try token(one)) == nil)
    try TestIssuer([two]).jwks.text.write(toFile: path, atomically: true, encoding: .utf8)
    clock.advance(seconds: 30)
    #expect(await failure(authenticator, try token(two)) == nil)
  }

  @Test(
    "may come from https or a loopback address",
    arguments: [
      ("https://issuer.example/jwks", true), ("http://127.0.0.1:8080/jwks", true), ("http://localhost/jwks", true), ("http://[::1]:1/jwks", true),
      ("http://issuer.example/jwks", false), ("http://localhost.evil.example/jwks", false), ("http://127.0.0.1@evil.example/", false), ("file:///etc/jwks", false),
    ])
  func location(url: String, isAllowed: Bool) {
    let issuer = TestIssuer([])
    let accepted = (try? authenticator(issuer, TestIssuer.settings(keys: .url(url)))) != nil
    #expect(accepted == isAllowed)
  }

  @Test("need settings that can work")
  func configuration() throws {
    let store = try SQLiteStore(directory: directory.path)
    var noAudience = TestIssuer.settings()
    noAudience.settings.audiences = []
    for issuers in [[noAudience], [TestIssuer.settings(algorithms: [])], [TestIssuer.settings(), TestIssuer.settings()]] {
      #expect(throws: IdentityConfigurationError.self) { try Authenticator(store: store, issuers: issuers, fetch: TestIssuer([]).fetch) }
    }
    #expect(throws: IdentityConfigurationError.self, "no way to fetch") { try Authenticator(store: store, issuers: [TestIssuer.settings()]) }
  }
}
