import JSON
import MCPAuth
import Synchronization
import Testing

@Suite("DPoP proofs")
struct DPoPVerifierTests {
  private static let url = "https://mcp.example.com/mcp"
  private let key = SigningKey.generate()

  private final class Clock: Sendable {
    let time = Mutex<Int64>(1_800_000_000)
    var now: @Sendable () -> Int64 { { [self] in time.withLock { $0 } } }
    func advance(_ seconds: Int64) { time.withLock { $0 += seconds } }
  }

  private func failure(_ verifier: DPoPVerifier, _ proof: String, method: String = "POST", url: String = url, token: String = "t", key: SigningKey? = nil)
    -> AuthenticationFailure.Code?
  {
    do {
      try verifier.verify(proof: proof, method: method, url: url, accessToken: token, thumbprint: (key ?? self.key).thumbprint)
      return nil
    } catch { return error.code }
  }

  @Test("are good for one method, URL, token and key, once")
  func binding() throws {
    let clock = Clock()
    let verifier = DPoPVerifier(now: clock.now)
    func proof() throws -> String { try DPoPProof.make(key, method: "POST", url: Self.url + "?a=b", accessToken: Secret("t"), now: clock.now()) }
    let good = try proof()
    #expect(failure(verifier, good) == nil)
    #expect(failure(verifier, good) == .invalidProof, "replayed")
    #expect(failure(verifier, try proof(), url: "HTTPS://MCP.example.com:443/mcp?x#y") == nil)
    #expect(failure(verifier, try proof(), method: "GET") == .invalidProof)
    #expect(failure(verifier, try proof(), url: Self.url + "/") == .invalidProof)
    #expect(failure(verifier, try proof(), token: "u") == .invalidProof)
    #expect(failure(verifier, try proof(), key: .generate()) == .invalidProof)
  }

  @Test("are good for a minute, and not forgotten before", arguments: [-61, -60, 60, 61] as [Int64])
  func times(offset: Int64) throws {
    let clock = Clock()
    let verifier = DPoPVerifier(now: clock.now)
    let proof = try DPoPProof.make(key, method: "POST", url: Self.url, accessToken: Secret("t"), now: clock.now() + offset)
    #expect((failure(verifier, proof) == nil) == (abs(offset) <= 60))
    clock.advance(60)
    #expect(failure(verifier, proof) == (abs(offset) <= 60 || offset == 61 ? (offset == 61 ? nil : .invalidProof) : .invalidProof))
  }

  @Test("are not taken again where the clock was set back")
  func setBack() throws {
    let clock = Clock()
    let verifier = DPoPVerifier(now: clock.now)
    func proof(at offset: Int64 = 0) throws -> String {
      try DPoPProof.make(key, method: "POST", url: Self.url, accessToken: Secret("t"), now: clock.now() + offset)
    }
    let used = try proof()
    #expect(failure(verifier, used) == nil)
    clock.advance(70)
    #expect(failure(verifier, try proof()) == nil)
    clock.advance(-20)
    #expect(failure(verifier, used) == .invalidProof)
  }

  @Test("are remembered within bounds: beyond, new ones are refused until old ones are out of time")
  func capacity() throws {
    let clock = Clock()
    let verifier = DPoPVerifier(DPoPVerifier.Configuration(capacity: 3), now: clock.now)
    func proof() throws -> String { try DPoPProof.make(key, method: "POST", url: Self.url, accessToken: Secret("t"), now: clock.now()) }
    for _ in 0..<3 { #expect(failure(verifier, try proof()) == nil) }
    #expect(failure(verifier, try proof()) == .unavailable)
    clock.advance(120)
    #expect(failure(verifier, try proof()) == .unavailable, "the first are remembered until the end of this second")
    clock.advance(1)
    #expect(failure(verifier, try proof()) == nil)
  }

  @Test("of one key take no room from those of others")
  func capacityPerKey() throws {
    let clock = Clock()
    let verifier = DPoPVerifier(DPoPVerifier.Configuration(capacity: 10, capacityPerKey: 2), now: clock.now)
    func proof(_ key: SigningKey) throws -> String { try DPoPProof.make(key, method: "POST", url: Self.url, accessToken: Secret("t"), now: clock.now()) }
    let other = SigningKey.generate()
    for _ in 0..<2 { #expect(failure(verifier, try proof(key)) == nil) }
    #expect(failure(verifier, try proof(key)) == .unavailable)
    #expect(failure(verifier, try proof(other), key: other) == nil)
    clock.advance(121)
    #expect(failure(verifier, try proof(key)) == nil)
  }

  @Test("must carry a nonce of the server's where it asks for one")
  func nonces() throws {
    let clock = Clock()
    let verifier = DPoPVerifier(DPoPVerifier.Configuration(requiresNonce: true), now: clock.now)
    func proof(_ nonce: String?) throws -> String { try DPoPProof.make(key, method: "POST", url: Self.url, accessToken: Secret("t"), nonce: nonce, now: clock.now()) }
    let nonce = try #require(verifier.nonce)
    #expect(failure(verifier, try proof(nil)) == .nonceRequired)
    #expect(failure(verifier, try proof("AAAA")) == .nonceRequired)
    #expect(failure(verifier, try proof(nonce)) == nil)
    let foreign = DPoPNonces().make(at: clock.now())
    #expect(failure(verifier, try proof(foreign)) == .nonceRequired)
    clock.advance(301)
    #expect(failure(verifier, try proof(nonce)) == .nonceRequired)
  }

  @Test(
    "are refused when they are no proofs",
    arguments: ["", "a.b.c", "typ", "alg", "private", "symmetric", "foreign-key", "no-jti", "long-jti"])
  func malformed(kind: String) throws {
    let clock = Clock()
    let verifier = DPoPVerifier(now: clock.now)
    var claims: JSONObject = ["jti": "1", "htm": "POST", "htu": .string(Self.url), "iat": .int(clock.now()), "ath": "4rf2ViIb2WvfEJ2_7mfQDNrNQzBRZSqMwEhJ8kwKMbg"]
    var header: JSONObject = ["typ": "dpop+jwt", "jwk": key.publicJWK]
    var signer = key
    switch kind {
    case "typ": header["typ"] = "at+jwt"
    case "alg":
      signer = .generate(.es384)
      header["jwk"] = signer.publicJWK
    case "private": header["jwk"]?["d"] = "AAAA"
    case "symmetric": header["jwk"] = ["kty": "oct", "k": "AAAA"]
    case "foreign-key": signer = .generate()
    case "no-jti": claims["jti"] = nil
    case "long-jti": claims["jti"] = .string(String(repeating: "a", count: 300))
    default: break
    }
    let proof = kind.isEmpty || kind == "a.b.c" ? kind : try signer.token(claims: .object(claims), header: header)
    #expect(failure(verifier, proof, key: kind == "alg" ? signer : nil) == .invalidProof)
  }
}
