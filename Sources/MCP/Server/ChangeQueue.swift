internal import Synchronization

/// Changes on their way to one client. A change that waits already is not queued twice, and of a task only the newest state waits, so
/// what can wait is bounded by what the client subscribed to.
public final class ChangeQueue: Sendable {
  /// What a reader gets.
  public enum Event: Sendable, Equatable {
    case change(ServerChange)
    /// Nothing happened for a while: time for a sign of life.
    case idle
    /// No more events: the queue was closed, or the waiting task was cancelled.
    case closed
  }

  private struct State {
    var waiting: [ServerChange] = []
    var known: Set<ServerChange> = []
    /// The newest states of the tasks that wait, by id.
    var tasks: [String: TaskRecord] = [:]
    var isClosed = false
    var reader: CheckedContinuation<Event, Never>?

    mutating func append(_ change: ServerChange) {
      if case .taskUpdated(let record) = change {
        guard let known = tasks[record.id] else {
          tasks[record.id] = record
          waiting.append(change)
          return
        }
        // What is over stays so, in whichever order it is told.
        if !known.status.isFinal { tasks[record.id] = record }
      } else if known.insert(change).inserted {
        waiting.append(change)
      }
    }

    mutating func removeFirst() -> ServerChange {
      let change = waiting.removeFirst()
      guard case .taskUpdated(let record) = change else {
        known.remove(change)
        return change
      }
      return .taskUpdated(tasks.removeValue(forKey: record.id) ?? record)
    }
  }
  /// What waits, and the one reader that waits for it. Continuations are resumed outside of the lock.
  private let state = Mutex(State())

  public init() {}

  /// Adds a change, unless it waits already.
  public func add(_ change: ServerChange) {
    let reader: CheckedContinuation<Event, Never>? = state.withLock { state in
      guard !state.isClosed else { return nil }
      if let reader = state.reader {
        state.reader = nil
        return reader
      }
      state.append(change)
      return nil
    }
    reader?.resume(returning: .change(change))
  }

  /// Lets the reader send a sign of life, if it has nothing else to do.
  public func keepAlive() {
    let reader: CheckedContinuation<Event, Never>? = state.withLock { state in
      guard let reader = state.reader else { return nil }
      state.reader = nil
      return reader
    }
    reader?.resume(returning: .idle)
  }

  /// Ends the queue; what waits is lost.
  public func close() {
    let reader: CheckedContinuation<Event, Never>? = state.withLock { state in
      state.isClosed = true
      (state.waiting, state.known, state.tasks) = ([], [], [:])
      let reader = state.reader
      state.reader = nil
      return reader
    }
    reader?.resume(returning: .closed)
  }

  /// Waits for the next event. One task reads at a time.
  public func next() async -> Event {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let event: Event? = state.withLock { state in
          if state.isClosed { return .closed }
          guard !state.waiting.isEmpty else {
            state.reader = continuation
            return nil
          }
          return .change(state.removeFirst())
        }
        if let event { continuation.resume(returning: event) }
      }
    } onCancel: {
      close()
    }
  }
}
