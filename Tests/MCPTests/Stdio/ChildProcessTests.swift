import Logging
import MCP
import NIOCore
import Synchronization
import Testing

@Suite("Child process", .timeLimit(.minutes(2)))
struct ChildProcessTests {
  @Test("a child answers line by line, in order")
  func echo() async throws {
    try await withChild(shell("exec cat")) { child, recorder in
      try await recorder.wait(for: .started(1))
      for number in 0..<2000 { try await child.send(ByteBuffer(string: "line \(number)")) }
      try await recorder.waitForLine("line 1999")
      #expect(recorder.lines == (0..<2000).map { "line \($0)" })
    }
  }

  @Test("line breaks between tokens leave as spaces: one message is one line")
  func lineBreaks() async throws {
    try await withChild(shell("exec cat")) { child, recorder in
      try await recorder.wait(for: .started(1))
      try child.enqueue(ByteBuffer(string: "{\r\n\"a\":\n1}"))
      try await recorder.waitForLine("{  \"a\": 1}")
    }
  }

  @Test("a child that ends is started again, each life its own generation")
  func restarts() async throws {
    try await withChild(shell("echo \"$$\"; exit 3")) { _, recorder in
      try await recorder.wait(for: .started(3))
      let reason = try await recorder.waitForExit(1)
      #expect(reason == .exited(.code(3)))
      let again = try await recorder.waitForExit(2)
      #expect(again == .exited(.code(3)))
      let order = recorder.seen.filter { if case .logged = $0 { false } else { true } }.prefix(6)
      #expect(order.map(Self.kind) == ["started 1", "line 1", "exited 1", "started 2", "line 2", "exited 2"])
      #expect(Set(recorder.lines).count == recorder.lines.count)
    }
  }

  private static func kind(_ seen: Recorder.Seen) -> String {
    switch seen {
    case .started(let generation): "started \(generation)"
    case .line(let generation, _): "line \(generation)"
    case .partial(let generation, _): "partial \(generation)"
    case .exited(let generation, _): "exited \(generation)"
    case .logged: "logged"
    }
  }

  @Test("lines for a generation that is gone, and lines for nobody, are refused")
  func refusals() async throws {
    try await withChild(shell("read -r x; exit 0")) { child, recorder in
      try await recorder.wait(for: .started(1))
      try child.enqueue(ByteBuffer(string: "leave"), generation: 1)
      try await recorder.wait(for: .started(2))
      #expect(throws: StdioError.staleGeneration(1)) { try child.enqueue(ByteBuffer(string: "x"), generation: 1) }
      await child.stop()
      #expect(throws: StdioError.notRunning) { try child.enqueue(ByteBuffer(string: "x")) }
      await #expect(throws: StdioError.notRunning) { try await child.send(ByteBuffer(string: "x")) }
    }
  }

  @Test("half a line at the end is reported as that, and not as a line")
  func halfLine() async throws {
    try await withChild(shell("printf 'whole\\n{\"half\"'")) { _, recorder in
      let reason = try await recorder.waitForExit()
      #expect(reason == .exited(.code(0)))
      #expect(recorder.seen.prefix { $0 != .exited(1, .exited(.code(0))) }.contains(.partial(1, "{\"half\"")))
      #expect(recorder.lines.first == "whole")
    }
  }

  @Test("all that a child wrote before it ended is delivered before its exit is told")
  func lastWords() async throws {
    try await withChild(shell("i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done; kill -9 $$")) { _, recorder in
      let reason = try await recorder.waitForExit()
      #expect(reason == .exited(.signal(9)))
      let first = recorder.seen.filter { if case .line(1, _) = $0 { true } else { false } }
      #expect(first.count == 5000)
    }
  }

  @Test("a line over the bound is a protocol error: killed and started again")
  func giantLine() async throws {
    var configuration = ChildProcess.Configuration.quick
    configuration.maximumLineLength = 100_000
    let script = "import sys, time\nsys.stdout.write('x' * 1000000)\nsys.stdout.flush()\ntime.sleep(1000)"
    try await withChild(ChildCommand("python3", arguments: ["-c", script]), configuration) { _, recorder in
      let reason = try await recorder.waitForExit()
      #expect(reason == .lineTooLong(limit: 100_000))
      try await recorder.wait(for: .started(2))
      #expect(recorder.lines == [])
    }
  }

