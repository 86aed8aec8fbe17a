/// Parsed policies, ready to decide requests. A value; share it freely.
public struct PolicySet: Sendable {
  /// The policies in the order of the text.
  public let policies: [Policy]
  /// For many policies: which may concern an action, by the entity the action scope names.
  private let byAction: [EntityUID: [Int]]
  private let forAnyAction: [Int]
  private let byID: [String: Int]

  /// The largest text accepted, in bytes.
  public static let maximumSourceSize = 16 << 20
  /// Below this, looking at each policy is quicker than consulting the index.
  private static let indexThreshold = 16

  /// Parses Cedar policies.
  ///
  /// Templates (policies with `?principal` or `?resource`) are refused with the code `template`.
  /// - Throws: `CedarError` with the place of the first error.
  public init(parsing text: String) throws(CedarError) {
    try self.init(parsingUTF8: text.utf8)
  }

  /// Parses Cedar policies from bytes, which must be valid UTF-8.
  public init(parsingUTF8 source: some Sequence<UInt8>) throws(CedarError) {
    let bytes = Array(source)
    guard bytes.count <= Self.maximumSourceSize else {
      throw CedarError(.limit, "the policies are larger than \(Self.maximumSourceSize) bytes")
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw CedarError(.encoding, "the policies are not valid UTF-8")
    }
    var parser = try Parser(bytes: bytes)
    self.init(try parser.policies())
  }

  /// A set of policies parsed before, for example from several texts. Ids should be unique; see `renamed(_:)`.
  public init(_ policies: [Policy]) {
    self.policies = policies
    var byAction: [EntityUID: [Int]] = [:]
    var forAnyAction: [Int] = []
    for (index, policy) in policies.enumerated() {
      switch policy.action {
      case .any: forAnyAction.append(index)
      case .equal(let uid): byAction[uid, default: []].append(index)
      case .isIn(let uids): for uid in Set(uids) { byAction[uid, default: []].append(index) }
      }
    }
    self.byAction = byAction
    self.forAnyAction = forAnyAction
    byID = Dictionary(policies.enumerated().map { ($0.element.id, $0.offset) }) { first, _ in first }
  }

  /// The policies with other ids, for example taken from an annotation.
  ///
  /// - Parameter name: gives a policy's new id.
  /// - Throws: `CedarError` if two policies get the same id.
  public func renamed(_ name: (Policy) -> String) throws(CedarError) -> PolicySet {
    var seen: Set<String> = []
    var renamed: [Policy] = []
    for policy in policies {
      let id = name(policy)
      guard seen.insert(id).inserted else {
        throw CedarError(.syntax, "two policies have the id \(CedarText.quoted(id))", at: policy.location)
      }
      var copy = policy
      copy.id = id
      renamed.append(copy)
    }
    return PolicySet(renamed)
  }

  /// The policy with this id.
  public func policy(_ id: String) -> Policy? { byID[id].map { policies[$0] } }

  /// The annotations of the policies with these ids, for example those of a response's `reasons`, as obligations.
  public func annotations(of ids: [String]) -> [Policy.Annotation] {
    ids.flatMap { policy($0)?.annotations ?? [] }
  }

  /// Decides a request with the semantics of the reference implementation: deny by default, forbid overrides permit, and
  /// a policy that fails to evaluate is reported and skipped.
  public func isAuthorized(_ request: Request, entities: Entities) -> Response {
    let evaluator = Evaluator(request: request, entities: entities)
    var permits: [String] = []
    var forbids: [String] = []
    var errors: [PolicyFailure] = []
    func consider(_ policy: Policy) {
      do throws(EvaluationError) {
        guard try evaluator.isSatisfied(policy) else { return }
        if policy.effect == .permit { permits.append(policy.id) } else { forbids.append(policy.id) }
      } catch {
        errors.append(PolicyFailure(policyID: policy.id, error: error))
      }
    }
    forEachCandidate(action: request.action, entities: entities, consider)
    if !forbids.isEmpty { return Response(decision: .deny, reasons: forbids, errors: errors) }
    return Response(decision: permits.isEmpty ? .deny : .allow, reasons: permits, errors: errors)
  }

  /// Visits, in order, every policy whose action scope may match.
  func forEachCandidate(action: EntityUID, entities: Entities, _ visit: (Policy) -> Void) {
    if policies.count <= Self.indexThreshold {
      for policy in policies { visit(policy) }
      return
    }
    var indices = Set(byAction[action] ?? [])
    for ancestor in entities.ancestors(of: action) { indices.formUnion(byAction[ancestor] ?? []) }
    indices.formUnion(forAnyAction)
    for index in indices.sorted() { visit(policies[index]) }
  }
}
