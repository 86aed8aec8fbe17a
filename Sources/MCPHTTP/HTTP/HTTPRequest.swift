public import NIOCore

/// One request as the server received it, whole.
public struct HTTPRequest: Sendable {
  /// The method.
  public var method: HTTPMethod
  /// The target's path as it was sent: not decoded, without the query.
  public var path: String
  /// What follows the `?` of the target, not decoded; nil when there is none.
  public var query: String?
  /// The header section.
  public var headers: HTTPHeaders
  /// The content, with transfer codings removed.
  public var body: ByteBuffer
  /// The loop of the connection. Work for this request should stay on it; see `HTTPClient.send(_:on:deadline:)`.
  public var eventLoop: any EventLoop
  /// The peer's IP address without the port; nil for Unix domain sockets.
  public var remoteAddress: String?
  /// Whether it came over TLS.
  public var isSecure: Bool
  /// Whether the request was authenticated when it came, and its answer is a stream that still goes on: what is asked now is whether its
  /// credential still holds. Proofs that are good once were used then.
  public internal(set) var isRecheck = false

  public init(
    method: HTTPMethod, path: String, query: String? = nil, headers: HTTPHeaders = HTTPHeaders(),
    body: ByteBuffer = ByteBuffer(), eventLoop: any EventLoop, remoteAddress: String? = nil, isSecure: Bool = false
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.eventLoop = eventLoop
    self.remoteAddress = remoteAddress
    self.isSecure = isSecure
  }
}
