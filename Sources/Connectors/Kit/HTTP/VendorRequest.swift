internal import MCP
public import JSON
public import MCPHTTP
public import NIOCore

/// A request to a vendor's API. Paths and queries are made of parts that are percent-encoded one by one, so that no argument
/// can reach another path.
public struct VendorRequest: Sendable {
  public var method: HTTPMethod
  /// Path and query as they go on the wire, relative to the base URL: starts with `/`.
  public private(set) var path: String
  public var headers: HTTPHeaders
  public var body: ByteBuffer?
  /// Whether it may be sent again when it is not known whether it had its effect. Reads are; most writes are not.
  public var isIdempotent: Bool
  /// Which of the vendor's limits it counts against, as the connector names them: a method, a resource group, `search`.
  public var bucket: String
  /// What of the vendor it concerns, where the vendor limits by that as well: a channel, an issue.
  public var limitedResource: String?
  /// The longest answer that is read, in bytes; the connection is closed at the first byte beyond.
  public var maximumBytes: Int
  /// Another origin than the base URL's; must be one that the connector's configuration names.
  public var origin: HTTPOrigin?
  /// Whether the answer may be kept and asked for again with `If-None-Match`.
  public var isCacheable: Bool
  /// Follow redirects (job logs, downloads) to https, without credentials where the origin changes.
  public var followsRedirects: Bool
  /// Whether the credential is sent. Upload URLs that a vendor signs carry their own.
  public var isAuthenticated: Bool

  /// - Parameters:
  ///   - segments: path segments, each encoded as one: a `/` within becomes `%2F`.
  ///   - query: encoded names and values, in order; pairs without a value are left out.
  public init(
    _ method: HTTPMethod = .get, _ segments: [String], query: [(name: String, value: String?)] = [], bucket: String = "",
    isIdempotent: Bool? = nil, maximumBytes: Int = 4 << 20
  ) {
    self.init(
      method, path: "/" + segments.map { PercentEncoding.segment($0) }.joined(separator: "/"), query: query, bucket: bucket, isIdempotent: isIdempotent,
      maximumBytes: maximumBytes)
  }

  /// - Parameter path: already encoded, such as a link that the vendor gave (see ``VendorAPI/path(ofLink:)``) or a literal.
  public init(
    _ method: HTTPMethod = .get, path: String, query: [(name: String, value: String?)] = [], bucket: String = "", isIdempotent: Bool? = nil,
    maximumBytes: Int = 4 << 20
  ) {
    self.method = method
    self.path = PercentEncoding.append(query, to: path)
    self.bucket = bucket
    self.isIdempotent = isIdempotent ?? (method == .get || method == .head || method == .put || method == .delete)
    self.maximumBytes = maximumBytes
    headers = HTTPHeaders()
    isCacheable = false
    followsRedirects = false
    isAuthenticated = true
  }

  /// Sets a JSON body.
  public func json(_ value: JSONValue) -> VendorRequest {
    var request = self
    request.headers.set("Content-Type", "application/json; charset=utf-8")
    request.body = ByteBuffer(value)
    return request
  }

  /// Sets a body of form fields; those without a value are left out.
  public func form(_ fields: [(name: String, value: String?)]) -> VendorRequest {
    var request = self
    request.headers.set("Content-Type", "application/x-www-form-urlencoded")
    request.body = ByteBuffer(string: PercentEncoding.query(fields))
    return request
  }

  public func header(_ name: String, _ value: String) -> VendorRequest {
    var request = self
    request.headers.set(name, value)
    return request
  }

  /// Appends to the query.
  public func adding(query: [(name: String, value: String?)]) -> VendorRequest {
    var request = self
    request.path = PercentEncoding.append(query, to: path)
    return request
  }

  /// Lets the answer be kept and revalidated by its ETag.
  public func cached() -> VendorRequest {
    var request = self
    request.isCacheable = true
    return request
  }
}
