public import NIOCore

/// Bounds of an `HTTPClient`. Deadlines are checked on a clock of `tick`.
public struct HTTPClientConfiguration: Sendable {
  /// To establish a connection, the TLS handshake included.
  public var connectTimeout: TimeAmount = .seconds(10)
  /// Idle connections kept to one origin on one loop.
  public var maxIdlePerLoop = 64
  /// How long a connection is kept unused. Shorter than what servers commonly use, so that we close first.
  public var idleTimeout: TimeAmount = .seconds(50)
  /// Connections to one origin on one loop; requests over it wait their turn until their deadline.
  public var maxConnectionsPerOrigin = 256
  /// The longest buffered answer, in bytes. Streams are not bounded.
  public var maxResponseBytes = 32 * 1024 * 1024
  /// The longest header section of an answer, in bytes.
  public var maxHeaderBytes = 64 * 1024
  /// How finely deadlines are kept.
  public var tick: TimeAmount = .milliseconds(250)

  public init() {}
}
