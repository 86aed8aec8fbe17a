/// A pattern for places in a JSON value: a JSON Pointer (RFC 6901) in which the segment `*` stands for any one member or
/// element, and `**` for any number of levels.
///
/// `/contacts/*/email`, `/**/ssn`, `/account/owner`.
public struct FieldPath: Sendable, Hashable {
  enum Segment: Sendable, Hashable {
    case name([UInt8], index: Int?)
    case any
    case anyDepth
  }

  let segments: [Segment]

  /// - Returns: nil unless `pattern` is empty (the whole value) or begins with a slash and escapes `~` correctly.
  public init?(_ pattern: String) {
    guard !pattern.isEmpty else {
      segments = []
      return
    }
    guard pattern.utf8.first == UInt8(ascii: "/") else { return nil }
    var segments: [Segment] = []
    for part in pattern.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      switch Array(part) {
      case Array("*".utf8): segments.append(.any)
      case Array("**".utf8):
        if segments.last != .anyDepth { segments.append(.anyDepth) }
      default:
        guard let name = Self.unescape(part) else { return nil }
        let text = String(decoding: name, as: UTF8.self)
        segments.append(.name(name, index: name.allSatisfy(\.isDigit) ? Int(text) : nil))
      }
    }
    self.segments = segments
  }

  private static func unescape(_ part: Substring.UTF8View.SubSequence) -> [UInt8]? {
    var name: [UInt8] = []
    var bytes = part.makeIterator()
    while let byte = bytes.next() {
      guard byte == UInt8(ascii: "~") else { name.append(byte); continue }
      switch bytes.next() {
      case UInt8(ascii: "0"): name.append(UInt8(ascii: "~"))
      case UInt8(ascii: "1"): name.append(UInt8(ascii: "/"))
      default: return nil
      }
    }
    return name
  }
}

/// The data category of the places that a pattern names.
public struct FieldCategory: Sendable, Hashable {
  public var path: FieldPath
  public var category: DataCategory

  public init(path: FieldPath, category: DataCategory) {
    self.path = path
    self.category = category
  }

  /// - Returns: nil if `path` is no pattern.
  public init?(_ path: String, _ category: DataCategory) {
    guard let path = FieldPath(path) else { return nil }
    self.init(path: path, category: category)
  }
}
