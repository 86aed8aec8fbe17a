internal import CSpawn
internal import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A started process: the leader of its own process group.
final class StartedProcess: Sendable {
  let id: pid_t
  /// Our ends of its pipes. Whoever receives the process owns and closes them.
  let input: CInt
  let output: CInt
  let error: CInt

  /// Guards the id: once the process is reaped, its number may be anyone's.
  private let reaped = Mutex(false)

  init(id: pid_t, input: CInt, output: CInt, error: CInt) {
    self.id = id
    self.input = input
    self.output = output
    self.error = error
  }

  func signalGroup(_ signal: CInt) {
    reaped.withLock { reaped in
      if !reaped { _ = kill(-id, signal) }
    }
  }

  func closeDescriptors() {
    for descriptor in [input, output, error] { _ = close(descriptor) }
  }

  /// Kills what is left of the group of an ended process, then reaps it. In this order, because the unreaped leader keeps
  /// the number of the group from being given to others.
  fileprivate func reap() -> TerminationStatus {
    reaped.withLock { reaped in
      _ = kill(-id, SIGKILL)
      ProcessSentinel.shared.forget(group: id)
      var code: CInt = -1
      var signal: CInt = -1
      _ = cspawn_reap(id, &code, &signal)
      reaped = true
      return signal >= 0 ? .signal(signal) : .code(code)
    }
  }
}

/// Starts a process on a thread that stays with it until it has ended.
///
/// One thread a process, asleep in `waitid`, does three things at once: Linux sends a child its death signal when the thread
/// that forked it ends, so that thread must outlive the child; a search of `PATH` or an exec on a hanging file system delays
/// nobody else; and the status is collected without a `SIGCHLD` handler, which would be the whole process's.
enum ProcessThread {
  /// `started` is called on the thread with the process or the reason why there is none; after the former, `ended` once.
  static func start(
    _ command: ChildCommand,
    started: @escaping @Sendable (Result<StartedProcess, SpawnError>) -> Void,
    ended: @escaping @Sendable (TerminationStatus) -> Void
  ) {
    let body = Body {
      switch Result(catching: { () throws(SpawnError) in try spawn(command) }) {
      case .failure(let error):
        started(.failure(error))
      case .success(let process):
        started(.success(process))
        _ = cspawn_await(process.id)
        ended(process.reap())
      }
    }
    let context = Unmanaged.passRetained(body).toOpaque()
    let error = cspawn_thread({ Unmanaged<Body>.fromOpaque($0!).takeRetainedValue().run() }, context)
    if error != 0 {
      Unmanaged<Body>.fromOpaque(context).release()
      started(.failure(.system(call: "pthread_create", errno: error)))
    }
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private static func spawn(_ command: ChildCommand) throws(SpawnError) -> StartedProcess {
    let environment = command.childEnvironment()
    let path = try command.executable(in: environment)
    var pipes: [(reader: CInt, writer: CInt)] = []
    for _ in 0..<3 {
      var pipe: (reader: CInt, writer: CInt) = (-1, -1)
      let error = cspawn_pipe(&pipe.reader, &pipe.writer)
      if error != 0 {
        for pipe in pipes { _ = (close(pipe.reader), close(pipe.writer)) }
        throw .system(call: "pipe", errno: error)
      }
      pipes.append(pipe)
    }

    var failure = cspawn_failure()
    let id = withStrings([command.command] + command.arguments) { arguments in
      withStrings(environment.map { $0.key + "=" + $0.value }.sorted()) { variables in
        withString(path) { path in
          withString(command.workingDirectory) { directory in
            var request = cspawn_request(
              path: path, arguments: arguments, environment: variables, directory: directory,
              input: pipes[0].reader, output: pipes[1].writer, error: pipes[2].writer,
              sentinel: ProcessSentinel.shared.descriptor, survives: 0)
            return cspawn_start(&request, &failure)
          }
        }
      }
    }
    for descriptor in [pipes[0].reader, pipes[1].writer, pipes[2].writer] { _ = close(descriptor) }
    let process = StartedProcess(id: id, input: pipes[0].writer, output: pipes[1].reader, error: pipes[2].reader)
    if id < 0 {
      process.closeDescriptors()
      throw error(failure, command: command, path: path)
    }
    return process
  }

  private static func error(_ failure: cspawn_failure, command: ChildCommand, path: String) -> SpawnError {
    switch (failure.stage, failure.error) {
    case (cspawn_stage_directory, let code):
      return .workingDirectory(path: command.workingDirectory ?? "", errno: code)
    case (cspawn_stage_exec, ENOENT), (cspawn_stage_exec, ENOTDIR):
      let directory = command.workingDirectory.map { $0 + "/" } ?? ""
      let found = access(path.hasPrefix("/") ? path : directory + path, F_OK) == 0
      return found ? .interpreterNotFound(path: path) : .commandNotFound(command: command.command, searched: [])
    case (cspawn_stage_exec, EACCES), (cspawn_stage_exec, ENOEXEC):
      return .notExecutable(path: path)
    case (cspawn_stage_exec, let code):
      return .system(call: "exec \(path)", errno: code)
    case (_, let code):
      return .system(call: "fork", errno: code)
    }
  }
}
