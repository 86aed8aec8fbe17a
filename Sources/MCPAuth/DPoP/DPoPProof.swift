internal import Crypto
internal import JSON

/// Makes proofs that the sender of a request holds a key (RFC 9449 section 4).
public enum DPoPProof {
  /// The value of a `DPoP` header for one request. Each is used once.
  /// - Parameters:
  ///   - url: the request's URL; query and fragment are cut off, as section 4.2 has it.
  ///   - accessToken: the token that goes with the request; nil at a token endpoint.
  ///   - nonce: the last one that this server gave, if any.
  ///   - now: seconds since 1970.
  public static func make(
    _ key: SigningKey, method: String, url: String, accessToken: Secret? = nil, nonce: String? = nil, now: Int64 = SystemSeconds.now()
  ) throws -> String {
    var claims: JSONObject = [
      "jti": .string(RandomText.make(bytes: 16)), "htm": .string(method), "htu": .string(target(url)), "iat": .int(now),
    ]
    if let accessToken { claims["ath"] = .string(tokenHash(accessToken.reveal().utf8)) }
    if let nonce { claims["nonce"] = .string(nonce) }
    var key = key
    // The proof carries the key itself.
    key.keyID = nil
    return try key.token(claims: .object(claims), header: ["typ": "dpop+jwt", "jwk": key.publicJWK])
  }

  /// A URL without its query and fragment.
  static func target(_ url: String) -> String { String(url.prefix { $0 != "?" && $0 != "#" }) }

  /// The `ath` of a token.
  static func tokenHash(_ token: some Sequence<UInt8>) -> String { Base64URL.encode(SHA256.hash(data: Array(token))) }
}
