internal import JSON
internal import MCP
internal import NIOCore

/// The HTTP form of what the endpoint answers.
enum MCPReply {
  static let jsonHeaders = HTTPHeaders([("Content-Type", "application/json")])
  static let eventHeaders = HTTPHeaders([
    ("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no"),
  ])

  static let accepted: HTTPReply = .full(.accepted, HTTPHeaders(), body: ByteBuffer())

  static func json(_ message: ByteBuffer) -> HTTPReply { .full(.ok, jsonHeaders, body: message) }

  /// A whole stream of one event.
  static func event(_ message: ByteBuffer) -> HTTPReply { .full(.ok, eventHeaders, body: SSE.event(data: message)) }

  static func failure(
    _ error: RPCError, id: RawJSON?, status: Int, hint: HTTPHint? = nil, nullID: Bool = false
  ) -> HTTPReply {
    var headers = jsonHeaders
    for header in hint?.headers ?? [] { headers.add(header.name, header.value) }
    return .full(HTTPStatus(hint?.status ?? status), headers, body: Message.error(error, id: id, nullID: nullID))
  }

  /// An answer to which nothing was said before.
  ///
  /// - Parameter asEvent: whether a result goes out as a stream of one event.
  static func answer(_ answer: consuming Answer, id: RawJSON, _ era: Era, asEvent: Bool) -> HTTPReply {
    switch consume answer {
    case .result(let result):
      let message = Message.response(id: id, result: result)
      return asEvent ? event(message) : json(message)
    case .failure(let error, let hint):
      // Legacy revisions put errors of requests into answers that are fine as far as HTTP is concerned.
      let status = era == .modern ? error.httpStatus : 200
      if asEvent, hint == nil, status == 200 { return event(Message.error(error, id: id)) }
      return failure(error, id: id, status: status, hint: hint)
    }
  }

  static func methodNotAllowed(_ allowed: String) -> HTTPReply {
    .full(.methodNotAllowed, HTTPHeaders([("Allow", allowed)]), body: ByteBuffer())
  }
}
