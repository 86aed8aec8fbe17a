internal import ConnectorKit
internal import JSON
internal import MCP

/// Which part of a rule GitHub's own filters can say. Only what lets through at least what the rule does is pushed, conjunct by
/// conjunct: GitHub compares names without regard to case, so its answer may hold more, never less. The rule itself is kept here
/// and by the gateway in any case.
enum SearchPushDown {
  /// Qualifiers for a search of issues or pull requests.
  static func qualifiers(_ rule: RowFilter?) -> [String] { conjuncts(rule).compactMap(qualifier) }

  private static func qualifier(_ conjunct: RowFilter) -> String? {
    switch conjunct {
    case .compare("author", .equal, let value): return named("author", value)
    case .compare("state", .equal, let value) where value == "open" || value == "closed": return "state:\(value.string ?? "")"
    case .compare("repository", .equal, let value):
      guard let name = value.string, name.split(separator: "/").allSatisfy({ GitHub.isName(String($0)) }), name.contains("/") else { return nil }
      return "repo:\(name)"
    case .compare("owner", .equal, let value): return named("user", value)
    case .compare("visibility", .equal, "public"): return "is:public"
    case .compare("milestone", .equal, let value): return quoted("milestone", value)
    case .contains("labels", let value): return quoted("label", value)
    case .contains("assignees", let value): return named("assignee", value)
    case .isIn("repository", let values) where values.count == 1: return qualifier(.compare(attribute: "repository", .equal, values[0]))
    case .isIn("author", let values) where values.count == 1: return qualifier(.compare(attribute: "author", .equal, values[0]))
    case .isIn("owner", let values) where values.count == 1: return qualifier(.compare(attribute: "owner", .equal, values[0]))
    default: return nil
    }
  }

  /// Parameters of `GET /repos/{owner}/{repo}/issues`.
  static func parameters(_ rule: RowFilter?) -> [String: [String]] {
    var parameters: [String: [String]] = [:]
    for conjunct in conjuncts(rule) {
      switch conjunct {
      case .compare("author", .equal, .string(let name)) where GitHub.isName(name): parameters["creator", default: []].append(name)
      case .contains("assignees", .string(let name)) where GitHub.isName(name): parameters["assignee", default: []].append(name)
      case .contains("labels", .string(let label)) where !label.isEmpty && !label.contains(","): parameters["labels", default: []].append(label)
      case .compare("state", .equal, .string(let state)) where state == "open" || state == "closed": parameters["state", default: []].append(state)
      default: break
      }
    }
    return parameters
  }

  /// Whether nothing at all can pass.
  static func isEmpty(_ rule: RowFilter?) -> Bool { conjuncts(rule).contains(.constant(false)) }

  private static func conjuncts(_ rule: RowFilter?) -> [RowFilter] {
    switch rule {
    case nil: []
    case .and(let filters): filters.flatMap { conjuncts($0) }
    case .isTrue(let filter): conjuncts(filter)
    case .some(let filter): [filter]
    }
  }

  private static func named(_ qualifier: String, _ value: JSONValue) -> String? {
    value.string.flatMap { GitHub.isName($0) ? "\(qualifier):\($0)" : nil }
  }

  /// A quoted text has no way to hold a quote.
  private static func quoted(_ qualifier: String, _ value: JSONValue) -> String? {
    value.string.flatMap { text in
      !text.isEmpty && text.utf8.count <= 100 && !text.contains(where: { $0 == "\"" || $0 == "\\" || $0.isNewline }) ? "\(qualifier):\"\(text)\"" : nil
    }
  }
}
