public import JSON

/// How a tool takes part in MCP Apps (`_meta.ui` of its definition).
public struct UIToolMetadata: Sendable, Hashable {
  /// Who may call a tool.
  public enum Visibility: String, Sendable, CaseIterable {
    /// The model, and so whoever picks tools for it.
    case model
    /// Views of the same server.
    case app
  }

  /// The view that shows the tool's results, a `ui://` URI of the same server; nil for tools that only views call.
  public var resourceURI: String?
  /// Who may call the tool: the model, the view, or both.
  public var visibility: Set<Visibility>

  public init(resourceURI: String? = nil, visibility: Set<Visibility> = [.model, .app]) {
    self.resourceURI = resourceURI
    self.visibility = visibility
  }

  /// Reads `_meta`, in the older flat form of the URI as well. A URI of another scheme counts as none; a visibility that cannot be read
  /// lets nobody in.
  ///
  /// - Returns: nil where it says nothing of MCP Apps.
  public init?(meta: JSONObject?) {
    let ui = meta?["ui"]
    guard let uri = ui?["resourceUri"] ?? meta?["ui/resourceUri"] ?? (ui?.object == nil ? nil : .some(.null)) else { return nil }
    resourceURI = uri.string.flatMap { $0.hasPrefix(UIExtension.scheme) ? $0 : nil }
    guard let visibility = ui?["visibility"] else {
      self.visibility = [.model, .app]
      return
    }
    self.visibility = Set((visibility.array ?? []).compactMap { $0.string.flatMap { Visibility(rawValue: $0) } })
  }

  /// `_meta.ui`.
  public var json: JSONValue {
    var object = JSONObject()
    if let resourceURI { object["resourceUri"] = .string(resourceURI) }
    if visibility != [.model, .app] {
      object["visibility"] = .array(Visibility.allCases.filter { visibility.contains($0) }.map { .string($0.rawValue) })
    }
    return .object(object)
  }
}

extension Tool {
  /// How the tool takes part in MCP Apps, as ``meta`` says.
  public var ui: UIToolMetadata? {
    get { UIToolMetadata(meta: meta) }
    set {
      var all = meta ?? JSONObject()
      all["ui"] = newValue?.json
      meta = all.isEmpty ? nil : all
    }
  }

  /// The tool with a view for its results.
  ///
  /// ```swift
  /// let dashboard = UIResource("weather/dashboard", name: "Weather") { _ in page }
  /// server.add(dashboard)
  /// server.add(Tool(name: "forecast") { ... }.showing(dashboard))
  /// server.add(Tool(name: "refresh") { ... }.showing(dashboard, visibility: [.app]))
  /// ```
  public func showing(_ view: UIResource, visibility: Set<UIToolMetadata.Visibility> = [.model, .app]) -> Tool {
    var tool = self
    tool.ui = UIToolMetadata(resourceURI: view.uri, visibility: visibility)
    return tool
  }
}

extension ToolDefinition {
  /// How the tool takes part in MCP Apps; nil where it does not.
  public var ui: UIToolMetadata? { UIToolMetadata(meta: meta) }

  /// Whether the tool may be shown to, or called by, such a caller. Hosts must not show a model what is for views alone, nor let views
  /// call what is for the model alone.
  public func isVisible(to caller: UIToolMetadata.Visibility) -> Bool { ui?.visibility.contains(caller) ?? true }
}
