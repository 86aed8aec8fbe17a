internal import ConnectorKit

/// Slack's times: seconds since 1970 with six decimals, which also name a message within its channel.
enum SlackTime {
  /// RFC 3339 in UTC, whole seconds.
  static func text(seconds: Int) -> String { Timestamp.text(seconds: Int64(seconds)) }

  static func text(_ ts: String) -> String? { ts.split(separator: ".").first.flatMap { Int($0) }.map(text(seconds:)) }

  /// A time that a person gave: Slack's own form, whole seconds, or RFC 3339.
  static func timestamp(_ text: String) throws(VendorError) -> String {
    if text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }), Double(text) != nil { return text }
    guard let seconds = Timestamp.seconds(text) else {
      throw VendorError(.refused, "\"\(text.prefix(40))\" is no time. Give 2026-07-28, 2026-07-28T12:00:00Z or seconds since 1970.")
    }
    return String(seconds)
  }
}
