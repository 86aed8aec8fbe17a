extension Value {
  /// An instant, in milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
  public struct Datetime: Sendable, Hashable {
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    private static let day: Int64 = 86_400_000

    /// Reads `YYYY-MM-DD`, or `YYYY-MM-DDThh:mm:ss` with optional `.SSS` and then `Z` or an offset `+hhmm` / `-hhmm`;
    /// nil if malformed or not a date of the proleptic Gregorian calendar.
    public init?(_ text: String) {
      var scan = FixedFieldScanner(bytes: Array(text.utf8))
      guard let year = scan.number(digits: 4), scan.take("-"), let month = scan.number(digits: 2), scan.take("-"),
        let dayOfMonth = scan.number(digits: 2), let days = Self.days(year: year, month: month, day: dayOfMonth)
      else { return nil }
      var total = days * Self.day
      if !scan.isAtEnd {
        guard scan.take("T"), let hour = scan.number(digits: 2), scan.take(":"), let minute = scan.number(digits: 2),
          scan.take(":"), let second = scan.number(digits: 2), hour < 24, minute < 60, second < 60
        else { return nil }
        total += (hour * 3_600 + minute * 60 + second) * 1_000
        if scan.take(".") {
          guard let milliseconds = scan.number(digits: 3) else { return nil }
          total += milliseconds
        }
        if !scan.take("Z") {
          let sign: Int64
          if scan.take("+") { sign = 1 } else if scan.take("-") { sign = -1 } else { return nil }
          guard let hours = scan.number(digits: 2), let minutes = scan.number(digits: 2), hours < 24, minutes < 60
          else { return nil }
          total -= sign * (hours * 3_600 + minutes * 60) * 1_000
        }
        guard scan.isAtEnd else { return nil }
      }
      milliseconds = total
    }

    /// Days since 1970-01-01, nil if there is no such date.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64? {
      let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
      let lengths: [Int64] = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      guard month >= 1, month <= 12, day >= 1, day <= lengths[Int(month) - 1] else { return nil }
      // Years counted from March put the leap day last, so that days before a month follow one linear rule.
      let shiftedYear = month <= 2 ? year - 1 : year
      let shiftedMonth = (month + 9) % 12
      let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
      let yearOfEra = shiftedYear - era * 400
      let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
      let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
      return era * 146_097 + dayOfEra - 719_468
    }

    /// This instant moved by a duration; nil on overflow.
    public func offset(by duration: Duration) -> Datetime? {
      let (sum, overflow) = milliseconds.addingReportingOverflow(duration.milliseconds)
      return overflow ? nil : Datetime(milliseconds: sum)
    }

    /// The time from another instant to this one; nil on overflow.
    public func duration(since other: Datetime) -> Duration? {
      let (difference, overflow) = milliseconds.subtractingReportingOverflow(other.milliseconds)
      return overflow ? nil : Duration(milliseconds: difference)
    }

    /// Midnight (UTC) of this instant's day; nil if that is out of range.
    public var startOfDay: Datetime? {
      let (start, overflow) = milliseconds.subtractingReportingOverflow(timeOfDay.milliseconds)
      return overflow ? nil : Datetime(milliseconds: start)
    }

    /// The time since midnight (UTC), never negative.
    public var timeOfDay: Duration {
      let remainder = milliseconds % Self.day
      return Duration(milliseconds: remainder < 0 ? remainder + Self.day : remainder)
    }
  }
}

extension Value.Datetime {
  /// The instant as `YYYY-MM-DDThh:mm:ss.SSSZ`; nil outside the years 0 to 9999, which have no such form.
  public var text: String? {
    let time = timeOfDay.milliseconds
    guard let start = startOfDay?.milliseconds else { return nil }
    // The inverse of `days(year:month:day:)`, again with years that start in March.
    let days = start / Self.day + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    guard (0...9_999).contains(year) else { return nil }
    let date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
    let seconds = time / 1_000
    let clock = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { Self.padded($0, 2) }.joined(separator: ":")
    return "\(date)T\(clock).\(Self.padded(time % 1_000, 3))Z"
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

private struct FixedFieldScanner {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func number(digits: Int) -> Int64? {
    guard position + digits <= bytes.count else { return nil }
    var total: Int64 = 0
    for byte in bytes[position..<position + digits] {
      guard let digit = byte.decimalDigit else { return nil }
      total = total * 10 + digit
    }
    position += digits
    return total
  }
}
