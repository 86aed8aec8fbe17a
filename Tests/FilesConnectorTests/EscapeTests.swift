import CFiles
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

/// Whatever is written as a path, nothing outside of a root is read, changed or told to exist.
@Suite("Nothing leads out of a root", .timeLimit(.minutes(2)))
struct EscapeTests {
  /// A tree with links of every kind.
  private func traps() throws -> FilesUnderTest {
    let test = try FilesUnderTest()
    try test.write("drafts/inside/file.txt", "inside")
    try test.link("drafts/out", to: "../outside")
    try test.link("drafts/out-absolute", to: test.url("outside").path)
    try test.link("drafts/secret.txt", to: "../outside/secret.txt")
    try test.link("drafts/chain", to: "out")
    try test.link("drafts/dangling", to: "nowhere")
    try test.link("drafts/proc", to: "/proc/self")
    try test.link("drafts/environ.txt", to: "/proc/self/environ")
    try test.link("drafts/root", to: "/proc/self/root")
    try test.link("drafts/self", to: "self")
    try test.link("drafts/up-and-back", to: "../drafts/inside")
    return test
  }

  static let paths = [
    "drafts/../outside/secret.txt", "drafts/inside/../../outside/secret.txt", "drafts/..", "..", "../outside/secret.txt", "/etc/passwd", "//etc/passwd",
    "drafts/out/secret.txt", "drafts/out-absolute/secret.txt", "drafts/secret.txt", "drafts/chain/secret.txt", "drafts/dangling", "drafts/proc/environ",
    "drafts/environ.txt", "drafts/root/etc/passwd", "drafts/self", "drafts/inside/file.txt/../../../outside/secret.txt", "drafts/inside/file.txt\u{0}.md",
    "drafts/..\u{2F}\u{301}/outside/secret.txt", "drafts/up-and-back/file.txt", "drafts\u{0}", "", ".", "/", "outside/secret.txt", "drafts/%2e%2e/outside/secret.txt",
    "drafts/..\\outside\\secret.txt", "drafts/" + String(repeating: "a/", count: 3000) + "b", "drafts/" + String(repeating: "n", count: 300),
  ]

  @Test("No reading tool takes it, and none tells where it would have led", arguments: paths)
  func reading(_ path: String) async throws {
    let test = try traps()
    for tool in ["read_file", "get_file_info", "list_directory", "directory_tree"] {
      let answer = try await test.files.failure(tool, ["path": .string(path)])
      #expect(!answer.contains("secret of the house") && !answer.contains(test.folder.path) && !answer.contains("root:"), "\(tool): \(answer)")
    }
    #expect(try await test.files.failure("search_text", ["path": .string(path), "text": "secret"]).isEmpty == false)
    #expect(try await test.files.failure("search_files", ["path": .string(path), "pattern": "*"]).isEmpty == false)
    #expect(try await test.files.structured("read_files", ["paths": [.string(path)]])["files"] == [])
  }

  @Test("No writing tool takes it, and nothing outside has changed", arguments: paths)
  func writing(_ path: String) async throws {
    let test = try traps()
    for (tool, arguments) in [
      ("write_file", ["path": .string(path), "text": "changed", "overwrite": true]), ("create_directory", ["path": .string(path)]),
      ("edit_file", ["path": .string(path), "edits": [["old": "secret", "new": "changed"]]]), ("move_file", ["path": .string(path), "to": "drafts/taken"]),
      ("move_file", ["path": "drafts/inside/file.txt", "to": .string(path)]), ("delete_file", ["path": .string(path)]),
      ("append_file", ["path": .string(path), "text": "x", "create": true]), ("copy_file", ["path": .string(path), "to": "drafts/taken"]),
      ("copy_file", ["path": "drafts/inside/file.txt", "to": .string(path), "overwrite": true]),
    ] as [(String, JSONValue)] {
      _ = try await test.files.failure(tool, arguments)
    }
    #expect(test.text("outside/secret.txt") == "the secret of the house")
    #expect(try FileManager.default.contentsOfDirectory(atPath: test.url("outside").path) == ["secret.txt"])
    #expect(test.text("drafts/inside/file.txt") == "inside" && !test.exists("drafts/taken"))
  }

