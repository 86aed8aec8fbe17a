internal import ConnectorKit
internal import JSON
internal import MCP

/// Administration of channels: a toolset of its own that is switched on.
struct ChannelTools: Sendable {
  let slack: SlackContext

  var tools: [Tool] { [create, invite, remove, setTopic, setPurpose, rename, archive, join, leave] }

  private var create: Tool {
    let shape = SlackChannel.shape
    return slack.tool(
      "create_channel", "Create a channel", "Creates a channel.",
      [Field.text("name", "Lower case, digits, - and _.", required: true, length: 80), Field.flag("private", "Only for who is invited.")], output: shape.oneSchema,
      annotations: .adding,
      meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      let name = call.string("name") ?? ""
      guard slack.channels.admits(name) else { throw VendorError(.forbidden, "A channel of this name is not allowed by this connector's settings.") }
      let isPrivate = call.bool("private") ?? false
      var record: JSONObject = [
        "name": .string(name), "kind": .string(isPrivate ? "private_channel" : "channel"), "visibility": .string(isPrivate ? "private" : "public"),
      ]
      RecordCategory.describe(&record, slack.categories.of(record))
      try await slack.permit(new: record, shape.rule(call), owner: "creator", as: subject)
      let json = try await slack.api.post("conversations.create", ["name": .string(name), "is_private": .bool(isPrivate)], as: subject)
      guard let channel = json["channel"].flatMap({ SlackChannel($0, slack.categories) }) else {
        throw VendorError(.invalidAnswer, "Slack described the channel in no known form.")
      }
      slack.directory.forget(channel: channel.id, subject)
      return shape.result(channel.json)
    }
  }

  private var invite: Tool {
    change("invite_to_channel", "Invite people", "Invites people to a channel.", "conversations.invite", Field.texts("users", "U...", required: true), .adding)
  }
  private var remove: Tool {
    change(
      "remove_from_channel", "Remove a person", "Removes a person from a channel.", "conversations.kick", Field.text("user", "U...", required: true, length: 20),
      .changing)
  }
  private var setTopic: Tool {
    change(
      "set_channel_topic", "Set a topic", "Sets the topic of a channel.", "conversations.setTopic", Field.text("topic", "The new topic.", required: true, length: 250),
      .changing)
  }
  private var setPurpose: Tool {
    change(
      "set_channel_purpose", "Set a purpose", "Sets what a channel is for.", "conversations.setPurpose",
      Field.text("purpose", "The new purpose.", required: true, length: 250), .changing)
  }
  private var rename: Tool {
    change(
      "rename_channel", "Rename a channel", "Gives a channel another name.", "conversations.rename",
      Field.text("name", "The new name: lower case, digits, - and _.", required: true, length: 80), .changing)
  }
  private var archive: Tool {
    change("archive_channel", "Archive a channel", "Closes a channel: it can be read, and nothing is posted to it any more.", "conversations.archive", nil, .changing)
  }
  private var join: Tool { change("join_channel", "Join a channel", "Makes the account a member of a public channel.", "conversations.join", nil, .adding) }
  private var leave: Tool {
    change(
      "leave_channel", "Leave a channel", "Takes the account out of a channel. It comes back to a private one by invitation only.", "conversations.leave", nil,
      .changing)
  }

  private func change(_ name: String, _ title: String, _ description: String, _ method: String, _ field: Field?, _ annotations: ToolAnnotations) -> Tool {
    let shape = SlackChannel.shape
    return slack.tool(
      name, title, description, [ConversationTools.channel] + [field].compactMap { $0 }, output: shape.oneSchema, annotations: annotations, meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      let channel = try await slack.permitted(call, as: subject)
      var arguments: JSONObject = ["channel": .string(channel.id)]
      if let users = call["users"] { arguments["users"] = .string(users.elements.compactMap(\.string).joined(separator: ",")) }
      for member in ["topic", "purpose", "user", "name"] { if let text = call.string(member) { arguments[member] = .string(text) } }
      if let name = call.string("name") { try permit(name, for: channel, call) }
      let json = try await slack.api.post(method, arguments, as: subject)
      slack.directory.forget(channel: channel.id, subject)
      let changed = json["channel"].flatMap { SlackChannel($0, slack.categories) }
      var record = changed?.json ?? channel.json
      if method == "conversations.archive" { record["is_archived"] = true }
      if method == "conversations.leave" { record["is_member"] = false }
      return shape.result(record, text: "Done.")
    }
  }

  /// Sees that a channel may be reached under its new name too: settings and policy speak of names.
  private func permit(_ name: String, for channel: SlackChannel, _ call: ToolCall) throws(VendorError) {
    guard slack.channels.admits(channel.id, name) else { throw VendorError(.forbidden, "A channel of this name is not allowed by this connector's settings.") }
    var record = channel.json.object ?? JSONObject()
    record["name"] = .string(name)
    RecordCategory.describe(&record, channel.categories == nil ? nil : slack.categories.of(record))
    guard SlackChannel.shape.rule(call).admits(.object(record)) else {
      throw VendorError(.forbidden, "Policy does not let a channel have this name. Nothing was sent.")
    }
  }
}
