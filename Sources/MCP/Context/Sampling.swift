public import JSON

/// Asks the client's model to write a message (2026-07-28, client/sampling).
public struct Sampling: Question {
  public enum ToolChoice: String, Sendable { case auto, required, none }
  public enum IncludeContext: String, Sendable { case none, thisServer, allServers }

  /// What a model should be good at, from 0 to 1, and names of models that would do, best first.
  public struct ModelPreferences: Sendable, Hashable {
    public var hints: [String]
    public var cost: Double?
    public var speed: Double?
    public var intelligence: Double?

    public init(hints: [String] = [], cost: Double? = nil, speed: Double? = nil, intelligence: Double? = nil) {
      self.hints = hints
      self.cost = cost
      self.speed = speed
      self.intelligence = intelligence
    }

    var json: JSONValue {
      var object = JSONObject()
      if !hints.isEmpty { object["hints"] = .array(hints.map { ["name": .string($0)] }) }
      object["costPriority"] = cost.map { JSONValue(floatLiteral: $0) }
      object["speedPriority"] = speed.map { JSONValue(floatLiteral: $0) }
      object["intelligencePriority"] = intelligence.map { JSONValue(floatLiteral: $0) }
      return .object(object)
    }
  }

  public var messages: [SamplingMessage]
  public var maxTokens: Int
  public var systemPrompt: String?
  public var modelPreferences: ModelPreferences?
  public var temperature: Double?
  public var stopSequences: [String]
  public var includeContext: IncludeContext?
  /// Tools that the model may ask for; running them and asking again is up to the handler. Needs a client with `sampling.tools`.
  public var tools: [Tool]
  public var toolChoice: ToolChoice?
  public var metadata: JSONObject?
  public var key: String?

  public init(
    _ messages: [SamplingMessage], maxTokens: Int, systemPrompt: String? = nil, modelPreferences: ModelPreferences? = nil,
    temperature: Double? = nil, stopSequences: [String] = [], includeContext: IncludeContext? = nil, tools: [Tool] = [],
    toolChoice: ToolChoice? = nil, metadata: JSONObject? = nil, key: String? = nil
  ) {
    self.messages = messages
    self.maxTokens = maxTokens
    self.systemPrompt = systemPrompt
    self.modelPreferences = modelPreferences
    self.temperature = temperature
    self.stopSequences = stopSequences
    self.includeContext = includeContext
    self.tools = tools
    self.toolChoice = toolChoice
    self.metadata = metadata
    self.key = key
  }

  public init(_ prompt: String, maxTokens: Int, key: String? = nil) {
    self.init([.user(prompt)], maxTokens: maxTokens, key: key)
  }

  public var method: Method { .createMessage }

  public func params(for version: ProtocolVersion) -> JSONObject {
    var params: JSONObject = ["messages": .array(messages.map(\.json)), "maxTokens": .int(maxTokens)]
    params["systemPrompt"] = systemPrompt.map { .string($0) }
    params["modelPreferences"] = modelPreferences?.json
    params["temperature"] = temperature.map { JSONValue(floatLiteral: $0) }
    if !stopSequences.isEmpty { params["stopSequences"] = .array(stopSequences.map { .string($0) }) }
    params["includeContext"] = includeContext.map { .string($0.rawValue) }
    if !tools.isEmpty { params["tools"] = .array(tools.map { $0.definition(version.era) }) }
    params["toolChoice"] = toolChoice.map { ["mode": .string($0.rawValue)] }
    params["metadata"] = metadata.map { .object($0) }
    return params
  }

  public func missingCapability(of client: ClientDescription) -> JSONObject? {
    guard let declared = client.capabilities["sampling"] else { return ["sampling": tools.isEmpty ? [:] : ["tools": [:]]] }
    if !tools.isEmpty || toolChoice != nil, declared["tools"] == nil { return ["sampling": ["tools": [:]]] }
    // Before 2025-11-25 every client that samples knew of contexts.
    if let includeContext, includeContext != .none, declared["context"] == nil, client.version >= .v2025_11_25 {
      return ["sampling": ["context": [:]]]
    }
    return nil
  }

