public import NIOCore

/// A request to send. `Host`, `Content-Length`, `Transfer-Encoding` and `Connection` are written by the client.
public struct HTTPClientRequest: Sendable {
  /// Where the request goes.
  public var origin: HTTPOrigin
  /// The method.
  public var method: HTTPMethod
  /// The request target in origin-form: path and query, as they go on the wire. Must start with `/`.
  public var path: String
  /// Fields beyond those that the client writes.
  public var headers: HTTPHeaders
  public var body: ByteBuffer?
  /// Hand over a `text/event-stream` answer as a stream instead of waiting for its end.
  public var streamsEvents: Bool
  /// Whether the deadline holds for a streamed answer as well, up to its end. Without, only its head must come in time.
  public var boundsStream: Bool
  /// The longest buffered answer to this request, in bytes; nil for the client's own bound, which it cannot exceed.
  public var maxResponseBytes: Int?

  public init(
    origin: HTTPOrigin, method: HTTPMethod, path: String, headers: HTTPHeaders = HTTPHeaders(), body: ByteBuffer? = nil,
    streamsEvents: Bool = false, boundsStream: Bool = false
  ) {
    self.origin = origin
    self.method = method
    self.path = path
    self.headers = headers
    self.body = body
    self.streamsEvents = streamsEvents
    self.boundsStream = boundsStream
  }

  /// Writes the head. Returns false when the target could break the request line.
  func writeHead(into out: inout ByteBuffer) -> Bool {
    var target = path
    let isValid = target.withUTF8 { $0.first == 0x2F && $0.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
    guard isValid, origin.isWritable else { return false }
    if method == .post {
      out.writeStaticString("POST ")
    } else {
      let name = method.name
      guard !name.isEmpty, name.utf8.allSatisfy(ASCII.isToken) else { return false }
      out.writeString(name)
      out.writeInteger(UInt8(0x20))
    }
    out.writeString(target)
    out.writeStaticString(" HTTP/1.1\r\nHost: ")
    out.writeString(origin.authority)
    out.writeInteger(UInt16(0x0D0A))
    headers.writeFields(into: &out, includingHost: false)
    if let body {
      out.writeStaticString("Content-Length: ")
      out.writeDecimal(body.readableBytes)
      out.writeInteger(UInt16(0x0D0A))
    } else if method == .post || method == .put || method == .patch {
      out.writeStaticString("Content-Length: 0\r\n")
    }
    out.writeInteger(UInt16(0x0D0A))
    return true
  }
}
