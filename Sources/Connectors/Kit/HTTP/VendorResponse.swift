public import JSON
public import MCPHTTP
public import NIOCore

/// What a vendor answered.
public struct VendorResponse: Sendable {
  public var status: HTTPStatus
  public var headers: HTTPHeaders
  public var body: ByteBuffer

  public init(status: HTTPStatus, headers: HTTPHeaders = HTTPHeaders(), body: ByteBuffer = ByteBuffer()) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The body as JSON; nil where it is empty or none. Vendors repeat members now and then: the first counts.
  public var json: RawJSON? {
    guard body.readableBytes > 0 else { return nil }
    return try? RawJSON(scanning: body, limits: JSONLimits(bytes: Int.max, depth: 256, values: 4_000_000, allowsDuplicateKeys: true))
  }

  /// The body as text; bytes that are no UTF-8 become U+FFFD.
  public var text: String { String(decoding: body.readableBytesView, as: UTF8.self) }

  /// The whole seconds of `Retry-After` (RFC 9110, section 10.2.3); nil where there is none; 0 for a date that is past; a day at most.
  public func retryAfter(now: Int64) -> Int64? {
    guard let value = headers["Retry-After"] else { return nil }
    return (Int64(value) ?? HTTPDateText.seconds(value).map { $0 - now }).map { min(max($0, 0), 86_400) }
  }
}
