internal import ConnectorKit
internal import JSON
internal import MCP

/// A file's content as GitHub sends it, cut to what a model can take.
struct FileContent: Sendable {
  let bytes: [UInt8]

  /// The longest text in one answer, in bytes.
  static let mostText = 100 << 10
  /// The longest file that is read at all, in bytes.
  static let mostBytes = 4 << 20

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// `content` of an answer, with `encoding: base64`: lines of 60 characters.
  init?(base64 text: String) {
    guard let bytes = Base64.decode(text.filter { !$0.isNewline }) else { return nil }
    self.bytes = bytes
  }

  /// The text; nil for what is no text.
  var text: String? { bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self) }

  /// Lines of a text, counted from 1, as many as the bound lets through.
  static func lines(of text: String, from start: Int?, to end: Int?) -> (text: String, isCut: Bool) {
    var kept = Substring(text)
    if start != nil || end != nil {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let first = min(max((start ?? 1) - 1, 0), lines.count)
      let last = min(max(end ?? lines.count, first), lines.count)
      kept = Substring(lines[first..<last].joined(separator: "\n"))
    }
    guard kept.utf8.count > mostText else { return (String(kept), false) }
    var bytes = kept.utf8.prefix(mostText)
    // Not within a character: its last bytes go, and with them its first.
    while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
    if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
    return (String(decoding: bytes, as: UTF8.self), true)
  }
}
