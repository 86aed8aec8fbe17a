/// What policies look at, found by reading them: sound, so what is not listed cannot influence a decision.
public struct Dependencies: Sendable, Hashable {
  /// The use of one request variable.
  public struct Uses: Sendable, Hashable {
    /// Attributes read or tested for directly, as in `context.time` or `resource has owner`.
    public var attributes: Set<String> = []
    /// The variable is used as a whole, so that any of its attributes (and tags) may be read.
    public var isWhole = false
    /// For principal, action and resource: who it is matters, or which entities it is in.
    public var identity = false

    /// Whether the named attribute may influence a decision.
    public func mayRead(_ attribute: String) -> Bool { isWhole || attributes.contains(attribute) }

    /// Whether any attribute may influence a decision.
    public var readsAttributes: Bool { isWhole || !attributes.isEmpty }
  }

  public var principal = Uses()
  public var action = Uses()
  public var resource = Uses()
  public var context = Uses()
  /// Attributes or hierarchy of other entities may be read, such as `resource.owner.manager`.
  public var otherEntities = false

  mutating func record(_ variable: Expr.Variable, _ change: (inout Uses) -> Void) {
    switch variable {
    case .principal: change(&principal)
    case .action: change(&action)
    case .resource: change(&resource)
    case .context: change(&context)
    }
  }

  mutating func add(_ expr: Expr) {
    switch expr {
    case .variable(let variable): record(variable) { $0.isWhole = true }
    case .attribute(.variable(let variable), let name): record(variable) { $0.attributes.insert(name) }
    case .has(.variable(let variable), let path):
      if let name = path.first { record(variable) { $0.attributes.insert(name) } }
      if path.count > 1 { otherEntities = true }
    case .isType(.variable(let variable), _) where variable != .context: record(variable) { $0.identity = true }
    case .binary(let operation, let left, let right):
      if operation == .in || operation == .getTag || operation == .hasTag { otherEntities = true }
      let comparesIdentity = operation == .equal || operation == .notEqual || operation == .in
      for operand in [left, right] {
        if case .variable(let variable) = operand, variable != .context, comparesIdentity {
          record(variable) { $0.identity = true }
        } else {
          add(operand)
        }
      }
    default:
      if case .attribute = expr { otherEntities = true }
      if case .has = expr { otherEntities = true }
      for child in expr.children { add(child) }
    }
  }
}

extension PolicySet {
  /// What the policies that may concern such requests look at; for example whether decisions can be cached without the
  /// context's `arguments` as part of the key.
  ///
  /// - Parameters:
  ///   - principalType: the type of the principals; nil for all.
  ///   - action: the action; nil for all.
  ///   - resourceType: the type of the resources; nil for all.
  ///   - entities: the entities that requests are decided with, as far as they say which groups the action is in.
  public func dependencies(
    principalType: String? = nil, action: EntityUID? = nil, resourceType: String? = nil, entities: Entities = Entities()
  ) -> Dependencies {
    var dependencies = Dependencies()
    for policy in policies {
      if let action, !policy.action.matches(action, in: entities) { continue }
      if let principalType, !policy.principal.admits(type: principalType) { continue }
      if let resourceType, !policy.resource.admits(type: resourceType) { continue }
      if policy.action != .any { dependencies.action.identity = true }
      if let scope = policy.principal.expression(for: .principal) { dependencies.add(scope) }
      if let scope = policy.resource.expression(for: .resource) { dependencies.add(scope) }
      for condition in policy.conditions { dependencies.add(condition.expression) }
    }
    return dependencies
  }
}

extension ScopeConstraint {
  fileprivate func admits(type: String) -> Bool {
    switch self {
    case .any, .isIn: true
    case .equal(let uid): uid.isOfType(type)
    case .isType(let required), .isTypeIn(let required, _): required.hasSameBytes(as: type)
    }
  }
}
