internal import JSON
internal import NIOCore

/// Writes pieces of a message one after the other into room that was asked for once: a buffer asks anew at each write whether it may.
struct TextCursor {
  private let room: UnsafeMutableRawBufferPointer
  fileprivate private(set) var count = 0

  init(_ room: UnsafeMutableRawBufferPointer) { self.room = room }

  /// Traps where the room is too small: it is for who asks for it to know the pieces.
  @inline(__always)
  mutating func put(_ bytes: UnsafeRawBufferPointer) {
    let end = count + bytes.count
    precondition(end <= room.count, "a message needs more room than it asked for")
    guard bytes.count > 0 else { return }
    UnsafeMutableRawBufferPointer(rebasing: room[count..<end]).copyMemory(from: bytes)
    count = end
  }

  @inline(__always)
  mutating func put(_ text: StaticString) { put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)) }

  mutating func put(_ text: ByteBuffer) { text.withUnsafeReadableBytes { put($0) } }

  mutating func put(_ text: String) {
    var text = text
    text.withUTF8 { put(UnsafeRawBufferPointer($0)) }
  }

  /// A number that is not negative, in decimal; up to 20 bytes.
  mutating func put(_ number: UInt) {
    var (digits, rest) = (1, number)
    while rest >= 10 { (digits, rest) = (digits + 1, rest / 10) }
    let end = count + digits
    precondition(end <= room.count, "a message needs more room than it asked for")
    (rest, count) = (number, end)
    for at in (end - digits..<end).reversed() {
      room[at] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    }
  }
}

extension ByteBuffer {
  /// Appends what `write` puts down, which is `bytes` long at most.
  @inline(__always)
  mutating func append(atMost bytes: Int, _ write: (inout TextCursor) -> Void) {
    writeWithUnsafeMutableBytes(minimumWritableBytes: bytes) { room in
      var cursor = TextCursor(room)
      write(&cursor)
      return cursor.count
    }
  }
}
