public import NIOCore

/// Writes the body of a streamed answer. Each `write` is sent at once and waits while the client is slow to read.
public struct HTTPBodyWriter: Sendable {
  private enum Sink: Sendable {
    case connection(HTTPServerConnection)
    case closure(@Sendable (ByteBuffer) async throws -> Void)
  }

  private let sink: Sink

  init(connection: HTTPServerConnection) { sink = .connection(connection) }

  /// A writer to the connection of another HTTP server.
  ///
  /// - Parameter write: sends bytes at once and waits while the client is slow to read. May be called from several tasks.
  public init(_ write: @escaping @Sendable (ByteBuffer) async throws -> Void) { sink = .closure(write) }

  /// Sends `bytes`; an empty buffer sends nothing.
  /// - Throws: `HTTPClientGone` when the connection is closed, `CancellationError` when the task was cancelled while it waited.
  public func write(_ bytes: ByteBuffer) async throws {
    switch sink {
    case .connection(let connection): try await connection.writeContent(bytes)
    case .closure(let write): try await write(bytes)
    }
  }
}

/// The client closed the connection, or the server is shutting down, before the answer was complete.
public struct HTTPClientGone: Error {
  public init() {}
}
