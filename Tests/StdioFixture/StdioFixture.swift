import Logging
import MCP
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program for the tests to run, to measure and to kill.
@main
struct StdioFixture {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case "echo": try await echo()
    case "supervise": try await supervise(ChildCommand(arguments[1], arguments: Array(arguments[2...])))
    case "cycle": await cycle(Int(arguments[1]) ?? 0)
    case "flood": try await flood(Int(arguments[1]) ?? 0)
    default: print("usage: stdio-fixture echo | supervise COMMAND ARGUMENTS... | cycle COUNT | flood LINES")
    }
  }

  private static var loop: any EventLoop { MultiThreadedEventLoopGroup.singleton.any() }

  /// A server that answers every line with itself, and tries to say something else.
  private static func echo() async throws {
    var configuration = StdioServerTransport.Configuration()
    configuration.maximumLineLength = 100_000
    let transport = try StdioServerTransport.claimingStandardStreams(on: loop, configuration: configuration)
    print("this must not reach the client")
    fflush(nil)
    try await transport.run(
      .init(
        line: { line in
          try? transport.enqueue(line)
          return .more
        },
        lineTooLong: { limit in try? transport.enqueue(ByteBuffer(string: "too long: \(limit)")) },
        partialLine: { rest in try? transport.enqueue(ByteBuffer(string: "partial: \(String(buffer: rest))")) }))
    await transport.finish()
  }

  /// Runs a child, and answers every line with its own process id.
  private static func supervise(_ command: ChildCommand) async throws {
    let transport = try StdioServerTransport.claimingStandardStreams(on: loop)
    let child = ChildProcess(
      name: "child", command: command, on: loop, logger: Logger(label: "fixture"), events: .init(line: { _, _ in .more }))
    child.start()
    try await transport.run(
      .init(line: { _ in
        try? transport.enqueue(ByteBuffer(string: "\(getpid())"))
        return .more
      }))
    await child.stop()
    await transport.finish()
  }

  /// Starts and stops children, and says what is left of them: descriptors, threads, and children not waited for.
  private static func cycle(_ count: Int) async {
    /// Stops a child that runs, or one that is being started.
    func run(running: Bool) async {
      let loop = loop
      let started = loop.makePromise(of: Void.self)
      let child = ChildProcess(
        name: "cat", command: ChildCommand("cat"), on: loop, logger: Logger(label: "fixture"),
        events: .init(started: { _ in started.succeed() }, line: { _, _ in .more }, exited: { _, _ in started.succeed() }))
      child.start()
      if running { try? await started.futureResult.get() }
      await child.stop()
    }
    await run(running: true)
    let before = entries("/proc/self/fd")
    for number in 0..<count { await run(running: number % 2 == 0) }
    let after = entries("/proc/self/fd")
    // The sentinel lives, and is no zombie.
    var status: CInt = 0
    let ended = waitpid(-1, &status, WNOHANG)
    print("descriptors \(after - before) zombies \(ended)")
  }

  /// Takes lines from a child that writes as fast as it can, slower than it writes, and says how much memory that took in MB.
  private static func flood(_ lines: Int) async throws {
    let loop = loop
    let counter = Mutex((lines: 0, paused: 0))
    let child = Mutex<ChildProcess?>(nil)
    let before = peakMemory()
    let done = loop.makePromise(of: Void.self)
    let process = ChildProcess(
      name: "flood", command: ChildCommand("sh", arguments: ["-c", "yes 'a line of about sixty-four bytes, as a small message may be' | head -n \(lines)"]),
      on: loop, logger: Logger(label: "fixture"),
      events: .init(
        line: { _, _ in
          let pause = counter.withLock { counter in
            counter.lines += 1
            counter.paused += counter.lines % 1000 == 0 ? 1 : 0
            return counter.lines % 1000 == 0
          }
          if pause { loop.execute { child.withLock { $0 }?.resumeReading() } }
          return pause ? .pause : .more
        },
        exited: { generation, _ in if generation == 1 { done.succeed() } }))
    child.withLock { $0 = process }
    process.start()
    try await done.futureResult.get()
    let seen = counter.withLock { $0.lines }
    await process.stop()
    print("lines \(seen) growth \((peakMemory() - before) / 1024)")
  }

  private static func entries(_ path: String) -> Int {
    guard let directory = opendir(path) else { return -1 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
  }

  /// In KB on Linux.
  private static func peakMemory() -> Int {
    var usage = rusage()
    // RUSAGE_SELF, which Glibc imports as another type.
    getrusage(0, &usage)
    return usage.ru_maxrss
  }
}
