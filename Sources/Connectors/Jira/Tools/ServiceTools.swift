internal import ConnectorKit
internal import JSON
internal import MCP

/// Jira Service Management: a toolset that is switched on.
struct ServiceTools: Sendable {
  let jira: JiraContext

  var tools: [Tool] { [desks, queues, queueIssues, getRequest] }

  private static let desk = Field.text("desk", "The service desk's id.", required: true, length: 20)

  private func number(_ call: ToolCall, _ argument: String) throws(VendorError) -> String {
    guard let text = call.string(argument), Int(text) != nil else { throw VendorError(.refused, "\"\(argument)\" must be an id, a number.") }
    return text
  }

  /// One page of a list that counts by `start` (<https://developer.atlassian.com/cloud/jira/service-desk/rest/intro/#pagination>).
  private func page(
    _ call: ToolCall, _ subject: Subject, _ path: [String], _ list: [String], _ shape: RecordShape, _ record: (RawJSON) -> JSONValue?
  ) async throws(VendorError) -> ToolResult {
    let place = PageCursor(list: list)
    let start = try JiraContext.start(call, place)
    let json = try await jira.api.get(JiraAPI.serviceDesk + path, [("start", String(start)), ("limit", String(call.int("limit") ?? 50))], as: subject)
    let found = JiraContext.elements(json, "values")
    let next = json["isLastPage"]?.bool == false && !found.isEmpty ? place.text(String(start + found.count)) : nil
    return UntrustedText.mark(
      shape.result(try await whole(found.compactMap(record), shape, call, subject), for: call, selection: shape.selection(call), next: next), "/" + shape.list)
  }

  /// Issues with what a rule has to look at: a queue shows the fields that it was set up with, and no others.
  private func whole(_ rows: [JSONValue], _ shape: RecordShape, _ call: ToolCall, _ subject: Subject) async throws(VendorError) -> [JSONValue] {
    let rule = shape.rule(call)
    let keys = rows.compactMap { $0["key"]?.string }
    guard shape.type == JiraIssue.shape.type, rule.limits, !rule.admitsNone, !keys.isEmpty else { return rows }
    var whole: [String: JSONValue] = [:]
    for issue in try await jira.issues(keys, jira.fields(for: nil, rule), as: subject) { whole[issue.key] = issue.json }
    return rows.compactMap { $0["key"]?.string }.compactMap { whole[$0] }
  }

  private var desks: Tool {
    let shape = JiraRecords.named
    return jira.tool("list_service_desks", "List service desks", "Lists service desks.", Field.page(limit: 50, most: 50), output: shape.listSchema, meta: shape.listMeta)
    { call, subject throws(VendorError) in
      try await page(call, subject, ["servicedesk"], ["list_service_desks"], shape) { raw in
        guard jira.projects.admitsAll || raw["projectKey"]?.string.map({ jira.projects.admits($0) }) == true, let id = JiraRecords.text(raw["id"]) else { return nil }
        return ["id": .string(id), "name": .string(raw["projectName"]?.string ?? ""), "key": .string(raw["projectKey"]?.string ?? "")]
      }
    }
  }

  private var queues: Tool {
    let shape = JiraRecords.named
    return jira.tool(
      "list_queues", "List queues", "Lists the queues of a service desk.", [Self.desk] + Field.page(limit: 50, most: 50), output: shape.listSchema, meta: shape.listMeta
    ) {
      call, subject throws(VendorError) in
      let desk = try number(call, "desk")
      try await jira.permit(desk: desk, as: subject)
      return try await page(call, subject, ["servicedesk", desk, "queue"], ["list_queues", desk], shape) { JiraRecords.named($0) }
    }
  }

  private var queueIssues: Tool {
    let shape = JiraIssue.shape
    return jira.tool(
      "list_queue_issues", "List a queue", "Lists the issues in a queue.",
      [Self.desk, Field.text("queue", "The queue's id.", required: true, length: 20), shape.fields] + Field.page(limit: 50, most: 50),
      output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let (desk, queue) = (try number(call, "desk"), try number(call, "queue"))
      try await jira.permit(desk: desk, as: subject)
      return try await page(call, subject, ["servicedesk", desk, "queue", queue, "issue"], ["list_queue_issues", desk, queue], shape) { raw in
        guard let issue = jira.issue(in: raw), jira.admits(issue) else { return nil }
        return issue.json
      }
    }
  }

  private var getRequest: Tool {
    jira.tool(
      "get_service_request", "Get a request", "Gets a customer's request as the customer sees it.", [IssueTools.issue],
      output: [
        "type": "object",
        "properties": [
          "key": ["type": "string"], "status": ["type": "string"], "reporter": ["type": "string"], "created": ["type": "string"],
          "fields": ["type": "array", "items": ["type": "object", "properties": ["label": ["type": "string"], "value": ["type": "string"]]]],
        ], "required": ["key"],
      ], meta: JiraContext.issueMeta()
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let json = try await jira.api.get(JiraAPI.serviceDesk + ["request", key], as: subject)
      var structured: JSONObject = ["key": .string(json["issueKey"]?.string ?? key)]
      if let status = json["currentStatus"]?["status"]?.string { structured["status"] = .string(status) }
      if let reporter = json["reporter"]?["accountId"]?.string { structured["reporter"] = .string(reporter) }
      if let created = json["createdDate"]?["iso8601"]?.string { structured["created"] = .string(JiraTime.text(created)) }
      let fields = JiraContext.elements(json, "requestFieldValues").map { field in
        JSONValue.object([
          "label": .string(field["label"]?.string ?? ""), "value": .string(field["value"]?.string ?? field["value"].map { $0.isNull ? "" : $0.text } ?? ""),
        ])
      }
      structured["fields"] = .array(fields)
      return UntrustedText.mark(ToolResult(structured: .object(structured)), "/fields")
    }
  }
}
