/// Byte classes and comparisons of the HTTP grammar (RFC 9110, 5.5 and 5.6). Bit masks instead of tables: no loads.
enum ASCII {
  /// `tchar`: letters, digits and ``!#$%&'*+-.^_`|~``.
  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x00..<0x40: (0x03FF_6CFA_0000_0000 as UInt64) & (1 << UInt64(byte)) != 0
    case 0x40..<0x80: (0x57FF_FFFF_C7FF_FFFE as UInt64) & (1 << UInt64(byte - 0x40)) != 0
    default: false
    }
  }

  /// A byte allowed in a field value: visible, space, tab, or obs-text.
  @inline(__always)
  static func isFieldValue(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != 0x7F || byte == 0x09
  }

  @inline(__always)
  static func isOptionalWhitespace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09
  }

  /// A byte of `uri-host [":" port]` (RFC 9110, 7.2): nothing that would make it a path, a list or a user's name.
  @inline(__always)
  static func isHost(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && byte != 0x2F && byte != 0x2C && byte != 0x40 && byte != 0x5C && byte != 0x3F
  }

  @inline(__always)
  static func lowercase(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  /// The value of a hexadecimal digit, or nil.
  @inline(__always)
  static func hexDigit(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x30...0x39: Int(byte - 0x30)
    case 0x41...0x46: Int(byte - 0x41 + 10)
    case 0x61...0x66: Int(byte - 0x61 + 10)
    default: nil
    }
  }

  @inline(__always)
  static func equalIgnoringCase(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    guard a.count == b.count else { return false }
    for position in 0..<a.count where a[position] != b[position] {
      if lowercase(a[position]) != lowercase(b[position]) { return false }
    }
    return true
  }

  @inline(__always)
  static func equalIgnoringCase(_ a: UnsafeRawBufferPointer, _ b: StaticString) -> Bool {
    equalIgnoringCase(a, UnsafeRawBufferPointer(start: b.utf8Start, count: b.utf8CodeUnitCount))
  }

  @inline(__always)
  static func equal(_ a: UnsafeRawBufferPointer, _ b: StaticString) -> Bool {
    a.elementsEqual(UnsafeRawBufferPointer(start: b.utf8Start, count: b.utf8CodeUnitCount))
  }

  static func trimmed(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var start = 0
    var end = text.count
    while start < end, isOptionalWhitespace(text[start]) { start += 1 }
    while end > start, isOptionalWhitespace(text[end - 1]) { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: text[start..<end])
  }

  /// Calls `body` with each trimmed, non-empty member of a comma-separated list.
  static func forEachListMember(_ list: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    for position in 0...list.count where position == list.count || list[position] == 0x2C {
      let member = trimmed(UnsafeRawBufferPointer(rebasing: list[start..<position]))
      if !member.isEmpty { body(member) }
      start = position + 1
    }
  }

  static func list(_ list: UnsafeRawBufferPointer, contains token: UnsafeRawBufferPointer) -> Bool {
    var found = false
    forEachListMember(list) { found = found || equalIgnoringCase($0, token) }
    return found
  }
}
