public import NIOCore
internal import CSpawn
internal import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The server's side of the stdio transport (MCP 2026-07-28, basic/transports/stdio), for a process of ours that is an MCP server.
///
/// ```swift
/// let transport = try StdioServerTransport.claimingStandardStreams(on: eventLoop)
/// try await transport.run(.init(line: { line in server.receive(line); return .more }))
/// await server.finishWhatIsInFlight()
/// await transport.finish()
/// ```
public final class StdioServerTransport: Sendable {
  /// Settings and bounds.
  public struct Configuration: Sendable {
    /// Of a line from the client, in bytes.
    public var maximumLineLength = 16 * 1024 * 1024
    /// What may wait to be read by the client before `enqueue` refuses and `send` waits.
    public var maximumQueuedLines = 1024
    /// The most bytes of answers that may wait to be written.
    public var maximumQueuedBytes = 32 * 1024 * 1024

    public init() {}
  }

  /// What comes from the client, in order, on the event loop.
  public struct Events: Sendable {
    /// A line without its newline, not yet looked at. Answer `.pause` to get no more until `resumeReading()`.
    public var line: @Sendable (ByteBuffer) -> LineFlow
    /// A line longer than the bound was skipped; whose request it was cannot be known.
    public var lineTooLong: @Sendable (_ limit: Int) -> Void
    /// Bytes without a newline at the end of the input.
    public var partialLine: @Sendable (ByteBuffer) -> Void
    /// From now on lines can be sent.
    public var opened: @Sendable () -> Void

    public init(
      line: @escaping @Sendable (ByteBuffer) -> LineFlow,
      lineTooLong: @escaping @Sendable (_ limit: Int) -> Void = { _ in },
      partialLine: @escaping @Sendable (ByteBuffer) -> Void = { _ in },
      opened: @escaping @Sendable () -> Void = {}
    ) {
      self.line = line
      self.lineTooLong = lineTooLong
      self.partialLine = partialLine
      self.opened = opened
    }
  }

  /// The loop that reads and writes.
  public let eventLoop: any EventLoop
  private let configuration: Configuration
  private let input: CInt
  private let output: CInt
  private let outbox: LineOutbox
  private let reader: NIOLoopBoundBox<LineReader?>
  /// The input was closed before there was a reader.
  private let isClosedEarly: NIOLoopBoundBox<Bool>
  /// Succeeds when all that was accepted is written and the output is closed, or broken.
  private let outputDone: EventLoopPromise<Void>

  /// Takes over both descriptors, and closes them at the end. `run` must be called once.
  public init(
    input: CInt, output: CInt, on eventLoop: any EventLoop, configuration: Configuration = Configuration()
  ) {
    self.eventLoop = eventLoop
    self.configuration = configuration
    self.input = input
    self.output = output
    self.outbox = LineOutbox(
      eventLoop: eventLoop, maximumLines: configuration.maximumQueuedLines, maximumBytes: configuration.maximumQueuedBytes)
    self.reader = NIOLoopBoundBox.makeEmptyBox(valueType: LineReader.self, eventLoop: eventLoop)
    self.isClosedEarly = NIOLoopBoundBox.makeBoxSendingValue(false, eventLoop: eventLoop)
    self.outputDone = eventLoop.makePromise()
  }

  /// The transport over descriptors 0 and 1, which from then on are others: whatever else in this process reads standard input finds
  /// it empty, and whatever prints to standard output prints to standard error. So nothing but messages can reach the client.
  public static func claimingStandardStreams(
    on eventLoop: any EventLoop, configuration: Configuration = Configuration()
  ) throws -> StdioServerTransport {
    let input = cspawn_duplicate(0)
    if input < 0 { throw IOError(errnoCode: errno, reason: "standard input") }
    let output = cspawn_duplicate(1)
    if output < 0 {
      let code = errno
      close(input)
      throw IOError(errnoCode: code, reason: "standard output")
    }
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    if null >= 0 {
      dup2(null, 0)
      if dup2(2, 1) < 0 { dup2(null, 1) }
      if null > 2 { close(null) }
    }
    return StdioServerTransport(input: input, output: output, on: eventLoop, configuration: configuration)
  }

  /// Delivers lines until the client closes our input: the sign to finish and leave. Lines can be sent until `finish()`.
  public func run(_ events: Events) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      let ended = eventLoop.makePromise(of: Void.self)
      ended.futureResult.whenComplete { continuation.resume(with: $0) }
      eventLoop.execute { self.connect(events, ended) }
    }
  }

  /// Reads on after an answer of `.pause`.
  public func resumeReading() {
    if eventLoop.inEventLoop {
      reader.value?.resume()
    } else {
      eventLoop.execute { [reader] in reader.value?.resume() }
    }
  }

  /// Ends the input as if the client had closed it: `run` returns when what was read has been delivered.
  public func closeInput() {
    eventLoop.execute { [reader, isClosedEarly] in
      if let reader = reader.value { reader.close() } else { isClosedEarly.value = true }
    }
  }

  /// Queues a JSON text, without its newline, or refuses it. Line breaks between its tokens become spaces. Lines leave whole and
  /// in the order of the calls.
  public func enqueue(_ line: ByteBuffer) throws(StdioError) {
    try outbox.enqueue(line, generation: nil)
  }

  /// As `enqueue`, but waits while the queue is full.
  public func send(_ line: ByteBuffer) async throws(StdioError) {
    try await outbox.send(line, generation: nil)
  }

  /// Writes what was accepted, then closes the output. Returns when that is done, or when the client no longer reads.
  public func finish() async {
    outbox.closeAfterWriting()
    try? await outputDone.futureResult.get()
  }

  private func connect(_ events: Events, _ ended: EventLoopPromise<Void>) {
    do {
      try connectOutput(DescriptorPump.pollable(output, .output), events)
      try connectInput(DescriptorPump.pollable(input, .input), events, ended)
    } catch {
      outbox.close()
      outputDone.succeed()
      ended.fail(error)
    }
  }

  private func connectOutput(_ pumped: DescriptorPump.Pumped, _ events: Events) throws {
    let outbox = outbox
    let outputDone = outputDone
    NIOPipeBootstrap(group: eventLoop).takingOwnershipOfDescriptor(output: pumped.descriptor).whenComplete { result in
      guard case .success(let channel) = result else { return outputDone.succeed() }
      outbox.open(channel, generation: 1)
      events.opened()
      channel.closeFuture.whenComplete { _ in
        outbox.close()
        pumped.whenDone { outputDone.succeed() }
      }
    }
  }

  private func connectInput(_ pumped: DescriptorPump.Pumped, _ events: Events, _ ended: EventLoopPromise<Void>) throws {
    let limit = configuration.maximumLineLength
    let reader = LineReader(maximumLength: limit, paused: false) { input in
      switch input {
      case .line(let line): return events.line(line)
      case .tooLong: events.lineTooLong(limit)
      case .partial(let rest): events.partialLine(rest)
      case .end: ended.succeed()
      }
      return .more
    }
    self.reader.value = reader
    if isClosedEarly.value { reader.close() }
    let bound = NIOLoopBound(reader, eventLoop: eventLoop)
    NIOPipeBootstrap(group: eventLoop)
      .channelOption(.autoRead, value: false)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
      }
      .takingOwnershipOfDescriptor(input: pumped.descriptor)
      .whenFailure { ended.fail($0) }
  }
}
