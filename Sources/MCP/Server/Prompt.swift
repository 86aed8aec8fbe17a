public import JSON

/// A message template that users may pick (2026-07-28, server/prompts).
public struct Prompt: Sendable {
  /// One argument of a prompt; its value is a text.
  public struct Argument: Sendable, Hashable {
    /// What it is called, for programs.
    public var name: String
    /// What it is called, for people.
    public var title: String?
    public var description: String?
    /// Whether the prompt cannot do without.
    public var required: Bool

    public init(_ name: String, title: String? = nil, description: String? = nil, required: Bool = false) {
      self.name = name
      self.title = title
      self.description = description
      self.required = required
    }

    var json: JSONValue {
      var object: JSONObject = ["name": .string(name)]
      if let title { object["title"] = .string(title) }
      if let description { object["description"] = .string(description) }
      if required { object["required"] = true }
      return .object(object)
    }
  }

  /// What it is called, for programs.
  public var name: String
  /// What it is called, for people.
  public var title: String?
  public var description: String?
  /// What it can be asked with.
  public var arguments: [Argument]
  /// Pictures of it, for people to see.
  public var icons: [Icon]
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject?
  /// What suggests values for the arguments, by name. What a server is given by ``Completions`` stands in its place.
  public var completions: [String: @Sendable (CompletionRequest) async throws -> Completion] = [:]
  /// Makes the messages.
  public let get: @Sendable (PromptGet) async throws -> PromptResult

  public init(
    name: String, title: String? = nil, description: String? = nil, arguments: [Argument] = [], icons: [Icon] = [],
    meta: JSONObject? = nil, get: @escaping @Sendable (PromptGet) async throws -> PromptResult
  ) {
    self.name = name
    self.title = title
    self.description = description
    self.arguments = arguments
    self.icons = icons
    self.meta = meta
    self.get = get
  }

  var definition: JSONValue {
    var object: JSONObject = ["name": .string(name)]
    if let title { object["title"] = .string(title) }
    if let description { object["description"] = .string(description) }
    if !arguments.isEmpty { object["arguments"] = .array(arguments.map(\.json)) }
    if !icons.isEmpty { object["icons"] = .array(icons.map(\.json)) }
    if let meta { object["_meta"] = .object(meta) }
    return .object(object)
  }
}

/// One `prompts/get`, the required arguments present.
public struct PromptGet: IncomingRequest {
  /// What it is called, for programs.
  public let name: String
  /// The arguments by name.
  public let arguments: [String: String]
  /// The request as it came.
  public let envelope: Envelope
  /// Who asks, how, and by which client.
  public let context: RequestContext
  /// What this request asks of its client; see ``IncomingRequest/elicit(_:_:key:)``.
  public let interaction: Interaction

  /// An argument; nil when it is absent.
  public subscript(_ argument: String) -> String? { arguments[argument] }
}

/// What a prompt becomes (`GetPromptResult`).
public struct PromptResult: Sendable, Hashable {
  /// One message of a prompt.
  public struct Message: Sendable, Hashable {
    /// Who says it.
    public enum Role: String, Sendable { case user, assistant }

    /// Who says it.
    public var role: Role
    /// What is said.
    public var content: Content

    public init(_ role: Role, _ content: Content) {
      self.role = role
      self.content = content
    }

    /// A text of the user's.
    public static func user(_ text: String) -> Message { Message(.user, .text(text)) }
    /// A text of the model's.
    public static func assistant(_ text: String) -> Message { Message(.assistant, .text(text)) }
  }

  public var description: String?
  /// The conversation that the prompt becomes.
  public var messages: [Message]
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject?

  public init(_ messages: [Message], description: String? = nil, meta: JSONObject? = nil) {
    self.messages = messages
    self.description = description
    self.meta = meta
  }
}
