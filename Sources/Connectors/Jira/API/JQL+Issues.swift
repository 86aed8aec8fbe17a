internal import ConnectorKit

/// Which issues a query that was written by hand speaks of. By what `parent = HR-1` or `linkedIssues(HR-1)` finds, a caller would learn of an
/// issue that may not be seen; and by `key = HR-1`, which Jira refuses where there is none, that there is one.
extension JQL {
  /// Fields whose values are no issues.
  private static let harmless: Set<String> = [
    "affectedversion", "assignee", "attachments", "category", "comment", "component", "created", "createddate", "creator", "description", "due", "duedate",
    "environment", "filter", "fixversion", "issuetype", "labels", "level", "priority", "project", "reporter", "resolution",
    "resolved", "sprint", "status", "statuscategory", "summary", "text", "type", "updated", "updateddate", "voter", "watcher", "worklogauthor", "worklogcomment",
  ]

  private static let own: Set<String> = ["id", "issue", "issuekey", "key"]

  private static func isRelation(_ word: String) -> Bool { ["parent", "epic", "linked", "subtask", "child"].contains { word.contains($0) } }

  /// The keys of the issues that a condition names.
  ///
  /// - Throws: ``VendorError`` `refused` where it names one by its number, which does not tell its project.
  static func others(in condition: String) throws(VendorError) -> [String] {
    var keys: [String] = []
    var (isStart, holdsIssues, isRelation) = (true, false, false)
    for (text, isQuoted) in tokens(condition) {
      let word = text.lowercased()
      if !isQuoted, ["and", "or", "&", "|"].contains(word) {
        (isStart, holdsIssues, isRelation) = (true, false, false)
        continue
      }
      if isStart {
        if !isQuoted, ["(", "not", "!"].contains(word) { continue }
        guard word != "issuefunction" else { throw VendorError(.refused, "Queries within queries are not taken where only some issues may be seen.") }
        (isStart, holdsIssues, isRelation) = (false, !harmless.contains(word), own.contains(word) || Self.isRelation(word))
        continue
      }
      if !isQuoted, text == "~" { holdsIssues = false }
      // A function: `issue in linkedIssues(ABC-1)`.
      if !isQuoted, Self.isRelation(word) { isRelation = true }
      if isRelation, !text.isEmpty, text.allSatisfy(\.isNumber) { throw VendorError(.refused, "Name issues by their key in the query, such as ABC-1.") }
      if holdsIssues || isRelation { keys += IssueKeys.within(text, anyCase: true).map { $0.uppercased() } }
    }
    return keys
  }

  /// Words, quoted texts and single signs.
  private static func tokens(_ condition: String) -> [(text: String, isQuoted: Bool)] {
    var tokens: [(text: String, isQuoted: Bool)] = []
    var word = ""
    var quotes = QuoteScanner()
    func end() {
      if !word.isEmpty { tokens.append((word, false)) }
      word = ""
    }
    for character in condition {
      switch quotes.part(character) {
      case .opening: end()
      case .backslash: break
      case .closing:
        tokens.append((word, true))
        word = ""
      case .outside where character.isWhitespace || "()=!<>~,&|".contains(character):
        end()
        if !character.isWhitespace { tokens.append((String(character), false)) }
      case .outside, .text, .escaped: word.append(character)
      }
    }
    end()
    return tokens
  }
}
