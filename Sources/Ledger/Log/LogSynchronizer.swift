internal import Synchronization

/// Waits for the disk on behalf of tasks that must not: many that wait at the same time share one `fdatasync`, on a thread of
/// its own. For leaves that have to survive a power loss before their effect happens.
public final class LogSynchronizer: Sendable {
  private typealias Waiter = CheckedContinuation<Result<Void, LedgerError>, Never>

  /// Who waits for the next synchronization; nil once there is none any more.
  private let waiters: Mutex<[Waiter]?> = Mutex([])
  private let log: LogWriter
  private let thread: BackgroundThread

  public init(log: LogWriter) throws(LedgerError) {
    self.log = log
    thread = try BackgroundThread()
  }

  /// Serves until the task is cancelled or `stop` is called. For one call; without it `synchronize` waits for ever.
  public func run() async {
    await thread.run(every: nil) { [self] in serve() }
    let rest = waiters.withLock { $0.take() } ?? []
    for waiter in rest { waiter.resume(returning: .failure(LedgerError(.closed, "the log is being closed"))) }
  }

  /// Lets `run` end after those who wait now.
  public func stop() { thread.stop() }

  /// Returns when everything staged before is on disk.
  ///
  /// - Throws: `unwritable`, or `closed` after the end of `run`.
  public func synchronize() async throws(LedgerError) {
    let result: Result<Void, LedgerError> = await withCheckedContinuation { continuation in
      let isServed = waiters.withLock { waiters in
        waiters?.append(continuation)
        return waiters != nil
      }
      if isServed {
        thread.wake()
      } else {
        continuation.resume(returning: .failure(LedgerError(.closed, "the log is closed")))
      }
    }
    try result.get()
  }

  private func serve() {
    let waiting = waiters.withLock { waiters in
      let waiting = waiters ?? []
      waiters?.removeAll(keepingCapacity: true)
      return waiting
    }
    if waiting.isEmpty { return }
    let result = Result { () throws(LedgerError) in try log.synchronize() }
    for waiter in waiting { waiter.resume(returning: result) }
  }
}
