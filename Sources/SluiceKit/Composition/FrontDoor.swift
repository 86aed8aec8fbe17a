internal import Gateway
internal import JSON
internal import Logging
internal import MCP
internal import MCPAuth
internal import MCPHTTP
internal import NIOCore

/// What listens on the port: the MCP endpoint, and the few documents beside it.
struct FrontDoor: HTTPResponder {
  let endpoint: StreamableHTTPResponder
  let path: String
  let metadata: ProtectedResourceMetadata
  /// What vendors and people who sign in at them call.
  let routes: ConnectorRoutes
  /// Whether the gateway can answer for all of its upstreams.
  let isReady: @Sendable () -> Bool

  func respond(to request: HTTPRequest) async -> HTTPReply {
    if request.path == path { return await endpoint.respond(to: request) }
    if let reply = await routes.respond(to: request) { return reply }
    guard request.method == .get else { return .text(.notFound, "Nothing is here. The MCP endpoint is \(path).") }
    switch request.path {
    case metadata.path, "/.well-known/oauth-protected-resource": return json(.ok, metadata.json)
    case "/healthz": return .text(.ok, "ok")
    case "/readyz": return isReady() ? .text(.ok, "ready") : .text(.serviceUnavailable, "upstreams are still being connected")
    default: return .text(.notFound, "Nothing is here. The MCP endpoint is \(path).")
    }
  }

  private func json(_ status: HTTPStatus, _ value: JSONValue) -> HTTPReply {
    var headers = HTTPHeaders()
    headers.add("Content-Type", "application/json")
    headers.add("Access-Control-Allow-Origin", "*")
    return .full(status, headers, body: ByteBuffer(value))
  }
}

/// Turns the `Authorization` header into a principal, or into the challenge of RFC 6750 with the metadata of RFC 9728.
struct FrontDoorAuthentication: Sendable {
  let authenticator: Authenticator
  let metadata: ProtectedResourceMetadata
  let logger: Logger
  /// Told of each credential that is refused: the code of the refusal, and where it came from.
  let refused: @Sendable (_ reason: String, _ address: String?) -> Void

  func authenticate(_ request: HTTPRequest) async -> Authentication {
    do throws(AuthenticationFailure) {
      // Of several headers a proxy and we could believe different ones.
      let values = request.headers.values("Authorization")
      guard values.count <= 1 else { throw .malformed }
      return .allowed(try await authenticator.authenticate(authorization: values.first))
    } catch {
      if let cause = error.cause { logger.warning("a credential could not be checked", metadata: ["error": "\(cause)"]) }
      refused(error.code.rawValue, request.remoteAddress)
      var headers: [HTTPHint.Header] = [.init("Content-Type", "application/json")]
      if let challenge = error.challenge(resourceMetadata: metadata.url, scopes: metadata.scopesSupported) { headers.append(.init("WWW-Authenticate", challenge)) }
      if error.code == .unavailable { headers.append(.init("Retry-After", "5")) }
      let body: JSONValue = [
        "jsonrpc": "2.0", "error": ["code": 1401, "message": .string(error.description), "data": ["code": "unauthenticated", "reason": .string(error.code.rawValue)]],
      ]
      return .refused(HTTPHint(status: error.status, headers: headers), body: ByteBuffer(body))
    }
  }
}
