internal import MCP

/// The SQL connector as an upstream in the gateway's own process.
enum SQLUpstream {
  static func server(name: String, path: String, crm: Bool) throws(ConfigurationError) -> any RequestHandler {
    throw ConfigurationError("the SQL connector is being built")
  }
}
