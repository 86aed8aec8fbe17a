import Crypto
import Gateway
import Synchronization

/// A store of quotas in memory that can be held up or made to fail.
final class QuotaStore: Store {
  private struct State {
    /// By bytes, as a database compares texts.
    var counts: [[UInt8]: Int] = [:]
    var calls = 0
    var charged: [QuotaCharge] = []
    var isBroken = false
  }

  let epoch: ChangeEpoch
  private let state = Mutex(State())

  init() throws { epoch = try ChangeEpoch() }

  var calls: Int { state.withLock { $0.calls } }
  var charged: [QuotaCharge] { state.withLock { $0.charged } }
  func breakDown(_ isBroken: Bool = true) { state.withLock { $0.isBroken = isBroken } }

  func charge(_ charges: [QuotaCharge]) async throws(StoreError) -> [QuotaBalance] {
    let result: Result<[QuotaBalance], StoreError> = state.withLock { state in
      state.calls += 1
      if state.isBroken { return .failure(StoreError(.unavailable, "broken for a test")) }
      state.charged += charges
      return .success(
        charges.map { charge in
          let key = Array("\(charge.meter) \(charge.user) \(charge.window)".utf8)
          let count = state.counts[key, default: 0]
          let granted = charge.amount < 0 ? charge.amount : max(0, min(charge.amount, charge.limit - count))
          state.counts[key] = max(0, count + granted)
          return QuotaBalance(granted: granted, total: max(0, count + granted))
        })
    }
    return try result.get()
  }

  func quotaCounts(meter: String, since window: Int64) async throws(StoreError) -> [QuotaCount] { [] }
  func dropQuotaCounts(meter: String, before window: Int64) async throws(StoreError) {}
  func dropExpiredSessions(at time: Int64) async throws(StoreError) {}
  func insert(_ token: APIToken, digest: CredentialDigest) async throws(StoreError) {}
  func token(digest: CredentialDigest) async throws(StoreError) -> APIToken? { nil }
  func tokens(user: String?) async throws(StoreError) -> [APIToken] { [] }
  func revokeToken(id: String, at time: Int64) async throws(StoreError) -> APIToken? { nil }
  func recordUse(_ times: [String: Int64]) async throws(StoreError) {}
  func revokeSession(_ id: SessionID, until expiry: Int64) async throws(StoreError) {}
  func isRevoked(anyOf sessions: [SessionID]) async throws(StoreError) -> Bool { false }
  func toolPins(of upstream: String?) async throws(StoreError) -> [ToolPin] { [] }
  func write(_ pins: [ToolPin]) async throws(StoreError) {}
  func acceptTools(of upstream: String, tool: String?) async throws(StoreError) -> [ToolPin] { [] }
  func key(named name: String) async throws(StoreError) -> SymmetricKey { SymmetricKey(size: .bits256) }
}
