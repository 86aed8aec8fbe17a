public import NIOCore

/// Reads an event stream incrementally (WHATWG HTML, 9.2.6): any split of the bytes gives the same events.
///
/// An event without `data` is not an event, as the standard has it, but its `id` and `retry` count. What is unfinished
/// when the stream ends is dropped.
public struct SSEParser: Sendable {
  /// The last event id seen, for `Last-Event-ID`; an empty `id` field resets it to nil.
  public private(set) var lastEventID: String?
  /// The reconnection time the server asked for, in milliseconds.
  public private(set) var reconnectionTime: Int?

  private let maxEventBytes: Int
  /// The beginning of a line whose end has not arrived.
  private var partial = ByteBuffer()
  private var data: ByteBuffer?
  private var event: String?
  private var retry: Int?
  /// A CR ended the last line: an LF that follows belongs to it.
  private var skipsLineFeed = false
  /// The byte order mark is looked for on the first line only.
  private var isFirstLine = true

  /// - Parameter maxEventBytes: The bound on one event's data, and on one line.
  public init(maxEventBytes: Int = 4 * 1024 * 1024) {
    self.maxEventBytes = maxEventBytes
  }

  /// Takes the next bytes of the stream and returns the events they complete. After an error the parser is of no more use.
  public mutating func parse(_ bytes: ByteBuffer) throws(SSEParserError) -> [SSEEvent] {
    var bytes = bytes
    var events: [SSEEvent] = []
    while bytes.readableBytes > 0 {
      if skipsLineFeed {
        skipsLineFeed = false
        if bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) == 0x0A {
          bytes.moveReaderIndex(forwardBy: 1)
          continue
        }
      }
      let length = bytes.withUnsafeReadableBytes { $0.firstIndex { $0 == 0x0A || $0 == 0x0D } }
      guard partial.readableBytes + (length ?? bytes.readableBytes) <= maxEventBytes + 16 else { throw tooLarge }
      guard let length, let tail = bytes.readSlice(length: length) else {
        partial.writeImmutableBuffer(bytes)
        break
      }
      skipsLineFeed = bytes.readInteger(as: UInt8.self) == 0x0D
      if partial.readableBytes == 0 {
        try line(tail, into: &events)
      } else {
        partial.writeImmutableBuffer(tail)
        let whole = partial
        partial = ByteBuffer()
        try line(whole, into: &events)
      }
    }
    return events
  }

  private var tooLarge: SSEParserError { .eventTooLarge(maxBytes: maxEventBytes) }

  private mutating func line(_ line: ByteBuffer, into events: inout [SSEEvent]) throws(SSEParserError) {
    var line = line
    if isFirstLine {
      isFirstLine = false
      if line.readableBytesView.starts(with: [0xEF, 0xBB, 0xBF]) { line.moveReaderIndex(forwardBy: 3) }
    }
    guard line.readableBytes > 0 else { return dispatch(into: &events) }
    let colon = line.readableBytesView.firstIndex(of: 0x3A)
    guard let name = line.readSlice(length: (colon ?? line.writerIndex) - line.readerIndex) else { return }
    if colon != nil { line.moveReaderIndex(forwardBy: 1) }
    if line.getInteger(at: line.readerIndex, as: UInt8.self) == 0x20, line.readableBytes > 0 { line.moveReaderIndex(forwardBy: 1) }
    try field(String(buffer: name), line)
  }

  private mutating func field(_ name: String, _ value: ByteBuffer) throws(SSEParserError) {
    switch name {
    case "data":
      guard (data?.readableBytes ?? 0) + value.readableBytes < maxEventBytes else { throw tooLarge }
      if data == nil {
        data = value
      } else {
        data?.writeInteger(UInt8(0x0A))
        data?.writeImmutableBuffer(value)
      }
    case "event":
      event = value.readableBytes == 0 ? nil : String(buffer: value)
    case "id":
      let id = String(buffer: value)
      if !id.utf8.contains(0) { lastEventID = id.isEmpty ? nil : id }
    case "retry":
      let digits = String(buffer: value)
      if !digits.isEmpty, digits.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let milliseconds = Int(digits) {
        retry = milliseconds
        reconnectionTime = milliseconds
      }
    default:
      break
    }
  }

  private mutating func dispatch(into events: inout [SSEEvent]) {
    if let data {
      events.append(SSEEvent(event: event, data: data, id: lastEventID, retry: retry))
    }
    data = nil
    event = nil
    retry = nil
  }
}
