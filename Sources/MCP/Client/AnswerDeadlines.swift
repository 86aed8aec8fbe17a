internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// When calls end that are answered in this process.
///
/// A task scheduled on an event loop for each call would wake that loop twice for a call of microseconds. Here one is scheduled for the
/// earliest of all deadlines, and most calls are over long before it.
final class AnswerDeadlines: Sendable {
  struct Key: Sendable, Hashable { fileprivate let number: UInt64 }

  private struct Entry {
    var deadline: NIODeadline
    var expire: @Sendable () -> Void
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var last: UInt64 = 0
    /// When the scheduled look at the entries comes; nil where none is scheduled.
    var wakeUp: NIODeadline?
  }

  static let shared = AnswerDeadlines()

  /// Looks that follow each other are this far apart at least.
  private static let resolution = TimeAmount.milliseconds(1)

  private let loop = MultiThreadedEventLoopGroup.singleton.any()
  /// Guards who waits. Nothing is called within it.
  private let state = Mutex(State())

  /// Calls `expire` when the deadline is over, unless the key is removed before.
  func add(_ deadline: NIODeadline, _ expire: @escaping @Sendable () -> Void) -> Key {
    let (key, isEarliest) = state.withLock { state in
      state.last += 1
      let key = Key(number: state.last)
      state.entries[key] = Entry(deadline: deadline, expire: expire)
      let isEarliest = state.wakeUp.map { deadline < $0 } ?? true
      if isEarliest { state.wakeUp = deadline }
      return (key, isEarliest)
    }
    if isEarliest { wakeUp(at: deadline) }
    return key
  }

  func remove(_ key: Key) { state.withLock { _ = $0.entries.removeValue(forKey: key) } }

  private func wakeUp(at deadline: NIODeadline) {
    loop.scheduleTask(deadline: deadline) { self.look(scheduledFor: deadline) }
  }

  private func look(scheduledFor deadline: NIODeadline) {
    let now = NIODeadline.now()
    let (expired, next) = state.withLock { state in
      // An earlier look took over.
      guard state.wakeUp == deadline else { return ([Entry](), NIODeadline?.none) }
      let expired = state.entries.filter { $0.value.deadline <= now }
      for key in expired.keys { state.entries[key] = nil }
      let next = state.entries.values.map(\.deadline).min().map { max($0, now + Self.resolution) }
      state.wakeUp = next
      return (Array(expired.values), next)
    }
    if let next { wakeUp(at: next) }
    for entry in expired { entry.expire() }
  }
}
