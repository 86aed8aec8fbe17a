internal import JSON

/// Reads which tables the schemas have, and joins them with the configured rules.
struct PostgresSchema {
  private let schemas: [String]
  /// Whether tables are called by their schemas as well.
  private let qualifies: Bool
  private let rules: [TableRules]?

  private struct Relation {
    var id: Int64
    var schema: String
    /// In its schema.
    var relation: String
    /// As callers call it.
    var name: String
    var comment: String?
  }

  init(_ settings: PostgresSettings, rules: [TableRules]?) {
    schemas = settings.schemas ?? [settings.schema]
    qualifies = settings.schemas != nil
    self.rules = rules
  }

  /// Ordinary and partitioned tables, views, materialized views and foreign tables on which the role has SELECT.
  private static let relations = """
    SELECT c.oid::int8, c.relname::text, obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c \
    WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
    AND NOT c.relispartition AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT')) ORDER BY c.relname
    """

  private static let columns = """
    SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), b.oid::int8, b.typcategory::text, \
    coalesce(l.collisdeterministic, true), a.attnotnull OR t.typnotnull, \
    (SELECT array_position(i.indkey::int2[], a.attnum) FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary)::int8, \
    (SELECT ARRAY[fn.nspname::text, f.relname::text, fa.attname::text] FROM pg_catalog.pg_constraint r \
    JOIN pg_catalog.pg_class f ON f.oid = r.confrelid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace JOIN pg_catalog.pg_attribute fa ON fa.attrelid = r.confrelid AND fa.attnum = r.confkey[1] \
    WHERE r.conrelid = a.attrelid AND r.contype = 'f' AND r.conkey = ARRAY[a.attnum] LIMIT 1), \
    pg_catalog.col_description(a.attrelid, a.attnum), \
    (SELECT pg_catalog.array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = b.oid), \
    a.atthasdef OR a.attidentity <> '' \
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
    JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END \
    LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation \
    WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(a.attrelid, a.attnum, 'SELECT') ORDER BY a.attnum
    """

  /// Indexes over expressions have columns without a name, and are left out; so are columns that are only stored with an index.
  private static let indexes = """
    SELECT i.indrelid::int8, x.relname::text, i.indisunique, i.indpred IS NOT NULL, \
    (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place) \
    FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place) JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number \
    WHERE k.place <= i.indnkeyatts) \
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_class c ON c.oid = i.indrelid \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = $1 AND i.indisvalid AND i.indexprs IS NULL ORDER BY i.indrelid, x.relname
    """

  private func indexes(_ session: PostgresSession, _ deadline: ContinuousClock.Instant) throws -> [Int64: [SQLIndex]] {
    var indexes: [Int64: [SQLIndex]] = [:]
    for schema in schemas {
      for row in try session.run(Self.indexes, [.text(schema)], until: deadline).rows {
        guard case .integer(let table) = row[0], let name = row[1].string, case .json(let columns) = row[4] else { continue }
        indexes[table, default: []].append(
          SQLIndex(
            name: name, columns: columns.array?.compactMap(\.string) ?? [], isUnique: row[2] == .boolean(true), isPartial: row[3] == .boolean(true)))
      }
    }
    return indexes
  }

  func read(_ session: PostgresSession, until deadline: ContinuousClock.Instant) throws -> (tables: [SQLTable], arrays: [UInt32: UInt32]) {
    var relations: [Relation] = []
    for schema in schemas { relations += try read(schema, session, deadline) }
    let indexes = try indexes(session, deadline)
    let wanted = rules ?? relations.map { TableRules($0.name) }
    let tables = try wanted.map { rule in
      guard let relation = relations.first(where: { $0.name == rule.name }) else { throw SQLConnectorError.missing(table: rule.name, among: relations.map(\.name)) }
      let rows = try session.run(Self.columns, [.integer(relation.id)], until: deadline).rows
      return try SQLTable(
        rule, schema: relation.schema, relation: relation.relation, columns: rows.map { column($0, rule) }, indexes: indexes[relation.id] ?? [],
        description: relation.comment)
    }
    var arrays: [UInt32: UInt32] = [:]
    let types = "SELECT oid::int8, typelem::int8 FROM pg_catalog.pg_type WHERE typcategory = 'A' AND typelem <> 0 AND oid >= 16384"
    for row in try session.run(types, until: deadline).rows {
      if case .integer(let array) = row[0], case .integer(let element) = row[1] { arrays[UInt32(truncatingIfNeeded: array)] = UInt32(truncatingIfNeeded: element) }
    }
    return (tables, arrays)
  }

  private func read(_ schema: String, _ session: PostgresSession, _ deadline: ContinuousClock.Instant) throws -> [Relation] {
    guard try !session.run("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", [.text(schema)], until: deadline).rows.isEmpty else {
      throw SQLConnectorError("The database has no schema \"\(schema)\".")
    }
    return try session.run(Self.relations, [.text(schema)], until: deadline).rows.compactMap { row in
      guard case .integer(let id) = row[0], let name = row[1].string else { return nil }
      return Relation(id: id, schema: schema, relation: name, name: qualifies ? SQLTable.qualifiedName(schema, name) : name, comment: row[2].string)
    }
  }

  /// What a foreign key refers to, by the name that callers call the table by.
  private func reference(_ value: SQLValue) -> String? {
    guard case .json(let json) = value, let parts = json.array?.compactMap(\.string), parts.count == 3 else { return nil }
    return (qualifies ? SQLTable.qualifiedName(parts[0], parts[1]) : parts[1]) + "." + parts[2]
  }

  private func column(_ row: [SQLValue], _ rules: TableRules) -> SQLColumn {
    let name = row[0].string ?? "", type = row[1].string ?? ""
    var oid: UInt32 = 0
    if case .integer(let value) = row[2] { oid = UInt32(truncatingIfNeeded: value) }
    var values: [String] = []
    if case .json(let labels) = row[9] { values = labels.array?.compactMap(\.string) ?? [] }
    return SQLColumn(
      name: name, declaredType: type, kind: PostgresType.kind(oid, category: row[3].string ?? "", comparesBytes: row[4] == .boolean(true)),
      isNullable: row[5] != .boolean(true), isPrimaryKey: row[6] != .null, references: reference(row[7]), entity: rules.entities[name],
      category: rules.categories[name], description: rules.columns[name] ?? row[8].string, values: values, hasDefault: row[10] == .boolean(true))
  }
}

extension SQLValue {
  var string: String? { if case .text(let text) = self { text } else { nil } }
}
