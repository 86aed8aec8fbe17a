internal import ArgumentParser
internal import ConnectorKit
internal import Gateway
internal import JSON
internal import Logging
internal import MCP
internal import MCPHTTP
internal import NIOPosix
internal import SQLConnector
internal import ServiceLifecycle
internal import UnixSignals

/// `sluice connector`: our connectors without a gateway around them, and their check.
struct ConnectorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connector", abstract: "Run a connector alone, or check its credentials.",
    subcommands: [ConnectorRunCommand.self, ConnectorCheckCommand.self, ConnectorListCommand.self], defaultSubcommand: ConnectorRunCommand.self)
}

/// Where a connector's settings come from.
struct ConnectorOptions: ParsableArguments {
  @Argument(help: "The connector's kind, such as slack or sqlite; or with --config the name of an upstream.")
  var name: String
  @Option(help: "A YAML file with the connector's settings.")
  var settings: String?
  @Option(name: .shortAndLong, help: "A sluice.yaml whose upstream NAME is meant.")
  var config: String?
  @Option(help: "The directory for tokens and cursors.")
  var state = "sluice-state"
  @OptionGroup var logging: LoggingOptions

  /// What the name and its settings mean.
  enum Served {
    case connector(any Connector)
    case database(SQLConfiguration)
  }

  /// - Parameter publicURL: of the MCP endpoint, given that of the configuration, if there is one.
  func served(http: HTTPClient, publicURL: (_ configured: String?) -> String?) throws -> Served {
    let (kind, configured) = try found()
    switch kind {
    case .connector(let kind, let settings):
      var host = ConnectorHost(http: http, state: state + "/connectors", publicURL: publicURL(configured), isGoverned: false, logger: logging.logger())
      return .connector(try host.make(kind, name: name, settings))
    case .database(var configuration):
      // Nobody sends rules for rows here.
      configuration.requiresGovernance = false
      return .database(configuration)
    case .command, .http, .sample: throw ValidationError("the upstream \(name) of \(config ?? settings ?? "") is no connector")
    }
  }

  private func found() throws -> (kind: SluiceConfiguration.UpstreamEntry.Kind, publicURL: String?) {
    if let config {
      let configuration = try SluiceConfiguration(file: config)
      guard let entry = configuration.upstreams.first(where: { $0.settings.name == name }) else { throw ValidationError("\(config) has no upstream \(name)") }
      return (entry.kind, configuration.publicURL)
    }
    let isDatabase = ConnectorCatalog.databases.contains(name)
    guard let settings else {
      if isDatabase { throw ValidationError("\(name) needs --settings FILE, with what stands under an upstream with \(name) in sluice.yaml") }
      return (.connector(name, settings: JSONObject()), nil)
    }
    guard let text = FileText.read(settings) else { throw ValidationError("the file \(settings) cannot be read") }
    let node = try ConfigurationNode(parsing: text, file: settings)
    guard node.isMapping else { throw ValidationError("\(settings) must hold a mapping (key: value)") }
    guard isDatabase else { return (.connector(name, settings: try node.json().object ?? JSONObject()), nil) }
    guard try node.entries().contains(where: { $0.name == name }) else {
      throw ValidationError("\(settings) must have the key \(name), as an upstream of sluice.yaml has it")
    }
    return (try SluiceConfiguration.UpstreamEntry(name, node, FileText.directory(of: settings)).kind, nil)
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
    switch try options.served(http: http, publicURL: { _ in port.map { "http://127.0.0.1:\($0)/mcp" } }) {
    case .connector(let connector): try await serve(connector.server, connector.routes) { await connector.run() }
    case .database(let configuration):
      let connector: SQLConnector
      do { connector = try SQLConnector(configuration) } catch { throw CommandError("\(options.name): \(error)") }
      let server = try connector.makeServer(version: SluiceVersion.current, logger: options.logging.logger())
      try await serve(server) { await connector.watch(for: server) }
    }
    await http.shutdown()
  }

  /// - Parameter follow: what goes on beside.
  private func serve(_ server: Server, _ routes: [ConnectorRoute] = [], _ follow: @escaping @Sendable () async -> Void) async throws {
    let routes = ConnectorRoutes(routes.map { (options.name, $0) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await follow() }
      try await server.run(port.map { .http(port: $0, routes, options.logging.logger()) } ?? .stdio)
      group.cancelAll()
    }
  }
}

/// Streamable HTTP of one connector, and the paths that its vendor and people who sign in there call.
private struct ConnectorDoor: HTTPResponder {
  let endpoint: StreamableHTTPResponder
  let routes: ConnectorRoutes

  func respond(to request: HTTPRequest) async -> HTTPReply {
    if let reply = await routes.respond(to: request) { return reply }
    return await endpoint.respond(to: request)
  }
}

extension ServerEndpoint {
  /// On this machine alone, until SIGTERM or SIGINT.
  fileprivate static func http(port: Int, _ routes: ConnectorRoutes, _ logger: Logger) -> ServerEndpoint {
    ServerEndpoint { handler in
      let server = HTTPServer(
        host: "127.0.0.1", port: port, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
        responder: ConnectorDoor(endpoint: StreamableHTTPResponder(handler), routes: routes), logger: logger)
      let group = ServiceGroup(
        configuration: .init(
          services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
      try await group.run()
    }
  }
}

struct ConnectorCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Ask the vendor whether the credentials and scopes of a connector will do.",
    discussion: "Exits with 1 when something is missing.")

  /// Where nobody goes: connectors need to know where people come back to after a sign-in, and a check signs nobody in.
  private static let placeholder = "http://127.0.0.1:7300/mcp"

  @OptionGroup var options: ConnectorOptions

  func run() async throws {
    let http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    let findings: [ConnectorFinding]
    switch try options.served(http: http, publicURL: { $0 ?? Self.placeholder }) {
    case .connector(let connector): findings = await connector.check()
    case .database(let configuration):
      findings = await SQLConnector.check(configuration).map {
        ConnectorFinding(ConnectorFinding.Level(rawValue: $0.level.rawValue) ?? .failure, $0.message, remedy: $0.remedy)
      }
    }
    await http.shutdown()
    for finding in findings {
      print("\(finding.level.rawValue)  \(finding.message)")
      if let remedy = finding.remedy { print("    \(remedy)") }
    }
    if findings.contains(where: { $0.level == .failure }) { throw ExitCode(1) }
  }
}

struct ConnectorListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Name the connectors that are built in, and the databases that are served.")

  func run() async throws {
    for name in (ConnectorCatalog.all.map { $0.name } + ConnectorCatalog.databases).sorted() { print(name) }
  }
}
