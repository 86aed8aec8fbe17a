internal import MCP
internal import NIOCore
internal import Synchronization

/// One request being answered by a task of its own, so that its notifications can go out before the answer and a legacy client can
/// cancel it.
///
/// Whether the HTTP answer is a stream is decided by what comes first: a notification opens one, an answer (or failure, with its
/// HTTP status) needs none. A stream with an ``EventLog`` may end before the answer, and go on in another response.
final class Exchange: Sendable {
  enum Beginning: Sendable {
    case answer(Answer)
    /// There is something to say before the answer: it is sent once ``stream(to:)`` runs.
    case notification
    /// The client took the request back: there is no answer.
    case cancelled
  }

  /// Why a response to which messages were streamed ends.
  fileprivate enum End: Sendable {
    case answered(Answer)
    /// The answer comes in another response.
    case detached
  }

  fileprivate struct State {
    var task: Task<Void, Never>?
    var beginning: Beginning?
    var waiter: CheckedContinuation<Beginning, Never>?
    var writer: HTTPBodyWriter?
    var blocked: [CheckedContinuation<Void, Never>] = []
    var answer: Answer?
    /// The response that waits for its end, by its number.
    var ending: CheckedContinuation<End, Never>?
    var response = 0
    var log: EventLog?
    /// Makes the last message of the stream.
    var finish: (@Sendable (Answer) -> ByteBuffer)?
    var isCancelled = false
    /// The answer is out, or nobody reads any more: what the handler still says is dropped.
    var isOver = false
  }
  private let state = Mutex(State())

