internal import ConnectorKit

/// Jira's times: `2026-07-28T12:00:00.000+0200`.
enum JiraTime {
  /// RFC 3339 in UTC; the text itself where it is no time.
  static func text(_ time: String) -> String { Timestamp.seconds(time).map { Timestamp.text(seconds: $0) } ?? time }
  /// Lists of changes of several issues give seconds or milliseconds since 1970.
  static func text(_ time: Int) -> String { Timestamp.text(seconds: Int64(time > 100_000_000_000 ? time / 1000 : time)) }
  static func text(milliseconds: Int64) -> String { Timestamp.text(seconds: milliseconds / 1000) }
}
