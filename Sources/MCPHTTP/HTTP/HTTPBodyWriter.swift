public import NIOCore

/// Writes the body of a streamed answer. Each `write` is sent at once and waits while the client is slow to read.
public struct HTTPBodyWriter: Sendable {
  let connection: HTTPServerConnection

  /// Sends `bytes`; an empty buffer sends nothing.
  /// - Throws: `HTTPClientGone` when the connection is closed, `CancellationError` when the task was cancelled while it waited.
  public func write(_ bytes: ByteBuffer) async throws {
    try await connection.writeContent(bytes)
  }
}

/// The client closed the connection, or the server is shutting down, before the answer was complete.
public struct HTTPClientGone: Error {
  public init() {}
}
