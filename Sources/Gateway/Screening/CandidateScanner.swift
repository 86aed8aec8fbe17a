/// Finds the places in a text where a detector has to look closer; most text has none and passes at the speed of a few
/// vector instructions for 16 bytes.
///
/// A candidate is an `@`, a byte that completes the prefix of a known key or token, an escape that may hide such a byte,
/// or at least seven digits with gaps of at most two characters. What is no candidate holds no finding.
struct CandidateScanner {
  enum Kind: Sendable { case at, digits, secret, escape }

  struct Candidate {
    var kind: Kind
    var position: Int
  }

  private let text: TextBytes

  init(_ text: TextBytes) { self.text = text }

  private static let blockLength = 48

  /// The first candidate at or after `start`, which must not lie within a run of digits that begins before it.
  func first(from start: Int) -> Candidate? {
    var block = start
    // Which of the 16 bytes before the block are digits: runs cross the edges of blocks.
    var carry: UInt64 = 0
    while text.count - block > Self.blockLength {
      let classes = Self.classify(UnsafeRawPointer(text.base + block))
      let word = carry | classes.digits &<< 16
      if classes.hasAnchors || Self.mayHoldNumber(word) {
        if let found = examine(word, anchors: classes.anchorBits, block: block, start: start) { return found }
      }
      carry = word &>> 48
      block += Self.blockLength
    }
    guard block < text.count else { return nil }
    var padded = SIMD64<UInt8>()
    return withUnsafeMutableBytes(of: &padded) { bytes in
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: text.base + block, count: text.count - block))
      guard let base = bytes.baseAddress else { return nil }
      let classes = Self.classify(UnsafeRawPointer(base))
      let word = carry | classes.digits &<< 16
      guard classes.hasAnchors || Self.mayHoldNumber(word) else { return nil }
      return examine(word, anchors: classes.anchorBits, block: block, start: start)
    }
  }

  // MARK: Vectors

  /// What the 48 bytes of a block are.
  private struct Classes {
    /// One bit a byte, the first byte lowest.
    var digits: UInt64
    var anchors: (SIMDMask<SIMD16<Int8>>, SIMDMask<SIMD16<Int8>>, SIMDMask<SIMD16<Int8>>)

    @inline(__always)
    var hasAnchors: Bool {
      let all: SIMDMask<SIMD16<Int8>> = anchors.0 .| anchors.1 .| anchors.2
      let lanes = unsafeBitCast(all, to: SIMD2<UInt64>.self)
      return lanes.x | lanes.y != 0
    }

    /// Which bytes may be anchors, as `digits`.
    @inline(__always)
    var anchorBits: UInt64 { bits(anchors.0) | bits(anchors.1) &<< 16 | bits(anchors.2) &<< 32 }
  }

  /// Reads 49 bytes.
  @inline(__always)
  private static func classify(_ base: UnsafeRawPointer) -> Classes {
    let first = classify16(base)
    let second = classify16(base + 16)
    let third = classify16(base + 32)
    return Classes(
      digits: bits(first.digits) | bits(second.digits) &<< 16 | bits(third.digits) &<< 32,
      anchors: (first.anchors, second.anchors, third.anchors))
  }

  private typealias Vector = SIMD16<UInt8>

  /// Every operand has its full type: with an inferred one the compiler takes the generic operators, lane by lane.
  @inline(__always)
  private static func classify16(
    _ base: UnsafeRawPointer
  ) -> (digits: SIMDMask<SIMD16<Int8>>, anchors: SIMDMask<SIMD16<Int8>>) {
    let bytes: Vector = base.loadUnaligned(as: Vector.self)
    let following: Vector = (base + 1).loadUnaligned(as: Vector.self)
    let offsets: Vector = bytes &- all(UInt8(ascii: "0"))
    let digits: SIMDMask<SIMD16<Int8>> = offsets .< all(10)
    let escapes: SIMDMask<SIMD16<Int8>> = equal(bytes, UInt8(ascii: "\\")) .& equal(following, UInt8(ascii: "u"))
    // "@" and "B" differ in one bit.
    let atOrB: SIMDMask<SIMD16<Int8>> = equal(bytes & all(0xFD), UInt8(ascii: "@"))
    let joints: SIMDMask<SIMD16<Int8>> = equal(bytes, UInt8(ascii: "_")) .| equal(bytes, UInt8(ascii: "-"))
    let letters: SIMDMask<SIMD16<Int8>> = equal(bytes, UInt8(ascii: "I")) .| equal(bytes, UInt8(ascii: "J"))
    return (digits, escapes .| atOrB .| joints .| letters)
  }

  @inline(__always)
  private static func all(_ byte: UInt8) -> Vector { Vector(repeating: byte) }

  @inline(__always)
  private static func equal(_ bytes: Vector, _ byte: UInt8) -> SIMDMask<SIMD16<Int8>> {
    let expected: Vector = all(byte)
    return bytes .== expected
  }

  // MARK: Runs of digits

  /// The starts of seven places in a row that are digits or gaps of one or two between digits.
  @inline(__always)
  private static func runs(_ digits: UInt64) -> UInt64 {
    let single = digits &<< 1 & digits &>> 1
    let double = (digits &<< 1 & digits &>> 2) | (digits &<< 2 & digits &>> 1)
    let filled = digits | single | double
    let two = filled & filled &>> 1
    let four = two & two &>> 2
    // A run that was complete within the carried part has been seen with the block before.
    return four & four &>> 3 & ~0x3FF
  }

  /// The starts of six digits in a row with none before them.
  @inline(__always)
  private static func sixes(_ digits: UInt64) -> UInt64 {
    let two = digits & digits &>> 1
    return two & two &>> 2 & two &>> 4 & ~(digits &<< 1) & ~0x7FF
  }

  @inline(__always)
  private static func mayHoldNumber(_ digits: UInt64) -> Bool { runs(digits) | sixes(digits) != 0 }

  // MARK: The closer look

  @inline(never)
  private func examine(_ word: UInt64, anchors: UInt64, block: Int, start: Int) -> Candidate? {
    let digits = digitCandidate(word, origin: block - 16, start: start)
    let end = min(digits?.position ?? .max, text.count)
    var anchors = anchors
    while anchors != 0 {
      let at = block + anchors.trailingZeroBitCount
      anchors &= anchors &- 1
      guard at < end else { break }
      switch text.base[at] {
      case UInt8(ascii: "@"): return Candidate(kind: .at, position: at)
      case UInt8(ascii: "\\"):
        if text.holds("u00", at: at + 1), text[at + 4] &- UInt8(ascii: "2") < 6 {
          return Candidate(kind: .escape, position: at)
        }
      default:
        if SecretPrefix(in: text, anchor: at) != nil { return Candidate(kind: .secret, position: at) }
      }
    }
    return digits
  }

  private func digitCandidate(_ word: UInt64, origin: Int, start: Int) -> Candidate? {
    var found: Int?
    var runs = Self.runs(word)
    while runs != 0 {
      let position = origin + runs.trailingZeroBitCount
      let end = numberEnd(from: position)
      guard let end else {
        found = position
        break
      }
      // Not a masking shift: past the last bit nothing is left, and the loop must end.
      runs &= ~0 << UInt64(end - origin + 1)
    }
    // A UK national insurance number is the one form with only six digits in a row.
    var sixes = Self.sixes(word)
    while sixes != 0 {
      let position = origin + sixes.trailingZeroBitCount
      if let found, found <= position { break }
      if text[position - 1].isUpper, text[position + 6] &- UInt8(ascii: "A") < 4 { found = position; break }
      sixes &= sixes &- 1
    }
    guard var found else { return nil }
    while found > start, text[found - 1].isDigit { found -= 1 }
    return Candidate(kind: .digits, position: found)
  }

  /// Nil if at least six digits, joined as numbers or identifiers are, follow from `start`; else where they break off.
  private func numberEnd(from start: Int) -> Int? {
    // A date of ISO 8601 is the most frequent number with seven digits and no number of a person.
    if text[start + 4] == UInt8(ascii: "-"), text[start + 7] == UInt8(ascii: "-"), text[start] &- UInt8(ascii: "1") < 2,
      text[start + 5] &- UInt8(ascii: "0") < 2, text[start + 8].isDigit, text[start + 9].isDigit,
      !text[start + 10].isDigit, !text[start + 10].isNumberSeparator
    {
      return start + 9
    }
    var digits = 0
    var gap = 0
    var at = start
    while true {
      let byte = text[at]
      if byte.isDigit {
        digits += 1
        gap = 0
        if digits >= 6 { return nil }
      } else if gap < 2, byte.isUpper || byte.isNumberSeparator {
        gap += 1
      } else {
        return at
      }
      at += 1
    }
  }
}

/// One bit a lane, the first lane lowest.
@inline(__always)
private func bits(_ mask: SIMDMask<SIMD16<Int8>>) -> UInt64 {
  let lanes = unsafeBitCast(mask, to: SIMD2<UInt64>.self)
  let low = ((lanes.x & 0x8040_2010_0804_0201) &* 0x0101_0101_0101_0101) &>> 56
  let high = ((lanes.y & 0x8040_2010_0804_0201) &* 0x0101_0101_0101_0101) &>> 56
  return low | high &<< 8
}

extension UInt8 {
  /// What people write between the digits of a number.
  @inline(__always) var isNumberSeparator: Bool {
    switch self {
    case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "("),
      UInt8(ascii: ")"):
      true
    default: false
    }
  }
}
