internal import ConnectorKit
internal import JSON
internal import MCP

/// Jira Query Language, built from parts. What a person or a model wrote as JQL is taken as one condition in parentheses, after it
/// was seen that its parentheses and quotes close: it cannot reach beyond them.
enum JQL {
  /// A literal.
  static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: " ") + "\""
  }

  /// All conditions together, with an order.
  static func all(_ conditions: [String], orderBy order: String?) -> String {
    let joined = conditions.filter { !$0.isEmpty }.map { "(\($0))" }.joined(separator: " AND ")
    return [joined, order.map { "ORDER BY \($0)" }].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// A query that was written by hand, cut into its condition and its order.
  ///
  /// - Throws: ``VendorError`` `refused` where quotes or parentheses do not close.
  static func parse(_ text: String) throws(VendorError) -> (condition: String, order: String?) {
    guard text.utf8.count <= 8000 else { throw VendorError(.refused, "A JQL query has at most 8000 bytes.") }
    var depth = 0
    var quotes = QuoteScanner()
    var words: [(start: String.Index, word: Substring)] = []
    var wordStart: String.Index?
    for index in text.indices {
      let character = text[index]
      switch quotes.part(character) {
      case .outside, .opening: break
      case .escaped:
        // `"HR\u002d1"` is HR-1 to Jira: what a query names is to be read as it stands.
        guard character != "u", character != "U" else { throw VendorError(.refused, "The JQL query has a \\u escape. Write the character itself.") }
        continue
      case .backslash, .text, .closing: continue
      }
      if character.isLetter {
        if wordStart == nil { wordStart = index }
        continue
      }
      if let start = wordStart {
        if depth == 0 { words.append((start, text[start..<index])) }
        wordStart = nil
      }
      switch character {
      // Outside of quotes Jira takes what follows as a plain character, be it a quote or a parenthesis.
      case "\\": throw VendorError(.refused, "The JQL query has a backslash outside of quotes. Put the value in quotes.")
      case "(": depth += 1
      case ")":
        depth -= 1
        guard depth >= 0 else { throw VendorError(.refused, "The JQL query closes a parenthesis that it did not open.") }
      default: break
      }
    }
    if let start = wordStart, depth == 0 { words.append((start, text[start...])) }
    guard depth == 0, !quotes.isOpen else { throw VendorError(.refused, "The JQL query has a parenthesis or a quote that is not closed.") }
    // Only white space stands between the two words.
    let place = words.indices.first { index in
      guard words[index].word.lowercased() == "order", index + 1 < words.count, words[index + 1].word.lowercased() == "by" else { return false }
      return text[words[index].word.endIndex..<words[index + 1].start].allSatisfy(\.isWhitespace)
    }
    guard let place else { return (text.trimmed, nil) }
    return (text[..<words[place].start].trimmed, text[words[place + 1].word.endIndex...].trimmed)
  }

  /// Where quoted texts begin and end, character by character.
  struct QuoteScanner {
    enum Part { case outside, opening, text, backslash, escaped, closing }

    private var quote: Character?
    private var isEscaped = false

    var isOpen: Bool { quote != nil }

    /// What the next character is.
    mutating func part(_ character: Character) -> Part {
      guard let open = quote else {
        guard character == "\"" || character == "'" else { return .outside }
        quote = character
        return .opening
      }
      if isEscaped {
        isEscaped = false
        return .escaped
      }
      switch character {
      case "\\":
        isEscaped = true
        return .backslash
      case open:
        quote = nil
        return .closing
      default: return .text
      }
    }
  }

  /// The condition that limits a query to projects, for allow and deny lists of plain keys; nil where patterns make that impossible.
  static func projects(_ filter: NameFilter) -> String? {
    guard !filter.admitsAll, !(filter.allow + filter.deny).contains(where: { $0.contains("*") }) else { return nil }
    var conditions: [String] = []
    if !filter.allow.isEmpty { conditions.append("project in (\(filter.allow.map(quoted).joined(separator: ", ")))") }
    if !filter.deny.isEmpty { conditions.append("project not in (\(filter.deny.map(quoted).joined(separator: ", ")))") }
    return conditions.joined(separator: " AND ")
  }

  // MARK: Row rules

  /// Attributes of `Issue` records as JQL has them.
  private static let fields = [
    "project": "project", "type": "issuetype", "status": "status", "assignee": "assignee", "reporter": "reporter", "priority": "priority", "labels": "labels",
    "key": "key",
  ]

  /// No issue: each has a project.
  static let nothing = "project is EMPTY"

  /// A row rule as JQL that lets through at least what the rule does; empty where that is everything, nil where nothing can be said.
  /// What comes back is held against the rule all the same.
  static func condition(_ rule: RowFilter) -> String? {
    switch rule {
    case .constant(true), .and([]): return ""
    case .constant(false), .or([]), .isIn(_, []): return nothing
    case .and(let rules):
      // What cannot be said may be left out of an AND: the result is wider, and filtered again.
      let parts = rules.compactMap { condition($0) }
      let conditions = parts.filter { !$0.isEmpty }
      if conditions.contains(nothing) { return nothing }
      guard !conditions.isEmpty else { return parts.count == rules.count ? "" : nil }
      return conditions.map { "(\($0))" }.joined(separator: " AND ")
    case .or(let rules):
      let parts = rules.map { condition($0) }
      guard !parts.contains(nil), !parts.contains("") else { return parts.contains("") ? "" : nil }
      let conditions = parts.compactMap { $0 }.filter { $0 != nothing }
      return conditions.isEmpty ? nothing : conditions.map { "(\($0))" }.joined(separator: " OR ")
    case .compare(let attribute, .equal, let value): return equals(attribute, [value])
    case .isIn(let attribute, let values): return equals(attribute, values)
    case .contains("labels", let value): return value.string.map { "labels = \(quoted($0))" }
    case .isTrue(let rule): return condition(rule)
    default: return nil
    }
  }

  private static func equals(_ attribute: String, _ values: [JSONValue]) -> String? {
    guard let field = fields[attribute], !values.isEmpty else { return nil }
    let texts = values.compactMap(\.string)
    guard texts.count == values.count else { return nil }
    return "\(field) in (\(texts.map(quoted).joined(separator: ", ")))"
  }
}
