public import ArgumentParser
internal import Gateway

/// The `sluice` command line.
public struct SluiceCommand: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "sluice", abstract: "The governed gateway between MCP clients and a company's systems.",
    version: SluiceVersion.current,
    subcommands: [
      DemoCommand.self, ServeCommand.self, InitCommand.self, StdioCommand.self, CallCommand.self, TokenCommand.self, UpstreamsCommand.self, AuditCommand.self,
      ConnectorCommand.self, InspectCommand.self, NewCommand.self, PackCommand.self,
    ])

  public init() {}

  /// The commands whose status 2 says that the command line is wrong, as is usual; the older ones have EX_USAGE, 64.
  private static let commandsWithStatus2: Set<String> = ["inspect", "new", "pack"]

  /// Runs the command line of this process.
  public static func start() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
    } catch {
      if exitCode(for: error) == .validationFailure, CommandLine.arguments.dropFirst().first.map(commandsWithStatus2.contains) == true {
        StandardOutput.writeError(fullMessage(for: error) + "\n")
        exit(withError: ExitCode(2))
      }
      exit(withError: error)
    }
  }
}
