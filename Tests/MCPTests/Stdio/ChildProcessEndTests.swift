import MCP
import NIOCore
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("End of a child process", .timeLimit(.minutes(2)))
struct ChildProcessEndTests {
  @Test("a child that heeds the end of its input ends without a signal")
  func graceful() async throws {
    try await withChild(shell("cat; echo bye"), .patient) { child, recorder in
      try await recorder.wait(for: .started(1))
      try child.enqueue(ByteBuffer(string: "last"))
      await child.stop()
      #expect(recorder.lines == ["last", "bye"])
      let reason = try await recorder.waitForExit()
      #expect(reason == .stopped(.code(0)))
    }
  }

  @Test(
    "a child that ignores the end of its input is terminated, one that ignores SIGTERM too is killed",
    arguments: [
      ("exec sleep 1000", TerminationStatus.signal(CInt(SIGTERM))),
      ("trap '' TERM; echo ready; while :; do sleep 1000; done", TerminationStatus.signal(SIGKILL)),
    ])
  func stubborn(script: String, status: TerminationStatus) async throws {
    try await withChild(shell(script)) { child, recorder in
      if script.contains("ready") { try await recorder.waitForLine("ready") } else { try await recorder.wait(for: .started(1)) }
      await child.stop()
      let reason = try await recorder.waitForExit()
      #expect(reason == .stopped(status))
    }
  }

  @Test("grandchildren are killed with a stopped child")
  func grandchildStopped() async throws {
    let lifeline = try await Lifeline()
    let script = "(trap '' TERM; echo alive >\"$LIFELINE\"; exec sleep 1000 3>\"$LIFELINE\") & wait"
    try await withChild(shell(script, environment: ["LIFELINE": lifeline.path])) { _, _ in
      try await lifeline.wait(for: "alive")
    }
    try await lifeline.waitForEnd()
  }

  @Test("grandchildren are killed when the child itself ends")
  func grandchildOrphaned() async throws {
    let lifeline = try await Lifeline()
    var configuration = ChildProcess.Configuration.quick
    configuration.timing.firstBackoff = .seconds(100)
    configuration.timing.longestBackoff = .seconds(100)
    let script = "(exec 3>\"$LIFELINE\"; echo alive >&3; exec sleep 1000) & read -r x; exit 5"
    try await withChild(shell(script, environment: ["LIFELINE": lifeline.path]), configuration) { child, recorder in
      try await recorder.wait(for: .started(1))
      try await lifeline.wait(for: "alive")
      try child.enqueue(ByteBuffer(string: "leave"))
      let reason = try await recorder.waitForExit()
      #expect(reason == .exited(.code(5)))
      try await lifeline.waitForEnd()
    }
  }

  @Test("a child that closes its output and stays is told to leave and replaced")
  func outputClosed() async throws {
    var configuration = ChildProcess.Configuration.quick
    configuration.timing.settling = .milliseconds(20)
    try await withChild(shell("exec sleep 1000 >&-"), configuration) { _, recorder in
      let reason = try await recorder.waitForExit()
      #expect(reason == .outputClosed)
      try await recorder.wait(for: .started(2))
    }
  }

  @Test("a grandchild that left the group and holds the output delays the exit no longer than the draining time")
  func outputHeldOpen() async throws {
    let lifeline = try await Lifeline()
    var configuration = ChildProcess.Configuration.quick
    configuration.timing.draining = .milliseconds(50)
    let script = """
      import os, time
      if os.fork() == 0:
        os.setsid()
        with open(os.environ['LIFELINE'], 'w') as lifeline:
          lifeline.write('%d\\n' % os.getpid())
          lifeline.flush()
          time.sleep(60)
      """
    let command = ChildCommand("python3", arguments: ["-c", script], environment: ["LIFELINE": lifeline.path])
    try await withChild(command, configuration) { _, recorder in
      let reason = try await recorder.waitForExit()
      #expect(reason == .exited(.code(0)))
      await Self.killAll(lifeline)
    }
    await Self.killAll(lifeline)
  }

  /// What left its group is not ours to kill in production; a test cleans up.
  private static func killAll(_ lifeline: Lifeline) async {
    for text in lifeline.recorder.lines { if let id = pid_t(text) { _ = kill(id, SIGKILL) } }
  }

  @Test("stopping twice, stopping what never ran and starting again are all allowed")
  func stopAndStart() async throws {
    try await withChild(shell("exec cat")) { child, recorder in
      await child.stop()
      await child.stop()
      child.start()
      try await recorder.wait { if case .started(let generation) = $0 { generation > 1 } else { false } }
    }
  }

  /// The second child starts another process and waits for it, as `npx` and `uvx` do.
  @Test(
    "a child dies with a supervisor that is killed, and so does what it started",
    .enabled(if: Fixture.path != nil, "stdio-fixture is not built: death with the parent not tested"),
    arguments: [
      "trap '' TERM HUP; exec 3>\"$0\"; echo alive >&3; exec sleep 1000",
      "trap '' TERM HUP; exec 3>\"$0\"; (echo alive >&3; exec sleep 1000) & wait",
    ])
  func parentKilled(script: String) async throws {
    let lifeline = try await Lifeline()
    let fixture = try #require(Fixture.path)
    let command = ChildCommand(fixture, arguments: ["supervise", "/bin/sh", "-c", script, lifeline.path])
    // A successor would start the script again, which holds the lifeline as well: on a busy machine before the first has let go of it.
    var configuration = ChildProcess.Configuration.quick
    configuration.timing.firstBackoff = .seconds(100)
    configuration.timing.longestBackoff = .seconds(100)
    try await withChild(command, configuration) { child, recorder in
      try await recorder.wait(for: .started(1))
      try await lifeline.wait(for: "alive")
      try child.enqueue(ByteBuffer(string: "who?"))
      let supervisor = try await recorder.wait { if case .line = $0 { true } else { false } }
      guard case .line(_, let text) = supervisor, let id = pid_t(text) else { Issue.record("no pid"); return }
      // Its children are in groups of their own, which nobody but the kernel and the sentinel will kill.
      #expect(kill(id, SIGKILL) == 0)
      try await lifeline.waitForEnd()
    }
  }
}
