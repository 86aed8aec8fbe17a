import Foundation
import Gateway
import JSON
import MCPAuth
import Testing

/// One issuer, one gateway.
private struct Setting {
  let directory = TemporaryDirectory()
  let clock = TestClock()
  let store: SQLiteStore
  let issuer: TestIssuer
  let authenticator: Authenticator

  init(_ keys: [TestKey], _ settings: TrustedIssuer = TestIssuer.settings(), users: UserDirectory = UserDirectory()) throws {
    store = try SQLiteStore(directory: directory.path)
    issuer = TestIssuer(keys)
    authenticator = try Authenticator(store: store, directory: users, issuers: [settings], fetch: issuer.fetch, clock: clock.clock)
  }

  func failure(_ token: String) async -> AuthenticationFailure.Code? {
    do {
      _ = try await authenticator.authenticate(authorization: "Bearer \(token)")
      return nil
    } catch { return error.code }
  }

  func principal(_ token: String) async throws -> Principal { try await authenticator.authenticate(authorization: "Bearer \(token)") }
}

@Suite("JWT authentication")
struct JWTAuthenticationTests {
  static let asymmetric = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]

  @Test("takes tokens of every allowed algorithm, with and without `alg` in the key", arguments: asymmetric, [false, true])
  func algorithms(algorithm: String, named: Bool) async throws {
    let key = try TestKey.make(algorithm, named: named)
    let setting = try Setting([key])
    let principal = try await setting.principal(key.token(TestIssuer.claims(setting.clock, ["jti": "t1", "client_id": "desktop"])))
    #expect(principal.id == "ada")
    #expect(principal.kind == .user)
    #expect(principal.clientID == "desktop")
    #expect(principal.tokenID == "t1")
    #expect(principal.authentication == .jwt(issuer: TestIssuer.name))
  }

  @Test("refuses an algorithm that the issuer is not allowed", arguments: asymmetric)
  func disallowed(algorithm: String) async throws {
    let key = try TestKey.make(algorithm)
    let others = SignatureAlgorithm.asymmetric.filter { $0.rawValue != algorithm }
    let setting = try Setting([key], TestIssuer.settings(algorithms: others))
    #expect(await setting.failure(try key.token(TestIssuer.claims(setting.clock))) == .invalid)
  }

  @Test(
    "refuses claims that do not hold",
    arguments: [
      (["iss": "https://issuer.example/"], .invalid), (["iss": "https://evil.example"], .invalid), (["iss": nil], .invalid),
      (["aud": "https://other.example/mcp"], .wrongAudience), (["aud": nil], .wrongAudience), (["aud": []], .wrongAudience),
      (["aud": ["a", "b"]], .wrongAudience), (["aud": 7], .wrongAudience), (["aud": "https://mcp.example.com/mcp/"], .wrongAudience),
      (["exp": nil], .invalid), (["exp": "soon"], .invalid), (["exp": -1], .invalid), (["exp": 1e300], .invalid),
      (["nbf": "x"], .invalid), (["sub": nil], .invalid), (["sub": ""], .invalid), (["sub": 7], .invalid), (["sub": "a\u{0}b"], .invalid),
      (["sub": .string(String(repeating: "a", count: 257))], .invalid),
    ] as [(JSONObject, AuthenticationFailure.Code)])
  func claims(changes: JSONObject, expected: AuthenticationFailure.Code) async throws {
    let key = try TestKey.make("ES256")
    let setting = try Setting([key])
    #expect(await setting.failure(try key.token(TestIssuer.claims(setting.clock, changes))) == expected)
  }

  @Test(
    "allows clocks to differ by 30 seconds and no more",
    arguments: [
      ("exp", -29, nil), ("exp", -30, .expired), ("nbf", 30, nil), ("nbf", 31, .notYetValid), ("iat", 30, nil), ("iat", 31, .notYetValid),
    ] as [(String, Int64, AuthenticationFailure.Code?)])
  func leeway(claim: String, offset: Int64, expected: AuthenticationFailure.Code?) async throws {
    let key = try TestKey.make("ES256")
    let setting = try Setting([key])
    let token = try key.token(TestIssuer.claims(setting.clock, [claim: .int(setting.clock.seconds + offset)]))
    #expect(await setting.failure(token) == expected)
  }

  @Test("takes an audience among several, and times with fractions")
  func variants() async throws {
    let key = try TestKey.make("ES256")
    let setting = try Setting([key])
    let end = try #require(JSONNumber(Double(setting.clock.seconds) + 60.5))
    let token = try key.token(TestIssuer.claims(setting.clock, ["aud": ["x", .string(TestIssuer.audience)], "exp": .number(end)]))
    #expect(await setting.failure(token) == nil)
  }

  @Test(
    "refuses headers that ask for what is not understood",
    arguments: [
      ["alg": "none"], ["alg": "None"], ["alg": "HS256"], ["alg": "ES384"], ["alg": "RS256"], ["alg": nil], ["alg": 7],
      ["crit": ["exp"]], ["crit": []], ["crit": ["b64"], "b64": false], ["kid": 7], ["kid": "unknown"], ["typ": "dpop+jwt"], ["typ": "logout+jwt"],
      ["typ": 1], ["kid": .string(String(repeating: "k", count: 513))],
    ] as [JSONObject])
  func headers(header: JSONObject) async throws {
    let key = try TestKey.make("ES256")
    let setting = try Setting([key])
    #expect(await setting.failure(try key.token(TestIssuer.claims(setting.clock), header: header)) == .invalid)
  }

  @Test("takes the header types of access tokens", arguments: ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", nil] as [String?])
  func types(type: String?) async throws {
    let key = try TestKey.make("ES256")
    let setting = try Setting([key])
    let token = try key.token(TestIssuer.claims(setting.clock), header: ["typ": type.map { .string($0) } ?? .null])
    #expect(await setting.failure(token) == nil)
  }

  @Test("refuses a public key used as a shared secret")
  func confusion() async throws {
    let rsa = try TestKey.make("RS256")
    let shared = TestKey(id: "key-1", algorithm: "HS256", jwk: rsa.jwk) { data in
      Data(HMACForTests.code(data, Data((rsa.jwk["n"]?.string ?? "").utf8)))
    }
    let setting = try Setting([rsa])
    #expect(await setting.failure(try shared.token(TestIssuer.claims(setting.clock))) == .invalid)
    #expect(await setting.failure(try rsa.token(TestIssuer.claims(setting.clock))) == nil)
  }

  @Test("refuses a token whose header, claims or signature was changed, at whatever place")
  func tampering() async throws {
    let key = try TestKey.make("ES256")
    let setting = try Setting([key])
    let token = Array(try key.token(TestIssuer.claims(setting.clock)).utf8)
    for place in stride(from: 0, to: token.count, by: 7) where token[place] != UInt8(ascii: ".") {
      var changed = token
      changed[place] = changed[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(await setting.failure(String(decoding: changed, as: UTF8.self)) != nil, "byte \(place)")
    }
    for count in stride(from: 1, to: token.count, by: 5) {
      #expect(await setting.failure(String(decoding: token.prefix(count), as: UTF8.self)) != nil, "the first \(count) bytes")
    }
  }

  @Test(
    "refuses text that is no token",
    arguments: [
      "a", "a.b", "a.b.c", "..", "e30.e30.", "e30.e30.AA", "a.b.c.d.e", "e30=.e30.AA", "////.e30.AA", "eyJhbGciOiJFUzI1NiJ9.W10.AA",
    ])
  func garbage(text: String) async throws {
    let setting = try Setting([try TestKey.make("ES256")])
    #expect(await setting.failure(text) == .invalid)
  }

  @Test("refuses repeated names and deep nesting in claims")
  func hostileJSON() async throws {
    let key = try TestKey.make("ES256")
    let setting = try Setting([key])
    let valid = TestIssuer.claims(setting.clock).text
    for claims in [valid.dropLast() + ",\"sub\":\"eve\"}", valid.dropLast() + ",\"x\":" + String(repeating: "[", count: 40) + String(repeating: "]", count: 40) + "}"] {
      let input = encode(Data(#"{"alg":"ES256","kid":"key-1"}"#.utf8)) + "." + encode(Data(claims.utf8))
      #expect(await setting.failure(try input + "." + encode(key.sign(Data(input.utf8)))) == .invalid)
    }
  }

  @Test("refuses a token of more than 16 KB without looking at it")
  func oversized() async throws {
    let key = try TestKey.make("ES256")
    let setting = try Setting([key])
    let token = try key.token(TestIssuer.claims(setting.clock, ["filler": .string(String(repeating: "x", count: 16_000))]))
    #expect(await setting.failure(token) == .malformed)
    #expect(setting.issuer.fetches == 0)
  }

  @Test("makes the principal from claims and directory, and the directory has the last word on attributes")
  func mapping() async throws {
    let mapping = ClaimMapping(
      user: "email", userPrefix: "corp:", groups: "https://example.com/groups", roles: "realm_access.roles", attributes: ["department", "level"])
    let key = try TestKey.make("EdDSA")
    let users = UserDirectory(users: ["corp:ada@example.com": .init(groups: ["local"], roles: ["admin"], attributes: ["level": 9])])
    let setting = try Setting([key], TestIssuer.settings(claims: mapping), users: users)
    let principal = try await setting.principal(
      key.token(
        TestIssuer.claims(
          setting.clock,
          [
            "email": "ada@example.com", "https://example.com/groups": ["b", "a", "b"], "realm_access": ["roles": "auditor"], "department": "R&D",
            "level": 3, "secret": "not asked for",
          ])))
    #expect(principal.id == "corp:ada@example.com")
    #expect(principal.groups == ["a", "b", "local"])
    #expect(principal.roles == ["admin", "auditor"])
    #expect(principal.attributes == ["department": "R&D", "level": 9])
  }

  @Test("knows an agent by a subject that is the client itself")
  func agents() async throws {
    let key = try TestKey.make("EdDSA")
    let setting = try Setting([key])
    let principal = try await setting.principal(key.token(TestIssuer.claims(setting.clock, ["sub": "bot", "azp": "bot"])))
    #expect(principal.kind == .agent)
  }

  @Test(
    "asks for required scopes, as a string or a list",
    arguments: [
      (["scope": "mcp:read mcp:write"], nil), (["scp": ["mcp:write", "mcp:read"]], nil), (["scope": "mcp:read"], .insufficientScope),
      ([:], .insufficientScope), (["scope": "mcp:read mcp:writes"], .insufficientScope),
    ] as [(JSONObject, AuthenticationFailure.Code?)])
  func scopes(claims: JSONObject, expected: AuthenticationFailure.Code?) async throws {
    let key = try TestKey.make("EdDSA")
    let setting = try Setting([key], TestIssuer.settings(requiredScopes: ["mcp:read", "mcp:write"]))
    #expect(await setting.failure(try key.token(TestIssuer.claims(setting.clock, claims))) == expected)
  }

  @Test("refuses a revoked token and a revoked login at once, cached or not", arguments: [false, true])
  func revocation(byLogin: Bool) async throws {
    let key = try TestKey.make("EdDSA")
    let setting = try Setting([key])
    let token = try key.token(TestIssuer.claims(setting.clock, ["jti": "t1", "sid": "s1"]))
    #expect(await setting.failure(token) == nil)
    let session: SessionID = byLogin ? .login(issuer: TestIssuer.name, id: "s1") : .token(issuer: TestIssuer.name, id: "t1")
    try await SQLiteStore(directory: setting.directory.path).revokeSession(session, until: setting.clock.seconds + 300)
    #expect(await setting.failure(token) == .revoked)
  }

  @Test("forgets a cached token when it expires")
  func expiry() async throws {
    let key = try TestKey.make("EdDSA")
    let setting = try Setting([key])
    let token = try key.token(TestIssuer.claims(setting.clock, ["exp": .int(setting.clock.seconds + 10)]))
    #expect(await setting.failure(token) == nil)
    setting.clock.advance(seconds: 39)
    #expect(await setting.failure(token) == nil)
    setting.clock.advance(seconds: 1)
    #expect(await setting.failure(token) == .expired)
  }

  @Test("takes HS256 only where a local file holds the key and the settings name it")
  func sharedKey() async throws {
    let key = try TestKey.make("HS256")
    let directory = TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
    let path = directory.path + "/jwks.json"
    try TestIssuer([key]).jwks.text.write(toFile: path, atomically: true, encoding: .utf8)
    let named = try Setting([], TestIssuer.settings(keys: .file(path), algorithms: [.hs256]))
    #expect(await named.failure(try key.token(TestIssuer.claims(named.clock))) == nil)
    let unnamed = try Setting([], TestIssuer.settings(keys: .file(path)))
    #expect(await unnamed.failure(try key.token(TestIssuer.claims(unnamed.clock))) == .invalid)
    #expect(throws: IdentityConfigurationError.self) { try Setting([key], TestIssuer.settings(algorithms: [.hs256])) }
  }
}
