/// A number in the text of RFC 8259, read as an exact decimal: nothing is rounded, and `1.0` is `1`.
///
/// Valid as long as the text that it points into. The digits `first..<last` run from the first that is not zero to the last,
/// with at most one point among them; the value is `d.ddd` times ten to the power of `magnitude`.
struct DecimalText {
  let isNegative: Bool
  private let first: UnsafePointer<UInt8>
  private let last: UnsafePointer<UInt8>
  /// How many digits there are; none for zero.
  let count: Int
  let magnitude: Int

  /// Exponents beyond are taken as this one: two such numbers may count as equal, none as small.
  private static var largestExponent: Int { 1 << 40 }

  init(_ text: UnsafeBufferPointer<UInt8>) {
    let base = text.baseAddress ?? Self.nothing
    let end = base + text.count
    var at = base
    let isNegative = at < end && at.pointee == UInt8(ascii: "-")
    if isNegative { at += 1 }
    var whole = 0
    var seen = 0
    var firstDigit = -1
    var lastDigit = -1
    var afterPoint = false
    var first = at
    var last = at
    while at < end, at.pointee | 0x20 != UInt8(ascii: "e") {
      if at.pointee == UInt8(ascii: ".") {
        afterPoint = true
      } else {
        if at.pointee != UInt8(ascii: "0") {
          if firstDigit < 0 { (firstDigit, first) = (seen, at) }
          (lastDigit, last) = (seen, at + 1)
        }
        seen += 1
        if !afterPoint { whole += 1 }
      }
      at += 1
    }
    var exponent = 0
    if at < end {
      at += 1
      let isBelow = at < end && at.pointee == UInt8(ascii: "-")
      if at < end, at.pointee == UInt8(ascii: "-") || at.pointee == UInt8(ascii: "+") { at += 1 }
      while at < end {
        exponent = min(exponent * 10 + Int(at.pointee &- UInt8(ascii: "0")), Self.largestExponent)
        at += 1
      }
      if isBelow { exponent = -exponent }
    }
    self.isNegative = isNegative && firstDigit >= 0
    self.first = first
    self.last = last
    count = firstDigit < 0 ? 0 : lastDigit - firstDigit + 1
    magnitude = firstDigit < 0 ? 0 : whole - 1 - firstDigit + exponent
  }

  /// A number from digits of its own, the first and the last of which are not zero.
  init(digits: UnsafeBufferPointer<UInt8>, isNegative: Bool, magnitude: Int) {
    self.isNegative = isNegative
    // An empty buffer may have no address; nothing is read of it then.
    first = digits.baseAddress ?? Self.nothing
    last = first + digits.count
    count = digits.count
    self.magnitude = magnitude
  }

  private static var nothing: UnsafePointer<UInt8> { StaticString("0").utf8Start }

  var isInteger: Bool { magnitude >= count - 1 }

  /// The digits in order.
  @inline(__always)
  func forEachDigit(_ body: (UInt8) -> Void) {
    var at = first
    while at < last {
      if at.pointee != UInt8(ascii: ".") { body(at.pointee &- UInt8(ascii: "0")) }
      at += 1
    }
  }

  /// Below zero, zero or above zero as the number is less than, equal to or greater than the other.
  func compare(_ other: DecimalText) -> Int {
    let (sign, otherSign) = (count == 0 ? 0 : isNegative ? -1 : 1, other.count == 0 ? 0 : other.isNegative ? -1 : 1)
    if sign != otherSign { return sign < otherSign ? -1 : 1 }
    if sign == 0 { return 0 }
    if magnitude != other.magnitude { return magnitude < other.magnitude ? -sign : sign }
    var (left, right) = (first, other.first)
    while left < last, right < other.last {
      if left.pointee == UInt8(ascii: ".") {
        left += 1
        continue
      }
      if right.pointee == UInt8(ascii: ".") {
        right += 1
        continue
      }
      if left.pointee != right.pointee { return left.pointee < right.pointee ? -sign : sign }
      left += 1
      right += 1
    }
    return count == other.count ? 0 : count < other.count ? -sign : sign
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(isNegative)
    hasher.combine(magnitude)
    hasher.combine(count)
    forEachDigit { hasher.combine($0) }
  }
}

/// A number of a schema, kept as its digits.
struct Decimal: Sendable {
  let isNegative: Bool
  let digits: [UInt8]
  let magnitude: Int
  /// The value, if it is a whole number of at most 18 digits: then most comparisons are of two integers.
  let int: Int?

  init(_ text: DecimalText) {
    var digits: [UInt8] = []
    text.forEachDigit { digits.append($0 + UInt8(ascii: "0")) }
    self.digits = digits
    isNegative = text.isNegative
    magnitude = text.magnitude
    if digits.isEmpty {
      int = 0
    } else if text.isInteger, text.magnitude < 18 {
      var value = 0
      for place in 0...text.magnitude { value = value * 10 + (place < digits.count ? Int(digits[place] - UInt8(ascii: "0")) : 0) }
      int = text.isNegative ? -value : value
    } else {
      int = nil
    }
  }

  func withText<R>(_ body: (DecimalText) -> R) -> R {
    digits.withUnsafeBufferPointer { body(DecimalText(digits: $0, isNegative: isNegative, magnitude: magnitude)) }
  }

  /// The digits as one integer, if there are at most 18 of them.
  var coefficient: UInt64? {
    guard digits.count <= 18 else { return nil }
    return digits.reduce(0) { $0 * 10 + UInt64($1 - UInt8(ascii: "0")) }
  }

  /// Whether `number` is this number times an integer. Exact; the number itself has at most 18 digits and is not zero.
  func divides(_ number: DecimalText) -> Bool {
    guard number.count > 0 else { return true }
    guard let divisor = coefficient, divisor > 0 else { return false }
    // number = N * 10^n, this = divisor * 10^d, neither N nor divisor ends in a zero.
    let shift = (number.magnitude - number.count) - (magnitude - digits.count)
    // With a lower last digit than this number's, N would have to be a multiple of ten.
    guard shift >= 0 else { return false }
    var rest: UInt64 = 0
    number.forEachDigit { rest = Self.product(rest, 10, modulo: divisor, plus: UInt64($0)) }
    var (power, base, exponent) = (1 % divisor, 10 % divisor, shift)
    while exponent > 0 {
      if exponent & 1 == 1 { power = Self.product(power, base, modulo: divisor) }
      base = Self.product(base, base, modulo: divisor)
      exponent >>= 1
    }
    return Self.product(rest, power, modulo: divisor) == 0
  }

  private static func product(_ one: UInt64, _ other: UInt64, modulo divisor: UInt64, plus: UInt64 = 0) -> UInt64 {
    let (high, low) = one.multipliedFullWidth(by: other)
    let (sum, carry) = low.addingReportingOverflow(plus)
    // Both factors are below the divisor (or ten), so the high half is as well.
    return divisor.dividingFullWidth(((high + (carry ? 1 : 0)) % divisor, sum)).remainder
  }
}
