public import JSON

/// A tool as its server describes it. What it says is a claim of the server's, and as trustworthy as that.
public struct ToolDefinition: Sendable {
  /// What it is called, for programs.
  public let name: String
  /// What it is called, for people; the title among the annotations where the tool has no other.
  public let title: String?
  public let description: String?
  /// The whole definition, members that this type does not know included.
  public let raw: RawJSON

  init?(_ raw: RawJSON) {
    guard let name = raw["name"]?.string else { return nil }
    self.name = name
    self.raw = raw
    title = raw["title"]?.string ?? raw["annotations"]?["title"]?.string
    description = raw["description"]?.string
  }

  /// JSON Schema of the arguments, as the server gave it.
  public var inputSchema: JSONValue { raw["inputSchema"].map { JSONValue($0) } ?? ["type": "object"] }
  /// JSON Schema of the structured content.
  public var outputSchema: JSONValue? { raw["outputSchema"].map { JSONValue($0) } }
  /// Hints on what the tool does, as the server claims.
  public var annotations: ToolAnnotations {
    let hints = raw["annotations"]
    return ToolAnnotations(
      title: hints?["title"]?.string, readOnly: hints?["readOnlyHint"]?.bool, destructive: hints?["destructiveHint"]?.bool,
      idempotent: hints?["idempotentHint"]?.bool, openWorld: hints?["openWorldHint"]?.bool)
  }
  /// Pictures of it, for people to see; what of them can be read.
  public var icons: [Icon] { raw.icons }
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject? { raw.metaObject }
}

/// A resource as its server describes it.
public struct ResourceDefinition: Sendable {
  /// What the server says of it.
  public let link: ResourceLink
  /// The whole object as it came, members that are not known here included.
  public let raw: RawJSON

  init?(_ raw: RawJSON) {
    guard let uri = raw["uri"]?.string else { return nil }
    self.raw = raw
    link = ResourceLink(
      uri: uri, name: raw["name"]?.string ?? uri, title: raw["title"]?.string, description: raw["description"]?.string,
      mimeType: raw["mimeType"]?.string, size: raw["size"]?.int, icons: raw.icons)
  }

  /// The URI.
  public var uri: String { link.uri }
  /// What it is called, for programs.
  public var name: String { link.name }
  /// For whom it is and how much it matters.
  public var annotations: Annotations? { raw["annotations"].map { Annotations(JSONValue($0)) } }
  /// Pictures of it, for people to see; what of them can be read.
  public var icons: [Icon] { raw.icons }
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject? { raw.metaObject }
}

/// A resource template as its server describes it.
public struct ResourceTemplateDefinition: Sendable {
  /// The template (RFC 6570).
  public let uriTemplate: String
  /// What it is called, for programs.
  public let name: String
  /// What it is called, for people.
  public let title: String?
  public let description: String?
  /// The media type, if known.
  public let mimeType: String?
  /// The whole object as it came, members that are not known here included.
  public let raw: RawJSON

  init?(_ raw: RawJSON) {
    guard let template = raw["uriTemplate"]?.string else { return nil }
    self.raw = raw
    uriTemplate = template
    name = raw["name"]?.string ?? template
    title = raw["title"]?.string
    description = raw["description"]?.string
    mimeType = raw["mimeType"]?.string
  }

  /// For whom it is and how much it matters.
  public var annotations: Annotations? { raw["annotations"].map { Annotations(JSONValue($0)) } }
  /// Pictures of it, for people to see; what of them can be read.
  public var icons: [Icon] { raw.icons }
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject? { raw.metaObject }
}

/// A prompt as its server describes it.
public struct PromptDefinition: Sendable {
  /// What it is called, for programs.
  public let name: String
  /// What it is called, for people.
  public let title: String?
  public let description: String?
  /// What the prompt can be asked with.
  public let arguments: [Prompt.Argument]
  /// The whole object as it came, members that are not known here included.
  public let raw: RawJSON

  init?(_ raw: RawJSON) {
    guard let name = raw["name"]?.string else { return nil }
    self.raw = raw
    self.name = name
    title = raw["title"]?.string
    description = raw["description"]?.string
    arguments =
      raw["arguments"]?.elements.compactMap { argument in
        argument["name"]?.string.map {
          Prompt.Argument(
            $0, title: argument["title"]?.string, description: argument["description"]?.string, required: argument["required"]?.bool ?? false)
        }
      } ?? []
  }

  /// Pictures of it, for people to see; what of them can be read.
  public var icons: [Icon] { raw.icons }
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject? { raw.metaObject }
}

extension RawJSON {
  fileprivate var icons: [Icon] { Icon.list(self["icons"].map { JSONValue($0) }) }
  var metaObject: JSONObject? { self["_meta"].flatMap { JSONValue($0).object } }
}
