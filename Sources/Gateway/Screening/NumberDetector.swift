/// What is told by digits: cards, bank accounts, phones and national identifiers.
///
/// The digits are read as groups with the separators between them, since the shape of the groups tells a phone number from
/// a date and a card from a column of figures.
struct NumberDetector {
  struct Group {
    var start: Int
    var end: Int
    /// The byte before the group that joins it to the one before; 0 for the first.
    var separator: UInt8
    /// Whether two separators stand before it, as in `(212) 555`.
    var isWide: Bool
    var count: Int { end - start }
  }

  let text: TextBytes
  let context: TextContext
  private(set) var groups: [Group] = []

  init(text: TextBytes, context: TextContext) {
    self.text = text
    self.context = context
  }

  /// Reports what is found in the run of digits that begins at `start`, and gives the position after the run.
  mutating func scan(from start: Int, floor: Int, report: (TextFinding) -> Void) -> Int {
    var at = start
    var floor = floor
    while true {
      read(from: at)
      if let finding = match(floor: floor) {
        report(finding)
        floor = finding.range.upperBound
        at = nextDigit(after: floor)
        if at == floor { return max(at, start + 1) }
      } else if groups.count > 1 {
        at = groups[1].start
      } else {
        return text.end(from: groups[0].end) { $0.isDigit }
      }
    }
  }

  /// The first digit behind one or two separators; `position` itself if there is none.
  private func nextDigit(after position: Int) -> Int {
    guard text[position].isNumberSeparator else { return position }
    if text[position + 1].isDigit { return position + 1 }
    return text[position + 1].isNumberSeparator && text[position + 2].isDigit ? position + 2 : position
  }

  /// No form has more groups or longer ones.
  private static let mostGroups = 10
  private static let longestGroup = 40

  private mutating func read(from start: Int) {
    groups.removeAll(keepingCapacity: true)
    var group = Group(start: start, end: start, separator: 0, isWide: false)
    while true {
      group.end = text.end(from: group.start, limit: Self.longestGroup) { $0.isDigit }
      groups.append(group)
      let next = nextDigit(after: group.end)
      guard groups.count < Self.mostGroups, group.count < Self.longestGroup, next > group.end else { return }
      group = Group(start: next, end: next, separator: text[group.end], isWide: next - group.end == 2)
    }
  }

  private func match(floor: Int) -> TextFinding? {
    if let finding = lettered(), finding.range.lowerBound >= floor { return finding }
    if let finding = international(), finding.range.lowerBound >= floor { return finding }
    guard !isJoined(before: groups[0].start) else { return nil }
    if let finding = card() { return finding }
    if let finding = nationalID() { return finding }
    guard let finding = nationalPhone(), finding.range.lowerBound >= floor else { return nil }
    return finding
  }

  // MARK: Edges

  /// Whether the digits at `start` continue something: a word, a decimal, a time, an identifier with dashes.
  func isJoined(before start: Int) -> Bool {
    if text.isWord(before: start) { return true }
    switch text[start - 1] {
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ","), UInt8(ascii: ":"):
      let before = text[start - 2]
      if text[start - 1] == UInt8(ascii: "-"), context.isNumber { return true }
      return text[start - 1] == UInt8(ascii: ":") || text[start - 1] == UInt8(ascii: ",")
        ? before.isDigit : before.isAlphanumeric && text.isWord(before: start - 1)
    case UInt8(ascii: ")"): return text[start - 2].isDigit
    // The last byte of a bullet: what a partial mask left.
    case 0xA2: return text[start - 2] == 0x80 && text[start - 3] == 0xE2
    default: return false
    }
  }

  /// Whether the digits that end at `end` stand for themselves and are not part of something longer.
  func isClosed(at end: Int) -> Bool {
    let next = text[end]
    if next.isWord || next == UInt8(ascii: "@") || next == UInt8(ascii: "%") { return false }
    switch next {
    case UInt8(ascii: "-"): return !text[end + 1].isAlphanumeric
    case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "/"): return !text[end + 1].isDigit
    default: return true
    }
  }

  // MARK: Digits

  /// The number that the first `count` groups spell, at most 19 digits; nil if it has more.
  func number(_ count: Int) -> (value: UInt64, digits: Int)? {
    var value: UInt64 = 0
    var digits = 0
    for group in groups[..<count] {
      digits += group.count
      guard digits <= 19 else { return nil }
      for position in group.start..<group.end { value = value &* 10 &+ UInt64(text[position].digitValue) }
    }
    return (value, digits)
  }

  /// Whether the first groups have these lengths, each but the first after one `separator` (any single one if nil).
  func shape(_ lengths: [Int], _ separator: UInt8? = nil) -> Bool {
    guard groups.count >= lengths.count else { return false }
    for (index, length) in lengths.enumerated() {
      guard groups[index].count == length else { return false }
      guard index == 0 || !groups[index].isWide else { return false }
      guard index == 0 || separator == nil || groups[index].separator == separator else { return false }
    }
    return true
  }

  func finding(_ kind: DetectorKind, groups count: Int) -> TextFinding {
    TextFinding(kind: kind, range: groups[0].start..<groups[count - 1].end)
  }
}
