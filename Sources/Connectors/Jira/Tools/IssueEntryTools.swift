internal import ConnectorKit
internal import JSON
internal import MCP

/// Changes of what hangs on issues: comments, logged work, attachments.
struct IssueEntryTools: Sendable {
  let jira: JiraContext

  var tools: [Tool] { [addComment, updateComment, logWork, updateWork, upload] }
  var deleting: [Tool] { [deleteComment, deleteWork, deleteAttachment] }

  /// Sees that an issue may be seen, and what hangs on it, before that is changed.
  ///
  /// - Returns: the issue's key.
  private func permitted(
    _ shape: RecordShape, _ path: String, _ id: String, _ call: ToolCall, _ subject: Subject, _ record: (RawJSON, String) -> JSONValue?
  ) async throws(VendorError) -> String {
    let rule = shape.rule(call)
    guard !rule.admitsNone else { throw JiraContext.absence }
    let key = try await jira.permitted(call, as: subject)
    guard rule.limits else { return key }
    let json = try await jira.looking { () async throws(VendorError) in try await jira.api.get(jira.api.core + ["issue", key, path, id], as: subject) }
    guard record(json, key).map(rule.admits) == true else { throw JiraContext.absence }
    return key
  }

  private func permittedComment(_ call: ToolCall, _ subject: Subject) async throws(VendorError) -> String {
    try await permitted(JiraRecords.comment, "comment", call.string("comment") ?? "", call, subject) { JiraRecords.comment($0, issue: $1) }
  }

  private func permittedWork(_ call: ToolCall, _ subject: Subject) async throws(VendorError) -> String {
    try await permitted(JiraRecords.worklog, "worklog", call.string("worklog") ?? "", call, subject) { JiraRecords.worklog($0, issue: $1) }
  }

  // MARK: Comments

  /// Who sees a comment: all who see the issue where neither is given.
  private static let visibility = [
    Field.text("role", "Only people with this role in the project see it: a name.", length: 255), Field.text("group", "Only this group sees it: a name.", length: 255),
  ]

  private func comment(_ call: ToolCall) throws(VendorError) -> JSONValue {
    var body: JSONObject = ["body": jira.body(call.string("body") ?? "")]
    guard call.string("role") == nil || call.string("group") == nil else { throw VendorError(.refused, "Give \"role\" or \"group\", not both.") }
    for type in ["role", "group"] { if let name = call.string(type) { body["visibility"] = ["type": .string(type), "value": .string(name)] } }
    return .object(body)
  }

  private var addComment: Tool {
    jira.write(
      "add_comment", "Comment", "Adds a comment to an issue. On a request of a service desk the customer sees it: use comment_on_request there.",
      [IssueTools.issue, Field.text("body", "Markdown.", required: true, length: 32_000)] + Self.visibility,
      .adding
    ) { call, subject throws(VendorError) in
      let body = try comment(call)
      let key = try await jira.permitted(call, as: subject)
      let json = try await jira.api.post(jira.api.core + ["issue", key, "comment"], body, as: subject)
      return jira.done(key, "Commented on \(key).", id: JiraRecords.text(json?["id"]))
    }
  }

  private static let comment = Field.text("comment", "The comment's id.", required: true, length: 32)

  private var updateComment: Tool {
    jira.write(
      "update_comment", "Change a comment", "Replaces the text of a comment, and who sees it where that is given.",
      [IssueTools.issue, Self.comment, Field.text("body", "Markdown.", required: true, length: 32_000)] + Self.visibility, .changing, of: JiraRecords.comment
    ) {
      call, subject throws(VendorError) in
      var body = try comment(call)
      let key = try await permittedComment(call, subject)
      let path = jira.api.core + ["issue", key, "comment", call.string("comment") ?? ""]
      if body["visibility"] == nil, let visibility = try await jira.api.get(path, as: subject)["visibility"], !visibility.isNull {
        // Left out, it might open the comment to all.
        body["visibility"] = JSONValue(visibility)
      }
      _ = try await jira.api.put(path, body, as: subject)
      return jira.done(key, "Changed the comment.", id: call.string("comment"))
    }
  }

  private var deleteComment: Tool {
    jira.write(
      "delete_comment", "Delete a comment", "Deletes a comment. It cannot be brought back.", [IssueTools.issue, Self.comment], .changing, of: JiraRecords.comment
    ) { call, subject throws(VendorError) in
      let key = try await permittedComment(call, subject)
      try await jira.api.delete(jira.api.core + ["issue", key, "comment", call.string("comment") ?? ""], as: subject)
      return jira.done(key, "Deleted the comment.", id: call.string("comment"))
    }
  }

