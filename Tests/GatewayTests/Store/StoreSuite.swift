import Crypto
import Gateway
import Testing

/// What every ``Store`` has to do. A new implementation runs the same checks.
/// - Parameter open: opens the same, at first empty, state again, as another process would.
func checkStore(_ open: () async throws -> any Store) async throws {
  try await checkTokens(open)
  try await checkSessions(open)
  try await checkQuotas(open)
  try await checkKeys(open)
}

private func checkTokens(_ open: () async throws -> any Store) async throws {
  let store = try await open()
  let other = try await open()
  let ada = APIToken(id: "tok_1", user: "ada", name: "laptop", created: 100, expires: 900)
  let bob = APIToken(id: "tok_2", user: "bob", name: "ci", created: 50)
  try await store.insert(ada, digest: CredentialDigest(of: "one"))
  try await store.insert(bob, digest: CredentialDigest(of: "two"))

  #expect(try await other.token(digest: CredentialDigest(of: "one")) == ada)
  #expect(try await other.token(digest: CredentialDigest(of: "three")) == nil)
  #expect(try await other.tokens(user: nil) == [bob, ada])
  #expect(try await other.tokens(user: "ada") == [ada])
  #expect(try await other.tokens(user: "eve") == [])
  await #expect(throws: StoreError.self, "an id is taken once") { try await store.insert(ada, digest: CredentialDigest(of: "four")) }
  await #expect(throws: StoreError.self, "a digest is taken once") {
    try await store.insert(APIToken(id: "tok_3", user: "eve", name: "", created: 0), digest: CredentialDigest(of: "one"))
  }

  let epoch = other.epoch.current
  try await store.recordUse(["tok_1": 300, "tok_none": 1])
  try await store.recordUse(["tok_1": 200])
  #expect(try await other.token(digest: CredentialDigest(of: "one"))?.lastUsed == 300, "use goes forward only")
  #expect(other.epoch.current == epoch, "use is not a change")

  #expect(try await store.revokeToken(id: "tok_1", at: 400)?.revoked == 400)
  #expect(other.epoch.current != epoch, "a revocation is seen elsewhere")
  #expect(try await other.token(digest: CredentialDigest(of: "one"))?.revoked == 400)
  #expect(try await other.revokeToken(id: "tok_1", at: 500)?.revoked == 400, "the first revocation counts")
  #expect(try await other.revokeToken(id: "tok_none", at: 500) == nil)
}

private func checkSessions(_ open: () async throws -> any Store) async throws {
  let store = try await open()
  let other = try await open()
  let session = SessionID.token(issuer: "https://a", id: "1")
  let login = SessionID.login(issuer: "https://a", id: "1")
  #expect(session != login)
  let epoch = other.epoch.current
  try await store.revokeSession(session, until: 1000)
  try await store.revokeSession(session, until: 500)
  #expect(other.epoch.current != epoch)
  #expect(try await other.isRevoked(anyOf: [login, session]))
  #expect(try await !other.isRevoked(anyOf: [login]))
  #expect(try await !other.isRevoked(anyOf: []))
  try await store.dropExpiredSessions(at: 1000)
  #expect(try await other.isRevoked(anyOf: [session]), "revoking again does not shorten a revocation")
  try await store.dropExpiredSessions(at: 1001)
  #expect(try await !other.isRevoked(anyOf: [session]))
}

private func checkQuotas(_ open: () async throws -> any Store) async throws {
  let store = try await open()
  let other = try await open()
  func charge(_ amount: Int, _ window: Int64 = 10, meter: String = "m", span: Int64 = 3, limit: Int = 10) -> QuotaCharge {
    QuotaCharge(meter: meter, user: "ada", window: window, amount: amount, span: span, limit: limit)
  }
  #expect(try await store.charge([charge(4), charge(4)]) == [.init(granted: 4, total: 4), .init(granted: 4, total: 8)])
  #expect(try await other.charge([charge(4)]) == [.init(granted: 2, total: 10)], "only what the limit leaves")
  #expect(try await other.charge([charge(4, 12)]) == [.init(granted: 0, total: 0)], "the span counts together")
  #expect(try await other.charge([charge(4, 13)]) == [.init(granted: 4, total: 4)], "past windows leave the span")
  #expect(try await other.charge([charge(-3)]) == [.init(granted: -3, total: 7)])
  #expect(try await other.charge([charge(-9)])[0].total == 0, "a counter does not go below zero")
  #expect(try await other.charge([charge(5, limit: Int.max)]) == [.init(granted: 5, total: 5)])
  #expect(try await store.charge([charge(1, meter: "other")]) == [.init(granted: 1, total: 1)], "meters are apart")
  let counts = try await store.quotaCounts(meter: "m", since: 11).filter { $0.count > 0 }
  #expect(counts == [QuotaCount(user: "ada", window: 13, count: 4)])
  try await store.dropQuotaCounts(meter: "m", before: 13)
  #expect(try await other.quotaCounts(meter: "m", since: 0) == [QuotaCount(user: "ada", window: 13, count: 4)])
  #expect(try await other.charge([]) == [])
}

private func checkKeys(_ open: () async throws -> any Store) async throws {
  let store = try await open()
  let other = try await open()
  async let one = store.key(named: "seal")
  async let two = other.key(named: "seal")
  let (first, second) = try await (one, two)
  #expect(first == second, "whoever comes first makes it")
  #expect(first.bitCount == 256)
  #expect(try await other.key(named: "cookie") != first)
}
