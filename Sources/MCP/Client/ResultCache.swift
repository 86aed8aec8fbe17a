internal import JSON
internal import NIOCore
internal import Synchronization

/// Results that their server said may be kept for a while (2026-07-28, server/utilities/caching). One client is one authorization
/// context, so private results are kept as well as public ones.
final class ResultCache: Sendable {
  struct Key: Hashable, Sendable {
    var method: Method
    /// The cursor of a page, or the URI of what was read.
    var parameter: String?
  }

  private struct Entry {
    var result: RawJSON
    var expiry: NIODeadline
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var bytes = 0
    /// Counts what was forgotten since the start.
    var generation = 0

    mutating func remove(_ key: Key) {
      if let entry = entries.removeValue(forKey: key) { bytes -= entry.result.range.count }
    }
  }

  /// Guards what is kept.
  private let state = Mutex(State())
  private let maximumBytes: Int
  private static let maximumEntries = 256
  /// However long the server would have it.
  private static let longest: Int = 24 * 3_600_000

  init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  subscript(_ key: Key) -> RawJSON? {
    state.withLock { state in
      guard let entry = state.entries[key] else { return nil }
      if entry.expiry > .now() { return entry.result }
      state.remove(key)
      return nil
    }
  }

  /// What ``keep(_:for:since:)`` wants to know of the time when a result was asked for.
  var generation: Int { state.withLock(\.generation) }

  /// Keeps a result, unless something was forgotten since it was asked for: it may be of the time before.
  func keep(_ result: RawJSON, for key: Key, since generation: Int) {
    guard let milliseconds = result["ttlMs"]?.int, milliseconds > 0, result.range.count <= maximumBytes / 4 else {
      return state.withLock { $0.remove(key) }
    }
    let expiry = NIODeadline.now() + .milliseconds(Int64(min(milliseconds, Self.longest)))
    state.withLock { state in
      state.remove(key)
      guard state.generation == generation else { return }
      while state.entries.count >= Self.maximumEntries || state.bytes + result.range.count > maximumBytes,
        let oldest = state.entries.min(by: { $0.value.expiry < $1.value.expiry })?.key
      {
        state.remove(oldest)
      }
      state.entries[key] = Entry(result: result, expiry: expiry)
      state.bytes += result.range.count
    }
  }

  /// Forgets what `change` makes stale.
  func forget(_ change: ServerChange) {
    if case .taskUpdated = change { return }
    state.withLock { state in
      state.generation += 1
      for key in state.entries.keys where change.concerns(key) { state.remove(key) }
    }
  }

  func forget(_ method: Method) {
    state.withLock { state in
      state.generation += 1
      for key in state.entries.keys where key.method == method { state.remove(key) }
    }
  }

  func forgetAll() { state.withLock { $0 = State(generation: $0.generation + 1) } }
}

extension ServerChange {
  fileprivate func concerns(_ key: ResultCache.Key) -> Bool {
    switch self {
    case .toolsListChanged: key.method == .toolsList
    case .promptsListChanged: key.method == .promptsList
    case .resourcesListChanged: key.method == .resourcesList || key.method == .resourceTemplatesList
    case .resourceUpdated(let uri): key.method == .resourcesRead && key.parameter == uri
    case .taskUpdated: false
    }
  }
}
