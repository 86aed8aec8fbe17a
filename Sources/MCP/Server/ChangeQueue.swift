internal import Synchronization

/// Changes on their way to one client. A change that waits already is not queued twice, so what can wait is bounded by
/// what the client subscribed to.
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
    var isClosed = false
    var reader: CheckedContinuation<Event, Never>?
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
      if state.known.insert(change).inserted { state.waiting.append(change) }
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
      state.waiting = []
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
          let change = state.waiting.removeFirst()
          state.known.remove(change)
          return .change(change)
        }
        if let event { continuation.resume(returning: event) }
      }
    } onCancel: {
      close()
    }
  }
}
