public import NIOCore

/// Bounds of an `HTTPServer`. Times are checked on a coarse clock: they may be exceeded by up to a second.
public struct HTTPServerConfiguration: Sendable {
  /// The longest body accepted, in bytes; more is answered 413.
  public var maxBodyBytes = 4 * 1024 * 1024
  /// The longest request line and header section together, in bytes; more is answered 431.
  public var maxHeaderBytes = 16 * 1024
  /// From a request's first byte (or the connection's start) to the end of its head; then 408.
  public var headerTimeout: TimeAmount = .seconds(10)
  /// From the end of the head to the end of the body; then 408.
  public var bodyTimeout: TimeAmount = .seconds(30)
  /// How long a connection may wait for its next request.
  public var idleTimeout: TimeAmount = .seconds(75)
  /// How long a client may leave an answer unread in full buffers before the connection is cut.
  public var writeTimeout: TimeAmount = .seconds(60)
  /// How long in-flight requests may take once graceful shutdown began.
  public var shutdownTimeout: TimeAmount = .seconds(10)
  /// Open connections at a time; more are closed as they arrive.
  public var maxConnections = 16_000
  /// Bytes that may wait behind a request being answered, before the connection is no longer read.
  public var maxPipelinedBytes = 64 * 1024

  /// Whether answers carry `Date`, unless the responder sets it (RFC 9110, 6.6.1).
  public var writesDate = true

  public init() {}

  /// The period of the clock that deadlines are checked with.
  var tick: TimeAmount {
    let shortest = min(headerTimeout, bodyTimeout, idleTimeout, writeTimeout)
    return min(.seconds(1), max(.milliseconds(10), .nanoseconds(shortest.nanoseconds / 4)))
  }
}
