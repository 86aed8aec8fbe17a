internal import ConnectorKit
internal import JSON
internal import MCPAuth
internal import MCPHTTP
internal import NIOCore
internal import Secrets

/// A GitHub App: it signs a token of ten minutes about itself (RS256) and gets one of an hour for its installation.
struct AppGrant: Grant {
  let id: String
  let key: SecretReference
  let installation: Int
  let base: HTTPURL
  let apiVersion: String
  let http: HTTPClient
  let time: VendorTime

  /// Nil where the settings give another grant.
  init?(_ settings: GitHubSettings, _ environment: ConnectorEnvironment) {
    guard case .app(let id, let key, let installation) = settings.grant else { return nil }
    (self.id, self.key, self.installation) = (id, key, installation)
    (base, apiVersion) = (settings.base, settings.apiVersion)
    (http, time) = (environment.http, environment.time)
  }

  func token(for subject: Subject, after previous: StoredToken?) async throws(VendorError) -> StoredToken {
    let (token, json) = try await grant()
    return StoredToken(
      accessToken: Secret(token), expires: json["expires_at"]?.string.flatMap { Timestamp.seconds($0) } ?? time.seconds() + 3000,
      scopes: Self.permissions(json).map { "\($0.key):\($0.value)" }.sorted())
  }

  /// What the installation may do now, asked of GitHub anew.
  func permissions() async throws(VendorError) -> [String: String] { Self.permissions(try await grant().json) }

  private static func permissions(_ json: RawJSON) -> [String: String] {
    Dictionary((json["permissions"]?.members.map { ($0.name.string ?? "", $0.value.string ?? "") } ?? [])) { $1 }
  }

  private func grant() async throws(VendorError) -> (token: String, json: RawJSON) {
    let path = base.path.hasSuffix("/") ? String(base.path.dropLast()) : base.path
    var request = HTTPClientRequest(
      origin: base.origin, method: .post, path: "\(path)/app/installations/\(installation)/access_tokens",
      headers: HTTPHeaders([
        ("Accept", "application/vnd.github+json"), ("X-GitHub-Api-Version", apiVersion), ("User-Agent", GitHub.userAgent),
        ("Authorization", "Bearer \(try assertion().reveal())"),
      ]))
    request.maxResponseBytes = 1 << 20
    let answer: VendorResponse
    do throws(HTTPClientError) {
      let response = try await http.send(request, deadline: time.now() + .seconds(20))
      guard case .full(let body) = response.body else { throw HTTPClientError(.protocol, "a stream") }
      answer = VendorResponse(status: response.status, headers: response.headers, body: body)
    } catch { throw VendorError(.unavailable, "GitHub cannot be reached for a token of the app.") }
    guard answer.status.isSuccess, let json = answer.json, let token = json["token"]?.string, !token.isEmpty else { throw refusal(answer) }
    return (token, json)
  }

  /// The app's own token. Issued a minute ago, for clocks that differ.
  func assertion() throws(VendorError) -> Secret {
    let now = time.seconds()
    do {
      let signing = try SigningKey(pem: try key.resolve().reveal(), algorithm: .rs256)
      return Secret(try signing.token(claims: ["iat": .int(now - 60), "exp": .int(now + 540), "iss": .string(id)], header: ["typ": "JWT"]))
    } catch let error as SecretError {
      throw VendorError(.unavailable, "The private key of the GitHub App cannot be read: \(error)")
    } catch let error as IdentityConfigurationError {
      throw VendorError(.unavailable, "The private key of the GitHub App cannot be used: \(error)")
    } catch { throw VendorError(.unavailable, "The private key of the GitHub App cannot sign.") }
  }

  private func refusal(_ answer: VendorResponse) -> VendorError {
    switch answer.status.code {
    case 429, 500...:
      VendorError(.unavailable, "GitHub gives no token for the app at the moment.", status: answer.status.code, retryAfter: answer.retryAfter(now: time.seconds()))
    case 404: VendorError(.unauthorized, "The GitHub App has no installation \(installation). An administrator checks app.installation.", status: 404)
    default:
      VendorError(
        .unauthorized, "GitHub refuses the app's token. An administrator checks app.id, app.private_key and the clock.",
        vendorCode: answer.json?["message"]?.string.map { String($0.prefix(200)) }, status: answer.status.code)
    }
  }
}