  @Test("What leads out is not listed, searched or offered")
  func listing() async throws {
    let test = try traps()
    #expect(try await test.names("list_directory", ["path": "drafts"]) == ["drafts/inside"])
    #expect(try await test.names("search_files", ["path": "drafts", "pattern": "*secret*"]) == [])
    #expect(try await test.names("search_text", ["path": "drafts", "text": "secret of the house"], member: "matches") == [])
    #expect(try await test.files.complete(.resourceTemplate("files://{root}/{+path}", argument: "path"), "out/", ["root": "drafts"]) == [])
  }

  static let uris = [
    "files://drafts/../outside/secret.txt", "files://drafts/%2E%2E/outside/secret.txt", "files://drafts/..%2Foutside%2Fsecret.txt", "files://drafts/out/secret.txt",
    "files://drafts/secret.txt", "files://drafts/inside/file.txt%00.md", "files:///etc/passwd", "files://outside/secret.txt", "files://drafts//etc/passwd",
    "file:///etc/passwd",
  ]

  @Test("No resource is read outside either", arguments: uris)
  func resources(_ uri: String) async throws {
    let test = try traps()
    do {
      let result = try await test.files.read(uri)
      Issue.record("\(uri) was read: \(result)")
    } catch let error as ClientError {
      #expect(!"\(error)".contains(test.folder.path))
    }
  }

  @Test("Links that stay below the root are followed")
  func within() async throws {
    let test = try FilesUnderTest()
    try test.write("docs/2026/report.md", "the report")
    try test.link("docs/latest", to: "2026")
    try test.link("docs/report.md", to: "2026/report.md")
    #expect(try await test.names("list_directory", ["path": "docs"]) == ["docs/2026", "docs/latest", "docs/report.md"])
    for path in ["docs/report.md", "docs/latest/report.md"] {
      #expect(try await test.files.structured("read_file", ["path": .string(path)])["file"]?["text"] == "the report")
    }
  }

  @Test("A hidden file has no other name: a link to it is not there")
  func hiddenByLink() async throws {
    let test = try FilesUnderTest(["hide": ["*.key", "docs/private/*"]])
    try test.write("docs/server.key", "KEY")
    try test.write("docs/.config/token", "TOKEN")
    try test.write("docs/private/plan.md", "PLAN")
    try test.link("docs/innocent.txt", to: "server.key")
    try test.link("docs/config", to: ".config")
    try test.link("docs/public", to: "private")
    #expect(try await test.names("list_directory", ["path": "docs"]) == ["docs/private", "docs/public"])
    #expect(try await test.names("list_directory", ["path": "docs/public"]) == [])
    for path in ["docs/innocent.txt", "docs/config/token", "docs/public/plan.md", "docs/.config/token", "docs/server.key", "docs/SERVER.KEY", "docs/private/plan.md"] {
      #expect(try await test.files.failure("read_file", ["path": .string(path)]).hasPrefix("There is no "), "\(path)")
    }
  }

  @Test("Names that mostly hold secrets, and dot files, do not exist unless the settings say so")
  func hiddenNames() async throws {
    let names = ["server.pem", "id_rsa", "id_ed25519.pub", "prod.env", "local.env.bak", ".env", ".git/config", "credentials.json", "Vault.KDBX", "plain.md"]
    let test = try FilesUnderTest()
    for name in names { try test.write("docs/\(name)", "needle") }
    #expect(try await test.names("directory_tree", ["path": "docs", "depth": 4]) == ["docs/plain.md"])
    #expect(try await test.names("search_text", ["path": "docs", "text": "needle"], member: "matches") == ["docs/plain.md"])
    let open = try FilesUnderTest(["hide": [], "show_dot_files": true])
    for name in names { try open.write("docs/\(name)", "needle") }
    #expect(try await open.names("search_text", ["path": "docs", "text": "needle"], member: "matches").count == names.count)
    for name in ["drafts/.profile", "drafts/new.pem"] {
      _ = try await test.files.failure("write_file", ["path": .string(name), "text": "x"])
      _ = try await test.files.failure("create_directory", ["path": .string(name)])
      #expect(!test.exists(name))
    }
  }

