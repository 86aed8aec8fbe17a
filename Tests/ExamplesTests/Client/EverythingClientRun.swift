import Foundation
import JSON
import Testing

/// Runs of the example `everything-client`.
enum EverythingClientRun {
  /// The binary that was built with these tests.
  static let binary: String = {
    // On Linux the test program lies beside the executables; on macOS it lies inside a bundle beside them.
    var folder = Bundle.main.bundleURL
    for _ in 0..<5 {
      let candidate = folder.appending(path: "everything-client").path
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
      folder = folder.deletingLastPathComponent()
    }
    return ".build/debug/everything-client"
  }()

  /// Runs a scenario to its end, and records an issue if it fails.
  static func run(_ scenario: String, _ revision: String, _ url: String, context: JSONValue? = nil, at location: SourceLocation = #_sourceLocation) async throws {
    let process = Process()
    process.executableURL = URL(filePath: binary)
    process.arguments = [url]
    var environment = ["MCP_CONFORMANCE_SCENARIO": scenario, "MCP_CONFORMANCE_PROTOCOL_VERSION": revision]
    if let context { environment["MCP_CONFORMANCE_CONTEXT"] = context.text }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let errors = Pipe()
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    let watch = Task {
      try await Task.sleep(for: .seconds(60))
      process.terminate()
    }
    defer { watch.cancel() }
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in continuation.resume() }
      do { try ExampleProgram.start(process) } catch { continuation.resume(throwing: error) }
    }
    guard process.terminationStatus != 0 else { return }
    let said = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
    Issue.record("\(scenario) ended with status \(process.terminationStatus): \(said)", sourceLocation: location)
  }
}
