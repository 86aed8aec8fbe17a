internal import Cedar
internal import ConnectorKit
internal import Crypto
public import Gateway
internal import JSON
internal import Ledger
public import Logging
internal import MCP
internal import MCPAuth
internal import MCPHTTP
internal import NIOCore
internal import NIOPosix
public import ServiceLifecycle

/// The composition root: makes the parts that a configuration asks for, puts them together, and runs them.
public final class SluiceServer: Service {
  public let configuration: SluiceConfiguration
  public let store: SQLiteStore
  let gateway: Gateway
  private let http: HTTPServer
  private let client: HTTPClient
  private let authenticator: Authenticator
  private let limiter: Limiter
  private let log: LogWriter
  private let integrator: LogIntegrator
  private let processes: [StdioWire]
  private let connectors: ConnectorHost
  private let group: MultiThreadedEventLoopGroup
  private let logger: Logger

  /// Where the audit log of a state directory is.
  public static func auditDirectory(state: String) -> String { state + "/audit" }

  /// The name that an existing log has in its key.
  private static func origin(ofLogIn directory: String) -> String? {
    guard let text = FileText.read(directory + "/key.pub") else { return nil }
    return try? VerifierKey(parsing: text).name
  }

  /// - Throws: a description of what cannot be had: the state directory, the policies, the audit log, the upstreams' settings.
  public init(_ configuration: SluiceConfiguration, logger: Logger) async throws {
    self.configuration = configuration
    self.logger = logger
    guard FileText.makeDirectory(configuration.state) else {
      throw ConfigurationError("the state directory \(configuration.state) cannot be made")
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.loops ?? 1)
    self.group = group
    store = try SQLiteStore(directory: configuration.state)
    let audit = Self.auditDirectory(state: configuration.state)
    log = try LogWriter(directory: audit, origin: configuration.auditOrigin ?? Self.origin(ofLogIn: audit) ?? "sluice.local/audit")
    integrator = try LogIntegrator(log: log, every: .milliseconds(500)) { error in
      logger.error("the audit log could not be integrated", metadata: ["error": "\(error)"])
    }
    let client = HTTPClient(eventLoopGroup: group)
    self.client = client
    authenticator = try Authenticator(
      store: store, directory: configuration.directory, issuers: configuration.issuers,
      fetch: { url in try await KeyFetching.get(url, with: client) }, logger: logger)
    limiter = try await Limiter(configuration: configuration.limits, store: store, logger: logger)

    var connectors = ConnectorHost(
      http: client, state: configuration.state + "/connectors", publicURL: configuration.publicURL, isGoverned: true,
      signInKey: try await store.key(named: "connector-sign-in"), logger: logger)
    var upstreams: [Upstream] = []
    var processes: [StdioWire] = []
    for entry in configuration.upstreams {
      let wire = try UpstreamWires.make(entry, client: client, connectors: &connectors, on: group.next(), logger: logger)
      if let process = wire as? StdioWire { processes.append(process) }
      upstreams.append(Upstream(entry.settings, wire: wire, logger: logger))
    }
    self.processes = processes
    self.connectors = connectors
    let parts = Gateway.Parts(
      name: configuration.name, upstreams: upstreams, policies: configuration.policies, bounds: configuration.bounds,
      maskStyle: configuration.maskStyle, limiter: limiter, log: log,
      sealKey: try await store.key(named: "request-state").bytes, saltKey: try await store.key(named: "audit-salt").bytes,
      logger: logger, store: store)
    let gateway: Gateway
    do { gateway = try Gateway(parts) } catch let error as CedarError {
      throw ConfigurationError("policy: \(error)")
    }
    self.gateway = gateway

    // What an issuer's tokens must hold is what clients are told to ask for.
    var scopes: [String] = []
    for scope in configuration.issuers.flatMap(\.settings.requiredScopes) where !scopes.contains(scope) { scopes.append(scope) }
    let metadata = try ProtectedResourceMetadata(
      resource: configuration.publicURL, authorizationServers: configuration.issuers.map(\.settings.issuer).filter { $0.hasPrefix("http") },
      scopesSupported: scopes, resourceName: configuration.name)
    let authentication = FrontDoorAuthentication(authenticator: authenticator, metadata: metadata, logger: logger) { [gateway] in
      gateway.noteRefusedCredential($0, address: $1)
    }
    let endpoint = StreamableHTTPResponder(
      gateway,
      configuration: StreamableHTTPConfiguration(
        allowed: configuration.hosts.map { AllowedHosts(hosts: $0, origins: configuration.origins) }
          ?? AllowedHosts(hosts: ["localhost", "127.0.0.1", "[::1]"], origins: configuration.origins),
        limits: JSONLimits(bytes: configuration.requestBytes), sessionKey: try await store.key(named: "sessions")),
      registry: StoredSessions(store: store, logger: logger), authenticate: { await authentication.authenticate($0) })
    var settings = HTTPServerConfiguration()
    settings.maxBodyBytes = configuration.requestBytes
    http = HTTPServer(
      host: configuration.host, port: configuration.port, eventLoopGroup: group, configuration: settings,
      responder: FrontDoor(endpoint: endpoint, path: "/mcp", metadata: metadata, routes: connectors.routes, isReady: { gateway.isReady }),
      logger: logger)
  }

