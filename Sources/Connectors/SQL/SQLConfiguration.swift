/// What a ``SQLConnector`` serves and how much of it.
public struct SQLConfiguration: Sendable {
  public enum Source: Sendable {
    /// Path of an SQLite file. It must exist.
    case sqlite(path: String)
    case postgres(PostgresSettings)
  }
  public var source: Source
  /// Names the database in resource URIs (`sql://{name}/{table}`).
  public var name: String
  /// The tables to serve; nil serves every ordinary table of the file or schema, without record types.
  public var tables: [TableRules]?
  /// Statements that callers run by their names, each as a tool of its own.
  public var statements: [DeclaredStatement] = []
  public var query: QueryLimits
  /// Refuses requests that no gateway governs, that is, without `MetaKey.rows`.
  public var requiresGovernance: Bool
  /// The tools that are offered.
  public var scope = SQLToolScope()

  public init(
    _ source: Source, name: String, tables: [TableRules]? = nil, query: QueryLimits = QueryLimits(), requiresGovernance: Bool = false
  ) {
    self.source = source
    self.name = name
    self.tables = tables
    self.query = query
    self.requiresGovernance = requiresGovernance
  }

  /// An SQLite file.
  public init(
    path: String, name: String, tables: [TableRules]? = nil, query: QueryLimits = QueryLimits(), requiresGovernance: Bool = false
  ) {
    self.init(.sqlite(path: path), name: name, tables: tables, query: query, requiresGovernance: requiresGovernance)
  }
}

extension SQLConfiguration {
  /// Whether any tool changes something.
  var mayWrite: Bool { !scope.isReadOnly && (tables?.contains { !$0.writes.isEmpty } == true || statements.contains(where: \.isWrite)) }
}

/// How a PostgreSQL database is reached.
public struct PostgresSettings: Sendable {
  /// The connection string (libpq, "Connection Strings"), asked for with every new connection, so that a rotated password
  /// counts. It is never logged and stands in no error.
  public var connectionString: @Sendable () throws -> String
  /// The schema whose tables are served, by their bare names.
  public var schema: String
  /// Several schemas in place of ``schema``. Tables are then called `schema.table`, so that no two have one name; a part that holds a
  /// dot or a quote stands in quotes, as in SQL.
  public var schemas: [String]?
  /// The most connections for requests. Listening takes one more.
  public var connections: Int
  /// How long a request waits for a free connection, and for a new one to be made.
  public var patience: Duration
  /// The channel on which the database tells of changes (`NOTIFY`); nil for none. The payload is the name of a table, with or without
  /// its schema, or empty for all.
  public var channel: String?

  public init(
    connectionString: @escaping @Sendable () throws -> String, schema: String = "public", schemas: [String]? = nil, connections: Int = 4,
    patience: Duration = .seconds(5), channel: String? = nil
  ) {
    self.connectionString = connectionString
    self.schema = schema
    self.schemas = schemas
    self.connections = connections
    self.patience = patience
    self.channel = channel
  }
}

/// What policy needs to know of a table, and what callers may do with it.
public struct TableRules: Sendable {
  public enum Write: String, Sendable, CaseIterable { case insert, update, delete }

  public var name: String
  public var description: String?
  /// The Cedar type of the table's rows. A table without one is served only while no table of the connector has one, or to ungoverned requests.
  public var recordType: String?
  /// Column -> Cedar entity type, for columns that hold the id of an entity.
  public var entities: [String: String]
  /// Column -> data category. A caller without clearance for it sees the column masked.
  public var categories: [String: String]
  /// Column -> what it means, for people and models.
  public var columns: [String: String]
  /// Columns that do not exist for callers.
  public var hidden: Set<String>
  /// The changes that the generic tools may make.
  public var writes: Set<Write>

  public init(
    _ name: String, description: String? = nil, recordType: String? = nil, entities: [String: String] = [:],
    categories: [String: String] = [:], columns: [String: String] = [:], hidden: Set<String> = [], writes: Set<Write> = []
  ) {
    self.name = name
    self.description = description
    self.recordType = recordType
    self.entities = entities
    self.categories = categories
    self.columns = columns
    self.hidden = hidden
    self.writes = writes
  }

  /// The same without changes.
  var readOnly: TableRules {
    var rules = self
    rules.writes = []
    return rules
  }
}

/// Bounds of the free query tool.
public struct QueryLimits: Sendable {
  /// The most rows of one answer.
  public var rows: Int
  /// The most bytes of all values of one answer.
  public var bytes: Int
  /// The most bytes of one value, with SQLite also of one computed on the way. SQLite fails a query with a larger one; of
  /// PostgreSQL's, the beginning comes. Bounds how long a single function may take, which nothing interrupts in SQLite.
  public var valueBytes: Int
  /// How long a query may run.
  public var time: Duration
  /// How much memory a query may take, in bytes. With SQLite it is measured for the whole process, so a bound against accidents, not an
  /// account. PostgreSQL's memory is its own: what `string_agg` and other aggregates gather there is counted and bounded, the rest is
  /// left to `work_mem`.
  public var memory: Int

  /// The most bytes that such aggregates of one query take in. PostgreSQL doubles buffers as they grow, and copies what came out.
  var gatheredBytes: Int { memory / 4 }
  /// `work_mem` of the sessions, in kilobytes, where it is not less already.
  static let workKilobytes = 16 << 10
  /// `temp_file_limit` of the sessions, in kilobytes, where the role may set it.
  static let temporaryKilobytes = 1 << 20

  public init(
    rows: Int = 1000, bytes: Int = 256 << 10, valueBytes: Int = 128 << 10, time: Duration = .seconds(5), memory: Int = 128 << 20
  ) {
    self.rows = rows
    self.bytes = bytes
    self.valueBytes = valueBytes
    self.time = time
    self.memory = memory
  }
}

/// Why a connector cannot serve its database.
public struct SQLConnectorError: Error, Sendable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
