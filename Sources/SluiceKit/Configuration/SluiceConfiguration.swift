internal import ConnectorKit
public import Gateway
public import JSON
internal import MCP
internal import MCPAuth
internal import MCPHTTP
internal import NIOCore
public import SQLConnector
public import Secrets

/// Everything that `sluice serve` is told by its file. docs/configuration.md explains each key.
public struct SluiceConfiguration: Sendable {
  public var name = "Sluice"
  public var host = "127.0.0.1"
  /// 0 takes any free port.
  public var port = 7300
  /// The directory of the embedded store, the audit log and the keys.
  public var state = "sluice-state"
  /// The URL that clients use, as tokens name it (RFC 8707); derived from `listen` where absent.
  public var resource: String?
  /// Host names by which this server may be addressed; nil for loopback names only.
  public var hosts: [String]?
  public var origins: [String] = []
  /// Event loops; nil for one.
  public var loops: Int?
  public var directory = UserDirectory(admitsUnlistedUsers: false)
  public var issuers: [TrustedIssuer] = []
  /// Cedar text.
  public var policies = ""
  public var upstreams: [UpstreamEntry] = []
  public var limits = LimitsConfiguration(perUser: .init(requestsPerMinute: 600, requestsPerDay: 50_000, inFlight: 32), inFlight: 1024)
  public var bounds = ResultBounds(bytes: 8 << 20, items: 1000, depth: 64)
  public var requestBytes = 4 << 20
  public var maskStyle = MaskStyle.placeholder
  /// The name of the audit log in its checkpoints, like a URL without scheme.
  public var auditOrigin: String?
  /// The user in whose name `sluice stdio` works.
  public var stdioUser: String?

  public init() {}

  /// One upstream and how to reach it.
  public struct UpstreamEntry: Sendable {
    public enum Kind: Sendable {
      case command(String, arguments: [String], environment: [String: SecretReference], directory: String?)
      case http(url: String, headers: [(name: String, value: SecretReference)])
      /// Our SQL connector.
      case database(SQLConfiguration)
      /// The sample company, in an SQLite file.
      case sample(path: String)
      /// One of our connectors to a vendor's system, by its name in ``ConnectorCatalog``.
      case connector(String, settings: JSONObject)
    }
    public var settings: Upstream.Configuration
    public var kind: Kind
  }

  var publicURL: String { resource ?? "http://\(host):\(port)/mcp" }
}

// MARK: Reading

extension SluiceConfiguration {
  /// Reads a file; paths in it are relative to where it is.
  public init(file: String) throws(ConfigurationError) {
    guard let text = FileText.read(file) else {
      throw ConfigurationError("the file cannot be read. `sluice init` writes one.", in: file)
    }
    try self.init(parsing: text, file: file)
  }

  public init(parsing text: String, file: String = "sluice.yaml") throws(ConfigurationError) {
    self.init()
    let directory = FileText.directory(of: file)
    let root = try ConfigurationNode(parsing: text, file: file).members([
      "name", "listen", "state", "resource", "hosts", "origins", "loops", "identity", "policy", "upstreams", "limits", "screening", "audit", "stdio",
    ])
    if let node = root["name"] { name = try node.string() }
    if let node = root["listen"] { (host, port) = try Self.listen(node) }
    state = FileText.resolve(try root["state"]?.string() ?? state, in: directory)
    resource = try root["resource"]?.string()
    hosts = try root["hosts"]?.strings()
    if let node = root["origins"] { origins = try node.strings() }
    loops = try root["loops"]?.int(1...256)
    if let node = root["identity"] { try readIdentity(node, directory) }
    if let node = root["policy"] { policies = try Self.policies(node, directory) }
    if let node = root["upstreams"] {
      for (name, entry) in try node.entries() { upstreams.append(try UpstreamEntry(name, entry, directory)) }
    }
    if let node = root["limits"] { try readLimits(node) }
    if let node = root["screening"] {
      if let mask = try node.members(["mask"])["mask"] {
        switch try mask.string() {
        case "placeholder": maskStyle = .placeholder
        case "partial": maskStyle = .partial
        default: throw mask.error("expected placeholder or partial")
        }
      }
    }
    if let node = root["audit"] { auditOrigin = try node.members(["origin"])["origin"]?.string() }
    if let node = root["stdio"] { stdioUser = try node.members(["user"])["user"]?.string() }
  }

  private static func listen(_ node: ConfigurationNode) throws(ConfigurationError) -> (String, Int) {
    let text = try node.string()
    guard let address = ListenAddress(text) else { throw node.error("expected HOST:PORT, such as 127.0.0.1:7300") }
    return (address.host, address.port)
  }

  private static func policies(_ node: ConfigurationNode, _ directory: String) throws(ConfigurationError) -> String {
    if !node.isMapping {
      var text = ""
      for path in try node.strings() {
        guard let part = FileText.read(FileText.resolve(path, in: directory)) else { throw node.error("the file \(path) cannot be read") }
        text += part + "\n"
      }
      return text
    }
    let members = try node.members(["cedar"])
    return try members["cedar"]?.string() ?? ""
  }

