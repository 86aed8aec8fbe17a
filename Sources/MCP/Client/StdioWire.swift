internal import JSON
public import Logging
public import NIOCore
internal import Synchronization

/// The wire to a server that speaks line by line, as a rule a supervised child process: all requests share its pipes.
///
/// When the process ends, what is in flight fails at once, and ``lost()`` returns; the supervisor starts it again by itself.
public final class StdioWire: ClientWire {
  private struct Starting {
    var needsHandshake: Bool
    var resume: @Sendable (Result<UInt64, WireError>) -> Void
  }

  private struct State {
    var generation: UInt64?
    /// Whether the process that runs has been through the legacy handshake.
    var isInitialized = false
    /// Whether it is spoken to in the legacy era, in which servers may ask.
    var isLegacy = false
    /// Those who wait for the process to run; resumed with the reason if it cannot be started.
    var starting: [Int: Starting] = [:]
    var next = 0

    /// The incarnation that requests may be sent to.
    func ready(_ needsHandshake: Bool) -> UInt64? { needsHandshake && !isInitialized ? nil : generation }

    mutating func takeReady() -> [Starting] {
      let ready = starting.filter { !$0.value.needsHandshake || isInitialized }
      for key in ready.keys { starting[key] = nil }
      return Array(ready.values)
    }
  }

  /// Filled in once, right after `self` exists: the process calls back into it.
  private let process: Mutex<(any LinePeer)?>
  /// Guards who waits for the process; callbacks run outside of it.
  private let state = Mutex(State())
  private let pending: PendingRequests
  private let logger: Logger
  private let name: String
  private let answering: RequestsFromServer

  /// The process runs from ``start()`` on.
  public init(
    name: String, command: ChildCommand, on eventLoop: any EventLoop, configuration: ChildProcess.Configuration = .init(), logger: Logger
  ) {
    self.name = name
    self.logger = logger
    answering = RequestsFromServer(logger: logger)
    pending = PendingRequests(name: name)
    process = Mutex(nil)
    let process = ChildProcess(
      name: name, command: command, on: eventLoop, configuration: configuration, logger: logger,
      events: ChildProcess.Events(
        started: { [weak self] in self?.started($0) },
        line: { [weak self] _, line in
          self?.receive(line)
          return .more
        },
        exited: { [weak self] _, reason in self?.exited(reason) }))
    self.process.withLock { $0 = process }
  }

  /// A server that `peer` reaches by other means than a process of ours. It can be used from ``start()`` on.
  package init(name: String, logger: Logger, peer: (LinePeerEvents) -> any LinePeer) {
    self.name = name
    self.logger = logger
    answering = RequestsFromServer(logger: logger)
    pending = PendingRequests(name: name)
    process = Mutex(nil)
    let peer = peer(
      LinePeerEvents(
        started: { [weak self] in self?.started($0) }, line: { [weak self] in self?.receive($0) },
        ended: { [weak self] in self?.exited($0) }))
    process.withLock { $0 = peer }
  }

  private var child: (any LinePeer)? { process.withLock { $0 } }

  /// Starts the process.
  public func start() { child?.start() }

  /// Ends the process; see `ChildProcess.stop()`.
  public func stop() async { await child?.stop() }

  public func close() async { await stop() }

  public var requestsFromServer: RequestsFromServer? { answering }
  public var isSharedChannel: Bool { true }

  // MARK: Requests

  public func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope {
    // What has been started again knows nothing of the handshake with its predecessor.
    let needsHandshake = request.version.era == .legacy && request.method != .initialize
    if request.version.era == .legacy { state.withLock { $0.isLegacy = true } }
    let generation = try await running(until: request.deadline, needsHandshake: needsHandshake)
    guard let child else { throw WireError(.closed, "\(name) is not there", mayHaveHadEffect: false) }
    return try await pending.roundTrip(request, on: child.eventLoop, tell: { try? child.enqueue($0, generation: nil) }) { () throws(WireError) in
      // Not to a successor of the process for which the request was made: it may speak another revision.
      do throws(StdioError) { try child.enqueue(request.message, generation: generation) } catch {
        throw WireError(.closed, "\(name): \(error)", mayHaveHadEffect: false)
      }
    }
  }

