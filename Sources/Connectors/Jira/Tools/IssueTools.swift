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
        shape.fields,
        Field.texts("custom_fields", "Ids: customfield_10016.", most: 20),
      ] + Field.page(limit: 25, most: 100), output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let jql = try query(call)
      let selection = shape.selection(call)
      let fields = jira.fields(for: selection, shape.rule(call)) + (call["custom_fields"].map { Array($0.elements) } ?? []).compactMap(\.string)
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
      let issues = JiraContext.elements(json, "issues").compactMap { jira.issue(in: $0) }.filter(jira.admits)
      var chosen = selection
      if call["custom_fields"] != nil { chosen?.insert("custom") }
      return UntrustedText.mark(
        shape.result(issues.map(\.json), for: call, selection: chosen, next: next.map { place.text($0) }, total: jira.total(json)), "/issues")
    }
  }

  /// The whole query: the call's conditions, the settings' projects, and the rows that policy lets the caller see.
  private func query(_ call: ToolCall) throws(VendorError) -> String {
    var conditions: [String] = []
    var order: String? = "\(["due": "duedate"][call.string("order") ?? ""] ?? call.string("order") ?? "updated") DESC"
    if let jql = call.string("jql") {
      let parsed = try JQL.parse(jql)
      conditions.append(parsed.condition)
      if let own = parsed.order { order = own }
    }
    func list(_ argument: String, _ field: String) {
      let values = (call[argument].map { Array($0.elements) } ?? []).compactMap(\.string)
      if !values.isEmpty { conditions.append("\(field) in (\(values.map(JQL.quoted).joined(separator: ", ")))") }
    }
    list("project", "project")
    list("status", "status")
    list("type", "issuetype")
    for label in (call["labels"].map { Array($0.elements) } ?? []).compactMap(\.string) { conditions.append("labels = \(JQL.quoted(label))") }
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
      var conditions = [try JQL.parse(call.string("jql") ?? "").condition]
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
      "get_issue", "Get an issue", "Gets an issue with its description, links and attachments.", [Self.issue, shape.fields], output: shape.oneSchema, meta: shape.oneMeta
    ) {
      call, subject throws(VendorError) in
      let key = call.string("issue") ?? ""
      try jira.check(key)
      let selection = shape.selection(call)
      let fields = jira.fields(for: selection, shape.rule(call), standard: JiraIssue.standardFields + JiraIssue.longFields)
      let json: RawJSON
      do throws(VendorError) { json = try await jira.api.get(jira.api.core + ["issue", key], [("fields", fields.joined(separator: ","))], as: subject) } catch {
        // What is not there looks like what may not be seen.
        throw error.code == .notFound && shape.rule(call).limits ? JiraContext.absence : error
      }
      guard let issue = jira.issue(in: json) else { throw VendorError(.invalidAnswer, "Jira described the issue in no known form.") }
      // An issue that was moved answers to its old key.
      try jira.check(issue.key)
      return UntrustedText.mark(try shape.result(issue.json, for: call, selection: selection, absence: JiraContext.absence), "/issue")
    }
  }

  private var getIssues: Tool {
    let shape = JiraIssue.shape
    return jira.tool(
      "get_issues", "Get several issues", "Gets up to 100 issues by their keys.", [Field.texts("issues", "Keys.", required: true), shape.fields],
      output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let keys = (call["issues"].map { Array($0.elements) } ?? []).compactMap(\.string)
      for key in keys { try jira.check(key) }
      let selection = shape.selection(call)
      let issues = try await jira.issues(keys, jira.fields(for: selection, shape.rule(call)), as: subject)
      return UntrustedText.mark(shape.result(issues.map(\.json), for: call, selection: selection), "/issues")
    }
  }

  // MARK: What belongs to an issue

  private func list(
    _ name: String, _ title: String, _ description: String, _ member: String, _ path: String, _ shape: RecordShape,
    _ record: @escaping @Sendable (RawJSON, String) -> [JSONValue]
  ) -> Tool {
    jira.tool(name, title, description, [Self.issue] + Field.page(limit: 50, most: 100), output: shape.listSchema, meta: JiraContext.issueMeta(shape)) {
      call, subject throws(VendorError) in
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
    guard jira.api.deployment == .dataCenter else {
      return list(name, title, description, "values", "changelog", shape) { JiraRecords.changes($0, issue: $1) }
    }
    // Version 2 gives all of them with the issue.
    return jira.tool(name, title, description, [Self.issue] + Field.page(limit: 50, most: 100), output: shape.listSchema, meta: JiraContext.issueMeta(shape)) {
      call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let place = PageCursor(list: [name, key])
      let start = try JiraContext.start(call, place)
      let json = try await jira.api.get(jira.api.core + ["issue", key], [("expand", "changelog"), ("fields", "summary")], as: subject)
      guard let histories = json["changelog"]?["histories"] else { throw VendorError(.invalidAnswer, "Jira gave the list in no known form.") }
      let all = Array(histories.elements)
      let end = min(start + (call.int("limit") ?? 50), all.count)
      let changes = all[min(start, end)..<end].flatMap { JiraRecords.changes($0, issue: key) }
      let result = shape.result(changes, for: call, next: end < all.count ? place.text(String(end)) : nil, total: jira.total(json["changelog"]))
      return UntrustedText.mark(result, "/" + shape.list)
    }
  }

  private func items(_ name: String, _ title: String, _ description: String, _ path: [String], _ member: String, _ query: [(name: String, value: String?)] = []) -> Tool {
    let shape = JiraRecords.named
    return jira.tool(name, title, description, [Self.issue], output: shape.listSchema, meta: JiraContext.issueMeta(shape)) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let json = try await jira.api.get(jira.api.core + ["issue", key] + path, query, as: subject)
      let found = json.kind == .array ? Array(json.elements) : JiraContext.elements(json, member)
      return shape.result(found.compactMap { JiraRecords.named($0) }, for: call)
    }
  }

  private var transitions: Tool {
    items("list_transitions", "List transitions", "Lists the steps that an issue can take now, for transition_issue.", ["transitions"], "transitions")
  }

  private var links: Tool {
    jira.tool(
      "list_remote_links", "List links to elsewhere", "Lists the links of an issue to pages outside of Jira.", [Self.issue],
      output: [
        "type": "object",
        "properties": [
          "links": [
            "type": "array",
            "items": ["type": "object", "properties": ["id": ["type": "string"], "title": ["type": "string"], "url": ["type": "string"]], "required": ["id"]],
          ]
        ], "required": ["links"],
      ], meta: JiraContext.issueMeta()
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let json = try await jira.api.get(jira.api.core + ["issue", key, "remotelink"], as: subject)
      let rows = json.elements.map { link in
        var row: JSONObject = ["id": .string(JiraRecords.text(link["id"]) ?? "")]
        for member in ["title", "url"] { if let text = link["object"]?[member]?.string { row[member] = .string(text) } }
        return JSONValue.object(row)
      }
      return ToolResult(structured: ["links": .array(rows)], text: CompactTable(rows, columns: ["title", "url"]).text)
    }
  }

  private var watchers: Tool {
    let shape = JiraRecords.user
    return jira.tool("list_watchers", "List watchers", "Lists who watches an issue.", [Self.issue], output: shape.listSchema, meta: JiraContext.issueMeta(shape)) {
      call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let json = try await jira.api.get(jira.api.core + ["issue", key, "watchers"], as: subject)
      return shape.result(JiraContext.elements(json, "watchers").compactMap { JiraRecords.user($0) }, for: call)
    }
  }

  private var attachment: Tool {
    jira.tool(
      "get_attachment", "Get an attachment", "Gets an attachment: its text, or the image.",
      [
        Field.text("attachment", "Its id, as get_issue gives it.", required: true, length: 32),
        Field.text("issue", "The key of its issue. Needed where only some issues may be seen.", length: 64),
      ],
      output: [
        "type": "object",
        "properties": ["id": ["type": "string"], "name": ["type": "string"], "mime_type": ["type": "string"], "bytes": ["type": "integer"], "text": ["type": "string"]],
        "required": ["id"],
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
      if type.hasPrefix("image/") { return ToolResult([.image(Array(body.readableBytesView), mimeType: type)], structured: .object(structured)) }
      guard let text = String(validating: body.readableBytesView, as: UTF8.self) else { throw VendorError(.invalid, "The attachment is \(type), which is not text.") }
      structured["text"] = .string(text)
      return UntrustedText.mark(ToolResult(structured: .object(structured), text: UntrustedText.framed(text, source: "attachment \(id)")), "/text")
    }
  }

  /// An attachment does not tell its issue: where not all may be seen, the issue has to be named, and has to have it.
  private func checkIssue(ofAttachment id: String, _ call: ToolCall, _ subject: Subject) async throws(VendorError) {
    let rule = JiraIssue.shape.rule(call)
    guard !jira.projects.admitsAll || rule.limits else { return }
    guard let key = call.string("issue") else {
      throw VendorError(.refused, "Only some issues may be seen here, and an attachment does not tell its issue. Give \"issue\" as well.")
    }
    try jira.check(key)
    guard !rule.admitsNone, let issue = try await jira.issue(key, jira.fields(for: ["attachments"], rule), as: subject), rule.admits(issue.json),
      issue.json["attachments"]?.array?.contains(where: { $0["id"]?.string == id }) == true
    else { throw JiraContext.absence }
  }
}
