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
    guard response.status == .ok, let tag = response.headers["ETag"], response.body.readableBytes <= maximumBytes / 4 else { return response }
    // RFC 9111, section 5.2.2.5.
    guard response.headers["Cache-Control"]?.lowercased().contains("no-store") != true else { return response }
    state.withLock { state in
      let key = Self.key(request, credential)
      state.clock += 1
      if let old = state.entries[key] { state.bytes -= old.response.body.readableBytes }
      state.entries[key] = Entry(response: response, tag: tag, use: state.clock)
      state.bytes += response.body.readableBytes
      while state.bytes > maximumBytes, let oldest = state.entries.min(by: { $0.value.use < $1.value.use }) {
        state.bytes -= oldest.value.response.body.readableBytes
        state.entries[oldest.key] = nil
      }
    }
    return response
  }
}
