import ConnectorTesting
import Foundation
import JSON
import MCP
import Synchronization
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Files are changed", .timeLimit(.minutes(2)))
struct WritingTests {
  @Test("A new file is written, an old one only if that is said, and nobody sees half of it")
  func write() async throws {
    let test = try FilesUnderTest()
    let file = try await test.files.structured("write_file", ["path": "drafts/new.md", "text": "one\né\n"])["file"]
    #expect(file?["path"] == "drafts/new.md" && file?["bytes"] == 7)
    #expect(test.text("drafts/new.md") == "one\né\n")
    #expect(try await test.files.failure("write_file", ["path": "drafts/new.md", "text": "two"]).contains("Say overwrite"))
    #expect(test.text("drafts/new.md") == "one\né\n")
    _ = try await test.files.structured("write_file", ["path": "drafts/new.md", "text": "two", "overwrite": true])
    #expect(test.text("drafts/new.md") == "two")
    #expect(try FileManager.default.contentsOfDirectory(atPath: test.url("drafts").path) == ["new.md"])
    #expect(try await test.files.failure("write_file", ["path": "drafts/none/new.md", "text": "x"]).hasPrefix("There is no"))
    #expect(try await test.files.failure("write_file", ["path": "drafts", "text": "x"]).contains("root itself"))
  }

  @Test("Readers of a file that is replaced see the old or the new, whole")
  func atomic() async throws {
    let test = try FilesUnderTest()
    let texts = ["a", "b"].map { String(repeating: $0, count: 200_000) }
    try test.write("drafts/file.txt", texts[0])
    let path = test.url("drafts/file.txt").path
    let seen = Mutex<Set<String>>([])
    let reading = BusyThread {
      if let text = try? String(contentsOfFile: path, encoding: .utf8) { seen.withLock { _ = $0.insert(text) } }
    }
    for round in 0..<20 { _ = try await test.files.structured("write_file", ["path": "drafts/file.txt", "text": .string(texts[round % 2]), "overwrite": true]) }
    reading.end()
    #expect(seen.withLock { $0.isSubset(of: texts) })
  }

  @Test("A file that is replaced keeps its mode, whatever the umask; a new one is not executable")
  func modes() async throws {
    let test = try FilesUnderTest()
    for (name, mode) in [("tool.sh", 0o775), ("private.txt", 0o600), ("shared.txt", 0o666)] {
      try test.write("drafts/\(name)", "old")
      #expect(chmod(test.url("drafts/\(name)").path, mode_t(mode)) == 0)
      _ = try await test.files.structured("write_file", ["path": .string("drafts/\(name)"), "text": "new", "overwrite": true])
      #expect(try test.mode("drafts/\(name)") == mode, "\(name)")
    }
    _ = try await test.files.structured("write_file", ["path": "drafts/new.sh", "text": "x"])
    #expect(try test.mode("drafts/new.sh") & 0o133 == 0)
  }

  @Test("An edit tells its diff, and a dry run nothing but that")
  func diff() async throws {
    let test = try FilesUnderTest()
    let lines = (1...20).map { "line \($0)\n" }.joined()
    try test.write("drafts/a.txt", lines + "end")
    let edits: JSONValue = [["old": "line 2\n", "new": "LINE 2\nmore\n"], ["old": "end", "new": "end\n"]]
    let expected = """
      @@ -1,5 +1,6 @@
       line 1
      -line 2
      +LINE 2
      +more
       line 3
       line 4
       line 5
      @@ -18,4 +19,4 @@
       line 18
       line 19
       line 20
      -end
      \\ No newline at end of file
      +end

      """
    let dry = try await test.files.structured("edit_file", ["path": "drafts/a.txt", "edits": edits, "dry_run": true])
    #expect(dry["diff"] == .string(expected) && dry["changed"] == false, "\(dry)")
    #expect(test.text("drafts/a.txt") == lines + "end")
    let done = try await test.files.structured("edit_file", ["path": "drafts/a.txt", "edits": edits])
    #expect(done["diff"] == dry["diff"] && done["changed"] == true)
    #expect(test.text("drafts/a.txt")?.hasPrefix("line 1\nLINE 2\nmore\nline 3") == true && test.text("drafts/a.txt")?.hasSuffix("end\n") == true)
  }

  @Test("Text is appended to text, and a file is made for it only if that is said")
  func append() async throws {
    let test = try FilesUnderTest(["maximum_bytes": 1024])
    #expect(try await test.files.failure("append_file", ["path": "drafts/log.txt", "text": "a"]).hasPrefix("There is no"))
    _ = try await test.files.structured("append_file", ["path": "drafts/log.txt", "text": "a\n", "create": true])
    let file = try await test.files.structured("append_file", ["path": "drafts/log.txt", "text": "é\n", "create": true])["file"]
    #expect(test.text("drafts/log.txt") == "a\né\n" && file?["bytes"] == 5)
    #expect(try await test.files.failure("append_file", ["path": "drafts/log.txt", "text": .string(String(repeating: "x", count: 1024))]).contains("more than 1024"))
    try test.write("drafts/data.bin", [0, 1])
    #expect(try await test.files.failure("append_file", ["path": "drafts/data.bin", "text": "a"]).contains("no text file"))
    #expect(try await test.files.failure("append_file", ["path": "docs/log.txt", "text": "a", "create": true]).contains("read-only"))
  }

