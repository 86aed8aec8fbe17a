/// A query of the Salesforce Object Query Language as parts. Its text is made of them and of nothing else.
struct SOQLQuery: Sendable, Hashable {
  /// A field, or a function of fields.
  struct Term: Sendable, Hashable {
    var text: String
    /// All fields that stand in it.
    var fields: [String]
    /// The outermost function, in upper case; nil of a plain field.
    var function: String?

    init(field: String) {
      text = field
      fields = [field]
    }

    init(function: String, text: String, fields: [String]) {
      self.text = text
      self.fields = fields
      self.function = function.uppercased()
    }

    static let aggregates: Set<String> = ["COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX", "GROUPING"]
    var isAggregate: Bool { function.map(Self.aggregates.contains) ?? false }
  }

  enum Item: Sendable, Hashable {
    case term(Term, alias: String?)
    /// Records that refer to each row: `(SELECT Id FROM Contacts)`.
    case children(SOQLQuery)
  }

  enum Comparison: String, Sendable, Hashable, CaseIterable {
    case equal = "=", different = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">=", like = "LIKE"
  }

  enum Membership: String, Sendable, Hashable { case isIn = "IN", isNotIn = "NOT IN", includes = "INCLUDES", excludes = "EXCLUDES" }

  indirect enum Condition: Sendable, Hashable {
    case all([Condition])
    case any([Condition])
    case not(Condition)
    case compare(Term, Comparison, SOQLLiteral)
    case list(Term, Membership, [SOQLLiteral])
    case query(Term, Membership, SOQLQuery)
  }

  struct Order: Sendable, Hashable {
    var term: Term
    var isDescending = false
    /// `FIRST` or `LAST`.
    var nulls: String?
  }

  var items: [Item]
  /// An object; of ``Item/children(_:)`` the name of a relationship.
  var object: String
  var scope: String?
  var condition: Condition?
  /// `SECURITY_ENFORCED` or `USER_MODE`.
  var mode: String?
  var groups: [Term] = []
  var having: Condition?
  var order: [Order] = []
  var limit: Int?
  var offset: Int?

  init(_ items: [Item], from object: String) {
    self.items = items
    self.object = object
  }

  init(fields: [String], from object: String) { self.init(fields.map { .term(Term(field: $0), alias: nil) }, from: object) }

  /// Whether rows are sums over records rather than records.
  var isAggregate: Bool {
    !groups.isEmpty
      || items.contains { item in
        if case .term(let term, _) = item { term.isAggregate } else { false }
      }
  }

  /// `SELECT COUNT() FROM ...`, which has no rows.
  var isCount: Bool {
    guard items.count == 1, case .term(let term, nil) = items[0] else { return false }
    return term.text == "COUNT()"
  }

  /// All fields that stand in it, queries within it aside.
  var fields: [String] {
    items.flatMap(\.fields) + [condition, having].compactMap { $0 }.flatMap(\.fields) + groups.flatMap(\.fields) + order.flatMap(\.term.fields)
  }

  /// Adds a condition that must hold as well.
  func restricted(to other: Condition?) -> SOQLQuery {
    guard let other else { return self }
    var query = self
    query.condition = condition.map { .all([$0, other]) } ?? other
    return query
  }

  /// Adds fields that are not asked for yet. Names of SOQL do not know case.
  func selecting(_ fields: [String]) -> SOQLQuery {
    var query = self
    var known = Set(items.compactMap { if case .term(let term, nil) = $0 { term.text.lowercased() } else { nil } })
    for field in fields where known.insert(field.lowercased()).inserted { query.items.append(.term(Term(field: field), alias: nil)) }
    return query
  }

  var text: String {
    var parts = ["SELECT " + items.map(\.text).joined(separator: ", "), "FROM " + object]
    if let scope { parts.append("USING SCOPE " + scope) }
    if let condition { parts.append("WHERE " + condition.text) }
    if let mode { parts.append("WITH " + mode) }
    if !groups.isEmpty { parts.append("GROUP BY " + groups.map(\.text).joined(separator: ", ")) }
    if let having { parts.append("HAVING " + having.text) }
    if !order.isEmpty { parts.append("ORDER BY " + order.map(\.text).joined(separator: ", ")) }
    if let limit { parts.append("LIMIT \(limit)") }
    if let offset { parts.append("OFFSET \(offset)") }
    return parts.joined(separator: " ")
  }
}

extension SOQLQuery.Item {
  var text: String {
    switch self {
    case .term(let term, let alias): term.text + (alias.map { " " + $0 } ?? "")
    case .children(let query): "(\(query.text))"
    }
  }

  /// Fields of the row itself.
  var fields: [String] { if case .term(let term, _) = self { term.fields } else { [] } }
}

extension SOQLQuery.Order {
  var text: String { term.text + (isDescending ? " DESC" : "") + (nulls.map { " NULLS " + $0 } ?? "") }
}

extension SOQLQuery.Condition {
  static func field(_ name: String, _ comparison: SOQLQuery.Comparison, _ value: SOQLLiteral) -> SOQLQuery.Condition {
    .compare(SOQLQuery.Term(field: name), comparison, value)
  }
  static func field(_ name: String, in values: [SOQLLiteral]) -> SOQLQuery.Condition { .list(SOQLQuery.Term(field: name), .isIn, values) }

  /// No row has no id.
  static let never = SOQLQuery.Condition.field("Id", .equal, .null)

  var text: String {
    switch self {
    case .all(let parts): parts.map(\.nested).joined(separator: " AND ")
    case .any(let parts): parts.map(\.nested).joined(separator: " OR ")
    case .not(let part): "NOT (\(part.text))"
    case .compare(let term, let comparison, let value): "\(term.text) \(comparison.rawValue) \(value.text)"
    case .list(let term, let membership, let values): "\(term.text) \(membership.rawValue) (\(values.map(\.text).joined(separator: ", ")))"
    case .query(let term, let membership, let query): "\(term.text) \(membership.rawValue) (\(query.text))"
    }
  }

  private var nested: String {
    switch self {
    case .all(let parts) where parts.count == 1: parts[0].nested
    case .any(let parts) where parts.count == 1: parts[0].nested
    case .all, .any, .not: "(\(text))"
    default: text
    }
  }

  /// All fields that stand in the condition, subqueries aside.
  var fields: [String] {
    switch self {
    case .all(let parts), .any(let parts): parts.flatMap(\.fields)
    case .not(let part): part.fields
    case .compare(let term, _, _), .list(let term, _, _), .query(let term, _, _): term.fields
    }
  }

  var queries: [SOQLQuery] {
    switch self {
    case .all(let parts), .any(let parts): parts.flatMap(\.queries)
    case .not(let part): part.queries
    case .query(_, _, let query): [query]
    case .compare, .list: []
    }
  }
}
