public import JSON

/// One block of a message to or from a model (`SamplingMessageContentBlock`).
public struct SamplingContent: Sendable, Hashable {
  /// What a block holds.
  public enum Kind: Sendable, Hashable {
    case text(String)
    case image([UInt8], mimeType: String)
    case audio([UInt8], mimeType: String)
    /// The model wants a tool to be called.
    case toolUse(id: String, name: String, input: JSONValue)
    /// What the tool answered; in a user message of nothing else.
    case toolResult(id: String, [Content], structured: JSONValue? = nil, isError: Bool = false)
  }

  /// What the block holds.
  public var kind: Kind
  /// For whom it is and how much it matters; of texts, images and sounds.
  public var annotations: Annotations?
  /// `_meta`: what extensions and applications add. Whoever sends a use of a tool again sends it with this, since caches may go by it.
  public var meta: JSONObject?

  public init(_ kind: Kind, annotations: Annotations? = nil, meta: JSONObject? = nil) {
    self.kind = kind
    self.annotations = annotations
    self.meta = meta
  }

  /// A text.
  public static func text(_ text: String) -> SamplingContent { SamplingContent(.text(text)) }
  /// An image.
  public static func image(_ bytes: [UInt8], mimeType: String) -> SamplingContent { SamplingContent(.image(bytes, mimeType: mimeType)) }
  /// A sound.
  public static func audio(_ bytes: [UInt8], mimeType: String) -> SamplingContent { SamplingContent(.audio(bytes, mimeType: mimeType)) }
  /// The model's wish that a tool be called.
  public static func toolUse(id: String, name: String, input: JSONValue) -> SamplingContent {
    SamplingContent(.toolUse(id: id, name: name, input: input))
  }
  /// What the tool answered to the use of that id.
  public static func toolResult(id: String, _ content: [Content], structured: JSONValue? = nil, isError: Bool = false) -> SamplingContent {
    SamplingContent(.toolResult(id: id, content, structured: structured, isError: isError))
  }

  /// - Throws: ``RPCError`` `-32602` where `json` is of an unknown type or lacks what its type has.
  public init(_ json: JSONValue) throws(RPCError) {
    let kind: Kind
    switch json["type"]?.string {
    case "tool_use":
      guard let id = json["id"]?.string, let name = json["name"]?.string, let input = json["input"], input.object != nil else {
        throw RPCError(.invalidParams, "A tool_use block has \"id\", \"name\" and \"input\", an object")
      }
      kind = .toolUse(id: id, name: name, input: input)
    case "tool_result":
      guard let id = json["toolUseId"]?.string, let content = json["content"]?.array else {
        throw RPCError(.invalidParams, "A tool_result block has \"toolUseId\" and \"content\", an array")
      }
      var blocks: [Content] = []
      for block in content { blocks.append(try Content(block)) }
      kind = .toolResult(id: id, blocks, structured: json["structuredContent"], isError: json["isError"]?.bool ?? false)
    default:
      let content = try Content(json)
      switch content.kind {
      case .text(let text): kind = .text(text)
      case .image(let bytes, let mimeType): kind = .image(bytes, mimeType: mimeType)
      case .audio(let bytes, let mimeType): kind = .audio(bytes, mimeType: mimeType)
      case .link, .resource: throw RPCError(.invalidParams, "A sampling message holds text, images, audio and uses of tools")
      }
      self.init(kind, annotations: content.annotations, meta: content.meta)
      return
    }
    self.init(kind, meta: json["_meta"]?.object)
  }

  /// The JSON of it, as it goes on the wire.
  public var json: JSONValue {
    var json: JSONValue
    switch kind {
    case .text(let text): return Content(.text(text), annotations: annotations, meta: meta).json
    case .image(let bytes, let mimeType): return Content(.image(bytes, mimeType: mimeType), annotations: annotations, meta: meta).json
    case .audio(let bytes, let mimeType): return Content(.audio(bytes, mimeType: mimeType), annotations: annotations, meta: meta).json
    case .toolUse(let id, let name, let input): json = ["type": "tool_use", "id": .string(id), "name": .string(name), "input": input]
    case .toolResult(let id, let content, let structured, let isError):
      json = ["type": "tool_result", "toolUseId": .string(id), "content": .array(content.map(\.json))]
      if let structured { json["structuredContent"] = structured }
      if isError { json["isError"] = true }
    }
    if let meta { json["_meta"] = .object(meta) }
    return json
  }
}
