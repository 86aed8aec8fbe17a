internal import ArgumentParser

/// Makes a Swift package to begin with.
struct NewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Make a Swift package of an MCP server or a connector.",
    discussion: """
      The package builds, tests and runs as it is: over stdio and HTTP, with tests on MCPTesting, a Dockerfile, an entry for Claude Desktop \
      and a README. Nothing is overwritten. Exit status: 0 done, 1 nothing was written, 2 the command line is wrong.
      """, subcommands: [Server.self, Connector.self])

  struct Options: ParsableArguments {
    @Argument(help: "Lower-case words with hyphens, such as weather-server.")
    var name: String
    @Option(help: "Where to put it; else the name, here.")
    var directory: String?
    @Option(help: "A checkout of Sluice on this machine; without it, or a URL, Package.swift looks for one at ../sluice.")
    var sluicePath: String?
    @Option(help: "A git repository of Sluice.")
    var sluiceURL: String?

    func make(_ kind: Scaffold.Kind) throws {
      let name: ScaffoldName
      do throws(CommandError) { name = try ScaffoldName(self.name) } catch { throw ValidationError(error.description) }
      var source = Scaffold.Source.beside
      guard sluicePath == nil || sluiceURL == nil else { throw ValidationError("--sluice-path and --sluice-url exclude each other") }
      if let sluiceURL {
        do throws(CommandError) { source = try .repository(sluiceURL) } catch { throw ValidationError("--sluice-url: \(error.description)") }
      }
      if let sluicePath {
        guard let path = FileText.absolute(sluicePath), FileText.exists("\(path)/Package.swift"), FileText.exists("\(path)/Sources/MCP") else {
          throw ValidationError("--sluice-path: there is no checkout of Sluice at \(sluicePath)")
        }
        guard !path.contains(where: { $0 == "\"" || $0 == "\\" || $0.isNewline }) else { throw ValidationError("--sluice-path: \(path) cannot stand in a Package.swift") }
        source = .path(path)
      }
      let target = directory ?? name.text
      try Scaffold(kind: kind, name: name, source: source).write(to: target)
      var next = "made \(target). Next:\n  cd \(target) && swift build && swift test"
      if source == .beside {
        next += "\nPackage.swift looks for a checkout of Sluice at \(Scaffold.Source.besidePath), beside the package: put one there, or change the line marked SLUICE."
      }
      print(next)
    }
  }

  struct Server: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "An MCP server with typed tools, by macros.")
    @OptionGroup var options: Options
    func run() async throws { try options.make(.server) }
  }

  struct Connector: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "A server for the records of another system, which a gateway governs row by row; without macros.")
    @OptionGroup var options: Options
    func run() async throws { try options.make(.connector) }
  }
}
