internal import ConnectorKit

/// Jira's times: `2026-07-28T12:00:00.000+0200`.
enum JiraTime {
  /// RFC 3339 in UTC; the text itself where it is no time.
  static func text(_ time: String) -> String { Timestamp.seconds(time).map { Timestamp.text(seconds: $0) } ?? time }
  /// Lists of changes of several issues give seconds or milliseconds since 1970. Nil before then, and after the year 9999.
  static func text(_ time: Int) -> String? {
    let seconds = Int64(time > 100_000_000_000 ? time / 1000 : time)
    return (0...253_402_300_799).contains(seconds) ? Timestamp.text(seconds: seconds) : nil
  }
  static func text(milliseconds: Int64) -> String { Timestamp.text(seconds: milliseconds / 1000) }
}
