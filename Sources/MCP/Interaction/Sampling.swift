public import JSON

/// A server's wish for a completion by the client's model (`sampling/createMessage`; 2026-07-28, client/sampling).
public struct SamplingRequest: Sendable, Hashable {
  /// Which model would fit. The client chooses.
  public struct ModelPreferences: Sendable, Hashable {
    /// Names, or parts of names, of models, the most wanted first.
    public var hints: [String]
    /// From 0 (does not matter) to 1.
    public var costPriority: Double?
    /// How much speed matters, from 0 to 1.
    public var speedPriority: Double?
    /// How much the abilities of the model matter, from 0 to 1.
    public var intelligencePriority: Double?

    public init(hints: [String] = [], costPriority: Double? = nil, speedPriority: Double? = nil, intelligencePriority: Double? = nil) {
      self.hints = hints
      self.costPriority = costPriority
      self.speedPriority = speedPriority
      self.intelligencePriority = intelligencePriority
    }
  }

  /// The conversation so far.
  public var messages: [SamplingMessage]
  /// The most tokens to write. The client may write fewer.
  public var maxTokens: Int
  /// What the model should know beforehand. The client may change it.
  public var systemPrompt: String?
  /// Which model would fit.
  public var modelPreferences: ModelPreferences?
  /// How freely to write; the range is the model's.
  public var temperature: Double?
  /// Texts at which to stop.
  public var stopSequences: [String]
  /// Definitions of tools that the model may ask for; only for clients that declare `sampling.tools`.
  public var tools: [JSONValue]
  /// `auto`, `required` or `none`.
  public var toolChoice: String?
  /// `none`, `thisServer` or `allServers`; the latter two are deprecated.
  public var includeContext: String?
  /// For the model's provider.
  public var metadata: JSONObject?

  public init(
    _ messages: [SamplingMessage], maxTokens: Int, systemPrompt: String? = nil, modelPreferences: ModelPreferences? = nil,
    temperature: Double? = nil, stopSequences: [String] = [], tools: [JSONValue] = [], toolChoice: String? = nil,
    includeContext: String? = nil, metadata: JSONObject? = nil
  ) {
    self.messages = messages
    self.maxTokens = maxTokens
    self.systemPrompt = systemPrompt
    self.modelPreferences = modelPreferences
    self.temperature = temperature
    self.stopSequences = stopSequences
    self.tools = tools
    self.toolChoice = toolChoice
    self.includeContext = includeContext
    self.metadata = metadata
  }

  /// Reads the `params` of `sampling/createMessage`.
  ///
  /// - Throws: ``RPCError`` `-32602` where the params are none.
  public init(_ params: JSONValue) throws(RPCError) {
    guard let messages = params["messages"]?.array, let maxTokens = params["maxTokens"]?.double else {
      throw RPCError(.invalidParams, "sampling/createMessage needs \"messages\", an array, and \"maxTokens\", a number")
    }
    var read: [SamplingMessage] = []
    for message in messages { read.append(try SamplingMessage(message)) }
    self.init(
      read, maxTokens: Int(exactly: maxTokens.rounded()) ?? .max, systemPrompt: params["systemPrompt"]?.string,
      temperature: params["temperature"]?.double, stopSequences: params["stopSequences"]?.array?.compactMap(\.string) ?? [],
      tools: params["tools"]?.array ?? [], toolChoice: params["toolChoice"]?["mode"]?.string,
      includeContext: params["includeContext"]?.string, metadata: params["metadata"]?.object)
    if let wanted = params["modelPreferences"] {
      modelPreferences = ModelPreferences(
        hints: wanted["hints"]?.array?.compactMap { $0["name"]?.string } ?? [], costPriority: wanted["costPriority"]?.double,
        speedPriority: wanted["speedPriority"]?.double, intelligencePriority: wanted["intelligencePriority"]?.double)
    }
    if let problem = toolUseProblem { throw RPCError(.invalidParams, problem) }
  }

  /// The params as clients of `version` know them: before 2026-07-28 the structured content of a tool's result was an object.
  func params(for version: ProtocolVersion) -> JSONValue {
    guard version.era == .legacy else { return params }
    var request = self
    for (message, content) in messages.map(\.content).enumerated() {
      for (block, content) in content.enumerated() {
        guard case .toolResult(let id, let result, let structured?, let isError) = content.kind, structured.object == nil else { continue }
        request.messages[message].content[block].kind = .toolResult(id: id, result, structured: nil, isError: isError)
      }
    }
    return request.params
  }

