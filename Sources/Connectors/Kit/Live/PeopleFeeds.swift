internal import Synchronization

/// Feeds of people, for a connector that acts as its callers and has no account of its own: who has lately read a resource is followed with
/// their own credential.
///
/// A server is not told who has subscribed; who wants to know of changes reads. People are followed from their reading on until a day after
/// their last one, or until their credential is refused, and never more of them than the bound: whoever has not read for longest gives way, and
/// where all have read within the last interval the newcomer is not followed until they read again.
public final class PeopleFeeds: Sendable {
  private struct Person {
    /// When they last read, in seconds since 1970.
    var time: Int64
    /// Tells this following from an earlier one of the same person.
    let serial: Int
    /// Follows them; nil until then.
    var following: Task<Void, Never>?
  }
  private struct State {
    var people: [Subject: Person] = [:]
    var serial = 0
  }

  /// Guards who is followed. Never held while anything waits.
  private let state = Mutex(State())
  private let maximum: Int
  private let interval: Int64
  private let time: VendorTime
  private let feeds: @Sendable (Subject) -> [ChangeFeed]
  /// Comes when there is somebody to follow.
  private let (newcomers, newcomer) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

  /// Seconds after the last reading.
  private static let kept: Int64 = 86_400

  /// - Parameters:
  ///   - maximum: people who are followed at once.
  ///   - interval: seconds for which nobody gives way who has read.
  ///   - feeds: of one person. They begin without a cursor each time that a person comes, and nothing of them is stored.
  public init(maximum: Int, every interval: Int64, time: VendorTime, feeds: @escaping @Sendable (Subject) -> [ChangeFeed]) {
    self.maximum = maximum
    self.interval = interval
    self.time = time
    self.feeds = feeds
  }

  /// Says that the subject has read a resource.
  public func note(_ subject: Subject) {
    let now = time.seconds()
    let (isNew, evicted) = state.withLock { state -> (Bool, Task<Void, Never>?) in
      if state.people[subject] != nil {
        state.people[subject]?.time = now
        return (false, nil)
      }
      var evicted: Task<Void, Never>?
      if state.people.count >= maximum, let last = state.people.min(by: { $0.value.time < $1.value.time }) {
        guard now - last.value.time > interval else { return (false, nil) }
        evicted = last.value.following
        state.people[last.key] = nil
      }
      state.serial += 1
      state.people[subject] = Person(time: now, serial: state.serial)
      return (true, evicted)
    }
    evicted?.cancel()
    if isNew { newcomer.yield() }
  }

  /// Follows people as they come, until the task is cancelled.
  public func run(_ environment: ConnectorEnvironment, tell: @escaping @Sendable (ChangeFeed.Batch) -> Void) async {
    await withDiscardingTaskGroup { group in
      for await _ in newcomers {
        for following in begin(environment, tell) {
          group.addTask {
            await withTaskCancellationHandler {
              await following.value
            } onCancel: {
              following.cancel()
            }
          }
        }
      }
    }
  }

  /// Begins to follow who is not followed yet. Each has a task of its own, which ends with the person's place.
  private func begin(_ environment: ConnectorEnvironment, _ tell: @escaping @Sendable (ChangeFeed.Batch) -> Void) -> [Task<Void, Never>] {
    state.withLock { state in
      var begun: [Task<Void, Never>] = []
      for (subject, person) in state.people where person.following == nil {
        let following = Task { await self.follow(subject, person.serial, environment, tell) }
        state.people[subject]?.following = following
        begun.append(following)
      }
      return begun
    }
  }

  private func follow(_ subject: Subject, _ serial: Int, _ environment: ConnectorEnvironment, _ tell: @escaping @Sendable (ChangeFeed.Batch) -> Void) async {
    var time = environment.time
    let sleep = time.sleep
    time.sleep = { amount in
      try await sleep(amount)
      if self.isIdle(subject, serial) { self.end(subject, serial) }
      try Task.checkCancellation()
    }
    await withDiscardingTaskGroup { [time] group in
      for feed in feeds(subject) {
        var followed = feed
        followed.next = { cursor async throws(VendorError) in try await self.next(feed, cursor, subject, serial) }
        group.addTask { [followed] in
          await followed.follow(environment.name, state: InMemoryConnectorState(), time: time, logger: environment.logger, tell: tell)
        }
      }
    }
    end(subject, serial)
  }

  private func next(_ feed: ChangeFeed, _ cursor: String?, _ subject: Subject, _ serial: Int) async throws(VendorError) -> ChangeFeed.Batch {
    do throws(VendorError) {
      let batch = try await feed.next(cursor)
      // Nothing is told for somebody who has given way meanwhile.
      guard !Task.isCancelled else { throw VendorError(.cancelled, "The following has ended.") }
      return batch
    } catch {
      // Asked again it would be refused again, until they sign in.
      if error.code == .consentRequired || error.code == .unauthorized { end(subject, serial) }
      throw error
    }
  }

  private func isIdle(_ subject: Subject, _ serial: Int) -> Bool {
    let now = time.seconds()
    return state.withLock { state in state.people[subject].map { $0.serial != serial || now - $0.time >= Self.kept } ?? true }
  }

  /// Who reads again is followed anew.
  private func end(_ subject: Subject, _ serial: Int) {
    let following = state.withLock { state -> Task<Void, Never>? in
      guard let person = state.people[subject], person.serial == serial else { return nil }
      state.people[subject] = nil
      return person.following
    }
    following?.cancel()
  }
}
