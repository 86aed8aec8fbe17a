internal import JSON
internal import MCPAuth

/// A client as it stands before one token endpoint.
struct ClientIdentity: Sendable {
  enum Proof: Sendable {
    case none
    case basic(Secret)
    case post(Secret)
    case privateKey(SigningKey, audience: String)
  }

  var id: String
  var proof: Proof
  /// Whether it was registered dynamically, so that it can be registered anew.
  var isDynamic = false

  init(id: String, proof: Proof, isDynamic: Bool = false) {
    self.id = id
    self.proof = proof
    self.isDynamic = isDynamic
  }

  /// Chooses how to send what the client has, by what the endpoint takes. Without a word from it that is the header (RFC 8414 section 2).
  init(id: String, _ authentication: ClientAuthentication, issuer: String, tokenEndpoint: HTTPURL, methods: [String]?) {
    self.id = id
    switch authentication {
    case .none: proof = .none
    case .secret(let secret):
      let methods = methods ?? ["client_secret_basic"]
      proof = !methods.contains("client_secret_basic") && methods.contains("client_secret_post") ? .post(secret) : .basic(secret)
    case .privateKey(let key, .issuer): proof = .privateKey(key, audience: issuer)
    case .privateKey(let key, .tokenEndpoint): proof = .privateKey(key, audience: tokenEndpoint.description)
    }
  }
}

/// Requests to a token endpoint (RFC 6749 sections 3.2 and 5).
struct TokenEndpoint: Sendable {
  let url: HTTPURL
  let transport: OAuthTransport
  let now: @Sendable () -> Int64

  struct Answer: Sendable {
    var accessToken: Secret
    var type: String
    var issuedType: String?
    var expires: Int64?
    var refreshToken: Secret?
    var scopes: [String]?
  }

  /// - Parameters:
  ///   - client: nil where the grant alone says who asks.
  ///   - sender: proves possession of the key that the token is to be bound to.
  func request(_ grant: [(name: String, value: String)], client: ClientIdentity?, sender: DPoPSender?) async throws(OAuthError) -> Answer {
    var answer = try await send(grant, client, sender)
    if let sender, sender.note(answer.headers, from: url.origin), answer.json?["error"]?.string == "use_dpop_nonce" {
      answer = try await send(grant, client, sender)
      sender.note(answer.headers, from: url.origin)
    }
    return try read(answer)
  }

  func send(_ grant: [(name: String, value: String)], _ client: ClientIdentity?, _ sender: DPoPSender?) async throws(OAuthError) -> OAuthTransport.Answer {
    var fields = grant
    var headers: [(String, String)] = []
    if let client {
      switch client.proof {
      case .none: fields.append(("client_id", client.id))
      case .basic(let secret):
        // Superfluous (RFC 6749 section 3.2.1) and harmless: the Python SDK's server finds the client by it alone.
        fields.append(("client_id", client.id))
        // RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
        headers.append(("Authorization", "Basic " + Self.base64(FormText.encode(client.id) + ":" + FormText.encode(secret.reveal()))))
      case .post(let secret): fields += [("client_id", client.id), ("client_secret", secret.reveal())]
      case .privateKey(let key, let audience):
        fields += [
          ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", try assertion(client.id, key, audience)),
        ]
      }
    }
    if let sender { headers.append(("DPoP", try sender.proof(method: .post, url: url))) }
    return try await transport.post(url, form: fields, headers: headers)
  }

  /// A client assertion (RFC 7523 section 3), good for one minute and one use.
  private func assertion(_ id: String, _ key: SigningKey, _ audience: String) throws(OAuthError) -> String {
    let now = now()
    let claims: JSONValue = [
      "iss": .string(id), "sub": .string(id), "aud": .string(audience), "jti": .string(RandomText.make(bytes: 16)), "iat": .int(now), "exp": .int(now + 60),
    ]
    do { return try key.token(claims: claims, header: ["typ": "JWT"]) } catch {
      throw OAuthError(.configuration, "The client's private key cannot sign: \(error)")
    }
  }

  private func read(_ answer: OAuthTransport.Answer) throws(OAuthError) -> Answer {
    guard answer.status == .ok, let json = answer.json, json["error"] == nil else {
      let error = answer.json?["error"]?.string
      if error == nil, answer.status.code >= 500 { throw OAuthError(.unreachable, "The token endpoint \(url) answered with status \(answer.status.code).") }
      throw OAuthError(
        .token, "The token endpoint \(url) refused: \(Self.described(error, answer.json?["error_description"]?.string) ?? "status \(answer.status.code)").",
        serverError: error)
    }
    guard let token = json["access_token"]?.string, Self.isToken(token), let type = json["token_type"]?.string else {
      throw OAuthError(.token, "The answer of the token endpoint \(url) has no usable access_token and token_type (RFC 6749 section 5.1).")
    }
    let lifetime = json["expires_in"]?.double ?? json["expires_in"]?.string.flatMap(Double.init)
    return Answer(
      accessToken: Secret(token), type: type, issuedType: json["issued_token_type"]?.string,
      expires: lifetime.flatMap { $0 >= 0 && $0 < 1e12 ? now() + Int64($0) : nil }, refreshToken: json["refresh_token"]?.string.map(Secret.init),
      scopes: json["scope"]?.string.map { $0.split(separator: " ").map(String.init) })
  }

  /// An error's name and description as a server gave them, made fit for a log.
  static func described(_ error: String?, _ description: String?) -> String? {
    guard let error else { return nil }
    func plain(_ text: String) -> String { String(text.unicodeScalars.prefix(300).filter { $0.value >= 0x20 && $0.value != 0x7F }.map { Character($0) }) }
    return description.map { "\(plain(error)) (\(plain($0)))" } ?? plain(error)
  }

  /// What may stand in an Authorization header.
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= CompactToken.maximumLength && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  private static func base64(_ text: String) -> String {
    let url = Base64URL.encode(Array(text.utf8)).replacing("-", with: "+").replacing("_", with: "/")
    return url + String(repeating: "=", count: (4 - url.utf8.count % 4) % 4)
  }
}