  @Test("a line just within the bound passes whole")
  func largeLine() async throws {
    let script = "import sys\nsys.stdout.write('x' * 4000000 + '\\n')\nsys.stdout.flush()\nsys.stdin.read()"
    try await withChild(ChildCommand("python3", arguments: ["-c", script])) { _, recorder in
      let line = try await recorder.wait { if case .line = $0 { true } else { false } }
      guard case .line(_, let text) = line else { return }
      #expect(text.utf8.count == 4_000_000)
    }
  }

  @Test("nothing more is delivered after a pause until reading is resumed")
  func pause() async throws {
    let recorder = Recorder()
    let events = ChildProcess.Events(line: { generation, line in
      recorder.record(.line(generation, String(buffer: line)))
      return .pause
    })
    var configuration = ChildProcess.Configuration.quick
    configuration.timing.draining = .milliseconds(50)
    try await withChild(shell("seq 1 100000; exec sleep 1000"), configuration, recorder: recorder, events: events) { child, recorder in
      for number in 1...5 {
        try await recorder.waitForLine("\(number)")
        // A turn of the loop in which more would have come.
        try await child.eventLoop.submit {}.get()
        #expect(recorder.lines.count == number)
        child.resumeReading()
      }
    }
  }

  @Test("a child that does not read its input fills a bounded queue: enqueue refuses, send waits and can be cancelled")
  func boundedQueue() async throws {
    var configuration = ChildProcess.Configuration.quick
    configuration.maximumQueuedLines = 10
    try await withChild(shell("exec sleep 1000"), configuration) { child, recorder in
      try await recorder.wait(for: .started(1))
      let line = ByteBuffer(repeating: UInt8(ascii: "x"), count: 100_000)
      var refusal: StdioError?
      for _ in 0..<20 {
        do throws(StdioError) { try child.enqueue(line) } catch { refusal = error }
      }
      guard case .queueFull(let lines, _) = refusal else { Issue.record("\(String(describing: refusal))"); return }
      #expect(lines == 10)

      let cancelled = Task { try await child.send(line) }
      cancelled.cancel()
      #expect(await cancelled.result.failure as? StdioError == .cancelled)
      let waiting = Task { try await child.send(line) }
      child.restart(because: "it does not read")
      // A task that runs only after the restart finds the next process instead.
      let failure = await waiting.result.failure as? StdioError
      #expect(failure == nil || failure == .notRunning)
      let reason = try await recorder.waitForExit()
      #expect(reason == .restarted("it does not read"))
    }
  }

  @Test("a slow reader slows the sender, and every line arrives")
  func backPressure() async throws {
    var configuration = ChildProcess.Configuration.quick
    configuration.maximumQueuedLines = 4
    let script = "import sys\nn = 0\nfor line in sys.stdin:\n  n += len(line)\n  if line == 'end\\n': print(n, flush=True)"
    try await withChild(ChildCommand("python3", arguments: ["-c", script]), configuration) { child, recorder in
      try await recorder.wait(for: .started(1))
      let line = ByteBuffer(repeating: UInt8(ascii: "x"), count: 50_000)
      for _ in 0..<200 { try await child.send(line) }
      try await child.send(ByteBuffer(string: "end"))
      try await recorder.waitForLine("\(200 * 50_001 + 4)")
    }
  }

  @Test("standard error goes to the log under the server's name: redacted, cut, without control characters")
  func standardError() async throws {
    var configuration = ChildProcess.Configuration.quick
    configuration.standardError.maximumLineLength = 20
    configuration.standardError.redact = { $0 == "token=abc" ? "token=***" : $0 }
    try await withChild(shell("printf 'token=abc\\n\\033[31mred\\n12345678901234567890123\\n' >&2; exec cat"), configuration) {
      _, recorder in
      for expected in ["token=***", "\u{FFFD}[31mred", "12345678901234567890 [cut]"] {
        try await recorder.wait(for: .logged("info fixture: \(expected)"))
      }
    }
  }

