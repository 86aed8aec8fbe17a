public import Logging
public import MCP

extension SQLConnector {
  /// A server with the tools, resources and prompts that any database has. Typed tools are added to it.
  ///
  /// - Parameter toolsets: in place of those of the configuration.
  public func makeServer(
    title: String? = nil, version: String, instructions: String? = nil, toolsets: Set<SQLToolset>? = nil,
    logger: Logger = Logger(label: "mcp.sql")
  ) throws -> Server {
    let server = Server(name: configuration.name, title: title, version: version, instructions: instructions, logger: logger)
    let scope = configuration.scope
    let toolsets = toolsets ?? scope.toolsets
    var tools: [Tool] = []
    if toolsets.contains(.schema) { tools += SchemaTools(connector: self).all }
    if toolsets.contains(.query) { tools.append(QueryTool(connector: self).tool) }
    if toolsets.contains(.explain) { tools.append(QueryTool(connector: self).explain) }
    if toolsets.contains(.rows) { tools.append(RowsTool(connector: self).tool) }
    if toolsets.contains(.statements) { tools += StatementTools(connector: self).reads }
    if toolsets.contains(.writes) { tools += WriteTools(connector: self).all + StatementTools(connector: self).writes }
    for tool in tools where scope.admits(tool.name) { server.add(tool) }
    if toolsets.contains(.prompts) { SQLPrompts(connector: self).add(to: server) }
    if toolsets.contains(.schema) { try TableResources(connector: self).addSchema(to: server) }
    if toolsets.contains(.rows) { try TableResources(connector: self).addRows(to: server) }
    return server
  }

  /// Calls `changed` with the URI of each resource whose table may have changed, until cancelled: of SQLite by its
  /// `data_version`, once a second; of PostgreSQL by notifications, if there is a channel.
  public func watch(_ changed: @escaping @Sendable (_ uri: String) async -> Void) async {
    let (changes, continuation) = AsyncStream.makeStream(of: String?.self, bufferingPolicy: .bufferingNewest(256))
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [database] in
        await database.watch { continuation.yield($0) }
        continuation.finish()
      }
      let resources = TableResources(connector: self)
      for await table in changes {
        let known = (try? await currentTables()) ?? tables
        // A name that is no table's is none of the reader's business.
        let changedTables = table.map { name in known.filter { $0.name == name || $0.relation == name } } ?? known
        for uri in changedTables.flatMap({ resources.uris(of: $0.name) }) { await changed(uri) }
      }
      group.cancelAll()
    }
  }

  /// Tells those who subscribed to the server's resources of changes, until cancelled.
  public func watch(for server: Server) async { await watch { server.notifyResourceUpdated($0) } }
}
