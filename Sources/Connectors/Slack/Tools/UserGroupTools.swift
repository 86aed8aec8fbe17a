internal import ConnectorKit
internal import JSON
internal import MCP

/// User groups: who is called by one handle.
struct UserGroupTools: Sendable {
  let slack: SlackContext

  var reading: [Tool] { [list, members] }
  var writing: [Tool] { [create, update, setMembers] }

  static let shape = RecordShape(
    RecordType("UserGroup", entities: ["creator": "User"]), list: "groups", one: "group",
    properties: [
      "id": ["type": "string"], "handle": ["type": "string"], "name": ["type": "string"], "description": ["type": "string"], "members": ["type": "integer"],
      "creator": ["type": "string"],
    ], always: [], columns: ["id", "handle", "name", "members"], untrusted: ["name", "description"])

  private static let group = Field.text("group", "S...", required: true, length: 20)
  private static let texts = [
    Field.text("handle", "By which it is called, without @.", length: 80), Field.text("description", "What it is for.", length: 500),
  ]

  private static func record(_ raw: RawJSON) -> JSONValue {
    var record: JSONObject = ["id": .string(raw["id"]?.string ?? "")]
    for (member, own) in [("handle", "handle"), ("name", "name"), ("description", "description"), ("created_by", "creator")] {
      if let text = raw[member]?.string, !text.isEmpty { record[own] = .string(text) }
    }
    if let count = raw["user_count"]?.int ?? raw["user_count"]?.string.flatMap({ Int($0) }) { record["members"] = .int(count) }
    return .object(record)
  }

  private func all(as subject: Subject) async throws(VendorError) -> [JSONValue] {
    let json = try await slack.api.get("usergroups.list", [("include_count", "true")], as: subject)
    return SlackContext.elements(json, "usergroups").map(Self.record)
  }

  /// The group of a call as it is now, if policy lets it be seen; nil where policy limits nothing, and nothing has to be looked at.
  private func permitted(_ call: ToolCall, as subject: Subject) async throws(VendorError) -> JSONValue? {
    let rule = Self.shape.rule(call)
    guard rule.limits else { return nil }
    let group = rule.admitsNone ? nil : try await all(as: subject).first { $0["id"]?.string == call.string("group") }
    guard let group, rule.admits(group) else { throw VendorError(.notFound, "There is no such user group, or it may not be seen.") }
    return group
  }

  // MARK: Reading

  private var list: Tool {
    let shape = Self.shape
    return slack.tool(
      "list_user_groups", "List user groups", "Lists the user groups of the workspace.", [shape.fields], output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      shape.result(try await all(as: subject), for: call, selection: shape.selection(call))
    }
  }

  private var members: Tool {
    let shape = SlackUser.shape
    return slack.tool(
      "list_user_group_members", "List members of a user group", "Lists who is in a user group.", [Self.group, shape.fields], output: shape.listSchema,
      // Who is in a group is for who may see the group.
      meta: RecordType.meta([(shape.type, "/" + shape.list, true), (Self.shape.type, nil, false)])
    ) { call, subject throws(VendorError) in
      _ = try await permitted(call, as: subject)
      let json = try await slack.api.get("usergroups.users.list", [("usergroup", call.string("group"))], as: subject)
      return await PeopleTools.members(SlackContext.elements(json, "users").compactMap(\.string), slack, call, subject, next: nil)
    }
  }

  // MARK: Writing

  private var create: Tool {
    let shape = Self.shape
    return slack.tool(
      "create_user_group", "Create a user group", "Creates a user group without members; set_user_group_members says who is in it.",
      [Field.text("name", "As it is shown.", required: true, length: 80)] + Self.texts, output: shape.oneSchema, annotations: .adding, meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      let arguments = Self.texts(call)
      try await slack.permit(new: arguments, shape.rule(call), owner: "creator", as: subject)
      return try Self.done(try await slack.api.post("usergroups.create", arguments, as: subject))
    }
  }

  private var update: Tool {
    let shape = Self.shape
    return slack.tool(
      "update_user_group", "Change a user group", "Gives a user group another name, handle or description.",
      [Self.group, Field.text("name", "As it is shown.", length: 80)] + Self.texts, output: shape.oneSchema, annotations: .changing, meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      var arguments = Self.texts(call)
      guard !arguments.isEmpty else { throw VendorError(.refused, "Say what to change: name, handle or description.") }
      if var changed = try await permitted(call, as: subject)?.object {
        for (name, value) in arguments { changed[name] = value }
        guard shape.rule(call).admits(.object(changed)) else { throw VendorError(.forbidden, "Policy does not let a user group be so. Nothing was sent.") }
      }
      arguments["usergroup"] = .string(call.string("group") ?? "")
      return try Self.done(try await slack.api.post("usergroups.update", arguments, as: subject))
    }
  }

  private var setMembers: Tool {
    let shape = Self.shape
    return slack.tool(
      "set_user_group_members", "Set who is in a user group", "Puts these people into a user group, and nobody else: who is in it and not named here leaves it.",
      [Self.group, Field.texts("users", "U..., all of them.", required: true, most: 200)], output: shape.oneSchema, annotations: .changing,
      meta: RecordType.meta([(shape.type, "/" + shape.one, false), (SlackUser.shape.type, nil, false)])
    ) { call, subject throws(VendorError) in
      _ = try await permitted(call, as: subject)
      let users = call.texts("users")
      guard !users.isEmpty, users.allSatisfy({ SlackDirectory.isID($0, "UW") }) else { throw VendorError(.refused, "\"users\" must be ids (U...), one at least.") }
      let rule = SlackUser.shape.rule(call)
      if rule.limits {
        guard await admitsAll(users, rule, as: subject) else { throw SlackContext.noPerson }
        let json = try await slack.api.get("usergroups.users.list", [("usergroup", call.string("group"))], as: subject)
        let leaving = SlackContext.elements(json, "users").compactMap(\.string).filter { !users.contains($0) }
        guard await admitsAll(leaving, rule, as: subject) else {
          throw VendorError(.forbidden, "The user group holds people who are not named and whom you may not see: they would leave it. Nothing was sent.")
        }
      }
      return try Self.done(
        try await slack.api.post(
          "usergroups.users.update", ["usergroup": .string(call.string("group") ?? ""), "users": .string(users.joined(separator: ","))], as: subject))
    }
  }

  /// Whether policy shows all of these people; who cannot be looked up is not shown.
  private func admitsAll(_ users: [String], _ rule: RecordRule, as subject: Subject) async -> Bool {
    let people = rule.admitsNone ? [:] : await slack.directory.people(Set(users), as: subject, most: 200)
    return users.allSatisfy { people[$0].map { rule.admits($0.json) } ?? false }
  }

  private static func texts(_ call: ToolCall) -> JSONObject {
    var arguments = JSONObject()
    for name in ["name", "handle", "description"] { if let text = call.string(name) { arguments[name] = .string(text) } }
    return arguments
  }

  private static func done(_ json: RawJSON) throws(VendorError) -> ToolResult {
    guard let group = json["usergroup"] else {
      throw VendorError(.invalidAnswer, "Slack described the user group in no known form.", mayHaveHadEffect: true)
    }
    return shape.result(record(group), text: "Done.")
  }
}
