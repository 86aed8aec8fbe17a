internal import ConnectorKit
internal import JSON
internal import MCP

/// A row rule of policy as a condition of SOQL.
///
/// SOQL compares texts without regard to case, Cedar with it; so a rule over texts finds too much in SOQL, which is fine where the
/// gateway looks at each row again, and is not where rows are summed up: ``exact(_:_:)`` is for those.
struct RowRule {
  /// A condition that no row fails which the rule admits.
  struct Translation: Equatable {
    /// Nil for all rows.
    var condition: SOQLQuery.Condition?
    /// Whether it admits no row that the rule does not.
    var isExact: Bool

    static let all = Translation(condition: nil, isExact: true)
    static let none = Translation(condition: .never, isExact: true)
    /// Nothing can be said.
    static let unknown = Translation(condition: nil, isExact: false)
  }

  private let type: SalesforceType
  /// Parts of one rule that are sent at most; SOQL bounds a query at 100,000 characters.
  private static let parts = 200

  static func condition(_ filter: RowFilter, _ type: SalesforceType) -> Translation { RowRule(type: type).translate(filter, isTrue: true) }

  /// The condition of those rows and no others; nil where SOQL cannot say it.
  static func exact(_ filter: RowFilter, _ type: SalesforceType) -> Translation? {
    let translation = condition(filter, type)
    return translation.isExact ? translation : nil
  }

  /// Rows for which the filter is true, or for which it is false: unknown is neither.
  private func translate(_ filter: RowFilter, isTrue: Bool) -> Translation {
    switch filter {
    case .constant(let value): return value == isTrue ? .all : .none
    case .not(let inner): return translate(inner, isTrue: !isTrue)
    case .and(let parts): return isTrue ? all(parts.map { translate($0, isTrue: true) }) : any(parts.map { translate($0, isTrue: false) })
    case .or(let parts): return isTrue ? any(parts.map { translate($0, isTrue: true) }) : all(parts.map { translate($0, isTrue: false) })
    // False where the inner is false or unknown: only its being true can be said.
    case .isTrue(let inner): return isTrue ? translate(inner, isTrue: true) : .unknown
    case .has(let attribute):
      guard let member = type.member(attribute) else { return .unknown }
      if member.kind == .bool { return isTrue ? .all : .none }
      return Translation(condition: .field(member.field, isTrue ? .different : .equal, .null), isExact: true)
    case .compare(let attribute, let comparison, let value):
      guard let member = type.member(attribute) else { return .unknown }
      return comparison == .equal ? equal(member, [value], isTrue) : order(member, comparison, value, isTrue)
    case .isIn(let attribute, let values):
      guard let member = type.member(attribute), values.count <= Self.parts else { return .unknown }
      return equal(member, values, isTrue)
    case .contains, .like: return .unknown
    }
  }

  /// What cannot be said is left out: the result is wider.
  private func all(_ parts: [Translation]) -> Translation {
    guard parts.count <= Self.parts else { return .unknown }
    if parts.contains(.none) { return .none }
    let conditions = parts.compactMap(\.condition)
    return Translation(condition: conditions.isEmpty ? nil : conditions.count == 1 ? conditions[0] : .all(conditions), isExact: parts.allSatisfy(\.isExact))
  }

  private func any(_ parts: [Translation]) -> Translation {
    guard parts.count <= Self.parts else { return .unknown }
    let parts = parts.filter { $0 != .none }
    if parts.isEmpty { return .none }
    if parts.contains(.all) { return .all }
    guard parts.allSatisfy({ $0.condition != nil }) else { return .unknown }
    let conditions = parts.compactMap(\.condition)
    return Translation(condition: conditions.count == 1 ? conditions[0] : .any(conditions), isExact: parts.allSatisfy(\.isExact))
  }

  private func equal(_ member: SalesforceType.Member, _ values: [JSONValue], _ isTrue: Bool) -> Translation {
    switch member.kind {
    case .bool:
      // A checkbox is never empty.
      let bools = Set(values.compactMap(\.bool))
      if bools.count == 2 { return isTrue ? .all : .none }
      guard let only = bools.first else { return isTrue ? .none : .all }
      return Translation(condition: .field(member.field, .equal, .bool(only == isTrue)), isExact: true)
    case .number:
      guard values.allSatisfy({ $0.int != nil }) else { return .unknown }
      return membership(member, values.compactMap { $0.int.map { .bare(String($0)) } }, isTrue, isExact: true)
    case .id:
      // Ids of 15 letters are never ours, but Salesforce would find the record by them.
      let ids = values.compactMap(\.string).filter { $0.utf8.count == 18 && SOQLName.isID($0) }
      return membership(member, ids.map { .quoted($0) }, isTrue, isExact: true)
    case .key:
      return membership(member, values.compactMap { $0.string.map { .text($0) } }, isTrue, isExact: true)
    case .text:
      let texts = values.compactMap(\.string)
      // "Rows that differ" would leave out those that differ by case alone.
      guard isTrue else { return Translation(condition: .field(member.field, .different, .null), isExact: false) }
      return membership(member, texts.map { .text($0) }, true, isExact: texts.isEmpty)
    case .date, .time:
      guard isTrue else { return .unknown }
      let dates = values.compactMap(\.string).filter {
        SOQLLiteral.isDate($0) && $0.utf8.first.map(SOQLName.isDigit) == true && ($0.utf8.count == 10) == (member.kind == .date)
      }
      return dates.count == values.count ? membership(member, dates.map { .bare($0) }, true, isExact: member.kind == .date) : .unknown
    }
  }

  private func membership(_ member: SalesforceType.Member, _ values: [SOQLLiteral], _ isTrue: Bool, isExact: Bool) -> Translation {
    let isThere = SOQLQuery.Condition.field(member.field, .different, .null)
    guard !values.isEmpty else { return isTrue ? .none : Translation(condition: isThere, isExact: isExact) }
    if isTrue {
      return Translation(condition: values.count == 1 ? .field(member.field, .equal, values[0]) : .field(member.field, in: values), isExact: isExact)
    }
    // SOQL counts empty fields among those that differ; a comparison with nothing is unknown.
    return Translation(condition: .all([.list(SOQLQuery.Term(field: member.field), .isNotIn, values), isThere]), isExact: isExact)
  }

  /// Only numbers have an order in policy.
  private func order(_ member: SalesforceType.Member, _ comparison: RowFilter.Comparison, _ value: JSONValue, _ isTrue: Bool) -> Translation {
    guard member.kind == .number, let number = value.int else { return .unknown }
    let sign: SOQLQuery.Comparison =
      switch (comparison, isTrue) {
      case (.less, true): .less
      case (.less, false): .greaterOrEqual
      case (_, true): .lessOrEqual
      case (_, false): .greater
      }
    // An empty number counts as 0 in some of Salesforce's comparisons.
    return Translation(
      condition: .all([.field(member.field, sign, .bare(String(number))), .field(member.field, .different, .null)]), isExact: true)
  }
}
