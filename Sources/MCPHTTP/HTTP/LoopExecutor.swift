public import NIOCore
import NIOPosix

/// A task executor that runs tasks on one event loop, so that a request goes from socket to socket without a thread hop.
///
/// There is one executor a loop; `LoopExecutor.current(on:)` finds it. Jobs that arrive while the loop is inside
/// `batch(_:)` wait in a plain array and run when the outermost batch ends: a channel handler that starts a task or
/// resumes a continuation in a batch pays for no scheduling at all.
///
/// Likewise what connections have written leaves at the end of the turn, all of it together: a peer that one packet wakes finds
/// the others there, and waking is what a packet on loopback costs most (docs/adr/0004-mapped-journal.md).
///
/// `@unchecked Sendable`: `jobs`, `depth`, `isScheduled` and `unflushed` are read and written on `loop` only; `enqueue` and `batch` check it.
public final class LoopExecutor: TaskExecutor, @unchecked Sendable {
  /// The loop that jobs run on.
  public let loop: any EventLoop

  private var jobs: [UnownedJob] = []
  private var next = 0
  private var depth = 0
  private var isScheduled = false
  private var unflushed: [any FlushesLater] = []
  private var flushing: [any FlushesLater] = []

  /// How many jobs run before the loop gets a turn for I/O. Tasks that yield in circles must not starve connections.
  private static let jobsPerTurn = 512
  private static let ofThisThread = ThreadSpecificVariable<LoopExecutor>()

  private init(loop: any EventLoop) {
    self.loop = loop
  }

  /// The executor of `loop`. Must be called on that loop; look it up once a connection, not once a request.
  public static func current(on loop: any EventLoop) -> LoopExecutor {
    loop.preconditionInEventLoop()
    if let known = ofThisThread.currentValue, known.loop === loop { return known }
    let made = LoopExecutor(loop: loop)
    ofThisThread.currentValue = made
    return made
  }

  /// Runs the job on the loop, after the turn that is going on.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    guard loop.inEventLoop else {
      loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
      return
    }
    jobs.append(job)
    if depth == 0 { schedule() }
  }

  /// Runs `body` and then every job that became ready meanwhile. Must be called on the loop; may be nested.
  @inline(__always)
  func batch(_ body: () -> Void) {
    depth += 1
    body()
    if depth == 1 { drain() }
    depth -= 1
    if depth == 0, next < jobs.count { schedule() }
  }

  private func drain() {
    var budget = Self.jobsPerTurn
    while next < jobs.count, budget > 0 {
      let job = jobs[next]
      next += 1
      budget -= 1
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
    if next == jobs.count {
      jobs.removeAll(keepingCapacity: true)
      next = 0
    }
  }

  /// Flushes what the connection has written at the end of this turn of the loop. Must be called on the loop.
  func flushLater(_ connection: any FlushesLater) {
    unflushed.append(connection)
    guard unflushed.count == 1 else { return }
    loop.execute {
      swap(&self.unflushed, &self.flushing)
      for connection in self.flushing { connection.flush() }
      self.flushing.removeAll(keepingCapacity: true)
    }
  }

  private func schedule() {
    guard !isScheduled else { return }
    isScheduled = true
    loop.execute {
      self.isScheduled = false
      self.batch {}
    }
  }
}

/// A connection whose writes may wait for the end of the turn of its loop.
protocol FlushesLater: AnyObject {
  func flush()
}
