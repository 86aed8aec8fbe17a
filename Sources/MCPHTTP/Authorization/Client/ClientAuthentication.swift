public import JSON
public import MCPAuth

/// How a client proves who it is at a token endpoint.
public enum ClientAuthentication: Sendable {
  /// The names of the methods (RFC 7591 section 2, RFC 7523 section 2.2).
  public enum Method: String, Sendable, Hashable {
    case none
    case basic = "client_secret_basic"
    case post = "client_secret_post"
    case privateKeyJWT = "private_key_jwt"
  }

  /// A public client.
  case none
  /// A secret; sent in the header, or in the body where the authorization server takes it only there.
  case secret(Secret)
  /// A signed assertion. `audience` is the issuer unless it says otherwise.
  case privateKey(SigningKey, audience: AssertionAudience = .issuer)

  /// Whom a client assertion is addressed to (`aud`): the issuer, or the token endpoint, as older servers want it (RFC 7523 section 3).
  public enum AssertionAudience: Sendable, Hashable { case issuer, tokenEndpoint }
}

/// A client that was registered beforehand with one authorization server.
public struct PreregisteredClient: Sendable {
  /// The authorization server that it belongs to. Without, the credentials are bound to the first one that the MCP server names in the
  /// life of the ``OAuthClient``, and refused to any other: name it.
  public var issuer: String?
  /// The client's id.
  public var id: String
  /// How the client proves who it is.
  public var authentication: ClientAuthentication

  public init(issuer: String? = nil, id: String, authentication: ClientAuthentication = .none) {
    self.issuer = issuer
    self.id = id
    self.authentication = authentication
  }
}

/// What a client says of itself when it registers (RFC 7591 section 2, OpenID Connect Registration section 2).
public struct OAuthClientDescription: Sendable {
  /// Whether the client runs on the user's machine or on a web server.
  public enum ApplicationType: String, Sendable { case native, web }

  /// What users see when they are asked for consent.
  public var name: String
  /// A page about the client.
  public var uri: String?
  /// Nil for the one that fits the redirect URI: native for loopback addresses and schemes of an app's own, web for others.
  public var applicationType: ApplicationType?

  public init(name: String, uri: String? = nil, applicationType: ApplicationType? = nil) {
    self.name = name
    self.uri = uri
    self.applicationType = applicationType
  }

  /// The document to serve at an https URL, which is then the client's id (draft-ietf-oauth-client-id-metadata-document-00).
  /// - Parameters:
  ///   - url: where it is served, the ``OAuthConfiguration/clientMetadataURL``.
  ///   - redirectURIs: every one that the client uses.
  public func metadataDocument(at url: String, redirectURIs: [String]) -> JSONValue {
    var document: JSONObject = [
      "client_id": .string(url), "client_name": .string(name), "redirect_uris": .array(redirectURIs.map { .string($0) }),
      "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "token_endpoint_auth_method": "none",
    ]
    if let uri { document["client_uri"] = .string(uri) }
    if let applicationType { document["application_type"] = .string(applicationType.rawValue) }
    return .object(document)
  }
}
