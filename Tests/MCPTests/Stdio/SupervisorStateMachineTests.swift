import Testing

@testable import MCP

@Suite("Supervisor state machine")
struct SupervisorStateMachineTests {
  private typealias Machine = SupervisorStateMachine

  private static func timing() -> SupervisionTiming {
    var timing = SupervisionTiming()
    timing.firstBackoff = .milliseconds(250)
    timing.longestBackoff = .seconds(30)
    return timing
  }

  private static func running() -> Machine {
    var machine = Machine(timing: timing(), seed: 1)
    _ = machine.handle(.start)
    _ = machine.handle(.spawned)
    return machine
  }

  private static func delay(_ actions: [Machine.Action]) -> Duration? {
    for action in actions { if case .setTimer(let delay) = action { return delay } }
    return nil
  }

  @Test("a start spawns the first generation, once")
  func start() {
    var machine = Machine(seed: 1)
    #expect(machine.handle(.start) == [.spawn(generation: 1)])
    #expect(machine.handle(.start) == [])
    #expect(machine.handle(.spawned) == [.started(generation: 1), .setTimer(.seconds(60))])
    #expect(machine.handle(.start) == [])
  }

  @Test("a process that ends is reported when its output is read, and started again after a delay")
  func crash() {
    var machine = Self.running()
    #expect(machine.handle(.ended(.code(3))) == [.setTimer(.seconds(1))])
    let actions = machine.handle(.outputClosed)
    #expect(actions.prefix(3) == [.cancelTimer, .release, .exited(generation: 1, .exited(.code(3)))])
    #expect(Self.delay(actions).map { (.milliseconds(125) ... .milliseconds(250)).contains($0) } == true)
    #expect(machine.handle(.timer) == [.spawn(generation: 2)])
  }

  @Test("the exit is told in either order of exit and end of output")
  func endOfOutputFirst() {
    var machine = Self.running()
    #expect(machine.handle(.outputClosed) == [.closeInput, .setTimer(.milliseconds(100))])
    do {
      let actions = machine.handle(.ended(.signal(9)))
      #expect(actions.contains(.exited(generation: 1, .exited(.signal(9)))))
    }
  }

  @Test("output that others hold open delays the exit no longer than the draining time")
  func draining() {
    var machine = Self.running()
    _ = machine.handle(.ended(.code(0)))
    do {
      let actions = machine.handle(.timer)
      #expect(actions.contains(.exited(generation: 1, .exited(.code(0)))))
    }
  }

  @Test("delays double from the first to the longest, with jitter between half and all of it")
  func backoff() {
    var machine = Machine(timing: Self.timing(), seed: 7)
    _ = machine.handle(.start)
    var full: [Duration] = []
    for failure in 0..<12 {
      let delay = Self.delay(machine.handle(.spawnFailed(.invalid("x"))))
      let bound = min(Duration.milliseconds(250 << failure), .seconds(30))
      #expect(delay.map { (bound / 2...bound).contains($0) } == true, "failure \(failure + 1): \(String(describing: delay))")
      full.append(delay ?? .zero)
      #expect(machine.handle(.timer) == [.spawn(generation: UInt64(failure) + 2)])
    }
    #expect(Set(full).count == full.count)
  }

  @Test("the same seed gives the same delays")
  func seed() {
    func delays(_ seed: UInt64) -> [Duration?] {
      var machine = Machine(seed: seed)
      _ = machine.handle(.start)
      return (0..<5).map { _ in
        defer { _ = machine.handle(.timer) }
        return Self.delay(machine.handle(.spawnFailed(.invalid("x"))))
      }
    }
    #expect(delays(5) == delays(5))
    #expect(delays(5) != delays(6))
  }

  @Test("a minute of health makes up for earlier failures")
  func health() {
    var machine = Machine(timing: Self.timing(), seed: 1)
    _ = machine.handle(.start)
    for _ in 0..<8 {
      _ = machine.handle(.spawnFailed(.invalid("x")))
      _ = machine.handle(.timer)
    }
    _ = machine.handle(.spawned)
    #expect(machine.handle(.timer) == [])
    _ = machine.handle(.ended(.code(1)))
    let delay = Self.delay(machine.handle(.outputClosed))
    #expect(delay.map { $0 <= .milliseconds(250) } == true)
  }