  /// Starts `handle` and waits for its beginning. Cancellation of the calling task cancels it.
  ///
  /// - Parameter executor: where to run; nil leaves it to the runtime.
  func begin(on executor: LoopExecutor?, _ handle: @escaping @Sendable () async -> Answer) async -> Beginning {
    let task = Task(executorPreference: executor) {
      let answer = await handle()
      self.answered(answer)
    }
    let isCancelled = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
    let beginning = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let beginning: Beginning? = state.withLock { state in
          if state.beginning == nil { state.waiter = continuation }
          return state.beginning
        }
        if let beginning { continuation.resume(returning: beginning) }
      }
    } onCancel: {
      task.cancel()
    }
    if case .notification = beginning { return beginning }
    close()
    return beginning
  }

  private func begins(with beginning: Beginning) {
    let (waiter, first): (CheckedContinuation<Beginning, Never>?, Beginning) = state.withLock { state in
      let first = state.beginning ?? (state.isCancelled ? .cancelled : beginning)
      state.beginning = first
      let waiter = state.waiter
      state.waiter = nil
      return (waiter, first)
    }
    waiter?.resume(returning: first)
  }

  private func answered(_ answer: Answer) {
    let ending = state.withLock { state in
      state.answer = answer
      defer { state.ending = nil }
      return state.ending
    }
    ending?.resume(returning: .answered(answer))
    begins(with: .answer(answer))
  }

  /// Sends a notification of the handler, as soon as there is a stream for it.
  func notify(_ message: ByteBuffer) async {
    begins(with: .notification)
    await untilOpen()
    let (writer, text): (HTTPBodyWriter?, ByteBuffer) = state.withLock { state in
      guard !state.isOver else { return (nil, message) }
      guard let event = state.log?.add(message) else { return (state.writer, SSE.event(data: message)) }
      return (state.writer, event)
    }
    guard let writer else { return }
    try? await writer.write(text)
  }

  /// Waits for a stream; one that was left by its client counts, if there is a log to write to.
  private func untilOpen() async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let isReady = state.withLock { state in
        if state.writer != nil || state.isOver || state.log != nil { return true }
        state.blocked.append(continuation)
        return false
      }
      if isReady { continuation.resume() }
    }
  }

  /// Sends the notifications, then what `finish` makes of the answer. Cancellation of the calling task cancels the handler, unless the
  /// stream can be gone on with.
  ///
  /// - Parameter keep: makes the stream one that can be gone on with from its start, and is told its name.
  /// - Returns: false when the answer comes in another response.
  @discardableResult
  func stream(to writer: HTTPBodyWriter, keep: (@Sendable (String) -> Void)? = nil, _ finish: @escaping @Sendable (Answer) -> ByteBuffer) async throws -> Bool {
    var log: EventLog?
    if let keep {
      var made = EventLog()
      keep(made.streamID)
      try await writer.write(made.mark(retry: nil))
      log = made
    }
    let (response, blocked) = state.withLock { [log] state in
      defer { state.blocked = [] }
      if !state.isOver { state.writer = writer }
      if let log { state.log = log }
      state.finish = finish
      state.response += 1
      return (state.response, state.blocked)
    }
    for continuation in blocked { continuation.resume() }
    guard let answer = await answer(of: response) else { return false }
    defer { close() }
    guard !state.withLock(\.isCancelled) else { return true }
    try await writer.write(lastEvent(answer))
    return true
  }

  /// Waits for the answer; nil when another response gets it.
  private func answer(of response: Int) async -> Answer? {
    let end: End = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let end: End? = state.withLock { state in
          guard state.response == response else { return .detached }
          if let answer = state.answer { return .answered(answer) }
          state.ending = continuation
          return nil
        }
        if let end { continuation.resume(returning: end) }
      }
    } onCancel: {
      leave(response)
    }
    if case .answered(let answer) = end { return answer }
    return nil
  }

  private func lastEvent(_ answer: Answer) -> ByteBuffer {
    state.withLock { state in
      let message = state.finish?(answer) ?? ByteBuffer()
      return state.log?.add(message) ?? SSE.event(data: message)
    }
  }

  /// The client of a response has gone: the handler is cancelled, or goes on for when it comes back.
  private func leave(_ response: Int) {
    let (task, ending) = state.withLock { state in
      guard state.response == response else { return (Task<Void, Never>?.none, CheckedContinuation<End, Never>?.none) }
      guard state.log != nil else { return (state.task, nil) }
      return (nil, state.detach())
    }
    task?.cancel()
    ending?.resume(returning: .detached)
  }

  // MARK: Streams that go on

  /// Ends the response, not the request.
  ///
  /// - Parameter retry: how many milliseconds the client is asked to wait before it comes back.
  /// - Returns: the name of the stream; nil when it is over.
  func closeStream(retryAfter retry: Int) async -> String? {
    begins(with: .notification)
    await untilOpen()
    let (writer, mark, id): (HTTPBodyWriter?, ByteBuffer?, String?) = state.withLock { state in
      guard !state.isOver, let writer = state.writer else { return (nil, nil, state.isOver ? nil : state.log?.streamID) }
      if state.log == nil { state.log = EventLog() }
      return (writer, state.log?.mark(retry: retry), state.log?.streamID)
    }
    if let writer, let mark { try? await writer.write(mark) }
    let ending = state.withLock { $0.detach() }
    ending?.resume(returning: .detached)
    return id
  }

  /// Sends what came after an event in another response, and what still comes.
  func resume(to writer: HTTPBodyWriter, after number: Int) async throws {
    let (earlier, response) = state.withLock { state in
      let earlier = state.detach()
      state.response += 1
      return (earlier, state.response)
    }
    earlier?.resume(returning: .detached)
    var number = number
    while true {
      let missed = state.withLock { state in
        let missed = state.log?.events(after: number) ?? []
        if missed.isEmpty, !state.isOver, state.response == response { state.writer = writer }
        return missed
      }
      guard let last = missed.last else { break }
      for event in missed { try await writer.write(event.text) }
      number = last.number
    }
    guard !state.withLock(\.isOver), let answer = await answer(of: response) else { return }
    defer { close() }
    guard !state.withLock(\.isCancelled) else { return }
    try await writer.write(lastEvent(answer))
  }

  // MARK: The end

  /// Drops what the handler may still say.
  func close() {
    let blocked = state.withLock { state in
      defer { state.blocked = [] }
      state.isOver = true
      state.writer = nil
      return state.blocked
    }
    for continuation in blocked { continuation.resume() }
  }

  /// The client takes the request back (`notifications/cancelled`): the handler is cancelled and nothing more is sent.
  func cancelByClient() {
    let task = state.withLock { state in
      state.isCancelled = true
      return state.task
    }
    task?.cancel()
    close()
    begins(with: .cancelled)
  }
}

extension Exchange.State {
  /// Takes the writer away; what is said from now on is logged.
  ///
  /// - Returns: who waits for the end of the response.
  fileprivate mutating func detach() -> CheckedContinuation<Exchange.End, Never>? {
    writer = nil
    defer { ending = nil }
    return ending
  }
}
