/// Evaluates expressions as far as a partial request allows.
///
/// The invariant: whatever the unknowns turn out to be, evaluating the residual gives the value of the original expression,
/// or fails if that fails. Where only truth matters (`truthOnly`), false and failure may stand for each other.
final class PartialEvaluator: Sendable {
  enum Result {
    case value(Value)
    case residual(Expr)
    case failure(EvaluationError)

    var expr: Expr {
      switch self {
      case .value(let value): .value(value)
      case .residual(let expr): expr
      case .failure(let error): .failure(error)
      }
    }
  }

  let request: PartialRequest
  let operations: Operations

  init(request: PartialRequest, entities: Entities) {
    self.request = request
    operations = Operations(entities: entities)
  }

  /// Whether the policy is satisfied; a residual is a bool or fails.
  func evaluate(_ policy: Policy) -> Result {
    guard policy.action.matches(request.action, in: operations.entities) else { return .value(false) }
    var clauses: [Expr] = []
    if let principal = policy.principal.expression(for: .principal) { clauses.append(principal) }
    if let resource = policy.resource.expression(for: .resource) { clauses.append(resource) }
    for condition in policy.conditions {
      clauses.append(condition.kind == .when ? condition.expression : .not(condition.expression))
    }
    // False and failure are alike for a permit. A forbid's failure is told apart by whoever fails closed.
    let result = all(clauses, truthOnly: policy.effect == .permit, 0)
    // Whoever asks for a policy's truth checks that it is a bool; the operand needs no check of its own.
    if case .residual(.and(let operands)) = result, operands.count == 2, operands[0] == .value(true) { return .residual(operands[1]) }
    return result
  }

  func evaluate(_ expr: Expr, truthOnly: Bool, _ depth: Int) -> Result {
    guard depth < Evaluator.maximumDepth else { return .failure(.tooDeep) }
    switch expr {
    case .value(let value): return .value(value)
    case .failure(let error): return .failure(error)
    case .variable(let variable): return value(of: variable)
    case .and(let operands): return all(operands, truthOnly: truthOnly, depth + 1)
    case .or(let operands): return any(operands, truthOnly: truthOnly, depth + 1)
    case .conditional(let condition, let then, let otherwise):
      return conditional(condition, then, otherwise, truthOnly: truthOnly, depth + 1)
    case .attribute(let base, let name): return attribute(name, of: base, depth + 1)
    case .has(let base, let path): return has(path, in: base, depth + 1)
    case .binary(let operation, let left, let right): return binary(operation, left, right, depth + 1)
    case .isType(let base, let type): return isType(base, type, depth + 1)
    case .not(let operand):
      return map(operand, depth) {
        .not($0)
      } known: { value throws(EvaluationError) in
        .bool(try !Operations.bool(value))
      }
    case .negate(let operand):
      return map(operand, depth) {
        .negate($0)
      } known: { value throws(EvaluationError) in
        try Operations.negate(value)
      }
    case .isEmpty(let operand):
      return map(operand, depth) {
        .isEmpty($0)
      } known: { value throws(EvaluationError) in
        .bool(try Operations.set(value).isEmpty)
      }
    case .like(let operand, let pattern):
      return map(operand, depth) {
        .like($0, pattern)
      } known: { value throws(EvaluationError) in
        .bool(try Operations.like(value, pattern))
      }
    case .set(let items):
      return combine(items, depth) {
        .set($0)
      } known: { values throws(EvaluationError) in
        .set(ValueSet(values))
      }
    case .record(let fields):
      let names = fields.map(\.name)
      return combine(fields.map(\.value), depth) { parts in
        .record(zip(names, parts).map { Expr.RecordField($0, $1) })
      } known: { values throws(EvaluationError) in
        .record(Record(zip(names, values).map { Record.Field($0, $1) }))
      }
    case .call(let function, let arguments):
      return combine(arguments, depth) {
        .call(function, $0)
      } known: { values throws(EvaluationError) in
        try ExtensionEvaluation.apply(function, values)
      }
    case .isTrue(let operand): return isTrue(operand, depth + 1)
    }
  }

  // MARK: Unknowns

