public import ArgumentParser
internal import Gateway

/// The `sluice` command line.
public struct SluiceCommand: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "sluice", abstract: "The governed gateway between MCP clients and a company's systems.",
    version: SluiceVersion.current,
    subcommands: [
      DemoCommand.self, ServeCommand.self, InitCommand.self, StdioCommand.self, CallCommand.self, TokenCommand.self, AuditCommand.self, ConnectorCommand.self,
    ])

  public init() {}
}
