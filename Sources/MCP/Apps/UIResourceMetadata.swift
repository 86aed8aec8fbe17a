public import JSON

/// What a view needs and wishes for (`_meta.ui` of a resource and of its contents). Without anything it may load nothing from elsewhere.
public struct UIResourceMetadata: Sendable, Hashable {
  /// A capability of browsers that a sandbox withholds.
  public enum Permission: String, Sendable, CaseIterable {
    case camera, microphone, geolocation, clipboardWrite

    /// The feature of the Permissions Policy.
    var feature: String { self == .clipboardWrite ? "clipboard-write" : rawValue }
  }

  /// Where a view may load from. The values are origins such as `https://api.example.com`, `wss://...` or `https://*.example.com`.
  public struct ContentSecurityPolicy: Sendable, Hashable {
    /// For requests of scripts.
    public var connect: [String]
    /// For scripts, styles, images, fonts and media.
    public var resources: [String]
    /// For frames inside the view.
    public var frames: [String]
    /// For the base URI of the document.
    public var baseURIs: [String]

    public init(connect: [String] = [], resources: [String] = [], frames: [String] = [], baseURIs: [String] = []) {
      self.connect = connect
      self.resources = resources
      self.frames = frames
      self.baseURIs = baseURIs
    }
  }

  /// The origins that the view may use; nil for none.
  public var csp: ContentSecurityPolicy?
  /// What of the browser the view asks to use.
  public var permissions: Set<Permission>
  /// An origin of its own for the view, in the form that the host documents.
  public var domain: String?
  /// Whether the host should draw a border; nil leaves it to the host.
  public var prefersBorder: Bool?

  public init(csp: ContentSecurityPolicy? = nil, permissions: Set<Permission> = [], domain: String? = nil, prefersBorder: Bool? = nil) {
    self.csp = csp
    self.permissions = permissions
    self.domain = domain
    self.prefersBorder = prefersBorder
  }

  /// Reads `_meta`. What cannot be read is left out, which gives the view less.
  ///
  /// - Returns: nil where it says nothing of MCP Apps.
  public init?(meta: JSONObject?) {
    guard let ui = meta?["ui"], ui.object != nil else { return nil }
    csp = ui["csp"].map { csp in
      func domains(_ name: String) -> [String] { csp[name]?.array?.compactMap(\.string) ?? [] }
      return ContentSecurityPolicy(
        connect: domains("connectDomains"), resources: domains("resourceDomains"), frames: domains("frameDomains"), baseURIs: domains("baseUriDomains"))
    }
    permissions = Set(Permission.allCases.filter { ui["permissions"]?[$0.rawValue]?.object != nil })
    domain = ui["domain"]?.string
    prefersBorder = ui["prefersBorder"]?.bool
  }

  /// `_meta.ui`.
  public var json: JSONValue {
    var object = JSONObject()
    if let csp {
      var domains = JSONObject()
      for (name, values) in [
        ("connectDomains", csp.connect), ("resourceDomains", csp.resources), ("frameDomains", csp.frames), ("baseUriDomains", csp.baseURIs),
      ] where !values.isEmpty {
        domains[name] = .array(values.map { .string($0) })
      }
      object["csp"] = .object(domains)
    }
    if !permissions.isEmpty {
      var wanted = JSONObject()
      for permission in Permission.allCases where permissions.contains(permission) { wanted[permission.rawValue] = [:] }
      object["permissions"] = .object(wanted)
    }
    if let domain { object["domain"] = .string(domain) }
    if let prefersBorder { object["prefersBorder"] = .bool(prefersBorder) }
    return .object(object)
  }

  // MARK: For hosts

  /// The `Content-Security-Policy` under which a host must show the view: nothing that was not declared is allowed. Values that are no
  /// origin are left out, so that none can add a directive of its own.
  public var contentSecurityPolicy: String {
    guard let csp else {
      return "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        + "media-src 'self' data:; connect-src 'none'"
    }
    func sources(_ own: String, _ origins: [String]) -> String {
      ([own] + origins.filter(Self.isOrigin)).filter { !$0.isEmpty }.joined(separator: " ")
    }
    func others(_ none: String, _ origins: [String]) -> String { sources(origins.contains(where: Self.isOrigin) ? "" : none, origins) }
    return [
      "default-src 'none'", "script-src \(sources("'self' 'unsafe-inline'", csp.resources))", "style-src \(sources("'self' 'unsafe-inline'", csp.resources))",
      "connect-src \(sources("'self'", csp.connect))", "img-src \(sources("'self' data:", csp.resources))", "font-src \(sources("'self'", csp.resources))",
      "media-src \(sources("'self' data:", csp.resources))", "frame-src \(others("'none'", csp.frames))", "object-src 'none'",
      "base-uri \(others("'self'", csp.baseURIs))",
    ].joined(separator: "; ")
  }

  /// The `allow` attribute of the frame, for a host that grants all that the view asks for.
  public var allowAttribute: String {
    Permission.allCases.filter { permissions.contains($0) }.map(\.feature).joined(separator: "; ")
  }

  /// `scheme://host[:port]` of a web scheme, the host possibly with a wildcard for its first label.
  static func isOrigin(_ text: String) -> Bool {
    for scheme in ["https://", "http://", "wss://", "ws://"] where text.hasPrefix(scheme) {
      var host = text.dropFirst(scheme.utf8.count)
      if host.hasPrefix("*.") { host = host.dropFirst(2) }
      let parts = host.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let isHost = parts.first.map { !$0.isEmpty && $0.utf8.count <= 253 && $0.utf8.allSatisfy(isHostCharacter) } ?? false
      let isPort = parts.count < 2 || (!parts[1].isEmpty && parts[1].utf8.count <= 5 && parts[1].utf8.allSatisfy { (0x30...0x39).contains($0) })
      return isHost && isPort
    }
    return false
  }

  private static func isHostCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
    }
  }
}
