import Crypto
import CryptoExtras
import JSON
import MCPAuth
import Testing

@Suite("Signing keys")
struct SigningKeyTests {
  static let rsa = Result { try _RSA.Signing.PrivateKey(keySize: .bits2048).pemRepresentation }

  static func pem(_ algorithm: SignatureAlgorithm) throws -> String {
    switch algorithm {
    case .es256: P256.Signing.PrivateKey().pemRepresentation
    case .es384: P384.Signing.PrivateKey().pemRepresentation
    case .es512: P521.Signing.PrivateKey().pemRepresentation
    case .edDSA: Curve25519.Signing.PrivateKey().pemRepresentation
    default: try rsa.get()
    }
  }

  @Test("sign what their public JWK verifies, for every algorithm", arguments: SignatureAlgorithm.asymmetric.sorted { $0.rawValue < $1.rawValue })
  func roundTrip(algorithm: SignatureAlgorithm) throws {
    let key = try SigningKey(pem: Self.pem(algorithm), algorithm: algorithm, keyID: "k")
    #expect(key.algorithm == algorithm)
    let text = try key.token(claims: ["sub": "a"])
    let token = try CompactToken(parsing: Array(text.utf8))
    #expect(token.keyID == "k")
    let jwk = try RawJSON(key.publicJWK.text)
    let verifier = try VerificationKey(jwk: jwk, algorithm: algorithm)
    #expect(verifier.isValid(token.signature, over: token.signingInput))
    var tampered = token.signingInput
    tampered[5] ^= 1
    #expect(!verifier.isValid(token.signature, over: tampered))
    #expect(!verifier.isValid(Array(token.signature.dropLast()), over: token.signingInput))
    #expect(DPoPVerifier.thumbprint(jwk) == key.thumbprint)
  }

  @Test("refuse what is no key, or a key for something else")
  func refusals() throws {
    for text in ["", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] {
      #expect(throws: IdentityConfigurationError.self) { try SigningKey(pem: text) }
    }
    #expect(throws: IdentityConfigurationError.self) { try SigningKey(pem: Self.pem(.es256), algorithm: .rs256) }
    #expect(throws: IdentityConfigurationError.self) { try SigningKey(pem: Self.pem(.rs256), algorithm: .es256) }
    let weak = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
    #expect(throws: IdentityConfigurationError.self) { try SigningKey(pem: weak.pemRepresentation) }
  }

  @Test("have the thumbprint of RFC 7638's example")
  func thumbprint() throws {
    let modulus =
      "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    let jwk = try RawJSON(#"{"kty":"RSA","n":"\#(modulus)","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#)
    #expect(DPoPVerifier.thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
  }

  @Test("keep their base64url strict, one text for each byte string")
  func base64() {
    var generator = SystemRandomNumberGenerator()
    for count in 0..<64 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes)
    }
    #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
  }
}
