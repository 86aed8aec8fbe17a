import Crypto
import JSON
import JWTKit
import NIOCore

/// The usable keys of a JWK set (RFC 7517), each bound to the algorithms that its type allows.
///
/// The key decides which algorithms it verifies, never the token: an RSA key cannot be made to serve as an HMAC secret.
struct JSONWebKeySet: Sendable {
  struct Key: Sendable {
    let id: String?
    let verifiers: [SignatureAlgorithm: any JWTAlgorithm]
  }

  let keys: [Key]
  /// Bytes of the longest set taken.
  static let maximumLength = 1 << 20
  /// Keys of the largest set taken.
  static let maximumCount = 128

  /// Parses a set. A key that is of no use here (for encryption, of an unknown type, broken) is skipped, as RFC 7517 section 5
  /// asks; a set without any usable key is an error.
  init(parsing text: ByteBuffer, algorithms: Set<SignatureAlgorithm>) async throws(KeySourceError) {
    let limits = JSONLimits(bytes: Self.maximumLength, depth: 16, values: 65_536)
    guard let set = try? RawJSON(scanning: text, limits: limits), let entries = set["keys"], entries.kind == .array else {
      throw KeySourceError("The answer is not a JWK set: a JSON object with an array `keys`.")
    }
    var keys: [Key] = []
    for entry in entries.elements.prefix(Self.maximumCount) {
      if let key = await Self.key(entry, allowed: algorithms) { keys.append(key) }
    }
    guard !keys.isEmpty else { throw KeySourceError("The JWK set has no key for the allowed algorithms.") }
    self.keys = keys
  }

  /// The keys that may have signed such a token. Without a key id every key of the type is tried.
  func verifiers(keyID: String?, algorithm: SignatureAlgorithm) -> [any JWTAlgorithm] {
    keys.compactMap { keyID == nil || $0.id == keyID ? $0.verifiers[algorithm] : nil }
  }

  private static func key(_ entry: RawJSON, allowed: Set<SignatureAlgorithm>) async -> Key? {
    guard entry.kind == .object, entry["use"].map({ $0.string == "sig" }) ?? true,
      entry["key_ops"].map({ $0.elements.contains { $0.string == "verify" } }) ?? true
    else { return nil }
    var candidates = algorithms(type: entry["kty"]?.string, curve: entry["crv"]?.string).filter(allowed.contains)
    if let algorithm = entry["alg"] { candidates = candidates.filter { $0.rawValue == algorithm.string } }
    var verifiers: [SignatureAlgorithm: any JWTAlgorithm] = [:]
    for algorithm in candidates { verifiers[algorithm] = try? await verifier(entry, algorithm) }
    return verifiers.isEmpty ? nil : Key(id: entry["kid"]?.string, verifiers: verifiers)
  }

  private static func algorithms(type: String?, curve: String?) -> [SignatureAlgorithm] {
    switch (type, curve) {
    case ("RSA", _): [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
    case ("EC", "P-256"): [.es256]
    case ("EC", "P-384"): [.es384]
    case ("EC", "P-521"): [.es512]
    case ("OKP", "Ed25519"): [.edDSA]
    case ("oct", _): [.hs256]
    default: []
    }
  }

  /// JWTKit hands its algorithms out through a key collection, so each key gets one of its own. Only public parts are read.
  private static func verifier(_ entry: RawJSON, _ algorithm: SignatureAlgorithm) async throws -> any JWTAlgorithm {
    let keys = JWTKeyCollection()
    func part(_ name: String) throws -> String {
      guard let text = entry[name]?.string, !text.isEmpty else { throw KeySourceError("A key has no `\(name)`.") }
      return text
    }
    func point() throws -> (x: String, y: String) { (try part("x"), try part("y")) }
    switch algorithm {
    case .rs256, .rs384, .rs512:
      let key = try Insecure.RSA.PublicKey(modulus: part("n"), exponent: part("e"))
      await keys.add(rsa: key, digestAlgorithm: digest(algorithm))
    case .ps256, .ps384, .ps512:
      let key = try Insecure.RSA.PublicKey(modulus: part("n"), exponent: part("e"))
      await keys.add(pss: key, digestAlgorithm: digest(algorithm))
    case .es256: await keys.add(ecdsa: try ES256PublicKey(parameters: point()))
    case .es384: await keys.add(ecdsa: try ES384PublicKey(parameters: point()))
    case .es512: await keys.add(ecdsa: try ES512PublicKey(parameters: point()))
    case .edDSA: await keys.add(eddsa: try EdDSA.PublicKey(x: part("x"), curve: .ed25519))
    case .hs256:
      guard let secret = Base64URL.decode(try part("k").utf8), secret.count >= 32 else {
        throw KeySourceError("An HS256 key must have at least 32 bytes (RFC 7518 section 3.2).")
      }
      await keys.add(hmac: HMACKey(key: SymmetricKey(data: secret)), digestAlgorithm: .sha256)
    }
    return try await keys.getKey()
  }

  private static func digest(_ algorithm: SignatureAlgorithm) -> DigestAlgorithm {
    switch algorithm {
    case .rs384, .ps384: .sha384
    case .rs512, .ps512: .sha512
    default: .sha256
    }
  }
}
