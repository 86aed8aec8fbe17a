internal import ConnectorKit
internal import JSON
internal import MCP

/// Messages that the account has scheduled and that are not posted yet.
struct ScheduleTools: Sendable {
  let slack: SlackContext

  var tools: [Tool] { [list, cancel] }

  /// Messages that have no ts yet, but an id of their own.
  private static let shape = RecordShape(
    SlackMessage.shape.type, list: "messages", one: "message",
    properties: RecordCategory.properties(SlackCategories.description, and: properties),
    always: RecordCategory.always + ["channel", "channel_name", "visibility", "author"], columns: ["time", "channel_name", "text", "scheduled_message_id"],
    untrusted: ["text"])

  private static let properties: JSONObject = [
    "id": ["type": "string", "description": "channel:scheduled_message_id"],
    "scheduled_message_id": ["type": "string", "description": "For cancel_scheduled_message."], "channel": ["type": "string"],
    "channel_name": ["type": "string"], "visibility": ["type": "string", "enum": ["public", "private"]],
    "time": ["type": "string", "description": "When it will be posted."], "author": ["type": "string"], "text": ["type": "string"],
  ]

  private var list: Tool {
    let shape = Self.shape
    return slack.tool(
      "list_scheduled_messages", "List scheduled messages", "Lists the messages that the account has scheduled, of all channels or of one.",
      [
        Field.text("channel", "A channel's id or name."), Field.text("oldest", "Only what is posted later."), Field.text("latest", "Only what is posted earlier."),
        shape.fields,
      ] + Field.page(limit: 30, most: 50), output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      var channel: SlackChannel?
      if call.string("channel") != nil { channel = try await slack.channel(call, for: shape.rule(call), as: subject) }
      let oldest = try call.string("oldest").map { text throws(VendorError) in try SlackTime.timestamp(text) }
      let latest = try call.string("latest").map { text throws(VendorError) in try SlackTime.timestamp(text) }
      let place = PageCursor(list: ["list_scheduled_messages", channel?.id ?? "", oldest ?? "", latest ?? ""])
      var arguments: JSONObject = ["limit": .int(call.int("limit") ?? 30)]
      if let channel { arguments["channel"] = .string(channel.id) }
      if let oldest { arguments["oldest"] = .string(oldest) }
      if let latest { arguments["latest"] = .string(latest) }
      if let cursor = call.string("cursor") { arguments["cursor"] = .string(try place.vendor(cursor)) }
      let json = try await slack.api.post("chat.scheduledMessages.list", arguments, as: subject, isRead: true)
      let rows = try await records(json, in: channel, for: shape.rule(call), as: subject)
      return shape.result(rows, for: call, selection: shape.selection(call), next: SlackContext.next(json, place))
    }
  }

  /// What was scheduled, where the settings let it be, with what a rule has to look at.
  private func records(_ json: RawJSON, in channel: SlackChannel?, for rule: RecordRule, as subject: Subject) async throws(VendorError) -> [JSONValue] {
    // Slack tells no more of a message that is not posted: a rule on the rest cannot be kept.
    guard !rule.admitsNone, rule.members.isSubset(of: Self.shape.properties.map(\.name)) else { return [] }
    var found = SlackContext.elements(json, "scheduled_messages")
    var channels: [String: SlackChannel] = [:]
    if let channel {
      found = found.filter { $0["channel_id"]?.string == channel.id }
      channels = [channel.id: channel]
    } else {
      channels = await slack.channels(found.compactMap { $0["channel_id"]?.string }, as: subject)
      // Policy looks at channels as they are now.
      if rule.limits {
        for id in channels.keys.sorted() {
          do throws(VendorError) { channels[id] = try await slack.directory.current(id, as: subject) } catch {
            guard error.code == .notFound || error.code == .forbidden else { throw error }
            channels[id] = nil
          }
        }
      }
    }
    var author: JSONValue?
    if rule.members.contains("author") { author = try await slack.api.post("auth.test", as: subject, isRead: true)["user_id"]?.string.map { .string($0) } }
    return found.compactMap { raw in
      guard let scheduled = raw["id"]?.string ?? raw["id"]?.int.map({ String($0) }), let id = raw["channel_id"]?.string else { return nil }
      let known = channels[id]
      // What cannot be told where it goes is left out where that matters.
      guard known.map(slack.admits) ?? (slack.channels.admitsAll && !rule.limits) else { return nil }
      var record: JSONObject = ["id": .string(id + ":" + scheduled), "scheduled_message_id": .string(scheduled), "channel": .string(id)]
      if let known {
        for (name, value) in SlackContext.place(of: known) { record[name] = value }
      } else if !slack.categories.isEmpty {
        RecordCategory.describe(&record, nil)
      }
      if let time = raw["post_at"]?.int { record["time"] = .string(SlackTime.text(seconds: time)) }
      if let author { record["author"] = author }
      record["text"] = .string(SlackText.readable(SlackText.plain(raw), names: [:]))
      return .object(record)
    }
  }

  private var cancel: Tool {
    slack.tool(
      "cancel_scheduled_message", "Cancel a scheduled message", "Takes back a message that the account has scheduled, before it is posted.",
      [ConversationTools.channel, Field.text("scheduled_message_id", "As schedule_message or list_scheduled_messages gave it.", required: true, length: 100)],
      output: [
        "type": "object", "properties": ["channel": ["type": "string"], "scheduled_message_id": ["type": "string"]], "required": ["channel", "scheduled_message_id"],
      ], annotations: .changing, meta: SlackMessage.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      let rule = SlackMessage.shape.rule(call)
      let id = call.string("scheduled_message_id") ?? ""
      let channel = try await slack.channel(call, for: rule, as: subject)
      if rule.limits { try await permit(id, in: channel, rule, as: subject) }
      _ = try await slack.api.post("chat.deleteScheduledMessage", ["channel": .string(channel.id), "scheduled_message_id": .string(id)], as: subject)
      return ToolResult(structured: ["channel": .string(channel.id), "scheduled_message_id": .string(id)], text: "Cancelled.")
    }
  }

  /// Sees that policy lets the caller see the message that is to be cancelled.
  private func permit(_ id: String, in channel: SlackChannel, _ rule: RecordRule, as subject: Subject) async throws(VendorError) {
    var arguments: JSONObject = ["channel": .string(channel.id), "limit": 100]
    for _ in 0..<10 {
      let json = try await slack.api.post("chat.scheduledMessages.list", arguments, as: subject, isRead: true)
      let rows = try await records(json, in: channel, for: rule, as: subject)
      if let row = rows.first(where: { $0["scheduled_message_id"]?.string == id }) {
        guard rule.admits(row) else { throw SlackContext.noMessage }
        return
      }
      guard let cursor = json["response_metadata"]?["next_cursor"]?.string, !cursor.isEmpty else { break }
      arguments["cursor"] = .string(cursor)
    }
    throw SlackContext.noMessage
  }
}