  /// The first notification of the legacy era is `notifications/initialized`: requests may follow it.
  public func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) {
    let generation = state.withLock(\.generation)
    do throws(StdioError) { try await child?.send(notification, generation: nil) } catch {
      throw WireError(.closed, "\(name): \(error)", mayHaveHadEffect: false)
    }
    if version.era == .legacy, let generation { initialized(generation) }
  }

  /// Legacy servers send list changes and the like of themselves; modern ones only under a subscription.
  public func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError) {
    await pending.receiveUnsolicited(opened: opened, receive)
  }

  // MARK: Life of the process

  public func lost() async { await pending.lost() }

  /// The incarnation that runs, once one does; fails at the deadline, or when it could not be started.
  private func running(until deadline: NIODeadline, needsHandshake: Bool) async throws(WireError) -> UInt64 {
    if let generation = state.withLock({ $0.ready(needsHandshake) }) { return generation }
    let key = state.withLock { state in
      state.next += 1
      return state.next
    }
    let result: Result<UInt64, WireError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let running = state.withLock { state in
          let generation = state.ready(needsHandshake)
          if generation == nil { state.starting[key] = Starting(needsHandshake: needsHandshake) { continuation.resume(returning: $0) } }
          return generation
        }
        if let running { return continuation.resume(returning: .success(running)) }
        // A timer for the end of time would keep the loop from noticing any other.
        if deadline < .distantFuture {
          child?.eventLoop.scheduleTask(deadline: deadline) { [weak self] in
            self?.endWaiting(key, WireError(.unreachable, "the process did not start in time", mayHaveHadEffect: false))
          }
        }
        if Task.isCancelled { endWaiting(key, WireError(.cancelled, "cancelled by the caller", mayHaveHadEffect: false)) }
      }
    } onCancel: {
      endWaiting(key, WireError(.cancelled, "cancelled by the caller", mayHaveHadEffect: false))
    }
    return try result.get()
  }

  private func endWaiting(_ key: Int, _ error: WireError) {
    state.withLock { $0.starting.removeValue(forKey: key) }?.resume(.failure(error))
  }

  private func started(_ generation: UInt64) {
    pending.begin()
    let waiting = state.withLock { state in
      state.generation = generation
      return state.takeReady()
    }
    for one in waiting { one.resume(.success(generation)) }
  }

  private func initialized(_ generation: UInt64) {
    let waiting: [Starting] = state.withLock { state in
      guard state.generation == generation else { return [] }
      state.isInitialized = true
      return state.takeReady()
    }
    for one in waiting { one.resume(.success(generation)) }
  }

  private func exited(_ reason: ExitReason) {
    let starting = state.withLock { state in
      defer {
        (state.generation, state.starting) = (nil, [:])
        state.isInitialized = false
        state.isLegacy = false
      }
      return state.starting
    }
    answering.cancelAll()
    for one in starting.values { one.resume(.failure(WireError(.unreachable, "the process \(reason)", mayHaveHadEffect: false))) }
    pending.end(WireError(.closed, "the process \(reason)", mayHaveHadEffect: true))
  }

  // MARK: Messages from the server

  private func receive(_ line: ByteBuffer) {
    // The line shares the storage of its neighbours; what comes of it may be kept for long.
    let messages: [Envelope]
    do throws(RPCError) {
      // Batches came with a legacy revision and went with the next.
      messages = try Envelope.messages(in: ByteBuffer(bytes: line.readableBytesView), allowsBatch: state.withLock(\.isLegacy))
    } catch {
      logger.debug("a line of output is no MCP message and is ignored", metadata: ["server": "\(name)", "reason": "\(error.message)"])
      return
    }
    for message in messages { receive(message, bytes: line.readableBytes) }
  }

  private func receive(_ message: Envelope, bytes: Int) {
    switch message.kind {
    case .response: pending.resolve(message)
    case .notification:
      // Up to a thousand may wait for a slow reader; large ones would be a way to fill the memory.
      guard let message = bytes <= Self.notificationBytes ? message : statusAlone(message) else { return }
      if message.method == .cancelled { return cancelled(message) }
      pending.deliver(message)
    case .request:
      let (generation, isLegacy) = state.withLock { ($0.generation, $0.isLegacy) }
      // "The client MUST NOT write JSON-RPC responses" (2026-07-28, stdio).
      guard isLegacy else { return }
      answering.receive(message) { [weak self] answer in try? await self?.child?.send(answer, generation: generation) }
    }
  }

  private static let notificationBytes = 64 << 10

  /// Of the state of a task what fits: whoever wants its result asks for it. Nil for any other notification.
  private func statusAlone(_ message: Envelope) -> Envelope? {
    guard message.method == .taskStatus, var params = message.params.map({ JSONValue($0) }) else { return nil }
    for member in ["result", "error", "inputRequests"] { params[member] = nil }
    let text = Message.notification(.taskStatus, params: ByteBuffer(params))
    return text.readableBytes <= Self.notificationBytes ? try? Envelope(scanning: text) : nil
  }

  /// The server ends a subscription of ours (2026-07-28), or no longer wants the answer to a request of its own (legacy).
  private func cancelled(_ notification: Envelope) {
    answering.cancel(notification)
    guard let own = notification["requestId"]?.int, pending.awaitsStream(own) else { return }
    // A server that ends it in order says so by a result as well ("Graceful Closure").
    child?.eventLoop.scheduleTask(in: Self.patienceForResult) { [pending, name] in
      pending.fail(own, WireError(.closed, "\(name) ended the subscription", mayHaveHadEffect: false))
    }
  }

  private static let patienceForResult: TimeAmount = .milliseconds(500)
}
