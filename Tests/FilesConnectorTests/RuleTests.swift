import ConnectorTesting
import Foundation
import JSON
import MCP
import Testing

@Suite("Files under rules of policy", .timeLimit(.minutes(2)))
struct RuleTests {
  private static func only(_ pattern: String) -> JSONObject { [MetaKey.rows: ["File": ["like", "path", .string(pattern)]], MetaKey.clearance: ["internal"]] }

  private func readable() throws -> FilesUnderTest {
    let test = try FilesUnderTest()
    try test.write("docs/open/a.md", "the plan\n")
    try test.write("docs/open/deep/c.md", "another plan\n")
    try test.write("docs/closed/b.md", "the secret plan\n")
    try test.link("docs/open/alias.md", to: "../closed/b.md")
    try test.link("docs/open/side", to: "../closed")
    return test
  }

  private static let open = only("docs/open/*")

  @Test("What a rule hides is not listed, found, completed or told by its root")
  func lists() async throws {
    let test = try readable()
    func paths(_ tool: String, _ arguments: JSONValue, _ member: String = "files") async throws -> [String] {
      try await test.files.structured(tool, arguments, meta: Self.open)[member]?.array?.compactMap { $0["path"]?.string } ?? []
    }
    #expect(try await paths("list_directory", ["path": "docs/open"]) == ["docs/open/a.md", "docs/open/deep"])
    #expect(try await paths("directory_tree", ["path": "docs"]) == ["docs/open/a.md", "docs/open/deep", "docs/open/deep/c.md"])
    #expect(try await paths("search_files", ["path": "docs", "pattern": "*.md"]) == ["docs/open/a.md", "docs/open/deep/c.md"])
    #expect(try await paths("search_text", ["path": "docs", "text": "plan"], "matches") == ["docs/open/a.md", "docs/open/deep/c.md"])
    #expect(try await test.files.structured("list_roots", meta: Self.open)["roots"]?.array?.compactMap { $0["name"]?.string } == ["docs"])
    func complete(_ value: String) async throws -> [String] {
      try await test.files.complete(.resourceTemplate("files://{root}/{+path}", argument: "path"), value, ["root": "docs"], meta: Self.open)
    }
    #expect(try await complete("open/") == ["open/a.md", "open/deep/"])
    #expect(try await complete("closed/") == [])
    #expect(try await test.files.complete(.resourceTemplate("files://{root}/{+path}", argument: "root"), "d", meta: Self.open) == ["docs"])
  }

  @Test(
    "What a rule hides is answered like what does not exist, by its own path and by links", arguments: ["docs/closed/b.md", "docs/open/alias.md", "docs/open/side/b.md"])
  func reading(_ path: String) async throws {
    let test = try readable()
    for tool in ["read_file", "get_file_info"] {
      #expect(try await test.files.failure(tool, ["path": .string(path)], meta: Self.open) == "There is no \(path).", "\(tool)")
      #expect(try await !test.files.call(tool, ["path": .string(path)]).isError)
    }
    let both = try await test.files.structured("read_files", ["paths": [.string(path), "docs/open/a.md"]], meta: Self.open)
    #expect(both["files"]?.array?.count == 1 && both["failed"]?.array?.first?["reason"] == .string("There is no \(path)."))
    #expect(try await test.files.failure("search_text", ["path": .string(path), "text": "plan"], meta: Self.open) == "There is no \(path).")
    await #expect(throws: ClientError.self) { try await test.files.read("files://\(path)", meta: Self.open) }
    #expect("\(try await test.files.read("files://docs/open/a.md", meta: Self.open).contents)".contains("the plan"))
  }

  @Test("A directory in which nothing may be seen is not there", arguments: ["docs/closed", "docs/open/side", "drafts"])
  func directories(_ path: String) async throws {
    let test = try readable()
    for (tool, arguments) in [
      ("list_directory", ["path": .string(path)]), ("directory_tree", ["path": .string(path)]), ("search_files", ["path": .string(path), "pattern": "*"]),
      ("search_text", ["path": .string(path), "text": "plan"]),
    ] as [(String, JSONValue)] {
      #expect(try await test.files.failure(tool, arguments, meta: Self.open) == "There is no \(path).", "\(tool)")
    }
    await #expect(throws: ClientError.self) { try await test.files.read("files://drafts", meta: Self.open) }
  }

  @Test("Nobody who may see nothing sees a root")
  func none() async throws {
    let test = try readable()
    let meta: JSONObject = [MetaKey.rows: [:]]
    #expect(try await test.files.structured("list_roots", meta: meta)["roots"] == [])
    #expect(try await test.files.failure("directory_tree", ["path": "docs"], meta: meta) == "There is no docs.")
  }

  @Test("Nothing is changed, made, moved or copied but what may be seen before and after")
  func writing() async throws {
    let test = try FilesUnderTest()
    let mine = Self.only("drafts/mine/*")
    try test.write("drafts/mine/a.md", "one\n")
    try test.write("drafts/mine/folder/x.md", "x")
    try test.write("drafts/others/b.md", "two\n")
    for (tool, arguments) in [
      ("write_file", ["path": "drafts/others/new.md", "text": "x"]), ("write_file", ["path": "drafts/others/b.md", "text": "x", "overwrite": true]),
      ("edit_file", ["path": "drafts/others/b.md", "edits": [["old": "two", "new": "2"]]]),
      ("edit_file", ["path": "drafts/others/b.md", "edits": [["old": "two", "new": "2"]], "dry_run": true]),
      ("append_file", ["path": "drafts/others/b.md", "text": "x", "create": true]), ("create_directory", ["path": "drafts/others/folder"]),
      ("move_file", ["path": "drafts/mine/a.md", "to": "drafts/others/a.md"]), ("move_file", ["path": "drafts/others/b.md", "to": "drafts/mine/b.md"]),
      ("move_file", ["path": "drafts/mine/folder", "to": "drafts/mine/moved"]), ("copy_file", ["path": "drafts/others/b.md", "to": "drafts/mine/b.md"]),
      ("copy_file", ["path": "drafts/mine/a.md", "to": "drafts/others/a.md"]), ("delete_file", ["path": "drafts/others/b.md"]),
    ] as [(String, JSONValue)] {
      let answer = try await test.files.failure(tool, arguments, meta: mine)
      #expect(!answer.contains("two") && !answer.contains("exists"), "\(answer)")
    }
    #expect(test.text("drafts/others/b.md") == "two\n" && test.text("drafts/mine/a.md") == "one\n")
    #expect(try FileManager.default.subpathsOfDirectory(atPath: test.url("drafts").path).count == 6)

    for (tool, arguments) in [
      ("write_file", ["path": "drafts/mine/new.md", "text": "x"]), ("edit_file", ["path": "drafts/mine/a.md", "edits": [["old": "one", "new": "1"]]]),
      ("append_file", ["path": "drafts/mine/a.md", "text": "2\n"]), ("copy_file", ["path": "drafts/mine/a.md", "to": "drafts/mine/b.md"]),
      ("move_file", ["path": "drafts/mine/b.md", "to": "drafts/mine/c.md"]), ("delete_file", ["path": "drafts/mine/new.md"]),
      ("create_directory", ["path": "drafts/mine/more"]),
    ] as [(String, JSONValue)] {
      _ = try await test.files.structured(tool, arguments, meta: mine)
    }
    #expect(test.text("drafts/mine/c.md") == "1\n2\n" && !test.exists("drafts/mine/new.md"))
  }
}
