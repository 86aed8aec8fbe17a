/// The one spelling in which a URI that comes from a template is let through (RFC 3986, section 6.2.2).
enum ResourceURI {
  /// Whether no other spelling of the same is shorter or plainer: no escapes that need not be, no dot segments, no empty segments
  /// within the path, a scheme without capitals, nor a host where there is one, and nothing that a URI does not have.
  static func isNormal(_ uri: String) -> Bool {
    let bytes = Array(uri.utf8)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0, bytes[..<colon].allSatisfy(isOfScheme), hasNormalCharacters(bytes) else { return false }
    var rest = bytes[(colon + 1)...]
    if rest.starts(with: [UInt8(ascii: "/"), UInt8(ascii: "/")]) {
      rest = rest.dropFirst(2)
      let authority = rest.prefix { !isEnd($0) && $0 != UInt8(ascii: "/") }
      // Elsewhere the authority is often a name of the server's own, in which capitals count.
      guard !hasHost(bytes[..<colon]) || !authority.contains(where: isCapital) else { return false }
      rest = rest.dropFirst(authority.count)
    }
    return hasNormalPath(rest.prefix { !isEnd($0) })
  }

  private static func hasHost(_ scheme: ArraySlice<UInt8>) -> Bool {
    ["http", "https", "ws", "wss", "ftp", "file"].contains { scheme.elementsEqual($0.utf8) }
  }

  private static func hasNormalPath(_ path: ArraySlice<UInt8>) -> Bool {
    let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let dot = UInt8(ascii: ".")
    return segments.enumerated().allSatisfy { index, segment in
      if segment.elementsEqual([dot]) || segment.elementsEqual([dot, dot]) { return false }
      return !segment.isEmpty || index == 0 || index == segments.count - 1
    }
  }

  private static func hasNormalCharacters(_ bytes: [UInt8]) -> Bool {
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "%") {
        guard index + 2 < bytes.count, let high = digit(bytes[index + 1]), let low = digit(bytes[index + 2]) else { return false }
        // What need not be escaped must not be, and a slash or a dot must not hide.
        let value = high << 4 | low
        guard !isUnreserved(value), value != UInt8(ascii: "/"), value != UInt8(ascii: "\\"), value >= 0x20 else { return false }
        index += 3
        continue
      }
      guard (0x21...0x7E).contains(byte), !forbidden.contains(byte) else { return false }
      index += 1
    }
    return true
  }

  /// What no URI has (RFC 3986, section 2), and the backslash, which some take for a slash.
  private static let forbidden: Set<UInt8> = Set("\"<>\\^`{|}".utf8)

  private static func isEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") }
  private static func isCapital(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isOfScheme(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    isLetter(byte) || isCapital(byte) || isDigit(byte) || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~")].contains(byte)
  }

  /// The value of an upper-case hexadecimal digit.
  private static func digit(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte - UInt8(ascii: "0") }
    return (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte) ? byte - UInt8(ascii: "A") + 10 : nil
  }
}
