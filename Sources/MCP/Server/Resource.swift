public import JSON

/// Data with a fixed URI (2026-07-28, server/resources).
public struct Resource: Sendable {
  public var link: ResourceLink
  public var annotations: Annotations?
  public var icons: [JSONValue]
  public var meta: JSONObject?
  public let read: @Sendable (ResourceRead) async throws -> ReadResult

  public init(
    uri: String, name: String, title: String? = nil, description: String? = nil, mimeType: String? = nil, size: Int? = nil,
    annotations: Annotations? = nil, icons: [JSONValue] = [], meta: JSONObject? = nil,
    read: @escaping @Sendable (ResourceRead) async throws -> ReadResult
  ) {
    link = ResourceLink(uri: uri, name: name, title: title, description: description, mimeType: mimeType, size: size)
    self.annotations = annotations
    self.icons = icons
    self.meta = meta
    self.read = read
  }

  var definition: JSONValue {
    var object = link.members
    if let annotations { object["annotations"] = annotations.json }
    if !icons.isEmpty { object["icons"] = .array(icons) }
    if let meta { object["_meta"] = .object(meta) }
    return .object(object)
  }
}

/// Data whose URIs follow a template (RFC 6570).
public struct ResourceTemplate: Sendable {
  public let uriTemplate: URITemplate
  public var name: String
  public var title: String?
  public var description: String?
  public var mimeType: String?
  public var annotations: Annotations?
  public var icons: [JSONValue]
  public var meta: JSONObject?
  public let read: @Sendable (ResourceRead) async throws -> ReadResult

  /// - Throws: ``URITemplate/ParseError`` when `uriTemplate` is none.
  public init(
    uriTemplate: String, name: String, title: String? = nil, description: String? = nil, mimeType: String? = nil,
    annotations: Annotations? = nil, icons: [JSONValue] = [], meta: JSONObject? = nil,
    read: @escaping @Sendable (ResourceRead) async throws -> ReadResult
  ) throws(URITemplate.ParseError) {
    self.init(
      uriTemplate: try URITemplate(uriTemplate), name: name, title: title, description: description, mimeType: mimeType,
      annotations: annotations, icons: icons, meta: meta, read: read)
  }

  public init(
    uriTemplate: URITemplate, name: String, title: String? = nil, description: String? = nil, mimeType: String? = nil,
    annotations: Annotations? = nil, icons: [JSONValue] = [], meta: JSONObject? = nil,
    read: @escaping @Sendable (ResourceRead) async throws -> ReadResult
  ) {
    self.uriTemplate = uriTemplate
    self.name = name
    self.title = title
    self.description = description
    self.mimeType = mimeType
    self.annotations = annotations
    self.icons = icons
    self.meta = meta
    self.read = read
  }

  var definition: JSONValue {
    var object: JSONObject = ["uriTemplate": .string(uriTemplate.text), "name": .string(name)]
    if let title { object["title"] = .string(title) }
    if let description { object["description"] = .string(description) }
    if let mimeType { object["mimeType"] = .string(mimeType) }
    if let annotations { object["annotations"] = annotations.json }
    if !icons.isEmpty { object["icons"] = .array(icons) }
    if let meta { object["_meta"] = .object(meta) }
    return .object(object)
  }
}

/// One `resources/read`.
public struct ResourceRead: ServerRequest {
  public let uri: String
  /// What the URI has in place of the template's variables, percent-decoded. It comes from outside: `../` and the like included.
  public let variables: URITemplate.Variables
  public let envelope: Envelope
  public let context: RequestContext
  public let interaction: Interaction

  /// The value of a variable of the template.
  public subscript(_ variable: String) -> String? { variables[variable] }

  /// What to throw when there is no such resource.
  public var notFound: RPCError { .resourceNotFound(uri, context.era) }
}

/// What a read answers (`ReadResourceResult`).
public struct ReadResult: Sendable, Hashable {
  public var contents: [ResourceContents]
  /// Nil leaves it to the server's setting.
  public var cache: CacheHint?
  public var meta: JSONObject?

  public init(_ contents: [ResourceContents], cache: CacheHint? = nil, meta: JSONObject? = nil) {
    self.contents = contents
    self.cache = cache
    self.meta = meta
  }

  public static func text(_ text: String, mimeType: String? = nil) -> ReadResult {
    ReadResult([.text(text, mimeType: mimeType)])
  }

  public static func blob(_ bytes: [UInt8], mimeType: String? = nil) -> ReadResult {
    ReadResult([.blob(bytes, mimeType: mimeType)])
  }
}

extension RPCError {
  /// `-32602` for modern clients, `-32002` for legacy ones; `data.uri` in both.
  public static func resourceNotFound(_ uri: String, _ era: Era) -> RPCError {
    RPCError(era == .modern ? .invalidParams : .resourceNotFound, "Resource not found", data: ["uri": .string(uri)])
  }
}
