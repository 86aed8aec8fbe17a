internal import JSON
internal import NIOCore
internal import Synchronization

/// Results that their server said may be kept for a while (2026-07-28, server/utilities/caching). Private ones are kept as well as public
/// ones, for as long as the client's requests go out as the same somebody (``ClientWire/authorizationContext``).
final class ResultCache: Sendable {
  struct Key: Hashable, Sendable {
    var method: Method
    /// The cursor of a page, or the URI of what was read.
    var parameter: String?
  }

  private struct Entry {
    var result: RawJSON
    var expiry: NIODeadline
    /// Whose answer it is; nil where it is everybody's.
    var context: Int?
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

  /// What is kept for `key`, unless it was somebody else's answer: then everything of theirs is forgotten.
  ///
  /// - Parameter context: gives the authorization context of now, asked for only where it matters.
  func result(for key: Key, context: () -> Int) -> RawJSON? {
    let entry: Entry? = state.withLock { state in
      guard let entry = state.entries[key] else { return nil }
      if entry.expiry > .now() { return entry }
      state.remove(key)
      return nil
    }
    guard let entry, let owner = entry.context else { return entry?.result }
    let current = context()
    if owner == current { return entry.result }
    state.withLock { state in
      for (key, entry) in state.entries where entry.context.map({ $0 != current }) == true { state.remove(key) }
    }
    return nil
  }

  /// What ``keep(_:for:since:context:)`` wants to know of the time when a result was asked for.
  var generation: Int { state.withLock(\.generation) }

  /// Keeps a result, unless something was forgotten since it was asked for: it may be of the time before.
  ///
  /// - Parameter context: the authorization context from before it was asked for.
  func keep(_ result: RawJSON, for key: Key, since generation: Int, context: Int) {
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
      let isPublic = result["cacheScope"]?.equals("public") == true
      state.entries[key] = Entry(result: result, expiry: expiry, context: isPublic ? nil : context)
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
