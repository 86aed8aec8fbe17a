internal import Synchronization

/// Something that a stdio server does for its client, in a task of its own: answering a request, as a rule.
final class StdioExchange: Sendable {
  private struct State {
    var task: Task<Void, Never>?
    var queue: ChangeQueue?
    /// Nothing more may be said: the answer is out or the client has cancelled.
    var isOver = false
    var isCancelled = false
  }
  private let state = Mutex(State())

  func run(_ work: @escaping @Sendable () async -> Void) {
    let task = Task { await work() }
    let isCancelled = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
  }

  /// Says something that is not the last word.
  func say(_ send: () async -> Void) async {
    guard !state.withLock(\.isOver) else { return }
    await send()
  }

  /// Says the last word.
  func finish(_ send: () async -> Void) async {
    let isOver = state.withLock { state in
      defer { state.isOver = true }
      return state.isOver
    }
    if !isOver { await send() }
  }

  func cancel() {
    let (task, queue) = state.withLock { state in
      state.isOver = true
      state.isCancelled = true
      return (state.task, state.queue)
    }
    task?.cancel()
    queue?.close()
  }

  // MARK: Subscriptions

  func subscribes(with queue: ChangeQueue) {
    let isOver = state.withLock { state in
      state.queue = queue
      return state.isOver
    }
    if isOver { queue.close() }
  }

  /// Ends a subscription gracefully; does nothing to any other exchange.
  func endSubscription() { state.withLock(\.queue)?.close() }
}
