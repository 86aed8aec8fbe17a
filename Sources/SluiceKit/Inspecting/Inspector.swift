internal import JSON
internal import MCP
internal import Synchronization

/// Does what is asked for with one server, and shows what comes of it.
final class Inspector: Sendable {
  struct Bounds: Sendable {
    /// After how many changes a subscription is over; nil for never.
    var changes: Int?
    /// After what time.
    var time: Duration?
  }

  let client: Client
  private let output: InspectOutput
  /// The least severe log message that requests ask for.
  private let logLevel: Mutex<LogLevel?> = Mutex(nil)

  init(_ client: Client, _ output: InspectOutput) {
    self.client = client
    self.output = output
  }

  private var options: RequestOptions {
    RequestOptions(
      logLevel: logLevel.withLock { $0 }, usesCache: false,
      onProgress: { [output] progress in
        let total = progress.total.map { " of \(JSONValue(floatLiteral: $0).text)" } ?? ""
        output.note("progress: \(JSONValue(floatLiteral: progress.progress).text)\(total)\(progress.message.map { "  \($0)" } ?? "")")
      },
      onLog: { [output] in output.note("log: \($0.level.rawValue)  \($0.logger.map { "\($0): " } ?? "")\($0.data.string ?? $0.data.text)") })
  }

  /// - Returns: false where the server answered that it failed.
  /// - Throws: ``ClientError``.
  func perform(_ action: InspectAction, _ bounds: Bounds = Bounds()) async throws(ClientError) -> Bool {
    let peer = try await client.connect()
    switch action {
    case .info: show(peer)
    case .list(let lists): try await list(lists, peer)
    case .describe(let tool): return try await describe(tool)
    case .call(let tool, let arguments): return try await call(tool, arguments)
    case .read(let uri): try await read(uri)
    case .prompt(let name, let arguments): try await prompt(name, arguments)
    case .complete(let target, let value):
      let completion = try await client.complete(target, value, options: options)
      var json: JSONValue = ["values": .array(completion.values.map { .string($0) })]
      if let total = completion.total { json["total"] = .int(total) }
      show(json, completion.values.isEmpty ? "nothing to suggest" : completion.values.joined(separator: "\n"))
    case .subscribe(let uris): try await subscribe(uris, bounds)
    case .logLevel(let level):
      logLevel.withLock { $0 = level }
      try await client.setLogLevel(level)
      show(["level": .string(level.rawValue)], "log messages from \(level.rawValue) on are shown")
    case .ping:
      let start = ContinuousClock.now
      try await client.ping(options: options)
      let time = (ContinuousClock.now - start).components
      let milliseconds = Double(time.seconds * 1000) + Double(time.attoseconds / 1_000_000_000_000) / 1000
      show(["milliseconds": JSONValue(floatLiteral: milliseconds)], "it answers, in \(milliseconds) ms")
    case .request(let method, let params):
      let result = JSONValue(try await client.request(method, params, options: options))
      show(result, result.prettyText)
    }
    return true
  }

  private func show(_ json: JSONValue, _ text: String) { if output.isJSON { output.json(json) } else { output.text(text) } }

  private func show(_ peer: ClientConnection.Peer) {
    var json: JSONValue = ["protocolVersion": .string(peer.version.rawValue), "capabilities": JSONValue(peer.capabilities)]
    if let info = peer.serverInfo { json["serverInfo"] = JSONValue(info) }
    if let instructions = peer.instructions { json["instructions"] = .string(instructions) }
    let capabilities = peer.capabilities.members.compactMap(\.name.string).joined(separator: ", ")
    var lines = ["\(Self.name(of: peer) ?? "a server without a name"), MCP \(peer.version.rawValue)", "offers: \(capabilities.isEmpty ? "nothing" : capabilities)"]
    if let instructions = peer.instructions { lines.append(instructions) }
    show(json, lines.joined(separator: "\n"))
  }

  static func name(of peer: ClientConnection.Peer) -> String? {
    guard let name = peer.serverInfo?["title"]?.string ?? peer.serverInfo?["name"]?.string else { return nil }
    return name + (peer.serverInfo?["version"]?.string.map { " \($0)" } ?? "")
  }

  // MARK: Lists

  private func list(_ lists: [InspectAction.List], _ peer: ClientConnection.Peer) async throws(ClientError) {
    var json: JSONValue = .object(JSONObject())
    for list in lists {
      let capability = list == .templates ? "resources" : list.rawValue
      // What a server does not offer is empty, but not asking for it by name spares an error.
      guard peer.capabilities[capability] != nil || lists.count == 1 else { continue }
      let items = try await items(list)
      if output.isJSON {
        json[list == .templates ? "resourceTemplates" : list.rawValue] = .array(items.map { JSONValue($0.raw) })
      } else {
        let title = list == .templates ? "Resource templates" : list.rawValue.prefix(1).uppercased() + list.rawValue.dropFirst()
        output.text("\(title) (\(items.count))" + items.map { "\n  \($0.name)\($0.description.map { "  \($0)" } ?? "")" }.joined())
      }
    }
    if output.isJSON { output.json(json) }
  }

  private struct Item {
    var name: String
    var description: String?
    var raw: RawJSON

