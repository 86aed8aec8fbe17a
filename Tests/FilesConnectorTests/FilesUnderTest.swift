import ConnectorTesting
import FilesConnector
import Foundation
import JSON
import MCP
import Testing

/// A folder of its own with a root `docs` that is read-only, a root `drafts` that is writable, and things outside of both.
final class FilesUnderTest: Sendable {
  let folder: URL
  let files: ConnectorUnderTest<FilesConnector>

  init(_ settings: JSONObject = JSONObject(), prepare: (URL) throws -> Void = { _ in }) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "sluice-files-\(UUID().uuidString)")
    for name in ["docs", "drafts", "outside"] {
      try FileManager.default.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
    }
    try Data("the secret of the house".utf8).write(to: folder.appending(path: "outside/secret.txt"))
    try prepare(folder)
    var all: JSONObject = [
      "roots": [
        "docs": .string(folder.appending(path: "docs").path),
        "drafts": ["path": .string(folder.appending(path: "drafts").path), "writable": true],
      ], "toolsets": ["read", "write", "delete"],
    ]
    for (name, value) in settings { all[name] = value }
    files = try ConnectorUnderTest(FilesConnector.self, all)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func url(_ path: String) -> URL { folder.appending(path: path) }
  func write(_ path: String, _ text: String) throws { try write(path, Array(text.utf8)) }
  func write(_ path: String, _ bytes: [UInt8]) throws {
    try FileManager.default.createDirectory(at: url(path).deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url(path))
  }
  func link(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: url(path).path, withDestinationPath: target)
  }
  func text(_ path: String) -> String? { try? String(contentsOf: url(path), encoding: .utf8) }
  func exists(_ path: String) -> Bool { (try? FileManager.default.attributesOfItem(atPath: url(path).path)) != nil }
  func mode(_ path: String) throws -> Int { ((try FileManager.default.attributesOfItem(atPath: url(path).path))[.posixPermissions] as? NSNumber)?.intValue ?? 0 }

  /// Names of a list in a result.
  func names(_ tool: String, _ arguments: JSONValue, member: String = "files") async throws -> [String] {
    try await files.structured(tool, arguments)[member]?.array?.compactMap { $0["path"]?.string } ?? []
  }
}
