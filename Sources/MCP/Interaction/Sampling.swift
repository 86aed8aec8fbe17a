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
    content.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: "\n")
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

/// One block of a message to or from a model (`SamplingMessageContentBlock`).
public enum SamplingContent: Sendable, Hashable {
  case text(String)
  case image([UInt8], mimeType: String)
  case audio([UInt8], mimeType: String)
  /// The model wants a tool to be called.
  case toolUse(id: String, name: String, input: JSONValue)
  /// What the tool answered; in a user message of nothing else.
  case toolResult(id: String, [Content], isError: Bool = false)

  /// - Throws: ``RPCError`` `-32602` where `json` is of an unknown type or lacks what its type has.
  public init(_ json: JSONValue) throws(RPCError) {
    switch json["type"]?.string {
    case "tool_use":
      guard let id = json["id"]?.string, let name = json["name"]?.string, let input = json["input"], input.object != nil else {
        throw RPCError(.invalidParams, "A tool_use block has \"id\", \"name\" and \"input\", an object")
      }
      self = .toolUse(id: id, name: name, input: input)
    case "tool_result":
      guard let id = json["toolUseId"]?.string, let content = json["content"]?.array else {
        throw RPCError(.invalidParams, "A tool_result block has \"toolUseId\" and \"content\", an array")
      }
      var blocks: [Content] = []
      for block in content { blocks.append(try Content(block)) }
      self = .toolResult(id: id, blocks, isError: json["isError"]?.bool ?? false)
    default:
      switch try Content(json).kind {
      case .text(let text): self = .text(text)
      case .image(let bytes, let mimeType): self = .image(bytes, mimeType: mimeType)
      case .audio(let bytes, let mimeType): self = .audio(bytes, mimeType: mimeType)
      case .link, .resource: throw RPCError(.invalidParams, "A sampling message holds text, images, audio and uses of tools")
      }
    }
  }

  /// The JSON of it, as it goes on the wire.
  public var json: JSONValue {
    switch self {
    case .text(let text): return Content.text(text).json
    case .image(let bytes, let mimeType): return Content.image(bytes, mimeType: mimeType).json
    case .audio(let bytes, let mimeType): return Content.audio(bytes, mimeType: mimeType).json
    case .toolUse(let id, let name, let input): return ["type": "tool_use", "id": .string(id), "name": .string(name), "input": input]
    case .toolResult(let id, let content, let isError):
      var json: JSONValue = ["type": "tool_result", "toolUseId": .string(id), "content": .array(content.map(\.json))]
      if isError { json["isError"] = true }
      return json
    }
  }
}

/// What the model said (`CreateMessageResult`).
public struct SamplingResult: Sendable, Hashable {
  /// What the model said.
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
