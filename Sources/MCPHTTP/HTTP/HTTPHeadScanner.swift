import NIOCore

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Reads a message head (start line and field lines) incrementally and strictly; requests and responses share it.
///
/// It keeps offsets only. The caller holds the bytes, hands over all of them since the head began each time more arrive,
/// and no byte is looked at twice but those of an unfinished line's end search.
/// Refused: bare LF, folded lines, whitespace before the colon, empty or invalid names, control characters in values
/// (RFC 9112, 2.2, 5, 5.1, 5.2), and heads over the bound.
struct HTTPHeadScanner {
  /// What the fields say about where the message ends (RFC 9112, 6).
  struct Framing {
    var contentLength: Int?
    var hasTransferEncoding = false
    /// The transfer coding is exactly `chunked`; anything else is not supported.
    var isChunked = false
    var closes = false
    var keepsAlive = false
    var expectsContinue = false
    var hasUnknownExpectation = false
    var hostCount = 0
  }

  private(set) var fields: [HTTPHeaders.Field] = []
  private(set) var framing = Framing()
  /// The start line without its CRLF, from the start of the head; nil until it is complete.
  private(set) var startLine: Range<Int>?

  private var lineStart = 0
  private var searched = 0
  private var hasLeadingBlank = false
  private let maxBytes: Int

  init(maxBytes: Int) {
    self.maxBytes = maxBytes
    fields.reserveCapacity(12)
  }

  /// Looks at `bytes`, the head so far. Returns the head's length with its blank line once it is complete.
  mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(HTTPFramingError) -> Int? {
    while searched < bytes.count {
      let rest = bytes.baseAddress! + searched
      guard let found = memchr(rest, 0x0A, bytes.count - searched) else {
        searched = bytes.count
        break
      }
      let newline = UnsafeRawPointer(found) - bytes.baseAddress!
      searched = newline + 1
      guard newline < maxBytes else { throw .headTooLarge }
      guard newline > lineStart, bytes[newline - 1] == 0x0D else { throw .bad("a line does not end with CRLF") }
      let line = lineStart..<(newline - 1)
      lineStart = newline + 1
      if startLine == nil {
        // One empty line before the start line is ignored (RFC 9112, 2.2), a second one is not.
        if line.isEmpty {
          guard !hasLeadingBlank else { throw .bad("empty lines where a message should start") }
          hasLeadingBlank = true
        } else {
          startLine = line
        }
      } else if line.isEmpty {
        return newline + 1
      } else {
        try field(line, in: bytes)
      }
    }
    guard bytes.count <= maxBytes else { throw .headTooLarge }
    return nil
  }

  private mutating func field(_ line: Range<Int>, in bytes: UnsafeRawBufferPointer) throws(HTTPFramingError) {
    var position = line.lowerBound
    while position < line.upperBound, ASCII.isToken(bytes[position]) { position += 1 }
    guard position < line.upperBound, bytes[position] == 0x3A else {
      let folded = ASCII.isOptionalWhitespace(bytes[line.lowerBound])
      throw .bad(folded ? "a header line is folded" : "a header name is invalid")
    }
    let nameLength = position - line.lowerBound
    guard nameLength > 0 else { throw .bad("a header name is empty") }

    var start = position + 1
    var end = line.upperBound
    while start < end, ASCII.isOptionalWhitespace(bytes[start]) { start += 1 }
    while end > start, ASCII.isOptionalWhitespace(bytes[end - 1]) { end -= 1 }
    var isValid = true
    for position in start..<end where !ASCII.isFieldValue(bytes[position]) { isValid = false }
    guard isValid else { throw .bad("a header value has a control character") }

    fields.append(
      HTTPHeaders.Field(
        name: UInt32(truncatingIfNeeded: line.lowerBound), nameLength: UInt32(truncatingIfNeeded: nameLength),
        value: UInt32(truncatingIfNeeded: start), valueLength: UInt32(truncatingIfNeeded: end - start)))

    let name = UnsafeRawBufferPointer(rebasing: bytes[line.lowerBound..<line.lowerBound + nameLength])
    let value = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    try note(name, value)
  }

  private mutating func note(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(HTTPFramingError) {
    switch name.count {
    case 4 where ASCII.equalIgnoringCase(name, "host"):
      framing.hostCount += 1
      for byte in value where !ASCII.isHost(byte) { throw .bad("Host is invalid") }
    case 6 where ASCII.equalIgnoringCase(name, "expect"):
      if ASCII.equalIgnoringCase(value, "100-continue") {
        framing.expectsContinue = true
      } else {
        framing.hasUnknownExpectation = true
      }
    case 10 where ASCII.equalIgnoringCase(name, "connection"):
      var closes = framing.closes
      var keepsAlive = framing.keepsAlive
      ASCII.forEachListMember(value) { member in
        if ASCII.equalIgnoringCase(member, "close") { closes = true }
        if ASCII.equalIgnoringCase(member, "keep-alive") { keepsAlive = true }
      }
      framing.closes = closes
      framing.keepsAlive = keepsAlive
    case 14 where ASCII.equalIgnoringCase(name, "content-length"):
      // Even equal repetitions are refused: who repeats it is testing which one we believe.
      guard framing.contentLength == nil else { throw .bad("more than one Content-Length") }
      guard let length = Self.decimal(value) else { throw .bad("Content-Length is not a number") }
      framing.contentLength = length
    case 17 where ASCII.equalIgnoringCase(name, "transfer-encoding"):
      framing.isChunked = !framing.hasTransferEncoding && ASCII.equalIgnoringCase(value, "chunked")
      framing.hasTransferEncoding = true
    default:
      break
    }
  }

  private static func decimal(_ text: UnsafeRawBufferPointer) -> Int? {
    guard !text.isEmpty, text.count <= 18 else { return nil }
    var number = 0
    for byte in text {
      guard byte &- 0x30 < 10 else { return nil }
      number = number * 10 + Int(byte - 0x30)
    }
    return number
  }
}
