/// A set of Unicode scalars.
struct CharacterClass: Sendable {
  private(set) var ranges: [ClosedRange<UInt32>] = []
  private(set) var properties: [(property: UnicodeProperty, negated: Bool)] = []
  var isNegated = false
  /// The answers for ASCII, once ``finish()`` was called.
  private var ascii: (UInt64, UInt64) = (0, 0)

  static let last: UInt32 = 0x10FFFF

  init() {}

  init(_ ranges: [ClosedRange<UInt32>]) { self.ranges = ranges }

  init(_ scalar: UInt32) { ranges = [scalar...scalar] }

  mutating func insert(_ range: ClosedRange<UInt32>) { ranges.append(range) }

  mutating func insert(_ property: UnicodeProperty, negated: Bool) { properties.append((property, negated)) }

  mutating func formUnion(_ other: CharacterClass) {
    ranges += other.ranges
    properties += other.properties
  }

  /// The single scalar of a class that has but one: what a range in brackets may start or end with.
  var single: UInt32? {
    guard ranges.count == 1, properties.isEmpty, !isNegated, ranges[0].count == 1 else { return nil }
    return ranges[0].lowerBound
  }

  /// The same class with its ranges in order and the answers for ASCII at hand.
  func finished() -> CharacterClass {
    var finished = self
    finished.ranges = Self.merged(ranges)
    finished.ascii = (0, 0)
    for scalar in UInt32(0)..<64 where finished.search(scalar) { finished.ascii.0 |= 1 << UInt64(scalar) }
    for scalar in UInt32(64)..<128 where finished.search(scalar) { finished.ascii.1 |= 1 << UInt64(scalar - 64) }
    return finished
  }

  @inline(__always)
  func contains(_ scalar: UInt32) -> Bool {
    if scalar < 64 { return ascii.0 >> UInt64(scalar) & 1 == 1 }
    if scalar < 128 { return ascii.1 >> UInt64(scalar - 64) & 1 == 1 }
    return search(scalar)
  }

  private func search(_ scalar: UInt32) -> Bool { isListed(scalar) != isNegated }

  private func isListed(_ scalar: UInt32) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
    }
    if low < ranges.count, ranges[low].lowerBound <= scalar { return true }
    guard !properties.isEmpty, let value = Unicode.Scalar(scalar) else { return false }
    return properties.contains { $0.property.holds(for: value) != $0.negated }
  }

  static func merged(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    return merged
  }

  /// Everything that is in none of the ranges.
  static func complement(_ ranges: [ClosedRange<UInt32>]) -> CharacterClass {
    var complement: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in merged(ranges) {
      if range.lowerBound > next { complement.append(next...(range.lowerBound - 1)) }
      next = range.upperBound + 1
    }
    if next <= last { complement.append(next...last) }
    return CharacterClass(complement)
  }

  // ECMA-262, section 22.2.2.9 and 12.2 to 12.3.
  static let digits: [ClosedRange<UInt32>] = [0x30...0x39]
  static let wordCharacters: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
  static let spaces: [ClosedRange<UInt32>] = [
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
    0xFEFF...0xFEFF,
  ]
  static let lineTerminators: [ClosedRange<UInt32>] = [0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]
}