  /// The `params` of `sampling/createMessage`.
  public var params: JSONValue {
    var params: JSONValue = ["messages": .array(messages.map(\.json)), "maxTokens": .int(maxTokens)]
    if let systemPrompt { params["systemPrompt"] = .string(systemPrompt) }
    if let modelPreferences { params["modelPreferences"] = modelPreferences.json }
    if let number = temperature.flatMap({ JSONNumber($0) }) { params["temperature"] = .number(number) }
    if !stopSequences.isEmpty { params["stopSequences"] = .array(stopSequences.map { .string($0) }) }
    if !tools.isEmpty { params["tools"] = .array(tools) }
    if let toolChoice { params["toolChoice"] = ["mode": .string(toolChoice)] }
    if let includeContext { params["includeContext"] = .string(includeContext) }
    if let metadata { params["metadata"] = .object(metadata) }
    return params
  }
}

extension SamplingRequest.ModelPreferences {
  var json: JSONValue {
    var json: JSONValue = .object(JSONObject())
    if !hints.isEmpty { json["hints"] = .array(hints.map { ["name": .string($0)] }) }
    for (name, priority) in [("costPriority", costPriority), ("speedPriority", speedPriority), ("intelligencePriority", intelligencePriority)] {
      if let number = priority.flatMap({ JSONNumber($0) }) { json[name] = .number(number) }
    }
    return json
  }
}

/// One message of a conversation with a model.
public struct SamplingMessage: Sendable, Hashable {
  /// Who says it.
  public enum Role: String, Sendable { case user, assistant }

  /// Who says it.
  public var role: Role
  /// What is said, block by block.
  public var content: [SamplingContent]
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject?

  public init(_ role: Role, _ content: [SamplingContent], meta: JSONObject? = nil) {
    self.role = role
    self.content = content
    self.meta = meta
  }

  /// A text of the user's.
  public static func user(_ text: String) -> SamplingMessage { SamplingMessage(.user, [.text(text)]) }
  /// A text of the model's.
  public static func assistant(_ text: String) -> SamplingMessage { SamplingMessage(.assistant, [.text(text)]) }

  /// The text blocks, joined.
  public var text: String {
    content.compactMap { if case .text(let text) = $0.kind { text } else { nil } }.joined(separator: "\n")
  }

  /// - Throws: ``RPCError`` `-32602` where `json` is no `SamplingMessage`.
  public init(_ json: JSONValue) throws(RPCError) {
    guard let role = json["role"]?.string.flatMap({ Role(rawValue: $0) }), let content = json["content"] else {
      throw RPCError(.invalidParams, "A sampling message has \"role\", user or assistant, and \"content\"")
    }
    // One block, or since 2025-11-25 a list of them.
    var blocks: [SamplingContent] = []
    for block in content.array ?? [content] { blocks.append(try SamplingContent(block)) }
    self.init(role, blocks, meta: json["_meta"]?.object)
  }

  /// The JSON of it, as it goes on the wire.
  public var json: JSONValue {
    var json: JSONValue = ["role": .string(role.rawValue), "content": contentJSON]
    if let meta { json["_meta"] = .object(meta) }
    return json
  }

  /// A single block stands alone, as all revisions read it.
  fileprivate var contentJSON: JSONValue { content.count == 1 ? content[0].json : .array(content.map(\.json)) }
}

/// What the model said (`CreateMessageResult`).
public struct SamplingResult: Sendable, Hashable {
  /// What the model said. Its ``SamplingMessage/meta`` is that of the result.
  public var message: SamplingMessage
  /// The model that answered.
  public var model: String
  /// `endTurn`, `stopSequence`, `maxTokens`, `toolUse`, or a provider's own reason.
  public var stopReason: String?

  public init(_ message: SamplingMessage, model: String, stopReason: String? = "endTurn") {
    self.message = message
    self.model = model
    self.stopReason = stopReason
  }

  public init(text: String, model: String, stopReason: String? = "endTurn") {
    self.init(.assistant(text), model: model, stopReason: stopReason)
  }

  /// - Throws: ``RPCError`` `-32602` where `json` is no `CreateMessageResult`.
  public init(_ json: JSONValue) throws(RPCError) {
    guard let model = json["model"]?.string else {
      throw RPCError(.invalidParams, "An answer to sampling/createMessage has \"role\", \"content\" and \"model\"")
    }
    self.init(try SamplingMessage(json), model: model, stopReason: json["stopReason"]?.string)
  }

  /// The JSON of it, as it goes on the wire.
  public var json: JSONValue {
    var json = message.json
    json["model"] = .string(model)
    if let stopReason { json["stopReason"] = .string(stopReason) }
    return json
  }
}
