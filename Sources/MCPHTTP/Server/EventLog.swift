internal import Crypto
internal import MCP
internal import NIOCore
internal import Synchronization

/// What the streams of all sessions may keep together, in bytes.
final class StreamMemory: Sendable {
  private let used = Atomic<Int>(0)
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  var isExceeded: Bool { used.load(ordering: .relaxed) > limit }
  func add(_ bytes: Int) { used.add(bytes, ordering: .relaxed) }
}

/// The events of one stream, numbered, so that a client that lost it can go on where it was (2025-11-25, basic/transports,
/// "Resumability and Redelivery"). Bounded: of a stream that nobody reads the oldest events are forgotten, the answer last; where all
/// streams together take too much, those of this one.
final class EventLog {
  private static let limit = 256
  private static let bytes = 1 << 20

  /// Nobody can guess it, and no other stream has it.
  let streamID: String = Base64.encode(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }, urlSafe: true)
  private var last = 0
  private var events: [(number: Int, text: ByteBuffer)] = []
  private var size = 0
  private let memory: StreamMemory?

  init(_ memory: StreamMemory?) { self.memory = memory }

  deinit { memory?.add(-size) }

  /// An event without data that gives the client a place to come back to.
  ///
  /// - Parameter retry: how many milliseconds it should wait before it does.
  func mark(retry: Int?) -> ByteBuffer {
    last += 1
    return SSE.event(data: ByteBuffer(), id: id, retry: retry)
  }

  /// Numbers a message and keeps it.
  func add(_ message: ByteBuffer) -> ByteBuffer {
    last += 1
    let event = SSE.event(data: message, id: id)
    events.append((last, event))
    grow(by: event.readableBytes)
    while events.count > 1, events.count > EventLog.limit || size > EventLog.bytes { forgetFirst() }
    while let memory, memory.isExceeded, !events.isEmpty { forgetFirst() }
    return event
  }

  private func forgetFirst() { grow(by: -events.removeFirst().text.readableBytes) }

  private func grow(by bytes: Int) {
    size += bytes
    memory?.add(bytes)
  }

  /// The events after the one with this number.
  func events(after number: Int) -> [(number: Int, text: ByteBuffer)] { events.filter { $0.number > number } }

  private var id: String { "\(streamID).\(last)" }

  /// The parts of an event id; nil for what is none.
  static func place(_ id: String) -> (streamID: String, number: Int)? {
    guard let dot = id.lastIndex(of: "."), let number = Int(id[id.index(after: dot)...]), number >= 0 else { return nil }
    return (String(id[..<dot]), number)
  }
}
