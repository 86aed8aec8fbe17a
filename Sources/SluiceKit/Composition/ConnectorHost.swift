internal import ConnectorKit
internal import Crypto
internal import JSON
internal import Logging
internal import MCPHTTP

/// The connectors that run in this process, with what they need, and what they do besides answering calls.
struct ConnectorHost: Sendable {
  private let http: HTTPClient
  private let state: String
  private let publicURL: String?
  private let isGoverned: Bool
  private let signInKey: SymmetricKey
  private let logger: Logger
  private(set) var connectors: [(name: String, connector: any Connector)] = []

  /// - Parameters:
  ///   - state: the directory for tokens and cursors.
  ///   - publicURL: of the MCP endpoint; routes are on its origin.
  init(http: HTTPClient, state: String, publicURL: String?, isGoverned: Bool, signInKey: SymmetricKey = SymmetricKey(size: .bits256), logger: Logger) {
    self.http = http
    self.state = state
    self.publicURL = publicURL.flatMap { HTTPURL($0) }?.origin.description
    self.isGoverned = isGoverned
    self.signInKey = signInKey
    self.logger = logger
  }

  mutating func make(_ kind: String, name: String, _ settings: JSONObject) throws(ConfigurationError) -> any Connector {
    guard let type = ConnectorCatalog.type(named: kind) else { throw ConfigurationError(ConnectorCatalog.unknown(kind)) }
    var logger = logger
    logger[metadataKey: "connector"] = "\(name)"
    let environment = ConnectorEnvironment(
      name: name, http: http, state: FileConnectorState(directory: "\(state)/\(name)"), logger: logger, isGoverned: isGoverned,
      publicURL: publicURL.map { $0 + ConnectorRoutes.prefix + name }, signInKey: signInKey)
    do throws(ConnectorError) {
      let connector = try type.init(ConnectorSettings(settings, path: "upstreams.\(name).settings"), environment)
      connectors.append((name, connector))
      return connector
    } catch { throw ConfigurationError(error.description) }
  }

  /// What vendors, and people who sign in at them, call.
  var routes: ConnectorRoutes { ConnectorRoutes(connectors.flatMap { name, connector in connector.routes.map { (name, $0) } }) }

  /// Lets every connector follow its vendor until the task is cancelled.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      for (_, connector) in connectors { group.addTask { await connector.run() } }
    }
  }
}
