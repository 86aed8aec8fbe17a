internal import JSON
internal import NIOCore
internal import Synchronization

/// A call that goes on as a task in this process.
final class TaskRun: Sendable {
  private struct Open {
    let request: JSONValue
    let accepts: @Sendable (JSONValue) -> Bool
    var answer: JSONValue?
    var waiter: CheckedContinuation<JSONValue?, Never>?
  }
  private struct State {
    var open: [String: Open] = [:]
    var work: Task<Void, Never>?
    /// Ends the task when it is kept no longer.
    var expiry: AnswerDeadlines.Key?
    var isCancelled = false
  }
  /// Continuations are resumed outside of the lock.
  private let state = Mutex(State())
  /// Whether the end was told. Held while a change is told: two at once may come here in another order than the store made them.
  private let endIsTold = Mutex(false)

  let id: String
  private let store: any TaskStore
  private let now: @Sendable () -> Int
  private let changed: @Sendable (TaskRecord) -> Void

  /// - Parameter changed: told of each change of the task.
  init(id: String, store: any TaskStore, now: @escaping @Sendable () -> Int, changed: @escaping @Sendable (TaskRecord) -> Void) {
    self.id = id
    self.store = store
    self.now = now
    self.changed = changed
  }

  /// Names the work that ``cancel()`` ends.
  func run(_ work: Task<Void, Never>) {
    let isCancelled = state.withLock { state in
      state.work = work
      return state.isCancelled
    }
    if isCancelled { work.cancel() }
  }

  /// Cancels what still runs at the end of the task's life: nobody can answer it, or get its result, any more.
  func expire(in milliseconds: Int) {
    // Within ten years.
    let rest = TimeAmount.milliseconds(Int64(min(max(0, milliseconds), 315_360_000_000)))
    let expiry = AnswerDeadlines.shared.add(.now() + rest) { [weak self] in
      guard let self else { return }
      Task { try? await self.cancel() }
    }
    state.withLock { $0.expiry = expiry }
  }

  // MARK: Questions

  /// Puts a question to the client.
  ///
  /// - Parameter accepts: whether this is an answer.
  func open(_ key: String, _ request: JSONValue, accepts: @escaping @Sendable (JSONValue) -> Bool) async throws {
    state.withLock { $0.open[key] = Open(request: request, accepts: accepts) }
    try await publishQuestions()
  }

  /// Waits for the answer to a question that was put.
  func answer(_ key: String) async throws -> JSONValue {
    let answer: JSONValue? = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (isSettled, answer): (Bool, JSONValue?) = state.withLock { state in
          guard !state.isCancelled, let open = state.open[key] else { return (true, nil) }
          if open.answer == nil { state.open[key]?.waiter = continuation }
          return (open.answer != nil, open.answer)
        }
        if isSettled { continuation.resume(returning: answer) }
      }
    } onCancel: {
      abandon(key)
    }
    state.withLock { $0.open[key] = nil }
    guard let answer else {
      // The client need not answer it. In a task of its own, since this one may be cancelled.
      await Task { try? await self.publishQuestions() }.value
      throw CancellationError()
    }
    return answer
  }

  /// Takes `inputResponses`; keys that are not open and values that are no answers are ignored.
  func take(_ responses: RawJSON) async throws {
    var isNews = false
    for (name, value) in responses.members {
      guard let key = name.string, let accepts = state.withLock({ $0.open[key].flatMap { $0.answer == nil ? $0.accepts : nil } }) else { continue }
      let value = JSONValue(value)
      guard accepts(value) else { continue }
      isNews = true
      let waiter = state.withLock { state in
        let waiter = state.open[key]?.waiter
        state.open[key]?.answer = value
        state.open[key]?.waiter = nil
        return waiter
      }
      waiter?.resume(returning: value)
    }
    if isNews { try await publishQuestions() }
  }

  private func publishQuestions() async throws {
    try await update { [self] record in
      // Those of now: another change may have come in between.
      let open = state.withLock { $0.open.filter { $0.value.answer == nil } }
      var requests = JSONObject()
      for (key, question) in open.sorted(by: { $0.key < $1.key }) { requests[key] = question.request }
      record.inputRequests = requests
      record.status = requests.isEmpty ? .working : .inputRequired
    }
  }

  private func abandon(_ key: String) {
    state.withLock { $0.open.removeValue(forKey: key) }?.waiter?.resume(returning: nil)
  }

  /// Ends the work, and with it all that it waits for.
  private func stop() {
    let (work, waiters) = state.withLock { state in
      state.isCancelled = true
      defer { state.open = [:] }
      return (state.work, state.open.values.compactMap(\.waiter))
    }
    work?.cancel()
    for waiter in waiters { waiter.resume(returning: nil) }
  }

  // MARK: The record

  /// Says in words how far the work is.
  func report(_ message: String) async throws { try await update { $0.message = message } }

  func finish(_ answer: Result<JSONValue, RPCError>) async throws {
    if let expiry = state.withLock(\.expiry) { AnswerDeadlines.shared.remove(expiry) }
    try await update { record in
      switch answer {
      case .success(let result):
        record.status = .completed
        record.result = result
      case .failure(let error):
        record.status = .failed
        record.message = error.message
        var object: JSONObject = ["code": .int(error.code.rawValue), "message": .string(error.message)]
        object["data"] = error.data
        record.error = .object(object)
      }
    }
  }

  /// Ends the task and the work.
  func cancel() async throws {
    // Whether or not the store can be told.
    defer { stop() }
    try await update { $0.status = .cancelled }
  }

  /// Changes the record, unless the task is over.
  private func update(_ change: @escaping @Sendable (inout TaskRecord) -> Void) async throws {
    let time = now()
    let record = try await store.update(id) { record in
      guard !record.status.isFinal else { return }
      change(&record)
      record.updatedAt = time
    }
    guard let record else { return }
    // Another replica may have cancelled it, in the store.
    if record.status == .cancelled { stop() }
    endIsTold.withLock { endIsTold in
      guard !endIsTold else { return }
      endIsTold = record.status.isFinal
      changed(record)
    }
  }
}
