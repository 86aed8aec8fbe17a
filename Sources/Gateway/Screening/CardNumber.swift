/// Payment card numbers (ISO/IEC 7812-1): 13 to 19 digits of a known issuer range with a correct Luhn digit.
extension NumberDetector {
  func card() -> TextFinding? {
    var best: TextFinding?
    var total = 0
    for (index, group) in groups.enumerated() {
      if index > 0 {
        let separator = group.separator
        guard !group.isWide, separator == groups[1].separator else { break }
        guard separator == UInt8(ascii: " ") || separator == UInt8(ascii: "-") else { break }
      }
      total += group.count
      guard total <= 19 else { break }
      guard total >= 13, isCardShape(index + 1), isCardEnd(group.end) else { continue }
      guard let (value, digits) = number(index + 1), Self.isIssued(value, digits), Self.hasLuhnDigit(value) else { continue }
      best = finding(.card, groups: index + 1)
    }
    return best
  }

  private func isCardEnd(_ end: Int) -> Bool {
    let next = text[end]
    if context.isNumber { return next == 0 }
    return !next.isWord && next != UInt8(ascii: "@") && !(next == UInt8(ascii: "-") && text[end + 1].isAlphanumeric)
      && !(next == UInt8(ascii: ".") && text[end + 1].isDigit)
  }

  private func isCardShape(_ count: Int) -> Bool {
    if count == 1 { return true }
    if count == 3, groups[0].count == 4, groups[1].count == 6 { return groups[2].count == 5 || groups[2].count == 4 }
    return groups[..<(count - 1)].allSatisfy { $0.count == 4 } && groups[count - 1].count <= 4
  }

  private static func isIssued(_ value: UInt64, _ digits: Int) -> Bool {
    var prefix = value
    for _ in 0..<(digits - 4) { prefix /= 10 }
    switch prefix {
    case 4000...4999: return digits == 13 || digits == 16 || digits == 19
    case 5100...5599, 2221...2720: return digits == 16
    case 3400...3499, 3700...3799: return digits == 15
    case 6011, 6440...6599, 6200...6299, 3528...3589: return digits >= 16
    case 3000...3059, 3095, 3600...3699, 3800...3999: return digits == 14 || digits >= 16
    case 5018, 5020, 5038, 5893, 6304, 6759, 6761...6763: return digits >= 13
    default: return false
    }
  }

  /// ISO/IEC 7812-1 annex B.
  private static func hasLuhnDigit(_ value: UInt64) -> Bool {
    var sum = 0
    var rest = value
    var doubles = false
    while rest > 0 {
      let digit = Int(rest % 10)
      sum += doubles ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit
      doubles.toggle()
      rest /= 10
    }
    return sum % 10 == 0
  }
}
