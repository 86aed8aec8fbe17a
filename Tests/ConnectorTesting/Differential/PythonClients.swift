internal import Foundation
internal import Synchronization

/// Vendors' and communities' Python clients, which do the same acts as our tools against a ``VendorDouble``.
///
/// A program imports `acts` (Python/acts.py) and marks functions with `@act("name")`; `acts.run()` calls each, after telling the
/// double which comes. What a client makes of the answers does not matter: errors of an act are printed and passed over.
public enum PythonClients {
  /// The interpreter with scripts/python-requirements-connectors.txt; nil if there is none.
  public static let interpreter: String? = {
    if let named = ProcessInfo.processInfo.environment["SLUICE_PYTHON_CONNECTORS"] { return named }
    let folder = ProjectFiles.root.appending(path: ".build/venv-connectors")
    // Written last by scripts/python.sh: without it the packages are not all there.
    guard FileManager.default.fileExists(atPath: folder.appending(path: "requirements.installed").path) else { return nil }
    return folder.appending(path: "bin/python").path
  }()

  public static var isPresent: Bool { interpreter != nil }
  public static let absence = "scripts/python.sh has not made .build/venv-connectors: requests were not compared with those of Python clients"

  /// Runs a program to its end.
  ///
  /// - Parameters:
  ///   - program: below the project's root.
  ///   - seconds: after which it is killed.
  /// - Returns: what it sent, by the names of its acts.
  public static func capture(
    _ program: String, _ vendor: VendorDouble, environment: [String: String] = [:], seconds: Double = 120
  ) async throws -> [String: [CapturedRequest]] {
    guard let interpreter else { throw TestDataError(absence) }
    let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-python-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let output = folder.appending(path: "output")
    try Data().write(to: output)

    let process = Process()
    process.executableURL = URL(filePath: interpreter)
    process.arguments = [ProjectFiles.root.appending(path: program).path]
    process.currentDirectoryURL = folder
    let home = folder.path
    process.environment = ProcessInfo.processInfo.environment.merging(
      [
        "VENDOR_URL": vendor.url, "PYTHONPATH": ProjectFiles.root.appending(path: "Tests/ConnectorTesting/Python").path, "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": home, "XDG_CACHE_HOME": home, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
      ].merging(environment) { $1 }
    ) { $1 }
    process.standardInput = FileHandle.nullDevice
    // A file rather than a pipe: nobody has to read while it runs.
    let handle = try FileHandle(forWritingTo: output)
    process.standardOutput = handle
    process.standardError = handle
    try await end(of: process, within: seconds)
    guard process.terminationStatus == 0 else {
      throw TestDataError("\(program) ended with status \(process.terminationStatus):\n\(try String(contentsOf: output, encoding: .utf8).suffix(4000))")
    }
    return vendor.acts
  }

  /// One start at a time: Foundation's `Process.run()` on Linux crashed now and then when tests started many at once.
  private static let starts = Mutex(())

  private static func end(of process: Process, within seconds: Double) async throws {
    let watch = Task {
      try await Task.sleep(for: .seconds(seconds))
      process.terminate()
    }
    defer { watch.cancel() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        process.terminationHandler = { _ in continuation.resume() }
        do { try starts.withLock { _ in try process.run() } } catch { continuation.resume(throwing: error) }
      }
    } onCancel: {
      process.terminate()
    }
  }
}
