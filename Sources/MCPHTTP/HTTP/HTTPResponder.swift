public import NIOCore

/// Answers requests. Called on the connection's event loop, in one task a request; the task is cancelled when the client goes.
///
/// Do not block. Work that must leave the loop (disk, big computations) belongs on another executor.
public protocol HTTPResponder: Sendable {
  /// Answers one request.
  func respond(to request: HTTPRequest) async -> HTTPReply
}

/// The answer to a request. `Content-Length`, `Transfer-Encoding` and `Connection` are the server's to write: fields of these
/// names in `headers` are ignored.
public enum HTTPReply: Sendable {
  case full(HTTPStatus, HTTPHeaders, body: ByteBuffer)
  /// An answer produced piece by piece. The body ends when `produce` returns; when it throws, the connection is cut, so
  /// that the client can tell a truncated answer from a whole one.
  case stream(HTTPStatus, HTTPHeaders, produce: @Sendable (HTTPBodyWriter) async throws -> Void)

  /// A short plain-text answer.
  public static func text(_ status: HTTPStatus, _ text: String) -> HTTPReply {
    var headers = HTTPHeaders()
    headers.add("Content-Type", "text/plain; charset=utf-8")
    return .full(status, headers, body: ByteBuffer(string: text + "\n"))
  }
}
