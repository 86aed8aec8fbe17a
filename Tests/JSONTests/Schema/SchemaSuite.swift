import Foundation
import JSON
import NIOCore

/// The JSON Schema test suite in the shared folder of third-party data beside the checkout.
enum SchemaSuite {
  struct Group {
    let description: String
    let schema: RawJSON
    let tests: [(description: String, data: RawJSON, isValid: Bool)]
  }

  private static let root: URL = {
    let shared =
      if let path = ProcessInfo.processInfo.environment["SLUICE_SHARED"] { URL(filePath: path) } else {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
          .deletingLastPathComponent().appending(path: "shared")
      }
    return shared.appending(path: "data/json-schema-test-suite")
  }()

  static let isPresent = FileManager.default.fileExists(atPath: root.path())

  /// The names of the files in a folder of the draft, without `.json`.
  static func files(_ folder: String) -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: "tests/draft2020-12/\(folder)").path())) ?? []
    return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
  }

  static func groups(_ file: String) throws -> [Group] {
    try read(root.appending(path: "tests/draft2020-12/\(file).json")).elements.map { group in
      Group(
        description: group["description"]?.string ?? "", schema: group["schema"] ?? .null,
        tests: (group["tests"] ?? .null).elements.map { ($0["description"]?.string ?? "", $0["data"] ?? .null, $0["valid"]?.bool ?? false) })
    }
  }

  private static func read(_ file: URL) throws -> RawJSON {
    try RawJSON(scanning: ByteBuffer(bytes: Data(contentsOf: file)))
  }

  /// The suite's remotes under the URIs that its tests use.
  static let remotes: [String: JSONValue] = {
    var remotes: [String: JSONValue] = [:]
    let folder = root.appending(path: "remotes")
    for name in FileManager.default.enumerator(atPath: folder.path())?.compactMap({ $0 as? String }) ?? [] where name.hasSuffix(".json") {
      remotes["http://localhost:1234/\(name)"] = (try? read(folder.appending(path: name))).map { JSONValue($0) }
    }
    return remotes
  }()

  /// What the validator gets wrong in a file, one line a test; those that `isSkipped` names are left out.
  static func failures(
    in file: String, checksFormats: Bool = false, isSkipped: (_ group: String, _ test: String, _ data: RawJSON) -> Bool = { _, _, _ in false }
  ) throws -> (ran: Int, failures: [String]) {
    var failures: [String] = []
    var ran = 0
    for group in try groups(file) {
      let schema: JSONSchema
      do {
        schema = try JSONSchema(group.schema, resources: remotes, options: JSONSchema.Options(checksFormats: checksFormats))
      } catch {
        failures.append("\(group.description): does not compile: \(error)")
        continue
      }
      for test in group.tests where !isSkipped(group.description, test.description, test.data) {
        ran += 1
        let isValid = schema.isValid(test.data)
        if isValid != test.isValid { failures.append("\(group.description): \(test.description): \(isValid ? "accepted" : "rejected")") }
        let violations = schema.validate(test.data)
        if violations.isEmpty != isValid {
          failures.append("\(group.description): \(test.description): explained as \(violations.map(\.description))")
        }
      }
    }
    return (ran, failures)
  }
}
