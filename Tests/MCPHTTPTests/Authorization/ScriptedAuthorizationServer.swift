import Crypto
import JSON
import MCP
import MCPAuth
import MCPHTTP
import NIOCore
import Synchronization
import Testing

/// An authorization server of our own: strict where the specification is, faulty where its script says so.
final class ScriptedAuthorizationServer: HTTPResponder {
  /// What it does. Everything is as it should be unless a test changes it.
  struct Script: Sendable {
    /// The path of the issuer.
    var issuerPath = ""
    var metadataPath = "/.well-known/oauth-authorization-server"
    var hasMetadata = true
    /// Members of the metadata to add, replace or (null) remove.
    var metadata: JSONObject = [:]
    /// What comes as `iss` in the redirect; nil for none, `{issuer}` for the right one.
    var iss: String? = "{issuer}"
    /// What comes as `state`; nil for the right one.
    var state: String?
    var authorizationError: String?
    var endpoints = ""
    var lifetime = 3600
    var issuesRefreshTokens = true
    var rotates = true
    /// The answer to every token request, in place of a token.
    var tokenError: String?
    /// Whether a refresh is refused.
    var refusesRefresh = false
    var requiresNonce = false
    var tokenType: String?
    /// How a client that registers is told to authenticate; nil as it asked.
    var registersMethod: String?
    var registrationError: String?
    /// The clients known without registration: id to secret.
    var clients: [String: String] = [:]
    var clientKey: SigningKey?
    /// Checks an assertion of a jwt-bearer grant.
    var acceptsAssertion: @Sendable (String) -> Bool = { _ in false }
    /// Checks the subject token of a token exchange for an ID-JAG.
    var acceptsSubject: @Sendable (_ token: String, _ type: String) -> Bool = { _, _ in false }
    /// Fires when a token is asked for.
    var tokenBegan: Signal?
    /// Kept back until this fires, to hold a refresh in flight.
    var tokenGate: Signal?
    /// Fires when a token is introspected.
    var introspectionBegan: Signal?
    /// Introspection is not answered until this fires.
    var introspectionGate: Signal?
    /// Scopes granted whatever was asked for.
    var grantedScopes: [String]?
    /// The audience of tokens; nil for the resource asked for.
    var audience: String?
  }

  struct TokenRequest: Sendable {
    var fields: [String: String]
    var authorization: String?
    var proof: String?
  }

  struct Seen: Sendable {
    var metadata: [String] = []
    var registrations: [JSONValue] = []
    var authorizations: [[String: String]] = []
    var tokens: [TokenRequest] = []
    var grants: [String] { tokens.compactMap { $0.fields["grant_type"] } }
  }

  private struct State {
    var script = Script()
    var seen = Seen()
    var port = 0
    var codes: [String: [String: String]] = [:]
    var refreshTokens: [String: (client: String, scopes: [String], resource: String)] = [:]
    var clients: [String: String] = [:]
    var counter = 0
  }

  let key = SigningKey.generate(.es256, keyID: "as-1")
  private let state = Mutex(State())

  var script: Script {
    get { state.withLock { $0.script } }
    set { state.withLock { $0.script = newValue } }
  }
  var seen: Seen { state.withLock { $0.seen } }
  var port: Int {
    get { state.withLock { $0.port } }
    set { state.withLock { $0.port = newValue } }
  }
  var origin: String { "http://127.0.0.1:\(port)" }
  var issuer: String { origin + script.issuerPath }
  /// What the nonce of its proofs must be.
  let nonce = "as-nonce-1"

  func respond(to request: HTTPRequest) async -> HTTPReply {
    let script = script
    let path = request.path
    if path.contains("/.well-known/") { state.withLock { $0.seen.metadata.append(path) } }
    switch path {
    case script.metadataPath where script.hasMetadata: return Self.json(.ok, metadata)
    case "/jwks":
      var jwk = key.publicJWK
      jwk["kid"] = "as-1"
      return Self.json(.ok, ["keys": [jwk]])
    case script.endpoints + "/register": return register(request, script)
    case script.endpoints + "/authorize": return authorize(request, script)
    case script.endpoints + "/token": return await token(request, script)
    case "/introspect": return await introspect(request)
    default: return .text(.notFound, "nothing")
    }
  }

