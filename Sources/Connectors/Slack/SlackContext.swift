internal import ConnectorKit
internal import JSON
internal import MCP

/// What Slack's tools and resources share.
struct SlackContext: Sendable {
  let api: SlackAPI
  let directory: SlackDirectory
  let hidden: HiddenHistory
  let channels: NameFilter
  let categories: SlackCategories
  let rule: SubjectRule
  let environment: ConnectorEnvironment
  let uploads: UploadPlace
  let office: OfficeText

  /// Of downloads and uploads.
  var maximumBytes: Int { uploads.maximumBytes }

  func subject(_ request: some IncomingRequest) throws(VendorError) -> Subject { try rule.subject(of: request, environment) }

  /// A channel that the settings let be reached.
  ///
  /// - Parameter isFresh: asks Slack anew, rather than believing what was known some minutes ago.
  func channel(_ text: String, isFresh: Bool = false, as subject: Subject) async throws(VendorError) -> SlackChannel {
    var channel = try await directory.find(text, as: subject)
    guard admits(channel) else { throw Self.noChannel(text) }
    if isFresh { channel = try await directory.current(channel.id, as: subject) }
    guard admits(channel) else { throw Self.noChannel(text) }
    return channel
  }

  func admits(_ channel: SlackChannel) -> Bool { channels.admits(channel.id, channel.name) }

  /// Channels by id, of those that can be seen; for lists that tell ids alone. Settings and policy speak of names and visibility.
  func channels(_ ids: some Sequence<String>, as subject: Subject) async -> [String: SlackChannel] {
    var found: [String: SlackChannel] = [:]
    for id in Set(ids).sorted().prefix(Self.maximumLookups) where SlackDirectory.isID(id, "CGD") {
      do throws(VendorError) { found[id] = try await directory.channel(id, as: subject) } catch {
        // Where Slack is throttled or away the rest would wait as well.
        if error.code != .notFound, error.code != .forbidden { break }
      }
    }
    return found
  }

  private static let maximumLookups = 60

  /// The files that may be seen: those that are in a channel that the settings let be reached. They say of what categories they are.
  func admitted(_ files: [SlackFile], as subject: Subject) async -> [SlackFile] {
    guard !channels.admitsAll || !categories.isEmpty else { return files }
    let known = await channels(files.flatMap(\.channels), as: subject)
    let admitted = channels.admitsAll ? files : files.filter { $0.channels.contains { known[$0].map(admits) ?? false } }
    guard !categories.isEmpty else { return admitted }
    return admitted.map { file in file.described(file.saysPlace ? categories.of(file.channels.map { known[$0] }) : nil) }
  }

  /// A file that the settings let be reached.
  func file(_ id: String, as subject: Subject) async throws(VendorError) -> SlackFile {
    let json = try await api.get("files.info", [("file", id)], as: subject)
    guard let file = json["file"].flatMap({ SlackFile($0) }) else { throw VendorError(.invalidAnswer, "Slack described the file in no known form.") }
    guard let admitted = await admitted([file], as: subject).first else { throw Self.noFile }
    return admitted
  }

  /// A tool in whose work Slack's refusals are told to the model.
  func tool(
    _ name: String, _ title: String, _ description: String, _ fields: [Field], output: JSONValue, annotations: ToolAnnotations = .reading, meta: JSONObject? = nil,
    _ work: @escaping @Sendable (ToolCall, Subject) async throws(VendorError) -> ToolResult
  ) -> Tool {
    Tool(
      name: name, title: title, description: description, inputSchema: Field.arguments(fields), outputSchema: output, annotations: annotations,
      meta: categories.isEmpty ? meta : RecordType.categorized(meta, Set([SlackMessage.shape, SlackChannel.shape, SlackFile.shape].map(\.type.name)))
    ) { call in
      try await call.answering("Slack") { try await work(call, try subject(call)) }
    }
  }

  /// Messages as records, with the names of who wrote them and who is named in them.
  func records(_ raw: [RawJSON], in channel: SlackChannel?, as subject: Subject) async -> [JSONValue] {
    let messages = raw.compactMap { SlackMessage($0, channel: channel?.id) }
    let people = messages.reduce(into: Set<String>()) { set, message in
      if let user = message.user { set.insert(user) }
      set.formUnion(message.mentioned)
    }
    let names = await directory.names(of: people, as: subject)
    return messages.map { $0.json(in: channel, names: names) }
  }

  /// A list of messages or files, with it said if the plan of the workspace hides some.
  func told(_ result: ToolResult, by json: RawJSON, as subject: Subject, _ words: String) -> ToolResult {
    hidden.isTold(by: json, to: subject) ? result.limited(words) : result
  }

  /// What was searched: Slack does not say what it left out, but may have said so elsewhere.
  func searched(_ result: ToolResult, as subject: Subject) -> ToolResult { hidden.isKnown(to: subject) ? result.limited(hidden.ofSearch) : result }

  /// Rows of what has no type that policy speaks of.
  ///
  /// - Parameter untrusted: members that people write as they like.
  static func table(_ list: String, _ rows: [JSONValue], columns: [String], untrusted: [String]) -> ToolResult {
    RecordShape(RecordType(list), list: list, one: list, properties: [:], always: [], columns: columns, untrusted: untrusted).result(rows)
  }

  static func next(_ json: RawJSON, _ place: PageCursor) -> String? {
    guard let cursor = json["response_metadata"]?["next_cursor"]?.string, !cursor.isEmpty else { return nil }
    return place.text(cursor)
  }

  static func elements(_ json: RawJSON?, _ member: String) -> [RawJSON] { json?[member].map { Array($0.elements) } ?? [] }
}
