/// An authorization server whose access tokens a resource server takes.
public struct JWTIssuer: Sendable, Hashable {
  /// Where the issuer's public keys come from (a JWK set, RFC 7517 section 5).
  public enum Keys: Sendable, Hashable {
    /// An https URL, or http on a loopback address.
    case url(String)
    /// The path of a local file, read again when a token names an unknown key.
    case file(String)
  }

  /// Must equal the `iss` claim, byte for byte.
  public var issuer: String
  /// `aud` must hold one of these. At least one is required.
  public var audiences: [String]
  /// Where the issuer's public keys come from.
  public var keys: Keys
  /// The algorithms that tokens may be signed with.
  public var algorithms: Set<SignatureAlgorithm>
  /// Every one must be in the token's `scope` (or `scp`).
  public var requiredScopes: [String]
  /// How far the issuer's clock may be off, in seconds.
  public var leeway: Int64
  /// Seconds after which the keys are fetched again, in the background, when a token comes.
  public var keysMaximumAge: Int64

  public init(
    issuer: String, audiences: [String], keys: Keys, algorithms: Set<SignatureAlgorithm> = SignatureAlgorithm.asymmetric,
    requiredScopes: [String] = [], leeway: Int64 = 30, keysMaximumAge: Int64 = 3600
  ) {
    self.issuer = issuer
    self.audiences = audiences
    self.keys = keys
    self.algorithms = algorithms
    self.requiredScopes = requiredScopes
    self.leeway = leeway
    self.keysMaximumAge = keysMaximumAge
  }

  /// Throws what is wrong with the settings, if anything.
  func validate() throws(IdentityConfigurationError) {
    if issuer.isEmpty { throw IdentityConfigurationError("An issuer has no name. Set it to the `iss` of its tokens.") }
    // Ids of callers begin with the issuer and a space.
    if issuer.contains(where: \.isWhitespace) { throw IdentityConfigurationError("The issuer \(issuer) has a space in its name.") }
    if audiences.isEmpty || audiences.contains("") {
      throw IdentityConfigurationError("The issuer \(issuer) has no audience. Set it to the URL of the MCP endpoint.")
    }
    if algorithms.isEmpty {
      throw IdentityConfigurationError("The issuer \(issuer) allows no algorithm. Name those of its tokens, such as RS256 or ES256.")
    }
    if case .url(let url) = keys {
      let loopback = ["http://127.0.0.1", "http://[::1]", "http://localhost"].contains { host in
        url.hasPrefix(host) && [nil, ":", "/"].contains(url.dropFirst(host.count).first)
      }
      guard url.hasPrefix("https://") || loopback else {
        throw IdentityConfigurationError("The keys of \(issuer) must come from an https URL, not \(url).")
      }
      if algorithms.contains(.hs256) {
        throw IdentityConfigurationError("The issuer \(issuer) allows HS256, which needs its shared key in a local file, not at a URL.")
      }
    }
  }
}
