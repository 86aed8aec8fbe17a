import ConnectorKit
import ConnectorTesting
import NIOCore
import Synchronization
import Testing

@Suite("Feeds of people", .timeLimit(.minutes(1)))
struct PeopleFeedTests {
  /// A clock that the test moves; who sleeps goes on when it says so.
  private final class Clock: Sendable {
    private struct State {
      var now: Int64 = 1000
      var sleepers: [AsyncStream<Void>.Continuation] = []
    }
    /// Guards the clock.
    private let state = Mutex(State())

    var time: VendorTime {
      VendorTime(
        now: { .now() }, seconds: { [self] in state.withLock { $0.now } },
        sleep: { [self] _ in
          let (ticks, tick) = AsyncStream<Void>.makeStream()
          state.withLock { $0.sleepers.append(tick) }
          for await _ in ticks { break }
          try Task.checkCancellation()
        })
    }

    func advance(_ seconds: Int64) { state.withLock { $0.now += seconds } }

    /// Lets time pass once so many sleep, and wakes them.
    func pass(_ seconds: Int64, sleeping count: Int) async {
      while state.withLock({ $0.sleepers.count }) < count { await Task.yield() }
      let woken = state.withLock { state in
        defer { state.sleepers.removeAll() }
        state.now += seconds
        return state.sleepers
      }
      for sleeper in woken { sleeper.yield() }
    }
  }

  /// Feeds that tell whom they ask for, and from where.
  private static func following(maximum: Int, _ clock: Clock) -> (people: PeopleFeeds, asked: AsyncStream<String>, run: Task<Void, Never>) {
    let (asked, ask) = AsyncStream<String>.makeStream()
    let people = PeopleFeeds(maximum: maximum, time: clock.time) { subject in
      [
        ChangeFeed(subject.key, every: 60) { cursor throws(VendorError) in
          ask.yield("\(subject.name) \(cursor ?? "anew")")
          return ChangeFeed.Batch(cursor: String((cursor.flatMap { Int($0) } ?? 0) + 1))
        }
      ]
    }
    let environment = ConnectorEnvironment(
      name: "vendor", http: ConnectorTestingHTTP.client, state: InMemoryConnectorState(), time: clock.time, logger: LogLines().logger)
    return (people, asked, Task { await people.run(environment) { _ in } })
  }

  @Test("Who reads is followed until a day after the last time, and from the same place when they come back")
  func idle() async throws {
    let clock = Clock()
    let (people, asked, run) = Self.following(maximum: 5, clock)
    var next = asked.makeAsyncIterator()
    people.note(.user("ada"))
    #expect(await next.next() == "ada anew")
    await clock.pass(60, sleeping: 1)
    #expect(await next.next() == "ada 1")
    await clock.pass(86_400, sleeping: 1)
    people.note(.user("bob"))
    #expect(await next.next() == "bob anew")
    people.note(.user("ada"))
    #expect(await next.next() == "ada 2")
    run.cancel()
    await run.value
  }

  @Test("Of more people than the bound whoever has not read for longest gives way")
  func bound() async throws {
    let clock = Clock()
    let (people, asked, run) = Self.following(maximum: 2, clock)
    var next = asked.makeAsyncIterator()
    for name in ["ada", "bob"] {
      people.note(.user(name))
      #expect(await next.next() == "\(name) anew")
      clock.advance(1)
    }
    people.note(.user("ada"))
    clock.advance(1)
    people.note(.user("cleo"))
    #expect(await next.next() == "cleo anew")
    await clock.pass(60, sleeping: 3)
    let both = [await next.next(), await next.next()]
    #expect(Set(both) == ["ada 1", "cleo 1"])
    people.note(.user("bob"))
    #expect(await next.next() == "bob 1")
    run.cancel()
    await run.value
  }
}
