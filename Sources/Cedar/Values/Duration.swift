extension Value {
  /// A span of time in milliseconds, positive or negative.
  public struct Duration: Sendable, Hashable {
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    private static let units: [(suffix: String, factor: Int64)] = [
      ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// Reads quantities with the units d, h, m, s and ms, each at most once and in that order, with an optional leading
    /// minus, such as `-1d12h30ms`; nil if malformed or out of range.
    public init?(_ text: String) {
      var rest = Array(text.utf8)[...]
      let negative = rest.first == UInt8(ascii: "-")
      if negative { rest.removeFirst() }
      guard !rest.isEmpty else { return nil }
      var remaining = Self.units[...]
      var total: Int64 = 0
      while !rest.isEmpty {
        let digits = rest.prefix { $0.decimalDigit != nil }
        let suffix = rest.dropFirst(digits.count).prefix { $0.decimalDigit == nil }
        guard !digits.isEmpty,
          let unit = remaining.firstIndex(where: { suffix.elementsEqual($0.suffix.utf8) })
        else { return nil }
        guard let amount = Self.negated(digits, times: remaining[unit].factor) else { return nil }
        // Sums are built from the smallest unit up in the reference; the range check comes to the same, since all
        // terms have one sign.
        let (sum, overflow) = total.addingReportingOverflow(amount)
        guard !overflow else { return nil }
        total = sum
        remaining = remaining[(unit + 1)...]
        rest = rest.dropFirst(digits.count + suffix.count)
      }
      if !negative {
        guard total != .min else { return nil }
        total = -total
      }
      milliseconds = total
    }

    private static func negated(_ digits: ArraySlice<UInt8>, times factor: Int64) -> Int64? {
      var total: Int64 = 0
      for byte in digits {
        guard let digit = byte.decimalDigit else { return nil }
        let (tenfold, overflow) = total.multipliedReportingOverflow(by: 10)
        let (next, underflow) = tenfold.subtractingReportingOverflow(digit)
        if overflow || underflow { return nil }
        total = next
      }
      let (product, overflow) = total.multipliedReportingOverflow(by: factor)
      return overflow ? nil : product
    }

    public var seconds: Int64 { milliseconds / 1_000 }
    public var minutes: Int64 { milliseconds / 60_000 }
    public var hours: Int64 { milliseconds / 3_600_000 }
    public var days: Int64 { milliseconds / 86_400_000 }
  }
}

extension Value.Duration: CustomStringConvertible {
  public var description: String { "\(milliseconds)ms" }
}