  private mutating func readIdentity(_ node: ConfigurationNode, _ base: String) throws(ConfigurationError) {
    let members = try node.members(["users", "unlisted_users", "jwt"])
    if let node = members["unlisted_users"] { directory.admitsUnlistedUsers = try node.bool() }
    for (user, entry) in try members["users"]?.entries() ?? [] {
      let fields = try entry.members(["groups", "roles", "attributes", "disabled", "kind"])
      var kind: Principal.Kind?
      if let node = fields["kind"] {
        guard let known = Principal.Kind(rawValue: try node.string()) else { throw node.error("expected user or agent") }
        kind = known
      }
      directory.users[user] = UserDirectory.Entry(
        kind: kind, groups: try fields["groups"]?.strings() ?? [], roles: try fields["roles"]?.strings() ?? [],
        attributes: try fields["attributes"]?.json().object ?? [:], isDisabled: try fields["disabled"]?.bool() ?? false)
    }
    if let node = members["jwt"] {
      for issuer in node.isList ? try node.elements() : [node] { issuers.append(try Self.issuer(issuer, publicURL, base)) }
      // Two issuers that name users alike could each speak for the other's.
      guard Set(issuers.map(\.claims.userPrefix)).count == issuers.count else {
        throw node.error("several issuers need a claims.user_prefix each, so that none can name another's users")
      }
    }
  }

  private static func issuer(_ node: ConfigurationNode, _ resource: String, _ directory: String) throws(ConfigurationError) -> TrustedIssuer {
    let fields = try node.members(["issuer", "audience", "jwks", "algorithms", "scopes", "claims"])
    guard let issuer = fields["issuer"], let jwks = try fields["jwks"]?.string() else { throw node.error("an issuer needs issuer and jwks (an https URL or a file)") }
    var algorithms = SignatureAlgorithm.asymmetric
    if let node = fields["algorithms"] {
      algorithms = []
      for name in try node.strings() {
        guard let algorithm = SignatureAlgorithm(rawValue: name) else { throw node.error("unknown algorithm \(name)") }
        algorithms.insert(algorithm)
      }
    }
    var claims = ClaimMapping()
    if let node = fields["claims"] {
      let names = try node.members(["user", "user_prefix", "groups", "roles", "attributes"])
      claims = ClaimMapping(
        user: try names["user"]?.string() ?? claims.user, userPrefix: try names["user_prefix"]?.string() ?? "", groups: try names["groups"]?.string() ?? claims.groups,
        roles: try names["roles"]?.string() ?? claims.roles, attributes: try names["attributes"]?.strings() ?? [])
    }
    let settings = JWTIssuer(
      issuer: try issuer.string(), audiences: try fields["audience"]?.strings() ?? [resource],
      keys: jwks.contains("://") ? .url(jwks) : .file(FileText.resolve(jwks, in: directory)), algorithms: algorithms,
      requiredScopes: try fields["scopes"]?.strings() ?? [])
    return TrustedIssuer(settings, claims: claims)
  }

  private mutating func readLimits(_ node: ConfigurationNode) throws(ConfigurationError) {
    let perUser: Set<String> = ["requests_per_minute", "requests_per_day", "in_flight_per_user"]
    let fields = try node.members(perUser.union(["in_flight", "items", "bytes", "depth", "request_bytes", "roles"]))
    limits.perUser = try Self.userLimits(fields, limits.perUser)
    if let node = fields["in_flight"] { limits.inFlight = try node.int(1...1_000_000) }
    for (role, node) in try fields["roles"]?.entries() ?? [] {
      limits.perRole[role] = try Self.userLimits(node.members(perUser), limits.perUser)
    }
    if let node = fields["items"] { bounds.items = try node.int(1...1_000_000) }
    if let node = fields["bytes"] { bounds.bytes = try node.int(1024...(1 << 30)) }
    if let node = fields["depth"] { bounds.depth = try node.int(4...512) }
    if let node = fields["request_bytes"] { requestBytes = try node.int(1024...(1 << 30)) }
  }

  private static func userLimits(_ fields: [String: ConfigurationNode], _ base: LimitsConfiguration.UserLimits) throws(ConfigurationError)
    -> LimitsConfiguration.UserLimits
  {
    LimitsConfiguration.UserLimits(
      requestsPerMinute: try fields["requests_per_minute"]?.int(1...1_000_000_000) ?? base.requestsPerMinute,
      requestsPerDay: try fields["requests_per_day"]?.int(1...1_000_000_000_000) ?? base.requestsPerDay,
      inFlight: try fields["in_flight_per_user"]?.int(1...1_000_000) ?? base.inFlight)
  }
}