  private func value(of variable: Expr.Variable) -> Result {
    switch variable {
    case .principal: value(of: request.principal, variable)
    case .resource: value(of: request.resource, variable)
    case .action: .value(.entity(request.action))
    case .context: request.unknownContext.isEmpty ? .value(.record(request.context)) : .residual(.variable(.context))
    }
  }

  private func value(of subject: PartialRequest.Subject, _ variable: Expr.Variable) -> Result {
    if case .known(let uid) = subject { return .value(.entity(uid)) }
    return .residual(.variable(variable))
  }

  /// The type of the entity an expression stands for, if the expression is a variable whose entity is unknown.
  private func unknownType(of expr: Expr) -> String? {
    switch expr {
    case .variable(.principal): Self.unknownType(of: request.principal)
    case .variable(.resource): Self.unknownType(of: request.resource)
    default: nil
    }
  }

  private static func unknownType(of subject: PartialRequest.Subject) -> String? {
    if case .unknown(let type) = subject { return type }
    return nil
  }

  /// Whether the entity is not known but may turn out to be the unknown principal or resource.
  private func mayBeUnknown(_ uid: EntityUID) -> Bool {
    let ofUnknownType =
      Self.unknownType(of: request.principal).map(uid.isOfType) == true
      || Self.unknownType(of: request.resource).map(uid.isOfType) == true
    return ofUnknownType && operations.entities[uid] == nil
  }

  private func mayReachUnknown(_ uid: EntityUID) -> Bool {
    mayBeUnknown(uid) || operations.entities.ancestors(of: uid).contains(where: mayBeUnknown)
  }

  // MARK: Strict operators

  private func map(
    _ operand: Expr, _ depth: Int, residual: (Expr) -> Expr, known: (Value) throws(EvaluationError) -> Value
  ) -> Result {
    switch evaluate(operand, truthOnly: false, depth + 1) {
    case .residual(let expr): .residual(residual(expr))
    case .failure(let error): .failure(error)
    case .value(let value): Self.result { () throws(EvaluationError) in try known(value) }
    }
  }

  private func combine(
    _ operands: [Expr], _ depth: Int, residual: ([Expr]) -> Expr, known: ([Value]) throws(EvaluationError) -> Value
  ) -> Result {
    var parts: [Expr] = []
    var values: [Value] = []
    for operand in operands {
      let result = evaluate(operand, truthOnly: false, depth + 1)
      // Every operand is evaluated, so one failure is the failure of the whole, whatever the unknowns are.
      if case .failure = result { return result }
      if case .value(let value) = result { values.append(value) }
      parts.append(result.expr)
    }
    guard values.count == operands.count else { return .residual(residual(parts)) }
    return Self.result { () throws(EvaluationError) in try known(values) }
  }

  private static func result(_ body: () throws(EvaluationError) -> Value) -> Result {
    do throws(EvaluationError) { return .value(try body()) } catch { return .failure(error) }
  }

  private func binary(_ operation: Expr.BinaryOperator, _ left: Expr, _ right: Expr, _ depth: Int) -> Result {
    let leftResult = evaluate(left, truthOnly: false, depth)
    if case .failure = leftResult { return leftResult }
    let rightResult = evaluate(right, truthOnly: false, depth)
    if case .failure = rightResult { return rightResult }
    if case .value(let leftValue) = leftResult, case .value(let rightValue) = rightResult {
      return knownBinary(operation, leftValue, rightValue)
    }
    let residual = Expr.binary(operation, leftResult.expr, rightResult.expr)
    switch operation {
    case .equal, .notEqual:
      guard let equal = equality(leftResult.expr, rightResult.expr) else { return .residual(residual) }
      return .value(.bool(equal == (operation == .equal)))
    case .in: return membership(leftResult.expr, in: rightResult.expr) ?? .residual(residual)
    default: return .residual(residual)
    }
  }

