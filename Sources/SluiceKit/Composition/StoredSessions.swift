internal import Gateway
internal import Logging
internal import MCPHTTP
internal import NIOCore
internal import Synchronization

/// Ends of legacy sessions, remembered by the store so that every replica knows them.
///
/// A session of which the store knew no end is taken to be open until the store changes (``ChangeEpoch``), for some seconds at most:
/// not every request of a session asks the store.
final class StoredSessions: SessionRegistry {
  private struct State {
    /// What the answers below were read at.
    var epoch: UInt64 = 0
    /// Open sessions, and when each was looked for.
    var open: [String: NIODeadline] = [:]
  }

  /// For writers that died before they could tell of their change.
  private static let longest = TimeAmount.seconds(5)
  private static let capacity = 10_000

  private let store: any Store
  private let logger: Logger
  /// Guards what is known.
  private let state = Mutex(State())

  init(store: any Store, logger: Logger) {
    self.store = store
    self.logger = logger
  }

  func end(_ id: String, until expiry: Int) async {
    do { try await store.revokeSession(SessionID("mcp \(id)"), until: Int64(expiry)) } catch {
      logger.error("the end of a session could not be stored", metadata: ["error": "\(error)"])
    }
  }

  /// A store that cannot be asked ends every session: clients open a new one.
  func isEnded(_ id: String) async -> Bool {
    let (epoch, now) = (store.epoch.current, NIODeadline.now())
    let isOpen = state.withLock { state in
      guard state.epoch == epoch, let seen = state.open[id] else { return false }
      return now - seen < Self.longest
    }
    if isOpen { return false }
    let isEnded = (try? await store.isRevoked(anyOf: [SessionID("mcp \(id)")])) ?? true
    guard !isEnded else { return true }
    state.withLock { state in
      // What was read before a change says nothing of the time after it.
      guard state.epoch <= epoch else { return }
      if state.epoch < epoch || state.open.count >= Self.capacity { state = State(epoch: epoch) }
      state.open[id] = now
    }
    return false
  }
}
