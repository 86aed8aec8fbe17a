internal import ConnectorKit
internal import JSON
internal import MCP

/// Boards, sprints and backlogs (Agile 1.0).
struct AgileTools: Sendable {
  let jira: JiraContext

  var reading: [Tool] { [boards, getBoard, boardIssues, sprints, getSprint, sprintIssues, backlog] }
  var writing: [Tool] { [moveToSprint, moveToBacklog, createSprint, updateSprint] }

  private static let board = Field.text("board", "The board's id.", required: true, length: 20)
  private static let sprint = Field.text("sprint", "The sprint's id.", required: true, length: 20)

  private var boards: Tool {
    let shape = JiraRecords.board
    return jira.tool(
      "list_boards", "List boards", "Lists boards.",
      [
        Field.text("project", "A project's key.", length: 32), Field.text("name", "Some of the name.", length: 200),
        Field.text("type", "Which kind.", oneOf: ["scrum", "kanban", "simple"]), shape.fields,
      ]
        + Field.page(limit: 50, most: 50), output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      if let project = call.string("project") { try jira.check(project) }
      let query: [(name: String, value: String?)] = [("projectKeyOrId", call.string("project")), ("name", call.string("name")), ("type", call.string("type"))]
      return try await jira.page(
        call, subject, JiraAPI.agile + ["board"], query, member: "values", list: ["list_boards"] + query.map { $0.value ?? "" }, shape: shape
      ) { raw in
        guard let board = JiraRecords.board(raw) else { return [] }
        let isAdmitted = jira.admits(board: board, of: call.string("project"))
        if board["project"] != nil, let id = board["id"]?.string { jira.boards.learn(id, isAdmitted: isAdmitted) }
        return isAdmitted ? [board] : []
      }
    }
  }

  private var getBoard: Tool {
    let shape = JiraRecords.boardSetup
    return jira.tool(
      "get_board", "Get a board", "Gets a board with its columns, the statuses in each, and the field that it estimates with.", [Self.board],
      output: shape.oneSchema, meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      let id = try call.number("board")
      let path = JiraAPI.agile + ["board", id]
      let json = try await jira.looking { () async throws(VendorError) in try await jira.api.get(path, as: subject) }
      try await jira.permit(board: id, json, as: subject)
      guard let board = JiraRecords.board(json) else { throw VendorError(.invalidAnswer, "Jira described the board in no known form.") }
      guard shape.rule(call).admits(board) else { throw JiraContext.absence }
      let names = try await statuses(subject)
      let setup = try await jira.api.get(path + ["configuration"], as: subject)
      return try shape.result(JiraRecords.board(board, setup, statuses: names), for: call, absence: JiraContext.absence)
    }
  }

  /// The names of statuses, by id: boards tell ids only. None where the account may not ask for them.
  private func statuses(_ subject: Subject) async throws(VendorError) -> [String: String] {
    do throws(VendorError) {
      let json = try await jira.api.get(jira.api.core + ["status"], as: subject)
      let named = json.elements.compactMap { raw in JiraRecords.text(raw["id"]).flatMap { id in raw["name"]?.string.map { (id, $0) } } }
      return Dictionary(named) { first, _ in first }
    } catch {
      guard error.code == .forbidden || error.code == .unauthorized else { throw error }
      return [:]
    }
  }

  private var sprints: Tool {
    let shape = JiraRecords.sprint
    return jira.tool(
      "list_sprints", "List sprints", "Lists the sprints of a board.",
      [Self.board, Field.texts("state", "All if not given.", oneOf: ["future", "active", "closed"]), shape.fields] + Field.page(limit: 50, most: 50),
      output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let board = try call.number("board")
      try await jira.permit(board: board, as: subject)
      let state = call.texts("state").joined(separator: ",")
      return try await jira.page(
        call, subject, JiraAPI.agile + ["board", board, "sprint"], [("state", state.isEmpty ? nil : state)], member: "values", list: ["list_sprints", board, state],
        shape: shape
      ) { raw in [JiraRecords.sprint(raw)].compactMap { $0 } }
    }
  }

  private var getSprint: Tool {
    let shape = JiraRecords.sprint
    return jira.tool("get_sprint", "Get a sprint", "Gets a sprint with its goal and dates.", [Self.sprint], output: shape.oneSchema, meta: shape.oneMeta) {
      call, subject throws(VendorError) in
      let id = try call.number("sprint")
      let json = try await jira.sprint(id, call, as: subject)
      try await jira.permit(sprint: json, as: subject)
      guard let sprint = JiraRecords.sprint(json) else { throw VendorError(.invalidAnswer, "Jira described the sprint in no known form.") }
      return try shape.result(sprint, for: call, absence: JiraContext.absence)
    }
  }

  private func issues(_ name: String, _ title: String, _ description: String, _ place: Field, _ path: @escaping @Sendable (String) -> [String]) -> Tool {
    let shape = JiraIssue.shape
    return jira.tool(
      name, title, description,
      [place, Field.text("jql", "A further condition.", length: 4000), shape.fields, IssueTools.customFields] + Field.page(limit: 50, most: 100),
      output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let id = try call.number(place.name)
      var conditions: [String] = []
      if let jql = call.string("jql") { conditions.append(try await jira.parse(jql: jql, call, as: subject).condition) }
      if let projects = JQL.projects(jira.projects) { conditions.append(projects) }
      if let rule = call.rowFilter("Issue").flatMap({ JQL.condition($0) }), !rule.isEmpty { conditions.append(rule) }
      let jql = JQL.all(conditions, orderBy: nil)
      let fields = try (jira.fields(for: shape.selection(call), shape.rule(call)) + call.customFields()).joined(separator: ",")
      let page = try await jira.page(
        call, subject, path(id), [("jql", jql.isEmpty ? nil : jql), ("fields", fields)], member: "issues", list: [name, id, jql, fields])
      return try await jira.result(
        page.found.compactMap { jira.issue(in: $0) }, for: call, selection: call.issueSelection(), next: page.next, total: page.total, as: subject)
    }
  }

