import MCPHTTP
import NIOCore

extension FuzzTarget {
  /// The reader of event streams: however the bytes are cut, and against a reader that follows the standard line by line.
  public static let sse = FuzzTarget(
    "sse",
    dictionary: [
      "data:", "data: ", "event:", "id:", "id\n", "retry:", "\n", "\r", "\r\n", "\n\n", ":", ": ", "\u{FEFF}", "\0", "data\n", "1000", "message", " ", "é",
    ]
  ) { bytes throws(Finding) in
    var cuts = Cuts(bytes)
    let whole = read(cuts.whole, bound: 1 << 20)
    guard let events = whole.events else { throw Finding("a bound is exceeded that is beyond the input") }
    let expected = SlowEventReader(bytes)
    try require(events == expected.events, "the events are \(events), by the standard \(expected.events)")
    try require(whole.lastID == expected.lastID && whole.retry == expected.retry, "id or reconnection time are not what the standard says")
    let bounded = read(cuts.whole, bound: 24)
    for pieces in cuts.others() {
      try require(read(pieces, bound: 1 << 20) == whole, "the events depend on how the bytes arrive")
      try require(read(pieces, bound: 24) == bounded, "the bound depends on how the bytes arrive")
    }
    for event in events {
      let written = SSE.event(data: event.data, event: event.event, id: event.id, retry: event.retry)
      try require(read([written], bound: 1 << 20).events == [event], "\(event) does not come back from \(String(buffer: written))")
    }
  }

  private struct Reading: Equatable {
    /// Nil when a bound was exceeded.
    var events: [SSEEvent]?
    var lastID: String?
    var retry: Int?
  }

  private static func read(_ pieces: [ByteBuffer], bound: Int) -> Reading {
    var parser = SSEParser(maxEventBytes: bound)
    var events: [SSEEvent] = []
    do throws(SSEParserError) {
      for piece in pieces { events += try parser.parse(piece) }
    } catch { return Reading() }
    return Reading(events: events, lastID: parser.lastEventID, retry: parser.reconnectionTime)
  }
}

/// An event stream read as WHATWG HTML, 9.2.6 tells it, in no hurry.
private struct SlowEventReader {
  var events: [SSEEvent] = []
  var lastID: String?
  var retry: Int?

  init(_ bytes: [UInt8]) {
    var lines: [[UInt8]] = []
    var line: [UInt8] = []
    var position = 0
    while position < bytes.count {
      switch bytes[position] {
      case 0x0D:
        lines.append(line)
        line = []
        if position + 1 < bytes.count, bytes[position + 1] == 0x0A { position += 1 }
      case 0x0A:
        lines.append(line)
        line = []
      case let byte: line.append(byte)
      }
      position += 1
    }
    var data: [UInt8]?
    var (type, time): (String?, Int?) = (nil, nil)
    for (number, line) in lines.enumerated() {
      let line = number == 0 && line.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(line.dropFirst(3)) : line
      if line.isEmpty {
        if let data { events.append(SSEEvent(event: type, data: ByteBuffer(bytes: data), id: lastID, retry: time)) }
        (data, type, time) = (nil, nil, nil)
        continue
      }
      let colon = line.firstIndex(of: 0x3A)
      let name = line[..<(colon ?? line.count)]
      var value = line[(colon.map { $0 + 1 } ?? line.count)...]
      if value.first == 0x20 { value = value.dropFirst() }
      let text = String(decoding: value, as: UTF8.self)
      switch String(decoding: name, as: UTF8.self) {
      case "data": data = data.map { $0 + [0x0A] + value } ?? Array(value)
      case "event": type = text.isEmpty ? nil : text
      case "id": if !value.contains(0) { lastID = text.isEmpty ? nil : text }
      case "retry":
        if !value.isEmpty, value.allSatisfy({ (0x30...0x39).contains($0) }), let milliseconds = Int(text) { (time, retry) = (milliseconds, milliseconds) }
      default: break
      }
    }
  }
}
