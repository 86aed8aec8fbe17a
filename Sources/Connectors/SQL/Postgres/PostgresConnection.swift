internal import Dispatch

/// A place of the pool: a thread, and the session that it has, if any.
///
/// `@unchecked Sendable`: `session` is only touched in blocks on `thread`, which runs one at a time; everything else is constant.
final class PostgresConnection: @unchecked Sendable {
  private let thread: DispatchQueue
  private let watch = PostgresWatch()
  private let pq: LibPQ
  private let make: @Sendable (PostgresWatch, ContinuousClock.Instant) throws -> PostgresSession
  private var session: PostgresSession?

  init(_ number: Int, _ pq: LibPQ, make: @escaping @Sendable (PostgresWatch, ContinuousClock.Instant) throws -> PostgresSession) {
    thread = DispatchQueue(label: "sql.postgres.\(number)")
    self.pq = pq
    self.make = make
  }

  /// Runs `body` in a transaction.
  ///
  /// - Parameters:
  ///   - begin: the statement that opens it. A connection that has died since its last use is replaced here, where nothing has happened yet.
  ///   - body: returns whether the transaction is kept.
  func transaction<R: Sendable>(
    _ begin: String, time: Duration, patience: Duration,
    _ body: @escaping @Sendable (PostgresSession, ContinuousClock.Instant) throws -> (keep: Bool, value: R)
  ) async throws -> R {
    let job = PostgresJob()
    let result: Result<R, any Error> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        thread.async { [self] in
          watch.begin(job)
          continuation.resume(
            returning: Result {
              defer { tidy() }
              guard !job.isCancelled else { throw PostgresFailure(kind: .cancelled) }
              let session = try opened(begin, patience)
              let deadline = ContinuousClock.now.advanced(by: time + Self.grace)
              let outcome = try body(session, deadline)
              try session.simple(outcome.keep ? "COMMIT" : "ROLLBACK", until: deadline)
              return outcome.value
            })
        }
      }
    } onCancel: {
      job.cancel()
      // Telling the server blocks, and cancellation may come from any thread.
      DispatchQueue.global().async { [watch, pq] in watch.stop(job, pq) }
    }
    return try result.get()
  }

  /// How much longer than the server's own limit a statement is waited for.
  private static let grace = Duration.seconds(3)

  private func opened(_ begin: String, _ patience: Duration) throws -> PostgresSession {
    let deadline = ContinuousClock.now.advanced(by: patience)
    if let session, (try? session.simple(begin, until: deadline)) != nil { return session }
    session?.close()
    session = nil
    let fresh = try make(watch, deadline)
    session = fresh
    try fresh.simple(begin, until: deadline)
    return fresh
  }

  /// A session in doubt, or one whose statement was cancelled (the cancellation may still be under way), is not used again.
  private func tidy() {
    let isStopped = watch.isStopped
    watch.end()
    guard let session, isStopped || !session.isClean else { return }
    if !isStopped, session.isAlive, (try? session.simple("ROLLBACK", until: .now.advanced(by: .seconds(2)))) != nil, session.isClean { return }
    session.close()
    self.session = nil
  }

  /// Closes the session once what is under way is done.
  func close() {
    thread.async { [self] in
      session?.close()
      session = nil
    }
  }
}
