internal import Cedar
internal import JSON
internal import MCP

extension RowFilter {
  /// What of a rule a connector can enforce.
  struct PushDown: Sendable, Hashable {
    /// Lets through at least the rows that the rule does.
    var filter: RowFilter
    /// Whether it lets through exactly those.
    var isExact: Bool
  }

  /// Translates a row-level rule: the rows for which a permit is true and every forbid is false.
  ///
  /// Cedar fails where an attribute is absent, and a filter says unknown: neither true nor false. So every expression is
  /// translated as the question whether it is true, or whether it is false, with negations moved down to the comparisons; a
  /// later operand of a disjunction counts only where the earlier ones are false. What has no translation becomes true, which
  /// lets more rows through: the gateway filters the answer by the rule itself again.
  ///
  /// Order is translated for whole numbers. A connector must answer unknown for values that are not (Cedar has no order between
  /// `1.5` and `2`).
  ///
  /// - Parameter ancestors: the entities that every record is in.
  static func pushDown(_ verdict: Verdict, _ declaration: RecordDeclaration, ancestors: Set<EntityUID>) -> PushDown {
    switch verdict.outcome {
    case .allow: return PushDown(filter: .constant(true), isExact: true)
    case .deny: return PushDown(filter: .constant(false), isExact: true)
    case .conditional:
      var translator = Translator(declaration: declaration, ancestors: ancestors)
      var permits: [RowFilter] = verdict.response.satisfied.contains { $0.effect == .permit } ? [.constant(true)] : []
      var clauses: [RowFilter] = []
      for policy in verdict.response.residualPolicies {
        switch policy.policy.effect {
        case .permit: permits.append(translator.filter(policy.condition, is: true))
        case .forbid: clauses.append(translator.filter(policy.condition, is: false))
        }
      }
      clauses.insert(.or(permits), at: 0)
      return PushDown(filter: RowFilter.and(clauses).simplified, isExact: translator.isExact)
    }
  }

  private struct Translator {
    let declaration: RecordDeclaration
    let ancestors: Set<EntityUID>
    var isExact = true
    /// Nested disjunctions are translated twice each; this bounds what a contrived policy could make of that.
    private var budget = 10_000

    init(declaration: RecordDeclaration, ancestors: Set<EntityUID>) {
      self.declaration = declaration
      self.ancestors = ancestors
    }

    /// A filter that is true for the rows for which the expression evaluates to `wanted`.
    mutating func filter(_ expression: Expr, is wanted: Bool) -> RowFilter {
      budget -= 1
      guard budget > 0 else { return inexact() }
      switch expression {
      case .value(.bool(let value)): return .constant(value == wanted)
      case .failure: return .constant(false)
      case .not(let inner): return filter(inner, is: !wanted)
      case .and(let operands): return wanted ? all(operands, are: true) : first(Self.operands(operands, of: false), is: false)
      case .or(let operands): return wanted ? first(Self.operands(operands, of: true), is: true) : all(operands, are: false)
      case .conditional(let condition, let then, let otherwise):
        return .or([
          .and([filter(condition, is: true), filter(then, is: wanted)]),
          .and([filter(condition, is: false), filter(otherwise, is: wanted)]),
        ])
      case .attribute:
        guard let attribute = attribute(expression), attribute.entityType == nil else { return inexact() }
        return .compare(attribute: attribute.name, .equal, .bool(wanted))
      case .binary(.in, .variable(.resource), .value(let value)):
        return membership(in: value).map { wanted ? $0 : .not($0) } ?? inexact()
      default: return test(expression).map { wanted ? $0 : .not($0) } ?? inexact()
      }
    }

    private mutating func inexact() -> RowFilter {
      isExact = false
      return .constant(true)
    }

    private mutating func all(_ operands: [Expr], are wanted: Bool) -> RowFilter {
      var filters: [RowFilter] = []
      for operand in operands { filters.append(filter(operand, is: wanted)) }
      return .and(filters)
    }

