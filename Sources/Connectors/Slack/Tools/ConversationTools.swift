internal import ConnectorKit
internal import JSON
internal import MCP

/// Channels and what is said in them.
struct ConversationTools: Sendable {
  let slack: SlackContext

  var tools: [Tool] { [workspace, listChannels, getChannel, members, history, replies, permalink, reactions, pins, bookmarks] }

  static let channel = Field.text("channel", "A channel's id (C...), or its name.", required: true, length: 100)
  private static let times = [
    Field.text("oldest", "Only what is newer: 2026-07-28, 2026-07-28T12:00:00Z or a message's ts."), Field.text("latest", "Only what is older."),
  ]

  private var workspace: Tool {
    slack.tool(
      "get_workspace", "Get the workspace", "Tells the workspace, and in whose name Slack is asked.", [],
      output: [
        "type": "object",
        "properties": [
          "team_id": ["type": "string"], "team": ["type": "string"], "url": ["type": "string"], "user_id": ["type": "string"], "user": ["type": "string"],
          "domain": ["type": "string"],
        ], "required": ["team_id"],
      ]
    ) { call, subject throws(VendorError) in
      let who = try await slack.api.post("auth.test", as: subject, isRead: true)
      let team = try await slack.api.get("team.info", [("team", slack.api.team)], as: subject)["team"]
      var structured: JSONObject = ["team_id": .string(who["team_id"]?.string ?? "")]
      for member in ["team", "url", "user_id", "user"] { if let text = who[member]?.string { structured[member] = .string(text) } }
      if let domain = team?["domain"]?.string { structured["domain"] = .string(domain) }
      return ToolResult(structured: .object(structured))
    }
  }

  private var listChannels: Tool {
    let shape = SlackChannel.shape
    return slack.tool(
      "list_channels", "List channels", "Lists channels, a page at a time. mine=true lists only those that the account is in.",
      [
        Field.texts("types", "public_channel if not given.", oneOf: ["public_channel", "private_channel", "mpim", "im"]),
        Field.flag("mine", "Only channels that the account is in."),
        Field.flag("archived", "Archived ones too."), shape.fields,
      ] + Field.page(limit: 100, most: 200), output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let types = call.texts("types").joined(separator: ",")
      let isMine = call.bool("mine") ?? false
      let method = isMine ? "users.conversations" : "conversations.list"
      let place = PageCursor(list: ["list_channels", method, types, String(call.bool("archived") ?? false)])
      let cursor = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
      let json = try await slack.api.get(
        method,
        [
          ("types", types.isEmpty ? "public_channel" : types), ("exclude_archived", call.bool("archived") == true ? "false" : "true"),
          ("limit", String(call.int("limit") ?? 100)), ("cursor", cursor),
        ], as: subject)
      let channels = SlackContext.elements(json, "channels").compactMap { SlackChannel($0, slack.categories) }
      for channel in channels where channel.categories != nil { slack.directory.remember(channel, subject) }
      let whole = try await slack.whole(channels.filter { slack.admits($0) }, for: shape.rule(call), as: subject)
      return shape.result(whole.map(\.json), for: call, selection: shape.selection(call), next: SlackContext.next(json, place))
    }
  }

  private var getChannel: Tool {
    let shape = SlackChannel.shape
    return slack.tool("get_channel", "Get a channel", "Gets a channel by id or name.", [Self.channel], output: shape.oneSchema, meta: shape.oneMeta) {
      call, subject throws(VendorError) in
      shape.result(try await slack.permitted(call, as: subject).json)
    }
  }

  private var members: Tool {
    let shape = SlackUser.shape
    return slack.tool(
      "list_channel_members", "List members of a channel", "Lists who is in a channel, a page at a time.",
      [Self.channel, shape.fields] + Field.page(limit: 30, most: 40),
      output: shape.listSchema,
      // Who is in a channel is for who may see the channel.
      meta: RecordType.meta([(shape.type, "/" + shape.list, true), (SlackChannel.shape.type, nil, false)])
    ) { call, subject throws(VendorError) in
      let channel = try await slack.permitted(call, as: subject)
      let place = PageCursor(list: ["list_channel_members", channel.id])
      let cursor = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
      let json = try await slack.api.get(
        "conversations.members", [("channel", channel.id), ("limit", String(call.int("limit") ?? 30)), ("cursor", cursor)], as: subject)
      let ids = SlackContext.elements(json, "members").compactMap(\.string)
      return await PeopleTools.members(ids, slack, call, subject, next: SlackContext.next(json, place))
    }
  }

