internal import JSON
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
      abandonQuestions()
    }
    state.withLock { $0.open[key] = nil }
    guard let answer else { throw CancellationError() }
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
    let open = state.withLock { $0.open.filter { $0.value.answer == nil } }
    var requests = JSONObject()
    for (key, question) in open.sorted(by: { $0.key < $1.key }) { requests[key] = question.request }
    try await update { [requests] record in
      record.inputRequests = requests
      record.status = requests.isEmpty ? .working : .inputRequired
    }
  }

  private func abandonQuestions() {
    let waiters = state.withLock { state in
      state.isCancelled = true
      defer { state.open = [:] }
      return state.open.values.compactMap(\.waiter)
    }
    for waiter in waiters { waiter.resume(returning: nil) }
  }

  // MARK: The record

  /// Says in words how far the work is.
  func report(_ message: String) async throws { try await update { $0.message = message } }

  func finish(_ answer: Result<JSONValue, RPCError>) async throws {
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
    let work = state.withLock { state in
      state.isCancelled = true
      return state.work
    }
    try await update { $0.status = .cancelled }
    work?.cancel()
    abandonQuestions()
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
    endIsTold.withLock { endIsTold in
      guard !endIsTold else { return }
      endIsTold = record.status.isFinal
      changed(record)
    }
  }
}
