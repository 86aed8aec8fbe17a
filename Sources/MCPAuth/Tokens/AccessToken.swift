public import JSON

/// What a verified access token says.
public struct AccessToken: Sendable {
  /// Who issued it (`iss`).
  public let issuer: String
  /// Who it speaks for (`sub`); with client credentials, the client itself.
  public let subject: String?
  /// The client that it was issued to (`client_id`, else `azp`).
  public let clientID: String?
  /// Its name (`jti`).
  public let tokenID: String?
  /// What the token is good for.
  public let scopes: [String]
  /// Seconds since 1970, the leeway for the issuer's clock included.
  public let expires: Int64
  /// The thumbprint of the key whose holder alone may present it (`cnf.jkt`, RFC 9449 section 6); nil for a bearer token.
  public let proofKeyThumbprint: String?
  /// All claims, or all members of the introspection answer.
  public let claims: RawJSON

  /// Reads the claims of a token whose signature, audience and times were checked.
  package init(issuer: String, claims: RawJSON, expires: Int64) {
    self.issuer = issuer
    self.claims = claims
    self.expires = expires
    subject = claims["sub"]?.string
    clientID = claims["client_id"]?.string ?? claims["azp"]?.string
    tokenID = claims["jti"]?.string
    scopes = Self.scopes(claims)
    proofKeyThumbprint = claims["cnf"]?["jkt"]?.string
  }

  /// The scopes of `scope` (RFC 9068 section 2.2.3), else of `scp`, as some issuers have it.
  static func scopes(_ claims: RawJSON) -> [String] {
    (strings(claims["scope"]) ?? strings(claims["scp"]) ?? []).flatMap { $0.split(separator: " ").map(String.init) }
  }

  /// A string or an array of nothing but strings.
  package static func strings(_ value: RawJSON?) -> [String]? {
    guard let value else { return nil }
    if let string = value.string { return [string] }
    guard value.kind == .array else { return nil }
    var strings: [String] = []
    for element in value.elements {
      guard let string = element.string else { return nil }
      strings.append(string)
    }
    return strings
  }

  /// A NumericDate (RFC 7519 section 2), nil if there is none, and an error if there is something else.
  package static func time(_ value: RawJSON?) throws(AuthenticationFailure) -> Int64? {
    guard let value else { return nil }
    guard let seconds = value.double, seconds >= 0, seconds < 1e15 else { throw .invalid }
    return Int64(seconds)
  }
}
