internal import Logging
internal import NIOCore
internal import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Does what the `SupervisorStateMachine` says: processes, pipes and timers. Lives on one event loop.
final class Supervisor {
  private struct Incarnation {
    let generation: UInt64
    let process: StartedProcess
    let reader: LineReader
    /// Input, output, error.
    let channels: [any Channel]
    /// Whether the layer above may send and receive.
    var open = false
  }

  private let command: ChildCommand
  private let eventLoop: any EventLoop
  private let configuration: ChildProcess.Configuration
  private let logger: Logger
  private let events: ChildProcess.Events
  private let outbox: LineOutbox

  private var machine: SupervisorStateMachine
  private var incarnation: Incarnation?
  /// Complete when the pipes of the last process are channels, or could not be made so.
  private var connected: EventLoopFuture<Void>?
  private var timer: Scheduled<Void>?
  private var waitingForStop: [() -> Void] = []
  private var inbox: [SupervisorStateMachine.Event] = []
  private var handling = false

  init(
    command: ChildCommand, eventLoop: any EventLoop, configuration: ChildProcess.Configuration, logger: Logger,
    events: ChildProcess.Events, outbox: LineOutbox
  ) {
    self.command = command
    self.eventLoop = eventLoop
    self.configuration = configuration
    self.logger = logger
    self.events = events
    self.outbox = outbox
    self.machine = SupervisorStateMachine(timing: configuration.timing, seed: UInt64.random(in: 0 ... .max))
  }

  func stop(_ done: @escaping () -> Void) {
    waitingForStop.append(done)
    handle(.stop)
  }

  func resumeReading() {
    if let incarnation, incarnation.open { incarnation.reader.resume() }
  }

  /// Events raised while the actions of another are carried out wait for their turn.
  func handle(_ event: SupervisorStateMachine.Event) {
    inbox.append(event)
    if handling { return }
    handling = true
    defer { handling = false }
    while !inbox.isEmpty {
      for action in machine.handle(inbox.removeFirst()) { perform(action) }
    }
  }

  private func perform(_ action: SupervisorStateMachine.Action) {
    switch action {
    case .spawn(let generation):
      spawn(generation)
    case .started(let generation):
      guard let incarnation else { return }
      self.incarnation?.open = true
      logger.debug("started", metadata: ["generation": "\(generation)", "pid": "\(incarnation.process.id)"])
      outbox.open(incarnation.channels[0], generation: generation)
      events.started(generation)
      incarnation.reader.resume()
    case .closeInput:
      outbox.closeAfterWriting()
      if let incarnation, !incarnation.open { incarnation.channels[0].close(promise: nil) }
    case .release:
      outbox.close()
      incarnation?.open = false
      for channel in incarnation?.channels ?? [] { channel.close(promise: nil) }
    case .terminate:
      incarnation?.process.signalGroup(SIGTERM)
    case .kill:
      incarnation?.process.signalGroup(SIGKILL)
    case .exited(let generation, let reason):
      logExit(generation, reason)
      events.exited(generation, reason)
    case .setTimer(let delay):
      timer?.cancel()
      timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { self.handle(.timer) }
    case .cancelTimer:
      timer?.cancel()
      timer = nil
    case .stopped:
      incarnation = nil
      let waiting = waitingForStop
      waitingForStop = []
      for done in waiting { done() }
    }
  }

  // MARK: Starting

  private func spawn(_ generation: UInt64) {
    // Not a reference that keeps us: the box is only opened on the loop.
    let box = NIOLoopBound(self, eventLoop: eventLoop)
    let eventLoop = eventLoop
    ProcessThread.start(command) { result in
      eventLoop.execute { box.value.spawned(generation, result) }
    } ended: { status in
      eventLoop.execute { box.value.ended(generation, status) }
    }
  }

  private func spawned(_ generation: UInt64, _ result: Result<StartedProcess, SpawnError>) {
    switch result {
    case .failure(let error):
      handle(.spawnFailed(error))
    case .success(let process):
      connect(generation, process)
    }
  }

  /// Turns the three pipes into channels. The exit of the process is looked at after that.
  private func connect(_ generation: UInt64, _ process: StartedProcess) {
    let reader = LineReader(maximumLength: configuration.maximumLineLength) { input in self.receive(generation, input) }
    let errorLog = StandardErrorLog(logger: logger, configuration: configuration.standardError)
    let handlers = NIOLoopBound((reader: reader, errorLog: errorLog), eventLoop: eventLoop)
    // NIO owns each descriptor from here on, whether or not it succeeds.
    let input = NIOPipeBootstrap(group: eventLoop).takingOwnershipOfDescriptor(output: process.input)
    let output = NIOPipeBootstrap(group: eventLoop)
      .channelOption(.autoRead, value: false)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handlers.value.reader) }
      }
      .takingOwnershipOfDescriptor(input: process.output)
    let error = NIOPipeBootstrap(group: eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handlers.value.errorLog) }
      }
      .takingOwnershipOfDescriptor(input: process.error)

    let connected = EventLoopFuture.whenAllSucceed([input, output, error], on: eventLoop).assumeIsolated()
    self.connected = connected.map { _ in }.nonisolated()
    connected.whenComplete { result in
      switch result {
      case .success(let channels):
        self.incarnation = Incarnation(generation: generation, process: process, reader: reader, channels: channels)
        channels[0].closeFuture.assumeIsolated().whenComplete { _ in self.closed(generation, .inputClosed) }
        self.handle(.spawned)
      case .failure(let error):
        self.logger.error("pipes of the server process: \(error)")
        process.signalGroup(SIGKILL)
        self.handle(.spawnFailed(.system(call: "registering pipes", errno: (error as? IOError)?.errnoCode ?? EIO)))
      }
    }
  }

  // MARK: What the process does

  private func receive(_ generation: UInt64, _ input: LineInput) -> LineFlow {
    guard let incarnation, incarnation.generation == generation, incarnation.open else { return .more }
    switch input {
    case .line(let line):
      return events.line(generation, line)
    case .partial(let rest):
      logger.warning("output ended in the middle of a line", metadata: ["bytes": "\(rest.readableBytes)"])
      events.partialLine(generation, rest)
    case .tooLong:
      handle(.lineTooLong(limit: configuration.maximumLineLength))
    case .end:
      handle(.outputClosed)
    }
    return .more
  }

  private func closed(_ generation: UInt64, _ event: SupervisorStateMachine.Event) {
    if let incarnation, incarnation.generation == generation, incarnation.open { handle(event) }
  }

  private func ended(_ generation: UInt64, _ status: TerminationStatus) {
    connected?.assumeIsolated().whenComplete { _ in
      // An incarnation given up as unkillable may end when another has taken its place.
      if self.incarnation?.generation == generation { self.handle(.ended(status)) }
    }
  }

  private func logExit(_ generation: UInt64, _ reason: ExitReason) {
    let metadata: Logger.Metadata = ["generation": "\(generation)"]
    switch reason {
    case .stopped: logger.debug("\(reason)", metadata: metadata)
    case .failedToStart: logger.error("\(reason)", metadata: metadata)
    default: logger.warning("\(reason)", metadata: metadata)
    }
  }
}
