public import JSON

/// The document that tells a client where to get a token for an MCP server (RFC 9728).
public struct ProtectedResourceMetadata: Sendable, Hashable {
  /// The URL of the MCP endpoint, which tokens must name as their audience.
  public let resource: String
  /// The issuers of the authorization servers.
  public let authorizationServers: [String]
  /// Scopes that are of use here.
  public let scopesSupported: [String]
  /// A name for people.
  public let resourceName: String?
  /// Whether tokens must be bound to a key of the client's (RFC 9449).
  public var requiresDPoP = false
  /// The algorithms of DPoP proofs; empty where proofs are not looked at.
  public var dpopAlgorithms: [SignatureAlgorithm] = []
  /// Where the document is served: `/.well-known/oauth-protected-resource` between the host and the path of the resource
  /// (RFC 9728 section 3.1).
  public let url: String
  /// The path of ``url``.
  public let path: String

  private static let wellKnown = "/.well-known/oauth-protected-resource"

  /// - Parameter resource: an http or https URL without query and fragment.
  public init(
    resource: String, authorizationServers: [String] = [], scopesSupported: [String] = [], resourceName: String? = nil
  ) throws(IdentityConfigurationError) {
    guard let scheme = ["https://", "http://"].first(where: { resource.lowercased().hasPrefix($0) }),
      case let rest = resource.dropFirst(scheme.count), let first = rest.first, first != "/",
      resource.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }),
      !resource.contains("#"), !resource.contains("?")
    else {
      throw IdentityConfigurationError("The resource \(resource) must be an https URL without query and fragment, such as https://mcp.example.com/mcp.")
    }
    let host = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(host.count)
    self.path = Self.wellKnown + (path == "/" ? "" : path)
    url = resource.prefix(scheme.count) + host + self.path
    self.resource = resource
    self.authorizationServers = authorizationServers
    self.scopesSupported = scopesSupported
    self.resourceName = resourceName
  }

  /// Reads the document of a server that one is a client of.
  public init(document: RawJSON) throws(IdentityConfigurationError) {
    guard document.kind == .object, let resource = document["resource"]?.string else {
      throw IdentityConfigurationError("The protected resource metadata has no `resource` (RFC 9728 section 2).")
    }
    try self.init(
      resource: resource, authorizationServers: AccessToken.strings(document["authorization_servers"]) ?? [],
      scopesSupported: AccessToken.strings(document["scopes_supported"]) ?? [], resourceName: document["resource_name"]?.string)
    requiresDPoP = document["dpop_bound_access_tokens_required"]?.bool ?? false
  }

  /// The document. Empty lists are left out, as RFC 9728 section 3.2 asks.
  public var json: JSONValue {
    var object: JSONObject = ["resource": .string(resource)]
    if !authorizationServers.isEmpty { object["authorization_servers"] = .array(authorizationServers.map { .string($0) }) }
    if !scopesSupported.isEmpty { object["scopes_supported"] = .array(scopesSupported.map { .string($0) }) }
    object["bearer_methods_supported"] = ["header"]
    if let resourceName { object["resource_name"] = .string(resourceName) }
    if !dpopAlgorithms.isEmpty { object["dpop_signing_alg_values_supported"] = .array(dpopAlgorithms.map { .string($0.rawValue) }) }
    if requiresDPoP { object["dpop_bound_access_tokens_required"] = true }
    return .object(object)
  }
}
