import Foundation
import MCP
import Synchronization
import Testing

/// An example as a user runs it: a program beside the tests.
struct ExampleProgram {
  let name: String

  init(_ name: String) { self.name = name }

  var path: String {
    // On Linux the test program lies beside the executables; on macOS it lies inside a bundle beside them.
    var folder = Bundle.main.bundleURL
    for _ in 0..<5 {
      let candidate = folder.appending(path: name).path
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
      folder = folder.deletingLastPathComponent()
    }
    return ".build/debug/\(name)"
  }

  private static let starts = Mutex(())

  /// One at a time: Foundation's `Process.run()` on Linux crashed now and then when tests started many at once.
  static func start(_ process: Process) throws { try starts.withLock { _ in try process.run() } }

  /// What the program printed and how it ended.
  struct Outcome {
    var output: String
    var status: Int32
  }

  /// Runs the program to its end, for at most a minute.
  func run(_ arguments: [String], input: String = "") async throws -> Outcome {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = FileHandle.nullDevice
    let watch = Task {
      try await Task.sleep(for: .seconds(60))
      process.terminate()
    }
    defer { watch.cancel() }
    let status = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try Self.start(process)
        try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try stdin.fileHandleForWriting.close()
      } catch { continuation.resume(throwing: error) }
    }
    // All of it fits into the pipe.
    let output = String(decoding: stdout.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return Outcome(output: output, status: status)
  }

  /// Starts the program, which prints the URL that it serves as its first line, for the length of `body`.
  func serving<R>(_ arguments: [String], _ body: (String) async throws -> R) async throws -> R {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    let stdout = Pipe()
    process.standardOutput = stdout
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let watch = Task {
      try await Task.sleep(for: .seconds(60))
      process.terminate()
    }
    defer {
      watch.cancel()
      process.terminate()
    }
    try Self.start(process)
    // Ends with the process, if it says nothing.
    let line = String(decoding: stdout.fileHandleForReading.availableData, as: UTF8.self)
    let url = try #require(line.split(separator: "\n").first.map(String.init), "\(name) did not say where it serves")
    return try await body(url)
  }
}

/// How a test reaches the server of an example.
enum Way: String, CaseIterable, Sendable { case stdio, http }

extension ExampleProgram {
  /// A client of the example, which must take `--port 0`.
  func withClient(
    _ way: Way, handlers: ClientHandlers = ClientHandlers(), versions: [ProtocolVersion] = ProtocolVersion.allCases,
    transport: (String) -> ClientTransport, _ body: (Client) async throws -> Void
  ) async throws {
    let settings = Client.Settings(versions: versions, timeout: .seconds(30))
    switch way {
    case .stdio: try await Client.with(.stdio(path), handlers: handlers, settings: settings, body)
    case .http:
      try await serving(["--port", "0"]) { url in
        try await Client.with(transport(url), handlers: handlers, settings: settings, body)
      }
    }
  }
}
