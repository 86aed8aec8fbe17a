internal import ConnectorKit
internal import JSON
internal import MCP

/// What became of issues over time. ``IssueTools`` lists the changes of one.
struct HistoryTools: Sendable {
  let jira: JiraContext

  var tools: [Tool] { [several, timeInStatus] }

  private var several: Tool {
    let (name, shape) = ("list_changes_of_issues", JiraRecords.change)
    return jira.tool(
      name, "List changes of several issues", "Lists what was changed on up to 100 issues, oldest first. What may not be seen is left out. Jira Cloud only.",
      [
        Field.texts("issues", "Keys.", required: true), Field.texts("changed", "Ids of the fields whose changes are told: status; all if not given.", most: 10),
        shape.fields,
      ] + Field.page(limit: 50, most: 100), output: shape.listSchema, meta: JiraContext.issueMeta(shape)
    ) { call, subject throws(VendorError) in
      guard jira.api.deployment == .cloud else { throw VendorError(.refused, "Jira Data Center tells changes of one issue at a time: use list_changes.") }
      let (keys, changed) = (call.texts("issues"), call.texts("changed"))
      guard !keys.isEmpty else { throw VendorError(.refused, "Give at least one key.") }
      for key in keys { try jira.check(key) }
      let rule = JiraIssue.shape.rule(call)
      guard !rule.admitsNone else { return shape.result([]) }
      // Changes tell their issue by its id.
      let issues = try await jira.issues(keys, jira.fields(for: ["project"], rule), as: subject).filter { rule.admits($0.json) }
      let named = Dictionary(issues.compactMap { issue in issue.json["id"]?.string.map { ($0, issue.key) } }) { first, _ in first }
      guard !named.isEmpty else { return shape.result([]) }
      let ids = named.keys.sorted()
      let place = PageCursor(list: [name] + ids + [""] + changed)
      var body: JSONObject = ["issueIdsOrKeys": .array(ids.map { .string($0) }), "maxResults": .int(call.int("limit") ?? 50)]
      if !changed.isEmpty { body["fieldIds"] = .array(changed.map { .string($0) }) }
      if let cursor = call.string("cursor") { body["nextPageToken"] = .string(try place.vendor(cursor)) }
      let json = try await jira.api.post(jira.api.core + ["changelog", "bulkfetch"], .object(body), as: subject, isRead: true)
      guard let logs = json?["issueChangeLogs"] else { throw VendorError(.invalidAnswer, "Jira gave the list in no known form.") }
      let histories = logs.elements.flatMap { log in
        JiraRecords.text(log["issueId"]).flatMap { named[$0] }.map { key in JiraContext.elements(log, "changeHistories").map { (issue: key, history: $0) } } ?? []
      }
      let changes = try await jira.changes(histories, call, as: subject)
      return shape.result(changes, for: call, selection: shape.selection(call), next: json?["nextPageToken"]?.string.map { place.text($0) })
    }
  }

  // MARK: Time in status

  private static let maximumPages = 20

