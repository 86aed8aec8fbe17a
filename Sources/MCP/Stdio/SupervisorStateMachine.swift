/// When to start a server process again, and how to end it. A pure value: events in, actions out, time only as timers.
///
/// Every generation is reported as started at most once, then as exited exactly once. One timer at most is running.
struct SupervisorStateMachine: Sendable {
  enum Event: Sendable, Equatable {
    case start
    case stop
    case restart(reason: String)
    case spawned
    case spawnFailed(SpawnError)
    case outputClosed
    case inputClosed
    case lineTooLong(limit: Int)
    /// The process is reaped.
    case ended(TerminationStatus)
    case timer
  }

  enum Action: Sendable, Equatable {
    case spawn(generation: UInt64)
    /// Input and output may be used from now on.
    case started(generation: UInt64)
    /// Close the input after what was accepted is written.
    case closeInput
    /// Accept nothing more and deliver nothing more.
    case release
    case terminate
    case kill
    /// Tell the layer above.
    case exited(generation: UInt64, ExitReason)
    /// Replaces the timer that is running.
    case setTimer(Duration)
    case cancelTimer
    /// Nothing runs and nothing will, until `start`.
    case stopped
  }

  private enum State: Equatable {
    case idle
    case starting
    case running
    case leaving(Leaving)
    /// The process is gone; its last output is being read.
    case draining(ExitReason)
    case backingOff
  }

  private struct Leaving: Equatable {
    enum Phase { case settling, closing, terminating, killing }
    var phase: Phase
    var reason: ExitReason
    /// Whether the layer above has been told.
    var told = false
    var outputClosed = false
  }

  private let timing: SupervisionTiming
  private var random: SplitMix64
  private var state: State = .idle
  private var wanted = false
  private var failures = 0
  private(set) var generation: UInt64 = 0

  /// `seed` decides the jitter.
  init(timing: SupervisionTiming = SupervisionTiming(), seed: UInt64) {
    self.timing = timing
    self.random = SplitMix64(state: seed)
  }

  mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .start: start()
    case .stop: stop()
    case .timer: timerFired()
    case .spawned: spawned()
    case .spawnFailed(let error): spawnFailed(error)
    case .outputClosed: outputClosed()
    case .inputClosed: state == .running ? leave(.settling, .inputClosed) : []
    case .lineTooLong(let limit): state == .running ? leaveAtOnce(.killing, .lineTooLong(limit: limit)) : []
    case .restart(let reason): state == .running ? leaveAtOnce(.closing, .restarted(reason)) : []
    case .ended(let status): ended(status)
    }
  }

  // MARK: Wishes

  private mutating func start() -> [Action] {
    wanted = true
    failures = state == .idle ? 0 : failures
    return state == .idle ? spawn() : []
  }

  private mutating func stop() -> [Action] {
    wanted = false
    switch state {
    case .idle:
      return [.stopped]
    case .backingOff:
      state = .idle
      return [.cancelTimer, .stopped]
    case .running:
      return leave(.closing, .stopped(nil))
    case .starting, .leaving, .draining:
      return []
    }
  }

  // MARK: The process

  private mutating func spawn() -> [Action] {
    generation += 1
    state = .starting
    return [.spawn(generation: generation)]
  }

  private mutating func spawned() -> [Action] {
    guard state == .starting else { return [] }
    if !wanted {
      // Nobody reads its output, so there is no end of it to wait for.
      state = .leaving(Leaving(phase: .closing, reason: .stopped(nil), outputClosed: true))
      return [.closeInput, .setTimer(timing.grace)]
    }
    state = .running
    return [.started(generation: generation), .setTimer(timing.healthyAfter)]
  }

  private mutating func spawnFailed(_ error: SpawnError) -> [Action] {
    guard state == .starting else { return [] }
    return [.exited(generation: generation, .failedToStart(error))] + next()
  }

  private mutating func outputClosed() -> [Action] {
    switch state {
    case .running:
      let actions = leave(.settling, .outputClosed)
      guard case .leaving(var leaving) = state else { return actions }
      leaving.outputClosed = true
      state = .leaving(leaving)
      return actions
    case .leaving(var leaving):
      leaving.outputClosed = true
      state = .leaving(leaving)
      return []
    case .draining(let reason):
      return finish(reason, told: false)
    case .idle, .starting, .backingOff:
      return []
    }
  }

  private mutating func ended(_ status: TerminationStatus) -> [Action] {
    switch state {
    case .running:
      state = .draining(.exited(status))
      return [.setTimer(timing.draining)]
    case .leaving(let leaving):
      let reason: ExitReason =
        switch leaving.reason {
        case .stopped: .stopped(status)
        case .outputClosed, .inputClosed: leaving.phase == .settling ? .exited(status) : leaving.reason
        default: leaving.reason
        }
      if leaving.told || leaving.outputClosed { return finish(reason, told: leaving.told) }
      state = .draining(reason)
      return [.setTimer(timing.draining)]
    case .idle, .starting, .draining, .backingOff:
      return []
    }
  }

  private mutating func leave(_ phase: Leaving.Phase, _ reason: ExitReason) -> [Action] {
    state = .leaving(Leaving(phase: phase, reason: reason))
    return [.closeInput, .setTimer(phase == .settling ? timing.settling : timing.grace)]
  }

  /// Nothing that the process still says counts.
  private mutating func leaveAtOnce(_ phase: Leaving.Phase, _ reason: ExitReason) -> [Action] {
    state = .leaving(Leaving(phase: phase, reason: reason, told: true))
    var actions: [Action] = [.closeInput, .release, .exited(generation: generation, reason)]
    if phase == .killing {
      actions += [.kill, .setTimer(timing.surrender)]
    } else {
      actions += [.setTimer(timing.grace)]
    }
    return actions
  }

  private mutating func timerFired() -> [Action] {
    switch state {
    case .running:
      failures = 0
      return []
    case .backingOff:
      return spawn()
    case .draining(let reason):
      return finish(reason, told: false)
    case .leaving(var leaving):
      return escalate(&leaving)
    case .idle, .starting:
      return []
    }
  }

  private mutating func escalate(_ leaving: inout Leaving) -> [Action] {
    var actions: [Action] = []
    switch leaving.phase {
    case .settling:
      leaving.phase = .closing
      leaving.told = true
      actions = [.release, .exited(generation: generation, leaving.reason), .setTimer(timing.grace)]
    case .closing:
      leaving.phase = .terminating
      actions = [.terminate, .setTimer(timing.termination)]
    case .terminating:
      leaving.phase = .killing
      actions = [.kill, .setTimer(timing.surrender)]
    case .killing:
      return finish(leaving.reason, told: leaving.told)
    }
    state = .leaving(leaving)
    return actions
  }

  private mutating func finish(_ reason: ExitReason, told: Bool) -> [Action] {
    let report: [Action] = told ? [] : [.exited(generation: generation, reason)]
    return [.cancelTimer, .release] + report + next()
  }

  private mutating func next() -> [Action] {
    guard wanted else {
      state = .idle
      return [.stopped]
    }
    failures += 1
    state = .backingOff
    return [.setTimer(backoff())]
  }

  /// Between half of the full delay and all of it, so that servers that fell together do not rise together.
  private mutating func backoff() -> Duration {
    var full = timing.firstBackoff
    var doublings = failures - 1
    while doublings > 0, full < timing.longestBackoff {
      full *= 2
      doublings -= 1
    }
    full = min(full, timing.longestBackoff)
    return full * Double.random(in: 0.5...1, using: &random)
  }
}

/// Vigna's SplitMix64: jitter needs neither secrecy nor quality, and a seed makes it testable.
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