  /// Opens the port.
  ///
  /// - Returns: the port, where the configuration leaves it open.
  public func start() async throws -> Int { try await http.start() }

  /// Serves until graceful shutdown.
  public func run() async throws {
    try await serve { try await self.http.run() }
  }

  /// Keeps all parts but the port running while `front` does.
  func serve(_ front: @escaping @Sendable () async throws -> Void) async throws {
    for process in processes { process.start() }
    let parts: [@Sendable () async -> Void] = [
      { await self.gateway.run() }, { await self.limiter.run() }, { await self.authenticator.run() }, { await self.integrator.run() },
      { await self.connectors.run() },
    ]
    try await withThrowingTaskGroup(of: Void.self) { group in
      for part in parts { group.addTask { await part() } }
      #if os(Linux)
        group.addTask {
          await self.gateway.waitUntilListed(atMost: .seconds(30))
          StartupPages.release()
        }
      #endif
      // The parts stay until the last request is answered, and are over before the log is closed.
      let outcome: Result<Void, any Error>
      do { outcome = .success(try await front()) } catch { outcome = .failure(error) }
      group.cancelAll()
      await self.disconnect()
      try? await group.waitForAll()
      self.closeLog()
      try outcome.get()
    }
  }

  private func disconnect() async {
    await withTaskGroup(of: Void.self) { group in for process in processes { group.addTask { await process.stop() } } }
    await client.shutdown()
  }

  private func closeLog() {
    do { _ = try log.integrate() } catch { logger.error("the last audit leaves are written but not signed", metadata: ["error": "\(error)"]) }
    try? log.close()
  }
}

extension SymmetricKey {
  fileprivate var bytes: [UInt8] { withUnsafeBytes { Array($0) } }
}

/// Reads JWK sets over HTTP.
enum KeyFetching {
  static func get(_ url: String, with client: HTTPClient) async throws -> ByteBuffer {
    guard let target = HTTPURL(url) else { throw ConfigurationError("\(url) is no http or https URL") }
    var headers = HTTPHeaders()
    headers.add("Accept", "application/json")
    let request = HTTPClientRequest(origin: target.origin, method: .get, path: target.path, headers: headers, body: nil, streamsEvents: false)
    let response = try await client.send(request, deadline: .now() + .seconds(10))
    guard response.status == .ok, case .full(let body) = response.body, body.readableBytes <= 1 << 20 else {
      throw ConfigurationError("\(url) answered with status \(response.status.code)")
    }
    return body
  }
}

/// Makes the wire that an upstream's configuration asks for.
enum UpstreamWires {
  static func make(_ entry: SluiceConfiguration.UpstreamEntry, client: HTTPClient, connectors: inout ConnectorHost, on loop: any EventLoop, logger: Logger)
    throws(ConfigurationError)
    -> any ClientWire
  {
    let name = entry.settings.name
    switch entry.kind {
    case .command(let command, let arguments, let environment, let directory):
      var variables: [String: String] = [:]
      for (variable, secret) in environment { variables[variable] = try secret.text() }
      return StdioWire(
        name: name, command: ChildCommand(command, arguments: arguments, environment: variables, workingDirectory: directory), on: loop, logger: logger)
    case .http(let url, let headers):
      guard let target = HTTPURL(url) else { throw ConfigurationError("upstreams.\(name).url is no http or https URL") }
      return HTTPWire(
        HTTPWire.Configuration(origin: target.origin, path: target.path) {
          var resolved: [HTTPHint.Header] = []
          for (header, secret) in headers { resolved.append(.init(header, try secret.text())) }
          return resolved
        }, client: client)
    case .database(let configuration): return try SQLUpstream(configuration, logger: logger)
    case .sample(let path): return try SQLUpstream.sample(name: name, path: path, logger: logger)
    case .connector(let kind, let settings):
      let connector = try connectors.make(kind, name: name, settings)
      return InProcessWire(connector.server)
    }
  }
}