  @Test("A named pipe or socket is told as such and never waited for")
  func pipes() async throws {
    let test = try FilesUnderTest()
    #expect(mkfifo(test.url("docs/pipe").path, 0o600) == 0)
    // Who waits to write into it must not notice that somebody looks.
    let writer = open(test.url("docs/pipe").path, O_WRONLY | O_NONBLOCK)
    #expect(writer < 0 && errno == ENXIO)
    #expect(try await test.files.structured("get_file_info", ["path": "docs/pipe"])["file"]?["kind"] == "other")
    #expect(try await test.names("list_directory", ["path": "docs"]) == ["docs/pipe"])
    for tool in ["read_file", "list_directory"] { _ = try await test.files.failure(tool, ["path": "docs/pipe"]) }
    #expect(try await test.names("search_text", ["path": "docs", "text": "x"], member: "matches") == [])
  }

  @Test("A directory that turns into a link while it is read leads nowhere else")
  func race() async throws {
    let test = try FilesUnderTest()
    try test.write("drafts/swap/secret.txt", "harmless")
    let (real, link) = (test.url("drafts/swap").path, test.url("drafts/link").path)
    try test.link("drafts/link", to: "../outside")
    // A thread of its own: the pool of tasks has few, which are not to be kept.
    let swapping = BusyThread {
      // Renames exchange the directory and the link.
      let aside = real + "-aside"
      rename(real, aside)
      rename(link, real)
      rename(real, link)
      rename(aside, real)
    }
    var answers: Set<String> = []
    // Under a sanitizer each round takes a hundred times as long.
    let end = ContinuousClock.now + .seconds(60)
    for round in 0..<400 where round < 20 || ContinuousClock.now < end {
      let result = try await test.files.call("read_file", ["path": "drafts/swap/secret.txt"])
      answers.insert(result.structured?["file"]?["text"]?.string ?? "error")
      _ = try await test.files.call("write_file", ["path": "drafts/swap/secret.txt", "text": "harmless", "overwrite": true])
    }
    swapping.end()
    #expect(answers.isSubset(of: ["harmless", "error"]))
    #expect(test.text("outside/secret.txt") == "the secret of the house")
    #expect(try FileManager.default.contentsOfDirectory(atPath: test.url("outside").path) == ["secret.txt"])
  }

  // MARK: Without openat2

  static let steps: [(path: String, opens: Bool)] = [
    (".", true), ("inside", true), ("inside/file.txt", true), ("inside//file.txt", true), ("./inside/./file.txt", true), ("inside/", true),
    ("inside/../inside", false), ("..", false), ("../outside", false), ("/etc", false), ("out/secret.txt", false), ("out-absolute", false), ("secret.txt", false),
    ("chain/secret.txt", false), ("up-and-back/file.txt", false), ("proc/environ", false), ("none", false), ("inside/file.txt/x", false),
    (String(repeating: "n", count: 300), false),
  ]

  @Test("Where the kernel has no openat2, a path is walked name by name and no link is followed at all", arguments: steps)
  func stepwise(_ path: String, _ opens: Bool) throws {
    let test = try traps()
    let root = open(test.url("drafts").path, O_RDONLY | O_DIRECTORY)
    defer { close(root) }
    for flags in [O_RDONLY | O_NONBLOCK, cfiles_flags_to_look()] {
      let opened = cfiles_open_stepwise(root, path, flags)
      #expect((opened >= 0) == opens, "\(path) with \(flags): \(errno)")
      if opened >= 0 { close(opened) }
    }
  }
}
