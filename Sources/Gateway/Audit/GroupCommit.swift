internal import Ledger
internal import NIOCore

/// Hands what the requests of one event loop wrote to the audit log over to the kernel, once for all of them in a tick.
///
/// Bound to its loop: only touched there, so it needs no lock. The log itself is shared by all loops.
final class GroupCommit: @unchecked Sendable {
  // Sendable because every member but `loop` and `log` is read and written on `loop` only: `flushed` is called by tasks that
  // run on it (checked by a precondition), and `commit` is scheduled on it.
  private let loop: any EventLoop
  private let log: LogWriter
  private var waiting: [UnsafeContinuation<LedgerError?, Never>] = []
  private var spare: [UnsafeContinuation<LedgerError?, Never>] = []

  init(loop: any EventLoop, log: LogWriter) {
    self.loop = loop
    self.log = log
  }

  /// Returns when everything staged before is with the kernel: at the end of this turn of the loop, together with what other
  /// requests stage in it.
  func flushed() async throws(LedgerError) {
    let failure = await withUnsafeContinuation { continuation in
      loop.preconditionInEventLoop()
      waiting.append(continuation)
      if waiting.count == 1 { loop.execute { self.commit() } }
    }
    if let failure { throw failure }
  }

  private func commit() {
    swap(&waiting, &spare)
    var failure: LedgerError?
    do throws(LedgerError) { try log.flush() } catch { failure = error }
    for continuation in spare { continuation.resume(returning: failure) }
    spare.removeAll(keepingCapacity: true)
  }
}
