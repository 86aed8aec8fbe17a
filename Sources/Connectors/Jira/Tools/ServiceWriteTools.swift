internal import ConnectorKit
internal import JSON
internal import MCP

/// Jira Service Management, written: a toolset that is switched on. Texts are wiki markup here, on Cloud too.
struct ServiceWriteTools: Sendable {
  let jira: JiraContext

  var tools: [Tool] { [createRequest, comment, transition, addParticipants, removeParticipants, answerApproval] }

  private func write(
    _ name: String, _ title: String, _ description: String, _ fields: [Field], _ annotations: ToolAnnotations, meta: JSONObject = JiraContext.issueMeta(),
    _ work: @escaping @Sendable (ToolCall, Subject) async throws(VendorError) -> ToolResult
  ) -> Tool {
    jira.tool(name, title, description, fields, output: IssueWriteTools.done, annotations: annotations, meta: meta, work)
  }

  private func markup(_ markdown: String) -> JSONValue { .string(DocumentWiki.text(MarkdownDocument.adf(markdown))) }

  private static let people = Field.texts("participants", "Account ids.", required: true, most: 50)

  // MARK: New requests

  private var createRequest: Tool {
    write(
      "create_request", "Create a request", "Asks something of a service desk in a customer's place. list_request_fields tells what a type of request needs.",
      [
        ServiceTools.desk, ServiceTools.requestType, Field.text("summary", "One line.", length: 255), Field.text("description", "Markdown.", length: 32_000),
        Field.object("fields", "Further fields by id, in Jira's own form: {\"customfield_10010\": {\"value\": \"Red\"}}."),
        Field.texts("participants", "Account ids of people who take part.", most: 50),
        Field.text("on_behalf_of", "The account id of the customer; the account itself if not given.", length: 128),
      ], .adding
    ) { call, subject throws(VendorError) in
      let (desk, type) = (try call.number("desk"), try call.number("request_type"))
      var values = JSONObject()
      if let summary = call.string("summary") {
        guard !summary.contains(where: \.isNewline) else { throw VendorError(.refused, "\"summary\" must be one line.") }
        values["summary"] = .string(summary)
      }
      if let description = call.string("description") { values["description"] = markup(description) }
      let further = call["fields"]?.members ?? RawJSON.null.members
      for (name, value) in further {
        guard let name = name.string, !["summary", "description"].contains(name) else {
          throw VendorError(.refused, "Give summary and description outside of \"fields\".")
        }
        values[name] = JSONValue(value)
      }
      try await jira.permit(desk: desk, as: subject)
      try await permit(new: values, desk, call, subject)
      var body: JSONObject = ["serviceDeskId": .string(desk), "requestTypeId": .string(type), "requestFieldValues": .object(values)]
      if let people = call["participants"] { body["requestParticipants"] = JSONValue(people) }
      if let customer = call.string("on_behalf_of") { body["raiseOnBehalfOf"] = .string(customer) }
      let json = try await jira.api.post(JiraAPI.serviceDesk + ["request"], .object(body), as: subject)
      guard let key = json?["issueKey"]?.string else { throw VendorError(.invalidAnswer, "Jira did not name the new request.", mayHaveHadEffect: true) }
      return jira.done(key, "Created \(key).", id: JiraRecords.text(json?["issueId"]))
    }
  }

  /// Holds a request against the rule for issues as far as it is known beforehand, and the issues that its fields name.
  private func permit(new values: JSONObject, _ desk: String, _ call: ToolCall, _ subject: Subject) async throws(VendorError) {
    try await jira.permit(Set(IssueKeys.values(.object(values), anyCase: true)).sorted(), call, as: subject)
    let rule = JiraIssue.shape.rule(call)
    guard rule.limits else { return }
    guard !rule.admitsNone else { throw JiraContext.refusal }
    var (record, custom) = (JSONObject(), JSONObject())
    for (name, value) in values {
      if name.hasPrefix("customfield_") {
        custom[name] = value
      } else if ["summary", "description"].contains(name) {
        record[name] = value
      } else {
        throw VendorError(.forbidden, "Policy limits which requests may be made, so that \"fields\" may hold custom fields only. Nothing was sent.")
      }
    }
    if !custom.isEmpty { record["custom"] = .object(custom) }
    if let description = call.string("description") { record["description"] = .string(description) }
    if let key = try await jira.api.get(JiraAPI.serviceDesk + ["servicedesk", desk], as: subject)["projectKey"]?.string { record["project"] = .string(key) }
    if let customer = call.string("on_behalf_of") { record["reporter"] = .string(customer) }
    try await jira.permit(new: record, rule, as: subject)
  }

