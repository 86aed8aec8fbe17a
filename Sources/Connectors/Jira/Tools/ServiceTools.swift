internal import ConnectorKit
internal import JSON
internal import MCP

/// Jira Service Management, read: a toolset that is switched on. ``ServiceWriteTools`` writes.
struct ServiceTools: Sendable {
  let jira: JiraContext

  var tools: [Tool] {
    [
      desks, queues, queueIssues, requestTypes, requestFields, organizations, getRequest, requestComments, requestTransitions, participants, approvals, serviceLevels,
    ]
  }

  static let desk = Field.text("desk", "The service desk's id.", required: true, length: 20)
  static let requestType = Field.text("request_type", "The request type's id, as list_request_types gives it.", required: true, length: 20)

  /// One page of a list that counts by `start` (<https://developer.atlassian.com/cloud/jira/service-desk/rest/intro/#pagination>).
  private func fetch(
    _ call: ToolCall, _ subject: Subject, _ path: [String], _ list: [String], _ query: [(name: String, value: String?)] = []
  ) async throws(VendorError) -> (found: [RawJSON], next: String?) {
    let place = PageCursor(list: list)
    let start = try JiraContext.start(call, place)
    let json = try await jira.api.get(JiraAPI.serviceDesk + path, query + [("start", String(start)), ("limit", String(call.int("limit") ?? 50))], as: subject)
    guard let found = json["values"].map({ Array($0.elements) }) else { throw VendorError(.invalidAnswer, "Jira gave the list in no known form.") }
    return (found, json["isLastPage"]?.bool == false && !found.isEmpty ? place.text(String(start + found.count)) : nil)
  }

  private func page(
    _ call: ToolCall, _ subject: Subject, _ path: [String], _ list: [String], _ shape: RecordShape, _ query: [(name: String, value: String?)] = [],
    _ record: (RawJSON) -> JSONValue?
  ) async throws(VendorError) -> ToolResult {
    let page = try await fetch(call, subject, path, list, query)
    return shape.result(page.found.compactMap(record), for: call, selection: shape.selection(call), next: page.next)
  }

  // MARK: Desks

  private var desks: Tool {
    let shape = JiraRecords.named
    return jira.tool(
      "list_service_desks", "List service desks", "Lists service desks.", [shape.fields] + Field.page(limit: 50, most: 50), output: shape.listSchema,
      meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      try await page(call, subject, ["servicedesk"], ["list_service_desks"], shape) { raw in
        guard jira.projects.admitsAll || raw["projectKey"]?.string.map({ jira.projects.admits($0) }) == true, let id = JiraRecords.text(raw["id"]) else { return nil }
        return ["id": .string(id), "name": .string(raw["projectName"]?.string ?? ""), "key": .string(raw["projectKey"]?.string ?? "")]
      }
    }
  }

  /// What belongs to a service desk and has a name.
  private func ofDesk(
    _ name: String, _ title: String, _ description: String, _ path: String, _ fields: [Field] = [], query: @escaping @Sendable (ToolCall) -> String? = { _ in nil }
  ) -> Tool {
    let shape = JiraRecords.named
    return jira.tool(name, title, description, [Self.desk] + fields + [shape.fields] + Field.page(limit: 50, most: 50), output: shape.listSchema, meta: shape.listMeta) {
      call, subject throws(VendorError) in
      let desk = try call.number("desk")
      try await jira.permit(desk: desk, as: subject)
      let words = query(call)
      return try await page(call, subject, ["servicedesk", desk, path], [name, desk, words ?? ""], shape, [("searchQuery", words)]) { JiraRecords.named($0) }
    }
  }

  private var queues: Tool { ofDesk("list_queues", "List queues", "Lists the queues of a service desk.", "queue") }
  private var organizations: Tool {
    ofDesk("list_organizations", "List organizations", "Lists the organizations whose people are customers of a service desk.", "organization")
  }
  private var requestTypes: Tool {
    ofDesk(
      "list_request_types", "List request types", "Lists what customers can ask of a service desk, for create_request.",
      "requesttype", [Field.text("query", "Some of the name or description.", length: 200)]
    ) { $0.string("query") }
  }

  private var requestFields: Tool {
    let shape = JiraRecords.named
    return jira.tool(
      "list_request_fields", "List fields of a request type", "Lists what a request of a type has to say and may say, and what its fields may hold.",
      [Self.desk, Self.requestType, shape.fields] + Field.page(limit: 50, most: 50), output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let (desk, type) = (try call.number("desk"), try call.number("request_type"))
      try await jira.permit(desk: desk, as: subject)
      let json = try await jira.api.get(JiraAPI.serviceDesk + ["servicedesk", desk, "requesttype", type, "field"], as: subject)
      guard let fields = json["requestTypeFields"] else { throw VendorError(.invalidAnswer, "Jira gave the list in no known form.") }
      return try jira.cut(fields.elements.compactMap { JiraRecords.named($0) }, call, list: ["list_request_fields", desk, type], shape: shape)
    }
  }

  private var queueIssues: Tool {
    let shape = JiraIssue.shape
    return jira.tool(
      "list_queue_issues", "List a queue", "Lists the issues in a queue.",
      [Self.desk, Field.text("queue", "The queue's id.", required: true, length: 20), shape.fields] + Field.page(limit: 50, most: 50),
      output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let (desk, queue) = (try call.number("desk"), try call.number("queue"))
      try await jira.permit(desk: desk, as: subject)
      let page = try await fetch(call, subject, ["servicedesk", desk, "queue", queue, "issue"], ["list_queue_issues", desk, queue])
      let issues = try await whole(page.found.compactMap { jira.issue(in: $0) }.filter(jira.admits), call, subject)
      return try await jira.result(issues, for: call, selection: shape.selection(call), next: page.next, as: subject)
    }
  }

