import ConnectorTesting
import Foundation
import JSON
import Testing

@Suite("Files are found", .timeLimit(.minutes(2)))
struct SearchTests {
  private func library() throws -> FilesUnderTest {
    let test = try FilesUnderTest()
    try test.write("docs/guide.md", "# Guide\nDeploy on Friday.\r\nNever deploy on monday.\n")
    try test.write("docs/team/notes.txt", "deploy: DEPLOY\nstraße und STRASSE\n")
    try test.write("docs/team/deep/Guide.swift", "let deploy = true\n")
    try test.write("docs/binary.bin", [0x64, 0x65, 0x70, 0x6C, 0x6F, 0x79, 0x00])
    return test
  }

  static let patterns: [(pattern: String, found: [String])] = [
    ("*.md", ["docs/guide.md"]), ("GUIDE*", ["docs/guide.md", "docs/team/deep/Guide.swift"]), ("team/*.txt", ["docs/team/notes.txt"]), ("deep", ["docs/team/deep"]),
    ("*", ["docs/binary.bin", "docs/guide.md", "docs/team", "docs/team/deep", "docs/team/notes.txt", "docs/team/deep/Guide.swift"]), ("nothing*", []),
    ("[a-z]", []), ("../*", []),
  ]

  @Test("By name: a star stands for any characters, and nothing else stands for anything", arguments: patterns)
  func byName(_ pattern: String, _ found: [String]) async throws {
    #expect(try await library().names("search_files", ["path": "docs", "pattern": .string(pattern)]) == found)
  }

  @Test("By text: each line once, with its number, in files of either line ending")
  func byText() async throws {
    let test = try library()
    let rows = try await test.files.structured("search_text", ["path": "docs", "text": "deploy"])["matches"]?.array ?? []
    #expect(
      rows.map { "\($0["path"]?.string ?? ""):\($0["line"]?.int ?? 0) \($0["text"]?.string ?? "")" } == [
        "docs/guide.md:2 Deploy on Friday.", "docs/guide.md:3 Never deploy on monday.", "docs/team/notes.txt:1 deploy: DEPLOY",
        "docs/team/deep/Guide.swift:1 let deploy = true",
      ])
    #expect(try await test.names("search_text", ["path": "docs", "text": "Deploy", "case_sensitive": true], member: "matches") == ["docs/guide.md"])
    #expect(try await test.names("search_text", ["path": "docs", "text": "deploy", "pattern": "*.swift"], member: "matches") == ["docs/team/deep/Guide.swift"])
    #expect(try await test.names("search_text", ["path": "docs/team/notes.txt", "text": "STRAßE"], member: "matches") == ["docs/team/notes.txt"])
    #expect(try await test.files.failure("search_text", ["path": "docs/none", "text": "x"]).contains("There is no docs/none"))
  }

  @Test("A search that was cut says so, whether by its limit or by the length of a file")
  func bounds() async throws {
    let test = try FilesUnderTest(["maximum_bytes": 1024])
    try test.write("docs/many.txt", String(repeating: "hit\n", count: 50))
    try test.write("docs/long.txt", String(repeating: "x", count: 2000) + "\nneedle\n")
    let cut = try await test.files.structured("search_text", ["path": "docs/many.txt", "text": "hit", "limit": 10])
    #expect(cut["matches"]?.array?.count == 10 && cut["truncated"] == true)
    let all = try await test.files.structured("search_text", ["path": "docs/many.txt", "text": "hit", "limit": 50])
    #expect(all["matches"]?.array?.count == 50 && all["truncated"] == nil)
    let long = try await test.files.structured("search_text", ["path": "docs", "text": "needle"])
    #expect(long["matches"] == [] && long["truncated"] == true)
    let names = try await test.files.structured("search_files", ["path": "docs", "pattern": "*", "limit": 1])
    #expect(names["truncated"] == true)
  }

  @Test("A link that leads in a circle is listed and not walked through")
  func circle() async throws {
    let test = try FilesUnderTest()
    try test.write("docs/a/file.txt", "needle\n")
    try test.link("docs/a/loop", to: "..")
    #expect(try await test.names("search_files", ["path": "docs", "pattern": "*"]) == ["docs/a", "docs/a/file.txt", "docs/a/loop"])
    #expect(try await test.names("search_text", ["path": "docs", "text": "needle"], member: "matches") == ["docs/a/file.txt"])
    #expect(try await test.names("list_directory", ["path": "docs/a/loop/a"]) == ["docs/a/loop/a/file.txt", "docs/a/loop/a/loop"])
  }
}
