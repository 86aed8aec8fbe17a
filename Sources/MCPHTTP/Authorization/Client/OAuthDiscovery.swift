internal import JSON
internal import MCPAuth

/// Finds out who issues tokens for an MCP server (MCP 2026-07-28, authorization server discovery).
struct OAuthDiscovery: Sendable {
  let server: HTTPURL
  /// The canonical URI of the server: what `resource` is where its metadata do not say.
  let resource: String
  let transport: OAuthTransport
  let allowsLegacy: Bool

  /// What is known after the metadata of the resource were read.
  struct Found: Sendable {
    /// The `resource` parameter of RFC 8707.
    var resource: String
    var issuers: [String]
    /// Nil where the document does not say.
    var scopes: [String]?
    var requiresDPoP = false
    /// Whether the server has no resource metadata, as before 2025-06-18.
    var isLegacy = false
  }

  /// - Parameter location: the `resource_metadata` of the challenge. It is used where it is given, and the well-known places where not.
  func resourceMetadata(at location: String?) async throws(OAuthError) -> Found {
    var locations: [String] = []
    if let location {
      locations = [location]
    } else {
      let path = server.path.prefix { $0 != "?" }
      let wellKnown = server.origin.description + "/.well-known/oauth-protected-resource"
      locations = path == "/" ? [wellKnown] : [wellKnown + path, wellKnown]
    }
    for location in locations {
      let answer = try await transport.get(transport.check(location, "protected resource metadata"), "protected resource metadata")
      guard answer.status == .ok, let document = answer.json, document.kind == .object else { continue }
      return try found(document, at: location)
    }
    if location != nil { throw OAuthError(.discovery, "There are no protected resource metadata at \(locations[0]).") }
    guard allowsLegacy else { throw OAuthError(.discovery, "\(server) has no protected resource metadata (RFC 9728), so its authorization server is unknown.") }
    return Found(resource: resource, issuers: [server.origin.description], isLegacy: true)
  }

  private func found(_ document: RawJSON, at location: String) throws(OAuthError) -> Found {
    let metadata: ProtectedResourceMetadata
    do { metadata = try ProtectedResourceMetadata(document: document) } catch { throw OAuthError(.discovery, "\(location): \(error)") }
    guard let named = HTTPURL(metadata.resource), named.origin.scheme == server.origin.scheme, named.origin.port == server.origin.port,
      named.origin.host.lowercased() == server.origin.host.lowercased(), Self.contains(named.path, server.path)
    else {
      throw OAuthError(.resourceMismatch, "The metadata at \(location) are for \(metadata.resource), not for \(server). They are not used.")
    }
    guard !metadata.authorizationServers.isEmpty else { throw OAuthError(.discovery, "\(location) names no authorization server.") }
    return Found(
      resource: metadata.resource, issuers: metadata.authorizationServers, scopes: metadata.scopesSupported.isEmpty ? nil : metadata.scopesSupported,
      requiresDPoP: metadata.requiresDPoP)
  }

  /// Whether a resource covers a path: it is the same, or a directory above. Servers at a path often describe their whole host.
  private static func contains(_ resource: String, _ path: String) -> Bool {
    let resource = resource.hasSuffix("/") ? String(resource.dropLast()) : resource
    let path = path.prefix { $0 != "?" }
    return path == resource || path.hasPrefix(resource + "/")
  }

  func serverMetadata(_ issuer: String, isLegacy: Bool = false) async throws(OAuthError) -> AuthorizationServerMetadata {
    let url = try transport.check(issuer, "authorization server")
    for location in AuthorizationServerMetadata.locations(of: url) {
      let answer = try await transport.get(transport.check(location, "authorization server metadata"), "authorization server metadata")
      guard answer.status == .ok, let document = answer.json, document.kind == .object else { continue }
      return try AuthorizationServerMetadata(document: document, issuer: issuer, transport)
    }
    if isLegacy { return try AuthorizationServerMetadata(guessedFor: url.origin, transport) }
    throw OAuthError(.discovery, "The authorization server \(issuer) publishes no metadata (RFC 8414, OpenID Connect Discovery).")
  }
}
