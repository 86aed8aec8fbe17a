internal import JSON
internal import MCP

/// URIs of views of MCP Apps (`ui://`), under which a host shows the results of tools.
///
/// Other resources keep their URIs. A view is code that a host runs beside the data of a tool, so the view that a tool names must be
/// its own upstream's, whatever others call theirs: the upstream's name is put before what follows the scheme, as with tools.
enum ViewURI {
  private static let scheme = "ui://"

  /// The URI as clients know it; of other schemes, the URI itself.
  static func published(_ uri: String, of upstream: String) -> String {
    guard uri.hasPrefix(scheme) else { return uri }
    return scheme + upstream + ToolEntry.separator + uri.dropFirst(scheme.utf8.count)
  }

  /// The URI as its upstream knows it.
  static func original(_ uri: String, of upstream: String) -> String {
    let prefix = scheme + upstream + ToolEntry.separator
    return uri.hasPrefix(prefix) ? scheme + uri.dropFirst(prefix.utf8.count) : uri
  }

  /// The view that a tool's `_meta` names, as its upstream knows it; nil for tools without one.
  static func named(by meta: RawJSON?) -> String? {
    guard let uri = (meta?["ui"]?["resourceUri"] ?? meta?["ui/resourceUri"])?.string, uri.hasPrefix(scheme), uri.utf8.count <= 1024 else { return nil }
    return uri
  }

  /// A member of a tool's `_meta` with the URI of its view as clients know it.
  static func published(member name: RawJSON, _ value: RawJSON, of upstream: String) -> JSONValue? {
    if name.equals("ui/resourceUri") { return value.string.map { .string(published($0, of: upstream)) } }
    guard name.equals("ui"), let uri = value["resourceUri"]?.string else { return nil }
    var ui = JSONValue(value)
    ui["resourceUri"] = .string(published(uri, of: upstream))
    return ui
  }

  /// A result of `resources/read` with the URIs of its contents as clients know them.
  static func published(contentsOf result: RawJSON, of upstream: String) -> RawJSON {
    var changed = JSONValue(result)
    guard let contents = changed["contents"]?.array else { return result }
    changed["contents"] = .array(
      contents.map { content in
        guard let uri = content["uri"]?.string else { return content }
        var content = content
        content["uri"] = .string(published(uri, of: upstream))
        return content
      })
    return changed.raw
  }
}

extension ServerChange {
  /// The change as clients know what it is about.
  func published(by upstream: String) -> ServerChange {
    guard case .resourceUpdated(let uri) = self else { return self }
    return .resourceUpdated(uri: ViewURI.published(uri, of: upstream))
  }
}
