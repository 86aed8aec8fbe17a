internal import Synchronization

/// Stops what a connection does, from any thread (PostgreSQL, "Canceling Queries in Progress").
final class PostgresWatch: Sendable {
  private struct State {
    /// `PGcancel`. PQcancel may be called from any thread; the lock keeps it from being freed meanwhile.
    nonisolated(unsafe) var cancel: OpaquePointer?
    /// What the connection works for.
    var job: PostgresJob?
    var isStopped = false
  }
  /// Guards the handle by which statements are cancelled, and for whom the connection works: so that a late cancellation never
  /// meets the work of somebody else.
  private let state = Mutex(State())

  init() {}

  /// Whether the work under way was called off.
  var isStopped: Bool { state.withLock(\.isStopped) }

  /// - Parameter address: of a `PGcancel`, owned from now on; 0 when the connection is closed.
  func setCancel(_ address: Int, _ pq: LibPQ) {
    state.withLock { state in
      if let old = state.cancel { pq.freeCancel(old) }
      state.cancel = OpaquePointer(bitPattern: address)
    }
  }

  func begin(_ job: PostgresJob) { state.withLock { ($0.job, $0.isStopped) = (job, job.isCancelled) } }

  func end() { state.withLock { $0.job = nil } }

  /// Blocks until the server has heard of it.
  func stop(_ job: PostgresJob, _ pq: LibPQ) {
    state.withLock { state in
      guard state.job === job else { return }
      state.isStopped = true
      if let cancel = state.cancel { Self.send(cancel, pq) }
    }
  }

  /// Stops the statement, not the work. Blocks until the server has heard of it.
  func cancelStatement(_ pq: LibPQ) {
    state.withLock { state in if let cancel = state.cancel { Self.send(cancel, pq) } }
  }

  private static func send(_ cancel: OpaquePointer, _ pq: LibPQ) {
    var message = [CChar](repeating: 0, count: 256)
    _ = pq.cancel(cancel, &message, CInt(message.count))
  }
}

/// One piece of work, which can be called off before and while it runs.
final class PostgresJob: Sendable {
  private let cancelled = Mutex(false)

  init() {}

  var isCancelled: Bool { cancelled.withLock { $0 } }

  func cancel() { cancelled.withLock { $0 = true } }
}
