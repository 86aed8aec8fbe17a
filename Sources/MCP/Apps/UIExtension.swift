internal import JSON

/// MCP Apps (extension `io.modelcontextprotocol/ui`, 2026-01-26): servers offer HTML views under `ui://`, tools name the view that shows
/// their results, and hosts that can show it do so in a sandbox. Hosts that cannot use the same tools by their text.
public enum UIExtension {
  public static let identifier = "io.modelcontextprotocol/ui"
  /// The one kind of view that the extension defines.
  public static let mimeType = "text/html;profile=mcp-app"
  static let scheme = "ui://"

  /// Whether a media type is ``mimeType``, in any case and with spaces around its parameter.
  static func isView(_ mimeType: String?) -> Bool {
    mimeType.map { $0.filter { $0 != " " }.lowercased() == Self.mimeType } ?? false
  }

  /// `ClientCapabilities.extensions[identifier]` of a host that shows views.
  static var clientSettings: JSONValue { ["mimeTypes": [.string(mimeType)]] }
}

extension ClientDescription {
  /// Whether the client declared that it shows views of MCP Apps.
  public var showsUI: Bool {
    let types = capabilities["extensions"]?[UIExtension.identifier]?["mimeTypes"]?.elements.compactMap(\.string) ?? []
    return types.contains { UIExtension.isView($0) }
  }
}

extension IncomingRequest {
  /// Whether the client shows views of MCP Apps. What a tool answers must be of use without one in any case.
  public var clientShowsUI: Bool { context.client.showsUI }
}
