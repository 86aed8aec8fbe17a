internal import Crypto
internal import MCP
internal import Synchronization

/// Calls of legacy upstreams that wait for modern clients to come back with answers: of this process alone, bounded, and not for long
/// (docs/adr/0016-questions-across-eras.md).
final class SuspendedCalls: Sendable {
  private struct Entry {
    let call: BridgedCall
    let principal: UserKey
    let upstream: String
    let expiry: Task<Void, Never>
  }

  /// Guards the calls, by their id.
  private let entries = Mutex<[String: Entry]>([:])
  private let lifetime: Duration
  private let limit: Int
  private let limitPerPrincipal: Int
  /// Each holds a connection to its upstream, of which there are not many more (`HTTPClientConfiguration.maxConnectionsPerOrigin`).
  private let limitPerUpstream: Int

  init(lifetime: Duration, limit: Int = 1000, limitPerPrincipal: Int = 16, limitPerUpstream: Int = 100) {
    self.lifetime = lifetime
    self.limit = limit
    self.limitPerPrincipal = limitPerPrincipal
    self.limitPerUpstream = limitPerUpstream
  }

  /// Keeps a call until its client comes back, or for the lifetime.
  ///
  /// - Returns: its id, a secret.
  /// - Throws: ``Refusal`` where too many wait; the call is then cancelled.
  func suspend(_ call: BridgedCall, of upstream: Upstream, for principal: Principal) throws(Refusal) -> String {
    let id = Base64.encode(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }, urlSafe: true)
    let owner = principal.userKey
    let isKept = entries.withLock { entries in
      guard entries.count < limit, entries.values.count(where: { $0.principal == owner }) < limitPerPrincipal,
        entries.values.count(where: { $0.upstream == upstream.name }) < limitPerUpstream
      else { return false }
      let expiry = Task { [weak self, lifetime] in
        do { try await Task.sleep(for: lifetime) } catch { return }
        self?.take(id)?.cancel()
      }
      entries[id] = Entry(call: call, principal: owner, upstream: upstream.name, expiry: expiry)
      return true
    }
    guard isKept else {
      call.cancel()
      throw Refusal(
        .limited, .gateway, "Too many calls wait for answers to their questions. Answer those, or try again later.", limit: "open_questions", retryAfter: 60)
    }
    return id
  }

  /// The call with this id, which is nobody else's from now on; nil where there is none.
  func take(_ id: String) -> BridgedCall? {
    guard let entry = entries.withLock({ $0.removeValue(forKey: id) }) else { return nil }
    entry.expiry.cancel()
    return entry.call
  }

  /// Gives all up: the gateway ends.
  func cancelAll() {
    let ended = entries.withLock { entries in
      defer { entries = [:] }
      return Array(entries.values)
    }
    for entry in ended {
      entry.expiry.cancel()
      entry.call.cancel()
    }
  }
}
