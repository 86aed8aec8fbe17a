/// Standard base64 with padding (RFC 4648, 4), strict: no whitespace, no missing or surplus padding bits.
enum Base64 {
  private static let alphabet: [UInt8] = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var position = 0
    while position < bytes.count {
      let remaining = bytes.count - position
      let first = UInt32(bytes[position]) << 16
      let second = remaining > 1 ? UInt32(bytes[position + 1]) << 8 : 0
      let third = remaining > 2 ? UInt32(bytes[position + 2]) : 0
      let group = first | second | third
      text.append(alphabet[Int(group >> 18)])
      text.append(alphabet[Int(group >> 12 & 63)])
      text.append(remaining > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
      text.append(remaining > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
      position += 3
    }
    return String(decoding: text, as: UTF8.self)
  }

  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count.isMultiple(of: 4) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 4 * 3)
    var position = 0
    while position < characters.count {
      let isLast = position + 4 == characters.count
      var padding = 0
      var group: UInt32 = 0
      for offset in 0..<4 {
        let character = characters[position + offset]
        if character == UInt8(ascii: "="), isLast, offset >= 2 {
          padding += 1
          group <<= 6
        } else if padding == 0, let value = value(of: character) {
          group = group << 6 | value
        } else {
          return nil
        }
      }
      if padding == 1, group & 0xff != 0 { return nil }
      if padding == 2, group & 0xffff != 0 { return nil }
      bytes.append(UInt8(truncatingIfNeeded: group >> 16))
      if padding < 2 { bytes.append(UInt8(truncatingIfNeeded: group >> 8)) }
      if padding < 1 { bytes.append(UInt8(truncatingIfNeeded: group)) }
      position += 4
    }
    return bytes
  }

  private static func value(of character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
