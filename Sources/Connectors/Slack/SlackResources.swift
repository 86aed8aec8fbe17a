internal import ConnectorKit
internal import JSON
internal import MCP

/// Slack as resources: `slack://{workspace}/...`, and two forms by name.
struct SlackResources: Sendable {
  let slack: SlackContext

  static func historyURI(_ workspace: String, _ channel: String) -> String { "slack://\(workspace)/channels/\(channel)/history" }
  static func threadURI(_ workspace: String, _ channel: String, _ ts: String) -> String { "slack://\(workspace)/threads/\(channel)/\(ts)" }

  /// Messages of one reading.
  private static let messages = 100

  func add(to server: Server) throws(URITemplate.ParseError) {
    server.add(
      try template("slack://{workspace}/channels", "channels", "Channels", "The channels of the workspace, as CSV.") { read, subject throws(VendorError) in
        let rule = SlackChannel.shape.rule(read)
        let channels = try await slack.whole(try await slack.directory.channels(as: subject).filter { slack.admits($0) }, for: rule, as: subject)
        return CompactTable(rule.rows(channels.map(\.json)), columns: ["id", "name", "visibility", "members", "topic"]).text
      })
    server.add(
      try template("slack://{workspace}/users", "users", "People", "The people of the workspace.") { read, subject throws(VendorError) in
        let json = try await slack.api.get("users.list", [("limit", "200")], as: subject)
        return CompactTable(
          SlackUser.shape.rule(read).rows(SlackContext.elements(json, "members").compactMap { SlackUser($0)?.json }),
          columns: ["id", "display_name", "real_name", "title"]
        ).text
      })
    server.add(
      try template("slack://{workspace}/channels/{channel}/history{?oldest,latest}", "history", "Channel history", "The newest messages of a channel.") {
        read, subject throws(VendorError) in
        try await history(read["channel"] ?? "", read["oldest"], read["latest"], read, subject)
      })
    server.add(
      try template("slack://channel/{name}/messages", "channel-by-name", "Channel by name", "The newest messages of a channel.") { read, subject throws(VendorError) in
        try await history(read["name"] ?? "", nil, nil, read, subject)
      })
    server.add(
      try template("slack://{workspace}/threads/{channel}/{ts}", "thread", "Thread", "A message and the replies to it.") { read, subject throws(VendorError) in
        let channel = try await slack.channel(read["channel"] ?? "", isFresh: SlackMessage.shape.rule(read).limits, as: subject)
        let json = try await slack.api.get(
          "conversations.replies", [("channel", channel.id), ("ts", read["ts"]), ("limit", String(min(Self.messages, slack.api.history?.objects ?? Self.messages)))],
          as: subject)
        return try await text(json, channel, read, subject)
      })
    server.add(
      try template("slack://{workspace}/files/{id}", "file", "File", "What is known of a file.") { read, subject throws(VendorError) in
        try await slack.file(read["id"] ?? "", for: read, as: subject).json.text
      })
    server.add(
      try template("slack://user/{name}/profile", "profile", "Profile", "A person by e-mail address or id.") { read, subject throws(VendorError) in
        let name = read["name"] ?? ""
        let json =
          name.contains("@")
          ? try await slack.api.get("users.lookupByEmail", [("email", name)], as: subject) : try await slack.api.get("users.info", [("user", name)], as: subject)
        guard let user = json["user"].flatMap({ SlackUser($0) }) else { throw SlackContext.noPerson }
        let rule = SlackUser.shape.rule(read)
        guard rule.admits(user.json) else { throw SlackContext.noPerson }
        return rule.shown(user.json).text
      })
    for (template, argument) in [("slack://{workspace}/channels/{channel}/history{?oldest,latest}", "channel"), ("slack://channel/{name}/messages", "name")] {
      server.addCompletion(for: .resourceTemplate(template, argument: argument)) { request in await completeChannel(request, byID: argument == "channel") }
    }
  }

  /// Channels whose name starts as typed.
  func completeChannel(_ request: CompletionRequest, byID: Bool) async -> Completion {
    guard let subject = try? slack.subject(request), let channels = try? await slack.directory.channels(as: subject, pages: 3) else { return [] }
    let typed = request.value.lowercased()
    let matching = channels.filter { slack.admits($0) && ($0.name.lowercased().hasPrefix(typed) || $0.id.lowercased().hasPrefix(typed)) }
    let rule = SlackChannel.shape.rule(request)
    let found = ((try? await slack.whole(matching, for: rule, as: subject)) ?? []).filter { rule.admits($0.json) }
    return Completion(found.map { byID ? $0.id : $0.name })
  }

  private func template(
    _ uri: String, _ name: String, _ title: String, _ description: String, _ text: @escaping @Sendable (ResourceRead, Subject) async throws(VendorError) -> String
  ) throws(URITemplate.ParseError) -> ResourceTemplate {
    try ResourceTemplate(uriTemplate: uri, name: name, title: title, description: description, mimeType: "text/plain") { read in
      try await read.reading { .text(try await text(read, try slack.subject(read)), mimeType: "text/plain") }
    }
  }

  private func history(_ name: String, _ oldest: String?, _ latest: String?, _ read: ResourceRead, _ subject: Subject) async throws(VendorError) -> String {
    let channel = try await slack.channel(name, isFresh: SlackMessage.shape.rule(read).limits, as: subject)
    let json = try await slack.api.get(
      "conversations.history",
      [
        ("channel", channel.id), ("oldest", try oldest.map { text throws(VendorError) in try SlackTime.timestamp(text) }),
        ("latest", try latest.map { text throws(VendorError) in try SlackTime.timestamp(text) }),
        ("limit", String(min(Self.messages, slack.api.history?.objects ?? Self.messages))),
      ], as: subject)
    return try await text(json, channel, read, subject)
  }

  private func text(_ json: RawJSON, _ channel: SlackChannel, _ read: ResourceRead, _ subject: Subject) async throws(VendorError) -> String {
    let rows = await slack.records(SlackContext.elements(json, "messages"), in: channel, as: subject)
    let text = UntrustedText.framed(CompactTable(SlackMessage.shape.rule(read).rows(rows), columns: SlackMessage.shape.columns).text, source: "#" + channel.name)
    return slack.hidden.isTold(by: json, to: subject) ? text + "\n" + slack.hidden.ofHistory : text
  }
}
