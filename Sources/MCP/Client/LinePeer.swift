package import NIOCore

/// What a ``StdioWire`` writes lines to, and hears lines from by the ``LinePeerEvents`` it was made with.
package protocol LinePeer: AnyObject, Sendable {
  /// Where timeouts are kept.
  var eventLoop: any EventLoop { get }

  func start()

  /// Ends the server, and returns when it is gone.
  func stop() async

  /// Queues a line or refuses it.
  ///
  /// - Parameter generation: refuse if it is not this incarnation of the server that would get the line; nil for any.
  func enqueue(_ line: ByteBuffer, generation: UInt64?) throws(StdioError)

  /// As ``enqueue(_:generation:)``, but waits while the queue is full.
  func send(_ line: ByteBuffer, generation: UInt64?) async throws(StdioError)
}

extension ChildProcess: LinePeer {}

/// What a ``LinePeer`` tells, in order.
package struct LinePeerEvents: Sendable {
  /// Lines can be sent to this incarnation of the server.
  package var started: @Sendable (_ generation: UInt64) -> Void
  /// A line without its newline.
  package var line: @Sendable (ByteBuffer) -> Void
  /// Nothing more comes.
  package var ended: @Sendable (ExitReason) -> Void
}
