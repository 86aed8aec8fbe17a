public import MCP
internal import NIOCore

/// Supplies the credentials of each request to an MCP server and deals with its refusals. ``OAuthClient`` is one.
public protocol HTTPAuthorizer: Sendable {
  /// The header fields for a request about to be sent; none where there is no credential yet.
  func authorize(_ request: HTTPAuthorizationRequest) async throws -> HTTPAuthorization

  /// Called when the server answered 401 or 403.
  /// - Parameters:
  ///   - authorization: what the refused request was sent with.
  ///   - attempt: how often this request was refused, from 1.
  /// - Returns: whether to send the request again, with new fields.
  /// - Throws: if authorization failed for good.
  func answer(_ refusal: HTTPAuthorizationRefusal, of request: HTTPAuthorizationRequest, sentWith authorization: HTTPAuthorization, attempt: Int) async throws -> Bool

  /// Called with the header of every answer, before it is looked at.
  func received(_ headers: HTTPHeaders, for request: HTTPAuthorizationRequest)

  /// The identifiers of the extensions of MCP by which it gets its credentials: the client declares them.
  var extensions: [String] { get }

  /// Changes whenever the credentials may be somebody else's than before; not with the renewal of the same.
  var context: Int { get }
}

extension HTTPAuthorizer {
  public var extensions: [String] { [] }
  public var context: Int { 0 }
  public func received(_ headers: HTTPHeaders, for request: HTTPAuthorizationRequest) {}
}

/// What an authorizer may know of a request.
public struct HTTPAuthorizationRequest: Sendable {
  /// The method of the request to authorize.
  public var method: HTTPMethod
  /// Where the request goes.
  public var origin: HTTPOrigin
  /// Path and query.
  public var path: String
  /// The MCP method, and the tool, prompt or resource that it names: the "operation" for which scopes are stepped up.
  public var operation: String

  public init(method: HTTPMethod, origin: HTTPOrigin, path: String, operation: String) {
    self.method = method
    self.origin = origin
    self.path = path
    self.operation = operation
  }
}

/// The fields that make a request an authorized one.
public struct HTTPAuthorization: Sendable {
  /// What to send with the request.
  public var headers: [HTTPHint.Header]
  /// Counts the credentials of the authorizer: tells it which one was refused.
  public var generation: Int

  public init(headers: [HTTPHint.Header] = [], generation: Int = 0) {
    self.headers = headers
    self.generation = generation
  }
}

/// A 401 or 403.
public struct HTTPAuthorizationRefusal: Sendable {
  /// The status of the refusal.
  public var status: HTTPStatus
  /// The headers of the refusal, its challenges among them.
  public var headers: HTTPHeaders

  public init(status: HTTPStatus, headers: HTTPHeaders) {
    self.status = status
    self.headers = headers
  }
}

extension HTTPAuthorizer {
  /// How often one request is sent at most.
  private static var attempts: Int { 4 }

  /// Sends a request with credentials, and again after a refusal that the authorizer could deal with.
  ///
  /// A refused request was not acted on (RFC 9110 sections 15.5.2 and 15.5.4), so that every request may be sent again. The time that
  /// authorization takes, a person's at a browser perhaps, does not count against the request's own.
  func send(
    _ request: HTTPClientRequest, deadline: NIODeadline, transmit: (HTTPClientRequest, NIODeadline) async throws(WireError) -> HTTPClientResponse
  ) async throws(WireError) -> HTTPClientResponse {
    let allowance = deadline - .now()
    let operation = [request.headers["Mcp-Method"], request.headers["Mcp-Name"]].compactMap { $0 }.joined(separator: " ")
    let subject = HTTPAuthorizationRequest(method: request.method, origin: request.origin, path: request.path, operation: operation)
    var attempt = 0
    while true {
      attempt += 1
      let authorization = try await step { try await authorize(subject) }
      var authorized = request
      for header in authorization.headers { authorized.headers.set(header.name, header.value) }
      let response = try await transmit(authorized, .now() + allowance)
      received(response.headers, for: subject)
      guard response.status == .unauthorized || response.status == .forbidden, attempt < Self.attempts else { return response }
      let refusal = HTTPAuthorizationRefusal(status: response.status, headers: response.headers)
      let count = attempt
      guard try await step({ try await answer(refusal, of: subject, sentWith: authorization, attempt: count) }) else { return response }
    }
  }

  private func step<R>(_ body: () async throws -> R) async throws(WireError) -> R {
    do { return try await body() } catch is CancellationError {
      throw WireError(.cancelled, "the request was cancelled during authorization", mayHaveHadEffect: false)
    } catch {
      throw WireError(.status(401), "authorization failed: \(error)", mayHaveHadEffect: false)
    }
  }
}
