import NIOCore
import Testing

@testable import MCP

@Suite("Line decoder")
struct LineDecoderTests {
  private static func decode(_ text: String, chunk: Int, limit: Int = 1000, overflow: LineDecoder.Overflow = .discard)
    -> (lines: [String], rest: String?)
  {
    var decoder = LineDecoder(maximumLength: limit, overflow: overflow)
    var lines: [String] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      decoder.append(ByteBuffer(bytes: bytes[start..<min(start + chunk, bytes.count)]))
      while let element = decoder.next() {
        switch element {
        case .line(let line): lines.append(String(buffer: line))
        case .tooLong(let beginning): lines.append("too long" + (beginning.map { ": " + String(buffer: $0) } ?? ""))
        }
      }
    }
    return (lines, decoder.finish().map { String(buffer: $0) })
  }

  @Test("lines are the same however the stream is split", arguments: [1, 2, 3, 5, 7, 1000])
  func split(chunk: Int) {
    let result = Self.decode("{\"a\":1}\nsecond\r\n\n\r\n é \r\nin\rside\nrest", chunk: chunk)
    #expect(result.lines == ["{\"a\":1}", "second", " é ", "in\rside"])
    #expect(result.rest == "rest")
  }

  @Test("a stream that ends with a newline leaves nothing")
  func noRest() {
    #expect(Self.decode("a\n", chunk: 10).rest == nil)
    #expect(Self.decode("", chunk: 10).rest == nil)
  }

  @Test("the bound counts the line without its ending", arguments: [1, 4, 100])
  func bound(chunk: Int) {
    let result = Self.decode("1234\n12345\n1234\r\n12345\r\nok\n", chunk: chunk, limit: 4)
    #expect(result.lines == ["1234", "too long", "1234", "too long", "ok"])
  }

  @Test("a line that is too long is reported once, and what follows it is read", arguments: [1, 3, 64, 1000])
  func skipping(chunk: Int) {
    let long = String(repeating: "x", count: 200)
    let result = Self.decode("a\n\(long)\nb\n\(long)", chunk: chunk, limit: 10)
    #expect(result.lines == ["a", "too long", "b", "too long"])
    let cut = Self.decode("\(long)\nb\n", chunk: chunk, limit: 10, overflow: .truncate)
    #expect(cut.lines == ["too long: xxxxxxxxxx", "b"])
  }

  @Test("no more than the bound and one read is held of an endless line")
  func memory() {
    var decoder = LineDecoder(maximumLength: 10_000)
    for _ in 0..<1000 {
      decoder.append(ByteBuffer(repeating: UInt8(ascii: "x"), count: 1024))
      _ = decoder.next()
      #expect(decoder.pendingBytes <= 10_000 + 1024)
    }
  }

  @Test("lines handed out do not change when more comes")
  func aliasing() {
    var decoder = LineDecoder(maximumLength: 100)
    decoder.append(ByteBuffer(string: "first\nsec"))
    guard case .line(let first) = decoder.next() else { Issue.record("no line"); return }
    decoder.append(ByteBuffer(string: "ond\nthird\n"))
    guard case .line(let second) = decoder.next() else { Issue.record("no line"); return }
    #expect(String(buffer: first) == "first")
    #expect(String(buffer: second) == "second")
  }
}
