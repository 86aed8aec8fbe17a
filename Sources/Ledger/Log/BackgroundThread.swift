#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif
internal import Synchronization

/// A system thread of its own for work that waits for the disk, so that it takes no thread of Swift's pool or of an event loop.
final class BackgroundThread: Sendable {
  /// A pipe whose bytes wake the thread.
  private let waitEnd: Int32
  private let wakeEnd: Int32
  private let isStopped = Mutex(false)

  init() throws(LedgerError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw SystemError.current.ledgerError(.unreadable, "no pipe to wake a thread", path: "pipe")
    }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    waitEnd = ends[0]
    wakeEnd = ends[1]
  }

  deinit {
    close(waitEnd)
    close(wakeEnd)
  }

  /// Calls `work` on the thread at each wake-up and each `interval`, until `stop` or cancellation, and once more after that.
  func run(every interval: Duration?, _ work: @escaping @Sendable () -> Void) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        Self.start {
          self.loop(every: interval, work)
          continuation.resume()
        }
      }
    } onCancel: {
      stop()
    }
  }

  func wake() {
    var byte: UInt8 = 0
    // A full pipe wakes as well as one byte more.
    _ = write(wakeEnd, &byte, 1)
  }

  func stop() {
    isStopped.withLock { $0 = true }
    wake()
  }

  private func loop(every interval: Duration?, _ work: () -> Void) {
    var milliseconds: Int32 = -1
    if let parts = interval?.components {
      milliseconds = max(1, Int32(clamping: parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000))
    }
    var buffer: [UInt8] = Array(repeating: 0, count: 64)
    while true {
      let isLast = isStopped.withLock { $0 }
      work()
      if isLast { return }
      var request = pollfd(fd: waitEnd, events: Int16(POLLIN), revents: 0)
      if poll(&request, 1, milliseconds) > 0 {
        while read(waitEnd, &buffer, buffer.count) == buffer.count {}
      }
    }
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private static func start(_ run: @escaping @Sendable () -> Void) {
    let body = Unmanaged.passRetained(Body(run))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    #if canImport(Darwin)
      var thread: pthread_t?
      let result = pthread_create(
        &thread, &attributes,
        { pointer in
          Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run()
          return nil
        }, body.toOpaque())
    #else
      var thread = pthread_t()
      let result = pthread_create(
        &thread, &attributes,
        { pointer in
          if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
          return nil
        }, body.toOpaque())
    #endif
    // Without a thread the work is done here: on a thread that should not wait is better than not at all.
    if result != 0 { body.takeRetainedValue().run() }
  }
}