  /// Issues with what a rule has to look at: a queue shows the fields that it was set up with, and no others.
  private func whole(_ issues: [JiraIssue], _ call: ToolCall, _ subject: Subject) async throws(VendorError) -> [JiraIssue] {
    let rule = JiraIssue.shape.rule(call)
    guard rule.limits, !rule.admitsNone, !issues.isEmpty else { return issues }
    var whole: [String: JiraIssue] = [:]
    for issue in try await jira.issues(issues.map(\.key), jira.fields(for: nil, rule), as: subject) { whole[issue.key] = issue }
    return issues.compactMap { whole[$0.key] }
  }

  // MARK: Requests

  private var getRequest: Tool {
    jira.tool(
      "get_service_request", "Get a request", "Gets a customer's request as the customer sees it.", [IssueTools.issue],
      output: [
        "type": "object",
        "properties": [
          "key": ["type": "string"], "desk": ["type": "string"], "request_type": ["type": "string"], "status": ["type": "string"], "reporter": ["type": "string"],
          "created": ["type": "string"],
          "fields": ["type": "array", "items": ["type": "object", "properties": ["label": ["type": "string"], "value": ["type": "string"]]]],
        ], "required": ["key"],
      ], meta: JiraContext.issueMeta()
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let json = try await jira.api.get(JiraAPI.serviceDesk + ["request", key], as: subject)
      let own = json["issueKey"]?.string ?? key
      try jira.check(own)
      var structured: JSONObject = ["key": .string(own)]
      if let desk = JiraRecords.text(json["serviceDeskId"]) { structured["desk"] = .string(desk) }
      if let type = JiraRecords.text(json["requestTypeId"]) { structured["request_type"] = .string(type) }
      if let status = json["currentStatus"]?["status"]?.string { structured["status"] = .string(status) }
      if let reporter = json["reporter"]?["accountId"]?.string ?? json["reporter"]?["name"]?.string { structured["reporter"] = .string(reporter) }
      if let created = JiraRecords.time(json["createdDate"]) { structured["created"] = .string(created) }
      let values = JiraContext.elements(json, "requestFieldValues").map { field in
        (label: field["label"]?.string ?? "", value: field["value"].map { JSONValue($0) } ?? .null)
      }
      // Links, parents and epics are fields like others.
      let visible = try await jira.visible(values.flatMap { IssueKeys.values($0.value) }, call, known: [own], as: subject)
      structured["fields"] = .array(
        values.filter { IssueKeys.values($0.value).allSatisfy(visible.contains) }.map { field in
          ["label": .string(field.label), "value": .string(field.value.string ?? (field.value.isNull ? "" : field.value.text))]
        })
      let text = UntrustedText.framed(JSONValue.object(structured).text, source: "request \(own)")
      return UntrustedText.mark(ToolResult(structured: .object(structured), text: text), "/status", "/fields")
    }
  }

  private func ofRequest(
    _ name: String, _ title: String, _ description: String, _ path: String, _ shape: RecordShape, _ fields: [Field] = [],
    query: @escaping @Sendable (ToolCall) -> [(name: String, value: String?)] = { _ in [] }, _ record: @escaping @Sendable (RawJSON, String) -> JSONValue?
  ) -> Tool {
    jira.tool(
      name, title, description, [IssueTools.issue] + fields + [shape.fields] + Field.page(limit: 50, most: 50), output: shape.listSchema,
      meta: JiraContext.issueMeta(shape)
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let query = query(call)
      return try await page(call, subject, ["request", key, path], [name, key] + query.map { $0.value ?? "" }, shape, query) { record($0, key) }
    }
  }

  private var requestComments: Tool {
    ofRequest(
      "list_request_comments", "List comments of a request", "Lists the comments of a request: public ones, which the customer sees, and internal ones (restricted).",
      "comment", JiraRecords.comment, [Field.text("kind", "Both if not given.", oneOf: ["public", "internal"])],
      query: { call in
        guard let kind = call.string("kind") else { return [] }
        return [("public", String(kind == "public")), ("internal", String(kind == "internal"))]
      }
    ) { JiraRecords.comment($0, issue: $1) }
  }
  private var requestTransitions: Tool {
    ofRequest(
      "list_request_transitions", "List steps of a request", "Lists the steps that a request can take now as customers see them, for transition_request.", "transition",
      JiraRecords.named
    ) { raw, _ in JiraRecords.named(raw) }
  }
  private var participants: Tool {
    ofRequest("list_request_participants", "List participants", "Lists who takes part in a request besides its reporter.", "participant", JiraRecords.user) { raw, _ in
      JiraRecords.user(raw)
    }
  }
  private var approvals: Tool {
    ofRequest("list_approvals", "List approvals", "Lists the approvals of a request: who decides, and what was decided.", "approval", JiraRecords.approval) {
      JiraRecords.approval($0, issue: $1)
    }
  }
  private var serviceLevels: Tool {
    ofRequest("list_slas", "List service levels", "Lists the service levels (SLAs) of a request: goals, time left, breaches.", "sla", JiraRecords.serviceLevel) {
      JiraRecords.serviceLevel($0, issue: $1)
    }
  }
}
