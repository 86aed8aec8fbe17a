internal import ConnectorKit
internal import JSON
internal import MCP
internal import NIOCore

/// Issues: found, read, and what belongs to them.
struct IssueTools: Sendable {
  let jira: JiraContext

  var tools: [Tool] { [search, count, getIssue, getIssues, comments, worklogs, changelog, transitions, links, watchers, attachment] }

  static let issue = Field.text("issue", "An issue's key: ABC-1.", required: true, length: 64)

  private var search: Tool {
    let shape = JiraIssue.shape
    return jira.tool(
      "search_issues", "Search issues", "Finds issues. Give plain conditions, or jql; both together must hold.",
      [
        Field.text("jql", "Jira Query Language: status = \"In Progress\" ORDER BY updated DESC.", length: 8000), Field.text("text", "Words in the issue."),
        Field.texts("project", "Keys of projects."), Field.texts("status", "Names."), Field.texts("type", "Names: Bug, Story."),
        Field.text("assignee", "An account id, \"me\" or \"nobody\"."), Field.texts("labels", "All of them."), Field.text("updated_since", "2026-07-28, or -7d."),
        Field.text("sprint", "An id, \"open\" or \"closed\"."), Field.text("order", "updated if not given.", oneOf: ["updated", "created", "priority", "rank", "due"]),
        shape.fields, Self.customFields,
      ] + Field.page(limit: 25, most: 100), output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let jql = try await query(call, subject)
      let selection = shape.selection(call)
      let fields = try jira.fields(for: selection, shape.rule(call)) + call.customFields()
      let place = PageCursor(list: ["search_issues", jql] + fields)
      let cursor = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
      let limit = call.int("limit") ?? 25
      var body: JSONObject = ["jql": .string(jql), "maxResults": .int(limit), "fields": .array(fields.map { .string($0) })]
      var next: String?
      let json: RawJSON?
      if jira.api.deployment == .cloud {
        if let cursor { body["nextPageToken"] = .string(cursor) }
        json = try await jira.api.post(jira.api.core + ["search", "jql"], .object(body), as: subject, isRead: true)
        next = json?["nextPageToken"]?.string
      } else {
        let start = try JiraContext.start(call, place)
        body["startAt"] = .int(start)
        json = try await jira.api.post(jira.api.core + ["search"], .object(body), as: subject, isRead: true)
        let end = start + JiraContext.elements(json, "issues").count
        if let total = json?["total"]?.int, end < total, end > start { next = String(end) }
      }
      return try await jira.result(
        JiraContext.elements(json, "issues").compactMap { jira.issue(in: $0) }, for: call, selection: call.issueSelection(), next: next.map { place.text($0) },
        total: jira.total(json), as: subject)
    }
  }

  static let customFields = Field.texts("custom_fields", "Custom fields to give as well, by id: customfield_10016.", most: 20)

  /// The whole query: the call's conditions, the settings' projects, and the rows that policy lets the caller see.
  private func query(_ call: ToolCall, _ subject: Subject) async throws(VendorError) -> String {
    var conditions: [String] = []
    // What stands first in a backlog has the lowest rank.
    let wanted = call.string("order") ?? "updated"
    var order: String? = wanted == "rank" ? "rank ASC" : "\(wanted == "due" ? "duedate" : wanted) DESC"
    if let jql = call.string("jql") {
      let parsed = try await jira.parse(jql: jql, call, as: subject)
      conditions.append(parsed.condition)
      if let own = parsed.order { order = own }
    }
    func list(_ argument: String, _ field: String) {
      let values = call.texts(argument)
      if !values.isEmpty { conditions.append("\(field) in (\(values.map(JQL.quoted).joined(separator: ", ")))") }
    }
    list("project", "project")
    list("status", "status")
    list("type", "issuetype")
    for label in call.texts("labels") { conditions.append("labels = \(JQL.quoted(label))") }
    if let text = call.string("text") { conditions.append("text ~ \(JQL.quoted(text))") }
    switch call.string("assignee") {
    case nil: break
    case "me": conditions.append("assignee = currentUser()")
    case "nobody": conditions.append("assignee is EMPTY")
    case let id?: conditions.append("assignee = \(JQL.quoted(id))")
    }
    if let since = call.string("updated_since") {
      let isRelative = since.hasPrefix("-") && since.dropFirst().allSatisfy { $0.isNumber || "wdhm".contains($0) }
      guard isRelative || Timestamp.seconds(since) != nil else {
        throw VendorError(.refused, "\"updated_since\" must be a date such as 2026-07-28, or a span such as -7d.")
      }
      conditions.append("updated >= \(isRelative ? since : JQL.quoted(String(since.prefix(10))))")
    }
    switch call.string("sprint") {
    case nil: break
    case "open": conditions.append("sprint in openSprints()")
    case "closed": conditions.append("sprint in closedSprints()")
    case let id?:
      guard let number = Int(id) else { throw VendorError(.refused, "\"sprint\" must be an id, open or closed.") }
      conditions.append("sprint = \(number)")
    }
    if let projects = JQL.projects(jira.projects) { conditions.append(projects) }
    if let rule = call.rowFilter("Issue").flatMap({ JQL.condition($0) }), !rule.isEmpty { conditions.append(rule) }
    guard conditions.contains(where: { !$0.isEmpty }) else {
      throw VendorError(.refused, "Say which issues: at least one condition, such as project or assignee. Jira refuses searches without one.")
    }
    return JQL.all(conditions, orderBy: order)
  }

