internal import Synchronization

/// Feeds of people, for a connector that acts as its callers and has no account of its own: who has lately read a resource is followed with
/// their own credential.
///
/// A server is not told who has subscribed; who wants to know of changes reads. People are followed until a day after their last reading, and
/// never more of them than the bound: whoever has not read for longest gives way.
public final class PeopleFeeds: Sendable {
  private struct Person {
    /// When they last read, in seconds since 1970.
    var time: Int64
    /// Tells this following from an earlier one of the same person.
    let serial: Int
    var isFollowed = false
  }
  private struct State {
    var people: [Subject: Person] = [:]
    var serial = 0
  }

  /// Guards who is followed. Never held while anything waits.
  private let state = Mutex(State())
  private let maximum: Int
  private let time: VendorTime
  private let feeds: @Sendable (Subject) -> [ChangeFeed]
  /// Comes when there is somebody to follow.
  private let (newcomers, newcomer) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

  /// Seconds after the last reading.
  private static let kept: Int64 = 86_400

  /// - Parameters:
  ///   - maximum: people who are followed at once.
  ///   - feeds: of one person; names tell them from those of others.
  public init(maximum: Int, time: VendorTime, feeds: @escaping @Sendable (Subject) -> [ChangeFeed]) {
    self.maximum = maximum
    self.time = time
    self.feeds = feeds
  }

  /// Says that the subject has read a resource.
  public func note(_ subject: Subject) {
    let now = time.seconds()
    let isNew = state.withLock { state in
      if state.people[subject] != nil {
        state.people[subject]?.time = now
        return false
      }
      if state.people.count >= maximum, let last = state.people.min(by: { $0.value.time < $1.value.time })?.key { state.people[last] = nil }
      state.serial += 1
      state.people[subject] = Person(time: now, serial: state.serial)
      return true
    }
    if isNew { newcomer.yield() }
  }

  /// Follows people as they come, until the task is cancelled.
  public func run(_ environment: ConnectorEnvironment, tell: @escaping @Sendable (ChangeFeed.Batch) -> Void) async {
    await withDiscardingTaskGroup { group in
      for await _ in newcomers {
        for (subject, serial) in unfollowed() {
          for feed in feeds(subject) { group.addTask { await self.follow(feed, subject, serial, environment, tell) } }
        }
      }
    }
  }

  private func unfollowed() -> [(subject: Subject, serial: Int)] {
    state.withLock { state in
      let found = state.people.filter { !$0.value.isFollowed }
      for subject in found.keys { state.people[subject]?.isFollowed = true }
      return found.map { ($0.key, $0.value.serial) }
    }
  }

  private func follow(
    _ feed: ChangeFeed, _ subject: Subject, _ serial: Int, _ environment: ConnectorEnvironment, _ tell: @Sendable (ChangeFeed.Batch) -> Void
  ) async {
    var time = environment.time
    let sleep = time.sleep
    time.sleep = { amount in
      try await sleep(amount)
      guard self.stays(subject, serial) else { throw CancellationError() }
    }
    await feed.follow(environment.name, state: environment.state, time: time, logger: environment.logger, tell: tell)
    // Who reads again is followed anew.
    state.withLock { if $0.people[subject]?.serial == serial { $0.people[subject] = nil } }
  }

  private func stays(_ subject: Subject, _ serial: Int) -> Bool {
    let now = time.seconds()
    return state.withLock { state in state.people[subject].map { $0.serial == serial && now - $0.time < Self.kept } ?? false }
  }
}
