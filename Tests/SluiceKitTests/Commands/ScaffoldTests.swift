import Foundation
import Gateway
import Testing

@testable import SluiceKit

@Suite(
  "sluice new", .serialized, .enabled(if: SluiceBinary.path != nil, "no sluice executable beside the tests: commands not tested"), .timeLimit(.minutes(10)))
struct ScaffoldTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  private func new(_ arguments: [String], in directory: String) async throws -> SluiceBinary.Outcome {
    try await SluiceBinary.run(["new"] + arguments, directory: directory)
  }

  private static func swiftFiles(_ directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".swift") }.sorted().map { "\(directory)/\($0)" }
  }

  @Test(
    "makes a package whose program and tests compile against this checkout, without a warning",
    .enabled(if: BuildFlags.current != nil, "SwiftPM left no description of this build: that scaffolds compile is not tested"), arguments: ["server", "connector"])
  func compiles(_ kind: String) async throws {
    let flags = try #require(BuildFlags.current)
    try await withDirectory { directory in
      let made = try await new([kind, "my-things", "--sluice-path", Self.root], in: directory)
      #expect(made.status == 0, "\(made.errors)")
      let package = "\(directory)/my-things"
      let module = kind == "server" ? "MyThingsTools" : "MyThingsConnector"
      let built = "\(directory)/built"
      try FileManager.default.createDirectory(atPath: built, withIntermediateDirectories: true)
      let library = try await flags.check(
        try Self.swiftFiles("\(package)/Sources/\(module)"), name: module, searching: built, module: "\(built)/\(module).swiftmodule")
      #expect(library.isEmpty, "\(library)")
      let program = try await flags.check(try Self.swiftFiles("\(package)/Sources/Program"), name: "my_things", searching: built)
      #expect(program.isEmpty, "\(program)")
      let tests = try await flags.check(try Self.swiftFiles("\(package)/Tests/\(module)Tests"), name: "\(module)Tests", searching: built)
      #expect(tests.isEmpty, "\(tests)")
    }
  }

  @Test("says where Sluice is: a checkout, a repository, or a place beside the package with one marked line", arguments: ["server", "connector"])
  func source(_ kind: String) async throws {
    try await withDirectory { directory in
      func manifest(_ name: String) throws -> String { try String(contentsOfFile: "\(directory)/\(name)/Package.swift", encoding: .utf8) }
      let beside = try await new([kind, "one-thing"], in: directory)
      #expect(beside.status == 0 && beside.output.contains("marked SLUICE"), "\(beside.errors)")
      #expect(try manifest("one-thing").contains("path: \"../sluice\"") && manifest("one-thing").split(separator: "\n").count { $0.contains("SLUICE") } == 1)
      #expect(try String(contentsOfFile: "\(directory)/one-thing/README.md", encoding: .utf8).contains("marked `SLUICE`"))
      for (name, url) in [("by-https", "https://git.example.com/platform/Sluice-Fork.git"), ("by-ssh", "git@example.com:Sluice-Fork.git")] {
        let made = try await new([kind, name, "--sluice-url", url], in: directory)
        #expect(made.status == 0 && !made.output.contains("SLUICE"), "\(made.errors)")
        #expect(try manifest(name).contains("url: \"\(url)\"") && manifest(name).contains("package: \"Sluice-Fork\"") && !manifest(name).contains("package: \"sluice\""))
      }
      let path = try await new([kind, "two-things", "--directory", "elsewhere", "--sluice-path", Self.root], in: directory)
      #expect(path.status == 0 && !path.output.contains("SLUICE"), "\(path.errors)")
      #expect(try String(contentsOfFile: "\(directory)/elsewhere/Package.swift", encoding: .utf8).contains("path: \"\(Self.root)\""))
      for file in ["Dockerfile", "README.md", "claude_desktop_config.json", ".gitignore"] {
        #expect(FileManager.default.fileExists(atPath: "\(directory)/elsewhere/\(file)"))
      }
    }
  }

  @Test(
    "makes an image of the package and of the checkout that it depends on, by a command that its README says",
    arguments: [
      ([], "--build-context \"sluice=../sluice\" ", "COPY --from=sluice [\".\", \"/sluice\"]"),
      (["--sluice-path", Self.root], "--build-context \"sluice=\(Self.root)\" ", "COPY --from=sluice [\".\", \"\(Self.root)\"]"),
      (["--sluice-url", "https://git.example.com/sluice.git"], "", nil),
    ] as [([String], String, String?)])
  func image(_ source: [String], _ context: String, _ copy: String?) async throws {
    try await withDirectory { directory in
      #expect(try await new(["server", "my-things"] + source, in: directory).status == 0)
      func text(_ file: String) throws -> String { try String(contentsOfFile: "\(directory)/my-things/\(file)", encoding: .utf8) }
      let dockerfile = try text("Dockerfile").split(separator: "\n").map(String.init)
      #expect(dockerfile.first == "# syntax=docker/dockerfile:1")
      #expect(dockerfile.filter { $0.hasPrefix("COPY --from=sluice") } == [copy].compactMap { $0 })
      // The checkout is there before anything is built, and so is the package.
      let steps = dockerfile.filter { !$0.hasPrefix("#") }.prefix { !$0.hasPrefix("RUN") }
      #expect(Array(steps) == ["FROM swift:6.3-bookworm AS build", "WORKDIR /src"] + [copy].compactMap { $0 } + ["COPY . ."])
      let readme = try text("README.md")
      #expect(readme.contains("\ndocker build \(context)-t my-things .\n") && readme.contains("outside of this folder") == (copy != nil), "\(readme)")
    }
  }

  @Test("gives a connector a configuration that serves it")
  func configuration() async throws {
    try await withDirectory { directory in
      #expect(try await new(["connector", "my-tickets"], in: directory).status == 0)
      let configuration = try SluiceConfiguration(file: "\(directory)/my-tickets/sluice.yaml")
      #expect(configuration.upstreams.count == 1 && configuration.upstreams.first?.settings.isTrusted == true)
    }
  }

  @Test("overwrites nothing")
  func exists() async throws {
    try await withDirectory { directory in
      try FileManager.default.createDirectory(atPath: "\(directory)/kept", withIntermediateDirectories: true)
      #expect(try await new(["server", "kept"], in: directory).status == 0)
      let before = try String(contentsOfFile: "\(directory)/kept/README.md", encoding: .utf8)
      let again = try await new(["connector", "kept"], in: directory)
      #expect(again.status == 1 && again.errors.contains("not empty"), "\(again.errors)")
      #expect(try String(contentsOfFile: "\(directory)/kept/README.md", encoding: .utf8) == before)
      #expect(!FileManager.default.fileExists(atPath: "\(directory)/kept/sluice.yaml"))
      try Data().write(to: URL(filePath: "\(directory)/file"))
      let file = try await new(["server", "file"], in: directory)
      #expect(file.status == 1 && file.errors.contains("no directory"), "\(file.errors)")
    }
  }

  @Test(
    "takes names that are names of packages, modules and programs",
    arguments: ["Weather", "9lives", "a--b", "a-", "-a", "a_b", "a b", "../a", "mcp", "testing", "ä", "", String(repeating: "a", count: 65)])
  func names(_ name: String) async throws {
    try await withDirectory { directory in
      let outcome = try await new(["server", "--", name], in: directory)
      #expect(outcome.status == 2, "\(outcome.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
    }
    #expect(throws: CommandError.self) { try ScaffoldName(name) }
  }

  @Test(
    "makes manifests that the package manager reads",
    arguments: [[], ["--sluice-url", "https://git.example.com/sluice.git"], ["--sluice-path", Self.root]], ["server", "connector"])
  func manifests(_ source: [String], _ kind: String) async throws {
    try await withDirectory { directory in
      #expect(try await new([kind, "my-things"] + source, in: directory).status == 0)
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = ["swift", "package", "dump-package", "--package-path", "\(directory)/my-things"]
      let output = Pipe()
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try ProcessStart.run(process)
      let text = await offLoop { String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
      await offLoop { process.waitUntilExit() }
      #expect(process.terminationStatus == 0 && text.contains("\"my-things\"") && text.contains("MCPTesting"))
    }
  }

  @Test(
    "refuses an address that is none, and two at once",
    arguments: [
      ["--sluice-url", "sluice"], ["--sluice-url", "http://example.com/sluice.git"], ["--sluice-url", "https://example.com/a\"b.git"],
      ["--sluice-url", "https://example.com/a b"],
      ["--sluice-url", "https://"], ["--sluice-url", "https://example.com/"], ["--sluice-url", "https://example.com/sluice.git", "--sluice-path", Self.root],
    ])
  func address(_ source: [String]) async throws {
    try await withDirectory { directory in
      let outcome = try await new(["server", "one"] + source, in: directory)
      #expect(outcome.status == 2 && outcome.errors.contains("--sluice-url"), "\(outcome.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
    }
  }

  @Test("refuses a checkout that is none")
  func path() async throws {
    try await withDirectory { directory in
      let outcome = try await new(["server", "one", "--sluice-path", directory], in: directory)
      #expect(outcome.status == 2 && outcome.errors.contains("no checkout of Sluice"), "\(outcome.errors)")
    }
  }
}
