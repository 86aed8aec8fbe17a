extension Value {
  /// A fixed-point number with four digits after the point, stored as a 64-bit integer of ten-thousandths.
  public struct Decimal: Sendable, Hashable {
    /// The number times 10,000.
    public let scaled: Int64

    public init(scaled: Int64) { self.scaled = scaled }

    /// Reads `-?digits.digits` with one to four digits after the point; nil if malformed or out of range.
    public init?(_ text: String) {
      var bytes = Array(text.utf8)[...]
      let negative = bytes.first == UInt8(ascii: "-")
      if negative { bytes.removeFirst() }
      guard let point = bytes.firstIndex(of: UInt8(ascii: ".")) else { return nil }
      let whole = bytes[bytes.startIndex..<point]
      let fraction = bytes[(point + 1)...]
      guard !whole.isEmpty, !fraction.isEmpty, fraction.count <= 4 else { return nil }
      // Accumulate downwards so that the most negative number is reachable.
      var total: Int64 = 0
      let padding = Array(repeating: UInt8(ascii: "0"), count: 4 - fraction.count)
      for byte in whole + fraction + padding[...] {
        guard let digit = byte.decimalDigit else { return nil }
        let (tenfold, overflow) = total.multipliedReportingOverflow(by: 10)
        let (next, underflow) = tenfold.subtractingReportingOverflow(digit)
        if overflow || underflow { return nil }
        total = next
      }
      if !negative {
        guard total != .min else { return nil }
        total = -total
      }
      scaled = total
    }
  }
}

extension Value.Decimal: CustomStringConvertible {
  /// The number with the digits after the point that it needs, at least one.
  public var description: String {
    let magnitude = scaled.magnitude
    var fraction = String(magnitude % 10_000)
    fraction = String(repeating: "0", count: 4 - fraction.count) + fraction
    while fraction.count > 1, fraction.hasSuffix("0") { fraction.removeLast() }
    return "\(scaled < 0 ? "-" : "")\(magnitude / 10_000).\(fraction)"
  }
}

extension UInt8 {
  /// The value of an ASCII digit.
  var decimalDigit: Int64? {
    self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") ? Int64(self - UInt8(ascii: "0")) : nil
  }
}
