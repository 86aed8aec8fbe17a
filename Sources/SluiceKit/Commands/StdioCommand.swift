internal import ArgumentParser
internal import Gateway
internal import JSON
internal import Ledger
internal import Logging
internal import MCP
internal import NIOCore
internal import NIOPosix

/// The gateway for clients that start their servers, such as Claude Desktop.
struct StdioCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stdio", abstract: "Serve over standard input and output, for Claude Desktop and others.",
    discussion: """
      With --url, connects to a running gateway with the token in SLUICE_TOKEN. Without, runs the gateway of the configuration file in \
      this process, for the user that its stdio.user or --user names; the state directory must then not be in use by another gateway.
      """)

  @Option(name: .shortAndLong, help: "The configuration file.")
  var config = "sluice.yaml"
  @Option(help: "The MCP endpoint of a running gateway.")
  var url: String?
  @Option(help: "In whose name, in place of the configuration's stdio.user.")
  var user: String?
  @OptionGroup var logging: LoggingOptions

  func run() async throws {
    if let url {
      try await RemoteEndpoint.with(url: url, token: ChildCommand.ownVariable("SLUICE_TOKEN")) { connection in
        try await connection.connect()
        try await Self.serve(RemoteHandler(connection), caller: nil, logger: logging.logger())
      }
    } else {
      try await serveLocally()
    }
  }

  private func serveLocally() async throws {
    let configuration = try SluiceConfiguration(file: config)
    guard let user = user ?? configuration.stdioUser else {
      throw ValidationError("name the user to serve: stdio.user in \(config), or --user")
    }
    guard let entry = configuration.directory.users[user], !entry.isDisabled else {
      throw ValidationError("\(user) is not among identity.users of \(config)")
    }
    let logger = logging.logger()
    let server: SluiceServer
    do { server = try await SluiceServer(configuration, logger: logger) } catch let error as LedgerError where error.code == .locked {
      throw ValidationError("a gateway already runs on this state. Connect to it: sluice stdio --url \(configuration.publicURL), with a token in SLUICE_TOKEN")
    }
    let principal = Principal(
      id: user, kind: entry.kind ?? .user, groups: entry.groups, roles: entry.roles, attributes: entry.attributes, authentication: .local)
    let gateway = server.gateway
    try await server.serve {
      await gateway.waitUntilListed(atMost: .seconds(10))
      try await Self.serve(gateway, caller: principal, logger: logger)
    }
  }

  private static func serve(_ handler: any RequestHandler, caller: (any Caller)?, logger: Logger) async throws {
    let transport = try StdioServerTransport.claimingStandardStreams(on: MultiThreadedEventLoopGroup.singleton.next())
    try await transport.serve(handler, caller: caller)
  }
}
