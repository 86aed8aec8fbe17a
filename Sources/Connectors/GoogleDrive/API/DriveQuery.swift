internal import ConnectorKit
internal import JSON
internal import MCP

/// Drive's query language (`q`), built from parts (<https://developers.google.com/workspace/drive/api/guides/ref-search-terms>). What a
/// model wrote is taken as one condition in parentheses, after it was seen that its quotes and parentheses close.
enum DriveQuery {
  /// A literal.
  static func quoted(_ text: String) -> String { "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'" }

  /// All conditions together.
  static func all(_ conditions: [String]) -> String {
    let conditions = conditions.filter { !$0.isEmpty }
    return conditions.count == 1 ? conditions[0] : conditions.map { isPlain($0) ? $0 : "(\($0))" }.joined(separator: " and ")
  }

  /// A single comparison needs no parentheses. Literals may hold anything: then there are some.
  private static func isPlain(_ condition: String) -> Bool { !condition.contains(" and ") && !condition.contains(" or ") && !condition.hasPrefix("not ") }

  /// A condition that was written by hand.
  ///
  /// - Throws: ``VendorError`` `refused` where quotes or parentheses do not close.
  static func parse(_ text: String) throws(VendorError) -> String {
    guard text.utf8.count <= 4000 else { throw VendorError(.refused, "A query has at most 4000 bytes.") }
    var depth = 0
    var isQuoted = false
    var isEscaped = false
    for character in text {
      if isQuoted {
        if isEscaped { isEscaped = false } else if character == "\\" { isEscaped = true } else if character == "'" { isQuoted = false }
        continue
      }
      switch character {
      case "'": isQuoted = true
      case "(": depth += 1
      case ")":
        depth -= 1
        guard depth >= 0 else { throw VendorError(.refused, "The query closes a parenthesis that it did not open.") }
      default: break
      }
    }
    guard depth == 0, !isQuoted else {
      throw VendorError(.refused, "The query has a quote or a parenthesis that is not closed. Write ' and \\ within quotes as \\' and \\\\.")
    }
    let condition = text.drop { $0.isWhitespace }
    return condition.isEmpty ? "" : "(\(condition))"
  }

  /// Kinds of files that people name.
  static let kinds: [(name: String, mimeType: String)] = [
    ("document", "application/vnd.google-apps.document"), ("spreadsheet", "application/vnd.google-apps.spreadsheet"),
    ("presentation", "application/vnd.google-apps.presentation"), ("drawing", "application/vnd.google-apps.drawing"), ("form", "application/vnd.google-apps.form"),
    ("folder", DriveFile.folderType), ("shortcut", DriveFile.shortcutType), ("pdf", "application/pdf"),
  ]

  static func kind(_ name: String) -> String? {
    switch name {
    case "image", "video", "audio", "text": "mimeType contains \(quoted(name + "/"))"
    default: kinds.first { $0.name == name }.map { "mimeType = \(quoted($0.mimeType))" }
    }
  }

  /// A time as Drive takes it.
  static func time(_ call: ToolCall, _ argument: String) throws(VendorError) -> String? {
    guard let text = call.string(argument) else { return nil }
    guard let seconds = Timestamp.seconds(text) else {
      throw VendorError(.refused, "\"\(argument)\" must be a date such as 2026-07-28, or a time such as 2026-07-28T12:00:00Z.")
    }
    return quoted(Timestamp.text(seconds: seconds))
  }
}

// MARK: Row rules

extension DriveQuery {
  /// What of a row rule Drive can check.
  enum Pushed: Sendable, Hashable {
    case nothing
    /// No row fulfils the rule: there is nothing to ask.
    case none
    /// Finds every row that fulfils the rule, and perhaps others, which the gateway's own filter keeps back.
    case condition(String)
  }

  /// A row rule in `q`. A condition that Drive does not mean exactly as policy does may only widen what is found, so nothing below a
  /// negation is pushed but what labels stand for, nor what compares members that Drive shows in another form than it searches.
  static func pushed(_ rule: RowFilter, _ labels: DriveLabels) -> Pushed {
    switch rule {
    case .constant(let value): return value ? .nothing : .none
    case .and(let rules):
      let parts = rules.map { pushed($0, labels) }
      if parts.contains(.none) { return .none }
      let conditions = parts.compactMap { if case .condition(let text) = $0 { text } else { nil } }
      return conditions.isEmpty ? .nothing : .condition(conditions.count == 1 ? conditions[0] : all(conditions))
    case .or(let rules):
      if let categories = categories(rules) { return without(categories, labels) }
      let parts = rules.map { pushed($0, labels) }.filter { $0 != .none }
      if parts.isEmpty { return .none }
      let conditions = parts.compactMap { if case .condition(let text) = $0 { text } else { nil } }
      guard conditions.count == parts.count else { return .nothing }
      return .condition(conditions.count == 1 ? conditions[0] : "(" + conditions.joined(separator: " or ") + ")")
    case .isTrue(let rule): return pushed(rule, labels)
    case .compare(let attribute, .equal, let value): return equals(attribute, value)
    case .isIn(let attribute, let values):
      return values.isEmpty ? .none : pushed(.or(values.map { .compare(attribute: attribute, .equal, $0) }), labels)
    case .contains(let attribute, let value): return contains(attribute, value)
    default: return .nothing
    }
  }

  /// The categories of which a record may be, where a rule says just that: of one of them, or of none.
  private static func categories(_ rules: [RowFilter]) -> [JSONValue]? {
    guard rules.count == 2, rules[0] == .not(.has(attribute: RecordCategory.member)), case .isIn(RecordCategory.member, let categories) = rules[1] else { return nil }
    return categories
  }

  /// Files that have none of the labels whose category is no longer one of these.
  private static func without(_ categories: [JSONValue], _ labels: DriveLabels) -> Pushed {
    let excluded = labels.excluded(by: Set(categories.compactMap(\.string)))
    return excluded.isEmpty ? .nothing : .condition(all(excluded.map { "not \(quoted("labels/" + $0)) in labels" }))
  }

  private static func equals(_ attribute: String, _ value: JSONValue) -> Pushed {
    switch (attribute, value) {
    // A file of a person has one owner. Ids that are no addresses are the gateway's own, and Drive does not know them.
    case ("owner", .string(let text)) where text.contains("@"): .condition("\(quoted(text)) in owners")
    case ("name", .string(let text)): .condition("name = \(quoted(text))")
    case ("mime_type", .string(let text)): .condition("mimeType = \(quoted(text))")
    case ("starred", .bool(let flag)): .condition("starred = \(flag)")
    case ("trashed", .bool(let flag)): .condition("trashed = \(flag)")
    default: .nothing
    }
  }

  private static func contains(_ attribute: String, _ value: JSONValue) -> Pushed {
    guard let text = value.string else { return .nothing }
    return switch attribute {
    case "parents": .condition("\(quoted(text)) in parents")
    case "labels": .condition("\(quoted("labels/" + text)) in labels")
    default: .nothing
    }
  }
}
