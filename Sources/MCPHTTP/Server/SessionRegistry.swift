internal import Synchronization

/// Remembers which legacy sessions were ended before their time. Session ids carry everything else themselves.
public protocol SessionRegistry: Sendable {
  /// Marks a session as ended. May be forgotten after `until`, in seconds since 1970: the id is no longer good then.
  func end(_ id: String, until: Int) async
  /// Asked for every request of a session: answer from memory.
  func isEnded(_ id: String) async -> Bool
}

/// Remembers ended sessions in this process alone.
public final class InMemorySessionRegistry: SessionRegistry {
  /// Id -> when it may be forgotten.
  private let ended = Mutex<[String: Int]>([:])
  private let capacity: Int
  private let now: @Sendable () -> Int

  /// - Parameter capacity: how many ids are remembered; beyond it those that may be forgotten soonest are.
  public init(capacity: Int = 100_000, now: @escaping @Sendable () -> Int = StreamableHTTPConfiguration.systemTime) {
    self.capacity = capacity
    self.now = now
  }

  public func end(_ id: String, until: Int) async {
    let now = now()
    ended.withLock { ended in
      if ended.count >= capacity { ended = ended.filter { $0.value > now } }
      if ended.count >= capacity, let soonest = ended.min(by: { $0.value < $1.value }) { ended[soonest.key] = nil }
      ended[id] = until
    }
  }

  public func isEnded(_ id: String) async -> Bool { ended.withLock { $0[id] != nil } }
}
