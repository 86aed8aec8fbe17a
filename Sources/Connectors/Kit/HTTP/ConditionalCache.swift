internal import NIOCore
internal import MCPHTTP
internal import Synchronization

/// Answers that may be asked for again by their ETag (RFC 9110, section 13): a 304 costs most vendors' limits nothing.
/// Kept for one credential each, never shown to another.
final class ConditionalCache: Sendable {
  private struct Key: Hashable {
    var credential: String
    var path: String
    var accept: String
  }
  private struct Entry {
    var response: VendorResponse
    var tag: String
    var cost: Int
    var use: UInt64
  }
  private struct State {
    var entries: [Key: Entry] = [:]
    var bytes = 0
    var clock: UInt64 = 0
  }

  /// Guards the answers that are kept.
  private let state = Mutex(State())
  private let maximumBytes: Int

  init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  private static func key(_ request: VendorRequest, _ credential: String) -> Key {
    Key(credential: credential, path: (request.origin?.description ?? "") + request.path, accept: request.headers["Accept"] ?? "")
  }

  func tag(for request: VendorRequest, credential: String) -> String? {
    state.withLock { $0.entries[Self.key(request, credential)]?.tag }
  }

  /// The kept answer, with the headers of the one that says that it still holds.
  func response(for request: VendorRequest, credential: String, revalidatedBy headers: HTTPHeaders) -> VendorResponse? {
    state.withLock { state in
      let key = Self.key(request, credential)
      guard var entry = state.entries[key] else { return nil }
      state.clock += 1
      entry.use = state.clock
      state.entries[key] = entry
      var response = entry.response
      for (name, value) in headers.pairs where name.lowercased().hasPrefix("x-ratelimit") { response.headers.set(name, value) }
      return response
    }
  }

  /// Keeps an answer that has a tag, and gives it back.
  func keep(_ response: VendorResponse, for request: VendorRequest, credential: String) -> VendorResponse {
    guard response.status == .ok, let tag = response.headers["ETag"] else { return response }
    // RFC 9111, section 5.2.2.5.
    guard response.headers["Cache-Control"]?.lowercased().contains("no-store") != true else { return response }
    let key = Self.key(request, credential)
    let cost = Self.cost(of: response, key)
    guard cost <= maximumBytes / 4 else { return response }
    state.withLock { state in
      state.clock += 1
      state.bytes += cost - (state.entries[key]?.cost ?? 0)
      state.entries[key] = Entry(response: response, tag: tag, cost: cost, use: state.clock)
      if state.bytes > maximumBytes { Self.shrink(&state, to: maximumBytes / 4 * 3) }
    }
    return response
  }

  /// What an answer takes of the memory. Even an empty one counts, so that there is a bound to how many there are.
  private static func cost(of response: VendorResponse, _ key: Key) -> Int {
    let headers = response.headers.pairs.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    return response.body.readableBytes + headers + key.credential.utf8.count + key.path.utf8.count + key.accept.utf8.count + 1024
  }

  /// Drops what was not used for longest. A good part at once: looking for it costs as much for one as for many.
  private static func shrink(_ state: inout State, to bytes: Int) {
    for (key, entry) in state.entries.sorted(by: { $0.value.use < $1.value.use }) {
      guard state.bytes > bytes else { return }
      state.bytes -= entry.cost
      state.entries[key] = nil
    }
  }
}
