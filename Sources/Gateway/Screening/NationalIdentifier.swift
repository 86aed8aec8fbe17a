/// National identifiers that are digits only, or digits with a check letter behind them.
extension NumberDetector {
  func nationalID() -> TextFinding? {
    usSSN() ?? deTaxID() ?? frINSEE() ?? esDNI() ?? nlBSN()
  }

  /// Social security numbers and taxpayer numbers of the United States; without dashes only where the text says so.
  private func usSSN() -> TextFinding? {
    let count: Int
    if shape([3, 2, 4], UInt8(ascii: "-")), !context.isNumber {
      count = 3
    } else if shape([3, 2, 4], UInt8(ascii: " ")) {
      count = 3
    } else if groups[0].count == 9 {
      count = 1
    } else {
      return nil
    }
    guard isClosed(at: groups[count - 1].end), let (value, _) = number(count) else { return nil }
    let (area, group, serial) = (value / 1_000_000, value / 10_000 % 100, value % 10_000)
    guard area != 0, area != 666, group != 0, serial != 0 else { return nil }
    // From 900 on only the groups that the IRS gives to taxpayers without a social security number.
    if area >= 900 {
      switch group {
      case 50...65, 70...88, 90...92, 94...99: break
      default: return nil
      }
    }
    let isDashed = count == 3 && groups[1].separator == UInt8(ascii: "-")
    guard isDashed || mentions(.socialSecurity) else { return nil }
    return finding(.usSSN, groups: count)
  }

  /// Steuerliche Identifikationsnummer: of the first ten digits exactly one repeats, ISO 7064 mod 11,10 check digit.
  private func deTaxID() -> TextFinding? {
    let spaced = shape([2, 3, 3, 3], UInt8(ascii: " "))
    guard spaced || groups[0].count == 11 else { return nil }
    let count = spaced ? 4 : 1
    guard isClosed(at: groups[count - 1].end), let (value, _) = number(count), value >= 10_000_000_000 else { return nil }
    if context.isNumber, !mentions(.tax) { return nil }
    var seen: UInt64 = 0
    var product = 10
    var divisor: UInt64 = 10_000_000_000
    for _ in 0..<10 {
      let digit = Int(value / divisor % 10)
      seen += 1 << UInt64(digit * 4)
      var sum = (digit + product) % 10
      if sum == 0 { sum = 10 }
      product = sum * 2 % 11
      divisor /= 10
    }
    var repeated = 0
    for digit in 0..<10 {
      let times = seen >> UInt64(digit * 4) & 15
      guard times <= 3 else { return nil }
      if times > 1 { repeated += 1 }
    }
    let check = (11 - product) % 10
    guard repeated == 1, UInt64(check) == value % 10 else { return nil }
    return finding(.deTaxID, groups: count)
  }

  /// Numéro d'inscription au répertoire: 13 characters and a key of two digits, 97 less the number mod 97.
  private func frINSEE() -> TextFinding? {
    let space = UInt8(ascii: " ")
    if groups[0].count == 6, text[groups[0].end] &- UInt8(ascii: "A") < 2 { return corsicanINSEE() }
    let count: Int
    if groups[0].count == 15 {
      count = 1
    } else if shape([13, 2], space) {
      count = 2
    } else if shape([1, 2, 2, 2, 3, 3, 2], space) {
      count = 7
    } else {
      return nil
    }
    guard isClosed(at: groups[count - 1].end), let (value, _) = number(count) else { return nil }
    if context.isNumber, !mentions(.socialSecurity) { return nil }
    return Self.isINSEE(value / 100, key: value % 100) ? finding(.frINSEE, groups: count) : nil
  }

  /// The departments 2A and 2B count as 19 and 18.
  private func corsicanINSEE() -> TextFinding? {
    let first = groups[0]
    let end = text.end(from: first.end + 1, limit: 9) { $0.isDigit }
    guard text[first.end - 1] == UInt8(ascii: "2"), end - first.end == 9, isClosed(at: end) else { return nil }
    guard let (head, _) = number(1) else { return nil }
    var tail: UInt64 = 0
    for position in (first.end + 1)..<end { tail = tail * 10 + UInt64(text[position].digitValue) }
    let department: UInt64 = text[first.end] == UInt8(ascii: "A") ? 19 : 18
    let value = (head / 10 * 100 + department) * 1_000_000 + tail / 100
    return Self.isINSEE(value, key: tail % 100) ? TextFinding(kind: .frINSEE, range: first.start..<end) : nil
  }

  private static func isINSEE(_ value: UInt64, key: UInt64) -> Bool {
    switch value / 1_000_000_000_000 {
    case 1, 2, 7, 8: break
    default: return false
    }
    switch value / 100_000_000 % 100 {
    case 1...12, 20...42, 50...99: return key == 97 - value % 97
    default: return false
    }
  }

  static let dniLetters: StaticString = "TRWAGMYFPDXBNJZSQVHLCKE"

  /// Documento nacional de identidad: eight digits and the letter of the number mod 23.
  private func esDNI() -> TextFinding? {
    let dotted = shape([2, 3, 3], UInt8(ascii: "."))
    guard dotted || groups[0].count == 8 else { return nil }
    let count = dotted ? 3 : 1
    guard let (value, _) = number(count) else { return nil }
    guard let end = checkLetter(after: groups[count - 1].end, value) else { return nil }
    return TextFinding(kind: .esDNI, range: groups[0].start..<end)
  }

  /// The position behind the check letter of `value`, which may follow a dash.
  func checkLetter(after end: Int, _ value: UInt64) -> Int? {
    let letter = text[end] == UInt8(ascii: "-") ? end + 1 : end
    guard text[letter] == Self.dniLetters.utf8Start[Int(value % 23)], !text[letter + 1].isWord else { return nil }
    return letter + 1
  }

  /// Burgerservicenummer: nine digits that pass the eleven test, only where the text says what they are.
  private func nlBSN() -> TextFinding? {
    var count = 0
    var total = 0
    while count < groups.count, total < 9 {
      total += groups[count].count
      count += 1
    }
    guard total == 9, isClosed(at: groups[count - 1].end), let (value, _) = number(count), value > 0 else { return nil }
    var sum = -Int(value % 10)
    var rest = value / 10
    for weight in 2...9 {
      sum += weight * Int(rest % 10)
      rest /= 10
    }
    guard sum % 11 == 0, mentions(.bsn) else { return nil }
    return finding(.nlBSN, groups: count)
  }
}
