/// The JWS algorithms (RFC 7518 section 3.1, RFC 8037) that a token may be signed with. `none` is not one of them.
public enum SignatureAlgorithm: String, Sendable, Hashable, CaseIterable {
  case rs256 = "RS256", rs384 = "RS384", rs512 = "RS512"
  case ps256 = "PS256", ps384 = "PS384", ps512 = "PS512"
  case es256 = "ES256", es384 = "ES384", es512 = "ES512"
  case edDSA = "EdDSA"
  /// A shared key: only from a local key file, and only where the configuration names it.
  case hs256 = "HS256"

  /// What an issuer may use if the configuration does not say: everything with a public key.
  public static let asymmetric: Set<SignatureAlgorithm> = Set(allCases).subtracting([.hs256])
}
