internal import ConnectorKit
internal import JSON
internal import MCP

/// Saying things: a toolset that is switched on.
struct MessageTools: Sendable {
  let slack: SlackContext

  var tools: [Tool] { [post, update, delete, schedule, addReaction, removeReaction, pin] + ScheduleTools(slack: slack).tools }

  private static let text = Field.text("text", "Markdown.", required: true, length: 12_000)
  private static let ts = Field.text("ts", "The message's ts.", required: true)
  private static let output: JSONValue = [
    "type": "object",
    "properties": ["channel": ["type": "string"], "ts": ["type": "string"], "scheduled_message_id": ["type": "string"], "post_at": ["type": "integer"]],
    "required": ["channel"],
  ]

  /// Where a new message goes, if policy lets it be made there.
  private func target(_ call: ToolCall, _ subject: Subject) async throws(VendorError) -> String {
    let rule = SlackMessage.shape.rule(call)
    var record: JSONObject = ["text": .string(call.string("text") ?? "")]
    if let thread = call.string("thread_ts") { record["thread_ts"] = .string(thread) }
    guard let user = call.string("user") else {
      guard call.string("channel") != nil else { throw VendorError(.refused, "Say where to: channel, or user for a direct message.") }
      let channel = try await slack.channel(call, for: rule, as: subject)
      for (name, value) in SlackContext.place(of: channel) { record[name] = value }
      try await slack.permit(new: record, rule, owner: "author", as: subject)
      return channel.id
    }
    guard call.string("channel") == nil else { throw VendorError(.refused, "Give channel or user, not both.") }
    record["channel_name"] = .string(user)
    record["visibility"] = "private"
    RecordCategory.describe(&record, slack.categories.of(["kind": "direct_message", "name": .string(user)]))
    try await slack.permit(new: record, rule, owner: "author", as: subject)
    let json = try await slack.api.post("conversations.open", ["users": .string(user)], as: subject)
    guard let id = json["channel"]?["id"]?.string else { throw VendorError(.invalidAnswer, "Slack opened no conversation.") }
    // A direct conversation has no name: it is admitted where no list of channels is kept.
    guard slack.channels.admits(id, user) else { throw VendorError(.forbidden, "Direct messages are not allowed by this connector's settings.") }
    return id
  }

  /// The channel of a message that policy lets the caller see.
  private func message(_ call: ToolCall, _ subject: Subject) async throws(VendorError) -> String {
    let channel = try await slack.channel(call, for: SlackMessage.shape.rule(call), as: subject)
    try await slack.permit(message: call.string("ts") ?? "", in: channel, call, as: subject)
    return channel.id
  }

  private static func done(_ json: RawJSON, _ channel: String, _ text: String) -> ToolResult {
    var structured: JSONObject = ["channel": .string(json["channel"]?.string ?? channel)]
    if let ts = json["ts"]?.string { structured["ts"] = .string(ts) }
    if let id = json["scheduled_message_id"]?.string { structured["scheduled_message_id"] = .string(id) }
    if let time = json["post_at"]?.int ?? json["post_at"]?.string.flatMap({ Int($0) }) { structured["post_at"] = .int(time) }
    return ToolResult(structured: .object(structured), text: text)
  }

  private var post: Tool {
    slack.tool(
      "post_message", "Post a message", "Posts a message to a channel or thread, or to a person directly.",
      [
        Field.text("channel", "A channel's id or name."), Field.text("user", "U..., for a direct message in place of a channel."), Self.text,
        Field.text("thread_ts", "The thread to reply in."), Field.flag("broadcast", "Show the reply in the channel as well."),
        Field.flag("unfurl", "Preview links; true if not given."),
      ], output: Self.output, annotations: .adding, meta: SlackMessage.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      let channel = try await target(call, subject)
      var arguments: JSONObject = ["channel": .string(channel), "markdown_text": .string(call.string("text") ?? "")]
      if let thread = call.string("thread_ts") { arguments["thread_ts"] = .string(thread) }
      if let broadcast = call.bool("broadcast") { arguments["reply_broadcast"] = .bool(broadcast) }
      if let unfurl = call.bool("unfurl") {
        arguments["unfurl_links"] = .bool(unfurl)
        arguments["unfurl_media"] = .bool(unfurl)
      }
      return Self.done(try await slack.api.post("chat.postMessage", arguments, as: subject), channel, "Posted.")
    }
  }

