/// Evaluates expressions for one request.
///
/// Expressions from the parser are at most `Parser.maximumDepth` deep; those built by hand are held to a bound here, so
/// that no input can exhaust the stack.
final class Evaluator: Sendable {
  let request: Request
  let operations: Operations

  /// Attributes of the entity a variable stands for, read in place of those among the entities.
  private let row: (variable: Expr.Variable, attributes: Record)?

  static let maximumDepth = 400

  init(request: Request, entities: Entities) {
    self.request = request
    operations = Operations(entities: entities)
    row = nil
  }

  /// For residuals that read the attributes of one variable and nothing else of its entity.
  init(request: Request, operations: Operations, row: (variable: Expr.Variable, attributes: Record)) {
    self.request = request
    self.operations = operations
    self.row = row
  }

  /// Whether the policy is satisfied.
  func isSatisfied(_ policy: Policy) throws(EvaluationError) -> Bool {
    let entities = operations.entities
    guard policy.action.matches(request.action, in: entities),
      policy.principal.matches(request.principal, in: entities),
      policy.resource.matches(request.resource, in: entities)
    else { return false }
    for condition in policy.conditions {
      let holds = try Operations.bool(evaluate(condition.expression))
      if holds != (condition.kind == .when) { return false }
    }
    return true
  }

  func evaluate(_ expr: Expr, depth: Int = 0) throws(EvaluationError) -> Value {
    guard depth < Self.maximumDepth else { throw .tooDeep }
    switch expr {
    case .value(let value): return value
    case .variable(let variable): return value(of: variable)
    case .binary(let operation, let left, let right):
      return try binary(operation, left, right, depth + 1)
    case .attribute(let base, let name):
      return try attribute(name, of: base, depth + 1)
    case .and(let operands): return .bool(try all(operands, depth + 1))
    case .or(let operands): return .bool(try any(operands, depth + 1))
    case .not(let operand): return .bool(try !bool(operand, depth + 1))
    case .has(let base, let path): return .bool(try has(path, in: base, depth + 1))
    case .isType(let base, let type):
      return .bool(try Operations.entity(evaluate(base, depth: depth + 1)).isOfType(type))
    case .like(let base, let pattern): return .bool(try Operations.like(evaluate(base, depth: depth + 1), pattern))
    case .conditional(let condition, let then, let otherwise):
      return try evaluate(bool(condition, depth + 1) ? then : otherwise, depth: depth + 1)
    case .negate(let operand): return try Operations.negate(evaluate(operand, depth: depth + 1))
    case .isEmpty(let operand): return .bool(try Operations.set(evaluate(operand, depth: depth + 1)).isEmpty)
    case .set(let items): return .set(ValueSet(try values(items, depth + 1)))
    case .record(let fields): return try record(fields, depth + 1)
    case .call(let function, let arguments):
      return try ExtensionEvaluation.apply(function, values(arguments, depth + 1))
    case .isTrue(let operand): return .bool(isTrue(operand, depth + 1))
    case .failure(let error): throw error
    }
  }

  // Kept out of `evaluate` so that its stack frame, which repeats with every level, stays small.

  private func value(of variable: Expr.Variable) -> Value {
    switch variable {
    case .principal: .entity(request.principal)
    case .action: .entity(request.action)
    case .resource: .entity(request.resource)
    case .context: .record(request.context)
    }
  }

  private func binary(
    _ operation: Expr.BinaryOperator, _ left: Expr, _ right: Expr, _ depth: Int
  ) throws(EvaluationError) -> Value {
    let leftValue = try evaluate(left, depth: depth)
    let rightValue = try evaluate(right, depth: depth)
    return try operations.binary(operation, leftValue, rightValue)
  }

  private func attribute(_ name: String, of base: Expr, _ depth: Int) throws(EvaluationError) -> Value {
    if case .variable(.context) = base {
      guard let value = request.context[name] else { throw .attributeMissing(name) }
      return value
    }
    if let row, case .variable(let variable) = base, variable == row.variable {
      guard let value = row.attributes[name] else { throw .attributeMissing(name) }
      return value
    }
    return try operations.attribute(name, of: evaluate(base, depth: depth))
  }

  private func has(_ path: [String], in base: Expr, _ depth: Int) throws(EvaluationError) -> Bool {
    if let row, case .variable(let variable) = base, variable == row.variable, let first = path.first {
      guard let value = row.attributes[first] else { return false }
      return try operations.has(Array(path.dropFirst()), in: value)
    }
    return try operations.has(path, in: evaluate(base, depth: depth))
  }

  @inline(__always)
  private func bool(_ expr: Expr, _ depth: Int) throws(EvaluationError) -> Bool {
    try Operations.bool(evaluate(expr, depth: depth))
  }

  private func all(_ operands: [Expr], _ depth: Int) throws(EvaluationError) -> Bool {
    for operand in operands where try !bool(operand, depth) { return false }
    return true
  }

  private func any(_ operands: [Expr], _ depth: Int) throws(EvaluationError) -> Bool {
    for operand in operands where try bool(operand, depth) { return true }
    return false
  }

  private func values(_ items: [Expr], _ depth: Int) throws(EvaluationError) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(items.count)
    for item in items { values.append(try evaluate(item, depth: depth)) }
    return values
  }

  private func record(_ fields: [Expr.RecordField], _ depth: Int) throws(EvaluationError) -> Value {
    var values: [Record.Field] = []
    values.reserveCapacity(fields.count)
    for field in fields { values.append(Record.Field(field.name, try evaluate(field.value, depth: depth))) }
    return .record(Record(values))
  }

  private func isTrue(_ operand: Expr, _ depth: Int) -> Bool {
    guard case .bool(true)? = try? evaluate(operand, depth: depth) else { return false }
    return true
  }
}