  private var count: Tool {
    jira.tool(
      "count_issues", "Count issues", "Tells about how many issues a JQL query finds.",
      [Field.text("jql", "The condition, without ORDER BY.", required: true, length: 8000)],
      output: ["type": "object", "properties": ["count": ["type": "integer"]], "required": ["count"]], meta: JiraIssue.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      var conditions = [try await jira.parse(jql: call.string("jql") ?? "", call, as: subject).condition]
      if !jira.projects.admitsAll {
        // A number tells of issues that are not shown: it is given only where the query can say which those are.
        guard let projects = JQL.projects(jira.projects) else {
          throw VendorError(.forbidden, "The settings limit projects by patterns, which a count cannot obey. Use search_issues.")
        }
        conditions.append(projects)
      }
      let rule = JiraIssue.shape.rule(call)
      if let condition = rule.filter.flatMap({ JQL.condition($0) }), !condition.isEmpty { conditions.append(condition) }
      let jql = JQL.all(conditions, orderBy: nil)
      if rule.limits {
        let count = try await jira.count(jql, rule, as: subject)
        return ToolResult(structured: ["count": .int(count)], text: "\(count).")
      }
      let count: Int?
      if jira.api.deployment == .cloud {
        count = try await jira.api.post(jira.api.core + ["search", "approximate-count"], ["jql": .string(jql)], as: subject, isRead: true)?["count"]?.int
      } else {
        count = try await jira.api.post(jira.api.core + ["search"], ["jql": .string(jql), "maxResults": 0], as: subject, isRead: true)?["total"]?.int
      }
      guard let count else { throw VendorError(.invalidAnswer, "Jira gave no count.") }
      return ToolResult(structured: ["count": .int(count)], text: "About \(count).")
    }
  }

  private var getIssue: Tool {
    let shape = JiraIssue.shape
    return jira.tool(
      "get_issue", "Get an issue", "Gets an issue with its description, links and attachments.", [Self.issue, shape.fields, Self.customFields],
      output: shape.oneSchema, meta: shape.oneMeta
    ) {
      call, subject throws(VendorError) in
      let key = call.string("issue") ?? ""
      try jira.check(key)
      let selection = shape.selection(call)
      let fields = try jira.fields(for: selection, shape.rule(call), standard: JiraIssue.standardFields + JiraIssue.longFields) + call.customFields()
      let json: RawJSON
      do throws(VendorError) { json = try await jira.api.get(jira.api.core + ["issue", key], [("fields", fields.joined(separator: ","))], as: subject) } catch {
        // What is not there looks like what may not be seen.
        throw error.code == .notFound && shape.rule(call).limits ? JiraContext.absence : error
      }
      guard let issue = jira.issue(in: json) else { throw VendorError(.invalidAnswer, "Jira described the issue in no known form.") }
      // An issue that was moved answers to its old key.
      try jira.check(issue.key)
      guard let row = try await jira.rows([issue], call, as: subject).first else { throw JiraContext.absence }
      return shape.result(row, selection: call.issueSelection().map { $0.union(shape.rule(call).members) })
    }
  }

  private var getIssues: Tool {
    let shape = JiraIssue.shape
    return jira.tool(
      "get_issues", "Get several issues", "Gets up to 100 issues by their keys. What is not there is left out.",
      [Field.texts("issues", "Keys.", required: true), shape.fields, Self.customFields],
      output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let keys = call.texts("issues")
      guard !keys.isEmpty else { throw VendorError(.refused, "Give at least one key.") }
      for key in keys { try jira.check(key) }
      let selection = shape.selection(call)
      let issues = try await jira.issues(keys, try jira.fields(for: selection, shape.rule(call)) + call.customFields(), as: subject)
      return try await jira.result(issues, for: call, selection: call.issueSelection(), next: nil, as: subject)
    }
  }

