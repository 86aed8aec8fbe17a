import Foundation
import JSON
import Synchronization
import Testing

/// A Python program beside this file, which uses the `sluice` binary and tells of its findings line by line (Python/checks.py).
struct PythonProgram {
  /// The root of the project.
  static let root: URL = {
    var folder = URL(filePath: #filePath)
    while folder.path != "/", !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) {
      folder = folder.deletingLastPathComponent()
    }
    return folder
  }()

  private static let environment = ProcessInfo.processInfo.environment

  /// The interpreter with the packages of scripts/python-requirements.txt; nil if there is none.
  static let interpreter = interpreter("SLUICE_PYTHON", venv: "venv")
  /// That with the first generation of the `mcp` package.
  static let legacyInterpreter = interpreter("SLUICE_PYTHON_LEGACY", venv: "venv-legacy")

  /// That with `fastmcp`.
  static let fastmcpInterpreter = interpreter("SLUICE_PYTHON_FASTMCP", venv: "venv-fastmcp")

  /// That with authorization servers, and a DPoP verifier.
  static let oauthInterpreter = interpreter("SLUICE_PYTHON_OAUTH", venv: "venv-oauth")
  /// Whether the authorization server of that name is installed (scripts/test-setup.sh).
  static let hasGlewlwyd = ["/usr/bin/glewlwyd", "/usr/local/bin/glewlwyd"].contains { FileManager.default.isExecutableFile(atPath: $0) }

  private static func interpreter(_ variable: String, venv: String) -> String? {
    if let named = environment[variable] { return named }
    let folder = root.appending(path: ".build/\(venv)")
    // Written last by scripts/python.sh: without it the packages are not all there.
    guard FileManager.default.fileExists(atPath: folder.appending(path: "requirements.installed").path) else { return nil }
    return folder.appending(path: "bin/python").path
  }

  /// The folder with the published schemas; nil if it is not there.
  static let shared: String? = {
    let folder = environment["SLUICE_SHARED"] ?? root.deletingLastPathComponent().appending(path: "shared").path
    return FileManager.default.fileExists(atPath: folder + "/spec") ? folder : nil
  }()

  /// Whether there is a history for `mcp-server-git` to tell.
  static let isRepository = FileManager.default.fileExists(atPath: root.appending(path: ".git").path)

  /// The binary that was built with these tests.
  static let binary: String = {
    // On Linux the test program lies beside the executables; on macOS it lies inside a bundle beside them.
    var folder = Bundle.main.bundleURL
    for _ in 0..<5 {
      let candidate = folder.appending(path: "sluice").path
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
      folder = folder.deletingLastPathComponent()
    }
    return root.appending(path: ".build/debug/sluice").path
  }()

  /// A sentence that the program found to hold, or not.
  struct Check {
    var sentence: String
    var holds: Bool
    var detail: String
  }

  /// Runs a program to its end and records an issue for each check that fails.
  ///
  /// - Parameters:
  ///   - python: nil for ``interpreter``.
  ///   - seconds: after which it is told to end, and killed 15 seconds later.
  static func run(_ name: String, _ arguments: String..., python: String? = nil, seconds: Double = 240, at location: SourceLocation = #_sourceLocation) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-interop-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (output, errors) = (folder.appending(path: "output"), folder.appending(path: "errors"))

    let process = Process()
    process.executableURL = URL(filePath: try #require(python ?? interpreter))
    process.arguments = [root.appending(path: "Tests/InteropTests/Python/\(name)").path] + arguments
    process.currentDirectoryURL = folder
    process.environment = environment.merging([
      "SLUICE_ROOT": root.path, "SLUICE_BINARY": binary, "SLUICE_SHARED": shared ?? "", "SLUICE_PYTHON_LEGACY": legacyInterpreter ?? "",
      "SLUICE_PYTHON_OAUTH": oauthInterpreter ?? "", "SLUICE_PYTHON_FASTMCP": fastmcpInterpreter ?? "",
      "PYTHONDONTWRITEBYTECODE": "1",
    ]) { $1 }
    process.standardInput = FileHandle.nullDevice
    // Files rather than pipes: nobody has to read while it runs.
    process.standardOutput = try FileHandle(forWritingTo: created(output))
    process.standardError = try FileHandle(forWritingTo: created(errors))
    try await end(of: process, within: seconds)

    let said = try String(contentsOf: output, encoding: .utf8)
    let complaints = try String(contentsOf: errors, encoding: .utf8)
    let (checks, isDone) = parse(said)
    for check in checks where !check.holds {
      Issue.record("\(check.sentence)\n\(check.detail)", sourceLocation: location)
    }
    if !isDone || checks.isEmpty || process.terminationStatus != 0 {
      Issue.record("\(name) ended early, with status \(process.terminationStatus):\n\(said.suffix(4000))\n\(complaints.suffix(4000))", sourceLocation: location)
    }
  }

  private static func created(_ file: URL) throws -> URL {
    try Data().write(to: file)
    return file
  }

  private static let starts = Mutex(())

  /// One at a time: Foundation's `Process.run()` on Linux crashed now and then when tests started many at once.
  static func start(_ process: Process) throws { try starts.withLock { _ in try process.run() } }

  private static func end(of process: Process, within seconds: Double) async throws {
    let watch = Task {
      try await Task.sleep(for: .seconds(seconds))
      process.terminate()
      try await Task.sleep(for: .seconds(15))
      kill(process.processIdentifier, SIGKILL)
    }
    defer { watch.cancel() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        process.terminationHandler = { _ in continuation.resume() }
        do { try start(process) } catch { continuation.resume(throwing: error) }
      }
    } onCancel: {
      process.terminate()
    }
  }

  private static func parse(_ output: String) -> (checks: [Check], isDone: Bool) {
    var checks: [Check] = []
    var isDone = false
    for line in output.split(separator: "\n") {
      guard let message = try? JSONValue(parsing: String(line)) else { continue }
      if message["done"] != nil { isDone = true }
      if let sentence = message["check"]?.string {
        checks.append(Check(sentence: sentence, holds: message["ok"]?.bool ?? false, detail: message["detail"]?.string ?? ""))
      }
    }
    return (checks, isDone)
  }
}
