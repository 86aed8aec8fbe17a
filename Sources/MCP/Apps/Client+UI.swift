internal import JSON

/// A view of a server's, ready to be shown in a sandbox under its ``UIResourceMetadata/contentSecurityPolicy``. It comes from the server, and is as
/// trustworthy as that.
public struct UIView: Sendable {
  /// The `ui://` URI that it was read from.
  public let uri: String
  /// An HTML document.
  public let html: String
  /// What the view may load and do, as its server says.
  public let metadata: UIResourceMetadata
}

extension Client {
  /// Reads the view that shows a tool's results.
  ///
  /// - Returns: nil for tools without one.
  /// - Throws: ``ClientError``: `.server` where the server has no such resource, `.wire` with ``WireError/Code/invalidAnswer`` where it is no
  ///   view of MCP Apps.
  public func readUI(of tool: ToolDefinition, options: RequestOptions = RequestOptions()) async throws(ClientError) -> UIView? {
    guard let uri = tool.ui?.resourceURI else { return nil }
    return try await readUI(uri, options: options)
  }

  /// Reads a view by its `ui://` URI.
  public func readUI(_ uri: String, options: RequestOptions = RequestOptions()) async throws(ClientError) -> UIView {
    guard uri.hasPrefix(UIExtension.scheme) else { throw ClientError.input("\(uri.prefix(128)) is no view: the URI of one begins with ui://") }
    let contents = try await readResource(uri, options: options).contents
    guard let content = contents.first(where: { $0.uri == nil || $0.uri == uri }), UIExtension.isView(content.mimeType) else {
      throw invalid("\(uri.prefix(128)) is no view: its contents are not \(UIExtension.mimeType)")
    }
    let html: String
    switch content.body {
    case .text(let text): html = text
    case .blob(let bytes):
      guard let text = String(validating: bytes, as: UTF8.self) else { throw invalid("\(uri.prefix(128)) is no view: it is not UTF-8") }
      html = text
    }
    return UIView(uri: uri, html: html, metadata: UIResourceMetadata(meta: content.meta) ?? UIResourceMetadata())
  }
}
