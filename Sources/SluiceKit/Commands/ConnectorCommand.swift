internal import ArgumentParser
internal import ConnectorKit
internal import Gateway
internal import JSON
internal import Logging
internal import MCP
internal import MCPHTTP
internal import NIOPosix

/// `sluice connector`: our connectors without a gateway around them, and their check.
struct ConnectorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connector", abstract: "Run a connector alone, or check its credentials.",
    subcommands: [ConnectorRunCommand.self, ConnectorCheckCommand.self, ConnectorListCommand.self], defaultSubcommand: ConnectorRunCommand.self)
}

/// Where a connector's settings come from.
struct ConnectorOptions: ParsableArguments {
  @Argument(help: "The connector's kind, such as slack; or with --config the name of an upstream.")
  var name: String
  @Option(help: "A YAML file with the connector's settings.")
  var settings: String?
  @Option(name: .shortAndLong, help: "A sluice.yaml whose upstream NAME is meant.")
  var config: String?
  @Option(help: "The directory for tokens and cursors.")
  var state = "sluice-state"
  @OptionGroup var logging: LoggingOptions

  func connector(http: HTTPClient, publicURL: String?) throws -> any Connector {
    var kind = name
    var values = JSONObject()
    if let config {
      guard let entry = try SluiceConfiguration(file: config).upstreams.first(where: { $0.settings.name == name }) else {
        throw ValidationError("\(config) has no upstream \(name)")
      }
      guard case .connector(let found, let settings) = entry.kind else { throw ValidationError("the upstream \(name) of \(config) is no connector") }
      (kind, values) = (found, settings)
    } else if let settings {
      guard let text = FileText.read(settings) else { throw ValidationError("the file \(settings) cannot be read") }
      guard let object = try ConfigurationNode(parsing: text, file: settings).json().object else {
        throw ValidationError("\(settings) must hold a mapping (key: value)")
      }
      values = object
    }
    var host = ConnectorHost(http: http, state: state + "/connectors", publicURL: publicURL, isGoverned: false, logger: logging.logger())
    return try host.make(kind, name: name, values)
  }
}

struct ConnectorRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Serve one connector over standard input and output, or over HTTP.",
    discussion: "Without a gateway there is no policy: whoever reaches it has all that its credential has.")

  @OptionGroup var options: ConnectorOptions
  @Option(help: "Serve Streamable HTTP on this port of 127.0.0.1, in place of standard input and output.")
  var port: Int?

  func run() async throws {
    let http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    let connector = try options.connector(http: http, publicURL: port.map { "http://127.0.0.1:\($0)/mcp" })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await connector.run() }
      try await connector.server.run(port.map { .http(port: $0) } ?? .stdio)
      group.cancelAll()
    }
    await http.shutdown()
  }
}

struct ConnectorCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Ask the vendor whether the credentials and scopes of a connector will do.",
    discussion: "Exits with 1 when something is missing.")

  @OptionGroup var options: ConnectorOptions

  func run() async throws {
    let http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    let findings = try await options.connector(http: http, publicURL: nil).check()
    await http.shutdown()
    for finding in findings {
      print("\(finding.level.rawValue)  \(finding.message)")
      if let remedy = finding.remedy { print("    \(remedy)") }
    }
    if findings.contains(where: { $0.level == .failure }) { throw ExitCode(1) }
  }
}

struct ConnectorListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Name the connectors that are built in.")

  func run() async throws {
    for type in ConnectorCatalog.all.sorted(by: { $0.name < $1.name }) { print(type.name) }
  }
}
