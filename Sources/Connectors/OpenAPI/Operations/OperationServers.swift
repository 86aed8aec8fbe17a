internal import ConnectorKit
internal import JSON
internal import MCPHTTP

/// Where operations go that have servers of their own (OpenAPI, "Server Object").
///
/// Origins come from the settings alone: that of the base URL, and those that `servers` gives for origins of the description. An operation of
/// any other origin is nowhere to be sent.
struct OperationServers: Sendable {
  /// What a path of an operation is put behind.
  struct Place: Sendable, Hashable {
    var origin: HTTPOrigin
    /// Without a slash at its end.
    var path: String
  }

  private let base: HTTPOrigin
  /// The description's server for all operations, in whose place the base URL stands.
  private let standard: String
  /// By origins of the description.
  private let named: [HTTPOrigin: HTTPURL]

  /// - Parameter settings: an origin of the description, such as `https://uploads.example.com`, to the URL that is meant.
  init(_ document: OpenAPIDocument, base: HTTPOrigin, _ settings: ConnectorSettings?) throws(ConnectorError) {
    self.base = base
    standard = Self.standard(document)
    var named: [HTTPOrigin: HTTPURL] = [:]
    for (name, _) in settings?.values ?? JSONObject() {
      guard let settings, let origin = HTTPURL(name), origin.path == "/" else {
        throw ConnectorError("servers: expected origins of the description, such as https://uploads.example.com, each with its URL; not \"\(name.prefix(128))\"")
      }
      named[origin.origin] = try settings.url(name, default: "")
    }
    self.named = named
  }

  /// The origins that requests may name besides that of the base URL.
  var origins: Set<HTTPOrigin> { Set(named.values.map(\.origin)) }

  /// The description's first server; empty if there is none.
  static func standard(_ document: OpenAPIDocument) -> String { document.root["servers"]?.array?.first.map(url) ?? "" }

  /// A server's URL, its variables at their defaults.
  private static func url(_ server: JSONValue) -> String {
    var url = server["url"]?.string ?? ""
    for (name, variable) in server["variables"]?.object ?? JSONObject() { url = url.replacing("{\(name)}", with: OpenAPIDocument.text(variable["default"]) ?? "") }
    return url
  }

  /// The place of an operation.
  ///
  /// - Parameter servers: its own or its path's; of several the first that can be reached.
  /// - Returns: nil for the base URL.
  func place(_ servers: JSONValue?) throws(OpenAPIError) -> Place? {
    guard let urls = servers?.array?.map(Self.url), let first = urls.first else { return nil }
    for url in urls {
      if url == standard { return nil }
      if let place = place(url) { return place }
    }
    let origin = HTTPURL(first).map(\.origin.description)
    throw OpenAPIError(
      origin.map { "its server \($0) is not that of base_url. To send it there, name it in the settings: servers: {\"\($0)\": \"\($0)\"}" }
        ?? "its server \"\(first.prefix(128))\" is no URL, and no path from the root of base_url")
  }

  private func place(_ url: String) -> Place? {
    let isPath = url.hasPrefix("/") && !url.hasPrefix("//")
    guard let target = HTTPURL(isPath ? base.description + url : url) else { return nil }
    var place = Place(origin: target.origin, path: target.path)
    if target.origin != base || named[base] != nil {
      guard let meant = named[target.origin] else { return nil }
      place.origin = meant.origin
      if meant.path != "/" { place.path = meant.path }
    }
    place.path = String(place.path.prefix { $0 != "?" })
    while place.path.hasSuffix("/") { place.path.removeLast() }
    guard place.path.utf8.allSatisfy({ $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: "\\") }),
      !place.path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." })
    else { return nil }
    return place
  }
}
