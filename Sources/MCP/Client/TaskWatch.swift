internal import JSON
internal import Synchronization

/// Waits for news of one task: what the server tells of it, where it agreed to tell, and else the time to look again.
final class TaskWatch: Sendable {
  private let queue = ChangeQueue()
  /// Whether the server has agreed to tell.
  private let isTold = Atomic<Bool>(false)
  /// Guards the task that listens.
  private let listening = Mutex<Task<Void, Never>?>(nil)

  /// How many intervals pass between two looks while the server tells: some news are lost, or happen at another replica.
  private static let toldIntervals = 5

  /// Subscribes to the task, once, where the server may tell of it.
  func begin(_ task: ServerTask) {
    let client = task.client
    guard client.settings.acceptsTasks, let peer = client.connection.peer, peer.version.era == .modern,
      peer.capabilities["extensions"]?[TaskSupport.identifier] != nil
    else { return }
    listening.withLock { listening in
      guard listening == nil else { return }
      listening = Task {
        guard let subscription = try? await client.subscribe(to: .tasks(task.id)), subscription.refused.isEmpty else { return }
        isTold.store(true, ordering: .relaxed)
        for await change in subscription { queue.add(change) }
        isTold.store(false, ordering: .relaxed)
        queue.keepAlive()
      }
    }
  }

  func end() {
    listening.withLock(\.self)?.cancel()
    queue.close()
  }

  /// Waits until something is told.
  ///
  /// - Parameter interval: how often the server wants to be asked.
  /// - Returns: nil when it is time to ask.
  func news(every interval: Duration) async throws(ClientError) -> TaskSnapshot? {
    let pause = isTold.load(ordering: .relaxed) ? interval * Self.toldIntervals : interval
    let timer = Task { [queue] in
      // More than once: nobody may wait yet.
      while (try? await Task.sleep(for: pause)) != nil { queue.keepAlive() }
    }
    defer { timer.cancel() }
    while true {
      switch await queue.next() {
      case .change(.taskUpdated(let record)): return record.isWhole ? TaskSnapshot(record) : nil
      case .change: continue
      case .idle: return nil
      case .closed: throw Client.cancelled
      }
    }
  }
}

extension TaskRecord {
  /// Whether it has what belongs to its status. A server may tell of the status alone.
  fileprivate var isWhole: Bool {
    switch status {
    case .completed: result != nil
    case .failed: error != nil
    case .inputRequired: !inputRequests.isEmpty
    case .working, .cancelled: true
    }
  }
}
