import ConnectorTesting
import Foundation
import JSON
import MCP
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Files that change, go, are enormous or are none, while they are asked for.
@Suite("Files that are not well", .serialized, .timeLimit(.minutes(5)))
struct FaultTests {
  /// What each reading tool may say of a file that is not what it was a moment ago.
  private static let words = ["There is no ", "is no file that can be read", "is no text file"]

  // MARK: Changing and going

  @Test("A file that others write into while it is read is given as far as it goes, in whole lines of theirs")
  func changing() async throws {
    let test = try FilesUnderTest()
    let lines = ["a", "b"].map { String(repeating: $0, count: 99) + "\n" }
    let texts = lines.map { String(repeating: $0, count: 3000) }
    try test.write("docs/log.txt", texts[0])
    let path = test.url("docs/log.txt").path
    let writing = BusyThread {
      for text in texts {
        // In place, as a program that logs does: truncated, then written bit by bit.
        guard let file = fopen(path, "w") else { return }
        fputs(text, file)
        fclose(file)
        usleep(2000)
      }
    }
    defer { writing.end() }
    let whole = Set(lines.map { String($0.dropLast()) })
    for round in 0..<60 {
      let result = try await test.files.call("read_file", ["path": "docs/log.txt", "line": .int(1 + round % 3 * 1000)])
      if result.isError { #expect(Self.words.contains { result.text.contains($0) }, "\(result.text)") }
      // The last one may be half written.
      let text = (result.structured?["file"]?["text"]?.string ?? "").split(separator: "\n").dropLast()
      let strange = text.first { line in !whole.contains(String(line)) && Set(line) != ["a", "b"] }
      #expect(strange == nil, "\(strange ?? "")")
      let found = try await test.files.structured("search_text", ["path": "docs", "text": "bbb", "limit": 5])
      #expect((found["matches"]?.array ?? []).allSatisfy { $0["text"]?.string?.contains("bbb") == true })
      #expect(try await test.files.structured("get_file_info", ["path": "docs/log.txt"])["file"]?["kind"] == "file")
    }
  }

  @Test("An edit of a file that somebody else changes meanwhile changes nothing, or all of what it says")
  func editing() async throws {
    let test = try FilesUnderTest()
    let path = test.url("drafts/counter.txt").path
    try test.write("drafts/counter.txt", "mark\n")
    // Others append; what they appended must not be lost by an edit.
    let writing = BusyThread {
      guard let file = fopen(path, "a") else { return }
      fputs("other\n", file)
      fclose(file)
      usleep(500)
    }
    var edits = 0
    for _ in 0..<200 {
      let result = try await test.files.call("edit_file", ["path": "drafts/counter.txt", "edits": [["old": "mark\n", "new": "mark\nedit\n"]]])
      if result.isError { #expect(result.text.contains("changed by somebody else"), "\(result.text)") } else { edits += 1 }
    }
    writing.end()
    let text = try #require(test.text("drafts/counter.txt")).split(separator: "\n")
    #expect(text.count { $0 == "edit" } == edits && text.count { $0 == "mark" } == 1 && text.allSatisfy { ["mark", "edit", "other"].contains($0) })
    #expect(try FileManager.default.contentsOfDirectory(atPath: test.url("drafts").path) == ["counter.txt"])
  }

  @Test("Files and directories that go while they are listed, walked or read are not there, and spoil nothing else")
  func vanishing() async throws {
    let test = try FilesUnderTest()
    try test.write("docs/stays.txt", "needle\n")
    let folder = test.url("docs/goes").path
    let going = BusyThread {
      mkdir(folder, 0o755)
      for number in 0..<20 {
        guard let file = fopen("\(folder)/\(number).txt", "w") else { continue }
        fputs("needle\n", file)
        fclose(file)
      }
      for number in 0..<20 { unlink("\(folder)/\(number).txt") }
      rmdir(folder)
      usleep(2000)
    }
    defer { going.end() }
    for _ in 0..<60 {
      for tool in ["list_directory", "directory_tree"] { #expect(try await test.names(tool, ["path": "docs"]).contains("docs/stays.txt")) }
      #expect(try await test.names("search_text", ["path": "docs", "text": "needle"], member: "matches").contains("docs/stays.txt"))
      #expect(try await test.names("search_files", ["path": "docs", "pattern": "*.txt"]).contains("docs/stays.txt"))
      for (tool, path) in [("read_file", "docs/goes/7.txt"), ("get_file_info", "docs/goes/7.txt"), ("list_directory", "docs/goes")] {
        let result = try await test.files.call(tool, ["path": .string(path)])
        if result.isError { #expect(result.text.contains("There is no docs/goes"), "\(result.text)") }
      }
      let several = try await test.files.structured("read_files", ["paths": ["docs/goes/7.txt", "docs/stays.txt"]])
      #expect(several["files"]?.array?.last?["text"] == "needle\n")
    }
  }

  @Test("A root that goes is empty or not there, and what comes in its place is not reached")
  func rootGoes() async throws {
    let test = try FilesUnderTest()
    try test.write("docs/a.txt", "a")
    try FileManager.default.moveItem(at: test.url("docs"), to: test.url("elsewhere"))
    try test.write("docs/b.txt", "b")
    // The root is the directory that was there at the start, wherever it is called by now.
    #expect(try await test.files.call("read_file", ["path": "docs/b.txt"]).isError)
    try FileManager.default.removeItem(at: test.url("elsewhere"))
    let listed = try await test.files.call("list_directory", ["path": "docs"])
    #expect(listed.isError || listed.structured?["files"] == [])
    #expect(try await test.files.failure("read_file", ["path": "docs/a.txt"]).contains("There is no docs/a.txt"))
  }

  // MARK: Enormous

  @Test("A file of a terabyte is told with its size, and never read through")
  func enormous() async throws {
    let test = try FilesUnderTest()
    let bytes = 1 << 40
    for name in ["docs/huge.log", "docs/huge.png", "drafts/huge.log"] {
      try test.write(name, "head\n")
      #expect(truncate(test.url(name).path, off_t(bytes)) == 0, "this file system holds no file of a terabyte: errno \(errno)")
    }
    try test.write("docs/small.txt", "needle\n")
    #expect(try await test.files.structured("get_file_info", ["path": "docs/huge.log"])["file"]?["bytes"]?.int == bytes)
    #expect(try await test.files.failure("read_file", ["path": "docs/huge.log"]).contains("no text file (\(bytes) bytes)"))
    #expect(try await test.files.failure("read_file", ["path": "docs/huge.png"]).contains("are shown at most"))
    let several = try await test.files.structured("read_files", ["paths": ["docs/huge.log", "docs/small.txt"]])
    #expect(several["files"]?.array?.count == 1 && several["failed"]?.array?.count == 1)
    #expect(try await test.names("search_text", ["path": "docs", "text": "needle"], member: "matches") == ["docs/small.txt"])
    #expect(try await test.files.failure("edit_file", ["path": "drafts/huge.log", "edits": [["old": "head", "new": "x"]]]).contains("no text file of at most"))
    await #expect(throws: ClientError.self) { try await test.files.read("files://docs/huge.log") }
  }

  @Test("A text of many megabytes is read from any line on, in answers that are bounded")
  func long() async throws {
    let test = try FilesUnderTest()
    try test.write("docs/long.txt", (1...200_000).map { "this is line number \($0)\n" }.joined())
    let file = try await test.files.structured("read_file", ["path": "docs/long.txt", "line": 199_999, "lines": 20_000])["file"]
    #expect(file?["text"] == "this is line number 199999\nthis is line number 200000\n" && file?["next_line"] == nil)
    let start = try await test.files.structured("read_file", ["path": "docs/long.txt", "lines": 20_000])["file"]
    #expect((start?["text"]?.string?.utf8.count ?? .max) <= 1 << 20 && start?["next_line"] != nil)
  }

  // MARK: No text, no permission, no room

  @Test("A name that is no UTF-8 is not there, and the others beside it are")
  func names() async throws {
    let test = try FilesUnderTest()
    try test.write("docs/fine.txt", "needle\n")
    let name = Array(test.url("docs/bad-").path.utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), CChar(bitPattern: 0xFE), 0]
    let file = try #require(fopen(name, "w"))
    fputs("needle\n", file)
    fclose(file)
    #expect(try await test.names("list_directory", ["path": "docs"]) == ["docs/fine.txt"])
    #expect(try await test.names("search_text", ["path": "docs", "text": "needle"], member: "matches") == ["docs/fine.txt"])
    for path in ["docs/bad-\u{FFFD}\u{FFFD}", "docs/bad-"] { #expect(try await test.files.failure("read_file", ["path": .string(path)]).contains("There is no")) }
  }

  @Test(
    "Bytes that are no UTF-8 are no text: not read, not searched, not edited, and as a resource they are bytes",
    arguments: [[0xFF], [0x61, 0xC3], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF4, 0x90, 0x80, 0x80], [0x61, 0x00]] as [[UInt8]])
  func noText(_ bytes: [UInt8]) async throws {
    let test = try FilesUnderTest()
    for root in ["docs", "drafts"] { try test.write("\(root)/bytes.txt", Array("needle\n".utf8) + bytes) }
    #expect(try await test.files.failure("read_file", ["path": "docs/bytes.txt"]).contains("is no text file"))
    #expect(try await test.names("search_text", ["path": "docs", "text": "needle"], member: "matches") == [])
    #expect(try await test.files.failure("edit_file", ["path": "drafts/bytes.txt", "edits": [["old": "needle", "new": "x"]]]).contains("no text file"))
    guard case .blob(let read)? = try await test.files.read("files://docs/bytes.txt").contents.first?.body else { throw TestDataError("no bytes") }
    #expect(read == Array("needle\n".utf8) + bytes)
  }

  @Test(
    "What the account may not open is said for each tool, and does not hide the rest",
    .enabled(if: geteuid() != 0, "root may open everything: tested through the program, as another account (ConnectorCommandTests)"))
  func permission() async throws {
    let test = try FilesUnderTest()
    try test.write("docs/closed.txt", "needle\n")
    try test.write("docs/open.txt", "needle\n")
    try test.write("docs/shut/inside.txt", "needle\n")
    chmod(test.url("docs/closed.txt").path, 0)
    chmod(test.url("docs/shut").path, 0)
    defer { chmod(test.url("docs/shut").path, 0o755) }
    #expect(try await test.files.failure("read_file", ["path": "docs/closed.txt"]).contains("may not be opened by the account"))
    #expect(try await test.files.failure("list_directory", ["path": "docs/shut"]).contains("may not be opened by the account"))
    #expect(try await test.names("search_text", ["path": "docs", "text": "needle"], member: "matches") == ["docs/open.txt"])
  }

  #if os(Linux)
    @Test("A full disk is said, and leaves the old contents and nothing beside them", .enabled(if: TinyDisk.canMount, "not root, or no tmpfs can be mounted: not tested"))
    func full() async throws {
      let disk = TinyDisk()
      defer { disk.unmount() }
      let test = try FilesUnderTest { try disk.mount(at: $0.appending(path: "drafts").path) }
      let old = String(repeating: "o", count: 20_000)
      _ = try await test.files.structured("write_file", ["path": "drafts/file.txt", "text": .string(old)])
      let long = String(repeating: "x", count: 500_000)
      for arguments in [["path": "drafts/file.txt", "text": .string(long), "overwrite": true], ["path": "drafts/new.txt", "text": .string(long)]] as [JSONValue] {
        #expect(try await test.files.failure("write_file", arguments).contains("There is no room left"))
      }
      #expect(
        try await test.files.failure("edit_file", ["path": "drafts/file.txt", "edits": [["old": .string(old), "new": .string(long)]]]).contains("There is no room left"))
      #expect(test.text("drafts/file.txt") == old)
      #expect(try FileManager.default.contentsOfDirectory(atPath: test.url("drafts").path) == ["file.txt"])
    }
  #endif
}

#if os(Linux)
  /// A file system of 64 KB, until it is unmounted.
  private final class TinyDisk {
    private var path: String?

    static let canMount: Bool = {
      let path = FileManager.default.temporaryDirectory.appending(path: "sluice-mount-\(UUID().uuidString)").path
      guard mkdir(path, 0o755) == 0 else { return false }
      defer { rmdir(path) }
      guard Glibc.mount("tmpfs", path, "tmpfs", 0, "size=65536") == 0 else { return false }
      return umount2(path, Int32(MNT_DETACH)) == 0
    }()

    func mount(at path: String) throws {
      guard Glibc.mount("tmpfs", path, "tmpfs", 0, "size=65536") == 0 else { throw TestDataError("mount: errno \(errno)") }
      self.path = path
    }

    func unmount() {
      if let path { umount2(path, Int32(MNT_DETACH)) }
      path = nil
    }
  }
#endif