  private var timeInStatus: Tool {
    jira.tool(
      "get_time_in_status", "Get the time in each status", "Tells how long an issue was in each status, counted from its changes until now.", [IssueTools.issue],
      output: [
        "type": "object",
        "properties": [
          "issue": ["type": "string"], "created": ["type": "string"], "status": ["type": "string", "description": "The one that it has now."],
          "since": ["type": "string"],
          "statuses": [
            "type": "array",
            "items": [
              "type": "object",
              "properties": [
                "status": ["type": "string"], "seconds": ["type": "integer"], "times": ["type": "integer", "description": "How often it came there."],
                "first": ["type": "string"],
              ], "required": ["status", "seconds", "times"],
            ],
          ],
        ], "required": ["issue", "statuses"],
      ], meta: RecordType.meta([(JiraIssue.shape.type, nil, false), (JiraRecords.change.type, nil, false)])
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let rule = JiraRecords.change.rule(call)
      guard !rule.admitsNone else { throw Self.hidden }
      guard let issue = try await jira.issue(key, ["created", "status"], as: subject) else { throw JiraContext.absence }
      let created = issue.json["created"]?.string
      guard let created, let start = Timestamp.seconds(created) else { throw VendorError(.invalidAnswer, "Jira does not say when the issue was made.") }
      let all = try await histories(key, subject).flatMap { JiraRecords.changes($0, issue: key) }.map(\.json).filter { $0["field"]?.string == "status" }
      // A sum tells what was left out of it.
      guard all.allSatisfy(rule.admits) else { throw Self.hidden }
      let moves = all.compactMap { change in change["time"]?.string.flatMap(Timestamp.seconds).map { (time: $0, change: change) } }.sorted { $0.time < $1.time }
      let now = issue.json["status"]?.string ?? moves.last?.change["to"]?.string ?? ""
      var spans = StatusSpans(moves.first?.change["from"]?.string ?? now, at: start)
      for move in moves { spans.move(to: move.change["to"]?.string ?? "", at: move.time) }
      let rows = spans.rows(until: max(jira.environment.time.seconds(), spans.since))
      let structured: JSONObject = [
        "issue": .string(issue.key), "created": .string(created), "status": .string(now), "since": .string(Timestamp.text(seconds: spans.since)),
        "statuses": .array(rows),
      ]
      let text = UntrustedText.framed(CompactTable(rows, columns: ["status", "seconds", "times", "first"]).text, source: "statuses of \(issue.key)")
      return UntrustedText.mark(ToolResult(structured: .object(structured), text: text), "/status", "/statuses")
    }
  }

  private static let hidden = VendorError(.forbidden, "Policy hides changes of the issue, so that the time cannot be told.")

  /// All that Jira tells of an issue's history.
  private func histories(_ key: String, _ subject: Subject) async throws(VendorError) -> [RawJSON] {
    guard jira.api.deployment == .cloud else {
      let json = try await jira.api.get(jira.api.core + ["issue", key], [("expand", "changelog"), ("fields", "status")], as: subject)
      guard let list = json["changelog"]?["histories"] else { throw VendorError(.invalidAnswer, "Jira gave the list in no known form.") }
      return Array(list.elements)
    }
    var histories: [RawJSON] = []
    for _ in 0..<Self.maximumPages {
      let path = jira.api.core + ["issue", key, "changelog"]
      let json = try await jira.api.get(path, [("startAt", String(histories.count)), ("maxResults", "100")], as: subject)
      guard let list = json["values"] else { throw VendorError(.invalidAnswer, "Jira gave the list in no known form.") }
      let found = Array(list.elements)
      histories += found
      if found.isEmpty || json["isLast"]?.bool ?? (histories.count >= json["total"]?.int ?? 0) { return histories }
    }
    throw VendorError(.tooLarge, "The issue has more than \(Self.maximumPages * 100) changes, more than are counted.")
  }
}

/// How long something was in each status.
private struct StatusSpans {
  private struct Span {
    var status: String
    var seconds: Int64 = 0
    var times = 0
    var first: Int64
  }
  /// In the order in which they were reached first.
  private var spans: [Span] = []
  private var current = 0
  /// When the last was reached.
  private(set) var since: Int64

  init(_ status: String, at time: Int64) {
    since = time
    enter(status)
  }

  mutating func move(to status: String, at time: Int64) {
    spans[current].seconds += max(time - since, 0)
    since = max(time, since)
    enter(status)
  }

  private mutating func enter(_ status: String) {
    current = spans.firstIndex { $0.status == status } ?? spans.count
    if current == spans.count { spans.append(Span(status: status, first: since)) }
    spans[current].times += 1
  }

  func rows(until now: Int64) -> [JSONValue] {
    spans.enumerated().map { index, span in
      let seconds = span.seconds + (index == current ? now - since : 0)
      return [
        "status": .string(span.status), "seconds": .int(Int(seconds)), "times": .int(span.times), "first": .string(Timestamp.text(seconds: span.first)),
      ]
    }
  }
}
