import Foundation
import JSON
import MCPHTTP
import Synchronization
import Testing

/// Runs of `everything-client` as conformance tooling starts it, and what it sent, held against the schema of its revision.
enum EverythingClientScenario {
  struct Outcome {
    var succeeded: Bool
    var said: String
  }

  /// The binary that was built with these tests.
  private static let binary: String = {
    // On Linux the test program lies beside the executables; on macOS it lies inside a bundle beside them.
    var folder = Bundle.main.bundleURL
    for _ in 0..<5 {
      let candidate = folder.appending(path: "everything-client").path
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
      folder = folder.deletingLastPathComponent()
    }
    return ".build/debug/everything-client"
  }()

  /// One start at a time: Foundation's `Process.run()` on Linux crashed now and then when tests started many at once.
  private static let starts = Mutex(())

  /// Runs a scenario to its end, for at most a minute.
  static func run(_ scenario: String, _ revision: String, _ url: String, context: JSONValue) async throws -> Outcome {
    let process = Process()
    process.executableURL = URL(filePath: binary)
    process.arguments = [url]
    process.environment = ProcessInfo.processInfo.environment.merging([
      "MCP_CONFORMANCE_SCENARIO": scenario, "MCP_CONFORMANCE_PROTOCOL_VERSION": revision, "MCP_CONFORMANCE_CONTEXT": context.text,
    ]) { $1 }
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
      do { try starts.withLock { _ in try process.run() } } catch { continuation.resume(throwing: error) }
    }
    return Outcome(
      succeeded: process.terminationStatus == 0, said: String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self))
  }

  /// Where the published schemas are; nil if they are not there.
  static let schemas: String? = {
    var root = URL(filePath: #filePath)
    while root.path != "/", !FileManager.default.fileExists(atPath: root.appending(path: "Package.swift").path) { root = root.deletingLastPathComponent() }
    let folder = ProcessInfo.processInfo.environment["SLUICE_SHARED"] ?? root.deletingLastPathComponent().appending(path: "shared").path
    return FileManager.default.fileExists(atPath: folder + "/spec") ? folder + "/spec" : nil
  }()

  /// Records an issue for each message that the schema of the revision does not allow.
  static func validate(_ messages: [JSONValue], _ revision: String, _ location: SourceLocation = #_sourceLocation) throws {
    for message in messages {
      guard let schema = try schema(of: message["method"]?.string ?? "", revision) else {
        Issue.record("no message of this name in \(revision): \(message.text)", sourceLocation: location)
        continue
      }
      if let violation = schema.validate(message.raw).first { Issue.record("\(revision): \(violation)\n\(message.text)", sourceLocation: location) }
    }
  }

  /// Compiling the whole document takes a while, and there are many scenarios.
  private static let compiled = Mutex<[String: JSONSchema]>([:])

  private static func schema(of method: String, _ revision: String) throws -> JSONSchema? {
    try compiled.withLock { compiled in
      if let known = compiled[revision + method] { return known }
      var document = try JSONValue(parsing: String(contentsOfFile: "\(try #require(schemas))/\(revision)/schema.json", encoding: .utf8))
      let definition = document["$defs"]?.object?.first { $0.1["properties"]?["method"]?["const"]?.string == method }
      guard let definition else { return nil }
      document["$ref"] = .string("#/$defs/\(definition.0)")
      let schema = try JSONSchema(document)
      compiled[revision + method] = schema
      return schema
    }
  }
}
