import NIOCore

/// Writes response heads.
enum HTTPAnswerHead {
  enum Framing {
    case length(Int)
    case chunked
    /// The body ends with the connection: for HTTP/1.0 clients.
    case untilClose
  }

  static func write(
    _ status: HTTPStatus, _ headers: HTTPHeaders, _ framing: Framing, date: ByteBuffer, keepsAlive: Bool, isVersion11: Bool,
    into out: inout ByteBuffer
  ) {
    if status.code == 200 {
      out.writeStaticString("HTTP/1.1 200 OK\r\n")
    } else {
      out.writeStaticString("HTTP/1.1 ")
      out.writeDecimal((200...999).contains(status.code) ? status.code : 500)
      out.writeInteger(UInt8(0x20))
      out.writeStaticString(status.reason)
      out.writeInteger(UInt16(0x0D0A))
    }
    headers.writeFields(into: &out)
    if date.readableBytes > 0, !headers.contains("Date") { out.writeImmutableBuffer(date) }
    if !status.hasNoBody {
      switch framing {
      case .length(let length):
        out.writeStaticString("Content-Length: ")
        out.writeDecimal(length)
        out.writeInteger(UInt16(0x0D0A))
      case .chunked:
        out.writeStaticString("Transfer-Encoding: chunked\r\n")
      case .untilClose:
        break
      }
    }
    if !keepsAlive {
      out.writeStaticString("Connection: close\r\n")
    } else if !isVersion11 {
      out.writeStaticString("Connection: keep-alive\r\n")
    }
    out.writeInteger(UInt16(0x0D0A))
  }
}

extension ByteBuffer {
  /// Writes a non-negative number in decimal digits.
  mutating func writeDecimal(_ number: Int) {
    var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
    withUnsafeMutableBytes(of: &digits) { scratch in
      var rest = number
      var start = scratch.count
      repeat {
        start -= 1
        scratch[start] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
        rest /= 10
      } while rest > 0
      _ = writeBytes(UnsafeRawBufferPointer(rebasing: scratch[start...]))
    }
  }

  mutating func writeHex(_ number: Int) {
    var shift = max(0, (64 - number.leadingZeroBitCount + 3) / 4 * 4 - 4)
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: number >> shift & 15)
      writeInteger(digit < 10 ? 0x30 + digit : 0x57 + digit)
      shift -= 4
    }
  }
}
