internal import Demo
internal import Gateway
internal import Logging
internal import MCP
internal import SQLConnector

/// The SQL connector as an upstream in the gateway's own process.
enum SQLUpstream {
  /// - Parameter crm: whether the database is the sample company's, which has typed tools besides the generic ones.
  static func server(name: String, path: String, crm: Bool, logger: Logger) throws(ConfigurationError) -> any RequestHandler {
    do {
      if crm {
        try Demo.seed(path)
        return try CRMServer.make(databasePath: path, requiresGovernance: true, logger: logger)
      }
      guard FileText.exists(path) else { throw ConfigurationError("upstreams.\(name).sqlite: there is no file \(path)") }
      return try SQLConnector(SQLConfiguration(path: path, name: name)).makeServer(title: nil, version: SluiceVersion.current, instructions: nil, logger: logger)
    } catch let error as ConfigurationError { throw error } catch {
      throw ConfigurationError("upstreams.\(name): \(error)")
    }
  }
}
