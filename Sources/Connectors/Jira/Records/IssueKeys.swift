internal import JSON

/// Keys of issues, such as ABC-12, where they stand: as a value, or within a text.
enum IssueKeys {
  /// Whether a text is a key and nothing else.
  ///
  /// - Parameter anyCase: of what people write: Jira takes `abc-12` as well, and answers with `ABC-12`.
  static func isKey(_ text: some StringProtocol, anyCase: Bool = false) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.count == 2, let first = parts[0].first, !parts[1].isEmpty else { return false }
    func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || anyCase && (0x61...0x7A).contains(byte) }
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    return isLetter(first) && parts[0].allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") } && parts[1].allSatisfy(isDigit)
  }

  /// The keys that stand in a text.
  static func within(_ text: String, anyCase: Bool = false) -> [String] {
    text.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }.filter { isKey($0, anyCase: anyCase) }.map(String.init)
  }

  /// The texts of a value, at any depth, that are keys.
  static func values(_ json: JSONValue, anyCase: Bool = false) -> [String] {
    if let text = json.string { return isKey(text, anyCase: anyCase) ? [text] : [] }
    return (json.array ?? json.object?.map(\.value) ?? []).flatMap { values($0, anyCase: anyCase) }
  }
}
