public import NIOCore

/// The text form of JSON strings: escapes in and out (RFC 8259 section 7).
public enum JSONText {
  /// The characters of a scanned string, escapes resolved, as UTF-8. The scanner has checked them already.
  static func unescape(_ bytes: UnsafeBufferPointer<UInt8>, escaped: Bool) -> [UInt8] {
    guard escaped else { return Array(bytes) }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    var at = 0
    while at < bytes.count {
      guard bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count else {
        text.append(bytes[at])
        at += 1
        continue
      }
      switch bytes[at + 1] {
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "u"):
        var scalar = unit(bytes, at + 2)
        at += 6
        if (0xD800...0xDBFF).contains(scalar) {
          scalar = 0x10000 + (scalar - 0xD800) << 10 + (unit(bytes, at + 2) - 0xDC00)
          at += 6
        }
        text.append(contentsOf: Unicode.Scalar(scalar).map { Array(String($0).utf8) } ?? [])
        continue
      case let plain: text.append(plain)
      }
      at += 2
    }
    return text
  }

  static func decode(_ bytes: UnsafeBufferPointer<UInt8>, escaped: Bool) -> String {
    escaped ? String(decoding: unescape(bytes, escaped: true), as: UTF8.self) : String(decoding: bytes, as: UTF8.self)
  }

  private static func unit(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt32 {
    var value: UInt32 = 0
    for offset in start..<min(start + 4, bytes.count) { value = value << 4 | UInt32(hexDigit(bytes[offset]) ?? 0) }
    return value
  }

  /// Appends `text` as a JSON string, quotes included. Only what must be escaped is.
  public static func write(_ text: some StringProtocol, to buffer: inout ByteBuffer) {
    if text.utf8.withContiguousStorageIfAvailable({ write(characters: $0, to: &buffer) }) != nil { return }
    buffer.writeInteger(UInt8(ascii: "\""))
    for byte in text.utf8 { write(escaping: byte, to: &buffer) }
    buffer.writeInteger(UInt8(ascii: "\""))
  }

  /// Appends `text` as a JSON string, quotes included.
  public static func write(_ text: String, to buffer: inout ByteBuffer) {
    var text = text
    text.withUTF8 { write(characters: $0, to: &buffer) }
  }

  /// Appends `,"name":`, where `separator` is the comma.
  static func write(name: String, after separator: UInt8?, to buffer: inout ByteBuffer) {
    var name = name
    name.withUTF8 { name in
      guard plainEnd(of: name, from: 0) == name.count else {
        if let separator { buffer.writeInteger(separator) }
        write(characters: name, to: &buffer)
        buffer.writeInteger(UInt8(ascii: ":"))
        return
      }
      buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: name.count + 4) { room in
        var at = 0
        if let separator {
          room[0] = separator
          at = 1
        }
        room[at] = UInt8(ascii: "\"")
        UnsafeMutableRawBufferPointer(rebasing: room[at + 1..<at + 1 + name.count]).copyMemory(from: UnsafeRawBufferPointer(name))
        room[at + 1 + name.count] = UInt8(ascii: "\"")
        room[at + 2 + name.count] = UInt8(ascii: ":")
        return at + 3 + name.count
      }
    }
  }

  /// Copies what lies between characters that must be escaped; mostly that is all of it, and one write.
  private static func write(characters: UnsafeBufferPointer<UInt8>, to buffer: inout ByteBuffer) {
    var end = plainEnd(of: characters, from: 0)
    if end == characters.count {
      buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: end + 2) { room in
        room[0] = UInt8(ascii: "\"")
        UnsafeMutableRawBufferPointer(rebasing: room[1..<end + 1]).copyMemory(from: UnsafeRawBufferPointer(characters))
        room[end + 1] = UInt8(ascii: "\"")
        return end + 2
      }
      return
    }
    buffer.writeInteger(UInt8(ascii: "\""))
    var start = 0
    while true {
      if end > start { buffer.writeBytes(UnsafeBufferPointer(rebasing: characters[start..<end])) }
      guard end < characters.count else { break }
      write(escaping: characters[end], to: &buffer)
      start = end + 1
      end = plainEnd(of: characters, from: start)
    }
    buffer.writeInteger(UInt8(ascii: "\""))
  }

  /// Where the next character is that must be escaped, or the end. Looks at 16 bytes at a time.
  private static func plainEnd(of characters: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var at = start
    if let base = characters.baseAddress {
      let control = SIMD16<UInt8>(repeating: 0x20)
      let quote = SIMD16<UInt8>(repeating: UInt8(ascii: "\""))
      let backslash = SIMD16<UInt8>(repeating: UInt8(ascii: "\\"))
      while characters.count - at >= 16 {
        let chunk = UnsafeRawPointer(base + at).loadUnaligned(as: SIMD16<UInt8>.self)
        let special = (chunk .< control) .| (chunk .== quote) .| (chunk .== backslash)
        let place = special.first
        at += place
        if place < 16 { return at }
      }
    }
    while at < characters.count, !needsEscape(characters[at]) { at += 1 }
    return at
  }

  @inline(__always)
  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static let hexDigits = StaticString("0123456789abcdef")

  private static func write(escaping byte: UInt8, to buffer: inout ByteBuffer) {
    guard needsEscape(byte) else {
      buffer.writeInteger(byte)
      return
    }
    buffer.writeInteger(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): buffer.writeInteger(byte)
    case 0x08: buffer.writeInteger(UInt8(ascii: "b"))
    case 0x0C: buffer.writeInteger(UInt8(ascii: "f"))
    case 0x0A: buffer.writeInteger(UInt8(ascii: "n"))
    case 0x0D: buffer.writeInteger(UInt8(ascii: "r"))
    case 0x09: buffer.writeInteger(UInt8(ascii: "t"))
    default:
      buffer.writeStaticString("u00")
      buffer.writeInteger(hexDigits.utf8Start[Int(byte >> 4)])
      buffer.writeInteger(hexDigits.utf8Start[Int(byte & 15)])
    }
  }
}
