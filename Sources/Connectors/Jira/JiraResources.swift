internal import ConnectorKit
internal import JSON
internal import MCP

/// Jira as resources: `jira://{site}/...`, of which the site is for people to read; there is one.
struct JiraResources: Sendable {
  let jira: JiraContext
  /// The host of the site.
  let site: String

  func issueURI(_ key: String) -> String { "jira://\(site)/issue/\(key)" }
  func projectURI(_ key: String) -> String { "jira://\(site)/project/\(key)" }

  func add(to server: Server) throws(URITemplate.ParseError) {
    server.add(
      try template("jira://{site}/issue/{key}", "issue", "Issue", "An issue with its description and comments, as Markdown.") { read, subject throws(VendorError) in
        let key = read["key"] ?? ""
        try jira.check(key)
        let rule = JiraIssue.shape.rule(read)
        let fields = (jira.fields(for: nil, rule, standard: JiraIssue.standardFields + JiraIssue.longFields) + ["comment"]).joined(separator: ",")
        let json = try await jira.api.get(jira.api.core + ["issue", key], [("fields", fields)], as: subject)
        guard let issue = jira.issue(in: json) else { throw VendorError(.invalidAnswer, "Jira described the issue in no known form.") }
        try jira.check(issue.key)
        guard rule.admits(issue.json) else { throw JiraContext.absence }
        let comments = JiraContext.elements(json["fields"]?["comment"], "comments").compactMap { JiraRecords.comment($0, issue: key) }
          .filter(JiraRecords.comment.rule(read).admits)
        return Self.markdown(issue.json, comments)
      })
    server.add(
      try template("jira://{site}/project/{key}", "project", "Project", "A project.") { read, subject throws(VendorError) in
        let key = read["key"] ?? ""
        try jira.check(key)
        return try await jira.project(key, JiraRecords.project.rule(read), as: subject).json.text
      })
    server.add(
      try template("jira://{site}/board/{board}/sprint/{sprint}", "sprint", "Sprint", "A sprint and its issues.") { read, subject throws(VendorError) in
        guard let sprint = read["sprint"], Int(sprint) != nil else { throw VendorError(.notFound, "There is no such sprint.") }
        let json = try await jira.sprint(sprint, read, as: subject)
        try await jira.permit(sprint: json, as: subject)
        let about = JiraRecords.sprint(json)
        guard let about, JiraRecords.sprint.rule(read).admits(about) else { throw JiraContext.absence }
        let rule = JiraIssue.shape.rule(read)
        let list = try await jira.api.get(
          JiraAPI.agile + ["sprint", sprint, "issue"], [("fields", jira.fields(for: nil, rule).joined(separator: ",")), ("maxResults", "100")], as: subject)
        let issues = JiraContext.elements(list, "issues").compactMap { jira.issue(in: $0) }
        return about.text + "\n\n" + CompactTable(try await jira.rows(issues, read, as: subject), columns: JiraIssue.shape.columns).text
      })
  }

  private func template(
    _ uri: String, _ name: String, _ title: String, _ description: String, _ text: @escaping @Sendable (ResourceRead, Subject) async throws(VendorError) -> String
  ) throws(URITemplate.ParseError) -> ResourceTemplate {
    try ResourceTemplate(uriTemplate: uri, name: name, title: title, description: description, mimeType: "text/markdown") { read in
      try await read.reading { .untrusted(try await text(read, try jira.subject(read)), source: title, mimeType: "text/markdown") }
    }
  }

  private static func markdown(_ issue: JSONValue, _ comments: [JSONValue]) -> String {
    func line(_ label: String, _ member: String) -> String? { issue[member]?.string.map { "- \(label): \($0)" } }
    var parts = ["# \(issue["key"]?.string ?? ""): \(issue["summary"]?.string ?? "")"]
    parts.append(
      [
        line("Status", "status"), line("Type", "type"), line("Priority", "priority"), line("Assignee", "assignee_name"), line("Reporter", "reporter_name"),
        line("Updated", "updated"),
        line("Due", "due"), line("Link", "url"),
      ].compactMap { $0 }.joined(separator: "\n"))
    if let description = issue["description"]?.string { parts.append(description) }
    for comment in comments {
      parts.append("**\(comment["author_name"]?.string ?? "?")**, \(comment["created"]?.string ?? ""):\n\(comment["body"]?.string ?? "")")
    }
    return parts.joined(separator: "\n\n")
  }
}
