internal import JSON
internal import MCPAuth

/// What a verified token says of its user, in the terms of the gateway.
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

  init(_ token: AccessToken, _ mapping: ClaimMapping) throws(AuthenticationFailure) {
    let claims = token.claims
    guard let user = Self.find(mapping.user, claims)?.string, !user.isEmpty, user.utf8.count <= 256,
      user.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
    else { throw .invalid }
    var attributes = JSONObject()
    for name in mapping.attributes {
      if let value = Self.find(name, claims) { attributes[name] = JSONValue(value) }
    }
    var sessions: [SessionID] = []
    if let id = token.tokenID { sessions.append(.token(issuer: token.issuer, id: id)) }
    if let login = claims["sid"]?.string { sessions.append(.login(issuer: token.issuer, id: login)) }
    self.user = mapping.userPrefix + user
    // With client credentials the subject is the client itself (RFC 9068 section 2.2).
    kind = token.clientID != nil && token.clientID == token.subject ? .agent : .user
    groups = AccessToken.strings(Self.find(mapping.groups, claims)) ?? []
    roles = AccessToken.strings(Self.find(mapping.roles, claims)) ?? []
    self.attributes = attributes
    clientID = token.clientID
    tokenID = token.tokenID
    issuer = token.issuer
    self.sessions = sessions
    expires = token.expires
  }

  private static func find(_ name: String, _ claims: RawJSON) -> RawJSON? {
    if let value = claims[name] { return value }
    var value = claims
    for part in name.split(separator: ".") {
      guard let next = value[String(part)] else { return nil }
      value = next
    }
    return value
  }
}
