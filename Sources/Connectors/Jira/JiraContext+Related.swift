internal import ConnectorKit
internal import JSON
internal import MCP

/// Issues beside the one that is asked for: its parent, subtasks, links, epic, and those that its history names. Each is shown where settings
/// and policy let the caller see that issue itself, and else is as if it were not there.
extension JiraContext {
  /// So many are looked at for one answer, in one request. What is beyond cannot be checked and is left out.
  private static let maximumRelated = 100

  /// Whether some issues may not be seen.
  func limitsIssues(_ request: some IncomingRequest) -> Bool { !projects.admitsAll || JiraIssue.shape.rule(request).limits }

  /// Whether the settings let the project of an issue be reached.
  func admits(key: String) -> Bool { projects.admitsAll || projects.admits(String(key.prefix { $0 != "-" })) }

  /// Those of the issues that may be seen.
  ///
  /// - Parameter known: issues of which that is known.
  func visible(_ keys: [String], _ request: some IncomingRequest, known: Set<String> = [], as subject: Subject) async throws(VendorError) -> Set<String> {
    var seen = known
    let others = keys.filter { admits(key: $0) && seen.insert($0).inserted }
    let rule = JiraIssue.shape.rule(request)
    guard rule.limits else { return known.union(others) }
    guard !rule.admitsNone, !others.isEmpty else { return known }
    do throws(VendorError) {
      let found = try await issues(Array(others.prefix(Self.maximumRelated)), fields(for: ["project"], rule), as: subject)
      return known.union(found.filter { rule.admits($0.json) }.map(\.key))
    } catch {
      // None of them is there.
      guard error.code == .notFound || error.code == .invalid else { throw error }
      return known
    }
  }

  /// Issues as far as the caller may see them, without what they tell of others that may not be seen. A rule is held against the whole.
  func rows(_ issues: [JiraIssue], _ request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> [JSONValue] {
    let rule = JiraIssue.shape.rule(request)
    let shown = issues.filter { admits($0) && rule.admits($0.json) }
    guard limitsIssues(request) else { return shown.map(\.json) }
    let visible = try await visible(shown.flatMap(\.others), request, known: Set(shown.map(\.key)), as: subject)
    return shown.map { $0.showing(visible.contains) }
  }

  /// A list of issues as the caller may see them.
  func result(
    _ issues: [JiraIssue], for call: ToolCall, selection: Set<String>?, next: String?, total: Int? = nil, as subject: Subject
  ) async throws(VendorError) -> ToolResult {
    let shape = JiraIssue.shape
    let rule = shape.rule(call)
    let rows = try await rows(issues, call, as: subject)
    return shape.result(rows, selection: selection.map { $0.union(rule.members) }, next: next, total: rule.limits ? nil : total)
  }

  /// Changes of an issue, without those that tell of other issues that may not be seen.
  func changes(_ histories: [RawJSON], of key: String, _ request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> [JSONValue] {
    try await changes(histories.map { (key, $0) }, request, as: subject)
  }

  /// Changes of several issues, all of which may be seen.
  func changes(_ histories: [(issue: String, history: RawJSON)], _ request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> [JSONValue] {
    let changes = histories.flatMap { JiraRecords.changes($0.history, issue: $0.issue) }
    guard limitsIssues(request) else { return changes.map(\.json) }
    let visible = try await visible(changes.flatMap { $0.others ?? [] }, request, known: Set(histories.map { $0.issue.uppercased() }), as: subject)
    return changes.filter { $0.others?.allSatisfy(visible.contains) == true }.map(\.json)
  }

  /// A query that was written by hand, cut into its condition and its order. Where some issues may not be seen it may name only those that may.
  func parse(jql: String, _ request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> (condition: String, order: String?) {
    let parsed = try JQL.parse(jql)
    guard limitsIssues(request) else { return parsed }
    let keys = try JQL.others(in: parsed.condition)
    guard try await visible(keys, request, as: subject).isSuperset(of: keys) else { throw Self.absence }
    return parsed
  }
}
