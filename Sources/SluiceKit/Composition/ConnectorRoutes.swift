internal import ConnectorKit
internal import MCPHTTP
internal import NIOCore

/// The paths `/connectors/NAME/...`: webhooks of vendors, and the pages of signing in at one.
struct ConnectorRoutes: Sendable {
  static let prefix = "/connectors/"
  /// No vendor sends more in one event.
  static let maximumBody = 1 << 20

  private let routes: [String: [ConnectorRoute]]

  init(_ routes: [(name: String, route: ConnectorRoute)]) {
    self.routes = Dictionary(grouping: routes) { Self.prefix + $0.name + $0.route.path }.mapValues { $0.map(\.route) }
  }

  /// Nil where no connector has the path.
  func respond(to request: HTTPRequest) async -> HTTPReply? {
    guard let found = routes[request.path] else { return nil }
    guard let route = found.first(where: { $0.method == request.method }) else { return .text(.methodNotAllowed, "This path takes another method.") }
    guard request.body.readableBytes <= Self.maximumBody else { return .text(.contentTooLarge, "The body is too long.") }
    let reply = await route.respond(RouteRequest(headers: request.headers, query: FormText.decode(request.query ?? "") ?? [:], body: request.body))
    var headers = HTTPHeaders([
      ("Content-Type", reply.contentType), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
      ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ])
    if let location = reply.location { headers.add("Location", location) }
    return .full(HTTPStatus(reply.status), headers, body: ByteBuffer(string: reply.body))
  }
}
