import JSON
import JWTKit
import Logging

/// What a verified token says.
struct VerifiedToken: Sendable {
  let user: String
  let kind: Principal.Kind
  let groups: [String]
  let roles: [String]
  let attributes: JSONObject
  let clientID: String?
  let tokenID: String?
  let issuer: String
  /// What a revocation may name.
  let sessions: [SessionID]
  /// Seconds since 1970, the leeway included.
  let expires: Int64
}

/// Checks JWT access tokens (RFC 7519, RFC 9068, with the advice of RFC 8725) of the configured issuers.
struct JWTVerifier: Sendable {
  private let issuers: [String: (settings: JWTIssuer, keys: KeySource)]
  private let clock: WallClock

  init(issuers: [JWTIssuer], fetch: KeyFetch?, clock: WallClock, logger: Logger) throws(IdentityConfigurationError) {
    var table: [String: (settings: JWTIssuer, keys: KeySource)] = [:]
    for issuer in issuers {
      try issuer.validate()
      guard table[issuer.issuer] == nil else { throw IdentityConfigurationError("The issuer \(issuer.issuer) is configured twice.") }
      if case .url(let url) = issuer.keys, fetch == nil {
        throw IdentityConfigurationError("The keys of \(issuer.issuer) are at \(url), and no way to fetch them was given.")
      }
      table[issuer.issuer] = (issuer, KeySource(issuer: issuer, fetch: fetch, clock: clock, logger: logger))
    }
    self.issuers = table
    self.clock = clock
  }

  /// The cheap checks come first, then the signature, and only a signed token is told what else is wrong with it.
  func verify(_ bytes: [UInt8]) async throws(AuthenticationFailure) -> VerifiedToken {
    let token = try CompactToken(parsing: bytes)
    guard let name = token.claims["iss"]?.string, let (issuer, keys) = issuers[name], issuer.algorithms.contains(token.algorithm) else {
      throw .invalid
    }
    try await verifySignature(token, keys)
    try checkAudience(token.claims, issuer)
    let expires = try checkTimes(token.claims, issuer)
    try checkScopes(token.claims, issuer)
    return try verified(token.claims, issuer, expires)
  }

  private func verifySignature(_ token: CompactToken, _ keys: KeySource) async throws(AuthenticationFailure) {
    do {
      for verifier in try await keys.verifiers(keyID: token.keyID, algorithm: token.algorithm).prefix(8) {
        if (try? verifier.verify(token.signature, signs: token.signingInput)) == true { return }
      }
    } catch {
      throw .unavailable(error)
    }
    throw .invalid
  }

  private func checkAudience(_ claims: RawJSON, _ issuer: JWTIssuer) throws(AuthenticationFailure) {
    guard let audience = strings(claims["aud"]), audience.contains(where: issuer.audiences.contains) else { throw .wrongAudience }
  }

  /// `exp` is required: a token without an end cannot be cached or outlived.
  private func checkTimes(_ claims: RawJSON, _ issuer: JWTIssuer) throws(AuthenticationFailure) -> Int64 {
    let now = clock.seconds
    guard let end = try time(claims["exp"]) else { throw .invalid }
    let (expires, overflow) = end.addingReportingOverflow(issuer.leeway)
    if !overflow, expires <= now { throw .expired }
    for claim in ["nbf", "iat"] {
      if let start = try time(claims[claim]), start - issuer.leeway > now { throw .notYetValid }
    }
    return overflow ? Int64.max : expires
  }

  private func checkScopes(_ claims: RawJSON, _ issuer: JWTIssuer) throws(AuthenticationFailure) {
    if issuer.requiredScopes.isEmpty { return }
    let held = (strings(claims["scope"]) ?? strings(claims["scp"]) ?? []).flatMap { $0.split(separator: " ").map(String.init) }
    guard issuer.requiredScopes.allSatisfy(held.contains) else { throw .insufficientScope(issuer.requiredScopes) }
  }

  private func verified(_ claims: RawJSON, _ issuer: JWTIssuer, _ expires: Int64) throws(AuthenticationFailure) -> VerifiedToken {
    let mapping = issuer.claims
    guard let user = find(mapping.user, claims)?.string, !user.isEmpty, user.utf8.count <= 256,
      user.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
    else { throw .invalid }
    var attributes = JSONObject()
    for name in mapping.attributes {
      if let value = find(name, claims) { attributes[name] = JSONValue(value) }
    }
    let clientID = claims["client_id"]?.string ?? claims["azp"]?.string
    let tokenID = claims["jti"]?.string
    var sessions: [SessionID] = []
    if let tokenID { sessions.append(.token(issuer: issuer.issuer, id: tokenID)) }
    if let login = claims["sid"]?.string { sessions.append(.login(issuer: issuer.issuer, id: login)) }
    // With client credentials the subject is the client itself (RFC 9068 section 2.2).
    let isAgent = clientID != nil && clientID == claims["sub"]?.string
    return VerifiedToken(
      user: mapping.userPrefix + user, kind: isAgent ? .agent : .user, groups: strings(find(mapping.groups, claims)) ?? [],
      roles: strings(find(mapping.roles, claims)) ?? [], attributes: attributes, clientID: clientID, tokenID: tokenID,
      issuer: issuer.issuer, sessions: sessions, expires: expires)
  }

  private func find(_ name: String, _ claims: RawJSON) -> RawJSON? {
    if let value = claims[name] { return value }
    var value = claims
    for part in name.split(separator: ".") {
      guard let next = value[String(part)] else { return nil }
      value = next
    }
    return value
  }

  /// A string or an array of nothing but strings.
  private func strings(_ value: RawJSON?) -> [String]? {
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
  private func time(_ value: RawJSON?) throws(AuthenticationFailure) -> Int64? {
    guard let value else { return nil }
    guard let seconds = value.double, seconds >= 0, seconds < 1e15 else { throw .invalid }
    return Int64(seconds)
  }
}
