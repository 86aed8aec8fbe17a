public import NIOCore

public struct HTTPClientResponse: Sendable {
  public enum Body: Sendable {
    /// The whole content, with transfer codings removed.
    case full(ByteBuffer)
    /// Content still arriving. Iterate it to its end or drop it: both settle the connection.
    case stream(HTTPBodyStream)
  }

  public let status: HTTPStatus
  public let headers: HTTPHeaders
  public let body: Body
}
