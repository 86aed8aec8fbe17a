internal import JSON

/// A view of MCP Apps: an HTML page that hosts show in a sandbox, served as a resource.
///
/// The page is a template: the host hands it the arguments and results of the tools that name it. It gets to the server only through
/// the host.
public struct UIResource: ServerFeature {
  /// `ui://` and what follows.
  public let uri: String
  /// What the view is called, for programs.
  public var name: String
  /// What it is called, for people.
  public var title: String?
  /// What it shows, for models and people.
  public var description: String?
  /// What the view needs of its host.
  public var metadata: UIResourceMetadata
  private let html: @Sendable (ResourceRead) async throws -> String

  /// - Parameters:
  ///   - path: what follows `ui://`, such as `weather/dashboard`; may have it already.
  ///   - html: gives an HTML5 document.
  public init(
    _ path: String, name: String, title: String? = nil, description: String? = nil, metadata: UIResourceMetadata = UIResourceMetadata(),
    html: @escaping @Sendable (ResourceRead) async throws -> String
  ) {
    uri = path.hasPrefix(UIExtension.scheme) ? path : UIExtension.scheme + path
    self.name = name
    self.title = title
    self.description = description
    self.metadata = metadata
    self.html = html
  }

  /// Adds the view to a server, or replaces the resource of its URI.
  public func add(to server: Server) { server.add(resource) }

  var resource: Resource {
    let ui = metadata.json
    let meta: JSONObject? = ui.object?.isEmpty == false ? ["ui": ui] : nil
    let html = html
    return Resource(uri: uri, name: name, title: title, description: description, mimeType: UIExtension.mimeType, meta: meta) { read in
      // Hosts go by what comes with the contents.
      ReadResult([ResourceContents(mimeType: UIExtension.mimeType, .text(try await html(read)), meta: meta)])
    }
  }
}