  static func json(_ status: HTTPStatus, _ value: JSONValue, _ more: [(String, String)] = []) -> HTTPReply {
    .full(status, HTTPHeaders([("Content-Type", "application/json"), ("Cache-Control", "no-store")] + more), body: ByteBuffer(value))
  }

  private var metadata: JSONValue {
    let script = script
    var document: JSONObject = [
      "issuer": .string(issuer), "authorization_endpoint": .string(origin + script.endpoints + "/authorize"),
      "token_endpoint": .string(origin + script.endpoints + "/token"), "registration_endpoint": .string(origin + script.endpoints + "/register"),
      "jwks_uri": .string(origin + "/jwks"), "code_challenge_methods_supported": ["S256"], "token_endpoint_auth_methods_supported": ["none"],
      "authorization_response_iss_parameter_supported": true, "dpop_signing_alg_values_supported": ["ES256"],
    ]
    for (name, value) in script.metadata { document[name] = value.isNull ? Optional.none : value }
    return .object(document)
  }

  private func register(_ request: HTTPRequest, _ script: Script) -> HTTPReply {
    guard let body = try? JSONValue(RawJSON(scanning: request.body)) else { return Self.json(.badRequest, ["error": "invalid_client_metadata"]) }
    let count = state.withLock { state in
      state.seen.registrations.append(body)
      return state.seen.registrations.count
    }
    if let error = script.registrationError { return Self.json(.badRequest, ["error": .string(error), "error_description": "no"]) }
    let method = script.registersMethod ?? body["token_endpoint_auth_method"]?.string ?? "client_secret_basic"
    let id = "client-\(port)-\(count)"
    let secret = method == "none" ? "" : "s3cret: \(count)/é"
    state.withLock { $0.clients[id] = secret }
    var answer: JSONObject = ["client_id": .string(id), "token_endpoint_auth_method": .string(method), "redirect_uris": body["redirect_uris"] ?? []]
    if !secret.isEmpty { answer["client_secret"] = .string(secret) }
    return Self.json(HTTPStatus(201), .object(answer))
  }

  private func authorize(_ request: HTTPRequest, _ script: Script) -> HTTPReply {
    let fields = Form.decode(request.query ?? "")
    let code = state.withLock { state in
      state.seen.authorizations.append(fields)
      state.counter += 1
      state.codes["code-\(state.counter)"] = fields
      return "code-\(state.counter)"
    }
    var answer = [("state", script.state ?? fields["state"] ?? "")]
    if let iss = script.iss { answer.append(("iss", iss.replacing("{issuer}", with: issuer))) }
    if let error = script.authorizationError { answer += [("error", error), ("error_description", "not today")] } else { answer.append(("code", code)) }
    let location = (fields["redirect_uri"] ?? "") + "?" + answer.map { "\($0.0)=\(Form.encode($0.1))" }.joined(separator: "&")
    return .full(HTTPStatus(302), HTTPHeaders([("Location", location)]), body: ByteBuffer())
  }