extension SluiceConfiguration.UpstreamEntry {
  init(_ name: String, _ node: ConfigurationNode, _ directory: String) throws(ConfigurationError) {
    guard Self.isName(name) else {
      throw node.error("an upstream's name is made of a-z, 0-9, - and single _, starts with a letter and has at most 32 characters")
    }
    let fields = try node.members(
      Self.databaseKeys.union([
        "command", "args", "env", "cwd", "url", "headers", "sqlite", "sample", "type", "timeout_seconds", "refresh_seconds", "retries", "read_tools", "write_tools",
        "trusted", "may_ask", "pin", "discovery", "postgres", "connector", "settings",
      ]))
    var settings = Upstream.Configuration(name: name)
    if let node = fields["timeout_seconds"] { settings.timeout = .seconds(Int64(try node.int(1...3600))) }
    if let node = fields["refresh_seconds"] { settings.refreshInterval = .seconds(Int64(try node.int(1...86_400))) }
    if let node = fields["retries"] { settings.retries.attempts = try node.int(0...10) }
    settings.readTools = Set(try fields["read_tools"]?.strings() ?? [])
    settings.writeTools = Set(try fields["write_tools"]?.strings() ?? [])

    settings.isTrusted = try fields["trusted"]?.bool() ?? false
    if let node = fields["may_ask"] {
      settings.mayAsk = []
      for name in try node.strings() {
        guard let kind = QuestionKind(rawValue: name) else { throw node.error("expected elicitation, sampling or roots") }
        settings.mayAsk.insert(kind)
      }
    }
    if let node = fields["pin"] {
      guard let pin = Upstream.Pin(rawValue: try node.string()) else { throw node.error("expected warn or refuse") }
      settings.pin = pin
    }
    if let node = fields["discovery"] {
      guard let discovery = Upstream.Discovery(rawValue: try node.string()) else { throw node.error("expected auto, always or never") }
      settings.discovery = discovery
    }
    let isDatabase = fields["sqlite"] != nil || fields["postgres"] != nil
    for key in Self.databaseKeys where !isDatabase { if let node = fields[key] { throw node.error("only an upstream with sqlite or postgres has this key") } }
    switch (fields["command"], fields["url"], fields["sqlite"], fields["postgres"], fields["connector"]) {
    case (let command?, nil, nil, nil, nil):
      var environment: [String: SecretReference] = [:]
      for (name, value) in try fields["env"]?.entries() ?? [] { environment[name] = try SecretReference(configuration: value.string()) }
      kind = .command(
        try command.string(), arguments: try fields["args"]?.strings() ?? [], environment: environment,
        directory: try fields["cwd"].map { node throws(ConfigurationError) in FileText.resolve(try node.string(), in: directory) })
    case (nil, let url?, nil, nil, nil):
      let text = try url.string()
      guard HTTPURL(text) != nil else { throw url.error("expected an http or https URL") }
      var headers: [(name: String, value: SecretReference)] = []
      for (name, value) in try fields["headers"]?.entries() ?? [] { headers.append((name, try SecretReference(configuration: value.string()))) }
      kind = .http(url: text, headers: headers)
    case (nil, nil, let path?, nil, nil):
      settings.isTrusted = true
      settings.enforcesRows = true
      for key in ["schema", "schemas", "connections", "channel"] { if let node = fields[key] { throw node.error("only an upstream with postgres has this key") } }
      let file = FileText.resolve(try path.string(), in: directory)
      let isSample = try fields["sample"]?.string() == "northwind"
      for key in Self.toolKeys where isSample { if let node = fields[key] { throw node.error("the sample has all of its tools: it does not have this key") } }
      kind = isSample ? .sample(path: file) : .database(try Self.database(name, .sqlite(path: file), fields))
    case (nil, nil, nil, let string?, nil):
      settings.isTrusted = true
      settings.enforcesRows = true
      kind = .database(try Self.database(name, .postgres(try Self.postgres(string, fields)), fields))
    case (nil, nil, nil, nil, let connector?):
      let name = try connector.string()
      guard let type = ConnectorCatalog.type(named: name) else { throw connector.error(ConnectorCatalog.unknown(name)) }
      settings.isTrusted = true
      settings.learnsCaller = true
      settings.enforcesRows = type.enforcesRows
      guard case .object(let object) = try fields["settings"]?.json() ?? .object(JSONObject()) else {
        throw node.error("settings is a mapping (key: value)")
      }
      kind = .connector(name, settings: object)
    default:
      throw node.error(
        "an upstream has exactly one of command (a child process), url (Streamable HTTP), sqlite (a database file), postgres (a connection string) and connector (one of ours: \(ConnectorCatalog.names))"
      )
    }
    self.settings = settings
  }

  static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first), name.utf8.count <= 32, !name.contains("__"), !name.hasSuffix("_") else {
      return false
    }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
      default: false
      }
    }
  }
}

/// `HOST:PORT`, with brackets around an IPv6 address.
struct ListenAddress {
  var host: String
  var port: Int

  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port) else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty else { return nil }
    self.host = host
    self.port = port
  }
}
