/// The pattern of ``RowFilter/like(attribute:pattern:)``, read: whoever matches by it, or says it in a query language, reads it in the one way.
public struct RowPattern: Sendable, Hashable {
  /// What a pattern asks for at one place.
  public enum Part: Sendable, Hashable {
    /// Any run of characters, none included: `*`.
    case any
    /// This character and no other; an asterisk is written `\*`.
    case character(Unicode.Scalar)
  }

  /// What the pattern asks for, from the start of a text to its end.
  public let parts: [Part]

  /// Reads a pattern; every text is one.
  public init(_ text: String) {
    var parts: [Part] = []
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      if scalar == "\\", rest.first == "*" {
        parts.append(.character(rest.removeFirst()))
      } else {
        parts.append(scalar == "*" ? .any : .character(scalar))
      }
    }
    self.parts = parts
  }

  /// Whether the whole of a text fits. Time grows with the product of both lengths at worst.
  public func matches(_ text: String) -> Bool {
    var (text, position) = (text.unicodeScalars[...], 0)
    var retry: (text: Substring.UnicodeScalarView, position: Int)?
    while let scalar = text.first {
      if position < parts.count, parts[position] == .any {
        position += 1
        retry = (text, position)
      } else if position < parts.count, parts[position] == .character(scalar) {
        (text, position) = (text.dropFirst(), position + 1)
      } else if let last = retry {
        retry = (last.text.dropFirst(), last.position)
        (text, position) = (last.text.dropFirst(), last.position)
      } else {
        return false
      }
    }
    return parts[position...].allSatisfy { $0 == .any }
  }
}
