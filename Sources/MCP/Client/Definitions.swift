public import JSON

/// A tool as its server describes it. What it says is a claim of the server's, and as trustworthy as that.
public struct ToolDefinition: Sendable {
  public let name: String
  public let title: String?
  public let description: String?
  /// The whole definition, members that this type does not know included.
  public let raw: RawJSON

  init?(_ raw: RawJSON) {
    guard let name = raw["name"]?.string else { return nil }
    self.name = name
    self.raw = raw
    title = raw["title"]?.string
    description = raw["description"]?.string
  }

  /// JSON Schema of the arguments, as the server gave it.
  public var inputSchema: JSONValue { raw["inputSchema"].map { JSONValue($0) } ?? ["type": "object"] }
  /// JSON Schema of the structured content.
  public var outputSchema: JSONValue? { raw["outputSchema"].map { JSONValue($0) } }
  public var annotations: ToolAnnotations {
    let hints = raw["annotations"]
    return ToolAnnotations(
      readOnly: hints?["readOnlyHint"]?.bool, destructive: hints?["destructiveHint"]?.bool, idempotent: hints?["idempotentHint"]?.bool,
      openWorld: hints?["openWorldHint"]?.bool)
  }
  public var icons: [JSONValue] { raw.icons }
  public var meta: JSONObject? { raw.metaObject }
}

/// A resource as its server describes it.
public struct ResourceDefinition: Sendable {
  public let link: ResourceLink
  public let raw: RawJSON

  init?(_ raw: RawJSON) {
    guard let uri = raw["uri"]?.string else { return nil }
    self.raw = raw
    link = ResourceLink(
      uri: uri, name: raw["name"]?.string ?? uri, title: raw["title"]?.string, description: raw["description"]?.string,
      mimeType: raw["mimeType"]?.string, size: raw["size"]?.int)
  }

  public var uri: String { link.uri }
  public var name: String { link.name }
  public var annotations: Annotations? { raw["annotations"].map { Annotations(JSONValue($0)) } }
  public var icons: [JSONValue] { raw.icons }
  public var meta: JSONObject? { raw.metaObject }
}

/// A resource template as its server describes it.
public struct ResourceTemplateDefinition: Sendable {
  public let uriTemplate: String
  public let name: String
  public let title: String?
  public let description: String?
  public let mimeType: String?
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

  public var annotations: Annotations? { raw["annotations"].map { Annotations(JSONValue($0)) } }
  public var icons: [JSONValue] { raw.icons }
  public var meta: JSONObject? { raw.metaObject }
}

/// A prompt as its server describes it.
public struct PromptDefinition: Sendable {
  public let name: String
  public let title: String?
  public let description: String?
  public let arguments: [Prompt.Argument]
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

  public var icons: [JSONValue] { raw.icons }
  public var meta: JSONObject? { raw.metaObject }
}

extension RawJSON {
  fileprivate var icons: [JSONValue] { self["icons"]?.elements.map { JSONValue($0) } ?? [] }
  var metaObject: JSONObject? { self["_meta"].flatMap { JSONValue($0).object } }
}
