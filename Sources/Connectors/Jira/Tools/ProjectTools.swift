internal import ConnectorKit
internal import JSON
internal import MCP

/// Projects, people, and what fields may hold.
struct ProjectTools: Sendable {
  let jira: JiraContext

  var tools: [Tool] {
    [myself, searchUsers, assignable, listProjects, getProject, versions, components, issueTypes, createFields, editFields, linkTypes, listFields, permissions, checkJQL]
  }

  private static let project = Field.text("project", "A project's key.", required: true, length: 32)

  private var myself: Tool {
    let shape = JiraRecords.user
    return jira.tool("get_myself", "Who am I", "Tells in whose name Jira is asked.", [], output: shape.oneSchema, meta: shape.oneMeta) {
      call, subject throws(VendorError) in
      guard let user = JiraRecords.user(try await jira.api.get(jira.api.core + ["myself"], as: subject)) else {
        throw VendorError(.invalidAnswer, "Jira described the person in no known form.")
      }
      return try shape.result(user, for: call, absence: JiraContext.absence)
    }
  }

  private func people(
    _ name: String, _ title: String, _ description: String, _ path: [String], _ fields: [Field], ofProject: Bool = false,
    _ query: @escaping @Sendable (ToolCall) -> [(name: String, value: String?)]
  ) -> Tool {
    let shape = JiraRecords.user
    let meta = ofProject ? JiraContext.projectMeta(shape) : shape.listMeta
    return jira.tool(name, title, description, fields + [shape.fields] + Field.page(limit: 50, most: 100), output: shape.listSchema, meta: meta) {
      call, subject throws(VendorError) in
      let query = query(call)
      if ofProject { try await jira.permit(project: call.string("project") ?? "", call, as: subject) }
      return try await jira.page(call, subject, jira.api.core + path, query, member: "", list: [name] + query.map { $0.value ?? "" }, shape: shape) { raw in
        [JiraRecords.user(raw)].compactMap { $0 }
      }
    }
  }

  private var searchUsers: Tool {
    let cloud = jira.api.deployment == .cloud
    return people(
      "search_users", "Find people", "Finds people by name or e-mail address.", ["user", "search"], [Field.text("query", "Some of it.", required: true, length: 200)]
    ) { call in
      [(cloud ? "query" : "username", call.string("query"))]
    }
  }

  private var assignable: Tool {
    let cloud = jira.api.deployment == .cloud
    return people(
      "list_assignable_users", "List who can be assigned", "Lists who can be given issues of a project.", ["user", "assignable", "search"],
      [Self.project, Field.text("query", "Some of the name.", length: 200)], ofProject: true
    ) { call in [("project", call.string("project")), (cloud ? "query" : "username", call.string("query"))] }
  }

  private var listProjects: Tool {
    let shape = JiraRecords.project
    return jira.tool(
      "list_projects", "List projects", "Lists projects, a page at a time.",
      [Field.text("query", "Some of the name or key.", length: 200), shape.fields] + Field.page(limit: 50, most: 100),
      output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let admits: @Sendable (JSONValue) -> Bool = { jira.projects.admits($0["key"]?.string ?? "") }
      guard jira.api.deployment == .cloud else {
        // Data Center gives all of them at once.
        let json = try await jira.api.get(jira.api.core + ["project"], as: subject)
        let words = call.string("query")?.lowercased() ?? ""
        let found = json.elements.compactMap { JiraRecords.project($0) }.filter { project in
          admits(project) && (words.isEmpty || ["key", "name"].contains { project[$0]?.string?.lowercased().contains(words) == true })
        }
        return try jira.cut(found, call, list: ["list_projects", words], shape: shape)
      }
      return try await jira.page(
        call, subject, jira.api.core + ["project", "search"], [("query", call.string("query"))], member: "values", list: ["list_projects", call.string("query") ?? ""],
        shape: shape
      ) { raw in [JiraRecords.project(raw)].compactMap { $0 }.filter(admits) }
    }
  }

  private var getProject: Tool {
    let shape = JiraRecords.project
    return jira.tool("get_project", "Get a project", "Gets a project with its issue types.", [Self.project], output: shape.oneSchema, meta: shape.oneMeta) {
      call, subject throws(VendorError) in
      let key = call.string("project") ?? ""
      try jira.check(key)
      return try shape.result(try await jira.project(key, shape.rule(call), as: subject).json, for: call, absence: JiraContext.absence)
    }
  }

  /// What is the same in all projects and has a name.
  private func items(_ name: String, _ title: String, _ description: String, _ path: String, member: String = "") -> Tool {
    let shape = JiraRecords.named
    return jira.tool(
      name, title, description, [Field.text("query", "Some of the name.", length: 200), shape.fields] + Field.page(limit: 50, most: 100),
      output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let json = try await jira.api.get(jira.api.core + [path], as: subject)
      guard let list = json.kind == .array ? json : json[member] else { throw VendorError(.invalidAnswer, "Jira gave the list in no known form.") }
      let words = call.string("query")?.lowercased() ?? ""
      let found = list.elements.compactMap { JiraRecords.named($0) }.filter { words.isEmpty || $0["name"]?.string?.lowercased().contains(words) == true }
      return try jira.cut(found, call, list: [name, words], shape: shape)
    }
  }

  private var versions: Tool { ofProject("list_versions", "List versions", "Lists the versions of a project.", "versions") }
  private var components: Tool { ofProject("list_components", "List components", "Lists the components of a project.", "components") }

