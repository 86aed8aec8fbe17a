internal import Cedar
internal import Crypto
internal import JSON
internal import Logging
internal import MCP
internal import NIOCore
internal import Synchronization

/// Decides by Cedar policies: who may see and call what, which rows, which data categories, under which obligations.
///
/// One policy set answers all of these questions. Denied is what no permit allows, what a forbid forbids, and what a forbid
/// that cannot be evaluated may forbid (``Verdict``); a permit that cannot be evaluated permits nothing. Attributes that a
/// request does not have, such as `context.ip` over stdio, make a forbid that reads them fail and so deny: such a forbid says
/// `context has ip &&` where absence is no reason, and `resource is Type` where it speaks of the attributes of one type.
///
/// A context that only a call makes known counts as unknown before: what some call could be permitted is seen, and each call
/// is decided with its context.
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
    var listBytes = 0

    /// Forgets what was decided for an older catalog. A request that still holds an older one changes nothing.
    mutating func advance(to generation: UInt64) {
      if generation > self.generation { self = State(generation: generation) }
    }
  }
  private struct ListKey: Hashable {
    let principal: UInt64
    let list: ListKind
    let era: Era
  }

  private static let capacity = 50_000
  /// Bytes of text that kept lists may have together.
  private let listCapacity: Int
  /// Guards what was decided for the catalog's current generation.
  private let state = Mutex(State())

  /// - Throws: `CedarError` with line and column where the text is no valid policy set.
  init(policies text: String, entities: [Entity] = [], bounds: ResultBounds, listCapacity: Int = 64 << 20) throws(CedarError) {
    policies = try PolicySet(parsing: text)
    version = String(SHA256.hash(data: Array(text.utf8)).hex.prefix(16))
    self.entities = Entities(entities)
    self.bounds = bounds
    self.listCapacity = listCapacity
  }

  // MARK: Tools

  /// What policy says of a principal and a tool. Decided once and kept while the catalog stays as it is.
  func decision(_ principal: Principal, _ tool: ToolEntry, generation: UInt64) -> ToolDecision {
    let key = Key(principal: principal.cacheKey, entry: ObjectIdentifier(tool))
    let known = state.withLock { state in
      state.advance(to: generation)
      return state.generation == generation ? state.tools[key] : nil
    }
    if let known { return known }
    let decision = decide(principal, tool, context: nil)
    state.withLock { state in
      // An entry of an older snapshot is not kept: its address may come to stand for another one.
      guard state.generation == generation else { return }
      if state.tools.count >= Self.capacity { state.tools.removeAll() }
      state.tools[key] = decision
    }
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

    func ask(_ resource: PartialRequest.Subject) -> Verdict {
      verdict(PartialRequest(principal: .known(subject), action: action, resource: resource, context: known, unknownContext: unknown), overlay)
    }
    let ancestors = overlay.ancestors(of: upstream)
    let clearance = clearance(of: subject, known, unknown, overlay)
    let rules = tool.records.map { declaration in
      RowRule(declaration, ask(.unknown(type: declaration.type)), clearance, upstream: upstream, ancestors: ancestors)
    }
    return ToolDecision(
      tool: tool, itself: ask(.known(target)), rules: rules, clearance: clearance, bounds: bounds,
      isFinal: context != nil)
  }

  private func verdict(_ request: PartialRequest, _ entities: Entities) -> Verdict {
    Verdict(policies.partiallyAuthorized(request, entities: entities), of: policies)
  }

  /// Shown is only what is permitted whatever the unknown part of the context is.
  private func clearance(of subject: EntityUID, _ context: Record, _ unknownContext: Set<String>, _ entities: Entities) -> ClearanceDecision {
    var revealed: DataCategories = []
    var refused: DataCategories = []
    var dependsOnContext = false
    for category in DataCategory.allCases where category != .public {
      let verdict = verdict(
        PartialRequest(
          principal: .known(subject), action: EntityUID(type: "Action", id: "reveal"),
          resource: .known(EntityUID(type: "Category", id: category.rawValue)), context: context, unknownContext: unknownContext), entities)
      if verdict.mentionsContext { dependsOnContext = true }
      if verdict.outcome == .allow {
        revealed.insert(category)
      } else if verdict.forbidding.contains(where: { $0.annotation("uncleared") == "refuse" }) {
        refused.insert(category)
      }
    }
    return ClearanceDecision(clearance: Clearance(revealing: revealed, refusing: refused), dependsOnContext: dependsOnContext)
  }

  // MARK: Prompts and resources

  /// Whether a principal may use a prompt or read a resource.
  ///
  /// - Parameter context: nil before a call is made.
  func verdict(_ principal: Principal, _ target: PolicyTarget, context: Record?) -> Verdict {
    let (request, entities) = question(principal, target, context)
    return verdict(request, entities)
  }

  /// What of a prompt or resource is shown.
  func plan(_ principal: Principal, _ target: PolicyTarget, context: Record) -> ScreeningPlan {
    let (request, entities) = question(principal, target, context)
    return ScreeningPlan(clearance: clearance(of: uid(of: principal), request.context, [], entities).clearance, bounds: bounds)
  }

  /// The rules of all records that the upstream of a prompt or resource serves.
  ///
  /// - Parameter context: nil before a call is made.
  func rules(_ principal: Principal, _ target: PolicyTarget, context: Record?) -> [RowRule] {
    guard !target.records.isEmpty else { return [] }
    let (request, overlay) = question(principal, target, context)
    let upstream = EntityUID(type: "Upstream", id: target.upstream)
    let ancestors = overlay.ancestors(of: upstream)
    let clearance = clearance(of: uid(of: principal), request.context, request.unknownContext, overlay)
    return target.records.map { declaration in
      let verdict = verdict(
        PartialRequest(
          principal: request.principal, action: request.action, resource: .unknown(type: declaration.type), context: request.context,
          unknownContext: request.unknownContext), overlay)
      return RowRule(declaration, verdict, clearance, upstream: upstream, ancestors: ancestors)
    }
  }

  private func question(_ principal: Principal, _ target: PolicyTarget, _ context: Record?) -> (PartialRequest, Entities) {
    let action = EntityUID(type: "Action", id: target.action)
    let resource = EntityUID(type: target.type, id: target.id)
    let upstream = EntityUID(type: "Upstream", id: target.upstream)
    let overlay = entities.overlaid(with: [
      entity(of: principal), Entity(uid: action, parents: [EntityUID(type: "Action", id: Effect.read.rawValue)]),
      Entity(uid: resource, parents: [upstream]),
    ])
    let request = PartialRequest(
      principal: .known(uid(of: principal)), action: action, resource: .known(resource),
      context: (context ?? [:]).merging(["upstream": .entity(upstream)]), unknownContext: context == nil ? Self.perCall : [])
    return (request, overlay)
  }

  // MARK: Lists

  /// Keeps the text of a list that a principal was given, while the catalog stays as it is.
  func list(_ list: ListKind, _ principal: Principal, _ era: Era, generation: UInt64, make: () -> ByteBuffer) -> ByteBuffer {
    let key = ListKey(principal: principal.cacheKey, list: list, era: era)
    let known = state.withLock { state in
      state.advance(to: generation)
      return state.generation == generation ? state.lists[key] : nil
    }
    if let known { return known }
    let text = make()
    state.withLock { state in
      guard state.generation == generation, text.storageCapacity <= listCapacity, state.lists[key] == nil else { return }
      if state.listBytes + text.storageCapacity > listCapacity {
        state.lists.removeAll()
        state.listBytes = 0
      }
      state.lists[key] = text
      state.listBytes += text.storageCapacity
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

/// A prompt or resource as policy speaks of it.
struct PolicyTarget: Sendable {
  let action: String
  let type: String
  let id: String
  let upstream: String
  /// The records that the upstream serves, which may stand in what it answers.
  let records: [RecordDeclaration]
  /// Whether the upstream keeps rules on rows itself.
  let enforcesRows: Bool

  init(_ prompt: PromptEntry, in snapshot: Catalog.Snapshot) {
    self.init(action: "prompts/get", type: "Prompt", id: prompt.name, prompt.upstream, snapshot)
  }

  init(_ resource: ResourceEntry, uri: String, in snapshot: Catalog.Snapshot) {
    self.init(action: "resources/read", type: "Resource", id: uri, resource.upstream, snapshot)
  }

  private init(action: String, type: String, id: String, _ upstream: Upstream, _ snapshot: Catalog.Snapshot) {
    self.action = action
    self.type = type
    self.id = id
    self.upstream = upstream.name
    records = snapshot.records[upstream.name] ?? []
    enforcesRows = upstream.configuration.enforcesRows
  }
}

/// Which data categories are shown, as far as the context is known.
struct ClearanceDecision: Sendable {
  let clearance: Clearance
  /// Whether a context that only a call makes known could show more or less.
  let dependsOnContext: Bool
}
