import ConnectorTesting
import Foundation
import JSON
import MCP
import Testing

@Suite("Files as Python has them", .enabled(if: PythonClients.isPresent, "\(PythonClients.absence)"), .timeLimit(.minutes(3)))
struct DifferentialTests {
  /// By tool: what is asked of the connector. Python's part is in Python/files_acts.py.
  static let acts: [(tool: String, arguments: JSONValue)] = [
    ("list_directory", ["path": "docs"]), ("directory_tree", ["path": "docs", "depth": 2]), ("get_file_info", ["path": "docs/guide.md"]),
    ("read_file", ["path": "docs/guide.md", "line": 2, "lines": 3]), ("read_files", ["paths": ["docs/guide.md", "docs/team/notes.txt"]]),
    ("search_files", ["path": "docs", "pattern": "*e*.md"]), ("search_text", ["path": "docs", "text": "deploy"]),
    ("write_file", ["path": "drafts/new.md", "text": "one\né\n"]),
    ("edit_file", ["path": "drafts/old.md", "edits": [["old": "two", "new": "2"], ["old": "three\r\n", "new": ""]]]),
    ("create_directory", ["path": "drafts/folder"]), ("move_file", ["path": "drafts/moved.md", "to": "drafts/folder/there.md"]),
    ("delete_file", ["path": "drafts/gone.md"]), ("copy_file", ["path": "drafts/log.md", "to": "drafts/copy.md"]),
    ("append_file", ["path": "drafts/log.md", "text": "five é\n"]),
  ]

  private static func fill(_ test: FilesUnderTest) throws {
    try test.write("docs/guide.md", "# Guide\r\nDeploy on Friday.\r\n\r\nNever DEPLOY on Monday: é 😀\nthe end")
    try test.write("docs/team/notes.txt", "deploy: yes\n\nlast line without an end")
    try test.write("docs/team/deep/er/Release.md", "nothing here\n")
    try test.write("docs/team/deep/é.md", "a deployment\n")
    try test.write("docs/.hidden/secret.md", "deploy\n")
    try test.write("docs/empty.txt", "")
    for name in ["old", "moved", "gone", "log"] { try test.write("drafts/\(name).md", "one\ntwo\nthree\r\nfour\n") }
  }

  @Test("What is read is what Python reads, and what is changed is what Python makes of a copy")
  func differential() async throws {
    let (test, twin) = (try FilesUnderTest(), try FilesUnderTest())
    for one in [test, twin] { try Self.fill(one) }
    let vendor = try await VendorDouble()
    vendor.always("POST", "/answer", .json([:]))
    let answers = try await PythonClients.capture(
      "Tests/FilesConnectorTests/Python/files_acts.py", vendor, environment: ["TREE": test.folder.path, "TWIN": twin.folder.path])
    for (tool, arguments) in Self.acts {
      let result = try await test.files.structured(tool, arguments)
      let theirs = try #require(answers[tool]?.first?.json, "Python did not do \(tool)")
      #expect(theirs.isNull || theirs == Self.comparable(tool, result), "\(tool)")
    }
    #expect(try Self.tree(test) == Self.tree(twin))
  }

  /// A result in the form in which Python's part tells its own.
  private static func comparable(_ tool: String, _ result: JSONValue) -> JSONValue {
    func sorted(_ texts: [String]) -> JSONValue { .array(texts.sorted().map { .string($0) }) }
    switch tool {
    case "get_file_info": return ["bytes": result["file"]?["bytes"] ?? .null, "modified": result["file"]?["modified"] ?? .null, "kind": result["file"]?["kind"] ?? .null]
    case "read_file": return result["file"]?["text"] ?? .null
    case "read_files": return .array((result["files"]?.array ?? []).map { $0["text"] ?? .null })
    case "search_text":
      return sorted((result["matches"]?.array ?? []).map { "\($0["path"]?.string ?? ""):\($0["line"]?.int ?? 0):\($0["text"]?.string ?? "")" })
    default: return sorted((result["files"]?.array ?? []).compactMap { $0["path"]?.string })
    }
  }

  /// Paths below `drafts` with modes and contents.
  private static func tree(_ test: FilesUnderTest) throws -> [String: String] {
    var found: [String: String] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: test.url("drafts").path) {
      let name = "drafts/\(path)"
      found[name] = "\(String(try test.mode(name), radix: 8)) \(test.text(name) ?? "directory")"
    }
    return found
  }
}
