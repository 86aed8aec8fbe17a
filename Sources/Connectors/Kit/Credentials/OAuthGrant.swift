internal import JSON
public import MCPAuth
public import MCPHTTP
internal import MCP
internal import NIOCore
public import Secrets

/// The token endpoint of a vendor, and the grants that it is asked for (RFC 6749, RFC 7523).
public struct OAuthGrant: Grant {
  /// What is exchanged for tokens.
  public enum Kind: Sendable {
    /// The refresh token that was stored when the subject signed in; `seed` where an administrator gave one.
    case refreshToken(seed: SecretReference? = nil)
    case clientCredentials
    /// RFC 7523, section 2.1: an assertion that we sign, made anew for each token.
    case assertion(@Sendable (Subject, _ now: Int64) async throws(VendorError) -> Secret)
  }

  /// How the client names itself at the token endpoint (RFC 6749, section 2.3.1).
  public enum ClientAuthentication: Sendable {
    case basic(id: String, secret: SecretReference)
    case post(id: String, secret: SecretReference)
    case publicClient(id: String)
    case none
  }

  public var vendor: String
  public var endpoint: HTTPURL
  public var kind: Kind
  public var client: ClientAuthentication
  public var scopes: [String]
  /// Sends JSON in place of a form, as some vendors want.
  public var sendsJSON: Bool
  /// Members of the answer to keep in ``StoredToken/extra``.
  public var kept: [String]
  /// Where a subject that has no token signs in.
  public var consentURL: @Sendable (Subject) -> String?
  private let http: HTTPClient
  private let time: VendorTime

  public init(
    vendor: String, endpoint: HTTPURL, kind: Kind, client: ClientAuthentication, scopes: [String] = [], sendsJSON: Bool = false, kept: [String] = [],
    consentURL: @escaping @Sendable (Subject) -> String? = { _ in nil }, http: HTTPClient, time: VendorTime = .system
  ) {
    self.vendor = vendor
    self.endpoint = endpoint
    self.kind = kind
    self.client = client
    self.scopes = scopes
    self.sendsJSON = sendsJSON
    self.kept = kept
    self.consentURL = consentURL
    self.http = http
    self.time = time
  }

  public func token(for subject: Subject, after previous: StoredToken?) async throws(VendorError) -> StoredToken {
    var fields: [(name: String, value: String?)]
    switch kind {
    case .clientCredentials: fields = [("grant_type", "client_credentials")]
    case .assertion(let make):
      fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", try await make(subject, time.seconds()).reveal()),
      ]
    case .refreshToken(let seed):
      var token = previous?.refreshToken
      if token == nil, let seed { token = try resolve(seed) }
      guard let token else {
        throw VendorError(.consentRequired, "\(subject.name) has not signed in to \(vendor).", consentURL: consentURL(subject))
      }
      fields = [("grant_type", "refresh_token"), ("refresh_token", token.reveal())]
    }
    // A refresh token keeps its scopes (RFC 6749, section 6); each of the other grants asks for them anew.
    var keepsScopes = false
    if case .refreshToken = kind { keepsScopes = previous != nil }
    if !scopes.isEmpty, !keepsScopes { fields.append(("scope", scopes.joined(separator: " "))) }
    return try await exchange(fields, previous, subject)
  }

  /// Spends an authorization code (RFC 6749, section 4.1.3; RFC 7636).
  public func token(for subject: Subject, code: String, redirectURI: String, verifier: String?) async throws(VendorError) -> StoredToken {
    try await exchange(
      [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI), ("code_verifier", verifier)], nil, subject)
  }

  private func resolve(_ reference: SecretReference) throws(VendorError) -> Secret {
    do { return try reference.resolve() } catch { throw VendorError(.unavailable, "A \(vendor) secret cannot be read: \(error)") }
  }

  private func exchange(_ fields: [(name: String, value: String?)], _ previous: StoredToken?, _ subject: Subject) async throws(VendorError) -> StoredToken {
    var fields = fields
    var request = HTTPClientRequest(origin: endpoint.origin, method: .post, path: endpoint.path, headers: HTTPHeaders([("Accept", "application/json")]))
    switch client {
    case .basic(let id, let secret):
      let pair = PercentEncoding.encode(id) + ":" + PercentEncoding.encode(try resolve(secret).reveal())
      request.headers.set("Authorization", "Basic " + Base64.encode(Array(pair.utf8)))
    case .post(let id, let secret): fields += [("client_id", id), ("client_secret", try resolve(secret).reveal())]
    case .publicClient(let id): fields.append(("client_id", id))
    case .none: break
    }
    if sendsJSON {
      request.headers.set("Content-Type", "application/json")
      var body = JSONObject()
      for (name, value) in fields { if let value { body[name] = .string(value) } }
      request.body = ByteBuffer(.object(body))
    } else {
      request.headers.set("Content-Type", "application/x-www-form-urlencoded")
      request.body = ByteBuffer(string: PercentEncoding.query(fields))
    }
    request.maxResponseBytes = 1 << 20
    return try read(try await send(request), previous, subject)
  }

  private func send(_ request: HTTPClientRequest) async throws(VendorError) -> VendorResponse {
    do throws(HTTPClientError) {
      let response = try await http.send(request, deadline: time.now() + .seconds(20))
      guard case .full(let body) = response.body else { throw HTTPClientError.stream }
      return VendorResponse(status: response.status, headers: response.headers, body: body)
    } catch {
      throw VendorError(.unavailable, "The token endpoint of \(vendor) cannot be reached.", mayHaveHadEffect: error.requestWasSent)
    }
  }

  private func read(_ response: VendorResponse, _ previous: StoredToken?, _ subject: Subject) throws(VendorError) -> StoredToken {
    let json = response.json
    guard response.status.isSuccess, let json, let access = json["access_token"]?.string, !access.isEmpty else {
      // RFC 6749, section 5.2; Slack says `error` with status 200.
      let code = json?["error"]?.string
      if response.status.code == 429 || response.status.code >= 500 {
        throw VendorError(
          .unavailable, "The token endpoint of \(vendor) cannot answer at the moment.", vendorCode: code, status: response.status.code,
          retryAfter: response.retryAfter(now: time.seconds()))
      }
      throw VendorError(
        .consentRequired, "\(vendor) no longer accepts the sign-in of \(subject.name).", vendorCode: code.map { String($0.prefix(100)) },
        status: response.status.code, consentURL: consentURL(subject))
    }
    var extra = previous?.extra ?? JSONObject()
    for name in kept { if let value = json[name] { extra[name] = JSONValue(value) } }
    return StoredToken(
      accessToken: Secret(access), expires: StoredToken.expiry(json, now: time.seconds()),
      refreshToken: json["refresh_token"]?.string.map { Secret($0) } ?? previous?.refreshToken,
      scopes: StoredToken.scopes(json) ?? previous?.scopes ?? scopes, extra: extra)
  }
}

extension HTTPClientError {
  /// An answer that should have come whole.
  fileprivate static let stream = HTTPClientError(.protocol, "a stream where a document was due")
}
