package import NIOCore

/// Decodes the chunked transfer coding (RFC 9112, 7.1) incrementally. Extensions and trailers are skipped within bounds.
package struct HTTPChunkedDecoder {
  private enum State {
    case size(digits: Int, value: Int)
    case sizeExtension
    case sizeLineFeed
    case data
    case dataCarriageReturn
    case dataLineFeed
    case trailerStart
    case trailer
    case trailerLineFeed
    case endLineFeed
    case done
  }

  private var state: State = .size(digits: 0, value: 0)
  private var remaining = 0
  /// Bytes of extensions and trailers so far: they carry nothing for us, so they may not be many.
  private var overhead = 0
  private let maxOverhead: Int

  package init(maxOverhead: Int = 8192) {
    self.maxOverhead = maxOverhead
  }

  package var isDone: Bool { if case .done = state { true } else { false } }

  /// Consumes bytes of `input` up to the end of the body. Returns the next piece of content, or nil when `input` is used
  /// up or the body is complete (`isDone`). Bytes behind the body stay in `input`.
  package mutating func next(from input: inout ByteBuffer) throws(HTTPFramingError) -> ByteBuffer? {
    while input.readableBytes > 0 {
      if case .data = state {
        let piece = input.readSlice(length: min(remaining, input.readableBytes))
        remaining -= piece?.readableBytes ?? 0
        if remaining == 0 { state = .dataCarriageReturn }
        return piece
      }
      if isDone { return nil }
      try control(input.readInteger(as: UInt8.self) ?? 0)
    }
    return nil
  }

  private mutating func control(_ byte: UInt8) throws(HTTPFramingError) {
    switch state {
    case .size(let digits, let value):
      if let digit = ASCII.hexDigit(byte) {
        // 15 digits: more than any length we accept, less than an overflow.
        guard digits < 15 else { throw .bad("a chunk size is too long") }
        state = .size(digits: digits + 1, value: value << 4 | digit)
      } else {
        guard digits > 0 else { throw .bad("a chunk size is missing") }
        remaining = value
        if byte == 0x0D {
          state = .sizeLineFeed
        } else if byte == 0x3B {
          state = .sizeExtension
        } else {
          throw .bad("a chunk size is not a number")
        }
      }
    case .sizeExtension:
      try count()
      if byte == 0x0D {
        state = .sizeLineFeed
      } else if !ASCII.isFieldValue(byte) {
        throw .bad("a chunk extension has a control character")
      }
    case .sizeLineFeed:
      try expect(byte, 0x0A)
      state = remaining == 0 ? .trailerStart : .data
    case .dataCarriageReturn:
      try expect(byte, 0x0D)
      state = .dataLineFeed
    case .dataLineFeed:
      try expect(byte, 0x0A)
      state = .size(digits: 0, value: 0)
    case .trailerStart:
      try count()
      state = byte == 0x0D ? .endLineFeed : .trailer
      if byte != 0x0D, !ASCII.isToken(byte) { throw .bad("a trailer name is invalid") }
    case .trailer:
      try count()
      if byte == 0x0D {
        state = .trailerLineFeed
      } else if !ASCII.isFieldValue(byte) {
        throw .bad("a trailer has a control character")
      }
    case .trailerLineFeed:
      try expect(byte, 0x0A)
      state = .trailerStart
    case .endLineFeed:
      try expect(byte, 0x0A)
      state = .done
    case .data, .done:
      break
    }
  }

  private mutating func count() throws(HTTPFramingError) {
    overhead += 1
    guard overhead <= maxOverhead else { throw .bad("chunk extensions or trailers are too long") }
  }

  private func expect(_ byte: UInt8, _ wanted: UInt8) throws(HTTPFramingError) {
    guard byte == wanted else { throw .bad("a chunk does not end with CRLF") }
  }
}