  private var history: Tool {
    let shape = SlackMessage.shape
    return slack.tool(
      "get_channel_history", "Read a channel", "Reads the messages of a channel, newest first, a page at a time. Threads are read by get_thread.",
      [Self.channel] + Self.times + [shape.fields] + Field.page(limit: 50, most: 200), output: shape.limitedSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let channel = try await slack.channel(call, for: shape.rule(call), as: subject)
      return try await page(call, subject, channel, "conversations.history", [], ["get_channel_history"], shape)
    }
  }

  private var replies: Tool {
    let shape = SlackMessage.shape
    return slack.tool(
      "get_thread", "Read a thread", "Reads a message and the replies to it, oldest first, a page at a time.",
      [Self.channel, Field.text("ts", "The ts (or thread_ts) of the message that the thread is under.", required: true)] + Self.times + [shape.fields]
        + Field.page(limit: 50, most: 200),
      output: shape.limitedSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let channel = try await slack.channel(call, for: shape.rule(call), as: subject)
      let ts = call.string("ts") ?? ""
      return try await page(call, subject, channel, "conversations.replies", [("ts", ts)], ["get_thread", ts], shape)
    }
  }

  private func page(
    _ call: ToolCall, _ subject: Subject, _ channel: SlackChannel, _ method: String, _ extra: [(name: String, value: String?)], _ list: [String], _ shape: RecordShape
  ) async throws(VendorError) -> ToolResult {
    var oldest = try call.string("oldest").map { text throws(VendorError) in try SlackTime.timestamp(text) }
    var latest = try call.string("latest").map { text throws(VendorError) in try SlackTime.timestamp(text) }
    let place = PageCursor(list: list + [channel.id, oldest ?? "", latest ?? ""])
    var cursor = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
    if let own = cursor, own.hasPrefix(Self.before) { (latest, cursor) = (String(own.dropFirst(Self.before.count)), nil) }
    if let own = cursor, own.hasPrefix(Self.after) { (oldest, cursor) = (String(own.dropFirst(Self.after.count)), nil) }
    let limit = try await slack.api.objects(call.int("limit") ?? 50, as: subject)
    let json: RawJSON
    do throws(VendorError) {
      json = try await slack.api.get(
        method, [("channel", channel.id)] + extra + [("oldest", oldest), ("latest", latest), ("limit", String(limit)), ("cursor", cursor)], as: subject)
    } catch {
      guard error.code == .notFound, slack.hidden.isKnown(to: subject) else { throw error }
      throw VendorError(.notFound, error.message + " " + slack.hidden.ofAbsence, vendorCode: error.vendorCode, status: error.status)
    }
    let found = SlackContext.elements(json, "messages")
    var next = SlackContext.next(json, place)
    // Slack may say that there is more without a cursor: then it goes on at the last message.
    if next == nil, json["has_more"]?.bool == true, let last = found.last?["ts"]?.string, last != oldest {
      next = place.text((method == "conversations.history" ? Self.before : Self.after) + last)
    }
    let rows = await slack.records(found, in: channel, as: subject)
    let result = shape.result(rows, for: call, selection: shape.selection(call), next: next)
    return slack.told(result, by: json, as: subject, slack.hidden.ofHistory)
  }

  /// Cursors of our own: a message's ts follows. Slack's have no space.
  private static let before = "before "
  private static let after = "after "

