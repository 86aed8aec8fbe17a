public import JSON

/// What a piece of content says of its use (2026-07-28, server/resources, "Annotations").
public struct Annotations: Sendable, Hashable {
  /// For whom content is.
  public enum Audience: String, Sendable { case user, assistant }

  /// For whom it is; empty for anybody.
  public var audience: [Audience]
  /// From 0 (optional) to 1 (required).
  public var priority: Double?
  /// ISO 8601.
  public var lastModified: String?

  public init(audience: [Audience] = [], priority: Double? = nil, lastModified: String? = nil) {
    self.audience = audience
    self.priority = priority
    self.lastModified = lastModified
  }

  var json: JSONValue {
    var object = JSONObject()
    if !audience.isEmpty { object["audience"] = .array(audience.map { .string($0.rawValue) }) }
    if let priority { object["priority"] = JSONNumber(priority).map { .number($0) } }
    if let lastModified { object["lastModified"] = .string(lastModified) }
    return .object(object)
  }
}

/// One block of a tool result or prompt message (`ContentBlock`).
public struct Content: Sendable, Hashable {
  /// What a block holds.
  public enum Kind: Sendable, Hashable {
    case text(String)
    case image([UInt8], mimeType: String)
    case audio([UInt8], mimeType: String)
    /// A resource that the client may read.
    case link(ResourceLink)
    /// A resource inside the message.
    case resource(ResourceContents)
  }

  /// What the block holds.
  public var kind: Kind
  /// For whom it is and how much it matters.
  public var annotations: Annotations?
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject?

  public init(_ kind: Kind, annotations: Annotations? = nil, meta: JSONObject? = nil) {
    self.kind = kind
    self.annotations = annotations
    self.meta = meta
  }

  /// A text.
  public static func text(_ text: String) -> Content { Content(.text(text)) }
  /// An image.
  public static func image(_ bytes: [UInt8], mimeType: String) -> Content { Content(.image(bytes, mimeType: mimeType)) }
  /// A sound.
  public static func audio(_ bytes: [UInt8], mimeType: String) -> Content { Content(.audio(bytes, mimeType: mimeType)) }
  /// A resource that the client may read.
  public static func link(_ link: ResourceLink) -> Content { Content(.link(link)) }
  /// A resource inside the message.
  public static func resource(_ contents: ResourceContents) -> Content { Content(.resource(contents)) }

  /// The block for a client of `version`: what its revision does not know is said in words that it knows.
  func json(for version: ProtocolVersion) -> JSONValue {
    switch kind {
    case .audio(let bytes, let mimeType) where version < .v2025_03_26:
      return Content(.resource(.blob(bytes, mimeType: mimeType, uri: "data:\(mimeType)")), annotations: annotations, meta: meta).json
    case .link(let link) where version < .v2025_06_18:
      return Content(.text("\(link.title ?? link.name): \(link.uri)"), annotations: annotations, meta: meta).json
    default: return json
    }
  }

  /// The JSON of it, as it goes on the wire.
  public var json: JSONValue {
    var object: JSONObject
    switch kind {
    case .text(let text): object = ["type": "text", "text": .string(text)]
    case .image(let bytes, let mimeType):
      object = ["type": "image", "data": .string(Base64.encode(bytes)), "mimeType": .string(mimeType)]
    case .audio(let bytes, let mimeType):
      object = ["type": "audio", "data": .string(Base64.encode(bytes)), "mimeType": .string(mimeType)]
    case .link(let link):
      object = ["type": "resource_link"]
      for (name, value) in link.members { object[name] = value }
    case .resource(let contents): object = ["type": "resource", "resource": contents.json(uri: nil)]
    }
    if let annotations { object["annotations"] = annotations.json }
    if let meta { object["_meta"] = .object(meta) }
    return .object(object)
  }
}

/// What is known of a resource without reading it.
public struct ResourceLink: Sendable, Hashable {
  /// The URI.
  public var uri: String
  /// What it is called, for programs.
  public var name: String
  /// What it is called, for people.
  public var title: String?
  public var description: String?
  /// The media type, if known.
  public var mimeType: String?
  /// In bytes, before any encoding.
  public var size: Int?
  /// Pictures of it, for people to see.
  public var icons: [Icon]

  public init(
    uri: String, name: String, title: String? = nil, description: String? = nil, mimeType: String? = nil, size: Int? = nil,
    icons: [Icon] = []
  ) {
    self.uri = uri
    self.name = name
    self.title = title
    self.description = description
    self.mimeType = mimeType
    self.size = size
    self.icons = icons
  }

  var members: JSONObject {
    var object: JSONObject = ["uri": .string(uri), "name": .string(name)]
    if let title { object["title"] = .string(title) }
    if let description { object["description"] = .string(description) }
    if let mimeType { object["mimeType"] = .string(mimeType) }
    if let size { object["size"] = .int(size) }
    if !icons.isEmpty { object["icons"] = .array(icons.map(\.json)) }
    return object
  }
}

/// What a resource holds: `TextResourceContents` or `BlobResourceContents`.
public struct ResourceContents: Sendable, Hashable {
  /// Text, or bytes.
  public enum Body: Sendable, Hashable {
    case text(String)
    case blob([UInt8])
  }

  /// Nil stands for the URI that was asked for.
  public var uri: String?
  /// The media type, if known.
  public var mimeType: String?
  public var body: Body
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject?

  public init(uri: String? = nil, mimeType: String? = nil, _ body: Body, meta: JSONObject? = nil) {
    self.uri = uri
    self.mimeType = mimeType
    self.body = body
    self.meta = meta
  }

  /// Contents that are text.
  public static func text(_ text: String, mimeType: String? = nil, uri: String? = nil) -> ResourceContents {
    ResourceContents(uri: uri, mimeType: mimeType, .text(text))
  }

  /// Contents that are bytes.
  public static func blob(_ bytes: [UInt8], mimeType: String? = nil, uri: String? = nil) -> ResourceContents {
    ResourceContents(uri: uri, mimeType: mimeType, .blob(bytes))
  }

  func json(uri requested: String?, mimeType listed: String? = nil) -> JSONValue {
    var object: JSONObject = ["uri": .string(uri ?? requested ?? "")]
    if let mimeType = mimeType ?? listed { object["mimeType"] = .string(mimeType) }
    switch body {
    case .text(let text): object["text"] = .string(text)
    case .blob(let bytes): object["blob"] = .string(Base64.encode(bytes))
    }
    if let meta { object["_meta"] = .object(meta) }
    return .object(object)
  }
}
