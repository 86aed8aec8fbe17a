internal import Cedar
internal import JSON
internal import MCP

extension RowFilter {
  /// What of a residual a connector can enforce.
  struct PushDown: Sendable {
    /// Lets through at least the rows that the residual does.
    var filter: RowFilter
    /// Whether it lets through exactly those.
    var isExact: Bool
  }

  /// Translates the residual of a row-level rule, a Cedar expression over the attributes of `resource`.
  ///
  /// What has no translation is replaced by the constant that lets more rows through: the gateway filters the answer by the
  /// residual itself again. Cedar fails where an attribute is absent and SQL says unknown; a disjunction is written so that a
  /// failing operand fails the whole as in Cedar.
  static func pushDown(_ residual: Residual) -> PushDown {
    switch residual {
    case .allow: return PushDown(filter: .constant(true), isExact: true)
    case .deny: return PushDown(filter: .constant(false), isExact: true)
    case .conditional(let expression):
      var translator = Translator()
      return PushDown(filter: translator.filter(expression, widening: true).simplified, isExact: translator.isExact)
    }
  }

  private struct Translator {
    var isExact = true

    /// - Parameter widening: whether an inexact part may let through more (in positive position) or fewer rows (under a negation).
    mutating func filter(_ expression: Expr, widening: Bool) -> RowFilter {
      switch expression {
      case .value(.bool(let value)): return .constant(value)
      case .isTrue(let inner): return .isTrue(filter(inner, widening: widening))
      case .failure: return .constant(false)
      case .not(let inner):
        if case .and = inner { markUnlessSure(inner) }
        return .not(filter(inner, widening: !widening))
      case .and(let operands): return .and(operands.map { filter($0, widening: widening) })
      case .or(let operands):
        var result = operands.last.map { filter($0, widening: widening) } ?? .constant(false)
        for operand in operands.dropLast().reversed() {
          let one = filter(operand, widening: widening)
          result = canFail(operand) ? .or([one, .and([.or([.isTrue(one), .isTrue(.not(one))]), result])]) : .or([one, result])
        }
        return result
      case .binary(let operation, let left, let right):
        return comparison(operation, left, right) ?? inexact(widening)
      case .like(let operand, let pattern):
        guard let attribute = attribute(operand) else { return inexact(widening) }
        return .like(attribute: attribute, pattern: Self.text(of: pattern))
      case .has(.variable(.resource), let path) where path.count == 1: return .has(attribute: path[0])
      case .attribute:
        guard let attribute = attribute(expression) else { return inexact(widening) }
        return .compare(attribute: attribute, .equal, true)
      default: return inexact(widening)
      }
    }

    private mutating func inexact(_ widening: Bool) -> RowFilter {
      isExact = false
      return .constant(widening)
    }

    private mutating func markUnlessSure(_ expression: Expr) {
      if case .and(let operands) = expression, operands.dropLast().contains(where: canFail) { isExact = false }
    }

    private func canFail(_ expression: Expr) -> Bool {
      switch expression {
      case .value, .isTrue: false
      case .has(.variable(.resource), _): false
      case .not(let inner): canFail(inner)
      case .and(let operands), .or(let operands): operands.contains(where: canFail)
      default: true
      }
    }

    private func comparison(_ operation: Expr.BinaryOperator, _ left: Expr, _ right: Expr) -> RowFilter? {
      if let attribute = attribute(left), case .value(let value) = right { return compare(attribute, operation, value) }
      if let attribute = attribute(right), case .value(let value) = left {
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
      }
      return nil
    }

    private func compare(_ attribute: String, _ operation: Expr.BinaryOperator, _ value: Cedar.Value) -> RowFilter? {
      if case .in = operation {
        // Whether one entity is in another is the hierarchy's to say, and records' entities are outside it: only identity is left.
        return nil
      }
      guard let json = Self.json(value) else { return nil }
      switch operation {
      case .equal: return .compare(attribute: attribute, .equal, json)
      case .notEqual: return .not(.compare(attribute: attribute, .equal, json))
      case .less: return .compare(attribute: attribute, .less, json)
      case .lessOrEqual: return .compare(attribute: attribute, .lessOrEqual, json)
      case .greater: return .not(.compare(attribute: attribute, .lessOrEqual, json))
      case .greaterOrEqual: return .not(.compare(attribute: attribute, .less, json))
      case .contains: return .contains(attribute: attribute, json)
      default: return nil
      }
    }

    private func isIn(_ attribute: String, _ values: [Cedar.Value]) -> RowFilter? {
      let json = values.compactMap(Self.json)
      return json.count == values.count ? .isIn(attribute: attribute, json) : nil
    }

    /// `resource` itself is known by its id.
    private func attribute(_ expression: Expr) -> String? {
      switch expression {
      case .variable(.resource): return "id"
      case .attribute(.variable(.resource), let name): return name.contains(".") ? nil : name
      case .attribute(let inner, let name):
        guard case .attribute = inner, !name.contains("."), let path = attribute(inner) else { return nil }
        return path + "." + name
      default: return nil
      }
    }

    private static func json(_ value: Cedar.Value) -> JSONValue? {
      switch value {
      case .bool(let value): .bool(value)
      case .long(let value): .int(value)
      case .string(let value): .string(value)
      case .entity(let uid): .string(uid.id)
      default: nil
      }
    }

    private static func text(of pattern: Pattern) -> String {
      pattern.parts.map { part in
        switch part {
        case .wildcard: "*"
        case .literal(let text): text.map { $0 == "*" ? "\\*" : String($0) }.joined()
        }
      }.joined()
    }
  }

  /// The same filter without constants that decide nothing.
  var simplified: RowFilter {
    switch self {
    case .and(let filters):
      let parts = filters.map(\.simplified).filter { $0 != .constant(true) }
      if parts.contains(.constant(false)) { return .constant(false) }
      return parts.isEmpty ? .constant(true) : parts.count == 1 ? parts[0] : .and(parts)
    case .or(let filters):
      let parts = filters.map(\.simplified).filter { $0 != .constant(false) }
      if parts.contains(.constant(true)) { return .constant(true) }
      return parts.isEmpty ? .constant(false) : parts.count == 1 ? parts[0] : .or(parts)
    case .not(let filter):
      if case .constant(let value) = filter.simplified { return .constant(!value) }
      return .not(filter.simplified)
    case .isTrue(let filter):
      let inner = filter.simplified
      if case .constant = inner { return inner }
      return .isTrue(inner)
    default: return self
    }
  }
}
