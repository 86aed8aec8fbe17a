public import Logging
public import NIOCore
internal import NIOPosix

/// An MCP server run as a supervised child process (MCP 2026-07-28, basic/transports/stdio).
///
/// It is started again whenever it ends, after a delay that grows with every failure in a row. Each start is a generation. The child
/// leads a process group of its own, sees of our environment only `ChildCommand.inheritedVariables`, holds no descriptor but its
/// three standard streams, and is killed with its group when it stops. On Linux the kernel kills it should this process die.
///
/// `stop()` must be awaited before the event loop is shut down, and before the last reference is dropped.
public final class ChildProcess: Sendable {
  /// Settings and bounds.
  public struct Configuration: Sendable {
    /// How long to wait for starts and ends.
    public var timing = SupervisionTiming()
    /// Of a line from the server, in bytes. A longer one is a protocol error: the server is killed and started again.
    public var maximumLineLength = 16 * 1024 * 1024
    /// What may wait to be read by the server before sending is refused.
    public var maximumQueuedLines = 1024
    /// The most bytes that may wait to be written to the child.
    public var maximumQueuedBytes = 32 * 1024 * 1024
    /// What becomes of what the child writes to standard error.
    public var standardError = StandardErrorLogging()

    public init() {}
  }

  /// What the layer above is told, in order and on the event loop. Calls back into the `ChildProcess` are allowed.
  public struct Events: Sendable {
    /// Lines can be sent.
    public var started: @Sendable (_ generation: UInt64) -> Void
    /// A line without its newline, not yet looked at: it may be no JSON at all. Answer `.pause` to get no more until
    /// `resumeReading()`. It shares storage with its neighbours: copy what is kept for long.
    public var line: @Sendable (_ generation: UInt64, ByteBuffer) -> LineFlow
    /// Bytes without a newline at the end of the output, reported just before `exited`.
    public var partialLine: @Sendable (_ generation: UInt64, ByteBuffer) -> Void
    /// Nothing more comes from this generation: what is in flight on it has failed. Comes once for every generation,
    /// also for one that never started.
    public var exited: @Sendable (_ generation: UInt64, ExitReason) -> Void

    public init(
      started: @escaping @Sendable (_ generation: UInt64) -> Void = { _ in },
      line: @escaping @Sendable (_ generation: UInt64, ByteBuffer) -> LineFlow,
      partialLine: @escaping @Sendable (_ generation: UInt64, ByteBuffer) -> Void = { _, _ in },
      exited: @escaping @Sendable (_ generation: UInt64, ExitReason) -> Void = { _, _ in }
    ) {
      self.started = started
      self.line = line
      self.partialLine = partialLine
      self.exited = exited
    }
  }

  /// What it is called, for programs.
  public let name: String
  /// The loop that reads and writes.
  public let eventLoop: any EventLoop
  private let outbox: LineOutbox
  private let supervisor: NIOLoopBoundBox<Supervisor>

  /// Nothing runs until `start()`. The logger gets the server's name as metadata `server`.
  public init(
    name: String, command: ChildCommand, on eventLoop: any EventLoop, configuration: Configuration = Configuration(),
    logger: Logger, events: Events
  ) {
    var logger = logger
    logger[metadataKey: "server"] = "\(name)"
    let outbox = LineOutbox(
      eventLoop: eventLoop, maximumLines: configuration.maximumQueuedLines, maximumBytes: configuration.maximumQueuedBytes)
    self.name = name
    self.eventLoop = eventLoop
    self.outbox = outbox
    self.supervisor = NIOLoopBoundBox.makeBoxSendingValue(
      Supervisor(
        command: command, eventLoop: eventLoop, configuration: configuration, logger: logger, events: events, outbox: outbox),
      as: Supervisor.self, eventLoop: eventLoop)
  }

  /// Starts the process and keeps it running. No effect if that is already so.
  public func start() {
    onLoop { $0.handle(.start) }
  }

  /// Closes the server's input, gives it time to end, then terminates and kills its process group. Returns when it is gone.
  public func stop() async {
    await withCheckedContinuation { continuation in
      onLoop { $0.stop { continuation.resume() } }
    }
  }

  /// Replaces a process that runs but does not serve. What is in flight on it fails at once.
  public func restart(because reason: String) {
    onLoop { $0.handle(.restart(reason: reason)) }
  }

  /// Reads on after an answer of `.pause`.
  public func resumeReading() {
    onLoop { $0.resumeReading() }
  }

  /// Queues a JSON text, without its newline, or refuses it. Line breaks between its tokens become spaces. Lines leave in the order
  /// of the calls. Accepted is not received: only `exited` or an answer tells.
  ///
  /// `generation`: refuse if it is not this one that would get the line.
  public func enqueue(_ line: ByteBuffer, generation: UInt64? = nil) throws(StdioError) {
    try outbox.enqueue(line, generation: generation)
  }

  /// As `enqueue`, but waits while the queue is full.
  public func send(_ line: ByteBuffer, generation: UInt64? = nil) async throws(StdioError) {
    try await outbox.send(line, generation: generation)
  }

  private func onLoop(_ body: @escaping @Sendable (Supervisor) -> Void) {
    if eventLoop.inEventLoop {
      body(supervisor.value)
    } else {
      eventLoop.execute { [supervisor] in body(supervisor.value) }
    }
  }
}
