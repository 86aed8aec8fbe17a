/// Identifiers that begin with letters: bank accounts, and national identifiers of Britain, Italy and foreigners in Spain.
extension NumberDetector {
  func lettered() -> TextFinding? {
    guard !context.isNumber else { return nil }
    return iban() ?? ukNINO() ?? itCodiceFiscale() ?? esNIE()
  }

  // MARK: IBAN

  /// ISO 13616: country, two check digits, and the account in the country's length; mod 97 is 1.
  private func iban() -> TextFinding? {
    let first = groups[0].start
    // The run of digits may begin at the check digits, or behind the letters of the bank.
    for start in stride(from: first - 2, through: max(first - 14, 0), by: -1) {
      guard text[start].isUpper, text[start + 1].isUpper, text[start + 2].isDigit, text[start + 3].isDigit else { continue }
      guard !text.isWord(before: start) else { continue }
      if let end = ibanEnd(from: start) { return TextFinding(kind: .iban, range: start..<end) }
    }
    return nil
  }

  private func ibanEnd(from start: Int) -> Int? {
    let length = Self.ibanLength(text[start], text[start + 1])
    guard length > 0 else { return nil }
    var at = start
    var taken = 0
    var rest = 0
    while taken < length {
      let byte = text[at]
      if byte == UInt8(ascii: " "), taken > 0, taken % 4 == 0, text[at - 1] != UInt8(ascii: " ") { at += 1; continue }
      guard byte.isDigit || byte.isUpper else { return nil }
      if taken >= 4 { rest = Self.append(byte, to: rest) }
      taken += 1
      at += 1
    }
    guard !text[at].isWord else { return nil }
    for position in start..<(start + 4) { rest = Self.append(text[position], to: rest) }
    return rest == 1 ? at : nil
  }

  private static func append(_ byte: UInt8, to rest: Int) -> Int {
    byte.isDigit ? (rest * 10 + byte.digitValue) % 97 : (rest * 100 + Int(byte) - 55) % 97
  }

  /// The lengths of the IBAN registry; 0 for a country without.
  private static func ibanLength(_ first: UInt8, _ second: UInt8) -> Int {
    switch String(UnicodeScalar(first)) + String(UnicodeScalar(second)) {
    case "NO": 15
    case "BE": 16
    case "DK", "FI", "FO", "GL", "NL", "SD", "FK": 18
    case "MK", "SI": 19
    case "AT", "BA", "EE", "KZ", "LT", "LU", "XK", "MN": 20
    case "CH", "HR", "LI", "LV": 21
    case "BG", "BH", "CR", "DE", "GB", "GE", "IE", "ME", "RS", "VA": 22
    case "AE", "GI", "IL", "IQ", "OM", "SO", "TL": 23
    case "AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG": 24
    case "LY", "PT", "ST": 25
    case "IS", "TR": 26
    case "BI", "DJ", "FR", "GR", "IT", "MC", "MR", "SM": 27
    case "AL", "AZ", "BY", "CY", "DO", "GT", "HN", "HU", "LB", "NI", "PL", "SV": 28
    case "BR", "EG", "PS", "QA", "UA": 29
    case "JO", "KW", "MU", "YE": 30
    case "MT", "SC": 31
    case "LC": 32
    case "RU": 33
    default: 0
    }
  }

  // MARK: National identifiers

  /// National insurance number: `AB 12 34 56 C` with or without the spaces (HMRC manual NIM39110).
  private func ukNINO() -> TextFinding? {
    let spaced = shape([2, 2, 2], UInt8(ascii: " "))
    guard spaced || groups[0].count == 6 else { return nil }
    let first = groups[0].start
    let start = text[first - 1] == UInt8(ascii: " ") ? first - 3 : first - 2
    guard start >= 0, text[start].isUpper, text[start + 1].isUpper, !text.isWord(before: start) else { return nil }
    let digits = groups[spaced ? 2 : 0].end
    let suffix = text[digits] == UInt8(ascii: " ") ? digits + 1 : digits
    guard text[suffix] &- UInt8(ascii: "A") < 4, !text[suffix + 1].isWord else { return nil }
    let letters = (text[start], text[start + 1])
    for unused in "DFIQUV".utf8 where letters.0 == unused || letters.1 == unused { return nil }
    guard letters.1 != UInt8(ascii: "O") else { return nil }
    for unused: StaticString in ["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"] where text.holds(unused, at: start) { return nil }
    return TextFinding(kind: .ukNINO, range: start..<(suffix + 1))
  }

  /// Codice fiscale (decree of 23 December 1976): six letters, year, month letter, day, place, check letter.
  private func itCodiceFiscale() -> TextFinding? {
    let start = groups[0].start - 6
    guard start >= 0, groups[0].count == 2, text[start].isUpper, !text.isWord(before: start), !text[start + 16].isWord else {
      return nil
    }
    var sum = 0
    for offset in 0..<16 {
      let byte = text[start + offset]
      switch offset {
      case 0...5, 11, 15: guard byte.isUpper else { return nil }
      case 8: guard "ABCDEHLMPRST".utf8.contains(byte) else { return nil }
      // A digit, or the letter that stands for it where two people would have the same code.
      default: guard byte.isDigit || "LMNPQRSTUV".utf8.contains(byte) else { return nil }
      }
      let value = byte.isDigit ? byte.digitValue : Int(byte - UInt8(ascii: "A"))
      if offset < 15 { sum += offset % 2 == 0 ? Self.oddValues[value] : value }
    }
    guard Int(text[start + 15] - UInt8(ascii: "A")) == sum % 26 else { return nil }
    return TextFinding(kind: .itCodiceFiscale, range: start..<(start + 16))
  }

  private static let oddValues: [Int] = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
  ]

  /// Número de identidad de extranjero: X, Y or Z for 0, 1 or 2, seven digits, the letter of the number mod 23.
  private func esNIE() -> TextFinding? {
    guard groups[0].count == 7, let (value, _) = number(1) else { return nil }
    let first = groups[0].start
    let start = text[first - 1] == UInt8(ascii: "-") ? first - 2 : first - 1
    guard start >= 0, text[start] &- UInt8(ascii: "X") < 3, !text.isWord(before: start) else { return nil }
    let lead = UInt64(text[start] - UInt8(ascii: "X")) * 10_000_000
    guard let end = checkLetter(after: groups[0].end, lead + value) else { return nil }
    return TextFinding(kind: .esDNI, range: start..<end)
  }
}
