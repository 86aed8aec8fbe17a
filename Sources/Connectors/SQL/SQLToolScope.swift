/// A group of tools, with what belongs to them.
public enum SQLToolset: String, Sendable, Hashable, CaseIterable {
  /// `list_tables` and `describe_table`, and the schema as resources.
  case schema
  /// `query`.
  case query
  /// `explain`.
  case explain
  /// `list_rows`, and the first rows of a table as resources where no rule speaks of rows.
  case rows
  /// The declared statements that read.
  case statements
  /// `insert_row`, `update_row` and `delete_row`, for the tables whose rules allow them, and the declared statements that change something.
  case writes
  /// `explore_schema` and `answer_from_database`.
  case prompts
}

/// Which tools a database offers. Read-only mode overrules everything else.
public struct SQLToolScope: Sendable {
  /// Whether nothing is changed, whatever the rules of the tables allow.
  public var isReadOnly: Bool
  public var toolsets: Set<SQLToolset>
  /// Whether a tool of these is offered, by its name.
  public var admits: @Sendable (_ tool: String) -> Bool

  public init(
    isReadOnly: Bool = false, toolsets: Set<SQLToolset> = Set(SQLToolset.allCases), admits: @escaping @Sendable (_ tool: String) -> Bool = { _ in true }
  ) {
    self.isReadOnly = isReadOnly
    self.toolsets = toolsets
    self.admits = admits
  }
}
