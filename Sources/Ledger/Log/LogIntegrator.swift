#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif
internal import Synchronization

/// Integrates a log at intervals, on a thread of its own as it waits for the disk.
public final class LogIntegrator: Sendable {
  private struct State {
    var isStopped = false
  }

  private let log: LogWriter
  private let interval: Duration
  private let report: @Sendable (LedgerError) -> Void
  private let state = Mutex(State())
  /// A pipe whose bytes wake the thread.
  private let wakeEnd: Int32
  private let waitEnd: Int32

  /// - Parameters:
  ///   - interval: the longest time that a written leaf waits for a signed checkpoint, disk time aside.
  ///   - report: called on the integrator's thread with each failure; the next interval tries again.
  public init(
    log: LogWriter, every interval: Duration, reporting report: @escaping @Sendable (LedgerError) -> Void
  ) throws(LedgerError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError.current.ledgerError(.unreadable, "no pipe", path: log.directory) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    waitEnd = ends[0]
    wakeEnd = ends[1]
    self.log = log
    self.interval = interval
    self.report = report
  }

  deinit {
    close(waitEnd)
    close(wakeEnd)
  }

  /// Runs until the task is cancelled or `stop` is called, and integrates what is left before it returns. For one call.
  public func run() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        Thread.start {
          self.loop()
          continuation.resume()
        }
      }
    } onCancel: {
      stop()
    }
  }

  /// Integrates soon, before the interval is over. May be called from anywhere, also often.
  public func wake() {
    var byte: UInt8 = 0
    _ = write(wakeEnd, &byte, 1)
  }

  /// Lets `run` end after a last integration.
  public func stop() {
    state.withLock { $0.isStopped = true }
    wake()
  }

  private func loop() {
    let parts = interval.components
    let milliseconds = Int32(clamping: parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000)
    var buffer: [UInt8] = Array(repeating: 0, count: 64)
    while true {
      let isLast = state.withLock { $0.isStopped }
      do throws(LedgerError) { try log.integrate() } catch { report(error) }
      if isLast { return }
      var request = pollfd(fd: waitEnd, events: Int16(POLLIN), revents: 0)
      if poll(&request, 1, max(1, milliseconds)) > 0 {
        while read(waitEnd, &buffer, buffer.count) == buffer.count {}
      }
    }
  }
}

/// A detached system thread.
private enum Thread {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  static func start(_ run: @escaping @Sendable () -> Void) {
    let body = Unmanaged.passRetained(Body(run))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    #if canImport(Darwin)
    var thread: pthread_t?
    let result = pthread_create(&thread, &attributes, { pointer in
      Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run()
      return nil
    }, body.toOpaque())
    #else
    var thread = pthread_t()
    let result = pthread_create(&thread, &attributes, { pointer in
      if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
      return nil
    }, body.toOpaque())
    #endif
    // Without a thread the work is done here: late is better than never.
    if result != 0 { body.takeRetainedValue().run() }
  }
}
