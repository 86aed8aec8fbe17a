internal import Synchronization

/// Boards of which people's requests showed whether settings let them be reached: webhooks come in nobody's name, and where the connector has
/// no account of its own it cannot ask for them.
final class KnownBoards: Sendable {
  private static let maximum = 10_000
  /// The ids of those that may be reached. Guarded by the mutex.
  private let ids = Mutex<Set<String>>([])

  func contains(_ id: String) -> Bool { ids.withLock { $0.contains(id) } }

  /// Later knowledge counts: a board may come to another project.
  func learn(_ id: String, isAdmitted: Bool) {
    ids.withLock { ids in
      guard isAdmitted else { return _ = ids.remove(id) }
      if ids.count >= Self.maximum { ids.removeAll() }
      ids.insert(id)
    }
  }
}
