internal import Hummingbird
internal import MCPHTTP
internal import NIOCore

/// Brings what several tasks write of one answer to the writer of Hummingbird, which one task may use.
struct BodyRelay: Sendable {
  private final class Piece: Sendable {
    let bytes: ByteBuffer
    /// Succeeds when the connection has taken the bytes, so that whoever wrote them goes at the pace of the client.
    let taken: EventLoopPromise<Void>

    init(bytes: ByteBuffer, taken: EventLoopPromise<Void>) {
      self.bytes = bytes
      self.taken = taken
    }

    /// What is dropped, wherever that happens, was not sent. A promise keeps the first of its outcomes.
    deinit { taken.fail(HTTPClientGone()) }
  }

  private let loop: any EventLoop
  private let pieces: AsyncStream<Piece>
  private let queue: AsyncStream<Piece>.Continuation

  init(loop: any EventLoop) {
    self.loop = loop
    (pieces, queue) = AsyncStream.makeStream()
  }

  /// Runs `produce` and sends what it writes, until it returns.
  ///
  /// - Throws: what `produce` throws, after all that it had written is sent; or the error of the connection, and then `produce` was cancelled.
  func run(to writer: inout any ResponseBodyWriter, _ produce: @escaping @Sendable (HTTPBodyWriter) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { queue.finish() }
        try await produce(HTTPBodyWriter { try await self.write($0) })
      }
      do {
        for await piece in pieces {
          try await writer.write(piece.bytes)
          piece.taken.succeed()
        }
        try await group.waitForAll()
      } catch {
        group.cancelAll()
        queue.finish()
        for await _ in pieces {}
        throw error
      }
    }
  }

  /// Waits until the connection has taken the bytes. What a task writes that is cancelled already goes out, but nobody waits for it.
  private func write(_ bytes: ByteBuffer) async throws {
    guard bytes.readableBytes > 0 else { return }
    let wasCancelled = Task.isCancelled
    let piece = Piece(bytes: bytes, taken: loop.makePromise())
    switch queue.yield(piece) {
    case .enqueued: break
    default: throw HTTPClientGone()
    }
    guard !wasCancelled else { return }
    try await withTaskCancellationHandler {
      try await piece.taken.futureResult.get()
    } onCancel: {
      // A promise keeps the first of its outcomes.
      piece.taken.fail(CancellationError())
    }
  }
}
