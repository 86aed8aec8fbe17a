internal import JSON
internal import MCP
internal import NIOCore

/// Requests to URLs that came from the network: each is checked, bounded in size and time, and not redirected elsewhere.
struct OAuthTransport: Sendable {
  let client: HTTPClient
  /// Whether the MCP server is on this machine, so that its authorization server may be as well, over http.
  let allowsLoopback: Bool
  let allows: @Sendable (HTTPURL) -> Bool
  var timeout: TimeAmount = .seconds(20)

  private static let maximumLength = 1 << 20
  private static let maximumRedirects = 3

  struct Answer {
    var status: HTTPStatus
    var headers: HTTPHeaders
    /// Nil where the body is no JSON.
    var json: RawJSON?
  }

  /// The URL, if it may be used.
  func check(_ text: String, _ what: String) throws(OAuthError) -> HTTPURL {
    guard text.utf8.count <= 8192, let url = HTTPURL(text), !text.contains("#") else {
      throw OAuthError(.unsafeURL, "The \(what) is no https URL without fragment: \(text.prefix(200))")
    }
    guard url.origin.scheme == .https || url.isLoopback && allowsLoopback else {
      throw OAuthError(.unsafeURL, "The \(what) must be an https URL, and is \(url)")
    }
    guard allows(url) else { throw OAuthError(.unsafeURL, "The \(what) \(url) is not allowed by this client's settings") }
    return url
  }

  /// Gets a document. Redirects are followed from https to https only, and to nowhere that ``check(_:_:)`` would refuse.
  func get(_ url: HTTPURL, _ what: String) async throws(OAuthError) -> Answer {
    var url = url
    for _ in 0...Self.maximumRedirects {
      let answer = try await send(.get, url, HTTPHeaders([("Accept", "application/json")]), nil)
      guard [301, 302, 303, 307, 308].contains(answer.status.code), let location = answer.headers["Location"] else { return answer }
      let target = location.hasPrefix("/") && !location.hasPrefix("//") ? url.origin.description + location : location
      let next = try check(target, "redirect of the \(what)")
      guard next.origin.scheme == url.origin.scheme else { throw OAuthError(.unsafeURL, "The \(what) at \(url) redirects to another scheme.") }
      url = next
    }
    throw OAuthError(.unreachable, "The \(what) redirects too often.")
  }

  func post(_ url: HTTPURL, form fields: [(name: String, value: String)], headers extra: [(String, String)] = []) async throws(OAuthError) -> Answer {
    let headers = HTTPHeaders([("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")] + extra)
    return try await send(.post, url, headers, ByteBuffer(string: FormText.encode(fields)))
  }

  func post(_ url: HTTPURL, json: JSONValue) async throws(OAuthError) -> Answer {
    try await send(.post, url, HTTPHeaders([("Accept", "application/json"), ("Content-Type", "application/json")]), ByteBuffer(json))
  }

  private func send(_ method: HTTPMethod, _ url: HTTPURL, _ headers: HTTPHeaders, _ body: ByteBuffer?) async throws(OAuthError) -> Answer {
    let request = HTTPClientRequest(origin: url.origin, method: method, path: url.path, headers: headers, body: body)
    let response: HTTPClientResponse
    do throws(HTTPClientError) {
      do throws(HTTPClientError) { response = try await client.send(request, deadline: .now() + timeout) } catch {
        // A kept connection that the server closed as we wrote. The request was not answered; only a GET may go twice unasked.
        guard method == .get, error.code == .closedBeforeAnswer, error.connectionWasReused else { throw error }
        response = try await client.send(request, deadline: .now() + timeout)
      }
    } catch {
      throw OAuthError(.unreachable, "\(url.origin) cannot be reached: \(error.message)")
    }
    guard case .full(let bytes) = response.body, bytes.readableBytes <= Self.maximumLength else {
      throw OAuthError(.unreachable, "\(url) answered with more than \(Self.maximumLength) bytes.")
    }
    let limits = JSONLimits(bytes: Self.maximumLength, depth: 32, values: 20_000)
    return Answer(status: response.status, headers: response.headers, json: try? RawJSON(scanning: bytes, limits: limits))
  }
}