  public func answer(_ result: RawJSON) throws(AnswerProblem) -> SamplingAnswer {
    guard result["role"]?.string == "assistant" || result["role"]?.string == "user" else { throw AnswerProblem("\"role\" must be user or assistant") }
    guard let model = result["model"]?.string else { throw AnswerProblem("\"model\" must be a string") }
    guard let content = result["content"] else { throw AnswerProblem("\"content\" is missing") }
    return SamplingAnswer(content: try SamplingContent.all(content), model: model, stopReason: result["stopReason"]?.string)
  }
}

/// One message of the conversation that a model is asked to go on with.
public struct SamplingMessage: Sendable, Hashable {
  public enum Role: String, Sendable { case user, assistant }

  public var role: Role
  public var content: [SamplingContent]

  public init(_ role: Role, _ content: [SamplingContent]) {
    self.role = role
    self.content = content
  }

  public static func user(_ text: String) -> SamplingMessage { SamplingMessage(.user, [.text(text)]) }
  public static func assistant(_ text: String) -> SamplingMessage { SamplingMessage(.assistant, [.text(text)]) }

  var json: JSONValue {
    // One block stands for itself: revisions before 2025-11-25 know no arrays here.
    let blocks = content.map(\.json)
    return ["role": .string(role.rawValue), "content": blocks.count == 1 ? blocks[0] : .array(blocks)]
  }
}

/// What a model wrote (`CreateMessageResult`).
public struct SamplingAnswer: Sendable, Hashable {
  public var content: [SamplingContent]
  public var model: String
  /// `endTurn`, `stopSequence`, `maxTokens`, `toolUse`, or what the provider calls it.
  public var stopReason: String?

  public init(content: [SamplingContent], model: String, stopReason: String? = nil) {
    self.content = content
    self.model = model
    self.stopReason = stopReason
  }

  /// The text blocks, one after the other.
  public var text: String { content.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: "\n") }

  /// The calls of tools that the model asks for.
  public var toolUses: [(id: String, name: String, input: JSONValue)] {
    content.compactMap { if case .toolUse(let id, let name, let input) = $0 { (id, name, input) } else { nil } }
  }
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

  var json: JSONValue {
    switch self {
    case .text(let text): return Content.text(text).json
    case .image(let bytes, let mimeType): return Content.image(bytes, mimeType: mimeType).json
    case .audio(let bytes, let mimeType): return Content.audio(bytes, mimeType: mimeType).json
    case .toolUse(let id, let name, let input): return ["type": "tool_use", "id": .string(id), "name": .string(name), "input": input]
    case .toolResult(let id, let content, let isError):
      var object: JSONObject = ["type": "tool_result", "toolUseId": .string(id), "content": .array(content.map(\.json))]
      if isError { object["isError"] = true }
      return .object(object)
    }
  }

  static func all(_ raw: RawJSON) throws(AnswerProblem) -> [SamplingContent] {
    guard raw.kind == .array else { return [try block(raw)] }
    var blocks: [SamplingContent] = []
    for element in raw.elements { blocks.append(try block(element)) }
    return blocks
  }

  private static func block(_ raw: RawJSON) throws(AnswerProblem) -> SamplingContent {
    let type = raw["type"]?.string ?? ""
    switch type {
    case "text": if let text = raw["text"]?.string { return .text(text) }
    case "image", "audio":
      if let bytes = raw["data"]?.string.flatMap({ Base64.decode($0) }), let mimeType = raw["mimeType"]?.string {
        return type == "image" ? .image(bytes, mimeType: mimeType) : .audio(bytes, mimeType: mimeType)
      }
    case "tool_use":
      if let id = raw["id"]?.string, let name = raw["name"]?.string, let input = raw["input"], input.kind == .object {
        return .toolUse(id: id, name: name, input: JSONValue(input))
      }
    default: break
    }
    throw AnswerProblem("\"content\" has a block of type \"\(type.prefix(32))\" that is incomplete or not known")
  }
}
