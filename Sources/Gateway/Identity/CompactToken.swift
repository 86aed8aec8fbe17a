import JSON
import NIOCore

/// A JWS in compact form (RFC 7515 section 7.1), taken apart and not yet believed.
struct CompactToken {
  /// Bytes of the longest token taken.
  static let maximumLength = 16 << 10

  let algorithm: SignatureAlgorithm
  let keyID: String?
  let claims: RawJSON
  /// The header and the payload as they were signed.
  let signingInput: [UInt8]
  let signature: [UInt8]

  /// Throws `invalid` for anything that is not a token we could verify. The header is not trusted beyond naming a key.
  init(parsing token: [UInt8]) throws(AuthenticationFailure) {
    let parts = token.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 3, let headerBytes = Base64URL.decode(parts[0]), let claimsBytes = Base64URL.decode(parts[1]),
      let signature = Base64URL.decode(parts[2]), !signature.isEmpty
    else { throw .invalid }
    let header = try Self.object(headerBytes)
    // We understand no extension, and RFC 7515 section 4.1.11 has us refuse what we do not understand.
    guard header["crit"] == nil, let algorithm = header["alg"]?.string.flatMap(SignatureAlgorithm.init(rawValue:)) else { throw .invalid }
    self.algorithm = algorithm

    switch header["kid"] {
    case nil: keyID = nil
    case let value?:
      guard let text = value.string, text.utf8.count <= 512 else { throw .invalid }
      keyID = text
    }
    // A token of another kind must not pass for an access token (RFC 8725 section 3.11).
    if let type = header["typ"] {
      guard let text = type.string?.lowercased(), ["jwt", "at+jwt", "application/at+jwt"].contains(text) else { throw .invalid }
    }
    claims = try Self.object(claimsBytes)
    signingInput = Array(token[..<parts[1].endIndex])
    self.signature = signature
  }

  private static func object(_ bytes: [UInt8]) throws(AuthenticationFailure) -> RawJSON {
    let limits = JSONLimits(bytes: maximumLength, depth: 16, values: 4096)
    guard let value = try? RawJSON(scanning: ByteBuffer(bytes: bytes), limits: limits), value.kind == .object else { throw .invalid }
    return value
  }
}