  // MARK: What belongs to an issue

  private func list(
    _ name: String, _ title: String, _ description: String, _ member: String, _ path: String, _ shape: RecordShape,
    _ record: @escaping @Sendable (RawJSON, String) -> [JSONValue]
  ) -> Tool {
    jira.tool(
      name, title, description, [Self.issue, shape.fields] + Field.page(limit: 50, most: 100), output: shape.listSchema, meta: JiraContext.issueMeta(shape)
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      return try await jira.page(call, subject, jira.api.core + ["issue", key, path], [], member: member, list: [name, key], shape: shape) { record($0, key) }
    }
  }

  private var comments: Tool {
    list("list_comments", "List comments", "Lists the comments of an issue, oldest first.", "comments", "comment", JiraRecords.comment) { raw, key in
      [JiraRecords.comment(raw, issue: key)].compactMap { $0 }
    }
  }
  private var worklogs: Tool {
    list("list_worklogs", "List work logs", "Lists the work that was logged on an issue.", "worklogs", "worklog", JiraRecords.worklog) { raw, key in
      [JiraRecords.worklog(raw, issue: key)].compactMap { $0 }
    }
  }
  private var changelog: Tool {
    let (name, title, description, shape) = ("list_changes", "List changes", "Lists what was changed on an issue, by whom and when.", JiraRecords.change)
    return jira.tool(
      name, title, description, [Self.issue, shape.fields] + Field.page(limit: 50, most: 100), output: shape.listSchema, meta: JiraContext.issueMeta(shape)
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      // Changes are left out that tell of other issues: a total would count them.
      let isWhole = !jira.limitsIssues(call)
      guard jira.api.deployment == .dataCenter else {
        let page = try await jira.page(call, subject, jira.api.core + ["issue", key, "changelog"], [], member: "values", list: [name, key])
        let changes = try await jira.changes(page.found, of: key, call, as: subject)
        return shape.result(changes, for: call, selection: shape.selection(call), next: page.next, total: isWhole ? page.total : nil)
      }
      // Version 2 gives all of them with the issue.
      let json = try await jira.api.get(jira.api.core + ["issue", key], [("expand", "changelog"), ("fields", "summary")], as: subject)
      guard let histories = json["changelog"]?["histories"] else { throw VendorError(.invalidAnswer, "Jira gave the list in no known form.") }
      let page = try jira.cut(Array(histories.elements), call, list: [name, key])
      let changes = try await jira.changes(page.found, of: key, call, as: subject)
      return shape.result(changes, for: call, selection: shape.selection(call), next: page.next, total: isWhole ? jira.total(json["changelog"]) : nil)
    }
  }

  private var transitions: Tool {
    let shape = JiraRecords.named
    return jira.tool(
      "list_transitions", "List transitions", "Lists the steps that an issue can take now, for transition_issue.",
      [Self.issue, shape.fields] + Field.page(limit: 50, most: 100), output: shape.listSchema, meta: JiraContext.issueMeta(shape)
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let json = try await jira.api.get(jira.api.core + ["issue", key, "transitions"], as: subject)
      return try jira.cut(JiraContext.elements(json, "transitions").compactMap { JiraRecords.named($0) }, call, list: ["list_transitions", key], shape: shape)
    }
  }

  private var links: Tool {
    jira.tool(
      "list_remote_links", "List links to elsewhere", "Lists the links of an issue to pages outside of Jira.",
      [Self.issue] + Field.page(limit: 50, most: 100),
      output: [
        "type": "object",
        "properties": [
          "links": [
            "type": "array",
            "items": ["type": "object", "properties": ["id": ["type": "string"], "title": ["type": "string"], "url": ["type": "string"]], "required": ["id"]],
          ], "next_cursor": ["type": "string"],
        ], "required": ["links"],
      ], meta: JiraContext.issueMeta()
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let json = try await jira.api.get(jira.api.core + ["issue", key, "remotelink"], as: subject)
      let site = jira.api.site.lowercased() + "/"
      // Links to the site itself lead to its issues.
      let others = json.elements.map { link in
        let url = link["object"]?["url"]?.string ?? ""
        return url.lowercased().hasPrefix(site) ? IssueKeys.within(url) : []
      }
      let visible = try await jira.visible(others.flatMap { $0 }, call, known: [key.uppercased()], as: subject)
      let shown = zip(json.elements, others).filter { $1.allSatisfy(visible.contains) }
      let page = try jira.cut(shown, call, list: ["list_remote_links", key])
      let rows = page.found.map { link, _ in
        var row: JSONObject = ["id": .string(JiraRecords.text(link["id"]) ?? "")]
        for member in ["title", "url"] { if let text = link["object"]?[member]?.string { row[member] = .string(text) } }
        return JSONValue.object(row)
      }
      var structured: JSONObject = ["links": .array(rows)]
      if let next = page.next { structured["next_cursor"] = .string(next) }
      let text = UntrustedText.framed(CompactTable(rows, columns: ["title", "url"], more: page.next != nil).text, source: "links of \(key)")
      return UntrustedText.mark(ToolResult(structured: .object(structured), text: text), "/links")
    }
  }

