/// Names and addresses of the network, and UUIDs.
extension FormatReader {
  typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

  /// RFC 1123 section 2.1: labels of letters, digits and hyphens. Encoded labels (`xn--`) are taken as they are, while
  /// others have no hyphens in third and fourth place (RFC 5891 section 4.2.3.1).
  static func isHostname(_ text: Bytes) -> Bool {
    guard !text.isEmpty, text.count <= 253 else { return false }
    return text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      guard let first = label.first, let last = label.last, label.count <= 63, first != UInt8(ascii: "-"), last != UInt8(ascii: "-") else { return false }
      let hyphens = label.dropFirst(2).prefix(2)
      if hyphens.elementsEqual("--".utf8), !label.prefix(2).elementsEqual("xn".utf8) { return false }
      return label.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }
  }

  /// RFC 2673 section 3.2: four numbers to 255 without leading zeros.
  static func isIPv4(_ text: Bytes) -> Bool {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        guard (1...3).contains(part.count), part.allSatisfy(isDigit), part.count == 1 || part.first != UInt8(ascii: "0") else { return false }
        return part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 255
      }
  }

  /// RFC 4291 section 2.2.
  static func isIPv6(_ text: Bytes) -> Bool {
    var (groups, gaps, isAfterColon) = (0, 0, false)
    var at = text.startIndex
    if text.starts(with: "::".utf8) {
      (gaps, at) = (1, at + 2)
    }
    while at < text.endIndex {
      let end = text[at...].firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
      let group = text[at..<end]
      isAfterColon = false
      if group.contains(UInt8(ascii: ".")) {
        // The last two groups may be written as an IPv4 address.
        guard end == text.endIndex, isIPv4(group) else { return false }
        groups += 2
        break
      }
      guard (1...4).contains(group.count), group.allSatisfy({ hexDigit($0) != nil }) else { return false }
      groups += 1
      at = end
      guard at < text.endIndex else { break }
      at += 1
      isAfterColon = true
      if at < text.endIndex, text[at] == UInt8(ascii: ":") {
        (gaps, at, isAfterColon) = (gaps + 1, at + 1, false)
      }
    }
    return !isAfterColon && (gaps == 0 ? groups == 8 : gaps == 1 && groups < 8)
  }

  /// RFC 5321 section 4.1.2: a dot-string or quoted string, and a domain or address literal.
  mutating func email(isInternational: Bool) -> Bool {
    let start = at
    if take("\"") {
      while let byte = next, byte != UInt8(ascii: "\"") {
        guard byte >= 0x20, byte != 0x7F, byte < 0x80 || isInternational else { return false }
        at += 1
        if byte == UInt8(ascii: "\\") {
          guard let quoted = next, (0x20...0x7E).contains(quoted) else { return false }
          at += 1
        }
      }
      guard take("\"") else { return false }
    } else {
      var isAfterDot = true
      while let byte = next, byte != UInt8(ascii: "@") {
        if byte == UInt8(ascii: ".") {
          if isAfterDot { return false }
          isAfterDot = true
        } else {
          guard Self.isAtomText(byte) || (isInternational && byte >= 0x80) else { return false }
          isAfterDot = false
        }
        at += 1
      }
      if isAfterDot { return false }
    }
    guard at - start <= 64, take("@") else { return false }
    let domain = text[at...]
    if domain.first == UInt8(ascii: "["), domain.last == UInt8(ascii: "]"), domain.count > 2 {
      let literal = domain.dropFirst().dropLast()
      if literal.starts(with: "IPv6:".utf8) { return Self.isIPv6(literal.dropFirst(5)) }
      return Self.isIPv4(literal)
    }
    guard isInternational, domain.contains(where: { $0 >= 0x80 }) else { return Self.isHostname(domain) }
    return domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      !label.isEmpty && label.allSatisfy { $0 >= 0x80 || Self.isLetter($0) || Self.isDigit($0) || $0 == UInt8(ascii: "-") }
    }
  }

  private static func isAtomText(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
  }

  /// RFC 4122 section 3, any version.
  mutating func uuid() -> Bool {
    for (index, length) in [8, 4, 4, 4, 12].enumerated() {
      if index > 0, !take("-") { return false }
      for _ in 0..<length {
        guard let next, hexDigit(next) != nil else { return false }
        at += 1
      }
    }
    return isAtEnd
  }
}
