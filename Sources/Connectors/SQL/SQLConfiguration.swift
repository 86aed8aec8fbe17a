/// What a ``SQLConnector`` serves and how much of it.
public struct SQLConfiguration: Sendable {
  /// Path of the SQLite file. It must exist.
  public var path: String
  /// Names the database in resource URIs (`sql://{name}/tables`).
  public var name: String
  /// The tables to serve; nil serves every ordinary table of the file, without record types.
  public var tables: [TableRules]?
  public var query: QueryLimits
  /// Refuses requests that no gateway governs, that is, without `MetaKey.rows`.
  public var requiresGovernance: Bool

  public init(
    path: String, name: String, tables: [TableRules]? = nil, query: QueryLimits = QueryLimits(), requiresGovernance: Bool = false
  ) {
    self.path = path
    self.name = name
    self.tables = tables
    self.query = query
    self.requiresGovernance = requiresGovernance
  }
}

/// What policy needs to know of a table.
public struct TableRules: Sendable {
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

  public init(
    _ name: String, description: String? = nil, recordType: String? = nil, entities: [String: String] = [:],
    categories: [String: String] = [:], columns: [String: String] = [:]
  ) {
    self.name = name
    self.description = description
    self.recordType = recordType
    self.entities = entities
    self.categories = categories
    self.columns = columns
  }
}

/// Bounds of the free query tool.
public struct QueryLimits: Sendable {
  /// The most rows of one answer.
  public var rows: Int
  /// The most bytes of all values of one answer.
  public var bytes: Int
  /// The most bytes of one value, also of one computed on the way. A larger one fails the query. Bounds how long a single function
  /// may take, which nothing interrupts.
  public var valueBytes: Int
  /// How long a query may run.
  public var time: Duration
  /// How much memory a query may take, in bytes. Measured for the whole process, so a bound against accidents, not an account.
  public var memory: Int

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