  private func token(_ request: HTTPRequest, _ script: Script) async -> HTTPReply {
    let fields = Form.decode(String(buffer: request.body))
    let proof = request.headers["DPoP"]
    state.withLock { $0.seen.tokens.append(TokenRequest(fields: fields, authorization: request.headers["Authorization"], proof: proof)) }
    script.tokenBegan?.fire()
    await script.tokenGate?.wait()
    func refuse(_ error: String, _ status: HTTPStatus = .badRequest) -> HTTPReply { Self.json(status, ["error": .string(error), "error_description": "scripted"]) }
    if let error = script.tokenError { return refuse(error) }
    var thumbprint: String?
    if let proof {
      guard let token = try? CompactToken(parsing: Array(proof.utf8), as: .dpopProof), let jwk = token.header["jwk"],
        let key = try? VerificationKey(jwk: jwk, algorithm: token.algorithm), key.isValid(token.signature, over: token.signingInput),
        token.claims["htm"]?.string == "POST", token.claims["htu"]?.string == origin + script.endpoints + "/token"
      else { return refuse("invalid_dpop_proof") }
      if script.requiresNonce, token.claims["nonce"]?.string != nonce {
        return Self.json(.badRequest, ["error": "use_dpop_nonce"], [("DPoP-Nonce", nonce)])
      }
      thumbprint = DPoPVerifier.thumbprint(jwk)
    }
    guard let client = client(fields, request.headers["Authorization"], script) else { return refuse("invalid_client", .unauthorized) }
    var scopes = (fields["scope"] ?? "").split(separator: " ").map(String.init)
    var resource = fields["resource"] ?? ""
    var subject = "ada"
    switch fields["grant_type"] {
    case "authorization_code":
      guard let asked = state.withLock({ $0.codes.removeValue(forKey: fields["code"] ?? "") }), asked["client_id"] == client,
        asked["redirect_uri"] == fields["redirect_uri"], asked["resource"] == fields["resource"], asked["code_challenge_method"] == "S256",
        asked["code_challenge"] == Base64URL.encode(SHA256.hash(data: Array((fields["code_verifier"] ?? "").utf8)))
      else { return refuse("invalid_grant") }
      scopes = (asked["scope"] ?? "").split(separator: " ").map(String.init)
    case "refresh_token":
      let text = fields["refresh_token"] ?? ""
      let known = state.withLock { state in
        script.rotates ? state.refreshTokens.removeValue(forKey: text) : state.refreshTokens[text]
      }
      guard let known, known.client == client, known.resource == fields["resource"], !script.refusesRefresh else { return refuse("invalid_grant") }
      (scopes, resource) = (known.scopes, known.resource)
    case "client_credentials":
      guard !client.isEmpty else { return refuse("invalid_client", .unauthorized) }
      subject = client
    case "urn:ietf:params:oauth:grant-type:jwt-bearer": guard script.acceptsAssertion(fields["assertion"] ?? "") else { return refuse("invalid_grant") }
    case "urn:ietf:params:oauth:grant-type:token-exchange":
      guard script.acceptsSubject(fields["subject_token"] ?? "", fields["subject_token_type"] ?? "") else { return refuse("invalid_grant") }
      return Self.json(
        .ok,
        [
          "access_token": .string("jag|\(fields["audience"] ?? "")|\(fields["resource"] ?? "")"),
          "issued_token_type": fields["requested_token_type"].map { .string($0) } ?? .null, "token_type": "N_A",
        ])
    default: return refuse("unsupported_grant_type")
    }
    return issue(scopes: script.grantedScopes ?? scopes, resource, subject, client, thumbprint, script)
  }

  private func issue(
    scopes: [String], _ resource: String, _ subject: String, _ client: String, _ thumbprint: String?, _ script: Script
  ) -> HTTPReply {
    let count = state.withLock { state in
      state.counter += 1
      return state.counter
    }
    let now = SystemSeconds.now()
    var claims: JSONObject = [
      "iss": .string(issuer), "aud": .string(script.audience ?? resource), "sub": .string(subject), "client_id": .string(client), "jti": .string("t\(count)"),
      "scope": .string(scopes.joined(separator: " ")), "iat": .int(now), "exp": .int(now + 3600),
    ]
    if let thumbprint { claims["cnf"] = ["jkt": .string(thumbprint)] }
    let token = (try? key.token(claims: .object(claims), header: ["typ": "at+jwt"])) ?? ""
    var answer: JSONObject = [
      "access_token": .string(token), "token_type": .string(script.tokenType ?? (thumbprint == nil ? "bearer" : "DPoP")), "expires_in": .int(script.lifetime),
    ]
    if script.issuesRefreshTokens {
      answer["refresh_token"] = .string("refresh-\(count)")
      state.withLock { $0.refreshTokens["refresh-\(count)"] = (client, scopes, resource) }
    }
    if script.grantedScopes != nil { answer["scope"] = .string(scopes.joined(separator: " ")) }
    return Self.json(.ok, .object(answer))
  }