  // MARK: Answers

  private var comment: Tool {
    write(
      "comment_on_request", "Answer a request", "Adds a comment to a request: public, which the customer sees and is told of, or internal.",
      [
        IssueTools.issue, Field.text("body", "Markdown.", required: true, length: 32_000),
        Field.flag("public", "true: the customer sees it. false: only the people who work on it.", required: true),
      ], .adding
    ) { call, subject throws(VendorError) in
      guard let isPublic = call.bool("public") else { throw VendorError(.refused, "Say whether the comment is public.") }
      let key = try await jira.permitted(call, as: subject)
      let json = try await jira.api.post(
        JiraAPI.serviceDesk + ["request", key, "comment"], ["body": markup(call.string("body") ?? ""), "public": .bool(isPublic)], as: subject)
      return jira.done(key, "Commented on \(key), \(isPublic ? "for the customer too" : "internally").", id: JiraRecords.text(json?["id"]))
    }
  }

  private var transition: Tool {
    write(
      "transition_request", "Move a request on", "Takes a request through a step that customers see. list_request_transitions tells which there are.",
      [
        IssueTools.issue, Field.text("transition", "The id or name of the step.", required: true, length: 200),
        Field.text("comment", "Markdown; the customer sees it.", length: 32_000),
      ], .changingAnew
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let wanted = call.string("transition") ?? ""
      let path = JiraAPI.serviceDesk + ["request", key, "transition"]
      var id = wanted
      if !wanted.allSatisfy(\.isNumber) {
        id = try jira.step(wanted, of: key, in: JiraContext.elements(try await jira.api.get(path, as: subject), "values"))
      }
      var body: JSONObject = ["id": .string(id)]
      if let comment = call.string("comment") { body["additionalComment"] = ["body": markup(comment)] }
      _ = try await jira.api.post(path, .object(body), as: subject)
      return jira.done(key, "Moved \(key) on.")
    }
  }

  private var addParticipants: Tool {
    write("add_request_participants", "Add participants", "Lets people take part in a request; they are told.", [IssueTools.issue, Self.people], .ensuring) {
      call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      _ = try await jira.api.post(JiraAPI.serviceDesk + ["request", key, "participant"], people(call), as: subject)
      return jira.done(key, "Added.")
    }
  }

  private var removeParticipants: Tool {
    write("remove_request_participants", "Remove participants", "Takes people off a request.", [IssueTools.issue, Self.people], .changing) {
      call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      try await jira.api.delete(JiraAPI.serviceDesk + ["request", key, "participant"], body: people(call), as: subject)
      return jira.done(key, "Removed.")
    }
  }

  private func people(_ call: ToolCall) -> JSONValue {
    .object([jira.api.deployment == .cloud ? "accountIds" : "usernames": call["participants"].map { JSONValue($0) } ?? []])
  }

  private var answerApproval: Tool {
    let shape = JiraRecords.approval
    return write(
      "answer_approval", "Approve or decline", "Decides an approval in the name of the account that is used. It cannot be taken back.",
      [
        IssueTools.issue, Field.text("approval", "Its id, as list_approvals gives it.", required: true, length: 20),
        Field.text("decision", "What is decided.", required: true, oneOf: ["approve", "decline"]),
      ], .changingAnew, meta: RecordType.meta([(JiraIssue.shape.type, nil, false), (shape.type, nil, false)])
    ) { call, subject throws(VendorError) in
      let (id, rule) = (try call.number("approval"), shape.rule(call))
      guard !rule.admitsNone else { throw JiraContext.absence }
      let key = try await jira.permitted(call, as: subject)
      let path = JiraAPI.serviceDesk + ["request", key, "approval", id]
      if rule.limits {
        guard let approval = JiraRecords.approval(try await jira.api.get(path, as: subject), issue: key), rule.admits(approval) else { throw JiraContext.absence }
      }
      _ = try await jira.api.post(path, ["decision": .string(call.string("decision") ?? "")], as: subject)
      return jira.done(key, call.string("decision") == "approve" ? "Approved." : "Declined.", id: id)
    }
  }
}
