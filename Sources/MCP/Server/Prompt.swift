public import JSON

/// A message template that users may pick (2026-07-28, server/prompts).
public struct Prompt: Sendable {
  public struct Argument: Sendable, Hashable {
    public var name: String
    public var title: String?
    public var description: String?
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

  public var name: String
  public var title: String?
  public var description: String?
  public var arguments: [Argument]
  public var icons: [JSONValue]
  public var meta: JSONObject?
  public let get: @Sendable (PromptGet) async throws -> PromptResult

  public init(
    name: String, title: String? = nil, description: String? = nil, arguments: [Argument] = [], icons: [JSONValue] = [],
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
    if !icons.isEmpty { object["icons"] = .array(icons) }
    if let meta { object["_meta"] = .object(meta) }
    return .object(object)
  }
}

/// One `prompts/get`, the required arguments present.
public struct PromptGet: ServerRequest {
  public let name: String
  public let arguments: [String: String]
  public let envelope: Envelope
  public let context: RequestContext
  public let interaction: Interaction

  public subscript(_ argument: String) -> String? { arguments[argument] }
}

/// What a prompt becomes (`GetPromptResult`).
public struct PromptResult: Sendable, Hashable {
  public struct Message: Sendable, Hashable {
    public enum Role: String, Sendable { case user, assistant }

    public var role: Role
    public var content: Content

    public init(_ role: Role, _ content: Content) {
      self.role = role
      self.content = content
    }

    public static func user(_ text: String) -> Message { Message(.user, .text(text)) }
    public static func assistant(_ text: String) -> Message { Message(.assistant, .text(text)) }
  }

  public var description: String?
  public var messages: [Message]
  public var meta: JSONObject?

  public init(_ messages: [Message], description: String? = nil, meta: JSONObject? = nil) {
    self.messages = messages
    self.description = description
    self.meta = meta
  }
}
