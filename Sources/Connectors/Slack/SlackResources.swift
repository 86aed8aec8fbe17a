internal import ConnectorKit
internal import JSON
internal import MCP

/// Slack as resources: `slack://{workspace}/...`, and two forms by name.
struct SlackResources: Sendable {
  let slack: SlackContext

  static func historyURI(_ workspace: String, _ channel: String) -> String { "slack://\(workspace)/channels/\(channel)/history" }
  static func threadURI(_ workspace: String, _ channel: String, _ ts: String) -> String { "slack://\(workspace)/threads/\(channel)/\(ts)" }
  static func messagesURI(channelNamed name: String) -> String { "slack://channel/\(PercentEncoding.segment(name))/messages" }
  static func profileURI(_ name: String) -> String { "slack://user/\(PercentEncoding.segment(name))/profile" }

  /// Messages of one reading.
  private static let messages = 100

  func add(to server: Server) throws(URITemplate.ParseError) {
    server.add(
      try template("slack://{workspace}/channels", "channels", "Channels", "The channels of the workspace, as CSV.") { read, subject throws(VendorError) in
        let rule = SlackChannel.shape.rule(read)
        let (found, isWhole) = try await slack.directory.channels(as: subject)
        let channels = try await slack.whole(found.filter { slack.admits($0) }, for: rule, as: subject)
        let text = CompactTable(rule.rows(channels.map(\.json)), columns: SlackChannel.shape.columns).text
        return Reading(text: text, source: "channels", note: isWhole ? nil : "(there are more: list_channels)")
      })
    server.add(
      try template("slack://{workspace}/users", "users", "People", "The people of the workspace.") { read, subject throws(VendorError) in
        let (people, isWhole) = try await slack.directory.roster(as: subject)
        let text = CompactTable(SlackUser.shape.rule(read).rows(people.map(\.json)), columns: ["id", "display_name", "real_name", "title"]).text
        return Reading(text: text, source: "people", note: isWhole ? nil : "(there are more: list_users)")
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
          "conversations.replies",
          [("channel", channel.id), ("ts", read["ts"]), ("limit", String(try await slack.api.objects(Self.messages, as: subject)))], as: subject)
        return try await text(json, channel, read, subject)
      })
    server.add(
      try template("slack://{workspace}/files/{id}", "file", "File", "What is known of a file.") { read, subject throws(VendorError) in
        let file = try await slack.file(read["id"] ?? "", for: read, as: subject)
        return Reading(text: file.json.text, source: file.id)
      })
    server.add(
      try template("slack://user/{name}/profile", "profile", "Profile", "A person by e-mail address, id, handle or name.") { read, subject throws(VendorError) in
        let rule = SlackUser.shape.rule(read)
        let person = try await slack.person(read["name"] ?? "", for: rule, as: subject)
        return Reading(text: rule.shown(person.json).text, source: person.id)
      })
    addCompletions(to: server)
  }

  private func addCompletions(to server: Server) {
    let templates = [
      "slack://{workspace}/channels", "slack://{workspace}/users", "slack://{workspace}/channels/{channel}/history{?oldest,latest}",
      "slack://{workspace}/threads/{channel}/{ts}", "slack://{workspace}/files/{id}",
    ]
    for template in templates {
      server.addCompletion(for: .resourceTemplate(template, argument: "workspace")) { request in await completeWorkspace(request) }
      if template.contains("{channel}") {
        server.addCompletion(for: .resourceTemplate(template, argument: "channel")) { request in await completeChannel(request, byID: true) }
      }
    }
    server.addCompletion(for: .resourceTemplate("slack://channel/{name}/messages", argument: "name")) { request in await completeChannel(request, byID: false) }
    server.addCompletion(for: .resourceTemplate("slack://user/{name}/profile", argument: "name")) { request in
      await completePerson(request) { $0["name"]?.string ?? $0["id"]?.string }
    }
  }

  private func completeWorkspace(_ request: CompletionRequest) async -> Completion {
    guard let subject = try? slack.subject(request), let ids = try? await slack.directory.workspaces(as: subject) else { return [] }
    return Completion(ids.filter { $0.lowercased().hasPrefix(request.value.lowercased()) })
  }

  /// People of whom a handle, a name, the address or the id starts as typed.
  ///
  /// - Parameter value: what is suggested, of a record as the caller may see it.
  func completePerson(_ request: CompletionRequest, _ value: @Sendable (JSONValue) -> String?) async -> Completion {
    guard let subject = try? slack.subject(request), let people = try? await slack.directory.roster(as: subject, pages: 3).people else { return [] }
    let typed = request.value.lowercased()
    let current = people.filter { $0.json["is_deleted"]?.bool != true && $0.json["is_bot"]?.bool != true && $0.id != "USLACKBOT" }
    // What the caller is not cleared for is not matched either.
    let matching = SlackUser.shape.rule(request).rows(current.map(\.json)).filter { person in
      ["name", "display_name", "real_name", "email", "id"].contains { person[$0]?.string?.lowercased().hasPrefix(typed) == true }
    }
    return Completion(matching.compactMap(value))
  }

  /// The last of several channels, separated by commas.
  func completeChannels(_ request: CompletionRequest) async -> Completion {
    let typed = request.value.split(separator: ",", omittingEmptySubsequences: false)
    let before = typed.dropLast().map { $0.drop { $0 == " " } }.joined(separator: ", ")
    let last = String((typed.last ?? "").drop { $0 == " " })
    let found = await completeChannel(request, typed: last, byID: false)
    let given = Set(typed.dropLast().map { $0.filter { $0 != " " } })
    return Completion(found.values.filter { !given.contains($0) }.map { before.isEmpty ? $0 : before + ", " + $0 })
  }

  /// Channels whose name starts as typed.
  func completeChannel(_ request: CompletionRequest, typed: String? = nil, byID: Bool) async -> Completion {
    guard let subject = try? slack.subject(request), let channels = try? await slack.directory.channels(as: subject, pages: 3).channels else { return [] }
    let typed = (typed ?? request.value).lowercased()
    let matching = channels.filter { slack.admits($0) && ($0.name.lowercased().hasPrefix(typed) || $0.id.lowercased().hasPrefix(typed)) }
    let rule = SlackChannel.shape.rule(request)
    let found = ((try? await slack.whole(matching, for: rule, as: subject)) ?? []).filter { rule.admits($0.json) }
    return Completion(found.map { byID ? $0.id : $0.name })
  }

  /// What was read: people wrote it, but for the note.
  private struct Reading {
    var text: String
    var source: String
    var note: String?
  }

  private func template(
    _ uri: String, _ name: String, _ title: String, _ description: String, _ reading: @escaping @Sendable (ResourceRead, Subject) async throws(VendorError) -> Reading
  ) throws(URITemplate.ParseError) -> ResourceTemplate {
    try ResourceTemplate(uriTemplate: uri, name: name, title: title, description: description, mimeType: "text/plain") { read in
      try await read.reading {
        let subject = try slack.subject(read)
        // What is here is not what another workspace's URI means, even if the ids are the same.
        if let workspace = read["workspace"], try await !slack.directory.workspaces(as: subject).contains(workspace) { throw SlackContext.noWorkspace }
        let found = try await reading(read, subject)
        return .untrusted(found.text, source: found.source, note: found.note, mimeType: "text/plain")
      }
    }
  }

  private func history(_ name: String, _ oldest: String?, _ latest: String?, _ read: ResourceRead, _ subject: Subject) async throws(VendorError) -> Reading {
    let channel = try await slack.channel(name, isFresh: SlackMessage.shape.rule(read).limits, as: subject)
    let json = try await slack.api.get(
      "conversations.history",
      [
        ("channel", channel.id), ("oldest", try oldest.map { text throws(VendorError) in try SlackTime.timestamp(text) }),
        ("latest", try latest.map { text throws(VendorError) in try SlackTime.timestamp(text) }),
        ("limit", String(try await slack.api.objects(Self.messages, as: subject))),
      ], as: subject)
    return try await text(json, channel, read, subject)
  }

  private func text(_ json: RawJSON, _ channel: SlackChannel, _ read: ResourceRead, _ subject: Subject) async throws(VendorError) -> Reading {
    let rows = await slack.records(SlackContext.elements(json, "messages"), in: channel, as: subject)
    let text = CompactTable(SlackMessage.shape.rule(read).rows(rows), columns: SlackMessage.shape.columns).text
    return Reading(text: text, source: "#" + channel.name, note: slack.hidden.isTold(by: json, to: subject) ? slack.hidden.ofHistory : nil)
  }
}