  private var boardIssues: Tool {
    issues("list_board_issues", "List issues of a board", "Lists the issues on a board, its backlog included.", Self.board) { JiraAPI.agile + ["board", $0, "issue"] }
  }
  private var sprintIssues: Tool {
    issues("list_sprint_issues", "List issues of a sprint", "Lists the issues of a sprint.", Self.sprint) { JiraAPI.agile + ["sprint", $0, "issue"] }
  }
  private var backlog: Tool {
    issues("list_backlog", "List a backlog", "Lists the issues in a board's backlog.", Self.board) { JiraAPI.agile + ["board", $0, "backlog"] }
  }

  // MARK: Writing

  private static let moved: JSONValue = ["type": "object", "properties": ["issues": ["type": "array", "items": ["type": "string"]]], "required": ["issues"]]

  private func move(
    _ name: String, _ title: String, _ description: String, _ fields: [Field],
    meta: JSONObject = JiraContext.issueMeta(), _ path: @escaping @Sendable (ToolCall, Subject) async throws(VendorError) -> [String]
  ) -> Tool {
    jira.tool(
      name, title, description, fields + [Field.texts("issues", "Keys.", required: true, most: 50)], output: Self.moved, annotations: .changing, meta: meta
    ) { call, subject throws(VendorError) in
      let keys = call.texts("issues")
      try await jira.permit(keys, call, as: subject)
      let path = try await path(call, subject)
      let list = JSONValue.array(keys.map { .string($0) })
      _ = try await jira.api.post(path, ["issues": list], as: subject)
      return ToolResult(structured: ["issues": list], text: "Moved \(keys.joined(separator: ", ")).")
    }
  }

  private var moveToSprint: Tool {
    move(
      "move_to_sprint", "Move to a sprint", "Moves issues to a sprint.", [Self.sprint],
      meta: RecordType.meta([(JiraIssue.shape.type, nil, false), (JiraRecords.sprint.type, nil, false)])
    ) { call, subject throws(VendorError) in
      let sprint = try call.number("sprint")
      try await jira.permit(changing: sprint, call, as: subject)
      return JiraAPI.agile + ["sprint", sprint, "issue"]
    }
  }
  private var moveToBacklog: Tool {
    move("move_to_backlog", "Move to the backlog", "Moves issues out of their sprints.", []) { _, _ in JiraAPI.agile + ["backlog", "issue"] }
  }

  private static let dates = [
    Field.text("goal", "What it is for.", length: 1000), Field.text("start", "2026-07-28T09:00:00Z."), Field.text("end", "2026-08-11T09:00:00Z."),
  ]

  private func body(_ call: ToolCall) -> JSONObject {
    var body = JSONObject()
    for (argument, member) in [("name", "name"), ("goal", "goal"), ("start", "startDate"), ("end", "endDate"), ("state", "state")] {
      if let text = call.string(argument) { body[member] = .string(text) }
    }
    return body
  }

  private var createSprint: Tool {
    let shape = JiraRecords.sprint
    return jira.tool(
      "create_sprint", "Create a sprint", "Creates a sprint to come.", [Self.board, Field.text("name", "Its name.", required: true, length: 30)] + Self.dates,
      output: shape.oneSchema,
      annotations: .adding, meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      var body = body(call)
      let board = try call.number("board")
      try await jira.permit(board: board, as: subject)
      body["originBoardId"] = .int(Int(board) ?? 0)
      var record: JSONObject = ["name": .string(call.string("name") ?? ""), "state": "future", "board": .string(board)]
      for member in ["goal", "start", "end"] { if let text = call.string(member) { record[member] = .string(text) } }
      guard shape.rule(call).admits(.object(record)) else {
        throw VendorError(.forbidden, "Policy does not let this sprint be made, or it cannot be told beforehand that it does. Nothing was sent.")
      }
      guard let sprint = try await jira.api.post(JiraAPI.agile + ["sprint"], .object(body), as: subject).flatMap({ JiraRecords.sprint($0) }) else {
        throw VendorError(.invalidAnswer, "Jira described the sprint in no known form.", mayHaveHadEffect: true)
      }
      return shape.result(sprint)
    }
  }

  private var updateSprint: Tool {
    let shape = JiraRecords.sprint
    return jira.tool(
      "update_sprint", "Change a sprint", "Changes a sprint; state starts or closes it.",
      [Self.sprint, Field.text("name", "Its name.", length: 30), Field.text("state", "Start or close it.", oneOf: ["active", "closed"])] + Self.dates,
      output: shape.oneSchema,
      annotations: .changing, meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      let body = body(call)
      guard !body.isEmpty else { throw VendorError(.refused, "Say what to change.") }
      let id = try call.number("sprint")
      try await jira.permit(changing: id, call, as: subject)
      guard let sprint = try await jira.api.post(JiraAPI.agile + ["sprint", id], .object(body), as: subject).flatMap({ JiraRecords.sprint($0) }) else {
        throw VendorError(.invalidAnswer, "Jira described the sprint in no known form.", mayHaveHadEffect: true)
      }
      return shape.result(sprint)
    }
  }
}
