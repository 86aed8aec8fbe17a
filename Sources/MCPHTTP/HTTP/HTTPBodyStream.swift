public import NIOCore

/// The content of an answer as it arrives. One consumer; while it is behind, the connection is not read.
///
/// Cancelling the consuming task, or dropping the stream before its end, closes the connection.
/// Iteration throws `HTTPClientError` when the content does not end as it should.
public struct HTTPBodyStream: AsyncSequence, Sendable {
  public typealias Element = ByteBuffer

  private let handle: Handle

  init(_ source: Source) {
    handle = Handle(source)
  }

  public func makeAsyncIterator() -> Iterator { Iterator(handle: handle) }

  /// The iterator of the sequence. One task uses it.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let handle: Handle

    /// The next piece, or nil at the end.
    public mutating func next() async throws -> ByteBuffer? {
      try await handle.source.next()
    }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws(HTTPClientError) -> ByteBuffer? {
      try await handle.source.next()
    }
  }

  /// Lives as long as anyone can read the stream; tells the connection when no one can.
  fileprivate final class Handle: Sendable {
    let source: Source
    init(_ source: Source) { self.source = source }
    deinit { source.abandon() }
  }

  /// Between connection and consumer.
  ///
  /// `@unchecked Sendable`: the mutable state is touched on `loop` only.
  final class Source: @unchecked Sendable {
    private let loop: any EventLoop
    private var connection: HTTPClientConnection?
    private var pieces: [ByteBuffer] = []
    private var queuedBytes = 0
    private var end: Result<Void, HTTPClientError>?
    private var consumer: UnsafeContinuation<Result<ByteBuffer?, HTTPClientError>, Never>?

    /// Reading stops when more than this waits, and goes on when all of it is taken.
    private static let maxQueuedBytes = 64 * 1024

    init(connection: HTTPClientConnection, loop: any EventLoop) {
      self.connection = connection
      self.loop = loop
    }

    func push(_ piece: ByteBuffer) {
      if let consumer {
        self.consumer = nil
        return consumer.resume(returning: .success(piece))
      }
      pieces.append(piece)
      queuedBytes += piece.readableBytes
      if queuedBytes > Self.maxQueuedBytes { connection?.pauseReading() }
    }

    func finish(_ error: HTTPClientError?) {
      guard end == nil else { return }
      end = error.map { .failure($0) } ?? .success(())
      connection = nil
      if let consumer {
        self.consumer = nil
        consumer.resume(returning: ended())
      }
    }

    func next() async throws(HTTPClientError) -> ByteBuffer? {
      let result = await withTaskCancellationHandler {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Result<ByteBuffer?, HTTPClientError>, Never>) in
          if loop.inEventLoop { take(continuation) } else { loop.execute { self.take(continuation) } }
        }
      } onCancel: {
        abandon()
      }
      return try result.get()
    }

    /// Resumes exactly once: here, or in `push` or `finish`, which forget the consumer as they do.
    private func take(_ continuation: UnsafeContinuation<Result<ByteBuffer?, HTTPClientError>, Never>) {
      if !pieces.isEmpty {
        let piece = pieces.removeFirst()
        queuedBytes -= piece.readableBytes
        if pieces.isEmpty { connection?.resumeReading() }
        continuation.resume(returning: .success(piece))
      } else if end != nil {
        continuation.resume(returning: ended())
      } else if consumer != nil {
        continuation.resume(returning: .failure(HTTPClientError(.cancelled, "the stream has another consumer", requestWasSent: true)))
      } else {
        consumer = continuation
      }
    }

    private func ended() -> Result<ByteBuffer?, HTTPClientError> {
      if case .failure(let error)? = end { .failure(error) } else { .success(nil) }
    }

    func abandon() {
      loop.execute { self.connection?.cancelStream() }
    }
  }
}
