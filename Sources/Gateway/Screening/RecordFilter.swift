public import JSON

/// Which records of a result a principal may see.
public struct RecordFilter: Sendable {
  /// Where the records are in `structuredContent`: a JSON Pointer (RFC 6901) to an array of them, or to a single one.
  public let pointer: String
  /// Whether one record may be seen. Called once for each record, on the request's thread; an error of the policy is false.
  public let admits: @Sendable (RawJSON) -> Bool
  /// Whether a result without such records may pass: the source keeps the rule itself, and shows such records in some of its results only.
  public let mayBeAbsent: Bool

  let names: [String]

  /// - Returns: nil unless `pointer` is empty or begins with a slash.
  public init?(pointer: String, mayBeAbsent: Bool = false, admits: @escaping @Sendable (RawJSON) -> Bool) {
    guard pointer.isEmpty || pointer.hasPrefix("/") else { return nil }
    self.pointer = pointer
    self.mayBeAbsent = mayBeAbsent
    self.admits = admits
    names = pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { Self.unescape($0) }
  }

  /// RFC 6901 section 4: `~1` before `~0`.
  private static func unescape(_ segment: Substring) -> String {
    guard segment.contains("~") else { return String(segment) }
    var name = ""
    var tilde = false
    for character in segment {
      switch (tilde, character) {
      case (true, "1"): name.append("/")
      case (true, "0"): name.append("~")
      case (false, "~"):
        tilde = true
        continue
      default: name.append(character)
      }
      tilde = false
    }
    return name
  }

  /// An array index as RFC 6901 section 4 writes it: digits, without a leading zero.
  private static func index(_ segment: String) -> Int? {
    guard segment.utf8.allSatisfy(\.isDigit), segment == "0" || segment.utf8.first != UInt8(ascii: "0") else { return nil }
    return Int(segment)
  }

  /// The array of records, or the single one, in `content`; nil if there is none.
  func target(in content: RawJSON) -> RawJSON? {
    var value = content
    for name in names {
      let child: RawJSON? =
        switch value.kind {
        case .object: value[name]
        case .array: Self.index(name).flatMap { position in value.elements.dropFirst(position).first { _ in true } }
        default: nil
        }
      guard let child else { return nil }
      value = child
    }
    return value
  }
}
