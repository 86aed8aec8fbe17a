public import NIOCore

/// Server-sent events (WHATWG HTML, 9.2): the wire form of one event.
public enum SSE {
  /// One event, ready to send. Line breaks within `data` become further `data:` lines; in `event` and `id`, which cannot
  /// hold them, they become spaces, and an `id` with NUL is left out, because a reader would ignore it.
  /// - Parameter retry: The reconnection time to suggest, in milliseconds.
  public static func event(data: ByteBuffer, event: String? = nil, id: String? = nil, retry: Int? = nil) -> ByteBuffer {
    var out = ByteBufferAllocator().buffer(capacity: data.readableBytes + 64)
    write(data: data, event: event, id: id, retry: retry, into: &out)
    return out
  }

  /// The same, appended to a buffer.
  public static func write(data: ByteBuffer, event: String? = nil, id: String? = nil, retry: Int? = nil, into out: inout ByteBuffer) {
    if let event { writeField("event: ", event, into: &out) }
    if let id, !id.utf8.contains(0) { writeField("id: ", id, into: &out) }
    if let retry, retry >= 0 {
      out.writeStaticString("retry: ")
      out.writeDecimal(retry)
      out.writeInteger(UInt8(0x0A))
    }
    writeData(data, into: &out)
    out.writeInteger(UInt8(0x0A))
  }

  /// No event, but the time in milliseconds after which readers come back should the stream end.
  public static func retry(_ milliseconds: Int) -> ByteBuffer {
    var out = ByteBuffer()
    out.writeStaticString("retry: ")
    out.writeDecimal(max(0, milliseconds))
    out.writeStaticString("\n\n")
    return out
  }

  /// A comment: readers skip it, proxies see life.
  public static func comment(_ text: String = "") -> ByteBuffer {
    var out = ByteBuffer()
    writeField(": ", text, into: &out)
    out.writeInteger(UInt8(0x0A))
    return out
  }

  private static func writeField(_ name: StaticString, _ value: String, into out: inout ByteBuffer) {
    out.writeStaticString(name)
    for byte in value.utf8 { out.writeInteger(byte == 0x0A || byte == 0x0D ? 0x20 : byte) }
    out.writeInteger(UInt8(0x0A))
  }

  private static func writeData(_ data: ByteBuffer, into out: inout ByteBuffer) {
    data.withUnsafeReadableBytes { bytes in
      var start = 0
      var position = 0
      func line(_ end: Int) {
        out.writeStaticString("data: ")
        out.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        out.writeInteger(UInt8(0x0A))
      }
      while position < bytes.count {
        let byte = bytes[position]
        guard byte == 0x0A || byte == 0x0D else {
          position += 1
          continue
        }
        line(position)
        let isPair = byte == 0x0D && position + 1 < bytes.count && bytes[position + 1] == 0x0A
        position += isPair ? 2 : 1
        start = position
      }
      line(bytes.count)
    }
  }
}
