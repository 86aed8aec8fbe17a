internal import Crypto
internal import CryptoExtras
internal import Foundation
public import JSON

/// A private key: signs client assertions (RFC 7523) and proofs of possession (RFC 9449). It does not print itself.
public struct SigningKey: Sendable, CustomStringConvertible, CustomReflectable {
  private enum Material: Sendable {
    case p256(P256.Signing.PrivateKey)
    case p384(P384.Signing.PrivateKey)
    case p521(P521.Signing.PrivateKey)
    case ed25519(Curve25519.Signing.PrivateKey)
    case rsa(_RSA.Signing.PrivateKey)
  }

  /// How the key signs.
  public let algorithm: SignatureAlgorithm
  /// Names the key to whoever verifies (`kid`).
  public var keyID: String?
  private let material: Material

  /// A new key for ES256, ES384, ES512 or EdDSA; ES256 for anything else.
  public static func generate(_ algorithm: SignatureAlgorithm = .es256, keyID: String? = nil) -> SigningKey {
    switch algorithm {
    case .es384: SigningKey(.es384, .p384(P384.Signing.PrivateKey()), keyID)
    case .es512: SigningKey(.es512, .p521(P521.Signing.PrivateKey()), keyID)
    case .edDSA: SigningKey(.edDSA, .ed25519(Curve25519.Signing.PrivateKey()), keyID)
    default: SigningKey(.es256, .p256(P256.Signing.PrivateKey()), keyID)
    }
  }

  /// Reads a private key in PEM: an EC key on P-256, P-384 or P-521, an Ed25519 key, or an RSA key of at least 2048 bits.
  /// - Parameter wanted: for an RSA key, which of RS256 to PS512 to sign with (RS256 unless said); for others it must fit the key.
  public init(pem: String, algorithm wanted: SignatureAlgorithm? = nil, keyID: String? = nil) throws(IdentityConfigurationError) {
    let found: (SignatureAlgorithm, Material)
    if let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) {
      found = (.es256, .p256(key))
    } else if let key = try? P384.Signing.PrivateKey(pemRepresentation: pem) {
      found = (.es384, .p384(key))
    } else if let key = try? P521.Signing.PrivateKey(pemRepresentation: pem) {
      found = (.es512, .p521(key))
    } else if let key = try? Curve25519.Signing.PrivateKey(pemRepresentation: pem) {
      found = (.edDSA, .ed25519(key))
    } else if let key = try? _RSA.Signing.PrivateKey(pemRepresentation: pem) {
      found = (wanted.flatMap { Self.rsaAlgorithms.contains($0) ? $0 : nil } ?? .rs256, .rsa(key))
    } else {
      throw IdentityConfigurationError("The private key is not in PEM, or of another type than EC (P-256, P-384, P-521), Ed25519 and RSA of at least 2048 bits.")
    }
    if let wanted, wanted != found.0 { throw IdentityConfigurationError("The private key cannot sign with \(wanted.rawValue), but with \(found.0.rawValue).") }
    self.init(found.0, found.1, keyID)
  }

  private init(_ algorithm: SignatureAlgorithm, _ material: Material, _ keyID: String?) {
    self.algorithm = algorithm
    self.material = material
    self.keyID = keyID
  }

  private static let rsaAlgorithms: Set<SignatureAlgorithm> = [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]

  /// The signature over bytes, in the form of JWS (RFC 7515).
  public func signature(over input: [UInt8]) throws -> [UInt8] {
    switch material {
    case .p256(let key): Array(try key.signature(for: SHA256.hash(data: input)).rawRepresentation)
    case .p384(let key): Array(try key.signature(for: SHA384.hash(data: input)).rawRepresentation)
    case .p521(let key): Array(try key.signature(for: SHA512.hash(data: input)).rawRepresentation)
    case .ed25519(let key): Array(try key.signature(for: input))
    case .rsa(let key): Array(try signature(over: input, key).rawRepresentation)
    }
  }

  private func signature(over input: [UInt8], _ key: _RSA.Signing.PrivateKey) throws -> _RSA.Signing.RSASignature {
    switch algorithm {
    case .rs384: try key.signature(for: SHA384.hash(data: input), padding: .insecurePKCS1v1_5)
    case .rs512: try key.signature(for: SHA512.hash(data: input), padding: .insecurePKCS1v1_5)
    case .ps256: try key.signature(for: SHA256.hash(data: input), padding: .PSS)
    case .ps384: try key.signature(for: SHA384.hash(data: input), padding: .PSS)
    case .ps512: try key.signature(for: SHA512.hash(data: input), padding: .PSS)
    default: try key.signature(for: SHA256.hash(data: input), padding: .insecurePKCS1v1_5)
    }
  }

  /// The public key as a JWK, with nothing but the members that a thumbprint is made of, in their order (RFC 7638 section 3.2).
  public var publicJWK: JSONValue {
    func text(_ bytes: some Sequence<UInt8>) -> JSONValue { .string(Base64URL.encode(bytes)) }
    func point(_ curve: JSONValue, _ raw: Data) -> JSONValue {
      ["crv": curve, "kty": "EC", "x": text(raw.prefix(raw.count / 2)), "y": text(raw.suffix(raw.count / 2))]
    }
    switch material {
    case .p256(let key): return point("P-256", key.publicKey.rawRepresentation)
    case .p384(let key): return point("P-384", key.publicKey.rawRepresentation)
    case .p521(let key): return point("P-521", key.publicKey.rawRepresentation)
    case .ed25519(let key): return ["crv": "Ed25519", "kty": "OKP", "x": text(key.publicKey.rawRepresentation)]
    case .rsa(let key):
      // A key that was read has its numbers.
      guard let parts = try? key.publicKey.getKeyPrimitives() else { return ["kty": "RSA"] }
      return ["e": text(parts.publicExponent), "kty": "RSA", "n": text(parts.modulus)]
    }
  }

  /// The SHA-256 thumbprint of the public key in base64url (RFC 7638): what `cnf.jkt` of a bound token holds.
  public var thumbprint: String { Base64URL.encode(SHA256.hash(data: Array(publicJWK.text.utf8))) }

  /// A JWS in compact form (RFC 7515 section 7.1) with these claims. `alg` and, where the key has a name, `kid` are set.
  public func token(claims: JSONValue, header: JSONObject = [:]) throws -> String {
    var full: JSONObject = ["alg": .string(algorithm.rawValue)]
    for (name, value) in header { full[name] = value }
    if let keyID { full["kid"] = .string(keyID) }
    let input = Base64URL.encode(Array(JSONValue.object(full).text.utf8)) + "." + Base64URL.encode(Array(claims.text.utf8))
    return input + "." + Base64URL.encode(try signature(over: Array(input.utf8)))
  }

  public var description: String { "SigningKey(\(algorithm.rawValue))" }
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
