internal import ConnectorKit
internal import JSON
internal import MCP

/// People and groups.
struct PeopleTools: Sendable {
  let slack: SlackContext

  var tools: [Tool] { [listUsers, getUser, findUser, listGroups, groupMembers] }

  private var listUsers: Tool {
    let shape = SlackUser.shape
    return slack.tool(
      "list_users", "List people", "Lists the people of the workspace, a page at a time.",
      [Field.flag("bots", "Bots too."), shape.fields] + Field.page(limit: 100, most: 200),
      output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let place = PageCursor(list: ["list_users"])
      let cursor = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
      let json = try await slack.api.get("users.list", [("limit", String(call.int("limit") ?? 100)), ("cursor", cursor)], as: subject)
      let users = SlackContext.elements(json, "members").filter { call.bool("bots") == true || ($0["is_bot"]?.bool != true && $0["id"]?.string != "USLACKBOT") }
      let found = users.compactMap { SlackUser($0) }
      for user in found { slack.directory.remember(user, subject) }
      return shape.result(found.map(\.json), for: call, selection: shape.selection(call), next: SlackContext.next(json, place))
    }
  }

  private var getUser: Tool {
    let shape = SlackUser.shape
    return slack.tool(
      "get_user", "Get a person", "Gets a person by id, with what their profile says.", [Field.text("user", "U...", required: true, length: 20)], output: shape.oneSchema,
      meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      let id = call.string("user") ?? ""
      let json = try await slack.api.get("users.info", [("user", id)], as: subject)
      guard let user = json["user"].flatMap({ SlackUser($0) }) else { throw VendorError(.invalidAnswer, "Slack described the person in no known form.") }
      slack.directory.remember(user, subject)
      var record = user.json
      // The profile has what a company added: pronouns, department.
      if let profile = try? await slack.api.get("users.profile.get", [("user", id), ("include_labels", "true")], as: subject)["profile"] {
        for (member, own) in [("title", "title"), ("phone", "phone"), ("status_text", "status")] where record[own] == nil {
          if let text = profile[member]?.string, !text.isEmpty { record[own] = .string(text) }
        }
      }
      return try shape.result(record, for: call, absence: SlackContext.noPerson)
    }
  }

  private var findUser: Tool {
    let shape = SlackUser.shape
    return slack.tool(
      "find_user", "Find a person", "Finds a person by e-mail address.", [Field.text("email", "The whole address.", required: true, length: 320)],
      output: shape.oneSchema, meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      let json = try await slack.api.get("users.lookupByEmail", [("email", call.string("email"))], as: subject)
      guard let user = json["user"].flatMap({ SlackUser($0) }) else { throw VendorError(.invalidAnswer, "Slack described the person in no known form.") }
      return try shape.result(user.json, for: call, absence: SlackContext.noPerson)
    }
  }

  private static let groupSchema: JSONValue = [
    "type": "object",
    "properties": [
      "groups": [
        "type": "array",
        "items": [
          "type": "object",
          "properties": [
            "id": ["type": "string"], "handle": ["type": "string"], "name": ["type": "string"], "description": ["type": "string"], "members": ["type": "integer"],
          ],
          "required": ["id"],
        ],
      ]
    ], "required": ["groups"],
  ]

  private var listGroups: Tool {
    slack.tool("list_user_groups", "List user groups", "Lists the user groups of the workspace.", [], output: Self.groupSchema) { _, subject throws(VendorError) in
      let json = try await slack.api.get("usergroups.list", [("include_count", "true")], as: subject)
      let rows = SlackContext.elements(json, "usergroups").map { group in
        var row: JSONObject = ["id": .string(group["id"]?.string ?? "")]
        for member in ["handle", "name", "description"] { if let text = group[member]?.string, !text.isEmpty { row[member] = .string(text) } }
        if let count = group["user_count"]?.int ?? group["user_count"]?.string.flatMap({ Int($0) }) { row["members"] = .int(count) }
        return JSONValue.object(row)
      }
      return ToolResult(structured: ["groups": .array(rows)], text: CompactTable(rows, columns: ["id", "handle", "name", "members"]).text)
    }
  }

  private var groupMembers: Tool {
    let shape = SlackUser.shape
    return slack.tool(
      "list_user_group_members", "List members of a user group", "Lists who is in a user group.", [Field.text("group", "S...", required: true, length: 20)],
      output: shape.listSchema,
      meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let json = try await slack.api.get("usergroups.users.list", [("usergroup", call.string("group"))], as: subject)
      let ids = SlackContext.elements(json, "users").compactMap(\.string)
      return await Self.members(ids, slack, call, subject, next: nil)
    }
  }

  /// People of whom Slack tells the ids alone, by their names.
  static func members(_ ids: [String], _ slack: SlackContext, _ call: ToolCall, _ subject: Subject, next: String?) async -> ToolResult {
    let shape = SlackUser.shape
    let rule = shape.rule(call)
    guard rule.limits else {
      let names = await slack.directory.names(of: Set(ids), as: subject)
      return shape.result(ids.map { .object(["id": .string($0), "display_name": .string(names[$0] ?? $0)]) }, next: next)
    }
    // Who cannot be looked up cannot be held against the rule, and is left out.
    let people = rule.admitsNone ? [:] : await slack.directory.people(Set(ids), as: subject, most: 200)
    return shape.result(ids.compactMap { people[$0]?.json }, for: call, selection: ["id", "display_name"], next: next)
  }
}
