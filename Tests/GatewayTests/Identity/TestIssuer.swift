import Crypto
import CryptoExtras
import Foundation
import Gateway
import JSON
import MCPAuth
import NIOCore
import Synchronization

/// A key of a test issuer: signs with swift-crypto directly, so that the verifier is not checked against itself.
struct TestKey: Sendable {
  let id: String?
  let algorithm: String
  /// The public key as a JWK; the secret for HS256.
  let jwk: JSONValue
  let sign: @Sendable (Data) throws -> Data

  /// RSA keys take long to make, so all tests share one a size.
  private static let rsa = Result { try _RSA.Signing.PrivateKey(keySize: .bits2048) }

  static func make(_ algorithm: String, id: String? = "key-1", named: Bool = false) throws -> TestKey {
    func key(_ members: JSONValue, _ sign: @escaping @Sendable (Data) throws -> Data) -> TestKey {
      var jwk = members
      if let id { jwk["kid"] = .string(id) }
      if named { jwk["alg"] = .string(algorithm) }
      return TestKey(id: id, algorithm: algorithm, jwk: jwk, sign: sign)
    }
    func point(_ curve: String, _ raw: Data) -> JSONValue {
      ["kty": "EC", "crv": .string(curve), "x": text(raw.prefix(raw.count / 2)), "y": text(raw.suffix(raw.count / 2))]
    }
    switch algorithm {
    case "ES256":
      let secret = P256.Signing.PrivateKey()
      return key(point("P-256", secret.publicKey.rawRepresentation)) { try secret.signature(for: $0).rawRepresentation }
    case "ES384":
      let secret = P384.Signing.PrivateKey()
      return key(point("P-384", secret.publicKey.rawRepresentation)) { try secret.signature(for: $0).rawRepresentation }
    case "ES512":
      let secret = P521.Signing.PrivateKey()
      return key(point("P-521", secret.publicKey.rawRepresentation)) { try secret.signature(for: $0).rawRepresentation }
    case "EdDSA":
      let secret = Curve25519.Signing.PrivateKey()
      return key(["kty": "OKP", "crv": "Ed25519", "x": text(secret.publicKey.rawRepresentation)]) { try secret.signature(for: $0) }
    case "HS256":
      let secret = SymmetricKey(size: .bits256)
      return key(["kty": "oct", "k": text(secret.withUnsafeBytes { Data($0) })]) { Data(HMAC<SHA256>.authenticationCode(for: $0, using: secret)) }
    default:
      let secret = try rsa.get()
      let parts = try secret.publicKey.getKeyPrimitives()
      let padding: _RSA.Signing.Padding = algorithm.hasPrefix("PS") ? .PSS : .insecurePKCS1v1_5
      return key(["kty": "RSA", "n": text(parts.modulus), "e": text(parts.publicExponent)]) { data in
        switch algorithm.suffix(3) {
        case "384": try secret.signature(for: SHA384.hash(data: data), padding: padding).rawRepresentation
        case "512": try secret.signature(for: SHA512.hash(data: data), padding: padding).rawRepresentation
        default: try secret.signature(for: SHA256.hash(data: data), padding: padding).rawRepresentation
        }
      }
    }
  }

  /// A token with these claims. Members of `header` replace those of a plain one; null removes.
  func token(_ claims: JSONValue, header: JSONObject = [:]) throws -> String {
    var full: JSONObject = ["alg": .string(algorithm), "typ": "at+jwt"]
    if let id { full["kid"] = .string(id) }
    for (name, value) in header { full[name] = value.isNull ? Optional.none : value }
    let input = encode(Data(JSONValue.object(full).text.utf8)) + "." + encode(Data(claims.text.utf8))
    return try input + "." + encode(sign(Data(input.utf8)))
  }

  private static func text(_ data: Data) -> JSONValue { .string(encode(data)) }
}

func encode(_ data: Data) -> String {
  data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
}

/// An issuer whose JWK set a test can rotate and break.
final class TestIssuer: Sendable {
  private struct State {
    var keys: [TestKey]
    var fetches = 0
    var isBroken = false
  }

  static let name = "https://issuer.example"
  static let audience = "https://mcp.example.com/mcp"
  private let state: Mutex<State>

  init(_ keys: [TestKey]) { state = Mutex(State(keys: keys)) }

  var fetches: Int { state.withLock { $0.fetches } }
  func rotate(to keys: [TestKey]) { state.withLock { $0.keys = keys } }
  func breakDown(_ isBroken: Bool = true) { state.withLock { $0.isBroken = isBroken } }

  var jwks: JSONValue { ["keys": .array(state.withLock { $0.keys }.map(\.jwk))] }

  var fetch: KeyFetch {
    { [self] _ in
      let isBroken = state.withLock { state in
        state.fetches += 1
        return state.isBroken
      }
      await Task.yield()
      if isBroken { throw CancellationError() }
      return ByteBuffer(string: jwks.text)
    }
  }

  static func settings(
    keys: JWTIssuer.Keys = .url("https://issuer.example/jwks"), algorithms: Set<SignatureAlgorithm> = SignatureAlgorithm.asymmetric,
    requiredScopes: [String] = [], claims: ClaimMapping = ClaimMapping()
  ) -> TrustedIssuer {
    TrustedIssuer(JWTIssuer(issuer: name, audiences: [audience], keys: keys, algorithms: algorithms, requiredScopes: requiredScopes), claims: claims)
  }

  /// Claims of a token that is valid for five minutes.
  static func claims(_ clock: TestClock, _ changes: JSONObject = [:]) -> JSONValue {
    var claims: JSONObject = [
      "iss": .string(name), "aud": .string(audience), "sub": "ada", "iat": .int(clock.seconds), "exp": .int(clock.seconds + 300),
    ]
    for (name, value) in changes { claims[name] = value.isNull ? Optional.none : value }
    return .object(claims)
  }
}
