import MCPHTTP
import NIOCore
import Testing

@Suite("Server-sent events")
struct HTTPSSETests {
  typealias Row = (String, [SSEEvent])

  static func event(_ data: String, _ name: String? = nil, id: String? = nil, retry: Int? = nil) -> SSEEvent {
    SSEEvent(event: name, data: ByteBuffer(string: data), id: id, retry: retry)
  }

  static let streams: [Row] = [
    ("data: a\n\n", [event("a")]),
    ("data:a\n\n", [event("a")]),
    ("data:  a\n\n", [event(" a")]),
    ("data: a\r\n\r\n", [event("a")]),
    ("data: a\r\r", [event("a")]),
    ("data: a\r\n\ndata: b\r\r\n", [event("a"), event("b")]),
    ("\u{feff}data: a\n\n", [event("a")]),
    ("data: a\ndata: b\ndata\n\n", [event("a\nb\n")]),
    ("data\n\n", [event("")]),
    ("data:\n\n", [event("")]),
    ("id: 1\n\n", []),
    ("id: 1\n\ndata: a\n\n", [event("a", id: "1")]),
    ("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", [event("a", id: "1"), event("b", id: "1"), event("c")]),
    ("event: x\ndata: a\n\ndata: b\n\n", [event("a", "x"), event("b")]),
    ("event: x\n\ndata: b\n\n", [event("b")]),
    (": comment\n:\n\ndata: a\n\n", [event("a")]),
    ("retry: 10\ndata: a\n\nretry: 1x\ndata: b\n\n", [event("a", retry: 10), event("b")]),
    ("unknown: 1\nDATA: no\ndata: a\n\n", [event("a")]),
    ("data: unfinished\n", []),
    ("\n\n\n", []),
    ("data: a:b\n\n", [event("a:b")]),
    ("data: \u{e9}\u{1F600}\n\n", [event("\u{e9}\u{1F600}")]),
  ]

  @Test("a stream gives the same events however it is split", arguments: streams)
  func splits(_ stream: String, _ events: [SSEEvent]) throws {
    let bytes = Array(stream.utf8)
    for split in 0...bytes.count {
      var parser = SSEParser()
      let first = try parser.parse(ByteBuffer(bytes: bytes[..<split]))
      let second = try parser.parse(ByteBuffer(bytes: bytes[split...]))
      #expect(first + second == events)
    }
    var parser = SSEParser()
    var seen: [SSEEvent] = []
    for byte in bytes { seen += try parser.parse(ByteBuffer(bytes: [byte])) }
    #expect(seen == events)
  }

  @Test("events and lines over the bound are an error", arguments: ["data: ", "data: x\ndata: x\ndata:", "x", ": "])
  func bounded(_ beginning: String) {
    var parser = SSEParser(maxEventBytes: 100)
    #expect(throws: SSEParserError.eventTooLarge(maxBytes: 100)) {
      _ = try parser.parse(ByteBuffer(string: beginning))
      for _ in 0..<60 { _ = try parser.parse(ByteBuffer(string: "xx")) }
      _ = try parser.parse(ByteBuffer(string: "\n"))
    }
  }

  @Test("the last event id and the reconnection time are kept for reconnecting")
  func reconnection() throws {
    var parser = SSEParser()
    _ = try parser.parse(ByteBuffer(string: "id: 7\nretry: 1500\ndata:\n\n"))
    #expect(parser.lastEventID == "7")
    #expect(parser.reconnectionTime == 1500)
  }

  @Test("what the writer writes, the parser reads", arguments: ["", "a", "a\nb", "a\n", "\n", " a", "{\"x\": 1}"])
  func writes(_ data: String) throws {
    var parser = SSEParser()
    let bytes = SSE.event(data: ByteBuffer(string: data), event: "message", id: "9", retry: 3)
    #expect(try parser.parse(bytes) == [Self.event(data, "message", id: "9", retry: 3)])
  }

  @Test("no value can forge a field or an event")
  func injection() throws {
    var parser = SSEParser()
    let bytes = SSE.event(data: ByteBuffer(string: "a\r\rdata: b\n\nevent: x"), event: "e\nid: 1", id: "i\r\n\r\n")
    let events = try parser.parse(bytes)
    #expect(events == [Self.event("a\n\ndata: b\n\nevent: x", "e id: 1", id: "i    ")])
  }
}
