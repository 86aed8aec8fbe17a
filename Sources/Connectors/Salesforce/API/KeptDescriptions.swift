internal import JSON
internal import NIOCore
internal import Synchronization

/// What Salesforce said of its objects and their fields, for some minutes: it changes rarely, is long, and completion asks for it with every letter.
final class KeptDescriptions: Sendable {
  private struct Entry {
    var json: RawJSON
    var ends: Int64
  }
  private struct State {
    var entries: [String: Entry] = [:]
    var bytes = 0
  }

  static let seconds: Int64 = 300
  /// Of all descriptions.
  private static let maximumBytes = 32 << 20
  /// Guards what is kept.
  private let state = Mutex(State())

  /// - Parameter key: whose description it is, of what.
  func find(_ key: String, now: Int64) -> RawJSON? { state.withLock { state in state.entries[key].flatMap { $0.ends > now ? $0.json : nil } } }

  func keep(_ json: RawJSON, _ key: String, now: Int64) {
    let size = json.bytes.readableBytes
    guard size <= Self.maximumBytes / 2 else { return }
    state.withLock { state in
      if let old = state.entries.removeValue(forKey: key) { state.bytes -= old.json.bytes.readableBytes }
      if state.bytes + size > Self.maximumBytes {
        state.entries = state.entries.filter { $0.value.ends > now }
        state.bytes = state.entries.values.reduce(0) { $0 + $1.json.bytes.readableBytes }
      }
      if state.bytes + size > Self.maximumBytes { state = State() }
      state.entries[key] = Entry(json: json, ends: now + Self.seconds)
      state.bytes += size
    }
  }
}
