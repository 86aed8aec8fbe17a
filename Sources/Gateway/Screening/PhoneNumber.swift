/// Phone numbers: E.164 with a plus or 00, the national forms of North America and of countries with the trunk prefix 0,
/// and any plain digits that the text calls a phone number.
extension NumberDetector {
  /// `+49 30 1234567`, `+1 (212) 555-0123`.
  func international() -> TextFinding? {
    guard !context.isNumber else { return nil }
    var plus = groups[0].start - 1
    if text[plus] == UInt8(ascii: "(") { plus -= 1 }
    guard text[plus] == UInt8(ascii: "+"), !text.isWord(before: plus), text[groups[0].start] != UInt8(ascii: "0") else {
      return nil
    }
    let isAmerican = text[groups[0].start] == UInt8(ascii: "1")
    guard let count = phoneGroups(8...(isAmerican ? 11 : 15)) else { return nil }
    guard text[plus + 1] != UInt8(ascii: "(") else {
      return TextFinding(kind: .phone, range: plus..<groups[count - 1].end)
    }
    let start = text[plus - 1] == UInt8(ascii: "(") ? plus - 1 : plus
    return TextFinding(kind: .phone, range: start..<groups[count - 1].end)
  }

  func nationalPhone() -> TextFinding? {
    if !context.isNumber, let count = northAmerican() ?? trunk() ?? doubleZero() {
      let first = groups[0].start
      let start = text[first - 1] == UInt8(ascii: "(") ? first - 1 : first
      return TextFinding(kind: .phone, range: start..<groups[count - 1].end)
    }
    guard let count = phoneGroups(7...15), !isDate, mentions(.phone) else { return nil }
    return finding(.phone, groups: count)
  }

  /// How many groups make a number with a count of digits in `lengths`, as many as fit; nil if none do.
  private func phoneGroups(_ lengths: ClosedRange<Int>) -> Int? {
    var total = 0
    var best: Int?
    for (index, group) in groups.enumerated() {
      total += group.count
      guard total <= lengths.upperBound else { break }
      if total >= lengths.lowerBound, isClosed(at: group.end) { best = index + 1 }
    }
    return best
  }

  /// NXX-NXX-XXXX, perhaps after 1; N is 2 to 9.
  private func northAmerican() -> Int? {
    let isLong = groups[0].count == 1 && text[groups[0].start] == UInt8(ascii: "1")
    let area = isLong ? 1 : 0
    guard groups.count >= area + 3 else { return nil }
    guard groups[area].count == 3, groups[area + 1].count == 3, groups[area + 2].count == 4 else { return nil }
    guard text[groups[area].start] >= UInt8(ascii: "2"), text[groups[area + 1].start] >= UInt8(ascii: "2") else { return nil }
    guard !groups[area + 2].isWide, groups[area + 2].separator != UInt8(ascii: "/") else { return nil }
    return isClosed(at: groups[area + 2].end) ? area + 3 : nil
  }

  /// `030 1234567`, `(0161) 496 0000`, `01 23 45 67 89`: nine to twelve digits that begin with 0 and another digit.
  private func trunk() -> Int? {
    let first = groups[0]
    guard text[first.start] == UInt8(ascii: "0"), text[first.start + 1] &- UInt8(ascii: "1") < 9 else { return nil }
    guard (2...5).contains(first.count), groups.count >= 2, !isDate else { return nil }
    let isDotted = groups[1].separator == UInt8(ascii: ".")
    if isDotted {
      return shape([2, 2, 2, 2, 2], UInt8(ascii: ".")) && isClosed(at: groups[4].end) ? 5 : nil
    }
    var total = first.count
    var best: Int?
    for index in 1..<groups.count {
      let group = groups[index]
      guard !group.isWide || index == 1 && group.separator == UInt8(ascii: ")") else { break }
      guard group.separator != UInt8(ascii: "."), index == 1 || group.separator != UInt8(ascii: "/") else { break }
      total += group.count
      guard total <= (best == nil ? 12 : 11) else { break }
      if total >= 9, isClosed(at: group.end) { best = index + 1 }
    }
    return best
  }

  /// `0049 30 1234567`.
  private func doubleZero() -> Int? {
    guard groups.count >= 2, groups[0].count >= 3, text.holds("00", at: groups[0].start) else { return nil }
    guard text[groups[0].start + 2] != UInt8(ascii: "0") else { return nil }
    return phoneGroups(10...16)
  }

  /// Whether the groups begin like a date with a separator, year first or last.
  private var isDate: Bool { shape([4, 2, 2]) || shape([2, 2, 4]) }
}