  @Test("a stop closes the input, then terminates, then kills")
  func stop() {
    var machine = Self.running()
    #expect(machine.handle(.stop) == [.closeInput, .setTimer(.seconds(2))])
    #expect(machine.handle(.timer) == [.terminate, .setTimer(.seconds(2))])
    #expect(machine.handle(.timer) == [.kill, .setTimer(.seconds(10))])
    #expect(machine.handle(.outputClosed) == [])
    #expect(
      machine.handle(.ended(.signal(9))) == [
        .cancelTimer, .release, .exited(generation: 1, .stopped(.signal(9))), .stopped,
      ])
  }

  @Test("a process that cannot even be killed does not hold up the stop")
  func unkillable() {
    var machine = Self.running()
    for event: Machine.Event in [.stop, .timer, .timer] { _ = machine.handle(event) }
    #expect(machine.handle(.timer) == [.cancelTimer, .release, .exited(generation: 1, .stopped(nil)), .stopped])
    #expect(machine.handle(.ended(.signal(9))) == [])
  }

  @Test("a stop during the start lets the start finish and never reports it as started")
  func stopWhileStarting() {
    var machine = Machine(seed: 1)
    _ = machine.handle(.start)
    #expect(machine.handle(.stop) == [])
    #expect(machine.handle(.spawned) == [.closeInput, .setTimer(.seconds(2))])
    #expect(
      machine.handle(.ended(.code(0))) == [
        .cancelTimer, .release, .exited(generation: 1, .stopped(.code(0))), .stopped,
      ])
  }

  @Test("a stop during the delay is immediate, and one of what is stopped too")
  func stopWhileBackingOff() {
    var machine = Machine(seed: 1)
    #expect(machine.handle(.stop) == [.stopped])
    _ = machine.handle(.start)
    _ = machine.handle(.spawnFailed(.invalid("x")))
    #expect(machine.handle(.stop) == [.cancelTimer, .stopped])
    #expect(machine.handle(.timer) == [])
  }

  @Test("a start during a stop starts again after it")
  func startWhileStopping() {
    var machine = Self.running()
    _ = machine.handle(.stop)
    #expect(machine.handle(.start) == [])
    _ = machine.handle(.outputClosed)
    let actions = machine.handle(.ended(.code(0)))
    #expect(!actions.contains(.stopped))
    #expect(machine.handle(.timer) == [.spawn(generation: 2)])
  }

  @Test("a line that is too long kills at once and is told once")
  func lineTooLong() {
    var machine = Self.running()
    #expect(
      machine.handle(.lineTooLong(limit: 10)) == [
        .closeInput, .release, .exited(generation: 1, .lineTooLong(limit: 10)), .kill, .setTimer(.seconds(10)),
      ])
    let actions = machine.handle(.ended(.signal(9)))
    #expect(!actions.contains { if case .exited = $0 { true } else { false } })
    #expect(machine.handle(.timer) == [.spawn(generation: 2)])
  }

  @Test("a restart fails what is in flight at once and ends the process politely")
  func restart() {
    var machine = Self.running()
    #expect(
      machine.handle(.restart(reason: "hangs")) == [
        .closeInput, .release, .exited(generation: 1, .restarted("hangs")), .setTimer(.seconds(2)),
      ])
    #expect(machine.handle(.timer) == [.terminate, .setTimer(.seconds(2))])
    _ = machine.handle(.ended(.signal(15)))
    #expect(machine.handle(.timer) == [.spawn(generation: 2)])
  }

  @Test("a process that closes a pipe and stays is told to leave", arguments: [true, false])
  func closesPipe(output: Bool) {
    var machine = Self.running()
    _ = machine.handle(output ? .outputClosed : .inputClosed)
    #expect(
      machine.handle(.timer) == [
        .release, .exited(generation: 1, output ? .outputClosed : .inputClosed), .setTimer(.seconds(2)),
      ])
    #expect(machine.handle(.timer) == [.terminate, .setTimer(.seconds(2))])
  }

  @Test("every sequence of events gives each generation at most one start and exactly one exit, in order", arguments: 0..<200)
  func invariants(seed: UInt64) {
    var random = SystemRandomNumberGenerator()
    var machine = Machine(seed: seed)
    var alive = false
    var toStart = false
    var open: UInt64?
    var started: UInt64?
    for _ in 0..<300 {
      var possible: [Machine.Event] = [.start, .stop, .timer, .restart(reason: "x")]
      if toStart { possible += [.spawned, .spawned, .spawnFailed(.invalid("x"))] }
      if alive { possible += [.outputClosed, .inputClosed, .lineTooLong(limit: 1), .ended(.code(0)), .ended(.code(1))] }
      let event = possible.randomElement(using: &random) ?? .timer
      switch event {
      case .spawned: (toStart, alive) = (false, true)
      case .spawnFailed: toStart = false
      case .ended: alive = false
      default: break
      }
      for action in machine.handle(event) {
        switch action {
        case .spawn(let generation):
          #expect(open == nil)
          open = generation
          (toStart, alive) = (true, false)
        case .started(let generation):
          #expect(open == generation && started != generation)
          started = generation
        case .exited(let generation, _):
          #expect(open == generation)
          open = nil
        case .stopped:
          #expect(open == nil)
        default: break
        }
      }
    }
  }
}
