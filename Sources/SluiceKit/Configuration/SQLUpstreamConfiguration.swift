internal import ConnectorKit
internal import Gateway
internal import SQLConnector
internal import Secrets

extension SluiceConfiguration.UpstreamEntry {
  /// The keys of an upstream that only a database has.
  static let databaseKeys = toolKeys.union(["tables", "statements", "schema", "schemas", "connections", "channel", "query_seconds", "query_rows", "query_bytes"])
  /// Those of them that say which tools there are.
  static let toolKeys: Set<String> = ["read_only", "toolsets", "tools"]

  /// Reads what `sqlite` and `postgres` have in common.
  ///
  /// - Parameter fields: of the upstream.
  static func database(_ name: String, _ source: SQLConfiguration.Source, _ fields: [String: ConfigurationNode]) throws(ConfigurationError) -> SQLConfiguration {
    var configuration = SQLConfiguration(source, name: name)
    if let node = fields["tables"] { configuration.tables = try tables(node) }
    if let node = fields["query_seconds"] { configuration.query.time = .seconds(Int64(try node.int(1...600))) }
    if let node = fields["query_rows"] { configuration.query.rows = try node.int(1...100_000) }
    if let node = fields["query_bytes"] { configuration.query.bytes = try node.int(1024...(16 << 20)) }
    if let node = fields["statements"] { configuration.statements = try statements(node) }
    configuration.scope = try scope(fields)
    // Rows are governed only where policy can speak of them; then nothing that comes without rules is answered.
    configuration.requiresGovernance = configuration.tables?.contains { $0.recordType != nil } ?? false
    return configuration
  }

  /// The same keys as those of our other connectors.
  private static func scope(_ fields: [String: ConfigurationNode]) throws(ConfigurationError) -> SQLToolScope {
    var scope = SQLToolScope(isReadOnly: try fields["read_only"]?.bool() ?? false)
    if let node = fields["toolsets"] {
      let names = try node.strings()
      let known = names.compactMap(SQLToolset.init(rawValue:))
      if let unknown = names.first(where: { $0 != "all" && SQLToolset(rawValue: $0) == nil }) {
        throw node.error("there is no toolset \"\(unknown)\". Known here: \(SQLToolset.allCases.map(\.rawValue).joined(separator: ", ")), all")
      }
      scope.toolsets = names.contains("all") ? Set(SQLToolset.allCases) : Set(known)
    }
    if let node = fields["tools"] {
      var filter = NameFilter()
      if node.isMapping {
        let parts = try node.members(["allow", "deny"])
        filter = NameFilter(allow: try parts["allow"]?.strings() ?? [], deny: try parts["deny"]?.strings() ?? [])
      } else {
        filter.allow = try node.strings()
      }
      let tools = filter
      scope.admits = { tools.admits($0) }
    }
    return scope
  }

  static func postgres(_ node: ConfigurationNode, _ fields: [String: ConfigurationNode]) throws(ConfigurationError) -> PostgresSettings {
    let secret = try SecretReference(configuration: node.string())
    var settings = PostgresSettings(connectionString: { try secret.text() })
    if let node = fields["schema"] { settings.schema = try node.string() }
    if let node = fields["schemas"] {
      guard fields["schema"] == nil else { throw node.error("schema or schemas, not both: with schemas, tables are called schema.table") }
      let schemas = try node.strings()
      guard !schemas.isEmpty, Set(schemas).count == schemas.count else { throw node.error("expected at least one schema, and each once") }
      settings.schemas = schemas
    }
    if let node = fields["connections"] { settings.connections = try node.int(1...64) }
    if let node = fields["channel"] { settings.channel = try node.string() }
    return settings
  }

  /// A list of names, or a mapping of names to rules.
  private static func tables(_ node: ConfigurationNode) throws(ConfigurationError) -> [TableRules] {
    if !node.isMapping { return try node.strings().map { TableRules($0) } }
    var tables: [TableRules] = []
    for (name, entry) in try node.entries() {
      var rules = TableRules(name)
      if !entry.isNull {
        let fields = try entry.members(["record", "description", "entities", "categories", "columns", "hide", "writes"])
        rules.description = try fields["description"]?.string()
        rules.recordType = try fields["record"].map { node throws(ConfigurationError) in try typeName(node) }
        for (column, type) in try fields["entities"]?.entries() ?? [] { rules.entities[column] = try typeName(type) }
        for (column, category) in try fields["categories"]?.entries() ?? [] {
          guard let known = DataCategory(rawValue: try category.string()) else {
            throw category.error("expected one of \(DataCategory.allCases.map(\.rawValue).joined(separator: ", "))")
          }
          rules.categories[column] = known.rawValue
        }
        for (column, text) in try fields["columns"]?.entries() ?? [] { rules.columns[column] = try text.string() }
        rules.hidden = Set(try fields["hide"]?.strings() ?? [])
        for write in try fields["writes"]?.strings() ?? [] {
          guard let known = TableRules.Write(rawValue: write) else { throw entry.error("writes are a list of insert, update, delete; not \"\(write)\"") }
          rules.writes.insert(known)
        }
      }
      tables.append(rules)
    }
    guard !tables.isEmpty else { throw node.error("expected at least one table; leave the key out to serve all") }
    return tables
  }

  /// A Cedar type: names separated by `::`.
  private static func typeName(_ node: ConfigurationNode) throws(ConfigurationError) -> String {
    let text = try node.string()
    let isName = text.split(separator: "::", omittingEmptySubsequences: false).allSatisfy { part in
      part.first.map { !$0.isNumber } == true
        && part.utf8.allSatisfy { byte in
          (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
        }
    }
    guard isName else { throw node.error("expected the name of a Cedar type, such as Opportunity") }
    return text
  }
}
