import ConnectorKit
import Foundation
import JSON
import Testing

@testable import SluiceKit

@Suite("sluice pack", .enabled(if: SluiceBinary.path != nil, "no sluice executable beside the tests: commands not tested"), .timeLimit(.minutes(5)))
struct PackTests {
  /// The first bytes of a program for Linux, so that no test packs a hundred megabytes.
  private static let program = Data([0x7F, 0x45, 0x4C, 0x46] + [UInt8](repeating: 0x41, count: 5000))

  private static func prepared(_ directory: String) throws -> String {
    let path = "\(directory)/demo-server"
    try program.write(to: URL(filePath: path))
    return path
  }

  private func pack(_ arguments: [String], in directory: String) async throws -> SluiceBinary.Outcome {
    try await SluiceBinary.run(["pack"] + arguments, environment: ["USER": "ada"], directory: directory)
  }

  @Test("a server becomes a bundle that other tools read, with its settings, files and permissions")
  func server() async throws {
    try await withDirectory { directory in
      let program = try Self.prepared(directory)
      try Data("{}".utf8).write(to: URL(filePath: "\(directory)/extra.json"))
      let made = try await pack(
        [
          program, "--display-name", "Demo", "--bundle-version", "2.1.0", "--argument=--fast", "--env", "MODE=plain", "--secret", "API_KEY=Key of the service",
          "--setting", "FOLDER:directory=Where to look", "--file", "extra.json", "-o", "demo.mcpb",
        ], in: directory)
      #expect(made.status == 0, "\(made.errors)")
      let checked = try await pack(["--check", "demo.mcpb"], in: directory)
      #expect(checked.status == 0 && checked.output.contains("ok: demo-server 2.1.0, 3 files"), "\(checked.output) \(checked.errors)")
      let bundle = try ZipReader([UInt8](Data(contentsOf: URL(filePath: "\(directory)/demo.mcpb"))))
      let manifest = try JSONValue(parsing: String(decoding: try bundle.read(try #require(bundle.entries.first)), as: UTF8.self))
      #expect(manifest["manifest_version"] == "0.3" && manifest["author"] == ["name": "ada"] && manifest["compatibility"] == ["platforms": ["linux"]])
      #expect(
        manifest["server"] == [
          "type": "binary", "entry_point": "server/demo-server",
          "mcp_config": [
            "command": "${__dirname}/server/demo-server", "args": ["--fast"],
            "env": ["MODE": "plain", "API_KEY": "${user_config.api_key}", "FOLDER": "${user_config.folder}"],
          ],
        ])
      #expect(manifest["user_config"]?["api_key"]?["sensitive"] == true && manifest["user_config"]?["folder"]?["type"] == "directory")

      // Nothing is overwritten, and the same input gives the same bytes.
      let again = try await pack([program, "-o", "demo.mcpb"], in: directory)
      #expect(again.status == 1 && again.errors.contains("demo.mcpb"), "\(again.errors)")
      for name in ["one", "two"] { #expect(try await pack([program, "-o", name], in: directory).status == 0) }
      #expect(try Data(contentsOf: URL(filePath: "\(directory)/one")) == Data(contentsOf: URL(filePath: "\(directory)/two")))
    }
  }

  @Test("unzip and Python agree on a bundle", arguments: [["/usr/bin/unzip", "-t"], ["/usr/bin/python3", "-c", Self.python]])
  func independent(_ tool: [String]) async throws {
    guard FileManager.default.isExecutableFile(atPath: tool[0]) else { return print("skipped: no \(tool[0]) to read a bundle with") }
    try await withDirectory { directory in
      let program = try Self.prepared(directory)
      #expect(try await pack([program, "-o", "demo.mcpb"], in: directory).status == 0)
      let process = Process()
      process.executableURL = URL(filePath: tool[0])
      process.arguments = Array(tool.dropFirst()) + ["\(directory)/demo.mcpb"]
      let output = Pipe()
      process.standardOutput = output
      process.standardError = output
      try ProcessStart.run(process)
      let text = await offLoop { String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
      await offLoop { process.waitUntilExit() }
      #expect(process.terminationStatus == 0, "\(text)")
      #expect(text.contains("server/demo-server") || text.contains("0o100755"), "\(text)")
    }
  }

  private static let python = """
    import json, sys, zipfile
    bundle = zipfile.ZipFile(sys.argv[1])
    assert bundle.testzip() is None
    assert json.loads(bundle.read("manifest.json"))["server"]["entry_point"] == "server/demo-server"
    assert bundle.read("server/demo-server")[:4] == b"\\x7fELF"
    print(oct(bundle.getinfo("server/demo-server").external_attr >> 16))
    """

  @Test("a gateway becomes a bundle that asks for the token, as a secret")
  func gateway() async throws {
    try await withDirectory { directory in
      let program = try Self.prepared(directory)
      let made = try await pack([program, "--url", "https://mcp.example.com/mcp", "--name", "company-tools"], in: directory)
      #expect(made.status == 0, "\(made.errors)")
      let bundle = try ZipReader([UInt8](Data(contentsOf: URL(filePath: "\(directory)/company-tools.mcpb"))))
      let manifest = try JSONValue(parsing: String(decoding: try bundle.read(try #require(bundle.entries.first)), as: UTF8.self))
      #expect(manifest["server"]?["mcp_config"]?["args"] == ["stdio", "--url", "https://mcp.example.com/mcp"])
      #expect(manifest["server"]?["mcp_config"]?["env"] == ["SLUICE_TOKEN": "${user_config.sluice_token}"])
      #expect(manifest["user_config"]?["sluice_token"]?["sensitive"] == true && manifest["user_config"]?["sluice_token"]?["required"] == true)
      #expect(manifest["tools_generated"] == true)
    }
  }

  @Test(
    "tools can be listed into the manifest by starting the server",
    .enabled(if: weatherServer != nil, "no weather-server beside the tests: listing tools into a bundle not tested"))
  func tools() async throws {
    try await withDirectory { directory in
      let made = try await pack([try #require(weatherServer), "--list-tools"], in: directory)
      #expect(made.status == 0, "\(made.errors)")
      #expect(made.errors.contains("static-swift-stdlib"), "\(made.errors)")
      let bundle = try ZipReader([UInt8](Data(contentsOf: URL(filePath: "\(directory)/weather-server.mcpb"))))
      let manifest = try JSONValue(parsing: String(decoding: try bundle.read(try #require(bundle.entries.first)), as: UTF8.self))
      #expect(manifest["tools"]?.array?.contains { $0["name"] == "get_forecast" } == true && manifest["tools_generated"] == nil)
    }
  }

  @Test(
    "what cannot be packed is refused before anything is written",
    arguments: [
      (["no-such-file"], 2, "cannot be read"), (["text"], 2, "no program"), ([], 2, "name a server"), (["demo-server", "--name", "No Name"], 2, "--name"),
      (["demo-server", "--bundle-version", "one"], 1, "semantic version"), (["demo-server", "--env", "NOVALUE"], 2, "NAME=VALUE"),
      (["demo-server", "--secret", "1X"], 2, "environment variable"), (["demo-server", "--setting", "X:colour"], 2, "no type colour"),
      (["demo-server", "--secret", "KEY", "--env", "KEY=1"], 2, "given twice"), (["demo-server", "--file", "text=../x"], 1, "no path inside"),
      (["demo-server", "--icon", "text"], 2, "no PNG"), (["demo-server", "--url", "http://example.com/mcp"], 2, "unprotected"),
      (["demo-server", "--url", "example.com"], 2, "no http or https URL"), (["demo-server", "--check", "x"], 2, "stands alone"),
      (["--check", "text"], 1, "no zip file"),
      (["demo-server", "--description", ""], 1, "description: must be a text"),
    ] as [([String], Int, String)])
  func refusals(_ arguments: [String], _ status: Int, _ says: String) async throws {
    try await withDirectory { directory in
      _ = try Self.prepared(directory)
      try Data("text".utf8).write(to: URL(filePath: "\(directory)/text"))
      let outcome = try await pack(arguments, in: directory)
      #expect(Int(outcome.status) == status, "\(outcome.errors)")
      #expect((outcome.errors + outcome.output).contains(says), "\(outcome.errors) \(outcome.output)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".mcpb") }.isEmpty)
    }
  }
}

@Suite("Bundles")
struct BundleTests {
  private static let sound: JSONValue = [
    "manifest_version": "0.3", "name": "x", "version": "1.0.0", "description": "d", "author": ["name": "a"],
    "server": ["type": "binary", "entry_point": "server/x", "mcp_config": ["command": "${__dirname}/server/x"]],
  ]

  private static func bundle(_ manifest: JSONValue?, _ files: [(String, [UInt8], UInt32)] = [("server/x", [0x7F, 0x45, 0x4C, 0x46], 0o755)]) throws -> [UInt8] {
    var zip = ZipWriter()
    if let manifest { try zip.add("manifest.json", Array(manifest.text.utf8), mode: 0o644) }
    for (name, content, mode) in files { try zip.add(name, content, mode: mode) }
    return zip.finish()
  }

  @Test(
    "whose manifest is wrong are found, with the place",
    arguments: [
      ("manifest_version", "9", "manifest_version: \"9\" is not known"), ("name", nil, "name: is missing"), ("version", "1", "version: \"1\" is no semantic version"),
      ("author", "a", "author: must be an object"), ("server", nil, "server: must be an object"), ("colour", "red", "colour: is not known"),
      ("homepage", "ftp://x", "homepage: must be an http or https URL"), ("icon", "none.png", "icon: the bundle has no file none.png"),
      ("icon", "../x", "inside of the bundle"),
      ("compatibility", ["platforms": ["beos"]], "darwin, win32 or linux"), ("compatibility", ["platforms": ["darwin"]], "is a program for linux"),
      ("user_config", ["k": ["type": "string"]], "user_config.k.title: is missing"),
      ("user_config", ["k": ["type": "word", "title": "t", "description": "d"]], "user_config.k.type"),
      ("user_config", ["k": ["type": "number", "title": "t", "description": "d", "sensitive": true]], "sensitive: is for options of type string"),
      ("user_config", ["k": ["type": "number", "title": "t", "description": "d", "default": "x"]], "does not fit the type number"),
      ("server", ["type": "binary", "entry_point": "server/y", "mcp_config": ["command": "x"]], "the bundle has no file server/y"),
      ("server", ["type": "shell", "entry_point": "server/x", "mcp_config": ["command": "x"]], "server.type"),
      ("server", ["type": "binary", "entry_point": "server/x"], "server.mcp_config: is missing"),
      ("server", ["type": "binary", "entry_point": "server/x", "mcp_config": ["command": "x", "env": ["K": "${user_config.k}"]]], "does not declare k"),
      ("tools", [["description": "x"]], "tools[0].name: is missing"), ("icons", [["src": "server/x", "size": "big"]], "icons[0].size"),
    ] as [(String, JSONValue?, String)])
  func manifests(_ member: String, _ value: JSONValue?, _ says: String) throws {
    var manifest = Self.sound
    manifest[member] = value
    let report = MCPBundle.check(try Self.bundle(manifest))
    #expect(report.problems.contains { $0.contains(says) }, "\(report.problems)")
  }

  @Test("that are sound have no problems, also with a signature behind them")
  func sound() throws {
    let bytes = try Self.bundle(Self.sound)
    #expect(MCPBundle.check(bytes).problems.isEmpty && MCPBundle.check(bytes).remarks.isEmpty)
    let signed = MCPBundle.check(bytes + Array("MCPB_SIG_V1 and a signature".utf8))
    #expect(signed.problems.isEmpty && signed.remarks.count == 1, "\(signed.problems)")
  }

  @Test("with files that lead out of them, links, no manifest, or a server that is no program are found")
  func files() throws {
    let elf: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
    for (files, says) in [
      ([("server/x", elf, 0o755), ("../evil", [1], 0o644)], "leads out"), ([("server/x", elf, 0o755), ("/etc/passwd", [1], 0o644)], "leads out"),
      ([("server/x", [1, 2], 0o755)], "is no program"), ([("server/x", elf, 0o644)], "is not executable"),
    ] as [([(String, [UInt8], UInt32)], String)] {
      let report = MCPBundle.check(try Self.bundle(Self.sound, files))
      #expect(report.problems.contains { $0.contains(says) }, "\(report.problems)")
    }
    #expect(MCPBundle.check(try Self.bundle(nil)).problems == ["manifest.json: is missing at the top of the bundle"])
  }

  @Test("survive no change of a byte unnoticed, and no damage crashes the reader")
  func damage() throws {
    let content = Array(String(repeating: "compressible ", count: 400).utf8)
    let bytes = try Self.bundle(Self.sound, [("server/x", [0x7F, 0x45, 0x4C, 0x46] + content, 0o755)])
    var random = SeededRandom(seed: 7)
    for _ in 0..<500 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) { damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
      if Bool.random(using: &random) { damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random)) }
      _ = MCPBundle.check(damaged)
    }
    // The content of a file cannot change unnoticed: its checksum is compared.
    let zip = try ZipReader(bytes)
    let entry = try #require(zip.entries.last)
    #expect(try zip.read(entry).count == content.count + 4)
    let place = bytes.count / 3
    var changed = bytes
    changed[place] ^= 1
    #expect(!MCPBundle.check(changed).problems.isEmpty)
  }
}
