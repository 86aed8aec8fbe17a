/// Integrates a log at intervals, on a thread of its own.
public final class LogIntegrator: Sendable {
  private let log: LogWriter
  private let interval: Duration
  private let report: @Sendable (LedgerError) -> Void
  private let thread: BackgroundThread

  /// - Parameters:
  ///   - interval: the longest time that a written leaf waits for a signed checkpoint, disk time aside. Longer intervals
  ///     cost less a leaf, as each integration with new leaves writes the partial tiles and a checkpoint.
  ///   - report: called on the integrator's thread with each failure; the next interval tries again.
  public init(
    log: LogWriter, every interval: Duration, reporting report: @escaping @Sendable (LedgerError) -> Void
  ) throws(LedgerError) {
    self.log = log
    self.interval = interval
    self.report = report
    thread = try BackgroundThread()
  }

  /// Runs until the task is cancelled or `stop` is called, and integrates what is left before it returns. For one call.
  public func run() async {
    await thread.run(every: interval) { [log, report] in
      do throws(LedgerError) { try log.integrate() } catch { report(error) }
    }
  }

  /// Integrates soon, before the interval is over. May be called from anywhere, also often.
  public func wake() { thread.wake() }

  /// Lets `run` end after a last integration.
  public func stop() { thread.stop() }
}
