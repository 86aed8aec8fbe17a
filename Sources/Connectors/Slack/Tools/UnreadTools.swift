internal import ConnectorKit
internal import JSON
internal import MCP

/// What the account has not read: a mark in each channel, which Slack keeps for each person.
struct UnreadTools: Sendable {
  let slack: SlackContext

  var reading: [Tool] { [list] }
  var writing: [Tool] { [mark] }

  private static let shape: RecordShape = {
    var shape = SlackChannel.shape
    shape.properties["last_read"] = ["type": "string", "description": "The ts up to which was read: oldest of get_channel_history."]
    shape.properties["unread"] = ["type": "integer", "description": "Messages since then."]
    shape.properties["has_more"] = ["type": "boolean", "description": "There are more unread messages than that."]
    shape.always += ["last_read", "unread"]
    shape.columns = ["id", "name", "unread", "has_more", "last_read"]
    return shape
  }()

  private var list: Tool {
    let shape = Self.shape
    var output = shape.listSchema
    output["properties"]?["notice"] = ["type": "string"]
    return slack.tool(
      "list_unread", "List what is unread",
      "Lists the channels of the account that have unread messages, a page of its channels at a time: a page without any is not the end. Replies in threads do not count.",
      [Field.texts("types", "All if not given.", oneOf: ["public_channel", "private_channel", "mpim", "im"]), shape.fields] + Field.page(limit: 10, most: 20),
      output: output, meta: RecordType.meta([(shape.type, "/" + shape.list, true), (SlackMessage.shape.type, nil, false)])
    ) { call, subject throws(VendorError) in
      guard try await !slack.api.isLimitedHard(as: subject) else {
        throw VendorError(.refused, "Slack lets this app read one history a minute, too few to look through channels. Use get_channel_history of one channel.")
      }
      let given = call.texts("types").joined(separator: ",")
      let types = given.isEmpty ? "public_channel,private_channel,mpim,im" : given
      let place = PageCursor(list: ["list_unread", types])
      let cursor = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
      let json = try await slack.api.get(
        "users.conversations", [("types", types), ("exclude_archived", "true"), ("limit", String(call.int("limit") ?? 10)), ("cursor", cursor)], as: subject)
      var rows: [JSONValue] = []
      var notice: String?
      for listed in SlackContext.elements(json, "channels").compactMap({ SlackChannel($0, slack.categories) }) where slack.admits(listed) {
        do throws(VendorError) { if let row = try await unread(in: listed.id, call, as: subject) { rows.append(row) } } catch {
          if error.code == .notFound { continue }
          guard error.code == .throttled, !rows.isEmpty else { throw error }
          notice = "The rest of this page was not looked at. \(error.description) Then ask for this page again, with the same cursor if it had one."
          break
        }
      }
      var result = shape.result(rows, for: call, selection: shape.selection(call), next: notice == nil ? SlackContext.next(json, place) : nil)
      if let notice {
        result.structured?["notice"] = .string(notice)
        result.content.append(.text(notice))
      }
      return result
    }
  }

  /// A channel with what is unread in it; nil where nothing is, or where it may not be seen.
  private func unread(in id: String, _ call: ToolCall, as subject: Subject) async throws(VendorError) -> JSONValue? {
    let info = try await slack.api.get("conversations.info", [("channel", id), ("include_num_members", "true")], as: subject)
    guard let channel = info["channel"].flatMap({ SlackChannel($0, slack.categories) }) else { return nil }
    slack.directory.remember(channel, subject)
    guard slack.admits(channel), Self.shape.rule(call).admits(channel.json) else { return nil }
    guard let lastRead = info["channel"]?["last_read"]?.string else {
      throw VendorError(.forbidden, "Slack does not tell the account what is unread. A person's own token may be told: set act_as: caller (docs/connectors/slack.md).")
    }
    let rule = SlackMessage.shape.rule(call)
    let history = try await slack.api.get(
      "conversations.history", [("channel", id), ("oldest", lastRead), ("limit", String(try await slack.api.objects(100, as: subject)))], as: subject)
    let found = SlackContext.elements(history, "messages")
    let unread = rule.limits ? await slack.records(found, in: channel, as: subject).count(where: rule.admits) : found.count
    guard unread > 0, var row = channel.json.object else { return nil }
    row["last_read"] = .string(lastRead)
    row["unread"] = .int(unread)
    // Of messages that are hidden not even that they are there is told.
    if !rule.limits { row["has_more"] = .bool(history["has_more"]?.bool ?? false) }
    return .object(row)
  }

  private var mark: Tool {
    slack.tool(
      "mark_read", "Mark a channel as read", "Marks a channel as read by the account up to a message, and as unread from there on.",
      [ConversationTools.channel, Field.text("ts", "The ts of the last message that was read.", required: true)],
      output: ["type": "object", "properties": ["channel": ["type": "string"], "last_read": ["type": "string"]], "required": ["channel", "last_read"]],
      annotations: .changing, meta: SlackMessage.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      let ts = call.string("ts") ?? ""
      let channel = try await slack.channel(call, for: SlackMessage.shape.rule(call), as: subject)
      try await slack.permit(message: ts, in: channel, call, as: subject)
      _ = try await slack.api.post("conversations.mark", ["channel": .string(channel.id), "ts": .string(ts)], as: subject)
      return ToolResult(structured: ["channel": .string(channel.id), "last_read": .string(ts)], text: "Done.")
    }
  }
}
