internal import Dispatch
internal import Synchronization

/// A bounded number of connections to one database. Who finds none free waits in line, and not forever.
final class PostgresPool: Sendable {
  private struct Waiter {
    let id: Int
    let continuation: CheckedContinuation<PostgresConnection?, Never>
  }
  private struct State {
    var free: [PostgresConnection]
    var waiting: [Waiter] = []
    var nextID = 0
  }
  /// The free connections, and who waits for one. Continuations are resumed outside of the lock.
  private let state: Mutex<State>
  private let all: [PostgresConnection]
  private let patience: Duration

  init(_ connections: [PostgresConnection], patience: Duration) {
    all = connections
    state = Mutex(State(free: connections))
    self.patience = patience
  }

  deinit { for connection in all { connection.close() } }

  /// - Throws: ``SQLToolError`` when no connection becomes free in time.
  func withConnection<R: Sendable>(_ body: (PostgresConnection) async throws -> R) async throws -> R {
    try Task.checkCancellation()
    guard let connection = await acquire() else {
      try Task.checkCancellation()
      throw SQLToolError("All \(all.count) connections to the database are busy, for longer than \(patience). Try again in a few seconds.")
    }
    defer { release(connection) }
    return try await body(connection)
  }

  private func acquire() async -> PostgresConnection? {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let connection: PostgresConnection? = state.withLock { state in
          // The one used last is the most likely to be still connected.
          if let free = state.free.popLast() { return free }
          state.waiting.append(Waiter(id: id, continuation: continuation))
          return nil
        }
        if let connection { return continuation.resume(returning: connection) }
        if Task.isCancelled { return giveUp(id) }
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(patience.milliseconds)) { [weak self] in self?.giveUp(id) }
      }
    } onCancel: {
      giveUp(id)
    }
  }

  private func giveUp(_ id: Int) {
    let waiter: Waiter? = state.withLock { state in
      state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0) }
    }
    waiter?.continuation.resume(returning: nil)
  }

  private func release(_ connection: PostgresConnection) {
    let waiter: Waiter? = state.withLock { state in
      if !state.waiting.isEmpty { return state.waiting.removeFirst() }
      state.free.append(connection)
      return nil
    }
    waiter?.continuation.resume(returning: connection)
  }
}
