internal import ConnectorKit
internal import JSON
internal import MCP

/// Changes of issues: a toolset that is switched on.
struct IssueWriteTools: Sendable {
  let jira: JiraContext

  var tools: [Tool] { [createIssue, createIssues, editIssue, assign, transition, linkIssues, addRemoteLink, watch] }
  var deleting: [Tool] { [deleteIssue, unlinkIssues] }

  static let done: JSONValue = ["type": "object", "properties": ["id": ["type": "string"], "key": ["type": "string"], "url": ["type": "string"]]]
  private static let content = [
    Field.text("summary", "One line.", length: 255), Field.text("description", "Markdown.", length: 32_000), Field.text("priority", "A name."),
    Field.text("assignee", "An account id."),
    Field.texts("labels", "Without spaces."), Field.texts("components", "Names."), Field.texts("fix_versions", "Names."), Field.text("due", "2026-07-28.", length: 10),
    Field.text("parent", "The key of the epic or parent."), Field.object("custom", "Custom fields by id, in Jira's own form."),
  ]

  /// Jira's `fields` of what a call says.
  private func fields(_ arguments: RawJSON) throws(VendorError) -> JSONObject {
    var fields = JSONObject()
    func text(_ argument: String) -> String? { arguments[argument]?.string }
    if let summary = text("summary") {
      guard !summary.contains(where: \.isNewline) else { throw VendorError(.refused, "\"summary\" must be one line.") }
      fields["summary"] = .string(summary)
    }
    if let description = text("description") { fields["description"] = jira.body(description) }
    if let priority = text("priority") { fields["priority"] = ["name": .string(priority)] }
    if let assignee = text("assignee") { fields["assignee"] = person(assignee) }
    if let labels = arguments["labels"] { fields["labels"] = .array(labels.elements.compactMap(\.string).map { .string($0) }) }
    for (argument, field) in [("components", "components"), ("fix_versions", "fixVersions")] {
      if let names = arguments[argument] { fields[field] = .array(names.elements.compactMap(\.string).map { ["name": .string($0)] }) }
    }
    if let due = text("due") { fields["duedate"] = .string(due) }
    if let parent = text("parent") {
      try jira.check(parent)
      fields["parent"] = ["key": .string(parent)]
    }
    for (name, value) in arguments["custom"]?.members ?? RawJSON.null.members {
      guard let name = name.string, name.hasPrefix("customfield_") else { throw VendorError(.refused, "\"custom\" holds fields such as customfield_10016 only.") }
      fields[name] = JSONValue(value)
    }
    return fields
  }

  private func person(_ id: String) -> JSONValue { jira.api.deployment == .cloud ? ["accountId": .string(id)] : ["name": .string(id)] }

  private static let target = [
    Field.text("project", "A project's key.", required: true, length: 32), Field.text("type", "Bug, Story, Task, ...", required: true, length: 100),
  ]

  private func newIssue(_ arguments: RawJSON) throws(VendorError) -> JSONObject {
    let project = arguments["project"]?.string ?? ""
    try jira.check(project)
    var fields = try fields(arguments)
    fields["project"] = ["key": .string(project)]
    fields["issuetype"] = ["name": .string(arguments["type"]?.string ?? "")]
    guard fields["summary"] != nil else { throw VendorError(.refused, "An issue needs a \"summary\".") }
    return fields
  }

  /// Other issues that are named: a parent, or in custom fields an epic.
  private func others(_ issues: [RawJSON]) -> [String] {
    Set(issues.flatMap { issue in [issue["parent"]?.string].compactMap { $0 } + (issue["custom"].map { IssueKeys.values(JSONValue($0), anyCase: true) } ?? []) }).sorted()
  }

  /// A new issue as far as it is known beforehand.
  private static func record(_ arguments: RawJSON) -> JSONObject {
    var record = JSONObject()
    for member in ["project", "type", "summary", "description", "priority", "assignee", "due", "parent"] {
      if let text = arguments[member]?.string { record[member] = .string(text) }
    }
    for member in ["labels", "components", "fix_versions", "custom"] { if let value = arguments[member] { record[member] = JSONValue(value) } }
    return record
  }

  /// Holds new issues, and what they are put under, against policy.
  private func permit(new issues: [RawJSON], _ call: ToolCall, _ subject: Subject) async throws(VendorError) {
    let rule = JiraIssue.shape.rule(call)
    if rule.limits { for issue in issues { try await jira.permit(new: Self.record(issue), rule, as: subject) } }
    try await jira.permit(others(issues), call, as: subject)
  }