  private var watchers: Tool {
    let shape = JiraRecords.user
    return jira.tool(
      "list_watchers", "List watchers", "Lists who watches an issue.", [Self.issue, shape.fields] + Field.page(limit: 50, most: 100), output: shape.listSchema,
      meta: JiraContext.issueMeta(shape)
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let json = try await jira.api.get(jira.api.core + ["issue", key, "watchers"], as: subject)
      return try jira.cut(JiraContext.elements(json, "watchers").compactMap { JiraRecords.user($0) }, call, list: ["list_watchers", key], shape: shape)
    }
  }

  private var attachment: Tool {
    jira.tool(
      "get_attachment", "Get an attachment", "Gets an attachment: its text, a part at a time, of PDF and office files too, or the image.",
      [
        Field.text("attachment", "Its id, as get_issue gives it.", required: true, length: 32),
        Field.text("issue", "The key of its issue. Needed where only some issues may be seen.", length: 64),
      ] + TextPart.fields(most: 200_000),
      output: [
        "type": "object",
        "properties": [
          "id": ["type": "string"], "name": ["type": "string"], "mime_type": ["type": "string"], "bytes": ["type": "integer"], "text": ["type": "string"],
          "next_offset": ["type": "integer", "description": "Where to go on. Absent at the end."],
        ], "required": ["id"],
      ], meta: JiraContext.issueMeta()
    ) { call, subject throws(VendorError) in
      let id = call.string("attachment") ?? ""
      guard id.allSatisfy(\.isNumber) else { throw VendorError(.refused, "An attachment's id is a number.") }
      try await checkIssue(ofAttachment: id, call, subject)
      let about = try await jira.api.get(jira.api.core + ["attachment", id], as: subject)
      let bytes = about["size"]?.int ?? 0
      guard bytes <= jira.maximumBytes else { throw VendorError(.tooLarge, "The attachment has \(bytes) bytes; \(jira.maximumBytes) are downloaded at most.") }
      let type = about["mimeType"]?.string ?? "application/octet-stream"
      var structured: JSONObject = ["id": .string(id), "mime_type": .string(type), "bytes": .int(bytes)]
      if let name = about["filename"]?.string { structured["name"] = .string(name) }
      let body = try await jira.api.download(id, about, as: subject, maximumBytes: jira.maximumBytes).body
      if type.hasPrefix("image/"), !type.hasPrefix("image/svg") {
        return ToolResult([.image(Array(body.readableBytesView), mimeType: type)], structured: .object(structured))
      }
      let whole: String
      if let format = OfficeText.Format(mimeType: type, name: about["filename"]?.string ?? "") {
        whole = try await jira.office.text(of: Array(body.readableBytesView), format, maximumBytes: jira.maximumBytes)
      } else if let text = String(validating: body.readableBytesView, as: UTF8.self) {
        whole = text
      } else {
        throw VendorError(.invalid, "The attachment is \(type), which is not text. Open the issue in Jira.")
      }
      let part = TextPart(of: whole, call)
      structured["text"] = .string(part.text)
      if let next = part.next { structured["next_offset"] = .int(next) }
      let shown = UntrustedText.framed(part.text, source: "attachment \(id)") + (part.note.map { "\n" + $0 } ?? "")
      return UntrustedText.mark(ToolResult(structured: .object(structured), text: shown), "/name", "/text")
    }
  }

  /// An attachment does not tell its issue: where not all may be seen, the issue has to be named, and has to have it.
  private func checkIssue(ofAttachment id: String, _ call: ToolCall, _ subject: Subject) async throws(VendorError) {
    guard jira.limitsIssues(call) else { return }
    guard let key = call.string("issue") else {
      throw VendorError(.refused, "Only some issues may be seen here, and an attachment does not tell its issue. Give \"issue\" as well.")
    }
    try await jira.permit(attachment: id, of: key, call, as: subject)
  }
}
