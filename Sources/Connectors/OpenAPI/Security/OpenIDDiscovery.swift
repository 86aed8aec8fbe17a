internal import ConnectorKit
internal import JSON
internal import MCPHTTP
internal import NIOCore
internal import Synchronization

/// The endpoints of an OpenID provider as it tells them (OpenID Connect Discovery 1.0, section 4): asked for when they are first needed, and
/// kept for an hour.
///
/// Only the provider that the settings name is asked, and only endpoints of its origin are taken.
final class OpenIDDiscovery: Sendable {
  struct Endpoints: Sendable {
    var authorization: HTTPURL
    var token: HTTPURL
  }

  private let document: HTTPURL
  let issuer: HTTPURL
  private let http: HTTPClient
  private let time: VendorTime
  /// What was told, and until when it counts. Never held while anything waits.
  private let kept = Mutex<(endpoints: Endpoints, until: Int64)?>(nil)
  private static let lifetime: Int64 = 3600

  init(document: HTTPURL, issuer: HTTPURL, http: HTTPClient, time: VendorTime) {
    self.document = document
    self.issuer = issuer
    self.http = http
    self.time = time
  }

  func endpoints() async throws(VendorError) -> Endpoints {
    if let kept = kept.withLock({ $0 }), kept.until > time.seconds() { return kept.endpoints }
    let endpoints = try read(try await fetch())
    kept.withLock { $0 = (endpoints, time.seconds() + Self.lifetime) }
    return endpoints
  }

  private func fetch() async throws(VendorError) -> RawJSON {
    var request = HTTPClientRequest(origin: document.origin, method: .get, path: document.path, headers: HTTPHeaders([("Accept", "application/json")]))
    request.maxResponseBytes = 256 << 10
    do throws(HTTPClientError) {
      let response = try await http.send(request, deadline: time.now() + .seconds(20))
      if response.status.isSuccess, case .full(let body) = response.body,
        let json = VendorResponse(status: response.status, headers: response.headers, body: body).json
      {
        return json
      }
    } catch {}
    throw VendorError(.unavailable, "The configuration of \(document.origin) cannot be read.")
  }

  private func read(_ json: RawJSON) throws(VendorError) -> Endpoints {
    guard let told = json["issuer"]?.string.flatMap({ HTTPURL($0) }), told == issuer else {
      throw VendorError(.invalidAnswer, "The configuration of \(document.origin) is of another issuer than the settings name.")
    }
    func endpoint(_ name: String) throws(VendorError) -> HTTPURL {
      guard let url = json[name]?.string.flatMap({ HTTPURL($0) }), url.origin == issuer.origin else {
        throw VendorError(.invalidAnswer, "The \(name) of \(issuer.origin) is not its own. An administrator gives authorization_url and token_url in place of issuer.")
      }
      return url
    }
    return Endpoints(authorization: try endpoint("authorization_endpoint"), token: try endpoint("token_endpoint"))
  }
}
