internal import JSON
internal import MCP
internal import NIOCore
internal import Synchronization

/// A call that is open at a legacy upstream, which may ask its caller while it runs.
///
/// It has a task of its own: where the caller is a modern client it outlives the request that began it, until the client comes
/// back with the answers. The clock of the call stands still while a person answers.
final class BridgedCall: Sendable {
  enum Event: Sendable {
    case answered(Result<Envelope, Refusal>)
    /// These questions wait for the client's next round.
    case asked([(key: String, question: RelayedQuestion)])
  }

  fileprivate struct Open {
    let key: String
    let question: RelayedQuestion
    let answer: CheckedContinuation<Result<JSONValue, RPCError>, Never>
  }

  fileprivate struct State {
    var asker: Asker
    var task: Task<Void, Never>?
    var outcome: Result<Envelope, Refusal>?
    var waiter: CheckedContinuation<Event, Never>?
    /// Questions that a modern client has to come back for.
    var open: [Open] = []
    /// Questions that a legacy client is being asked.
    var live: [Int: Task<Result<RawJSON, ClientFailure>, Never>] = [:]
    var unanswered = 0
    var asked = 0
    var timeout: Scheduled<Void>?
    var progress: (@Sendable (Envelope) async -> Void)?
  }

  /// The most questions of one call, and of those that are open at once.
  private static let questionLimit = 64
  private static let openLimit = 16

  /// Guards the call. Continuations are resumed, and tasks cancelled, outside of it.
  private let state: Mutex<State>
  private let loop: any EventLoop
  private let bound: TimeAmount
  private let timeoutRefusal: Refusal

  /// - Parameters:
  ///   - loop: where time is kept.
  ///   - bound: how long the upstream may take between questions.
  init(_ asker: Asker, on loop: any EventLoop, bound: TimeAmount, timeout: Refusal, progress: (@Sendable (Envelope) async -> Void)?) {
    state = Mutex(State(asker: asker, progress: progress))
    self.loop = loop
    self.bound = bound
    timeoutRefusal = timeout
  }

  /// Runs `send` in a task of its own.
  func start(_ send: @escaping @Sendable () async -> Result<Envelope, Refusal>) {
    let task = Task(executorPreference: PreferredExecutor.current) { self.end(with: await send()) }
    let isOver = state.withLock { state in
      state.task = task
      return state.outcome != nil
    }
    if !isOver { startClock() }
  }

