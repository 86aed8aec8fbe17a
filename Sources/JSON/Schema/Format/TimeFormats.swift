/// RFC 3339: section 5.6 for dates and times, appendix A for durations.
extension FormatReader {
  mutating func dateTime() -> Bool {
    guard date(), take(ignoringCase: "t") else { return false }
    return time() && isAtEnd
  }

  mutating func date() -> Bool {
    guard let year = number(4, in: 0...9999), take("-"), let month = number(2, in: 1...12), take("-"), let day = number(2, in: 1...31) else {
      return false
    }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    switch month {
    case 2: return day <= (isLeap ? 29 : 28)
    case 4, 6, 9, 11: return day <= 30
    default: return true
    }
  }

  mutating func time() -> Bool {
    guard let hour = number(2, in: 0...23), take(":"), let minute = number(2, in: 0...59), take(":"), let second = number(2, in: 0...60) else {
      return false
    }
    if take("."), digits() == 0 { return false }
    var offset = 0
    if !take(ignoringCase: "z") {
      let isBehind = take("-")
      guard isBehind || take("+"), let hours = number(2, in: 0...23), take(":"), let minutes = number(2, in: 0...59) else { return false }
      offset = (hours * 60 + minutes) * (isBehind ? -1 : 1)
    }
    // A leap second is the last of a day in UTC.
    let utc = (hour * 60 + minute - offset + 2880) % 1440
    return second < 60 || utc == 1439
  }

  mutating func duration() -> Bool {
    guard take("P") else { return false }
    if isAtEnd { return false }
    var date: Substring = "YMD"
    var isFirst = true
    while !isAtEnd, !take("T") {
      guard digits() > 0, let unit = next else { return false }
      at += 1
      if isFirst, unit == UInt8(ascii: "W") { return isAtEnd }
      guard follow(unit, &date, isFirst: isFirst) else { return false }
      isFirst = false
    }
    guard isAtEnd else { return clock() }
    // `PT` takes the T and ends.
    return text[at - 1] != UInt8(ascii: "T")
  }

  private mutating func clock() -> Bool {
    var units: Substring = "HMS"
    var isFirst = true
    while !isAtEnd {
      guard digits() > 0, let unit = next else { return false }
      at += 1
      guard follow(unit, &units, isFirst: isFirst) else { return false }
      isFirst = false
    }
    return true
  }

  /// Whether a unit is the next in order, with none left out after the first.
  private func follow(_ unit: UInt8, _ units: inout Substring, isFirst: Bool) -> Bool {
    guard let place = units.utf8.firstIndex(of: unit), isFirst || place == units.startIndex else { return false }
    units = units[units.utf8.index(after: place)...]
    return true
  }
}