  private func knownBinary(_ operation: Expr.BinaryOperator, _ left: Value, _ right: Value) -> Result {
    let result = Self.result { () throws(EvaluationError) in try operations.binary(operation, left, right) }
    guard case .entity(let uid) = left else { return result }
    let residual = Result.residual(.binary(operation, .value(left), .value(right)))
    switch operation {
    case .in:
      // Parents the unknown entity turns out to have can add members, never take any away.
      if case .value(.bool(false)) = result, mayReachUnknown(uid) { return residual }
      return result
    case .hasTag, .getTag:
      guard case .string = right else { return result }
      return mayBeUnknown(uid) ? residual : result
    default: return result
    }
  }

  /// Whether two operands, of which one is a residual, are certain to be equal or to differ.
  private func equality(_ left: Expr, _ right: Expr) -> Bool? {
    guard let type = unknownType(of: left) else {
      return unknownType(of: right) == nil ? nil : equality(right, left)
    }
    if left == right { return true }
    if let other = unknownType(of: right) { return other.hasSameBytes(as: type) ? nil : false }
    guard case .value(let value) = right else { return nil }
    guard case .entity(let uid) = value, uid.isOfType(type) else { return false }
    return nil
  }

  /// A known entity in the unknown one: it must be itself or one of its ancestors of the unknown's type.
  private func membership(_ left: Expr, in right: Expr) -> Result? {
    guard case .value(.entity(let uid)) = left, let type = unknownType(of: right),
      Self.unknownType(of: request.principal) == nil || Self.unknownType(of: request.resource) == nil
    else { return nil }
    var candidates = operations.entities.ancestors(of: uid)
    candidates.insert(uid)
    let matching = candidates.filter { $0.isOfType(type) }.sorted { $0.compare(to: $1) < 0 }
    if matching.isEmpty { return .value(false) }
    return .residual(.any(matching.map { .binary(.equal, right, .value(.entity($0))) }))
  }

  private func isType(_ base: Expr, _ type: String, _ depth: Int) -> Result {
    switch evaluate(base, truthOnly: false, depth) {
    case .failure(let error): return .failure(error)
    case .value(let value):
      return Self.result { () throws(EvaluationError) in .bool(try Operations.entity(value).isOfType(type)) }
    case .residual(let expr):
      if let unknown = unknownType(of: expr) { return .value(.bool(unknown.hasSameBytes(as: type))) }
      return .residual(.isType(expr, type))
    }
  }

  private func attribute(_ name: String, of base: Expr, _ depth: Int) -> Result {
    let result = evaluate(base, truthOnly: false, depth)
    switch result {
    case .failure: return result
    case .residual(.variable(.context)) where !request.unknownContext.contains(name):
      guard let value = request.context[name] else { return .failure(.attributeMissing(name)) }
      return .value(value)
    case .residual(let expr): return .residual(.attribute(expr, name))
    case .value(let value):
      if case .entity(let uid) = value, mayBeUnknown(uid) { return .residual(.attribute(.value(value), name)) }
      return Self.result { () throws(EvaluationError) in try operations.attribute(name, of: value) }
    }
  }

  private func has(_ path: [String], in base: Expr, _ depth: Int) -> Result {
    let result = evaluate(base, truthOnly: false, depth)
    switch result {
    case .failure: return result
    case .residual(.variable(.context)):
      guard let first = path.first, !request.unknownContext.contains(first) else { break }
      guard let value = request.context[first] else { return .value(false) }
      return has(Array(path.dropFirst()), in: value)
    case .residual: break
    case .value(let value): return has(path, in: value)
    }
    return .residual(.has(result.expr, path: path))
  }

  private func has(_ path: [String], in value: Value) -> Result {
    var current = value
    for (index, name) in path.enumerated() {
      if case .entity(let uid) = current, mayBeUnknown(uid) {
        return .residual(.has(.value(current), path: Array(path[index...])))
      }
      do throws(EvaluationError) {
        guard try operations.has([name], in: current) else { return .value(false) }
        current = try operations.attribute(name, of: current)
      } catch {
        return .failure(error)
      }
    }
    return .value(true)
  }

  // MARK: Lazy operators

