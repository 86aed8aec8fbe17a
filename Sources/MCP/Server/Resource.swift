public import JSON

/// Data with a fixed URI (2026-07-28, server/resources).
public struct Resource: Sendable {
  /// What is known of it without reading it.
  public var link: ResourceLink
  /// For whom it is and how much it matters.
  public var annotations: Annotations?
  /// Pictures of it, for people to see.
  public var icons: [Icon]
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject?
  /// Reads it.
  public let read: @Sendable (ResourceRead) async throws -> ReadResult

  /// A resource that `read` reads.
  ///
  /// - Parameter size: in bytes, before any encoding.
  public init(
    uri: String, name: String, title: String? = nil, description: String? = nil, mimeType: String? = nil, size: Int? = nil,
    annotations: Annotations? = nil, icons: [Icon] = [], meta: JSONObject? = nil,
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
    if !icons.isEmpty { object["icons"] = .array(icons.map(\.json)) }
    if let meta { object["_meta"] = .object(meta) }
    return .object(object)
  }
}

/// Data whose URIs follow a template (RFC 6570).
public struct ResourceTemplate: Sendable {
  /// Which URIs are of this template.
  public let uriTemplate: URITemplate
  /// What it is called, for programs.
  public var name: String
  /// What it is called, for people.
  public var title: String?
  public var description: String?
  /// The media type, if known.
  public var mimeType: String?
  /// For whom it is and how much it matters.
  public var annotations: Annotations?
  /// Pictures of it, for people to see.
  public var icons: [Icon]
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject?
  /// Reads one of the resources.
  public let read: @Sendable (ResourceRead) async throws -> ReadResult

  /// - Throws: ``URITemplate/ParseError`` when `uriTemplate` is none.
  public init(
    uriTemplate: String, name: String, title: String? = nil, description: String? = nil, mimeType: String? = nil,
    annotations: Annotations? = nil, icons: [Icon] = [], meta: JSONObject? = nil,
    read: @escaping @Sendable (ResourceRead) async throws -> ReadResult
  ) throws(URITemplate.ParseError) {
    self.init(
      uriTemplate: try URITemplate(uriTemplate), name: name, title: title, description: description, mimeType: mimeType,
      annotations: annotations, icons: icons, meta: meta, read: read)
  }

  public init(
    uriTemplate: URITemplate, name: String, title: String? = nil, description: String? = nil, mimeType: String? = nil,
    annotations: Annotations? = nil, icons: [Icon] = [], meta: JSONObject? = nil,
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
    if !icons.isEmpty { object["icons"] = .array(icons.map(\.json)) }
    if let meta { object["_meta"] = .object(meta) }
    return .object(object)
  }
}

/// One `resources/read`.
public struct ResourceRead: IncomingRequest {
  /// The URI.
  public let uri: String
  /// What the URI has in place of the template's variables, percent-decoded. It comes from outside: `../` and the like included.
  public let variables: URITemplate.Variables
  /// The request as it came.
  public let envelope: Envelope
  /// Who asks, how, and by which client.
  public let context: RequestContext
  /// What this request asks of its client; see ``IncomingRequest/elicit(_:_:key:)``.
  public let interaction: Interaction

  /// The value of a variable of the template.
  public subscript(_ variable: String) -> String? { variables[variable] }

  /// What to throw when there is no such resource.
  public var notFound: RPCError { .resourceNotFound(uri, context.era) }
}

/// What a read answers (`ReadResourceResult`).
public struct ReadResult: Sendable, Hashable {
  /// What the resource holds; several for a folder, for example.
  public var contents: [ResourceContents]
  /// Nil leaves it to the server's setting.
  public var cache: CacheHint?
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject?

  public init(_ contents: [ResourceContents], cache: CacheHint? = nil, meta: JSONObject? = nil) {
    self.contents = contents
    self.cache = cache
    self.meta = meta
  }

  /// Contents that are one text.
  public static func text(_ text: String, mimeType: String? = nil) -> ReadResult {
    ReadResult([.text(text, mimeType: mimeType)])
  }

  /// Contents that are bytes.
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
