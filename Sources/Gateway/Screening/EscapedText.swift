/// The characters of a JSON string that has escapes which change what a detector would read, and where each stood.
struct EscapedText {
  private(set) var bytes: [UInt8] = []
  /// After each escape: the position in `bytes` and the one in the string that match from there on.
  private var anchors: [(decoded: Int, raw: Int)] = [(0, 0)]

  /// Whether `text` has `\u` or `\/`. All other escapes stand for a character that is in no finding and are read as they are.
  static func isNeeded(for text: TextBytes) -> Bool {
    var at = 0
    while at + 1 < text.count {
      guard text.base[at] == UInt8(ascii: "\\") else { at += 1; continue }
      let next = text.base[at + 1]
      if next == UInt8(ascii: "u") || next == UInt8(ascii: "/") { return true }
      at += 2
    }
    return false
  }

  /// - Parameter text: what stands between the quotes of a scanned string.
  init(decoding text: TextBytes) {
    bytes.reserveCapacity(text.count)
    var at = 0
    while at < text.count {
      let byte = text.base[at]
      guard byte == UInt8(ascii: "\\"), at + 1 < text.count else {
        bytes.append(byte)
        at += 1
        continue
      }
      switch text.base[at + 1] {
      case UInt8(ascii: "u"):
        var scalar = Self.unit(text, at + 2)
        at += 6
        if (0xD800...0xDBFF).contains(scalar) {
          scalar = 0x10000 + (scalar - 0xD800) << 10 + (Self.unit(text, at + 2) &- 0xDC00) & 0x3FF
          at += 6
        }
        bytes.append(contentsOf: UTF8.encode(UnicodeScalar(scalar) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter)
      case UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
        bytes.append(UInt8(ascii: "\n"))
        at += 2
      case let plain:
        bytes.append(plain)
        at += 2
      }
      anchors.append((bytes.count, at))
    }
  }

  private static func unit(_ text: TextBytes, _ start: Int) -> UInt32 {
    var value: UInt32 = 0
    for offset in 0..<4 {
      let byte = text[start + offset]
      value = value << 4 | UInt32(byte.isDigit ? byte - UInt8(ascii: "0") : (byte | 0x20) &- UInt8(ascii: "a") &+ 10)
    }
    return value
  }

  /// Where the decoded `range` stands in the string as it was written.
  func rawRange(of range: Range<Int>) -> Range<Int> { raw(range.lowerBound)..<raw(range.upperBound) }

  private func raw(_ position: Int) -> Int {
    var low = 0
    var high = anchors.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if anchors[middle].decoded <= position { low = middle } else { high = middle }
    }
    return anchors[low].raw + position - anchors[low].decoded
  }
}