    /// That one operand is `wanted`, and those before it the opposite: had one of them failed, the whole would have.
    ///
    /// Halves of halves, so that a filter of many operands is not as deep as it is long.
    private mutating func first(_ operands: ArraySlice<Expr>, is wanted: Bool) -> RowFilter {
      guard operands.count > 1 else { return operands.first.map { filter($0, is: wanted) } ?? .constant(false) }
      let middle = operands.startIndex + operands.count / 2
      let (head, tail) = (operands[..<middle], operands[middle...])
      var later = first(tail, is: wanted)
      let failing = head.filter(canFail)
      if !failing.isEmpty { later = .and([all(failing, are: !wanted), later]) }
      return .or([first(head, is: wanted), later])
    }

    /// The operands of a chain of `||`, or of `&&`, however it was put together.
    private static func operands(_ expressions: [Expr], of isOr: Bool) -> ArraySlice<Expr> {
      var flat: [Expr] = []
      for expression in expressions {
        switch expression {
        case .or(let inner) where isOr: flat += operands(inner, of: true)
        case .and(let inner) where !isOr: flat += operands(inner, of: false)
        default: flat.append(expression)
        }
      }
      return flat[...]
    }

    private func canFail(_ expression: Expr) -> Bool {
      switch expression {
      case .value(.bool): false
      case .has(.variable(.resource), let path): path.count != 1
      case .binary(.in, .variable(.resource), .value(.entity)): false
      case .binary(.equal, .variable(.resource), .value), .binary(.notEqual, .variable(.resource), .value): false
      case .not(let inner): canFail(inner)
      case .and(let operands), .or(let operands): operands.contains(where: canFail)
      default: true
      }
    }

    // MARK: Comparisons

    /// A comparison, in a form that is unknown where Cedar's fails.
    private func test(_ expression: Expr) -> RowFilter? {
      switch expression {
      case .binary(let operation, let left, .value(let value)):
        return attribute(left).flatMap { compare($0, operation, value) }
      case .binary(let operation, .value(let value), let right):
        guard let attribute = attribute(right) else { return nil }
        switch operation {
        case .equal, .notEqual: return compare(attribute, operation, value)
        case .less: return compare(attribute, .greater, value)
        case .lessOrEqual: return compare(attribute, .greaterOrEqual, value)
        case .greater: return compare(attribute, .less, value)
        case .greaterOrEqual: return compare(attribute, .lessOrEqual, value)
        case .contains:
          guard case .set(let set) = value else { return nil }
          return isIn(attribute, set.elements)
        default: return nil
        }
      case .like(let operand, let pattern):
        guard let attribute = attribute(operand), attribute.entityType == nil, let text = Self.text(of: pattern) else { return nil }
        return .like(attribute: attribute.name, pattern: text)
      case .has(.variable(.resource), let path) where path.count == 1 && !Self.isPath(path[0]): return .has(attribute: path[0])
      default: return nil
      }
    }

    private func compare(_ attribute: Attribute, _ operation: Expr.BinaryOperator, _ value: Cedar.Value) -> RowFilter? {
      switch operation {
      case .equal: return equal(attribute, value)
      case .notEqual: return equal(attribute, value).map { .not($0) }
      case .contains:
        guard attribute.entityType == nil, let values = json(value, for: attribute) else { return nil }
        return .contains(attribute: attribute.name, values[0])
      case .less, .lessOrEqual, .greater, .greaterOrEqual:
        guard attribute.entityType == nil, case .long(let bound) = value else { return nil }
        let bounded: JSONValue = .int(bound)
        switch operation {
        case .less: return .compare(attribute: attribute.name, .less, bounded)
        case .lessOrEqual: return .compare(attribute: attribute.name, .lessOrEqual, bounded)
        case .greater: return .not(.compare(attribute: attribute.name, .lessOrEqual, bounded))
        default: return .not(.compare(attribute: attribute.name, .less, bounded))
        }
      default: return nil
      }
    }

    private func equal(_ attribute: Attribute, _ value: Cedar.Value) -> RowFilter? {
      guard let values = json(value, for: attribute) else { return nil }
      return values.count == 1 ? .compare(attribute: attribute.name, .equal, values[0]) : .isIn(attribute: attribute.name, values)
    }

    private func isIn(_ attribute: Attribute, _ values: [Cedar.Value]) -> RowFilter? {
      let json = values.compactMap { self.json($0, for: attribute) }
      return json.count == values.count ? .isIn(attribute: attribute.name, json.flatMap { $0 }) : nil
    }