  /// Waits for the result, or for questions that the client has to come back for.
  func next() async -> Event {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let event: Event? = state.withLock { state in
          if let event = state.event { return event }
          state.waiter = continuation
          return nil
        }
        if let event { continuation.resume(returning: event) }
      }
    } onCancel: {
      cancel()
    }
  }

  /// Goes on with the answers of the client's next round, by key; what it does not answer is asked again.
  func resume(_ asker: Asker, progress: (@Sendable (Envelope) async -> Void)?, answers: [String: JSONValue]) {
    let answered: [(Open, JSONValue)] = state.withLock { state in
      state.asker = asker
      state.progress = progress
      var answered: [(Open, JSONValue)] = []
      for open in state.open {
        // What is no answer to the question is asked again as well.
        guard let given = answers[open.key], let answer = try? open.question.answer(given) else { continue }
        answered.append((open, answer))
      }
      state.open.removeAll { open in answered.contains { $0.0.key == open.key } }
      return answered
    }
    for (open, answer) in answered {
      asker.note(open.question, RelayedQuestion.summary(of: answer))
      open.answer.resume(returning: .success(answer))
    }
  }

  /// Gives the call up: the upstream is told, and nobody is asked any more.
  func cancel() { end(with: .failure(Refusal(.cancelled, .client, "The request was cancelled."))) }

  /// Passes progress on to whoever waits.
  func report(_ notification: Envelope) async { await state.withLock(\.progress)?(notification) }

  private func end(with outcome: Result<Envelope, Refusal>) {
    let ended: State? = state.withLock { state in
      guard state.outcome == nil else { return nil }
      let ended = state
      state.outcome = outcome
      (state.waiter, state.open, state.live, state.timeout, state.progress) = (nil, [], [:], nil, nil)
      return ended
    }
    guard let ended else { return }
    ended.timeout?.cancel()
    if case .failure = outcome { ended.task?.cancel() }
    for task in ended.live.values { task.cancel() }
    for open in ended.open { open.answer.resume(returning: .failure(RPCError(.internalError, "The call is over"))) }
    ended.waiter?.resume(returning: .answered(outcome))
  }

  // MARK: The clock

  private func startClock() {
    let timeout = loop.scheduleTask(in: bound) { [weak self] in
      guard let self else { return }
      end(with: .failure(timeoutRefusal))
    }
    let isUnwanted = state.withLock { state in
      guard state.outcome == nil, state.unanswered == 0 else { return true }
      state.timeout?.cancel()
      state.timeout = timeout
      return false
    }
    if isUnwanted { timeout.cancel() }
  }

  // MARK: Questions

  /// Answers a request of the upstream's by asking the caller.
  func answer(_ method: MCP.Method, _ params: JSONValue) async throws(RPCError) -> JSONValue {
    let question: RelayedQuestion
    let asker = state.withLock(\.asker)
    do throws(RPCError) { question = try asker.prepare(RelayedQuestion(method, params)) } catch {
      asker.exchange.asked.withLock { $0.add(method, "refused") }
      throw error
    }
    let number: Int? = state.withLock { state in
      guard state.outcome == nil, state.asked < Self.questionLimit, state.unanswered < Self.openLimit else { return nil }
      state.asked += 1
      state.unanswered += 1
      state.timeout?.cancel()
      state.timeout = nil
      return state.asked
    }
    guard let number else { throw RPCError(.internalError, "The call is over, or has asked too much") }
    defer {
      if state.withLock({
        $0.unanswered -= 1; return $0.unanswered == 0
      }) {
        startClock()
      }
    }
    if let channel = asker.channel, asker.client.version.era == .legacy { return try await ask(question, number, channel, asker) }
    return try await askInRounds(question, "\(question.kind.rawValue)-\(number)")
  }

  private func ask(_ question: RelayedQuestion, _ number: Int, _ channel: any ClientChannel, _ asker: Asker) async throws(RPCError) -> JSONValue {
    let task = Task { () -> Result<RawJSON, ClientFailure> in
      do throws(ClientFailure) { return .success(try await question.ask(channel, asker.client.version)) } catch { return .failure(error) }
    }
    let isOver = state.withLock { state in
      guard state.outcome == nil else { return true }
      state.live[number] = task
      return false
    }
    if isOver { task.cancel() }
    let result = await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    state.withLock { _ = $0.live.removeValue(forKey: number) }
    return try asker.settle(question, result)
  }

  private func askInRounds(_ question: RelayedQuestion, _ key: String) async throws(RPCError) -> JSONValue {
    let result: Result<JSONValue, RPCError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (isOver, waiter, event): (Bool, CheckedContinuation<Event, Never>?, Event?) = state.withLock { state in
          guard state.outcome == nil else { return (true, nil, nil) }
          state.open.append(Open(key: key, question: question, answer: continuation))
          defer { state.waiter = nil }
          return (false, state.waiter, state.event)
        }
        if isOver { return continuation.resume(returning: .failure(RPCError(.internalError, "The call is over"))) }
        if let waiter, let event { waiter.resume(returning: event) }
        if Task.isCancelled { withdraw(key) }
      }
    } onCancel: {
      withdraw(key)
    }
    return try result.get()
  }

  /// The upstream no longer wants the answer.
  private func withdraw(_ key: String) {
    let open: Open? = state.withLock { state in
      guard let index = state.open.firstIndex(where: { $0.key == key }) else { return nil }
      return state.open.remove(at: index)
    }
    open?.answer.resume(returning: .failure(RPCError(.internalError, "The question was taken back")))
  }
}

extension BridgedCall.State {
  /// What there is to tell whoever waits; nil while there is nothing.
  fileprivate var event: BridgedCall.Event? {
    if let outcome { return .answered(outcome) }
    return open.isEmpty ? nil : .asked(open.map { ($0.key, $0.question) })
  }
}

extension Asker {
  /// What the upstream gets of a legacy client's answer, after it was noted.
  func settle(_ question: RelayedQuestion, _ result: Result<RawJSON, ClientFailure>) throws(RPCError) -> JSONValue {
    switch result {
    case .success(let raw):
      let answer: JSONValue
      do throws(RPCError) { answer = try question.answer(JSONValue(raw)) } catch {
        note(question, "invalid")
        throw error
      }
      note(question, RelayedQuestion.summary(of: answer))
      return answer
    case .failure(let failure):
      switch failure {
      case .refused(_, let error):
        note(question, "error")
        throw RPCError(error.code, String(error.message.prefix(500)))
      case .timeout: note(question, "timeout")
      case .cancelled: note(question, "cancelled")
      default: note(question, "error")
      }
      throw RPCError(.internalError, failure.description)
    }
  }
}
