internal import CSpawn

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A program of this machine that turns a document into text, run bounded: with an empty environment, a file as its input, so many
/// seconds, so much memory where `prlimit` is there, and so many bytes of output. It is killed with all that it started.
struct TextTool: Sendable {
  enum Failure: Error, Sendable {
    /// There is no such program.
    case missing
    case timeout
    case tooLong
    case failed(code: Int32)
  }

  let path: String

  private static let directories = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/homebrew/bin"]
  private static let seconds = 20
  private static let memory = 1 << 30

  /// Nil where the machine does not have it.
  init?(named name: String) {
    guard let directory = Self.directories.first(where: { access($0 + "/" + name, X_OK) == 0 }) else { return nil }
    path = directory + "/" + name
  }

  /// Runs the program and waits for its end.
  ///
  /// - Parameter arguments: without the program's name. `@` stands for the document's path.
  /// - Returns: what it wrote to its output.
  func run(_ arguments: [String], on document: [UInt8], maximumBytes: Int) -> Result<[UInt8], Failure> {
    guard let (file, input) = Self.temporary(document) else { return .failure(.failed(code: -1)) }
    defer {
      unlink(file)
      close(input)
    }
    var command = [path] + arguments.map { $0 == "@" ? file : $0 }
    if let limiter = TextTool(named: "prlimit") { command = [limiter.path, "--as=\(Self.memory)", "--cpu=\(Self.seconds)", "--"] + command }
    return Self.run(command, input, maximumBytes)
  }

  private static func run(_ command: [String], _ input: Int32, _ maximumBytes: Int) -> Result<[UInt8], Failure> {
    var (reader, writer): (Int32, Int32) = (-1, -1)
    guard cspawn_pipe(&reader, &writer) == 0 else { return .failure(.failed(code: -1)) }
    let standardInput = cspawn_duplicate(input)
    let null = cspawn_null()
    defer { close(reader) }
    let process = spawn(command, standardInput, writer, null)
    for descriptor in [writer, standardInput, null] where descriptor >= 0 { close(descriptor) }
    guard process > 0 else { return .failure(.missing) }

    let output = read(reader, maximumBytes)
    // Also when all came: whoever is left in the group has nothing more to do.
    if case .failure = output { kill(-process, SIGKILL) }
    _ = cspawn_await(process)
    kill(-process, SIGKILL)
    var (code, signal): (Int32, Int32) = (-1, -1)
    _ = cspawn_reap(process, &code, &signal)
    if case .success = output, code != 0 { return .failure(.failed(code: code)) }
    return output
  }

  private static func spawn(_ command: [String], _ input: Int32, _ output: Int32, _ error: Int32) -> pid_t {
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    var environment: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/bin:/bin"), strdup("LC_ALL=C.UTF-8"), nil]
    defer { for pointer in arguments + environment { free(pointer) } }
    return command[0].withCString { path in
      arguments.withUnsafeMutableBufferPointer { arguments in
        environment.withUnsafeMutableBufferPointer { environment in
          guard let arguments = arguments.baseAddress, let environment = environment.baseAddress else { return -1 }
          var request = cspawn_request()
          request.path = path
          request.arguments = UnsafePointer(arguments)
          request.environment = UnsafePointer(environment)
          request.directory = nil
          (request.input, request.output, request.error) = (input, output, error)
          request.sentinel = -1
          request.survives = 0
          var failure = cspawn_failure()
          return cspawn_start(&request, &failure)
        }
      }
    }
  }

  private static func read(_ descriptor: Int32, _ maximumBytes: Int) -> Result<[UInt8], Failure> {
    let end = now() + Int64(seconds) * 1000
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let left = end - now()
      guard left > 0 else { return .failure(.timeout) }
      let ready = poll(&waiting, 1, Int32(left))
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else { return .failure(.timeout) }
      let count = readBytes(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return .failure(.failed(code: -1)) }
      if count == 0 { return .success(output) }
      guard output.count + count <= maximumBytes else { return .failure(.tooLong) }
      output += chunk[..<count]
    }
  }

  /// Milliseconds of a clock that only goes forward.
  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// A file that only this user can read, and a descriptor at its start.
  private static func temporary(_ bytes: [UInt8]) -> (path: String, descriptor: Int32)? {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(folder)/sluice-document-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { return nil }
    let path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        close(descriptor)
        unlink(path)
        return nil
      }
      rest = rest.dropFirst(count)
    }
    lseek(descriptor, 0, SEEK_SET)
    return (path, descriptor)
  }
}