  private var createIssue: Tool {
    jira.write("create_issue", "Create an issue", "Creates an issue.", Self.target + Self.content, .adding) { call, subject throws(VendorError) in
      let fields = try newIssue(call.arguments)
      try await permit(new: [call.arguments], call, subject)
      let json = try await jira.api.post(jira.api.core + ["issue"], ["fields": .object(fields)], as: subject)
      guard let key = json?["key"]?.string else { throw VendorError(.invalidAnswer, "Jira did not name the new issue.", mayHaveHadEffect: true) }
      return jira.done(key, "Created \(key).", id: json?["id"]?.string)
    }
  }

  private var createIssues: Tool {
    jira.tool(
      "create_issues", "Create several issues", "Creates up to 50 issues at once. Those that Jira refuses are named with the reason; the others are created.",
      [Field("issues", ["type": "array", "minItems": 1, "maxItems": 50, "items": Field.arguments(Self.target + Self.content)], required: true)],
      output: [
        "type": "object", "properties": ["created": ["type": "array", "items": ["type": "string"]], "failed": ["type": "array", "items": ["type": "object"]]],
        "required": ["created", "failed"],
      ], annotations: .adding, meta: JiraIssue.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      var updates: [JSONValue] = []
      let issues = call["issues"].map { Array($0.elements) } ?? []
      for issue in issues { updates.append(["fields": .object(try newIssue(issue))]) }
      try await permit(new: issues, call, subject)
      let json = try await jira.api.post(jira.api.core + ["issue", "bulk"], ["issueUpdates": .array(updates)], as: subject)
      let created = JiraContext.elements(json, "issues").compactMap { $0["key"]?.string }
      let failed = JiraContext.elements(json, "errors").map { error in
        JSONValue.object(["number": .int((error["failedElementNumber"]?.int ?? 0) + 1), "reason": .string(error["elementErrors"]?.text ?? "")])
      }
      let structured: JSONValue = ["created": .array(created.map { .string($0) }), "failed": .array(failed)]
      return ToolResult(
        structured: structured, text: "Created \(created.joined(separator: ", ")).\(failed.isEmpty ? "" : " Refused: \(failed.map(\.text).joined(separator: " "))")")
    }
  }

  private var editIssue: Tool {
    jira.write(
      "edit_issue", "Edit an issue", "Changes fields of an issue. Lists are replaced; add_labels and remove_labels change them.",
      [IssueTools.issue] + Self.content + [Field.texts("add_labels", "Labels to add."), Field.texts("remove_labels", "Labels to take off.")], .changing
    ) { call, subject throws(VendorError) in
      let key = call.string("issue") ?? ""
      let fields = try fields(call.arguments)
      try await jira.permit([key] + others([call.arguments]), call, as: subject)
      var body = JSONObject()
      if !fields.isEmpty { body["fields"] = .object(fields) }
      let labels = [("add_labels", "add"), ("remove_labels", "remove")].flatMap { argument, verb in
        call.texts(argument).map { JSONValue.object([verb: .string($0)]) }
      }
      if !labels.isEmpty { body["update"] = ["labels": .array(labels)] }
      guard !body.isEmpty else { throw VendorError(.refused, "Say what to change.") }
      _ = try await jira.api.put(jira.api.core + ["issue", key], .object(body), as: subject)
      return jira.done(key, "Changed \(key).")
    }
  }

  private var assign: Tool {
    jira.write(
      "assign_issue", "Assign an issue", "Gives an issue to a person, or to nobody.", [IssueTools.issue, Field.text("assignee", "An account id; nobody if not given.")],
      .changing
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let name = jira.api.deployment == .cloud ? "accountId" : "name"
      _ = try await jira.api.put(jira.api.core + ["issue", key, "assignee"], .object([name: call.string("assignee").map { .string($0) } ?? .null]), as: subject)
      return jira.done(key, "Assigned \(key).")
    }
  }

  private var transition: Tool {
    jira.write(
      "transition_issue", "Move an issue on", "Takes an issue through a step of its workflow. list_transitions tells which there are.",
      [
        IssueTools.issue, Field.text("transition", "The id or name of the step.", required: true, length: 200),
        Field.text("resolution", "A name, where the step asks for one."),
        Field.text("comment", "Markdown.", length: 32_000),
      ], .changingAnew
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let wanted = call.string("transition") ?? ""
      let path = jira.api.core + ["issue", key, "transitions"]
      var id = wanted
      if !wanted.allSatisfy(\.isNumber) {
        id = try jira.step(wanted, of: key, in: JiraContext.elements(try await jira.api.get(path, as: subject), "transitions"))
      }
      var body: JSONObject = ["transition": ["id": .string(id)]]
      if let resolution = call.string("resolution") { body["fields"] = ["resolution": ["name": .string(resolution)]] }
      if let comment = call.string("comment") { body["update"] = ["comment": [["add": ["body": jira.body(comment)]]]] }
      _ = try await jira.api.post(path, .object(body), as: subject)
      return jira.done(key, "Moved \(key) on.")
    }
  }

