internal import Crypto
internal import CryptoExtras
internal import Foundation
public import JSON

/// A public key bound to one algorithm, or the shared secret of HS256.
///
/// The key decides which algorithm it verifies, never the token: an RSA key cannot be made to serve as an HMAC secret.
public struct VerificationKey: Sendable {
  private enum Material: Sendable {
    case p256(P256.Signing.PublicKey)
    case p384(P384.Signing.PublicKey)
    case p521(P521.Signing.PublicKey)
    case ed25519(Curve25519.Signing.PublicKey)
    case rsa(_RSA.Signing.PublicKey)
    case secret(SymmetricKey)
  }

  /// How signatures of the key are made.
  public let algorithm: SignatureAlgorithm
  private let material: Material

  /// Reads the public parts of a JWK (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).
  /// - Throws: ``KeySourceError`` for a key that is not of the algorithm's type or is too weak for it (RSA under 2048 bits).
  public init(jwk: RawJSON, algorithm: SignatureAlgorithm) throws(KeySourceError) {
    self.algorithm = algorithm
    do {
      switch algorithm {
      case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512:
        material = .rsa(try _RSA.Signing.PublicKey(n: Self.part("n", jwk), e: Self.part("e", jwk)))
      case .es256: material = .p256(try P256.Signing.PublicKey(x963Representation: Self.point(jwk)))
      case .es384: material = .p384(try P384.Signing.PublicKey(x963Representation: Self.point(jwk)))
      case .es512: material = .p521(try P521.Signing.PublicKey(x963Representation: Self.point(jwk)))
      case .edDSA: material = .ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: Self.part("x", jwk)))
      case .hs256:
        let secret = try Self.part("k", jwk)
        guard secret.count >= 32 else { throw KeySourceError("An HS256 key must have at least 32 bytes (RFC 7518 section 3.2).") }
        material = .secret(SymmetricKey(data: secret))
      }
    } catch {
      throw error as? KeySourceError ?? KeySourceError("A key is no key for \(algorithm.rawValue).")
    }
  }

  /// Whether `signature` is this key's over `input`.
  public func isValid(_ signature: [UInt8], over input: [UInt8]) -> Bool {
    switch material {
    case .p256(let key): (try? P256.Signing.ECDSASignature(rawRepresentation: signature)).map { key.isValidSignature($0, for: SHA256.hash(data: input)) } ?? false
    case .p384(let key): (try? P384.Signing.ECDSASignature(rawRepresentation: signature)).map { key.isValidSignature($0, for: SHA384.hash(data: input)) } ?? false
    case .p521(let key): (try? P521.Signing.ECDSASignature(rawRepresentation: signature)).map { key.isValidSignature($0, for: SHA512.hash(data: input)) } ?? false
    case .ed25519(let key): key.isValidSignature(signature, for: input)
    case .rsa(let key): isValid(_RSA.Signing.RSASignature(rawRepresentation: signature), over: input, key)
    case .secret(let key): HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: input, using: key)
    }
  }

  private func isValid(_ signature: _RSA.Signing.RSASignature, over input: [UInt8], _ key: _RSA.Signing.PublicKey) -> Bool {
    switch algorithm {
    case .rs384: key.isValidSignature(signature, for: SHA384.hash(data: input), padding: .insecurePKCS1v1_5)
    case .rs512: key.isValidSignature(signature, for: SHA512.hash(data: input), padding: .insecurePKCS1v1_5)
    case .ps256: key.isValidSignature(signature, for: SHA256.hash(data: input), padding: .PSS)
    case .ps384: key.isValidSignature(signature, for: SHA384.hash(data: input), padding: .PSS)
    case .ps512: key.isValidSignature(signature, for: SHA512.hash(data: input), padding: .PSS)
    default: key.isValidSignature(signature, for: SHA256.hash(data: input), padding: .insecurePKCS1v1_5)
    }
  }

  private static func part(_ name: String, _ jwk: RawJSON) throws(KeySourceError) -> [UInt8] {
    // Padding does not belong here (RFC 7515 section 2), and some issuers send it.
    guard let text = jwk[name]?.string, let bytes = Base64URL.decode(text.utf8.prefix { $0 != UInt8(ascii: "=") }), !bytes.isEmpty else {
      throw KeySourceError("A key has no `\(name)`.")
    }
    return bytes
  }

  private static func point(_ jwk: RawJSON) throws(KeySourceError) -> [UInt8] { [0x04] + (try part("x", jwk)) + (try part("y", jwk)) }
}
