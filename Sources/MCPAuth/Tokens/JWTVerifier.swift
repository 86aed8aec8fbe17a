internal import JSON
public import Logging

/// Checks JWT access tokens (RFC 7519, RFC 9068, with the advice of RFC 8725) of the issuers that a resource server trusts.
public struct JWTVerifier: Sendable {
  /// By the bytes of their names: Swift takes different Unicode forms of a string for the same.
  private let issuers: [[UInt8]: (settings: JWTIssuer, keys: KeySource)]
  private let now: @Sendable () -> Int64

  /// - Parameters:
  ///   - fetch: gets a JWK set; needed if the keys of an issuer are at a URL.
  ///   - now: seconds since 1970.
  public init(
    issuers: [JWTIssuer], fetch: KeyFetch?, now: @escaping @Sendable () -> Int64 = SystemSeconds.now, logger: Logger = Logger(label: "mcp.auth")
  ) throws(IdentityConfigurationError) {
    var table: [[UInt8]: (settings: JWTIssuer, keys: KeySource)] = [:]
    for issuer in issuers {
      try issuer.validate()
      let name = Array(issuer.issuer.utf8)
      guard table[name] == nil else { throw IdentityConfigurationError("The issuer \(issuer.issuer) is configured twice.") }
      if case .url(let url) = issuer.keys, fetch == nil {
        throw IdentityConfigurationError("The keys of \(issuer.issuer) are at \(url), and no way to fetch them was given.")
      }
      table[name] = (issuer, KeySource(issuer: issuer, fetch: fetch, now: now, logger: logger))
    }
    self.issuers = table
    self.now = now
  }

  /// The token in these bytes, verified.
  ///
  /// The cheap checks come first, then the signature, and only a signed token is told what else is wrong with it.
  public func verify(_ bytes: [UInt8]) async throws(AuthenticationFailure) -> AccessToken {
    let token = try CompactToken(parsing: bytes)
    guard let name = token.claims["iss"]?.string, let (issuer, keys) = issuers[Array(name.utf8)], issuer.algorithms.contains(token.algorithm) else {
      throw .invalid
    }
    try await verifySignature(token, keys)
    try checkAudience(token, issuer)
    let verified = AccessToken(issuer: issuer.issuer, claims: token.claims, expires: try checkTimes(token, issuer))
    guard issuer.requiredScopes.allSatisfy(verified.scopes.contains) else { throw .insufficientScope(issuer.requiredScopes) }
    return verified
  }

  private func verifySignature(_ token: CompactToken, _ source: KeySource) async throws(AuthenticationFailure) {
    do {
      for key in try await source.keys(keyID: token.keyID, algorithm: token.algorithm).prefix(8) where key.isValid(token.signature, over: token.signingInput) {
        return
      }
    } catch {
      throw .unavailable(error)
    }
    throw .invalid
  }

  private func checkAudience(_ token: CompactToken, _ issuer: JWTIssuer) throws(AuthenticationFailure) {
    guard let audience = AccessToken.strings(token.claims["aud"]), audience.contains(where: issuer.audiences.contains) else { throw .wrongAudience }
  }

  /// `exp` is required: a token without an end cannot be cached or outlived.
  private func checkTimes(_ token: CompactToken, _ issuer: JWTIssuer) throws(AuthenticationFailure) -> Int64 {
    let now = now()
    guard let end = try AccessToken.time(token.claims["exp"]) else { throw .invalid }
    let (expires, overflow) = end.addingReportingOverflow(issuer.leeway)
    if !overflow, expires <= now { throw .expired }
    for claim in ["nbf", "iat"] {
      if let start = try AccessToken.time(token.claims[claim]), start - issuer.leeway > now { throw .notYetValid }
    }
    return overflow ? Int64.max : expires
  }
}
