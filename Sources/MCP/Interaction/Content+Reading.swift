public import JSON

extension Annotations {
  /// Reads `annotations`; what is of the wrong type counts as absent.
  public init(_ json: JSONValue) {
    self.init(
      audience: json["audience"]?.array?.compactMap { $0.string.flatMap { Audience(rawValue: $0) } } ?? [],
      priority: json["priority"]?.double, lastModified: json["lastModified"]?.string)
  }
}

extension Content {
  /// Reads a `ContentBlock`.
  ///
  /// - Throws: ``RPCError`` `-32602` where it is of an unknown type or lacks what its type has.
  public init(_ json: JSONValue) throws(RPCError) {
    let kind: Kind
    switch json["type"]?.string {
    case "text":
      guard let text = json["text"]?.string else { throw Content.invalid("a text block has \"text\", a string") }
      kind = .text(text)
    case "image":
      let (bytes, mimeType) = try Content.data(json)
      kind = .image(bytes, mimeType: mimeType)
    case "audio":
      let (bytes, mimeType) = try Content.data(json)
      kind = .audio(bytes, mimeType: mimeType)
    case "resource_link":
      guard let uri = json["uri"]?.string, let name = json["name"]?.string else {
        throw Content.invalid("a resource link has \"uri\" and \"name\"")
      }
      kind = .link(
        ResourceLink(
          uri: uri, name: name, title: json["title"]?.string, description: json["description"]?.string,
          mimeType: json["mimeType"]?.string, size: json["size"]?.int, icons: Icon.list(json["icons"])))
    case "resource":
      guard let resource = json["resource"] else { throw Content.invalid("a resource block has \"resource\"") }
      kind = .resource(try ResourceContents(resource))
    case let other: throw Content.invalid("unknown type \(other ?? "(none)")")
    }
    self.init(kind, annotations: json["annotations"].map { Annotations($0) }, meta: json["_meta"]?.object)
  }

  private static func data(_ json: JSONValue) throws(RPCError) -> ([UInt8], String) {
    guard let data = json["data"]?.string.flatMap({ Base64.decode($0) }), let mimeType = json["mimeType"]?.string else {
      throw invalid("an image or audio block has \"data\", Base64, and \"mimeType\"")
    }
    return (data, mimeType)
  }

  private static func invalid(_ reason: String) -> RPCError { RPCError(.invalidParams, "Invalid content: \(reason)") }
}

extension ResourceContents {
  /// Reads `TextResourceContents` or `BlobResourceContents`.
  ///
  /// - Throws: ``RPCError`` `-32602` where it is neither.
  public init(_ json: JSONValue) throws(RPCError) {
    let body: Body
    if let text = json["text"]?.string {
      body = .text(text)
    } else if let blob = json["blob"]?.string.flatMap({ Base64.decode($0) }) {
      body = .blob(blob)
    } else {
      throw RPCError(.invalidParams, "Invalid content: resource contents have \"text\" or \"blob\", Base64")
    }
    self.init(uri: json["uri"]?.string, mimeType: json["mimeType"]?.string, body, meta: json["_meta"]?.object)
  }
}