  private var permalink: Tool {
    slack.tool(
      "get_permalink", "Get a link to a message", "Gets the address of a message for people to open.",
      [Self.channel, Field.text("ts", "The message's ts.", required: true)],
      output: ["type": "object", "properties": ["permalink": ["type": "string"]], "required": ["permalink"]], meta: SlackMessage.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      let channel = try await slack.channel(call, for: SlackMessage.shape.rule(call), as: subject)
      try await slack.permit(message: call.string("ts") ?? "", in: channel, call, as: subject)
      let json = try await slack.api.get("chat.getPermalink", [("channel", channel.id), ("message_ts", call.string("ts"))], as: subject)
      return ToolResult(structured: ["permalink": .string(json["permalink"]?.string ?? "")], text: json["permalink"]?.string)
    }
  }

  private var reactions: Tool {
    slack.tool(
      "get_reactions", "Get reactions", "Tells who reacted to a message, and how.", [Self.channel, Field.text("ts", "The message's ts.", required: true)],
      output: [
        "type": "object",
        "properties": [
          "reactions": [
            "type": "array",
            "items": [
              "type": "object", "properties": ["name": ["type": "string"], "count": ["type": "integer"], "users": ["type": "array", "items": ["type": "string"]]],
              "required": ["name"],
            ],
          ]
        ], "required": ["reactions"],
      ], meta: SlackMessage.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      let rule = SlackMessage.shape.rule(call)
      let channel = try await slack.channel(call, for: rule, as: subject)
      let json = try await slack.api.get("reactions.get", [("channel", channel.id), ("timestamp", call.string("ts")), ("full", "true")], as: subject)
      if rule.limits {
        let message = await slack.records([json["message"]].compactMap { $0 }, in: channel, as: subject).first
        guard message.map(rule.admits) == true else { throw SlackContext.noMessage }
      }
      let found = SlackContext.elements(json["message"], "reactions")
      let names = await slack.directory.names(of: Set(found.flatMap { SlackContext.elements($0, "users").compactMap(\.string) }), as: subject)
      let rows = found.map { reaction in
        JSONValue.object([
          "name": .string(reaction["name"]?.string ?? ""), "count": .int(reaction["count"]?.int ?? 0),
          "users": .array(SlackContext.elements(reaction, "users").compactMap(\.string).map { .string(names[$0] ?? $0) }),
        ])
      }
      return SlackContext.table("reactions", rows, columns: ["name", "count", "users"], untrusted: ["users"])
    }
  }

  private var pins: Tool {
    let shape = SlackMessage.shape
    return slack.tool("list_pins", "List pins", "Lists the messages that are pinned to a channel.", [Self.channel], output: shape.listSchema, meta: shape.listMeta) {
      call, subject throws(VendorError) in
      let channel = try await slack.channel(call, for: shape.rule(call), as: subject)
      let json = try await slack.api.get("pins.list", [("channel", channel.id)], as: subject)
      let rows = await slack.records(SlackContext.elements(json, "items").compactMap { $0["message"] }, in: channel, as: subject)
      return shape.result(rows, for: call)
    }
  }

  private var bookmarks: Tool {
    slack.tool(
      "list_bookmarks", "List bookmarks", "Lists the links at the top of a channel.", [Self.channel],
      output: [
        "type": "object",
        "properties": [
          "bookmarks": [
            "type": "array",
            "items": [
              "type": "object", "properties": ["id": ["type": "string"], "title": ["type": "string"], "link": ["type": "string"], "emoji": ["type": "string"]],
              "required": ["id"],
            ],
          ]
        ], "required": ["bookmarks"],
      ], meta: SlackChannel.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      let channel = try await slack.permitted(call, as: subject)
      let json = try await slack.api.post("bookmarks.list", ["channel_id": .string(channel.id)], as: subject, isRead: true)
      let rows = SlackContext.elements(json, "bookmarks").map { bookmark in
        var row: JSONObject = ["id": .string(bookmark["id"]?.string ?? "")]
        for member in ["title", "link", "emoji"] { if let text = bookmark[member]?.string { row[member] = .string(text) } }
        return JSONValue.object(row)
      }
      return SlackContext.table("bookmarks", rows, columns: ["title", "link"], untrusted: ["title", "link"])
    }
  }
}