  private var update: Tool {
    slack.tool(
      "update_message", "Change a message", "Replaces the text of a message that the same account posted.", [ConversationTools.channel, Self.ts, Self.text],
      output: Self.output,
      annotations: .changing, meta: SlackMessage.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      let channel = try await message(call, subject)
      let arguments: JSONObject = ["channel": .string(channel), "ts": .string(call.string("ts") ?? ""), "markdown_text": .string(call.string("text") ?? "")]
      return Self.done(try await slack.api.post("chat.update", arguments, as: subject), channel, "Changed.")
    }
  }

  private var delete: Tool {
    slack.tool(
      "delete_message", "Delete a message", "Deletes a message that the same account posted. It cannot be brought back.", [ConversationTools.channel, Self.ts],
      output: Self.output,
      annotations: .changing, meta: SlackMessage.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      let channel = try await message(call, subject)
      return Self.done(try await slack.api.post("chat.delete", ["channel": .string(channel), "ts": .string(call.string("ts") ?? "")], as: subject), channel, "Deleted.")
    }
  }

  private var schedule: Tool {
    slack.tool(
      "schedule_message", "Schedule a message", "Posts a message at a time to come.",
      [ConversationTools.channel, Self.text, Field.text("at", "When: 2026-07-28T12:00:00Z.", required: true), Field.text("thread_ts", "The thread to reply in.")],
      output: Self.output,
      annotations: .adding, meta: SlackMessage.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      guard let time = Timestamp.seconds(call.string("at") ?? "") else { throw VendorError(.refused, "\"at\" must be a time such as 2026-07-28T12:00:00Z.") }
      let channel = try await target(call, subject)
      var arguments: JSONObject = ["channel": .string(channel), "markdown_text": .string(call.string("text") ?? ""), "post_at": .int(time)]
      if let thread = call.string("thread_ts") { arguments["thread_ts"] = .string(thread) }
      return Self.done(try await slack.api.post("chat.scheduleMessage", arguments, as: subject), channel, "Scheduled.")
    }
  }

  private var pin: Tool {
    slack.tool(
      "pin_message", "Pin a message", "Pins a message to its channel.", [ConversationTools.channel, Self.ts], output: Self.output, annotations: .adding,
      meta: SlackMessage.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      let channel = try await message(call, subject)
      return Self.done(
        try await slack.api.post("pins.add", ["channel": .string(channel), "timestamp": .string(call.string("ts") ?? "")], as: subject), channel, "Pinned.")
    }
  }

  private static let emoji = Field.text("emoji", "Its name without colons: thumbsup.", required: true, length: 100)

  private var addReaction: Tool { reaction("add_reaction", "React to a message", "Adds an emoji to a message.", "reactions.add", .adding) }
  private var removeReaction: Tool { reaction("remove_reaction", "Take a reaction back", "Removes an emoji that the same account added.", "reactions.remove", .changing) }

  private func reaction(_ name: String, _ title: String, _ description: String, _ method: String, _ annotations: ToolAnnotations) -> Tool {
    slack.tool(
      name, title, description, [ConversationTools.channel, Self.ts, Self.emoji], output: Self.output, annotations: annotations,
      meta: SlackMessage.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      let channel = try await message(call, subject)
      let emoji = (call.string("emoji") ?? "").replacing(":", with: "")
      let arguments: JSONObject = ["channel": .string(channel), "timestamp": .string(call.string("ts") ?? ""), "name": .string(emoji)]
      return Self.done(try await slack.api.post(method, arguments, as: subject), channel, "Done.")
    }
  }
}
