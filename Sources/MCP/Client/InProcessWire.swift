internal import JSON
public import NIOCore
internal import Synchronization

/// A server in the same process: its handler is called directly.
public struct InProcessWire: ClientWire {
  private let handler: any RequestHandler

  /// A wire to a server in this process.
  public init(_ handler: any RequestHandler) { self.handler = handler }

  public func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope {
    let message = try envelope(request.message)
    let client: ClientDescription
    do throws(RPCError) { client = try ClientDescription(modern: message) } catch {
      return try envelope(Message.error(error, id: message.id))
    }
    let receive = request.onNotification
    let notify: @Sendable (ByteBuffer) async -> Void = { notification in
      guard let receive, let envelope = try? Envelope(scanning: notification) else { return }
      await receive(envelope)
    }
    let context = RequestContext(client: client, transport: .inProcess, eventLoop: request.eventLoop, notify: notify)
    guard let id = message.id else { throw WireError(.invalidAnswer, "a request has an id", mayHaveHadEffect: false) }
    if request.method == .discover {
      return try envelope(Message.response(id: id, result: await handler.describe(context).discoverResult(versions: [.latest])))
    }
    if request.method == .subscriptionsListen { return try await forwardChanges(message, client, to: receive) }
    return try envelope(Message.answer(try await answer(to: message, context, until: request.deadline), id: id))
  }

  public func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) {}

  public func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError) {
    opened()
  }

  /// What the handler answers in time. One that waits for something past its time is cancelled, and not waited for; up to where it first
  /// waits it runs as a part of the call.
  private func answer(to message: Envelope, _ context: RequestContext, until deadline: NIODeadline) async throws(WireError) -> Answer {
    guard deadline < .distantFuture else { return await handler.handle(message, context) }
    let pending = PendingAnswer()
    let handler = handler
    let task = Self.start { pending.end(with: .success(await handler.handle(message, context))) }
    // A handler that waits for nothing has answered by now.
    if let result = pending.takeResult() { return try result.get() }
    let result: Result<Answer, WireError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        pending.begin(
          continuation,
          timeout: AnswerDeadlines.shared.add(deadline) {
            pending.end(with: .failure(WireError(.timeout, "the server did not answer in time", mayHaveHadEffect: true)))
          },
          task)
        if Task.isCancelled { pending.cancel() }
      }
    } onCancel: {
      pending.cancel()
    }
    return try result.get()
  }

  /// Starts a task of its own here and now, up to where it first waits.
  private static func start(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    let preferred = PreferredExecutor.current
    if #available(macOS 26, iOS 26, tvOS 26, watchOS 26, *) {
      guard let preferred else { return Task.immediate { await work() } }
      return Task.immediate(executorPreference: preferred) { await work() }
    }
    return Task(executorPreference: preferred) { await work() }
  }

  private func envelope(_ text: ByteBuffer) throws(WireError) -> Envelope {
    do throws(RPCError) { return try Envelope(scanning: text) } catch {
      throw WireError(.invalidAnswer, "the server answered with no valid message: \(error.message)", mayHaveHadEffect: true)
    }
  }

  private func forwardChanges(
    _ request: Envelope, _ client: ClientDescription, to receive: (@Sendable (Envelope) async -> Void)?
  ) async throws(WireError) -> Envelope {
    guard let id = request.id else { throw WireError(.invalidAnswer, "a request has an id", mayHaveHadEffect: false) }
    var filter: SubscriptionFilter
    let context = RequestContext(client: client, transport: .inProcess)
    do throws(RPCError) {
      filter = try SubscriptionFilter(of: request, capabilities: await handler.describe(context).capabilities, client: client)
    } catch {
      return try envelope(Message.error(error, id: id))
    }
    let queue = ChangeQueue()
    let observations = filter.observe(handler, for: nil, into: queue)
    defer { for one in observations { one.cancel() } }
    await receive?(try envelope(filter.acknowledgement(id: id)))
    while true {
      switch await queue.next() {
      case .change(let change): await receive?(try envelope(change.notification(subscription: id)))
      case .idle: continue
      case .closed: throw WireError(.cancelled, "the subscription was cancelled", mayHaveHadEffect: false)
      }
    }
  }
}

/// One answer of a handler that is waited for: it comes, or its time is over, or nobody wants it any more.
private final class PendingAnswer: Sendable {
  typealias Outcome = Result<Answer, WireError>

  private struct Waiter {
    let continuation: CheckedContinuation<Outcome, Never>
    let timeout: AnswerDeadlines.Key
    let task: Task<Void, Never>
  }

  private struct State {
    var isEnded = false
    var waiter: Waiter?
    /// The result, until somebody wants it.
    var result: Outcome?
  }

  /// Guards who waits. The continuation is resumed outside of it, once.
  private let state = Mutex(State())

  /// The result, if there is one. Only before ``begin(_:timeout:_:)``, which then has nothing to wait for.
  func takeResult() -> Outcome? { state.withLock { $0.result.take() } }

  func begin(_ continuation: CheckedContinuation<Outcome, Never>, timeout: AnswerDeadlines.Key, _ task: Task<Void, Never>) {
    let early: Outcome? = state.withLock { state in
      if let result = state.result.take() { return result }
      state.waiter = Waiter(continuation: continuation, timeout: timeout, task: task)
      return nil
    }
    guard let early else { return }
    AnswerDeadlines.shared.remove(timeout)
    task.cancel()
    continuation.resume(returning: early)
  }

  func end(with result: Outcome) {
    let waiter: Waiter? = state.withLock { state in
      guard !state.isEnded else { return nil }
      state.isEnded = true
      guard let waiter = state.waiter.take() else {
        state.result = result
        return nil
      }
      return waiter
    }
    guard let waiter else { return }
    AnswerDeadlines.shared.remove(waiter.timeout)
    if case .failure = result { waiter.task.cancel() }
    waiter.continuation.resume(returning: result)
  }

  func cancel() { end(with: .failure(WireError(.cancelled, "cancelled by the caller", mayHaveHadEffect: true))) }
}

extension ServerChange {
  /// The change that a notification tells of.
  public init?(_ notification: Envelope) {
    switch notification.method {
    case .toolsListChanged: self = .toolsListChanged
    case .promptsListChanged: self = .promptsListChanged
    case .resourcesListChanged: self = .resourcesListChanged
    case .resourceUpdated:
      guard let uri = notification["uri"]?.string else { return nil }
      self = .resourceUpdated(uri: uri)
    case .taskStatus:
      guard let record = notification.params.flatMap({ TaskRecord($0) }) else { return nil }
      self = .taskUpdated(record)
    default: return nil
    }
  }
}
