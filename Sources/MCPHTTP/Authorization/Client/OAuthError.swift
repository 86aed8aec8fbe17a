/// Why a client got no access token. It never holds a secret.
public struct OAuthError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of error it is, for programs.
  public enum Code: String, Sendable, Hashable {
    /// A setting that cannot work.
    case configuration
    /// A URL that may not be used: not https, and not http on a loopback address as the MCP server is.
    case unsafeURL
    /// A server cannot be reached, or answers with something else than it should.
    case unreachable
    /// No authorization server could be found, or its metadata lack what is needed.
    case discovery
    /// The protected resource metadata are for another resource (RFC 9728 section 3.3).
    case resourceMismatch
    /// Authorization server metadata or an authorization response of another issuer (RFC 8414 section 3.3, RFC 9207 section 2.4).
    case issuerMismatch
    /// The authorization server does not say that it supports PKCE with S256.
    case noPKCE
    /// There is no client id, or no way to get one, for this authorization server.
    case registration
    /// The redirect is not the answer to our authorization request.
    case redirect
    /// The user or the authorization server declined.
    case denied
    /// The token endpoint refused, or its answer cannot be used.
    case token
    /// Still forbidden with every scope that the server asked for.
    case insufficientScope
    /// A fresh token was refused.
    case tokenRefused
    /// Tokens could not be read or saved.
    case storage
  }

  /// What kind of error it is.
  public let code: Code
  /// What happened and what to do.
  public let message: String
  /// The `error` of an OAuth error response (RFC 6749 sections 4.1.2.1 and 5.2), such as `invalid_grant`.
  public let serverError: String?

  public init(_ code: Code, _ message: String, serverError: String? = nil) {
    self.code = code
    self.message = message
    self.serverError = serverError
  }

  public var description: String { message }
}
