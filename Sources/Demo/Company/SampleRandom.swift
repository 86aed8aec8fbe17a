/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine, for sample data only.
struct SampleRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// The bias of the remainder is far below what sample data shows.
  mutating func int(_ range: Range<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }
  mutating func int(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }
  mutating func pick<T>(_ items: [T]) -> T { items[int(0..<items.count)] }
  /// True in `percent` of 100 cases.
  mutating func chance(_ percent: Int) -> Bool { int(0..<100) < percent }
}

/// A day of the Gregorian calendar, as the number of days since 1970-01-01.
struct SampleDay: Comparable {
  var number: Int

  /// The day on which the sample company's books stand still: 2026-07-01.
  static let today = SampleDay(number: 20_635)

  static func < (one: SampleDay, other: SampleDay) -> Bool { one.number < other.number }
  func adding(_ days: Int) -> SampleDay { SampleDay(number: number + days) }

  /// `2026-07-01`. The conversion counts in eras of 400 years that begin with March.
  var text: String {
    let shifted = number + 719_468
    let (era, day) = (shifted / 146_097, shifted % 146_097)
    let yearOfEra = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
    let dayOfYear = day - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let date = dayOfYear - (153 * month + 2) / 5 + 1
    let calendarMonth = month < 10 ? month + 3 : month - 9
    let year = yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0)
    return "\(year)-\(SampleText.padded(calendarMonth, 2))-\(SampleText.padded(date, 2))"
  }
}

enum SampleText {
  static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