  // MARK: Work

  private var logWork: Tool {
    jira.write(
      "log_work", "Log work", "Logs time that was spent on an issue.",
      [
        IssueTools.issue, Field.text("time_spent", "3h 30m.", required: true, length: 40), Field.text("started", "2026-07-28T09:00:00Z; now if not given."),
        Field.text("comment", "Markdown.", length: 32_000),
      ], .adding
    ) { call, subject throws(VendorError) in
      let body = try work(call)
      let key = try await jira.permitted(call, as: subject)
      let json = try await jira.api.post(jira.api.core + ["issue", key, "worklog"], .object(body), as: subject)
      return jira.done(key, "Logged work on \(key).", id: JiraRecords.text(json?["id"]))
    }
  }

  private func work(_ call: ToolCall) throws(VendorError) -> JSONObject {
    var body = JSONObject()
    if let spent = call.string("time_spent") { body["timeSpent"] = .string(spent) }
    if let started = call.string("started") {
      guard let seconds = Timestamp.seconds(started) else { throw VendorError(.refused, "\"started\" must be a time such as 2026-07-28T09:00:00Z.") }
      body["started"] = .string(Timestamp.text(seconds: seconds).replacing("Z", with: ".000+0000"))
    }
    if let comment = call.string("comment") { body["comment"] = jira.body(comment) }
    return body
  }

  private static let worklog = Field.text("worklog", "The entry's id, as list_worklogs gives it.", required: true, length: 32)

  private var updateWork: Tool {
    jira.write(
      "update_work", "Change logged work", "Changes an entry of logged work.",
      [
        IssueTools.issue, Self.worklog, Field.text("time_spent", "3h 30m.", length: 40), Field.text("started", "2026-07-28T09:00:00Z."),
        Field.text("comment", "Markdown.", length: 32_000),
      ], .changing, of: JiraRecords.worklog
    ) { call, subject throws(VendorError) in
      let body = try work(call)
      guard !body.isEmpty else { throw VendorError(.refused, "Say what to change.") }
      let key = try await permittedWork(call, subject)
      _ = try await jira.api.put(jira.api.core + ["issue", key, "worklog", call.string("worklog") ?? ""], .object(body), as: subject)
      return jira.done(key, "Changed the work on \(key).", id: call.string("worklog"))
    }
  }

  private var deleteWork: Tool {
    jira.write(
      "delete_work", "Delete logged work", "Deletes an entry of logged work. It cannot be brought back.", [IssueTools.issue, Self.worklog], .changing,
      of: JiraRecords.worklog
    ) {
      call, subject throws(VendorError) in
      let key = try await permittedWork(call, subject)
      try await jira.api.delete(jira.api.core + ["issue", key, "worklog", call.string("worklog") ?? ""], as: subject)
      return jira.done(key, "Deleted the work on \(key).", id: call.string("worklog"))
    }
  }

  // MARK: Attachments

  private var upload: Tool {
    jira.write(
      "add_attachment", "Attach a file", "Attaches a file to an issue: a text, bytes, or a file of the folder for uploads.",
      [IssueTools.issue, Field.text("filename", "With its ending.", required: true, length: 255)] + UploadPlace.fields, .adding
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let name = call.string("filename") ?? ""
      guard !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F || "\"/\\".unicodeScalars.contains($0) }) else {
        throw VendorError(.refused, "\"filename\" must be a name without quotes, slashes and control characters.")
      }
      let content = try await jira.uploads.content(call)
      // Jira finds the type out by itself where none is given.
      let json = try await jira.api.upload(name, content.bytes, call.string("mime_type") ?? "application/octet-stream", issue: key, as: subject)
      return jira.done(key, "Attached \(name) to \(key).", id: json?.elements.first { _ in true }.flatMap { JiraRecords.text($0["id"]) })
    }
  }

  private var deleteAttachment: Tool {
    jira.write(
      "delete_attachment", "Delete an attachment", "Deletes an attachment of an issue. It cannot be brought back.",
      [IssueTools.issue, Field.text("attachment", "Its id, as get_issue gives it.", required: true, length: 32)], .changing
    ) { call, subject throws(VendorError) in
      let (key, id) = (call.string("issue") ?? "", call.string("attachment") ?? "")
      try await jira.permit(attachment: id, of: key, call, as: subject)
      try await jira.api.delete(jira.api.core + ["attachment", id], as: subject)
      return jira.done(key, "Deleted the attachment of \(key).", id: id)
    }
  }
}
