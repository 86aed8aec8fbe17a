/// What a partial request's answer depends on.
public enum Residual: Sendable, Hashable {
  /// Allowed, whatever the unknowns are.
  case allow
  /// Denied, whatever the unknowns are.
  case deny
  /// Allowed exactly if this expression over the unknowns is true.
  ///
  /// Known parts are folded in. Policies that may fail are wrapped in `isTrue`, so the whole never fails; with SQL in mind,
  /// `isTrue(x)` is `(x) IS TRUE` if every failure inside is a NULL. Beware that SQL is more forgiving than Cedar:
  /// `NULL OR TRUE` is true, while in Cedar a failing left operand fails the whole. Filter fetched rows by
  /// `PartialResponse.evaluate` again where columns can be NULL. Under the `!` of forbids the same makes SQL stricter: a row
  /// that Cedar would allow, because the forbid fails on it, may be left out.
  case conditional(Expr)
}

/// The answer to a partial request.
public struct PartialResponse: Sendable {
  /// A policy whose satisfaction depends on the unknowns.
  public struct ResidualPolicy: Sendable, Hashable {
    public let policy: Policy
    /// What remains of scope and conditions: the policy is satisfied exactly if this is true. It may also fail.
    public let condition: Expr
  }

  /// The entities the unknowns turned out to be, and the context attributes that were unknown.
  public struct Bindings: Sendable, Hashable {
    public var principal: Entity?
    public var resource: Entity?
    public var context: Record

    public init(principal: Entity? = nil, resource: Entity? = nil, context: Record = [:]) {
      self.principal = principal
      self.resource = resource
      self.context = context
    }
  }

  public let residual: Residual
  /// The policies satisfied whatever the unknowns are, in policy order, permits and forbids alike. Their annotations apply
  /// as obligations; those of `residualPolicies` apply where their condition holds.
  public let satisfied: [Policy]
  public let residualPolicies: [ResidualPolicy]
  /// The policies that fail whatever the unknowns are, in policy order.
  public let errors: [PolicyFailure]

  /// Satisfied policies, with the condition `true`, and residual ones, in policy order.
  private let contributions: [ResidualPolicy]
  private let request: PartialRequest
  private let entities: Entities
  private let usesIdentity: Bool
  /// Set if one subject is unknown and only its attributes are asked for, so that records need not become entities.
  private let rowScan: (variable: Expr.Variable, request: Request, operations: Operations)?

  init(
    request: PartialRequest, entities: Entities, contributions: [ResidualPolicy], errors: [PolicyFailure],
    neverFails: (Expr) -> Bool
  ) {
    self.request = request
    self.entities = entities
    self.contributions = contributions
    self.errors = errors
    satisfied = contributions.filter { $0.condition == .value(true) }.map(\.policy)
    residualPolicies = contributions.filter { $0.condition != .value(true) }
    residual = Self.residual(satisfied, residualPolicies, neverFails)
    usesIdentity = residualPolicies.contains { $0.condition.usesIdentity }
    rowScan = residualPolicies.allSatisfy { $0.condition.readsOnlyAttributes } ? Self.rowScan(request, entities) : nil
  }

  private static func residual(
    _ satisfied: [Policy], _ residuals: [ResidualPolicy], _ neverFails: (Expr) -> Bool
  ) -> Residual {
    func conditions(_ effect: Policy.Effect) -> [Expr] {
      residuals.filter { $0.policy.effect == effect }
        .map { neverFails($0.condition) ? $0.condition : .isTrue($0.condition) }
    }
    let isPermitted = satisfied.contains { $0.effect == .permit }
    let permits = conditions(.permit)
    let forbids = conditions(.forbid)
    if satisfied.contains(where: { $0.effect == .forbid }) || (!isPermitted && permits.isEmpty) { return .deny }
    var clauses: [Expr] = []
    if !isPermitted { clauses.append(.any(permits)) }
    if !forbids.isEmpty { clauses.append(.not(.any(forbids))) }
    return clauses.isEmpty ? .allow : .conditional(.all(clauses))
  }

  private static func rowScan(
    _ request: PartialRequest, _ entities: Entities
  ) -> (variable: Expr.Variable, request: Request, operations: Operations)? {
    let unnamed = EntityUID(type: "", id: unnamed)
    let variable: Expr.Variable
    var complete = Request(principal: unnamed, action: request.action, resource: unnamed, context: request.context)
    switch (request.principal, request.resource) {
    case (.known(let principal), .unknown):
      variable = .resource
      complete.principal = principal
    case (.unknown, .known(let resource)):
      variable = .principal
      complete.resource = resource
    default: return nil
    }
    return (variable, complete, Operations(entities: entities))
  }

  /// The ids of the policies known to determine the answer: satisfied forbids, or if there are none satisfied permits.
  public var reasons: [String] {
    let forbids = satisfied.filter { $0.effect == .forbid }
    return (forbids.isEmpty ? satisfied : forbids).map(\.id)
  }

  /// Decides for one record in the place of the unknown resource (or principal, if that is the unknown).
  ///
  /// - Parameters:
  ///   - attributes: the record's attributes.
  ///   - id: the record's identifier. Without it, the answer is false if a residual asks for the record's identity.
  ///   - context: values of the context attributes that were unknown, as far as they are present.
  public func evaluate(
    attributes: Record, id: String? = nil, parents: [EntityUID] = [], tags: Record = [:], context: Record = [:]
  ) -> Bool {
    switch residual {
    case .allow: return true
    case .deny: return false
    case .conditional(let expr):
      if let rowScan {
        var request = rowScan.request
        for name in self.request.unknownContext { request.context[name] = context[name] }
        let evaluator = Evaluator(
          request: request, operations: rowScan.operations, row: (rowScan.variable, attributes))
        guard case .bool(true)? = try? evaluator.evaluate(expr) else { return false }
        return true
      }
      if id == nil, usesIdentity { return false }
      guard
        let evaluator = evaluator(
          binding(attributes: attributes, id: id ?? Self.unnamed, parents: parents, tags: tags, context: context)),
        case .bool(true)? = try? evaluator.evaluate(expr)
      else { return false }
      return true
    }
  }