  @Test("A copy holds the same bytes, replaces nothing unless that is said, and goes only where files may be written")
  func copy() async throws {
    let test = try FilesUnderTest(["maximum_bytes": 1024])
    try test.write("docs/data.bin", [0, 1, 2])
    try test.write("drafts/there.bin", "old")
    _ = try await test.files.structured("copy_file", ["path": "docs/data.bin", "to": "drafts/copy.bin"])
    #expect(try Array(Data(contentsOf: test.url("drafts/copy.bin"))) == [0, 1, 2])
    #expect(try await test.files.failure("copy_file", ["path": "docs/data.bin", "to": "drafts/there.bin"]).contains("Say overwrite"))
    _ = try await test.files.structured("copy_file", ["path": "docs/data.bin", "to": "drafts/there.bin", "overwrite": true])
    #expect(try Array(Data(contentsOf: test.url("drafts/there.bin"))) == [0, 1, 2])
    #expect(try await test.files.failure("copy_file", ["path": "docs/data.bin", "to": "docs/copy.bin"]).contains("read-only"))
    #expect(try await test.files.failure("copy_file", ["path": "drafts/there.bin", "to": "drafts/there.bin", "overwrite": true]).contains("onto itself"))
    try test.write("docs/long.bin", [UInt8](repeating: 0, count: 1025))
    #expect(try await test.files.failure("copy_file", ["path": "docs/long.bin", "to": "drafts/long.bin"]).contains("at most 1024"))
  }

  @Test("What is no plain file is not replaced: a directory, a link, a pipe")
  func others() async throws {
    let test = try FilesUnderTest()
    try test.write("drafts/real.txt", "real")
    try test.link("drafts/link.txt", to: "real.txt")
    try test.link("drafts/dangling.txt", to: "nowhere.txt")
    try FileManager.default.createDirectory(at: test.url("drafts/folder"), withIntermediateDirectories: true)
    #expect(mkfifo(test.url("drafts/pipe").path, 0o600) == 0)
    for name in ["link.txt", "dangling.txt", "folder", "pipe"] {
      #expect(try await test.files.failure("write_file", ["path": .string("drafts/\(name)"), "text": "x", "overwrite": true]).contains("no file that can be replaced"))
      #expect(try await test.files.failure("write_file", ["path": .string("drafts/\(name)"), "text": "x"]).contains("exists already"))
    }
    #expect(test.text("drafts/real.txt") == "real" && !test.exists("drafts/nowhere.txt"))
  }

  static let edits: [(text: String, edits: [(String, String)], result: String?)] = [
    ("one two three", [("two", "2")], "one 2 three"), ("one two three", [("one", "1"), ("1 two", "12")], "12 three"), ("aXbXc", [("X", "-")], nil),
    ("aaa", [("aa", "b")], nil),
    ("abababac", [("ababac", "x")], "abx"), ("aabaaab", [("aaab", "x")], "aabx"), ("abcabc", [("abc", "")], nil),
    ("abc", [("d", "e")], nil), ("abc", [("a", "1"), ("z", "2")], nil), ("a\r\nb\r\n", [("a\r\n", "A\n")], "A\nb\r\n"),
    ("a\r\nb", [("\r\nb", "b")], "ab"), ("cafe\u{301}", [("caf\u{E9}", "x")], nil), ("cafe\u{301}", [("cafe", "x")], "x\u{301}"), ("a", [("a", "")], ""),
    ("😀😀x", [("😀x", "y")], "😀y"),
  ]

  @Test("An edit counts bytes: its old text stands there exactly once, or nothing is changed", arguments: edits)
  func edit(_ text: String, _ edits: [(String, String)], _ result: String?) async throws {
    let test = try FilesUnderTest()
    try test.write("drafts/file.txt", text)
    let arguments: JSONValue = ["path": "drafts/file.txt", "edits": .array(edits.map { ["old": .string($0.0), "new": .string($0.1)] })]
    if let result {
      _ = try await test.files.structured("edit_file", arguments)
      #expect(test.text("drafts/file.txt").map { Array($0.utf8) } == Array(result.utf8))
    } else {
      #expect(try await test.files.failure("edit_file", arguments).contains("Nothing was changed"))
      #expect(test.text("drafts/file.txt").map { Array($0.utf8) } == Array(text.utf8))
    }
  }

