internal import JSON
package import NIOCore

/// The usable keys of a JWK set (RFC 7517), each bound to the algorithms that its type allows.
package struct JSONWebKeySet: Sendable {
  struct Key: Sendable {
    let id: String?
    let verifiers: [SignatureAlgorithm: VerificationKey]
  }

  let keys: [Key]
  /// Bytes of the longest set taken.
  static let maximumLength = 1 << 20
  /// Keys of the largest set taken.
  static let maximumCount = 128

  /// Parses a set. A key that is of no use here (for encryption, of an unknown type, broken) is skipped, as RFC 7517 section 5
  /// asks; a set without any usable key is an error.
  package init(parsing text: ByteBuffer, algorithms: Set<SignatureAlgorithm>) throws(KeySourceError) {
    let limits = JSONLimits(bytes: Self.maximumLength, depth: 16, values: 65_536)
    guard let set = try? RawJSON(scanning: text, limits: limits), let entries = set["keys"], entries.kind == .array else {
      throw KeySourceError("The answer is not a JWK set: a JSON object with an array `keys`.")
    }
    var keys: [Key] = []
    for entry in entries.elements.prefix(Self.maximumCount) {
      if let key = Self.key(entry, allowed: algorithms) { keys.append(key) }
    }
    guard !keys.isEmpty else { throw KeySourceError("The JWK set has no key for the allowed algorithms.") }
    self.keys = keys
  }

  /// The keys that may have signed such a token. Without a key id every key of the type is tried.
  package func keys(keyID: String?, algorithm: SignatureAlgorithm) -> [VerificationKey] {
    keys.compactMap { keyID == nil || $0.id == keyID ? $0.verifiers[algorithm] : nil }
  }

  private static func key(_ entry: RawJSON, allowed: Set<SignatureAlgorithm>) -> Key? {
    guard entry.kind == .object, entry["use"].map({ $0.string == "sig" }) ?? true,
      entry["key_ops"].map({ $0.elements.contains { $0.string == "verify" } }) ?? true
    else { return nil }
    var candidates = algorithms(of: entry).filter(allowed.contains)
    if let algorithm = entry["alg"] { candidates = candidates.filter { $0.rawValue == algorithm.string } }
    var verifiers: [SignatureAlgorithm: VerificationKey] = [:]
    for algorithm in candidates { verifiers[algorithm] = try? VerificationKey(jwk: entry, algorithm: algorithm) }
    return verifiers.isEmpty ? nil : Key(id: entry["kid"]?.string, verifiers: verifiers)
  }

  /// What a key of this type and curve can verify.
  static func algorithms(of jwk: RawJSON) -> [SignatureAlgorithm] {
    switch (jwk["kty"]?.string, jwk["crv"]?.string) {
    case ("RSA", _): [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
    case ("EC", "P-256"): [.es256]
    case ("EC", "P-384"): [.es384]
    case ("EC", "P-521"): [.es512]
    case ("OKP", "Ed25519"): [.edDSA]
    case ("oct", _): [.hs256]
    default: []
    }
  }
}
