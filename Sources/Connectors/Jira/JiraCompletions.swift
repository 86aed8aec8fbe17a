internal import ConnectorKit
internal import JSON
internal import MCP

/// Suggestions for arguments of prompts and resources: what settings and policy let the caller see, and nothing where Jira refuses.
struct JiraCompletions: Sendable {
  let jira: JiraContext
  /// The host of the site.
  let site: String

  func add(to server: Server) {
    for uri in ["project/{key}", "issue/{key}", "board/{board}/sprint/{sprint}"] {
      server.addCompletion(for: .resourceTemplate("jira://{site}/" + uri, argument: "site")) { _ in [site] }
    }
    let sprint = "jira://{site}/board/{board}/sprint/{sprint}"
    server.addCompletion(for: .resourceTemplate("jira://{site}/project/{key}", argument: "key")) { await projects($0) }
    server.addCompletion(for: .resourceTemplate("jira://{site}/issue/{key}", argument: "key")) { await issues($0) }
    server.addCompletion(for: .resourceTemplate(sprint, argument: "board")) { await boards($0, "id") }
    server.addCompletion(for: .resourceTemplate(sprint, argument: "sprint")) { await sprints($0) }
    server.addCompletion(for: .prompt("analyze_sprint_health", argument: "board")) { await boards($0, "name") }
    server.addCompletion(for: .prompt("triage_issue", argument: "issue")) { await issues($0) }
    for name in ["status_report", "release_notes"] { server.addCompletion(for: .prompt(name, argument: "project")) { await projects($0) } }
    server.addCompletion(for: .prompt("release_notes", argument: "version")) { await versions($0) }
  }

  /// Those that start as typed, each once.
  private static func starting(_ request: CompletionRequest, _ values: [String]) -> Completion {
    var seen: Set<String> = []
    return Completion(values.filter { $0.lowercased().hasPrefix(request.value.lowercased()) && seen.insert($0).inserted })
  }

  /// Does the work, or suggests nothing.
  private func suggesting(_ request: CompletionRequest, _ work: (Subject) async throws(VendorError) -> [String]) async -> Completion {
    do throws(VendorError) { return Self.starting(request, try await work(try jira.subject(request))) } catch { return [] }
  }

  /// Keys of projects.
  private func projects(_ request: CompletionRequest) async -> Completion {
    await suggesting(request) { subject throws(VendorError) in
      let rule = JiraRecords.project.rule(request)
      guard !rule.admitsNone else { return [] }
      let json =
        if jira.api.deployment == .cloud {
          try await jira.api.get(
            jira.api.core + ["project", "search"], [("query", request.value.isEmpty ? nil : request.value), ("maxResults", "50")], as: subject)
        } else {
          try await jira.api.get(jira.api.core + ["project"], as: subject)
        }
      let found = (json.kind == .array ? Array(json.elements) : JiraContext.elements(json, "values")).compactMap { JiraRecords.project($0) }
      return found.filter(rule.admits).compactMap { $0["key"]?.string }.filter { jira.projects.admits($0) }
    }
  }

  /// Keys of issues: of the project that was typed, or of those that changed in the last weeks.
  private func issues(_ request: CompletionRequest) async -> Completion {
    await suggesting(request) { subject throws(VendorError) in
      let rule = JiraIssue.shape.rule(request)
      guard !rule.admitsNone else { return [] }
      var conditions = ["updated >= -30d"]
      if let dash = request.value.firstIndex(of: "-") {
        let project = String(request.value[..<dash])
        try jira.check(project)
        conditions = ["project = \(JQL.quoted(project))"]
      }
      if let projects = JQL.projects(jira.projects) { conditions.append(projects) }
      if let rule = rule.filter.flatMap({ JQL.condition($0) }), !rule.isEmpty { conditions.append(rule) }
      let fields = jira.fields(for: ["project"], rule).map { JSONValue.string($0) }
      let json = try await jira.api.post(
        jira.api.core + (jira.api.deployment == .cloud ? ["search", "jql"] : ["search"]),
        ["jql": .string(JQL.all(conditions, orderBy: "updated DESC")), "maxResults": 100, "fields": .array(fields)], as: subject, isRead: true)
      return JiraContext.elements(json, "issues").compactMap { jira.issue(in: $0) }.filter { jira.admits($0) && rule.admits($0.json) }.map(\.key)
    }
  }

  /// Boards, by their name or id.
  private func boards(_ request: CompletionRequest, _ member: String) async -> Completion {
    await suggesting(request) { subject throws(VendorError) in
      let rule = JiraRecords.board.rule(request)
      guard !rule.admitsNone else { return [] }
      let name = member == "name" && !request.value.isEmpty ? request.value : nil
      let json = try await jira.api.get(JiraAPI.agile + ["board"], [("name", name), ("maxResults", "50")], as: subject)
      let found = JiraContext.elements(json, "values").compactMap { JiraRecords.board($0) }
      return found.filter { rule.admits($0) && jira.admits(board: $0, of: nil) }.compactMap { $0[member]?.string }
    }
  }

  /// Ids of a board's sprints, those that run or come first.
  private func sprints(_ request: CompletionRequest) async -> Completion {
    await suggesting(request) { subject throws(VendorError) in
      let rule = JiraRecords.sprint.rule(request)
      guard !rule.admitsNone, let board = request.arguments["board"].flatMap({ Int($0) }).map(String.init) else { return [] }
      try await jira.permit(board: board, as: subject)
      let json = try await jira.api.get(JiraAPI.agile + ["board", board, "sprint"], [("maxResults", "50")], as: subject)
      let found = JiraContext.elements(json, "values").compactMap { JiraRecords.sprint($0) }.filter(rule.admits)
      let isOpen: (JSONValue) -> Bool = { $0["state"]?.string != "closed" }
      return (found.filter(isOpen) + found.filter { !isOpen($0) }).compactMap { $0["id"]?.string }
    }
  }

  /// Names of a project's versions.
  private func versions(_ request: CompletionRequest) async -> Completion {
    await suggesting(request) { subject throws(VendorError) in
      let rule = JiraRecords.named.rule(request)
      guard !rule.admitsNone, let project = request.arguments["project"] else { return [] }
      try await jira.permit(project: project, request, as: subject)
      let json = try await jira.api.get(jira.api.core + ["project", project, "versions"], as: subject)
      return json.elements.compactMap { JiraRecords.named($0) }.filter(rule.admits).compactMap { $0["name"]?.string }
    }
  }
}
