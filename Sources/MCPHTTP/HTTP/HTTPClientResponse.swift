public import NIOCore

/// An answer to a request.
public struct HTTPClientResponse: Sendable {
  /// The content of an answer.
  public enum Body: Sendable {
    /// The whole content, with transfer codings removed.
    case full(ByteBuffer)
    /// Content still arriving. Iterate it to its end or drop it: both settle the connection.
    case stream(HTTPBodyStream)
  }

  /// The status.
  public let status: HTTPStatus
  /// The header section.
  public let headers: HTTPHeaders
  public let body: Body

  package init(status: HTTPStatus, headers: HTTPHeaders, body: Body) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}
