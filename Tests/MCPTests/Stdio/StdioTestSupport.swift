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

struct TimedOut: Error {}

/// What a `ChildProcess` reported, and a way to wait for it with a deadline.
final class Recorder: Sendable {
  enum Seen: Sendable, Equatable {
    case started(UInt64)
    case line(UInt64, String)
    case partial(UInt64, String)
    case exited(UInt64, ExitReason)
    case logged(String)
  }

  private struct Waiter {
    let id: UInt64
    let accepts: @Sendable (Seen) -> Bool
    let continuation: CheckedContinuation<Seen, any Error>
  }

  private let state = Mutex<(seen: [Seen], waiters: [Waiter], next: UInt64)>(([], [], 0))

  var seen: [Seen] { state.withLock { $0.seen } }

  var lines: [String] {
    seen.compactMap { if case .line(_, let text) = $0 { text } else { nil } }
  }

  var logged: [String] {
    seen.compactMap { if case .logged(let text) = $0 { text } else { nil } }
  }

  var events: ChildProcess.Events {
    .init(
      started: { self.record(.started($0)) },
      line: { generation, line in
        self.record(.line(generation, String(buffer: line)))
        return .more
      },
      partialLine: { self.record(.partial($0, String(buffer: $1))) },
      exited: { self.record(.exited($0, $1)) })
  }

  func record(_ event: Seen) {
    let ready = state.withLock { state in
      state.seen.append(event)
      let ready = state.waiters.filter { $0.accepts(event) }
      state.waiters.removeAll { $0.accepts(event) }
      return ready
    }
    for waiter in ready { waiter.continuation.resume(returning: event) }
  }

  /// The first thing seen, before or after this call, that is accepted.
  @discardableResult
  func wait(within seconds: Int64 = 30, for accepts: @escaping @Sendable (Seen) -> Bool) async throws -> Seen {
    try await withCheckedThrowingContinuation { continuation in
      let (found, id): (Seen?, UInt64) = state.withLock { state in
        if let found = state.seen.first(where: accepts) { return (found, 0) }
        state.next += 1
        state.waiters.append(Waiter(id: state.next, accepts: accepts, continuation: continuation))
        return (nil, state.next)
      }
      if let found { return continuation.resume(returning: found) }
      MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: .seconds(seconds)) { self.expire(id) }
    }
  }

  func wait(for event: Seen) async throws {
    try await wait { $0 == event }
  }

  func waitForLine(_ text: String) async throws {
    try await wait { if case .line(_, text) = $0 { true } else { false } }
  }

  func waitForExit(_ generation: UInt64 = 1) async throws -> ExitReason? {
    let seen = try await wait { if case .exited(generation, _) = $0 { true } else { false } }
    if case .exited(_, let reason) = seen { return reason }
    return nil
  }

  private func expire(_ id: UInt64) {
    let waiter: Waiter? = state.withLock { state in
      guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
      return state.waiters.remove(at: index)
    }
    waiter?.continuation.resume(throwing: TimedOut())
  }
}

/// Log lines as the recorder's.
struct RecordingLogHandler: LogHandler {
  let recorder: Recorder
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .trace

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    recorder.record(.logged("\(event.level) \(metadata["server"].map { "\($0)" } ?? "-"): \(event.message)"))
  }
}

extension ChildProcess.Configuration {
  /// For tests in which a child must be given the time to end by itself, however busy the machine.
  static var patient: Self {
    var configuration = quick
    configuration.timing.grace = .seconds(60)
    return configuration
  }

  /// Delays that keep a test short.
  static var quick: Self {
    var configuration = Self()
    configuration.timing.firstBackoff = .milliseconds(10)
    configuration.timing.longestBackoff = .milliseconds(50)
    configuration.timing.grace = .milliseconds(200)
    configuration.timing.termination = .milliseconds(200)
    // Run out only where a test is about them: on a busy machine an exit is noticed late.
    configuration.timing.settling = .seconds(20)
    configuration.timing.draining = .seconds(20)
    return configuration
  }
}

/// Runs `body` with a started child, and stops the child after it.
func withChild<R: Sendable>(
  _ command: ChildCommand, _ configuration: ChildProcess.Configuration = .quick, recorder: Recorder = Recorder(),
  events: ChildProcess.Events? = nil, _ body: (ChildProcess, Recorder) async throws -> R
) async throws -> R {
  let logger = Logger(label: "test") { _ in RecordingLogHandler(recorder: recorder) }
  let child = ChildProcess(
    name: "fixture", command: command, on: MultiThreadedEventLoopGroup.singleton.any(), configuration: configuration,
    logger: logger, events: events ?? recorder.events)
  child.start()
  do {
    let result = try await body(child, recorder)
    await child.stop()
    return result
  } catch {
    await child.stop()
    throw error
  }
}

func shell(_ script: String, environment: [String: String] = [:]) -> ChildCommand {
  ChildCommand("/bin/sh", arguments: ["-c", script], environment: environment)
}

/// A named pipe that processes hold open for as long as they live: it ends when the last of them has.
final class Lifeline: Sendable {
  let path: String
  let recorder = Recorder()
  private let channel: any Channel

  init() async throws {
    path = (ChildCommand.ownVariable("TMPDIR") ?? "/tmp") + "/sluice-lifeline-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    guard mkfifo(path, 0o600) == 0 else { throw IOError(errnoCode: errno, reason: "mkfifo") }
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "open") }
    let recorder = recorder
    channel = try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Lines { recorder.record(.line(0, $0)) })
        }
      }
      .takingOwnershipOfDescriptor(input: descriptor).get()
    channel.closeFuture.whenComplete { _ in recorder.record(.exited(0, .outputClosed)) }
  }

  /// Waits until a process has written `word`, and so holds the pipe.
  func wait(for word: String) async throws { try await recorder.waitForLine(word) }

  /// Waits until no process holds the pipe any more.
  func waitForEnd() async throws { _ = try await recorder.waitForExit(0) }

  deinit { unlink(path) }

  private final class Lines: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private var text = ""
    private let body: (String) -> Void

    init(_ body: @escaping (String) -> Void) { self.body = body }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      text += String(buffer: unwrapInboundIn(data))
      while let end = text.firstIndex(of: "\n") {
        body(String(text[..<end]))
        text = String(text[text.index(after: end)...])
      }
    }
  }
}

/// The helper program of these tests, built beside them.
enum Fixture {
  static let path: String? = {
    // The test bundle is this program, or an argument of it; it lies in the build directory.
    for argument in CommandLine.arguments where argument.contains(".xctest") {
      var directory = argument
      while let slash = directory.lastIndex(of: "/") {
        directory = String(directory[..<slash])
        let candidate = directory + "/stdio-fixture"
        if access(candidate, X_OK) == 0 { return candidate }
      }
    }
    return nil
  }()
}
