package import JSON
internal import NIOCore

/// A JWS in compact form (RFC 7515 section 7.1), taken apart and not yet believed.
package struct CompactToken {
  /// Bytes of the longest token taken.
  package static let maximumLength = 16 << 10

  /// What a token says it is (`typ`, RFC 8725 section 3.11). A token of another kind must not pass for the one that is asked for.
  package enum Kind: Sendable {
    /// An access token: `at+jwt`, or `JWT` and nothing, as many issuers have it.
    case accessToken
    /// A proof of possession (RFC 9449 section 4.2).
    case dpopProof

    func accepts(_ type: String?) -> Bool {
      switch self {
      case .accessToken: type.map { ["jwt", "at+jwt", "application/at+jwt"].contains($0) } ?? true
      case .dpopProof: type == "dpop+jwt"
      }
    }
  }

  package let header: RawJSON
  package let algorithm: SignatureAlgorithm
  package let keyID: String?
  package let claims: RawJSON
  /// The header and the payload as they were signed.
  package let signingInput: [UInt8]
  package let signature: [UInt8]

  /// Throws `invalid` for anything that is not a token we could verify. The header is not trusted beyond naming a key.
  package init(parsing token: [UInt8], as kind: Kind = .accessToken) throws(AuthenticationFailure) {
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
    switch header["typ"] {
    case nil: guard kind.accepts(nil) else { throw .invalid }
    case let type?: guard let text = type.string?.lowercased(), kind.accepts(text) else { throw .invalid }
    }
    self.header = header
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
