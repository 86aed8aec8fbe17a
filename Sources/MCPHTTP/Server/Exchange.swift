internal import MCP
internal import NIOCore
internal import Synchronization

/// One request being answered by a task of its own, so that its notifications can go out before the answer and a legacy client can
/// cancel it.
///
/// Whether the HTTP answer is a stream is decided by what comes first: a notification opens one, an answer (or failure, with its
/// HTTP status) needs none.
final class Exchange: Sendable {
  enum Beginning: Sendable {
    case answer(Answer)
    /// There is something to say before the answer: it is sent once ``stream(to:)`` runs.
    case notification
    /// The client took the request back: there is no answer.
    case cancelled
  }

  private struct State {
    var task: Task<Answer, Never>?
    var beginning: Beginning?
    var waiter: CheckedContinuation<Beginning, Never>?
    var writer: HTTPBodyWriter?
    var blocked: [CheckedContinuation<Void, Never>] = []
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
      self.begins(with: .answer(answer))
      return answer
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

  /// Sends a notification of the handler, as soon as there is a stream for it.
  func notify(_ message: ByteBuffer) async {
    begins(with: .notification)
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let isReady = state.withLock { state in
        if state.writer != nil || state.isOver { return true }
        state.blocked.append(continuation)
        return false
      }
      if isReady { continuation.resume() }
    }
    guard let writer = state.withLock({ $0.isOver ? nil : $0.writer }) else { return }
    try? await writer.write(SSE.event(data: message))
  }

  /// Sends the notifications, then what `finish` makes of the answer. Cancellation of the calling task cancels the handler.
  func stream(to writer: HTTPBodyWriter, _ finish: (Answer) -> ByteBuffer) async throws {
    let (task, blocked) = state.withLock { state in
      defer { state.blocked = [] }
      if !state.isOver { state.writer = writer }
      return (state.task, state.blocked)
    }
    for continuation in blocked { continuation.resume() }
    defer { close() }
    guard let task else { return }
    let answer = await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    guard !state.withLock(\.isCancelled) else { return }
    try await writer.write(SSE.event(data: finish(answer)))
  }

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
