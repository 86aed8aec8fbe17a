internal import ConnectorKit
internal import JSON
internal import MCP

/// What a field may hold, to the last of it: ``ProjectTools`` lists fields with the first hundred.
struct FieldTools: Sendable {
  let jira: JiraContext

  var tools: [Tool] { [contexts, options] }

  private static let field = Field.text("field", "A field's id, as list_fields gives it: customfield_10016.", required: true, length: 100)

  private var contexts: Tool {
    let shape = JiraRecords.named
    return jira.tool(
      "list_field_contexts", "List contexts of a field", "Lists the contexts of a custom field, each with options of its own. For administrators of Jira Cloud.",
      [Self.field, shape.fields] + Field.page(limit: 50, most: 100), output: shape.listSchema, meta: JiraContext.projectMeta(shape)
    ) { call, subject throws(VendorError) in
      try checkContexts(call)
      let field = try field(call)
      return try await jira.page(
        call, subject, jira.api.core + ["field", field, "context"], [], member: "values", list: ["list_field_contexts", field], shape: shape
      ) { raw in [JiraRecords.named(raw)].compactMap { $0 } }
    }
  }

  private var options: Tool {
    let shape = JiraRecords.option
    let name = "list_field_options"
    return jira.tool(
      name, "List options of a field",
      "Lists what a field may hold, a page at a time. Say where: an issue to edit, a project and type of issue to create, or (administrators of Jira Cloud) a context.",
      [
        Self.field, Field.text("issue", "An issue's key.", length: 64), Field.text("project", "A project's key, with type_id.", length: 32),
        Field.text("type_id", "The issue type's id, as list_issue_types gives it.", length: 32),
        Field.text("context", "A context's id, as list_field_contexts gives it.", length: 20), shape.fields,
      ] + Field.page(limit: 50, most: 100), output: shape.listSchema,
      meta: RecordType.meta([(shape.type, "/" + shape.list, true), (JiraIssue.shape.type, nil, false), (JiraRecords.project.type, nil, false)])
    ) { call, subject throws(VendorError) in
      let field = try field(call)
      switch (call.string("issue"), call.string("project"), call.string("type_id"), call.string("context")) {
      case (.some, nil, nil, nil):
        let key = try await jira.permitted(call, as: subject)
        let json = try await jira.api.get(jira.api.core + ["issue", key, "editmeta"], as: subject)
        return try jira.cut(try allowed(json["fields"]?[field]), call, list: [name, field, key], shape: shape)
      case (nil, let project?, let type?, nil):
        try await jira.permit(project: project, call, as: subject)
        return try jira.cut(try allowed(try await find(field, project, type, subject)), call, list: [name, field, project, type], shape: shape)
      case (nil, nil, nil, .some):
        try checkContexts(call)
        let context = try call.number("context")
        return try await jira.page(
          call, subject, jira.api.core + ["field", field, "context", context, "option"], [], member: "values", list: [name, field, context], shape: shape
        ) { JiraRecords.options($0) }
      default: throw VendorError(.refused, "Give one of: \"issue\"; \"project\" and \"type_id\"; \"context\".")
      }
    }
  }

  private func field(_ call: ToolCall) throws(VendorError) -> String {
    let id = call.string("field") ?? ""
    guard id.utf8.allSatisfy({ $0 < 0x80 && ($0 == UInt8(ascii: "_") || Character(Unicode.Scalar($0)).isLetter || Character(Unicode.Scalar($0)).isNumber) }) else {
      throw VendorError(.refused, "\"field\" must be a field's id, such as customfield_10016.")
    }
    return id
  }

  /// Contexts are of many projects, and do not tell which here.
  private func checkContexts(_ call: ToolCall) throws(VendorError) {
    let instead = "Ask for the options of an issue, or of a project and type of issue."
    guard jira.api.deployment == .cloud else { throw VendorError(.refused, "Jira Data Center gives no contexts of fields. \(instead)") }
    guard jira.projects.admitsAll, !JiraRecords.project.rule(call).limits else {
      throw VendorError(.forbidden, "Only some projects may be seen here, and contexts are of all. \(instead)")
    }
  }

  private func allowed(_ field: RawJSON?) throws(VendorError) -> [JSONValue] {
    guard let field else { throw VendorError(.notFound, "The field is not on that screen: list_edit_fields and list_create_fields tell which are.") }
    guard let values = field["allowedValues"] else { throw VendorError(.notFound, "The field holds no list of options.") }
    return values.elements.flatMap { JiraRecords.options($0) }
  }

  /// More fields than a screen has.
  private static let maximumPages = 10

  /// What Jira says of a field of new issues.
  private func find(_ field: String, _ project: String, _ type: String, _ subject: Subject) async throws(VendorError) -> RawJSON? {
    var start = 0
    for _ in 0..<Self.maximumPages {
      let path = jira.api.core + ["issue", "createmeta", project, "issuetypes", type]
      let json = try await jira.api.get(path, [("startAt", String(start)), ("maxResults", "200")], as: subject)
      guard let list = json["fields"] ?? json["values"] else { throw VendorError(.invalidAnswer, "Jira gave the list in no known form.") }
      let found = Array(list.elements)
      if let field = found.first(where: { ($0["fieldId"] ?? $0["key"])?.string == field }) { return field }
      start += found.count
      guard !found.isEmpty, start < json["total"]?.int ?? 0 else { return nil }
    }
    return nil
  }
}
