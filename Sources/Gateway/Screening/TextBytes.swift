/// The bytes of a text, readable at any position: outside of the text they are zero.
///
/// Valid as long as the memory it was made from; it never leaves the closure that gave that memory.
struct TextBytes {
  let base: UnsafePointer<UInt8>
  let count: Int

  init(base: UnsafePointer<UInt8>, count: Int) {
    self.base = base
    self.count = count
  }

  /// The part `range` of the text.
  func slice(_ range: Range<Int>) -> TextBytes { TextBytes(base: base + range.lowerBound, count: range.count) }

  @inline(__always)
  subscript(_ position: Int) -> UInt8 {
    UInt(bitPattern: position) < UInt(bitPattern: count) ? base[position] : 0
  }

  @inline(__always)
  func holds(_ word: StaticString, at position: Int) -> Bool {
    let length = word.utf8CodeUnitCount
    guard position >= 0, position + length <= count else { return false }
    let expected = word.utf8Start
    for offset in 0..<length where base[position + offset] != expected[offset] { return false }
    return true
  }

  /// Whether a word (letters, digits, underscore) reaches up to `position` from before it.
  ///
  /// The letter of an escape such as `\n` belongs to no word: strings with plain escapes are read as they stand in the
  /// JSON text, and text that quotes JSON looks the same.
  @inline(__always)
  func isWord(before position: Int) -> Bool {
    let byte = self[position - 1]
    guard byte.isWord else { return false }
    return !(byte.isEscapeLetter && self[position - 2] == UInt8(ascii: "\\"))
  }

  /// The end of the longest run of bytes that `belongs` accepts, not beyond `limit` bytes.
  @inline(__always)
  func end(from start: Int, limit: Int = .max, while belongs: (UInt8) -> Bool) -> Int {
    let stop = limit < count - start ? start + limit : count
    var at = start
    while at < stop, belongs(base[at]) { at += 1 }
    return at
  }
}

extension UInt8 {
  @inline(__always) var isDigit: Bool { self &- UInt8(ascii: "0") <= 9 }
  @inline(__always) var isUpper: Bool { self &- UInt8(ascii: "A") < 26 }
  @inline(__always) var isLower: Bool { self &- UInt8(ascii: "a") < 26 }
  @inline(__always) var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }
  @inline(__always) var isAlphanumeric: Bool { isLetter || isDigit }
  @inline(__always) var isWord: Bool { isLetter || isDigit || self == UInt8(ascii: "_") }
  /// The alphabet of base64url (RFC 4648 section 5).
  @inline(__always) var isToken: Bool { isWord || self == UInt8(ascii: "-") }
  /// The alphabet of base64 (RFC 4648 section 4).
  @inline(__always) var isBase64: Bool {
    isAlphanumeric || self == UInt8(ascii: "+") || self == UInt8(ascii: "/") || self == UInt8(ascii: "=")
  }
  /// b, f, n, r and t: what stands after the backslash of a control character's escape.
  @inline(__always) var isEscapeLetter: Bool {
    switch self {
    case UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): true
    default: false
    }
  }
  @inline(__always) var digitValue: Int { Int(self &- UInt8(ascii: "0")) }
}
