internal import ConnectorKit
internal import JSON
internal import MCP

/// Administration of channels: a toolset of its own that is switched on.
struct ChannelTools: Sendable {
  let slack: SlackContext

  var tools: [Tool] { [create, invite, setTopic, join] }

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
      try await slack.permit(
        new: ["name": .string(name), "kind": .string(isPrivate ? "private_channel" : "channel"), "visibility": .string(isPrivate ? "private" : "public")],
        shape.rule(call), owner: "creator", as: subject)
      let json = try await slack.api.post("conversations.create", ["name": .string(name), "is_private": .bool(isPrivate)], as: subject)
      guard let channel = json["channel"].flatMap({ SlackChannel($0) }) else { throw VendorError(.invalidAnswer, "Slack described the channel in no known form.") }
      return shape.result(channel.json)
    }
  }

  private var invite: Tool {
    change("invite_to_channel", "Invite people", "Invites people to a channel.", "conversations.invite", Field.texts("users", "U...", required: true), .adding)
  }
  private var setTopic: Tool {
    change(
      "set_channel_topic", "Set a topic", "Sets the topic of a channel.", "conversations.setTopic", Field.text("topic", "The new topic.", required: true, length: 250),
      .changing)
  }
  private var join: Tool { change("join_channel", "Join a channel", "Makes the account a member of a public channel.", "conversations.join", nil, .adding) }

  private func change(_ name: String, _ title: String, _ description: String, _ method: String, _ field: Field?, _ annotations: ToolAnnotations) -> Tool {
    let shape = SlackChannel.shape
    return slack.tool(
      name, title, description, [ConversationTools.channel] + [field].compactMap { $0 }, output: shape.oneSchema, annotations: annotations, meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      let channel = try await slack.permitted(call, as: subject)
      var arguments: JSONObject = ["channel": .string(channel.id)]
      if let users = call["users"] { arguments["users"] = .string(users.elements.compactMap(\.string).joined(separator: ",")) }
      if let topic = call.string("topic") { arguments["topic"] = .string(topic) }
      let json = try await slack.api.post(method, arguments, as: subject)
      let changed = json["channel"].flatMap { SlackChannel($0) }
      return shape.result(changed?.json ?? channel.json, text: "Done.")
    }
  }
}
