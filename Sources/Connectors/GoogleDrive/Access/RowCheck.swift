internal import JSON
internal import MCP

/// Whether one record fulfils a row rule: asked before a file is changed or its content is read, so that a gateway's rule holds for
/// what is done and not only for what is shown.
enum RowCheck {
  static func admits(_ record: JSONValue, _ rule: RowFilter) -> Bool { value(of: rule, record) == true }

  /// Nil is unknown: the record does not say.
  private static func value(of rule: RowFilter, _ record: JSONValue) -> Bool? {
    switch rule {
    case .constant(let value): return value
    case .and(let rules):
      let values = rules.map { value(of: $0, record) }
      return values.contains(false) ? false : values.contains(nil) ? nil : true
    case .or(let rules):
      let values = rules.map { value(of: $0, record) }
      return values.contains(true) ? true : values.contains(nil) ? nil : false
    case .not(let rule): return value(of: rule, record).map { !$0 }
    case .isTrue(let rule): return value(of: rule, record) == true
    case .compare(let attribute, let comparison, let other): return member(attribute, record).flatMap { compare($0, comparison, other) }
    case .isIn(let attribute, let others): return member(attribute, record).map { others.contains($0) }
    case .contains(let attribute, let other): return member(attribute, record).flatMap { $0.array?.contains(other) }
    case .has(let attribute): return member(attribute, record) != nil
    case .like(let attribute, let pattern): return member(attribute, record)?.string.map { matches(Array($0.unicodeScalars)[...], parts(pattern)[...]) }
    }
  }

  private static func member(_ name: String, _ record: JSONValue) -> JSONValue? { record[name].flatMap { $0.isNull ? nil : $0 } }

  private static func compare(_ value: JSONValue, _ comparison: RowFilter.Comparison, _ other: JSONValue) -> Bool? {
    switch comparison {
    case .equal: return value == other
    case .less, .lessOrEqual:
      guard let one = value.int, let two = other.int else { return nil }
      return comparison == .less ? one < two : one <= two
    }
  }

  /// A pattern's characters; nil stands for any run.
  private static func parts(_ pattern: String) -> [Unicode.Scalar?] {
    var parts: [Unicode.Scalar?] = []
    var isEscaped = false
    for scalar in pattern.unicodeScalars {
      if isEscaped {
        if scalar != "*" { parts.append("\\") }
        parts.append(scalar)
        isEscaped = false
      } else if scalar == "\\" {
        isEscaped = true
      } else {
        parts.append(scalar == "*" ? nil : scalar)
      }
    }
    if isEscaped { parts.append("\\") }
    return parts
  }

  private static func matches(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar?>) -> Bool {
    var (text, pattern) = (text, pattern)
    var retry: (text: ArraySlice<Unicode.Scalar>, pattern: ArraySlice<Unicode.Scalar?>)?
    while let scalar = text.first {
      if let next = pattern.first, next == nil {
        pattern = pattern.dropFirst()
        retry = (text, pattern)
      } else if let next = pattern.first, next == scalar {
        (text, pattern) = (text.dropFirst(), pattern.dropFirst())
      } else if let last = retry {
        retry = (last.text.dropFirst(), last.pattern)
        (text, pattern) = (last.text.dropFirst(), last.pattern)
      } else {
        return false
      }
    }
    return pattern.allSatisfy { $0 == nil }
  }
}