  /// Decides for the given bindings. False if an unknown is not bound, or bound to an entity of another type.
  public func evaluate(_ bindings: Bindings) -> Bool {
    respond(bindings).decision == .allow
  }

  /// The full response for the given bindings: the decision and the reasons that deciding the completed request would give.
  /// Errors are those known here and those of residual policies that fail now.
  ///
  /// Deny without reasons if an unknown is not bound, or bound to an entity of another type.
  public func respond(_ bindings: Bindings) -> Response {
    guard let evaluator = evaluator(bindings) else { return Response(decision: .deny, reasons: [], errors: errors) }
    var permits: [String] = []
    var forbids: [String] = []
    var errors = errors
    for contribution in contributions {
      let policy = contribution.policy
      do throws(EvaluationError) {
        guard try Operations.bool(evaluator.evaluate(contribution.condition)) else { continue }
        if policy.effect == .permit { permits.append(policy.id) } else { forbids.append(policy.id) }
      } catch {
        errors.append(PolicyFailure(policyID: policy.id, error: error))
      }
    }
    if !forbids.isEmpty { return Response(decision: .deny, reasons: forbids, errors: errors) }
    return Response(decision: permits.isEmpty ? .deny : .allow, reasons: permits, errors: errors)
  }

  /// An identifier no real record has.
  private static let unnamed = "\u{0}unnamed"

  private func binding(
    attributes: Record, id: String, parents: [EntityUID], tags: Record, context: Record
  ) -> Bindings {
    var bindings = Bindings(context: context)
    if case .unknown(let type) = request.resource {
      bindings.resource = Entity(
        uid: EntityUID(type: type, id: id), attributes: attributes, parents: parents, tags: tags)
    } else if case .unknown(let type) = request.principal {
      bindings.principal = Entity(
        uid: EntityUID(type: type, id: id), attributes: attributes, parents: parents, tags: tags)
    }
    return bindings
  }

  private func evaluator(_ bindings: Bindings) -> Evaluator? {
    var entities = entities
    func resolve(_ subject: PartialRequest.Subject, _ entity: Entity?) -> EntityUID? {
      switch subject {
      case .known(let uid): return uid
      case .unknown(let type):
        guard let entity, entity.uid.isOfType(type) else { return nil }
        entities.insert(entity)
        return entity.uid
      }
    }
    guard let principal = resolve(request.principal, bindings.principal),
      let resource = resolve(request.resource, bindings.resource)
    else { return nil }
    var context = request.context
    for name in request.unknownContext { context[name] = bindings.context[name] }
    return Evaluator(
      request: Request(principal: principal, action: request.action, resource: resource, context: context),
      entities: entities)
  }
}

extension Expr {
  /// Whether a residual reads attributes of variables and applies plain operators to them: no identity, no hierarchy, no
  /// tags, no attributes of entities found in attributes.
  fileprivate var readsOnlyAttributes: Bool {
    switch self {
    case .variable(.principal), .variable(.resource): false
    case .attribute(.variable, _): true
    case .has(.variable, let path): path.count == 1
    case .attribute, .has, .binary(.in, _, _), .binary(.hasTag, _, _), .binary(.getTag, _, _): false
    default: children.allSatisfy(\.readsOnlyAttributes)
    }
  }

  /// Whether a residual asks who the unknown entity is, beyond its attributes and tags.
  fileprivate var usesIdentity: Bool {
    switch self {
    case .variable(.principal), .variable(.resource): true
    case .attribute(.variable, _), .has(.variable, _), .isType(.variable, _): false
    case .attribute(.value(.entity), _), .has(.value(.entity), _), .binary(.in, .value(.entity), _): true
    case .binary(.hasTag, .variable, let name), .binary(.getTag, .variable, let name): name.usesIdentity
    case .binary(.hasTag, .value, _), .binary(.getTag, .value, _): true
    default: children.contains(where: \.usesIdentity)
    }
  }
}

extension PolicySet {
  /// Decides a request as far as it is known.
  ///
  /// For every way to fill in the unknowns, the response's residual gives the decision that `isAuthorized` gives for the
  /// completed request, with the bound entities laid over `entities`. One condition: an entity that is known here must
  /// not be bound with other attributes or parents later.
  public func partiallyAuthorized(_ request: PartialRequest, entities: Entities) -> PartialResponse {
    let evaluator = PartialEvaluator(request: request, entities: entities)
    var contributions: [PartialResponse.ResidualPolicy] = []
    var errors: [PolicyFailure] = []
    forEachCandidate(action: request.action, entities: entities) { policy in
      switch evaluator.evaluate(policy) {
      case .value(let value):
        if value == true { contributions.append(.init(policy: policy, condition: .value(true))) }
      case .residual(let condition): contributions.append(.init(policy: policy, condition: condition))
      case .failure(let error): errors.append(PolicyFailure(policyID: policy.id, error: error))
      }
    }
    return PartialResponse(
      request: request, entities: entities, contributions: contributions, errors: errors,
      neverFails: evaluator.neverFails)
  }
}