    /// What `resource in` an entity, or one of a set of entities, comes to: nothing is in a record but itself.
    private func membership(in value: Cedar.Value) -> RowFilter? {
      switch value {
      case .entity(let uid) where ancestors.contains(uid): return .constant(true)
      case .entity(let uid) where uid.type == declaration.type: return equal(.itself(declaration.type), value)
      case .entity: return .constant(false)
      case .set(let set):
        let parts = set.elements.compactMap { element -> RowFilter? in
          guard case .entity = element else { return nil }
          return membership(in: element)
        }
        return parts.count == set.elements.count ? .or(parts) : nil
      default: return nil
      }
    }

    // MARK: Attributes and values

    private struct Attribute {
      var name: String
      /// The type of the entity that the attribute refers to; nil where it is plain data.
      var entityType: String?
      var isRecordItself = false

      /// `resource` itself is known by its id.
      static func itself(_ type: String) -> Attribute { Attribute(name: "id", entityType: type, isRecordItself: true) }
    }

    private func attribute(_ expression: Expr) -> Attribute? {
      switch expression {
      case .variable(.resource): return .itself(declaration.type)
      case .attribute(.variable(.resource), let name): return Self.isPath(name) ? nil : Attribute(name: name, entityType: declaration.entities[name])
      case .attribute(let inner, let name):
        // An attribute of an entity that a record refers to is no data of the record.
        guard case .attribute = inner, !Self.isPath(name), let path = attribute(inner), path.entityType == nil else { return nil }
        return Attribute(name: path.name + "." + name)
      default: return nil
      }
    }

    /// Whether a name would be read as a path. Bytes: a `Character` may hide a dot that a combining mark follows.
    private static func isPath(_ name: String) -> Bool { name.utf8.contains(UInt8(ascii: ".")) }

    /// The value as a record holds it; nil where the two cannot be equal, or the form has no such value.
    private func json(_ value: Cedar.Value, for attribute: Attribute) -> [JSONValue]? {
      switch value {
      case .entity(let uid):
        guard uid.type == attribute.entityType else { return nil }
        // The id of a record may be a number.
        if attribute.isRecordItself, let number = Int(uid.id), String(number) == uid.id { return [.string(uid.id), .int(number)] }
        return [.string(uid.id)]
      case .bool(let value): return attribute.entityType == nil ? [.bool(value)] : nil
      case .long(let value): return attribute.entityType == nil ? [.int(value)] : nil
      case .string(let value): return attribute.entityType == nil ? [.string(value)] : nil
      default: return nil
      }
    }

    /// - Returns: nil for a pattern with a backslash, which the form cannot tell from the one before an asterisk.
    private static func text(of pattern: Pattern) -> String? {
      var text = ""
      for part in pattern.parts {
        switch part {
        case .wildcard: text += "*"
        case .literal(let literal):
          for scalar in literal.unicodeScalars {
            if scalar == "\\" { return nil }
            if scalar == "*" { text += "\\" }
            text.unicodeScalars.append(scalar)
          }
        }
      }
      return text
    }
  }

  /// The same filter without constants that decide nothing.
  var simplified: RowFilter {
    switch self {
    case .and(let filters): return Self.combined(filters, neutral: true) { .and($0) }
    case .or(let filters): return Self.combined(filters, neutral: false) { .or($0) }
    case .not(let filter):
      let inner = filter.simplified
      if case .constant(let value) = inner { return .constant(!value) }
      return .not(inner)
    case .isTrue(let filter):
      let inner = filter.simplified
      if case .constant = inner { return inner }
      return .isTrue(inner)
    default: return self
    }
  }

  private static func combined(_ filters: [RowFilter], neutral: Bool, _ make: ([RowFilter]) -> RowFilter) -> RowFilter {
    var parts: [RowFilter] = []
    for filter in filters {
      let part = filter.simplified
      switch (part, neutral) {
      case (.constant(let value), _):
        if value != neutral { return part }
      case (.and(let inner), true), (.or(let inner), false): parts += inner
      default: parts.append(part)
      }
    }
    return parts.isEmpty ? .constant(neutral) : parts.count == 1 ? parts[0] : make(parts)
  }
}
