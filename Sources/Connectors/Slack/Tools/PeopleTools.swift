internal import ConnectorKit
internal import JSON
internal import MCP

/// People.
struct PeopleTools: Sendable {
  let slack: SlackContext

  var tools: [Tool] { [listUsers, getUser, findUser, searchUsers] }

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

  private var searchUsers: Tool {
    let shape = SlackUser.shape
    var output = shape.listSchema
    output["properties"]?["notice"] = ["type": "string"]
    return slack.tool(
      "search_users", "Search people", "Finds people by parts of their names, handle, title or e-mail address. Bots and who has left are not among them.",
      [
        Field.text("query", "Words, all of which must be found.", required: true, length: 200), Field.integer("limit", "People at most, 20 if not given.", 1...100),
        shape.fields,
      ], output: output, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let words = (call.string("query") ?? "").lowercased().split(whereSeparator: \.isWhitespace)
      guard !words.isEmpty else { throw VendorError(.refused, "Say whom to search for.") }
      let rule = shape.rule(call)
      let (people, isWhole) = rule.admitsNone ? ([], true) : try await slack.directory.roster(as: subject)
      let found = people.map(\.json).filter { person in
        guard person["is_deleted"]?.bool != true, person["is_bot"]?.bool != true, person["id"] != "USLACKBOT" else { return false }
        // What the caller is not cleared for is not matched either.
        let shown = rule.shown(person)
        let texts = ["name", "display_name", "real_name", "title", "email"].compactMap { shown[$0]?.string?.lowercased() }
        return words.allSatisfy { word in texts.contains { $0.contains(word) } }
      }
      let admitted = found.filter(rule.admits)
      var result = shape.result(
        Array(admitted.prefix(call.int("limit") ?? 20)), for: call, selection: shape.selection(call), total: isWhole ? admitted.count : nil)
      if !isWhole {
        let notice = "There are too many people to look through them all: who is not here may still be there. find_user finds them by e-mail address."
        result.structured?["notice"] = .string(notice)
        result.content.append(.text(notice))
      }
      return result
    }
  }

  /// People of whom Slack tells the ids alone, by their names, or with what else was asked for.
  static func members(_ ids: [String], _ slack: SlackContext, _ call: ToolCall, _ subject: Subject, next: String?) async -> ToolResult {
    let shape = SlackUser.shape
    let rule = shape.rule(call)
    let selection = shape.selection(call) ?? ["id", "display_name"]
    guard rule.limits else {
      let people = await slack.directory.people(Set(ids), as: subject)
      return shape.result(
        ids.map { people[$0]?.json ?? .object(["id": .string($0), "display_name": .string($0)]) }, for: call, selection: selection, next: next)
    }
    // Who cannot be looked up cannot be held against the rule, and is left out.
    let people = rule.admitsNone ? [:] : await slack.directory.people(Set(ids), as: subject, most: 200)
    return shape.result(ids.compactMap { people[$0]?.json }, for: call, selection: selection, next: next)
  }
}
