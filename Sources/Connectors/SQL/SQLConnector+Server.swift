public import Logging
public import MCP

extension SQLConnector {
  /// A server with the tools and resources that any database has: `list_tables`, `describe_table`, `query` and the schema.
  /// Typed tools are added to it.
  public func makeServer(
    title: String? = nil, version: String, instructions: String? = nil, logger: Logger = Logger(label: "mcp.sql")
  ) throws -> Server {
    let server = Server(name: configuration.name, title: title, version: version, instructions: instructions, logger: logger)
    for tool in SchemaTools(connector: self).all { server.add(tool) }
    server.add(QueryTool(connector: self).tool)
    try TableResources(connector: self).add(to: server)
    return server
  }
}
