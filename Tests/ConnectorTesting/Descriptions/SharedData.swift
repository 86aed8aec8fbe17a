public import Foundation
public import JSON

/// The vendors' descriptions and recorded answers, which lie beside the project and are not part of it: `shared/data/connectors`, or
/// below the folder that SLUICE_SHARED names.
public enum SharedData {
  public static let root: URL? = {
    var candidates: [URL] = []
    if let named = ProcessInfo.processInfo.environment["SLUICE_SHARED"] { candidates.append(URL(filePath: named)) }
    candidates.append(ProjectFiles.root.deletingLastPathComponent().appending(path: "shared"))
    return candidates.map { $0.appending(path: "data/connectors") }
      .first { FileManager.default.fileExists(atPath: $0.appending(path: "SOURCES.md").path) }
  }()

  /// For `.enabled(if:)` of suites that need them.
  public static var isPresent: Bool { root != nil }
  public static let absence = "the vendors' descriptions (../shared/data/connectors) are not there: requests were not checked against them"

  public static func text(_ path: String) throws -> String {
    guard let root else { throw TestDataError("\(path): \(absence)") }
    return try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// - Parameter path: below the folder: `github/octokit-fixtures/labels.json`.
  public static func json(_ path: String) throws -> JSONValue {
    try JSONValue(parsing: try text(path), limits: JSONLimits(bytes: 64 << 20, depth: 256, values: 4_000_000, allowsDuplicateKeys: true))
  }

  /// Names in a folder, in order.
  public static func files(_ path: String) throws -> [String] {
    guard let root else { throw TestDataError("\(path): \(absence)") }
    return try FileManager.default.contentsOfDirectory(atPath: root.appending(path: path).path).sorted()
  }
}

/// Where the project's own files are.
public enum ProjectFiles {
  public static let root: URL = {
    var folder = URL(filePath: #filePath)
    while folder.path != "/", !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) {
      folder = folder.deletingLastPathComponent()
    }
    return folder
  }()
}

public struct TestDataError: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
