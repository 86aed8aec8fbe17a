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
    /// Tells of each who is woken because nobody waits for them any more.
    let (cancelled, cancel) = AsyncStream<Void>.makeStream()

    var sleepers: Int { state.withLock { $0.sleepers.count } }

    var time: VendorTime {
      VendorTime(
        now: { .now() }, seconds: { [self] in state.withLock { $0.now } },
        sleep: { [self] _ in
          let (ticks, tick) = AsyncStream<Void>.makeStream()
          state.withLock { $0.sleepers.append(tick) }
          for await _ in ticks { break }
          if Task.isCancelled { cancel.yield() }
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
  private static func following(
    maximum: Int, _ clock: Clock, refusal: VendorError.Code? = nil
  ) -> (people: PeopleFeeds, asked: AsyncStream<String>, run: Task<Void, Never>) {
    let (asked, ask) = AsyncStream<String>.makeStream()
    let people = PeopleFeeds(maximum: maximum, every: 60, time: clock.time) { subject in
      [
        ChangeFeed(subject.key, every: 60) { cursor throws(VendorError) in
          ask.yield("\(subject.name) \(cursor ?? "anew")")
          if let refusal { throw VendorError(refusal, "no") }
          return ChangeFeed.Batch(cursor: String((cursor.flatMap { Int($0) } ?? 0) + 1))
        }
      ]
    }
    let environment = ConnectorEnvironment(
      name: "vendor", http: ConnectorTestingHTTP.client, state: InMemoryConnectorState(), time: clock.time, logger: LogLines().logger)
    return (people, asked, Task { await people.run(environment) { _ in } })
  }

  @Test("Who reads is followed from then on, until a day after the last time")
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
    await clock.pass(60, sleeping: 1)
    #expect(await next.next() == "bob 1")
    run.cancel()
    await run.value
  }

  @Test("Of more people than the bound whoever has not read for longest gives way at once, if not within the last interval, and comes back from now on")
  func bound() async throws {
    let clock = Clock()
    let (people, asked, run) = Self.following(maximum: 2, clock)
    var next = asked.makeAsyncIterator()
    var cancelled = clock.cancelled.makeAsyncIterator()
    for (count, name) in ["ada", "bob"].enumerated() {
      people.note(.user(name))
      #expect(await next.next() == "\(name) anew")
      while clock.sleepers <= count { await Task.yield() }
      clock.advance(1)
    }
    people.note(.user("ada"))
    people.note(.user("dan"))
    clock.advance(60)
    people.note(.user("cleo"))
    #expect(await next.next() == "cleo anew")
    _ = await cancelled.next()
    await clock.pass(60, sleeping: 3)
    let both = [await next.next(), await next.next()]
    #expect(Set(both) == ["ada 1", "cleo 1"])
    people.note(.user("bob"))
    #expect(await next.next() == "bob anew")
    run.cancel()
    await run.value
  }

  @Test("Whose credential is refused is not asked for again until they read", arguments: [VendorError.Code.consentRequired, .unauthorized])
  func refused(_ refusal: VendorError.Code) async throws {
    let clock = Clock()
    let (people, asked, run) = Self.following(maximum: 2, clock, refusal: refusal)
    var next = asked.makeAsyncIterator()
    let reading = Task {
      while !Task.isCancelled {
        people.note(.user("ada"))
        await Task.yield()
      }
    }
    for _ in 0..<3 { #expect(await next.next() == "ada anew") }
    reading.cancel()
    await reading.value
    #expect(clock.sleepers == 0)
    run.cancel()
    await run.value
  }
}