  private var deleteIssue: Tool {
    jira.write(
      "delete_issue", "Delete an issue", "Deletes an issue. It cannot be brought back.", [IssueTools.issue, Field.flag("subtasks", "Its subtasks too.")], .changing
    ) { call, subject throws(VendorError) in
      let (key, rule) = (call.string("issue") ?? "", JiraIssue.shape.rule(call))
      try await jira.permit([key], call, as: subject)
      if call.bool("subtasks") == true, rule.limits {
        let subtasks = try await jira.issue(key, jira.fields(for: ["project", "subtasks"], rule), as: subject)?.json["subtasks"]?.array ?? []
        do throws(VendorError) { try await jira.permit(subtasks.compactMap(\.string), call, as: subject) } catch {
          guard error.code == .notFound else { throw error }
          throw VendorError(.forbidden, "Policy does not let all that would be deleted be seen. Nothing was sent.")
        }
      }
      try await jira.api.delete(jira.api.core + ["issue", key], [("deleteSubtasks", call.bool("subtasks") == true ? "true" : "false")], as: subject)
      return jira.done(key, "Deleted \(key).")
    }
  }

  private var linkIssues: Tool {
    jira.write(
      "link_issues", "Link issues", "Links two issues: ABC-1 \"blocks\" ABC-2. list_link_types tells the relations.",
      [
        IssueTools.issue, Field.text("relation", "The name of a link type: Blocks.", required: true, length: 100),
        Field.text("other", "The other issue's key.", required: true, length: 64),
      ], .adding
    ) { call, subject throws(VendorError) in
      let (key, other) = (call.string("issue") ?? "", call.string("other") ?? "")
      try await jira.permit([key, other], call, as: subject)
      _ = try await jira.api.post(
        jira.api.core + ["issueLink"],
        ["type": ["name": .string(call.string("relation") ?? "")], "outwardIssue": ["key": .string(other)], "inwardIssue": ["key": .string(key)]], as: subject)
      return jira.done(key, "Linked \(key) and \(other).")
    }
  }

  private var unlinkIssues: Tool {
    jira.write(
      "unlink_issues", "Unlink issues", "Takes a link between two issues away.",
      [IssueTools.issue, Field.text("link", "The link's id, as get_issue gives it in links.", required: true, length: 32)], .changing
    ) { call, subject throws(VendorError) in
      let (key, id) = (try await jira.permitted(call, as: subject), call.string("link") ?? "")
      // Ids of links are numbers of the whole site: the wrong one would part two other issues.
      let link = try await jira.api.get(jira.api.core + ["issueLink", id], as: subject)
      let ends = ["inwardIssue", "outwardIssue"].compactMap { link[$0]?["key"]?.string }
      guard ends.count == 2, ends.contains(where: { $0.uppercased() == key.uppercased() }) else { throw JiraContext.absence }
      try await jira.permit(ends.filter { $0.uppercased() != key.uppercased() }, call, as: subject)
      try await jira.api.delete(jira.api.core + ["issueLink", id], as: subject)
      return jira.done(key, "Unlinked \(ends.joined(separator: " and ")).", id: id)
    }
  }

  private var addRemoteLink: Tool {
    jira.write(
      "add_remote_link", "Link a page", "Links an issue to a page outside of Jira.",
      [IssueTools.issue, Field.text("url", "https://...", required: true, length: 2000), Field.text("title", "As it is shown.", required: true, length: 255)], .adding
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      guard call.string("url")?.hasPrefix("https://") == true else { throw VendorError(.refused, "\"url\" must be an https address.") }
      let json = try await jira.api.post(
        jira.api.core + ["issue", key, "remotelink"], ["object": ["url": .string(call.string("url") ?? ""), "title": .string(call.string("title") ?? "")]], as: subject)
      return jira.done(key, "Linked.", id: JiraRecords.text(json?["id"]))
    }
  }

  private var watch: Tool {
    jira.write(
      "watch_issue", "Watch an issue", "Adds or removes a watcher.",
      [IssueTools.issue, Field.text("user", "An account id.", required: true, length: 128), Field.flag("remove", "Take the watcher off.")], .changing
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let path = jira.api.core + ["issue", key, "watchers"]
      let user = call.string("user") ?? ""
      if call.bool("remove") == true {
        try await jira.api.delete(path, [(jira.api.deployment == .cloud ? "accountId" : "username", user)], as: subject)
      } else {
        _ = try await jira.api.post(path, .string(user), as: subject)
      }
      return jira.done(key, "Done.")
    }
  }
}