  @Test("Bounds hold for what is written and what is edited")
  func bounds() async throws {
    let test = try FilesUnderTest(["maximum_bytes": 1024])
    let long = String(repeating: "x", count: 1025)
    #expect(try await test.files.failure("write_file", ["path": "drafts/a.txt", "text": .string(long)]).contains("at most 1024 bytes"))
    try test.write("drafts/b.txt", "b")
    #expect(try await test.files.failure("edit_file", ["path": "drafts/b.txt", "edits": [["old": "b", "new": .string(long)]]]).contains("more than 1024"))
    try test.write("drafts/c.txt", long)
    #expect(try await test.files.failure("edit_file", ["path": "drafts/c.txt", "edits": [["old": "x", "new": "y"]]]).contains("no text file of at most"))
    try test.write("drafts/d.bin", [0x61, 0x00])
    #expect(try await test.files.failure("edit_file", ["path": "drafts/d.bin", "edits": [["old": "a", "new": "y"]]]).contains("no text file"))
    #expect(test.text("drafts/b.txt") == "b" && !test.exists("drafts/a.txt"))
  }

  @Test("Directories are made one at a time, files moved without replacing anything, and removed for good")
  func moveAndDelete() async throws {
    let test = try FilesUnderTest()
    try test.write("drafts/a.txt", "a")
    try test.write("drafts/b.txt", "b")
    try test.link("drafts/dangling", to: "nowhere")
    _ = try await test.files.structured("create_directory", ["path": "drafts/folder"])
    #expect(try await test.files.failure("create_directory", ["path": "drafts/folder"]).contains("exists already"))
    #expect(try await test.files.failure("create_directory", ["path": "drafts/x/y"]).contains("There is no"))
    for target in ["drafts/b.txt", "drafts/dangling", "drafts/folder"] {
      #expect(try await test.files.failure("move_file", ["path": "drafts/a.txt", "to": .string(target)]).contains("exists already"), "\(target)")
    }
    #expect(test.text("drafts/b.txt") == "b" && test.exists("drafts/dangling"))
    #expect(try await test.files.structured("move_file", ["path": "drafts/a.txt", "to": "drafts/folder/c.txt"])["file"]?["path"] == "drafts/folder/c.txt")
    #expect(try await test.files.failure("move_file", ["path": "drafts/folder", "to": "drafts/folder/in"]).contains("into itself"))
    #expect(try await test.files.failure("move_file", ["path": "drafts/none", "to": "drafts/x"]).contains("There is no drafts/none"))
    #expect(try await test.files.failure("delete_file", ["path": "drafts/folder"]).contains("is not empty"))
    #expect(try await test.files.structured("delete_file", ["path": "drafts/folder/c.txt"])["file"]?["name"] == "c.txt")
    _ = try await test.files.structured("delete_file", ["path": "drafts/folder"])
    #expect(!test.exists("drafts/folder"))
    #expect(try await test.files.failure("delete_file", ["path": "drafts/folder"]).contains("There is no"))
    #expect(try await test.files.failure("delete_file", ["path": "drafts"]).contains("root itself"))
  }

  @Test("No directory is moved out of a pattern that hides what is in it", arguments: ["drafts/private/*", "*private*.key"])
  func hiddenByPlace(_ pattern: String) async throws {
    let test = try FilesUnderTest(["hide": [.string(pattern)]])
    try test.write("drafts/private/a.key", "a")
    try test.write("drafts/b.txt", "b")
    #expect(try await test.files.failure("move_file", ["path": "drafts/private", "to": "drafts/p"]).contains("hidden by where they are"))
    #expect(test.exists("drafts/private/a.key") && !test.exists("drafts/p"))
    _ = try await test.files.structured("move_file", ["path": "drafts/b.txt", "to": "drafts/c.txt"])
  }

  @Test("Of a link the link is removed or moved, and what it leads to stays")
  func links() async throws {
    let test = try FilesUnderTest()
    try test.write("drafts/folder/file.txt", "kept")
    try test.link("drafts/link", to: "folder")
    _ = try await test.files.structured("move_file", ["path": "drafts/link", "to": "drafts/other"])
    _ = try await test.files.structured("delete_file", ["path": "drafts/other"])
    #expect(test.text("drafts/folder/file.txt") == "kept" && !test.exists("drafts/other") && !test.exists("drafts/link"))
  }

  @Test("A root that is not declared writable is not written to, by any tool and in neither direction")
  func readOnlyRoot() async throws {
    let test = try FilesUnderTest()
    try test.write("docs/a.txt", "a")
    try test.write("drafts/b.txt", "b")
    for (tool, arguments) in [
      ("write_file", ["path": "docs/new.txt", "text": "x"]), ("write_file", ["path": "docs/a.txt", "text": "x", "overwrite": true]),
      ("edit_file", ["path": "docs/a.txt", "edits": [["old": "a", "new": "b"]]]), ("create_directory", ["path": "docs/new"]),
      ("move_file", ["path": "docs/a.txt", "to": "drafts/a.txt"]), ("move_file", ["path": "drafts/b.txt", "to": "docs/b.txt"]), ("delete_file", ["path": "docs/a.txt"]),
    ] as [(String, JSONValue)] {
      #expect(try await test.files.failure(tool, arguments).contains("read-only"), "\(tool)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: test.url("docs").path) == ["a.txt"])
  }
}
