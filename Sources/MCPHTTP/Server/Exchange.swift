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

  /// Something for the stream.
  fileprivate enum Said: Sendable {
    case notification(ByteBuffer)
    /// The stream is about to be closed, and the client may come back after so many milliseconds.
    case mark(retry: Int)
    case answer(Answer)
  }

  /// The turn to write to the stream: whoever has it is the only one, so that messages go out in the order of their numbers.
  fileprivate struct Turn: Sendable {
    /// Nil where nobody reads.
    var writer: HTTPBodyWriter?
    var text = ByteBuffer()
    /// The response that it belongs to: a client that comes back need not wait for who writes to the connection that it left.
    var response: Int
  }

  fileprivate struct State {
    let memory: StreamMemory?
    var task: Task<Void, Never>?
    var beginning: Beginning?
    var waiter: CheckedContinuation<Beginning, Never>?
    var writer: HTTPBodyWriter?
    /// Whether somebody has the turn.
    var isWriting = false
    /// Who waits for the stream, or for the turn to write to it, in order.
    var blocked: [(said: Said, continuation: CheckedContinuation<Turn, Never>)] = []
    var answer: Answer?
    /// The response that waits for its end, by its number.
    var ending: CheckedContinuation<End, Never>?
    var response = 0
    /// The last response that ended, or was left by its client, before the answer.
    var left = 0
    var log: EventLog?
    /// Makes the last message of the stream.
    var finish: (@Sendable (Answer) -> ByteBuffer)?
    var isCancelled = false
    /// The answer is out, or nobody reads any more: what the handler still says is dropped.
    var isOver = false
  }
  private let state: Mutex<State>

  /// - Parameter memory: what streams that can be gone on with may take of it.
  init(memory: StreamMemory? = nil) { state = Mutex(State(memory: memory)) }

  /// Starts `handle` and waits for its beginning. Cancellation of the calling task cancels it.
  ///
  /// - Parameters:
  ///   - executor: where to run; nil leaves it to the runtime.
  ///   - finished: runs when there is an answer, whether or not anybody waits for it.
  func begin(
    on executor: LoopExecutor?, finished: @escaping @Sendable () -> Void = {}, _ handle: @escaping @Sendable () async -> Answer
  ) async -> Beginning {
    let task = Task(executorPreference: executor) {
      let answer = await handle()
      self.answered(answer)
      finished()
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
      // Nobody is there: it is kept like all that was said, until its client comes back for it.
      if state.ending == nil, state.writer == nil, !state.isOver, let log = state.log, let finish = state.finish {
        _ = log.add(finish(answer))
        state.isOver = true
        return CheckedContinuation<End, Never>?.none
      }
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
    let turn = await turn(for: .notification(message))
    defer { end(turn) }
    guard let writer = turn.writer else { return }
    try? await writer.write(turn.text)
  }

  /// Waits for a stream and for the turn to write to it; one that was left by its client counts, if there is a log to write to.
  private func turn(for said: Said) async -> Turn {
    if let turn = state.withLock({ $0.turn(for: said) }) { return turn }
    return await withCheckedContinuation { continuation in
      let turn: Turn? = state.withLock { state in
        if let turn = state.turn(for: said) { return turn }
        state.blocked.append((said, continuation))
        return nil
      }
      if let turn { continuation.resume(returning: turn) }
    }
  }

  private func end(_ turn: Turn) {
    let next = state.withLock { $0.response == turn.response ? $0.passTurn() : nil }
    if let (continuation, turn) = next { continuation.resume(returning: turn) }
  }

  /// Sends the notifications, then what `finish` makes of the answer. Cancellation of the calling task cancels the handler, unless the
  /// stream can be gone on with.
  ///
  /// - Parameter keep: makes the stream one that can be gone on with from its start, and is told its name.
  func stream(to writer: HTTPBodyWriter, keep: (@Sendable (String) -> Void)? = nil, _ finish: @escaping @Sendable (Answer) -> ByteBuffer) async throws {
    let (turn, streamID): (Turn, String?) = state.withLock { state in
      if !state.isOver { state.writer = writer }
      state.finish = finish
      state.response += 1
      // Before there was a stream nobody could have it.
      state.isWriting = true
      guard keep != nil else { return (Turn(response: state.response), nil) }
      let log = EventLog(state.memory)
      let mark = log.mark(retry: nil)
      state.log = log
      return (Turn(text: mark, response: state.response), log.streamID)
    }
    if let keep, let streamID {
      keep(streamID)
      do { try await writer.write(turn.text) } catch {
        // The client has gone, and without a place to come back to; unless it did come back.
        guard state.withLock({ $0.response == turn.response }) else { throw error }
        close()
        state.withLock(\.task)?.cancel()
        throw error
      }
    }
    end(turn)
    guard let answer = await answer(of: turn.response) else { return }
    defer { close() }
    try await end(with: answer, writer)
  }

  /// Whether there is an answer, sent or kept.
  var isAnswered: Bool { state.withLock { $0.answer != nil || $0.isOver } }

  private func end(with answer: Answer, _ writer: HTTPBodyWriter) async throws {
    let turn = await turn(for: .answer(answer))
    guard !state.withLock(\.isCancelled) else { return }
    try await writer.write(turn.text)
  }

  /// Waits for the answer; nil when another response gets it.
  private func answer(of response: Int) async -> Answer? {
    let end: End = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let end: End? = state.withLock { state in
          guard state.response == response, state.left != response else { return .detached }
          if let answer = state.answer { return .answered(answer) }
          if state.isOver { return .detached }
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
    let turn = await turn(for: .mark(retry: retry))
    if let writer = turn.writer { try? await writer.write(turn.text) }
    let (ending, id) = state.withLock { state in (state.response == turn.response ? state.detach() : nil, state.isOver ? nil : state.log?.streamID) }
    ending?.resume(returning: .detached)
    end(turn)
    return id
  }

  /// Sends what came after an event in another response, and what still comes.
  func resume(to writer: HTTPBodyWriter, after number: Int) async throws {
    let (earlier, response, next) = state.withLock { state in
      let earlier = state.detach()
      state.response += 1
      return (earlier, state.response, state.passTurn())
    }
    earlier?.resume(returning: .detached)
    if let (continuation, turn) = next { continuation.resume(returning: turn) }
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
    try await end(with: answer, writer)
  }

  // MARK: The end

  /// Drops what the handler may still say.
  func close() {
    let (blocked, turn) = state.withLock { state in
      defer { state.blocked = [] }
      state.isOver = true
      state.writer = nil
      state.answer = nil
      return (state.blocked, Turn(response: state.response))
    }
    for (_, continuation) in blocked { continuation.resume(returning: turn) }
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
  /// Whether there is something to write to.
  private var isOpen: Bool { writer != nil || isOver || log != nil }

  /// The turn to say this, unless it has to be waited for.
  fileprivate mutating func turn(for said: Exchange.Said) -> Exchange.Turn? {
    guard isOver || isOpen && !isWriting else { return nil }
    isWriting = true
    return take(said)
  }

  /// Hands the turn to who waits for it.
  fileprivate mutating func passTurn() -> (CheckedContinuation<Exchange.Turn, Never>, Exchange.Turn)? {
    guard isOpen, !blocked.isEmpty else {
      isWriting = false
      return nil
    }
    isWriting = true
    let next = blocked.removeFirst()
    return (next.continuation, take(next.said))
  }

  /// Numbers what is said, where it may be asked for again.
  private mutating func take(_ said: Exchange.Said) -> Exchange.Turn {
    var turn = Exchange.Turn(writer: writer, response: response)
    guard !isOver else { return turn }
    switch said {
    case .notification(let message): turn.text = log?.add(message) ?? SSE.event(data: message)
    case .mark(let retry):
      guard writer != nil else { break }
      if log == nil { log = EventLog(memory) }
      turn.text = log?.mark(retry: retry) ?? ByteBuffer()
    case .answer(let answer):
      let message = finish?(answer) ?? ByteBuffer()
      turn.text = log?.add(message) ?? SSE.event(data: message)
      // Who comes back from here on finds it in the log, and gets it from there alone.
      (self.answer, writer, isOver) = (nil, nil, true)
    }
    return turn
  }

  /// Takes the writer away; what is said from now on is logged.
  ///
  /// - Returns: who waits for the end of the response.
  fileprivate mutating func detach() -> CheckedContinuation<Exchange.End, Never>? {
    writer = nil
    left = response
    defer { ending = nil }
    return ending
  }
}
