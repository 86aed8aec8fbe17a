internal import JSON
internal import MCPAuth
public import MCPHTTP
internal import NIOCore
internal import Synchronization

/// Signing in with a code that is typed in on any device (RFC 8628): for connectors that no browser can come back to.
///
/// The first question begins a sign-in and tells page and code; the next ones ask the vendor whether it is done, never more often
/// than the vendor wants.
public final class DeviceGrant: Grant {
  private struct Pending {
    var deviceCode: Secret
    var userCode: String
    var page: String
    var interval: Int64
    var expires: Int64
    var nextQuestion: Int64
  }

  private let vendor: String
  private let deviceEndpoint: HTTPURL
  private let tokenEndpoint: HTTPURL
  private let clientID: String
  private let scopes: [String]
  private let http: HTTPClient
  private let time: VendorTime
  /// Renews what was granted, where the vendor gave a refresh token.
  private let renewal: OAuthGrant
  /// Sign-ins that have begun. Guarded by the mutex, which is never held while anything waits.
  private let pending = Mutex<[Subject: Pending]>([:])
  /// Questions within one call, each after the interval.
  private static let questions = 3

  public init(
    vendor: String, deviceEndpoint: HTTPURL, tokenEndpoint: HTTPURL, clientID: String, scopes: [String], renewal: OAuthGrant, http: HTTPClient,
    time: VendorTime = .system
  ) {
    self.vendor = vendor
    self.deviceEndpoint = deviceEndpoint
    self.tokenEndpoint = tokenEndpoint
    self.clientID = clientID
    self.scopes = scopes
    self.renewal = renewal
    self.http = http
    self.time = time
  }

  public func token(for subject: Subject, after previous: StoredToken?) async throws(VendorError) -> StoredToken {
    if previous?.refreshToken != nil {
      do throws(VendorError) { return try await renewal.token(for: subject, after: previous) } catch {
        guard error.code == .consentRequired else { throw error }
      }
    }
    guard let begun = pending.withLock({ $0[subject] }), begun.expires > time.seconds() else { throw consent(try await begin(subject)) }
    for question in 0..<Self.questions {
      guard var state = pending.withLock({ $0[subject] }) else { break }
      let wait = state.nextQuestion - time.seconds()
      // Only who has just been told the code waits; the call itself has a bound.
      guard wait <= 15 else { break }
      if wait > 0 { do { try await time.sleep(.seconds(wait)) } catch { throw VendorError(.cancelled, "The request was cancelled.") } }
      let answer = try await post(
        tokenEndpoint,
        [
          ("client_id", clientID), ("device_code", state.deviceCode.reveal()), ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ])
      if let access = answer["access_token"]?.string, !access.isEmpty {
        pending.withLock { $0[subject] = nil }
        return StoredToken(
          accessToken: Secret(access), expires: StoredToken.expiry(answer, now: time.seconds()),
          refreshToken: answer["refresh_token"]?.string.map { Secret($0) }, scopes: StoredToken.scopes(answer) ?? [])
      }
      switch answer["error"]?.string {
      case "authorization_pending": break
      case "slow_down": state.interval = min(max(Int64(answer["interval"]?.int ?? 0), state.interval + 5), 600)
      case let code:
        // Expired or declined: the next question begins anew.
        pending.withLock { $0[subject] = nil }
        throw VendorError(.unauthorized, "The sign-in at \(vendor) was not granted. Call again to begin anew.", vendorCode: code)
      }
      state.nextQuestion = time.seconds() + state.interval
      pending.withLock { [state] in $0[subject] = state }
      if question == Self.questions - 1 { break }
    }
    throw consent(pending.withLock { $0[subject] } ?? begun)
  }

  private func begin(_ subject: Subject) async throws(VendorError) -> Pending {
    let answer = try await post(deviceEndpoint, [("client_id", clientID), ("scope", scopes.isEmpty ? nil : scopes.joined(separator: " "))])
    guard let device = answer["device_code"]?.string, let user = answer["user_code"]?.string, let page = answer["verification_uri"]?.string,
      HTTPURL(page) != nil
    else { throw VendorError(.unavailable, "\(vendor) begins no sign-in by code.", vendorCode: answer["error"]?.string) }
    let interval = Int64(min(max(answer["interval"]?.int ?? 5, 1), 60))
    let state = Pending(
      deviceCode: Secret(device), userCode: user, page: answer["verification_uri_complete"]?.string ?? page, interval: interval,
      expires: time.seconds() + Int64(min(answer["expires_in"]?.int ?? 900, 3600)), nextQuestion: time.seconds() + interval)
    pending.withLock { $0[subject] = state }
    return state
  }

  private func consent(_ state: Pending) -> VendorError {
    VendorError(.consentRequired, "Nobody has signed in to \(vendor). The code to enter there is \(state.userCode).", consentURL: state.page)
  }

  private func post(_ endpoint: HTTPURL, _ fields: [(name: String, value: String?)]) async throws(VendorError) -> RawJSON {
    var request = HTTPClientRequest(
      origin: endpoint.origin, method: .post, path: endpoint.path,
      headers: HTTPHeaders([("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")]))
    request.body = ByteBuffer(string: PercentEncoding.query(fields))
    request.maxResponseBytes = 1 << 20
    do throws(HTTPClientError) {
      let response = try await http.send(request, deadline: time.now() + .seconds(20))
      if case .full(let body) = response.body, let json = VendorResponse(status: response.status, headers: response.headers, body: body).json { return json }
    } catch {}
    throw VendorError(.unavailable, "The sign-in of \(vendor) cannot be reached.")
  }
}
