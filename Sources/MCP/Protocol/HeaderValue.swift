/// The encoding of `Mcp-Name` and `Mcp-Param-*` header values (2026-07-28, streamable-http, "Value Encoding").
public enum HeaderValue {
  private static let prefix = "=?base64?"
  private static let suffix = "?="

  /// The header form of `text`: itself when it is plain ASCII, else its UTF-8 in Base64 between markers.
  public static func encode(_ text: String) -> String {
    let bytes = text.utf8
    let isPlain = bytes.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
    let isPadded = bytes.first.map { $0 <= 0x20 } ?? false || bytes.last.map { $0 <= 0x20 } ?? false
    guard !isPlain || isPadded || (bytes.starts(with: prefix.utf8) && text.hasSuffix(suffix)) else { return text }
    return prefix + Base64.encode(Array(text.utf8)) + suffix
  }

  /// The text that a header value stands for; nil when it holds characters or Base64 that the encoding does not allow.
  public static func decode(_ value: String) -> String? {
    guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else { return nil }
    guard value.hasPrefix(prefix), value.hasSuffix(suffix), value.utf8.count >= prefix.utf8.count + suffix.utf8.count else { return value }
    guard let bytes = Base64.decode(value.dropFirst(prefix.count).dropLast(suffix.count)) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }
}

/// RFC 4648 section 4 (standard) and section 5 (URL-safe, without padding).
public enum Base64 {
  private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let urlSafe = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// Base64 of bytes (RFC 4648).
  ///
  /// - Parameter isURLSafe: uses the alphabet of section 5, without padding.
  public static func encode(_ bytes: some Collection<UInt8>, urlSafe isURLSafe: Bool = false) -> String {
    let alphabet = isURLSafe ? urlSafe : standard
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 4 / 3 + 4)
    var pending: UInt32 = 0
    var bits: UInt32 = 0
    for byte in bytes {
      pending = pending << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        text.append(alphabet[Int(pending >> bits & 63)])
      }
    }
    if bits > 0 { text.append(alphabet[Int(pending << (6 - bits) & 63)]) }
    while !isURLSafe, text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
    return String(decoding: text, as: UTF8.self)
  }

  /// Decodes strictly: no white space, no bits left over; padding required for the standard alphabet, forbidden for the URL-safe one.
  public static func decode(_ text: some StringProtocol, urlSafe isURLSafe: Bool = false) -> [UInt8]? {
    var characters = Array(text.utf8)
    if !isURLSafe {
      guard characters.count % 4 == 0 else { return nil }
      if characters.last == UInt8(ascii: "=") { characters.removeLast() }
      if characters.last == UInt8(ascii: "=") { characters.removeLast() }
    }
    guard characters.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count * 3 / 4)
    var pending: UInt32 = 0
    var bits: UInt32 = 0
    for character in characters {
      guard let value = value(of: character, isURLSafe) else { return nil }
      pending = pending << 6 | value
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
      }
    }
    guard pending & (1 << bits - 1) == 0 else { return nil }
    return bytes
  }

  private static func value(of character: UInt8, _ isURLSafe: Bool) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case isURLSafe ? UInt8(ascii: "-") : UInt8(ascii: "+"): 62
    case isURLSafe ? UInt8(ascii: "_") : UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
