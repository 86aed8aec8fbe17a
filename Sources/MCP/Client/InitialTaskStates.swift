internal import JSON
internal import NIOCore
internal import Synchronization

/// The states of the tasks of a subscription at the time when the server agreed to it, for those that it tells nothing of meanwhile: what
/// happened before is not told again.
final class InitialTaskStates: Sendable {
  private struct State {
    /// Tasks that were heard of since the agreement: a look may be older than that.
    var heard: Set<String> = []
    var work: Task<Void, Never>?
  }

  private let connection: ClientConnection
  private let queue: ChangeQueue
  /// Guards the order of what is looked at and what is told.
  private let state = Mutex(State())

  init(_ connection: ClientConnection, _ queue: ChangeQueue) {
    self.connection = connection
    self.queue = queue
  }

  /// Looks at tasks that the server has just agreed to tell of.
  func begin(_ ids: [String]) {
    let earlier = state.withLock { state in
      state.heard = []
      let earlier = state.work
      state.work = ids.isEmpty ? nil : Task { for id in ids where !Task.isCancelled { await self.look(id) } }
      return earlier
    }
    earlier?.cancel()
  }

  /// Hands on what the server tells.
  func heard(_ record: TaskRecord) {
    state.withLock { state in
      state.heard.insert(record.id)
      queue.add(.taskUpdated(record))
    }
  }

  func end() { state.withLock(\.work)?.cancel() }

  private func look(_ id: String) async {
    // A task that is not found shows to whoever asks for it.
    guard let answer = try? await connection.request(.tasksGet, .init(taskID: id), deadline: .now() + .seconds(10)),
      let record = answer.result.flatMap({ TaskRecord($0) }), record.id == id
    else { return }
    state.withLock { state in
      if !state.heard.contains(id), !Task.isCancelled { queue.add(.taskUpdated(record)) }
    }
  }
}

extension ClientConnection.RequestBody {
  /// A body with the one member `taskId`.
  init(taskID: String) {
    var members = ByteBuffer()
    members.writeStaticString("\"taskId\":")
    JSONText.write(taskID, to: &members)
    self.init(members: members, name: taskID)
  }
}