    init(_ name: String, _ description: String?, _ raw: RawJSON) {
      self.name = name
      self.description = description.map { String($0.split(separator: "\n").first ?? "") }
      self.raw = raw
    }
  }

  private func items(_ list: InspectAction.List) async throws(ClientError) -> [Item] {
    switch list {
    case .tools: try await client.listTools(options: options).map { Item($0.name, $0.description ?? $0.title, $0.raw) }
    case .resources: try await client.listResources(options: options).map { Item($0.uri, $0.link.description ?? $0.link.title ?? $0.name, $0.raw) }
    case .templates: try await client.listResourceTemplates(options: options).map { Item($0.uriTemplate, $0.description ?? $0.title ?? $0.name, $0.raw) }
    case .prompts:
      try await client.listPrompts(options: options).map { prompt in
        let arguments = prompt.arguments.map { $0.required ? $0.name : "[\($0.name)]" }.joined(separator: " ")
        return Item(arguments.isEmpty ? prompt.name : "\(prompt.name) \(arguments)", prompt.description ?? prompt.title, prompt.raw)
      }
    }
  }

  private func describe(_ name: String) async throws(ClientError) -> Bool {
    guard let tool = try await client.listTools(options: options).first(where: { $0.name == name }) else {
      output.note("Error: there is no tool \(name)")
      return false
    }
    show(JSONValue(tool.raw), JSONValue(tool.raw).prettyText)
    return true
  }

  // MARK: Single things

  private func call(_ tool: String, _ arguments: JSONValue) async throws(ClientError) -> Bool {
    let result = try await client.callTool(tool, arguments, options: options)
    if output.isJSON {
      output.json(JSONValue(result.raw))
    } else {
      for block in result.raw.elements(of: "content") { output.text(Self.text(of: JSONValue(block))) }
      // Most servers say the same as text; what only programs get is shown too.
      if let structured = result.structured, !result.text.contains(structured.text) { output.text(structured.prettyText) }
      if result.isError { output.note("Error: the tool failed") }
    }
    return !result.isError
  }

  private func read(_ uri: String) async throws(ClientError) {
    let result = try await client.request(.resourcesRead, ["uri": .string(uri)], options: options)
    if output.isJSON { return output.json(JSONValue(result)) }
    for content in result.elements(of: "contents") { output.text(Self.text(ofResource: JSONValue(content))) }
  }

  private func prompt(_ name: String, _ arguments: [String: String]) async throws(ClientError) {
    var params: JSONObject = ["name": .string(name)]
    if !arguments.isEmpty {
      params["arguments"] = .object(arguments.sorted { $0.key < $1.key }.reduce(into: JSONObject()) { $0[$1.key] = .string($1.value) })
    }
    let result = try await client.request(.promptsGet, params, options: options)
    if output.isJSON { return output.json(JSONValue(result)) }
    for message in result.elements(of: "messages") {
      output.text("\(message["role"]?.string ?? "?"): \(message["content"].map { Self.text(of: JSONValue($0)) } ?? "")")
    }
  }

  private static func text(of block: JSONValue) -> String {
    switch block["type"]?.string {
    case "text": block["text"]?.string ?? ""
    case "image", "audio":
      "(\(block["type"]?.string ?? ""), \(block["mimeType"]?.string ?? "of unknown type"), \((block["data"]?.string?.utf8.count ?? 0) * 3 / 4) bytes)"
    case "resource_link": "(link) \(block["uri"]?.string ?? "")  \(block["description"]?.string ?? block["name"]?.string ?? "")"
    case "resource": text(ofResource: block["resource"] ?? .null)
    default: block.text
    }
  }

  private static func text(ofResource contents: JSONValue) -> String {
    contents["text"]?.string
      ?? "(\(contents["mimeType"]?.string ?? "bytes of unknown type"), \((contents["blob"]?.string?.utf8.count ?? 0) * 3 / 4) bytes) \(contents["uri"]?.string ?? "")"
  }

  // MARK: Subscriptions

  private func subscribe(_ uris: [String], _ bounds: Bounds) async throws(ClientError) {
    let subscription = try await client.subscribe(to: uris.isEmpty ? .lists : ChangeFilter(resources: uris))
    output.note(uris.isEmpty ? "waiting for changes of the lists" : "waiting for changes of \(uris.joined(separator: ", "))")
    let timer = bounds.time.map { time in
      Task {
        try await Task.sleep(for: time)
        subscription.cancel()
      }
    }
    defer { timer?.cancel() }
    var count = 0
    for await change in subscription {
      show(Self.json(change), Self.text(change))
      count += 1
      if let most = bounds.changes, count >= most { break }
    }
    subscription.cancel()
  }

  private static func json(_ change: ServerChange) -> JSONValue {
    if case .resourceUpdated(let uri) = change { return ["changed": "resource", "uri": .string(uri)] }
    return ["changed": .string(text(change))]
  }

  private static func text(_ change: ServerChange) -> String {
    switch change {
    case .toolsListChanged: "tools"
    case .promptsListChanged: "prompts"
    case .resourcesListChanged: "resources"
    case .resourceUpdated(let uri): uri
    case .taskUpdated(let task): "task \(task.id)"
    }
  }
}
