internal import Synchronization

/// The tables of a database as they were read last, and when to read them again: after a while, and when a statement
/// failed in a way that tells of a changed schema.
final class SchemaCatalog: Sendable {
  private struct State {
    var tables: [SQLTable] = []
    var readAt: ContinuousClock.Instant?
  }
  /// What was read, and when. Never held across a reading.
  private let state = Mutex(State())
  private let lifetime: Duration

  init(_ tables: [SQLTable]? = nil, lifetime: Duration = .seconds(30)) {
    self.lifetime = lifetime
    if let tables { set(tables) }
  }

  /// The tables as last read, perhaps none yet.
  var known: [SQLTable] { state.withLock(\.tables) }

  func forget() { state.withLock { $0.readAt = nil } }

  /// - Returns: whether they differ from those known before.
  @discardableResult func set(_ tables: [SQLTable]) -> Bool {
    state.withLock { state in
      defer { (state.tables, state.readAt) = (tables, .now) }
      return state.tables != tables
    }
  }

  /// The tables, if they are fresh enough.
  var fresh: [SQLTable]? {
    state.withLock { state in
      guard let readAt = state.readAt, readAt.duration(to: .now) < lifetime else { return nil }
      return state.tables
    }
  }
}
