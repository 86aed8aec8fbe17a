/// URIs (RFC 3986), IRIs (RFC 3987), URI templates (RFC 6570) and JSON Pointers (RFC 6901).
extension FormatReader {
  mutating func uri(isInternational: Bool, isRelativeAllowed: Bool) -> Bool {
    let hasScheme = scheme()
    guard hasScheme || isRelativeAllowed else { return false }
    if next == UInt8(ascii: "/"), at + 1 < text.count, text[at + 1] == UInt8(ascii: "/") {
      at += 2
      guard authority(isInternational: isInternational) else { return false }
      guard isAtEnd || next.map({ "/?#".utf8.contains($0) }) == true else { return false }
    }
    let start = at
    guard take("/:@", isInternational) else { return false }
    // A relative path has no colon in its first segment: it would read as a scheme.
    if !hasScheme, start == 0, let colon = text[start..<at].firstIndex(of: UInt8(ascii: ":")) {
      guard let slash = text[start..<at].firstIndex(of: UInt8(ascii: "/")), slash < colon else { return false }
    }
    if take("?"), !take("/?:@", isInternational) { return false }
    if take("#"), !take("/?:@", isInternational) { return false }
    return isAtEnd
  }

  private mutating func scheme() -> Bool {
    guard let first = next, Self.isLetter(first) else { return false }
    var end = at
    while end < text.count, Self.isLetter(text[end]) || Self.isDigit(text[end]) || "+-.".utf8.contains(text[end]) { end += 1 }
    guard end < text.count, text[end] == UInt8(ascii: ":") else { return false }
    at = end + 1
    return true
  }

  private mutating func authority(isInternational: Bool) -> Bool {
    let end = text[at...].firstIndex { "/?#".utf8.contains($0) } ?? text.count
    if let mark = text[at..<end].firstIndex(of: UInt8(ascii: "@")) {
      guard take(":", isInternational, upTo: mark), at == mark else { return false }
      at += 1
    }
    if take("[") {
      guard let close = text[at..<end].firstIndex(of: UInt8(ascii: "]")), isLiteral(at..<close) else { return false }
      at = close + 1
    } else {
      guard take("", isInternational, upTo: end) else { return false }
    }
    if take(":") { _ = digits() }
    return at == end
  }

  private func isLiteral(_ range: Range<Int>) -> Bool {
    let literal = text[range]
    guard let first = literal.first, first | 0x20 == UInt8(ascii: "v") else { return Self.isIPv6(literal) }
    guard let dot = literal.firstIndex(of: UInt8(ascii: ".")) else { return false }
    let (version, rest) = (literal[(range.lowerBound + 1)..<dot], literal[(dot + 1)...])
    return !version.isEmpty && version.allSatisfy { hexDigit($0) != nil } && !rest.isEmpty
      && rest.allSatisfy { Self.isUnreserved($0) || Self.isSubDelimiter($0) || $0 == UInt8(ascii: ":") }
  }

  static func isUnreserved(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || "-._~".utf8.contains(byte) }
  static func isSubDelimiter(_ byte: UInt8) -> Bool { "!$&'()*+,;=".utf8.contains(byte) }

  /// Takes what may stand in any part of a URI, and the characters of `more`; false at a malformed percent-encoding.
  private mutating func take(_ more: StaticString, _ isInternational: Bool, upTo end: Int? = nil) -> Bool {
    let more = UnsafeBufferPointer(start: more.utf8Start, count: more.utf8CodeUnitCount)
    while at < end ?? text.count {
      let byte = text[at]
      if byte == UInt8(ascii: "%") {
        guard isPercentEncoded() else { return false }
        at += 3
      } else if Self.isUnreserved(byte) || Self.isSubDelimiter(byte) || more.contains(byte) || (isInternational && byte >= 0x80) {
        at += 1
      } else {
        return true
      }
    }
    return true
  }

  private func isPercentEncoded() -> Bool {
    at + 2 < text.count && hexDigit(text[at + 1]) != nil && hexDigit(text[at + 2]) != nil
  }

  // MARK: Templates

  mutating func uriTemplate() -> Bool {
    while let byte = next {
      switch byte {
      case UInt8(ascii: "{"):
        at += 1
        guard expression() else { return false }
      case UInt8(ascii: "%"):
        guard isPercentEncoded() else { return false }
        at += 3
      case 0...0x20, 0x7F, UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"),
        UInt8(ascii: "|"), UInt8(ascii: "}"):
        return false
      default: at += 1
      }
    }
    return true
  }

  private mutating func expression() -> Bool {
    if let byte = next, "+#./;?&=,!@|".utf8.contains(byte) { at += 1 }
    repeat {
      guard variable() else { return false }
    } while take(",")
    return take("}")
  }

  private mutating func variable() -> Bool {
    repeat {
      let start = at
      while let byte = next {
        if byte == UInt8(ascii: "%"), isPercentEncoded() {
          at += 3
        } else if Self.isLetter(byte) || Self.isDigit(byte) || byte == UInt8(ascii: "_") {
          at += 1
        } else {
          break
        }
      }
      if at == start { return false }
    } while take(".")
    if take("*") { return true }
    guard take(":") else { return true }
    guard let first = next, first != UInt8(ascii: "0") else { return false }
    return (1...4).contains(digits())
  }

  // MARK: Pointers

  mutating func jsonPointer() -> Bool {
    guard isAtEnd || next == UInt8(ascii: "/") else { return false }
    while let byte = next {
      at += 1
      guard byte == UInt8(ascii: "~") else { continue }
      guard take("0") || take("1") else { return false }
    }
    return true
  }

  mutating func relativeJSONPointer() -> Bool {
    let startsWithZero = next == UInt8(ascii: "0")
    let count = digits()
    guard count > 0, count == 1 || !startsWithZero else { return false }
    if take("#") { return isAtEnd }
    return jsonPointer()
  }
}