  private func all(_ operands: [Expr], truthOnly: Bool, _ depth: Int) -> Result {
    var kept: [Expr] = []
    for operand in operands {
      let result = boolean(evaluate(operand, truthOnly: truthOnly, depth))
      switch result {
      case .value(.bool(true)): continue
      case .residual(let expr):
        if kept.count > 32 || !kept.contains(expr) { kept.append(expr) }
        continue
      case .failure where kept.isEmpty: return result
      case .value, .failure: break
      }
      // What is left can only be false or fail; which of the two depends on the operands before.
      if truthOnly { return .value(false) }
      if case .value = result, kept.allSatisfy(neverFails) { return .value(false) }
      return .residual(.all(kept + [result.expr]))
    }
    return combined(kept, emptyValue: true, truthOnly: truthOnly)
  }

  private func any(_ operands: [Expr], truthOnly: Bool, _ depth: Int) -> Result {
    var kept: [Expr] = []
    for (index, operand) in operands.enumerated() {
      let isLast = index == operands.count - 1
      let result = boolean(evaluate(operand, truthOnly: truthOnly && isLast, depth))
      switch result {
      case .value(.bool(false)): continue
      case .residual(let expr):
        if kept.count > 32 || !kept.contains(expr) { kept.append(expr) }
        continue
      case .value:
        if kept.allSatisfy(neverFails) { return .value(true) }
      case .failure:
        if kept.isEmpty { return result }
        if truthOnly { return combined(kept, emptyValue: false, truthOnly: true) }
      }
      return .residual(.any(kept + [result.expr]))
    }
    return combined(kept, emptyValue: false, truthOnly: truthOnly)
  }

  private func combined(_ kept: [Expr], emptyValue: Bool, truthOnly: Bool) -> Result {
    guard let first = kept.first else { return .value(.bool(emptyValue)) }
    if kept.count == 1 {
      // Alone, the operand would lose the check that it is a bool.
      if truthOnly || first.isCertainlyBool { return .residual(first) }
      return .residual(.and([.value(true), first]))
    }
    return .residual(emptyValue ? .all(kept) : .any(kept))
  }

  /// The result as the operand of a lazy operator, which must be a bool.
  private func boolean(_ result: Result) -> Result {
    guard case .value(let value) = result else { return result }
    if case .bool = value { return result }
    return .failure(.typeMismatch(expected: "bool", found: value.kind))
  }

  private func conditional(
    _ condition: Expr, _ then: Expr, _ otherwise: Expr, truthOnly: Bool, _ depth: Int
  ) -> Result {
    let test = boolean(evaluate(condition, truthOnly: false, depth))
    switch test {
    case .failure: return test
    case .value(let value):
      return evaluate(value == true ? then : otherwise, truthOnly: truthOnly, depth)
    case .residual(let expr):
      let first = evaluate(then, truthOnly: truthOnly, depth)
      let second = evaluate(otherwise, truthOnly: truthOnly, depth)
      if case .value(let a) = first, case .value(let b) = second, a == b {
        if neverFails(expr) || (truthOnly && a != true) { return .value(a) }
      }
      return .residual(.conditional(condition: expr, then: first.expr, otherwise: second.expr))
    }
  }

  private func isTrue(_ operand: Expr, _ depth: Int) -> Result {
    switch evaluate(operand, truthOnly: true, depth) {
    case .value(let value): .value(.bool(value == true))
    case .failure: .value(false)
    case .residual(let expr): .residual(.isTrue(expr))
    }
  }

  /// Whether a residual is certain to evaluate to a bool.
  func neverFails(_ expr: Expr) -> Bool {
    switch expr {
    case .value(.bool), .isTrue: true
    case .binary(.equal, let left, let right), .binary(.notEqual, let left, let right):
      Self.isAtom(left) && Self.isAtom(right)
    case .binary(.in, let left, .value(.entity)): unknownType(of: left) != nil
    case .has(let base, let path): path.count == 1 && (unknownType(of: base) != nil || base == .variable(.context))
    case .not(let operand): neverFails(operand)
    case .and(let operands), .or(let operands): operands.allSatisfy(neverFails)
    default: false
    }
  }

  private static func isAtom(_ expr: Expr) -> Bool {
    switch expr {
    case .value, .variable: true
    default: false
    }
  }
}