  @Test("a flood of standard error neither blocks the child nor fills the log")
  func standardErrorFlood() async throws {
    let script = "import sys\nfor i in range(200000): sys.stderr.write('complaint %d\\n' % i)\nprint('done', flush=True)\nsys.stdin.read()"
    try await withChild(ChildCommand("python3", arguments: ["-c", script])) { _, recorder in
      try await recorder.waitForLine("done")
      #expect(recorder.logged.count < 1000)
    }
  }

  @Test("a child sees the declared environment and the minimal base, and nothing else")
  func environment() async throws {
    let command = ChildCommand("env", environment: ["DECLARED": "yes", "LANG": "C"])
    try await withChild(command) { _, recorder in
      _ = try await recorder.waitForExit()
      let seen = recorder.seen.compactMap { if case .line(1, let text) = $0 { text } else { nil } }
      let expected = command.childEnvironment().map { "\($0.key)=\($0.value)" }
      #expect(Set(seen) == Set(expected))
      #expect(seen.count == expected.count)
      #expect(seen.contains("DECLARED=yes"))
    }
  }

  @Test("a child leads a process group of its own, in its directory, with three descriptors and no ignored signals")
  func surroundings() async throws {
    let script = """
      import os, signal
      print(os.getpgrp() == os.getpid(), os.getcwd(), sorted(int(n) for n in os.listdir('/proc/self/fd'))[:-1],
        signal.pthread_sigmask(signal.SIG_BLOCK, []), [s.name for s in signal.Signals if signal.getsignal(s) == signal.SIG_IGN], flush=True)
      """
    // Python ignores SIGPIPE and SIGXFSZ for itself.
    let command = ChildCommand("python3", arguments: ["-c", script], workingDirectory: "/usr")
    try await withChild(command) { _, recorder in
      _ = try await recorder.waitForExit()
      #expect(recorder.lines.first == "True /usr [0, 1, 2] set() ['SIGPIPE', 'SIGXFSZ']")
    }
  }

  @Test("the signals that NIO ignores are back to their defaults in a child")
  func signals() async throws {
    // SIGPIPE is 13. Two signals above 31 belong to the C library, which does not let them be set.
    let script = "grep -E 'SigIgn|SigBlk' /proc/self/status"
    try await withChild(shell(script)) { _, recorder in
      _ = try await recorder.waitForExit()
      for line in recorder.lines.prefix(2) {
        let mask = UInt64(line.split(separator: "\t").last ?? "", radix: 16)
        #expect(mask.map { $0 & 0x7FFF_FFFF } == 0, "\(line)")
      }
    }
  }

  @Test(
    "why a child did not start is told exactly, and it is tried again",
    arguments: [
      (
        ChildCommand("no-such-command", environment: ["PATH": "/bin:/usr/bin"]),
        SpawnError.commandNotFound(command: "no-such-command", searched: ["/bin", "/usr/bin"])
      ),
      (ChildCommand("/nonexistent/server"), .commandNotFound(command: "/nonexistent/server", searched: [])),
      (ChildCommand("/etc/passwd"), .notExecutable(path: "/etc/passwd")),
      (ChildCommand("sh", workingDirectory: "/nonexistent"), .workingDirectory(path: "/nonexistent", errno: 2)),
      (ChildCommand("sh", arguments: ["\0"]), .invalid("the command, an argument or the working directory contains a NUL byte")),
    ])
  func notStarted(command: ChildCommand, error: SpawnError) async throws {
    try await withChild(command) { _, recorder in
      let first = try await recorder.waitForExit(1)
      let second = try await recorder.waitForExit(2)
      #expect(first == .failedToStart(error))
      #expect(second == .failedToStart(error))
      #expect(!recorder.seen.contains(.started(1)))
    }
  }
}

extension Result {
  fileprivate var failure: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