  private func ofProject(_ name: String, _ title: String, _ description: String, _ list: String) -> Tool {
    let shape = JiraRecords.named
    return jira.tool(
      name, title, description, [Self.project, shape.fields] + Field.page(limit: 50, most: 100), output: shape.listSchema, meta: JiraContext.projectMeta(shape)
    ) { call, subject throws(VendorError) in
      let key = call.string("project") ?? ""
      try await jira.permit(project: key, call, as: subject)
      let json = try await jira.api.get(jira.api.core + ["project", key, list], as: subject)
      return try jira.cut(json.elements.compactMap { JiraRecords.named($0) }, call, list: [name, key], shape: shape)
    }
  }

  /// What Jira tells to those who create issues, a page at a time.
  private func creating(_ name: String, _ title: String, _ description: String, _ fields: [Field], member: String) -> Tool {
    let shape = JiraRecords.named
    return jira.tool(
      name, title, description, [Self.project] + fields + [shape.fields] + Field.page(limit: 50, most: 100), output: shape.listSchema,
      meta: JiraContext.projectMeta(shape)
    ) { call, subject throws(VendorError) in
      let key = call.string("project") ?? ""
      let type = call.string("type_id")
      try await jira.permit(project: key, call, as: subject)
      return try await jira.page(
        call, subject, jira.api.core + ["issue", "createmeta", key, "issuetypes"] + (type.map { [$0] } ?? []), [], member: member, list: [name, key, type ?? ""],
        shape: shape
      ) { raw in [JiraRecords.named(raw)].compactMap { $0 } }
    }
  }

  private var issueTypes: Tool {
    creating("list_issue_types", "List issue types", "Lists the types of issues that can be created in a project.", [], member: "issueTypes")
  }

  private var createFields: Tool {
    creating(
      "list_create_fields", "List fields to create with", "Lists the fields of an issue type, which are required, and what they may hold.",
      [Field.text("type_id", "The issue type's id, as list_issue_types gives it.", required: true, length: 32)], member: "fields")
  }

  private var editFields: Tool {
    let shape = JiraRecords.named
    return jira.tool(
      "list_edit_fields", "List fields to edit", "Lists the fields of an issue that can be changed, and what they may hold.",
      [IssueTools.issue, shape.fields] + Field.page(limit: 50, most: 100), output: shape.listSchema, meta: JiraContext.issueMeta(shape)
    ) { call, subject throws(VendorError) in
      let key = try await jira.permitted(call, as: subject)
      let json = try await jira.api.get(jira.api.core + ["issue", key, "editmeta"], as: subject)
      // An object by id.
      let fields = (json["fields"]?.members ?? RawJSON.null.members).compactMap { JiraRecords.named($0.value) }
      return try jira.cut(fields, call, list: ["list_edit_fields", key], shape: shape)
    }
  }

  private var linkTypes: Tool {
    items("list_link_types", "List link types", "Lists the relations that issues can have.", "issueLinkType", member: "issueLinkTypes")
  }

  private var listFields: Tool { items("list_fields", "List fields", "Lists all fields, custom ones among them.", "field") }

  private var permissions: Tool {
    jira.tool(
      "get_my_permissions", "Get my permissions", "Tells what the account may do in a project.",
      [Self.project, Field.texts("permissions", "BROWSE_PROJECTS, CREATE_ISSUES, EDIT_ISSUES, ...", required: true, most: 50)],
      output: [
        "type": "object", "properties": ["granted": ["type": "array", "items": ["type": "string"]], "missing": ["type": "array", "items": ["type": "string"]]],
        "required": ["granted", "missing"],
      ], meta: JiraContext.projectMeta()
    ) { call, subject throws(VendorError) in
      let key = call.string("project") ?? ""
      try await jira.permit(project: key, call, as: subject)
      let names = call.texts("permissions")
      let json = try await jira.api.get(jira.api.core + ["mypermissions"], [("projectKey", key), ("permissions", names.joined(separator: ","))], as: subject)
      let granted = names.filter { json["permissions"]?[$0]?["havePermission"]?.bool == true }
      let missing = names.filter { !granted.contains($0) }
      return ToolResult(structured: ["granted": .array(granted.map { .string($0) }), "missing": .array(missing.map { .string($0) })])
    }
  }

  private var checkJQL: Tool {
    jira.tool(
      "check_jql", "Check a query", "Tells what is wrong with a JQL query: with its form only, where not all issues may be seen.",
      [Field.text("jql", "The query.", required: true, length: 8000)],
      output: ["type": "object", "properties": ["errors": ["type": "array", "items": ["type": "string"]]], "required": ["errors"]],
      meta: JiraContext.issueMeta()
    ) { call, subject throws(VendorError) in
      guard jira.api.deployment == .cloud else { throw VendorError(.refused, "Jira Data Center checks no queries; search_issues tells what is wrong.") }
      // What Jira says of names would tell which issues and projects there are.
      let validation = jira.limitsIssues(call) ? "none" : "strict"
      let json = try await jira.api.post(
        jira.api.core + ["jql", "parse"], ["queries": [.string(call.string("jql") ?? "")]], query: [("validation", validation)], as: subject, isRead: true)
      let errors = JiraContext.elements(json, "queries").flatMap { JiraContext.elements($0, "errors") }.compactMap(\.string)
      return ToolResult(structured: ["errors": .array(errors.map { .string($0) })], text: errors.isEmpty ? "The query is valid." : errors.joined(separator: "\n"))
    }
  }
}