  /// The client of a request, empty for none; nil if its credentials are wrong.
  private func client(_ fields: [String: String], _ authorization: String?, _ script: Script) -> String? {
    let known = state.withLock { $0.clients }.merging(script.clients) { $1 }
    if let assertion = fields["client_assertion"] {
      guard fields["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", let key = script.clientKey,
        let token = try? CompactToken(parsing: Array(assertion.utf8)), let jwk = try? RawJSON(key.publicJWK.text),
        let public_ = try? VerificationKey(jwk: jwk, algorithm: key.algorithm), public_.isValid(token.signature, over: token.signingInput),
        token.claims["aud"]?.string == issuer, token.claims["iss"]?.string == token.claims["sub"]?.string
      else { return nil }
      return token.claims["sub"]?.string
    }
    if let authorization {
      guard authorization.hasPrefix("Basic "), let bytes = Self.base64(authorization.dropFirst(6)) else { return nil }
      let parts = String(decoding: bytes, as: UTF8.self).split(separator: ":", maxSplits: 1).map { Form.unescape($0) }
      guard parts.count == 2, let secret = known[parts[0]], !secret.isEmpty, secret == parts[1], fields["client_secret"] == nil else { return nil }
      return parts[0]
    }
    guard let id = fields["client_id"] else { return "" }
    if id.hasPrefix("https://") { return id }
    guard let secret = known[id], secret == fields["client_secret"] ?? "" else { return nil }
    return id
  }

  private func introspect(_ request: HTTPRequest) async -> HTTPReply {
    let fields = Form.decode(String(buffer: request.body))
    guard client(fields, request.headers["Authorization"], script).map({ !$0.isEmpty }) == true else { return Self.json(.unauthorized, ["error": "invalid_client"]) }
    state.withLock { $0.seen.tokens.append(TokenRequest(fields: fields)) }
    script.introspectionBegan?.fire()
    await script.introspectionGate?.wait()
    let now = SystemSeconds.now()
    switch fields["token"] {
    case "opaque-good":
      return Self.json(
        .ok, ["active": true, "sub": "ada", "client_id": "c", "aud": .string(script.audience ?? ""), "scope": "mcp", "exp": .int(now + 60), "iss": .string(issuer)])
    case "opaque-kelvin":
      let kelvin = issuer.replacing("K", with: "\u{212A}")
      return Self.json(.ok, ["active": true, "sub": "ada", "aud": .string(script.audience ?? ""), "exp": .int(now + 60), "iss": .string(kelvin)])
    case "opaque-elsewhere": return Self.json(.ok, ["active": true, "aud": "https://other.example"])
    default: return Self.json(.ok, ["active": false])
    }
  }

  private static func base64(_ text: some StringProtocol) -> [UInt8]? {
    Base64URL.decode(text.utf8.filter { $0 != UInt8(ascii: "=") }.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 })
  }
}

/// Forms, once more and plainly, so that the client's are not checked against themselves.
enum Form {
  static func decode(_ text: String) -> [String: String] {
    var fields: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      fields[unescape(parts[0])] = parts.count == 2 ? unescape(parts[1]) : ""
    }
    return fields
  }

  static func unescape(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    var iterator = text.utf8.makeIterator()
    while let byte = iterator.next() {
      if byte == UInt8(ascii: "%"), let high = iterator.next(), let low = iterator.next() {
        bytes.append(UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16) ?? 0)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func encode(_ text: String) -> String {
    text.utf8.map { byte in
      let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E
      return isPlain ? String(decoding: [byte], as: UTF8.self) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }
}
