internal import Cedar
internal import Crypto
internal import JSON
internal import Logging
internal import MCP
internal import NIOCore
internal import Synchronization

/// Decides by Cedar policies: who may see and call what, which rows, which data categories, under which obligations.
///
/// One policy set answers all of these questions. Nothing permitted, a policy that cannot be evaluated, a context that is
/// unknown: denied.
final class PolicyEngine: Sendable {
  /// Names the policy text in the audit log: the first 16 digits of its SHA-256.
  let version: String
  private let policies: PolicySet
  private let entities: Entities
  private let bounds: ResultBounds

  private struct Key: Hashable {
    let principal: UInt64
    let entry: ObjectIdentifier
  }
  private struct State {
    var generation: UInt64 = 0
    var tools: [Key: ToolDecision] = [:]
    var lists: [ListKey: ByteBuffer] = [:]
  }
  private struct ListKey: Hashable {
    let principal: UInt64
    let list: ListKind
    let era: Era
  }

  private static let capacity = 50_000
  /// Guards what was decided for the catalog's current generation.
  private let state = Mutex(State())

  /// - Throws: `CedarError` with line and column where the text is no valid policy set.
  init(policies text: String, entities: [Entity] = [], bounds: ResultBounds) throws(CedarError) {
    policies = try PolicySet(parsing: text)
    version = String(SHA256.hash(data: Array(text.utf8)).hex.prefix(16))
    self.entities = Entities(entities)
    self.bounds = bounds
  }

  // MARK: Tools

  /// What policy says of a principal and a tool. Decided once and kept while the catalog stays as it is.
  func decision(_ principal: Principal, _ tool: ToolEntry, generation: UInt64) -> ToolDecision {
    let key = Key(principal: principal.cacheKey, entry: ObjectIdentifier(tool))
    let known = state.withLock { state in
      if state.generation != generation || state.tools.count > Self.capacity { state = State(generation: generation) }
      return state.tools[key]
    }
    if let known { return known }
    let decision = decide(principal, tool, context: nil)
    // An entry of an older snapshot is not kept: its address may come to stand for another one.
    state.withLock { if $0.generation == generation { $0.tools[key] = decision } }
    return decision
  }

  /// Decides anew with the context known, for tools whose decision depends on it.
  func decision(_ principal: Principal, _ tool: ToolEntry, context: Record) -> ToolDecision {
    decide(principal, tool, context: context)
  }

  /// The context attributes that only a call makes known. A list is made before; it shows what some call could be permitted.
  private static let perCall: Set<String> = ["arguments", "purpose", "ip", "now"]

  private func decide(_ principal: Principal, _ tool: ToolEntry, context: Record?) -> ToolDecision {
    let action = EntityUID(type: "Action", id: tool.name)
    let target = EntityUID(type: "Tool", id: tool.name)
    let upstream = EntityUID(type: "Upstream", id: tool.upstream.name)
    let subject = uid(of: principal)
    var groups = [EntityUID(type: "Action", id: tool.effect.rawValue)]
    if tool.effect == .destructive { groups.append(EntityUID(type: "Action", id: Effect.write.rawValue)) }
    let overlay = self.entities.overlaid(with: [
      entity(of: principal),
      Entity(uid: action, parents: groups),
      Entity(uid: target, attributes: ["name": .string(tool.upstreamName), "effect": .string(tool.effect.rawValue)], parents: [upstream]),
    ])
    var known = context ?? [:]
    known = known.merging(["tool": .entity(target), "upstream": .entity(upstream)])
    let unknown: Set<String> = context == nil ? Self.perCall : []

    func ask(_ resource: PartialRequest.Subject) -> PartialResponse {
      policies.partiallyAuthorized(
        PartialRequest(principal: .known(subject), action: action, resource: resource, context: known, unknownContext: unknown), entities: overlay)
    }
    let rules: [RowRule] = tool.records.map { RowRule(declaration: $0, response: ask(.unknown(type: $0.type))) }
    // A tool that declares records is authorized over the records, any other over itself.
    let responses = rules.isEmpty ? [ask(.known(target))] : rules.map(\.response)
    let clearance = clearance(of: subject, known, overlay)
    return ToolDecision(
      tool: tool, responses: responses, rules: rules, clearance: clearance, bounds: bounds,
      dependsOnContext: context == nil && responses.contains(where: \.mentionsContext))
  }

  private func clearance(of subject: EntityUID, _ context: Record, _ entities: Entities) -> Clearance {
    var revealed: DataCategories = []
    var refused: DataCategories = []
    for category in DataCategory.allCases where category != .public {
      let response = policies.isAuthorized(
        Request(
          principal: subject, action: EntityUID(type: "Action", id: "reveal"),
          resource: EntityUID(type: "Category", id: category.rawValue), context: context), entities: entities)
      if response.decision == .allow {
        revealed.insert(category)
      } else if response.reasons.contains(where: { policies.policy($0)?.annotation("uncleared") == "refuse" }) {
        refused.insert(category)
      }
    }
    return Clearance(revealing: revealed, refusing: refused)
  }

  // MARK: Prompts and resources

  /// Whether a principal may use a prompt or read a resource, and what of it is shown.
  func decision(
    _ principal: Principal, action: String, type: String, id: String, upstream: String, context: Record = [:]
  ) -> (response: Response, plan: ScreeningPlan) {
    let subject = uid(of: principal)
    let action = EntityUID(type: "Action", id: action)
    let target = EntityUID(type: type, id: id)
    let parent = EntityUID(type: "Upstream", id: upstream)
    let overlay = entities.overlaid(with: [
      entity(of: principal), Entity(uid: action, parents: [EntityUID(type: "Action", id: Effect.read.rawValue)]), Entity(uid: target, parents: [parent]),
    ])
    let context = context.merging(["upstream": .entity(parent)])
    let response = policies.isAuthorized(Request(principal: subject, action: action, resource: target, context: context), entities: overlay)
    return (response, ScreeningPlan(clearance: clearance(of: subject, context, overlay), bounds: bounds))
  }

  // MARK: Lists

  /// Keeps the text of a list that a principal was given, while the catalog stays as it is.
  func list(_ list: ListKind, _ principal: Principal, _ era: Era, generation: UInt64, make: () -> ByteBuffer) -> ByteBuffer {
    let key = ListKey(principal: principal.cacheKey, list: list, era: era)
    let known = state.withLock { $0.generation == generation ? $0.lists[key] : nil }
    if let known { return known }
    let text = make()
    state.withLock { state in
      guard state.generation == generation, state.lists.count < 4096 else { return }
      state.lists[key] = text
    }
    return text
  }

  // MARK: Entities

  private func uid(of principal: Principal) -> EntityUID {
    EntityUID(type: principal.kind == .agent ? "Agent" : "User", id: principal.id)
  }

  private func entity(of principal: Principal) -> Entity {
    Entity(
      uid: uid(of: principal), attributes: Record(json: JSONValue.object(principal.attributes).raw),
      parents: principal.groups.map { EntityUID(type: "Group", id: $0) } + principal.roles.map { EntityUID(type: "Role", id: $0) })
  }
}

extension PartialResponse {
  /// Whether what is left depends on the context.
  var mentionsContext: Bool {
    func mentions(_ expression: Expr) -> Bool {
      if case .variable(.context) = expression { return true }
      return expression.children.contains(where: mentions)
    }
    return residualPolicies.contains { mentions($0.condition) }
  }
}
