internal import ArgumentParser
internal import ConnectorKit
internal import Gateway
internal import JSON
internal import Logging
internal import MCP
internal import MCPHTTP

/// Makes a bundle that Claude Desktop installs with one click.
struct PackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack", abstract: "Make an .mcpb bundle for one-click installation in Claude Desktop, or check one.",
    discussion: """
      With --url the bundle holds this program and connects to a running gateway; it asks for the token when it is installed. Otherwise it \
      holds your own server, a program that speaks MCP on its standard streams:

        sluice pack --url https://mcp.example.com/mcp
        sluice pack .build/release/weather-server --secret 'WEATHER_KEY=Key of the weather service'
        sluice pack --check weather-server.mcpb

      Secrets and settings reach the server as environment variables. Nothing is overwritten. Exit status: 0 done, 1 the bundle is not valid \
      or cannot be made, 2 the command line is wrong.
      """)

  @Argument(help: "The server to pack.")
  var program: String?
  @Option(help: "Pack this program as a connection to the gateway at this MCP endpoint.")
  var url: String?
  @Option(help: "Check a bundle, and make none.")
  var check: String?

  @Option(name: .shortAndLong, help: "The bundle to write; else NAME.mcpb.")
  var output: String?
  @Option(help: "The name for machines; else that of the program.")
  var name: String?
  @Option(help: "The name for people.")
  var displayName: String?
  @Option(help: ArgumentHelp("The version of the bundle.", valueName: "version"))
  var bundleVersion = "1.0.0"
  @Option(help: "What the server does, in a sentence.")
  var description: String?
  @Option(help: "Who made it.")
  var author: String?
  @Option(help: "A PNG file.")
  var icon: String?

  @Option(help: ArgumentHelp("An argument for the server. May be repeated; write --argument=--flag for one that begins with a dash.", valueName: "argument"))
  var argument: [String] = []
  @Option(help: ArgumentHelp("A variable for the server, NAME=VALUE, readable by anyone who has the bundle. May be repeated.", valueName: "variable"))
  var env: [String] = []
  @Option(help: ArgumentHelp("A secret that the user is asked for, NAME or NAME=TITLE. May be repeated.", valueName: "secret"))
  var secret: [String] = []
  @Option(
    help: ArgumentHelp(
      "A value that the user is asked for, NAME[:TYPE][=TITLE] with TYPE string, number, boolean, directory or file. May be repeated.", valueName: "setting"))
  var setting: [String] = []
  @Option(help: ArgumentHelp("A further file, PATH or PATH=NAME-IN-BUNDLE; it is put beside the server. May be repeated.", valueName: "file"))
  var file: [String] = []
  @Flag(help: "Start the server and put the tools that it lists into the manifest.")
  var listTools = false

  func run() async throws {
    if let check {
      guard program == nil, url == nil else { throw ValidationError("--check stands alone") }
      return try Self.check(check)
    }
    let (path, source) = try chosen()
    guard let content = FileBytes.read(source) else { throw ValidationError("\(source) cannot be read, or is no file") }
    guard let format = ExecutableFormat(content) else { throw ValidationError("\(source) is no program for Linux, macOS or Windows") }
    var manifest = try manifest(path, format)
    var files = [MCPBundle.File(path: manifest.entryPoint, content: content, isExecutable: true)]
    for text in file { files.append(try Self.further(text)) }
    if let icon {
      guard let picture = FileBytes.read(icon), picture.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { throw ValidationError("\(icon) is no PNG file") }
      files.append(MCPBundle.File(path: "icon.png", content: picture))
      manifest.icon = "icon.png"
    }
    if listTools { manifest.tools = try await tools(source) }
    let bytes: [UInt8]
    do { bytes = try MCPBundle.make(manifest.json, files) } catch let error as ZipError { throw CommandError(error.description) }
    let target = output ?? "\(manifest.name).mcpb"
    if let problem = FileBytes.create(target, bytes) { throw CommandError("\(target) cannot be written: \(problem)") }
    print("wrote \(target), \(bytes.count) bytes, for \(format.rawValue). Open it with Claude Desktop, or drag it into its settings.")
    if ExecutableFormat.needsSwiftLibraries(content) { StandardOutput.writeError("Note: \(MCPBundle.swiftLibraries(source))\n") }
  }

  // MARK: What is packed

  /// The name of the program in the bundle, and where it is now.
  private func chosen() throws -> (String, source: String) {
    switch (program, url) {
    case (nil, nil): throw ValidationError("name a server to pack, or --url for a gateway, or --check")
    case (let program?, nil): return (program.split(separator: "/").last.map(String.init) ?? program, program)
    case (let program, let url?):
      guard let parsed = HTTPURL(url) else { throw ValidationError("\(url) is no http or https URL") }
      guard parsed.origin.scheme == .https || ["localhost", "127.0.0.1", "[::1]", "::1"].contains(parsed.origin.host) else {
        throw ValidationError("\(url): the token would travel unprotected. Use https, or an address of this machine")
      }
      return ("sluice", program ?? Executable.path)
    }
  }

  private func manifest(_ program: String, _ format: ExecutableFormat) throws -> BundleManifest {
    let stem = program.hasSuffix(".exe") ? String(program.dropLast(4)) : program
    let name = name ?? stem
    guard ScaffoldName.isValid(name, separators: "-_.") else {
      throw ValidationError("\"\(name)\" is no name for a bundle: lower-case letters, digits, - _ and . after a letter. Give one with --name")
    }
    var manifest = BundleManifest(
      name: name, displayName: displayName, release: bundleVersion, description: description ?? "The MCP server \(displayName ?? name).",
      author: author ?? ChildCommand.ownVariable("USER") ?? "unknown", entryPoint: "server/\(program)", platform: format.rawValue)
    if let url {
      manifest.description = description ?? "The tools that \(HTTPURL(url).map { $0.origin.host } ?? url) offers you."
      manifest.arguments = ["stdio", "--url", url] + argument
      manifest.settings.append(
        .init(variable: "SLUICE_TOKEN", title: "Token", description: "Your token for \(url). It is kept in the keychain of this machine.", isSensitive: true))
    } else {
      manifest.arguments = argument
      manifest.toolsAreGenerated = !listTools
    }
    for text in env {
      guard let equals = text.firstIndex(of: "=") else { throw ValidationError("--env takes NAME=VALUE, not \(text)") }
      manifest.environment.append((try Self.variable(text[..<equals]), String(text[text.index(after: equals)...])))
    }
    for text in secret {
      let (name, title) = Self.titled(text)
      manifest.settings.append(.init(variable: try Self.variable(name), title: title, description: "\(title), kept in the keychain of this machine.", isSensitive: true))
    }
    for text in setting {
      let (name, title) = Self.titled(text)
      let parts = name.split(separator: ":", maxSplits: 1)
      guard let kind = parts.count < 2 ? .string : BundleManifest.Setting.Kind(rawValue: String(parts[1])) else {
        throw ValidationError("--setting: there is no type \(parts[1]); use \(BundleManifest.Setting.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      let variable = try Self.variable(parts.first ?? "")
      manifest.settings.append(.init(variable: variable, kind: kind, title: title == name ? variable : title, description: title == name ? variable : title))
    }
    let variables = manifest.environment.map { $0.name.lowercased() } + manifest.settings.map(\.key)
    for (place, variable) in variables.enumerated() where variables[..<place].contains(variable) {
      throw ValidationError("the variable \(variable.uppercased()) is given twice")
    }
    return manifest
  }

  private static func titled(_ text: String) -> (name: String, title: String) {
    guard let equals = text.firstIndex(of: "=") else { return (text, text) }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }

  private static func variable(_ name: some StringProtocol) throws -> String {
    guard let first = name.utf8.first, !(0x30...0x39).contains(first),
      name.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F })
    else { throw ValidationError("\"\(name)\" is no name of an environment variable") }
    return String(name)
  }

  private static func further(_ text: String) throws -> MCPBundle.File {
    let (path, name) = titled(text)
    guard let content = FileBytes.read(path) else { throw ValidationError("--file: \(path) cannot be read, or is no file") }
    return MCPBundle.File(path: "server/" + (name == path ? path.split(separator: "/").last.map(String.init) ?? path : name), content: content)
  }

  private func tools(_ program: String) async throws -> [(name: String, description: String?)] {
    guard let path = FileText.absolute(program) else { throw ValidationError("\(program) is not there") }
    let transport: ClientTransport =
      url.map { .http($0, headers: RemoteEndpoint.headers(token: ChildCommand.ownVariable("SLUICE_TOKEN"))) } ?? .stdio(path, argument)
    do {
      return try await Client.with(transport, settings: .init(name: "sluice-pack", version: SluiceVersion.current, timeout: .seconds(30))) { client in
        try await client.listTools().map { ($0.name, $0.description?.split(separator: "\n").first.map(String.init)) }
      }
    } catch { throw CommandError("the tools cannot be listed: \(error). Without --list-tools the bundle is made all the same") }
  }

  // MARK: Checking

  private static func check(_ path: String) throws {
    guard let bytes = FileBytes.read(path, limit: MCPBundle.sizeLimit) else { throw CommandError("\(path) cannot be read, or is no file") }
    let report = MCPBundle.check(bytes)
    for remark in report.remarks { StandardOutput.writeError("Note: \(TerminalText.harmless(remark))\n") }
    guard report.problems.isEmpty else {
      for problem in report.problems { print("BAD  \(TerminalText.harmless(problem))") }
      throw ExitCode(1)
    }
    let manifest = report.manifest
    print(
      TerminalText.harmless(
        "ok: \(manifest["name"]?.string ?? "") \(manifest["version"]?.string ?? ""), \(report.files) files, \(report.bytes) bytes unpacked, \(manifest["server"]?["type"]?.string ?? "")"
      ))
  }
}
