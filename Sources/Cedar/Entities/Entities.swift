/// The entities a request is decided with: an indexed base, shared between copies, and a few of the request's own over it.
///
/// Building the base computes every entity's ancestors once. Adding entities afterwards copies only the additions, so a
/// gateway keeps one base and lays each request's principal and resource over it.
public struct Entities: Sendable {
  /// An entity with all its ancestors.
  private final class Node: Sendable {
    let entity: Entity
    let ancestors: Set<EntityUID>

    init(_ entity: Entity, ancestors: Set<EntityUID>) {
      self.entity = entity
      self.ancestors = ancestors
    }
  }

  private final class Base: Sendable {
    let nodes: [EntityUID: Node]

    init(_ entities: [EntityUID: Entity]) {
      let closure = Self.closure(of: entities)
      nodes = entities.mapValues { Node($0, ancestors: closure[$0.uid] ?? []) }
    }

    private static func closure(of entities: [EntityUID: Entity]) -> [EntityUID: Set<EntityUID>] {
      var closure: [EntityUID: Set<EntityUID>] = [:]
      for entity in entities.values where !entity.parents.isEmpty {
        var reached: Set<EntityUID> = []
        var pending = entity.parents
        while let next = pending.popLast() {
          guard reached.insert(next).inserted else { continue }
          if let known = closure[next] {
            reached.formUnion(known)
          } else if let parents = entities[next]?.parents {
            pending.append(contentsOf: parents)
          }
        }
        closure[entity.uid] = reached
      }
      return closure
    }
  }

  private let base: Base?
  /// Entities laid over the base; their nodes' ancestors are unused.
  private var own: [EntityUID: Node] = [:]
  /// Whether an own entity replaces one of the base, so that the base's precomputed ancestors may be out of date.
  private var replacesBase = false

  /// No entities.
  public init() { base = nil }

  /// Indexes the given entities as a base. Of entities with the same identity, the last one counts.
  public init(_ entities: some Sequence<Entity>) {
    var byUID: [EntityUID: Entity] = [:]
    for entity in entities { byUID[entity.uid] = entity }
    base = byUID.isEmpty ? nil : Base(byUID)
  }

  /// The entity with this identity, if it is known.
  public subscript(uid: EntityUID) -> Entity? {
    node(uid)?.entity
  }

  /// An attribute of a known entity; nil if the entity is not known, `.some(nil)` if it lacks the attribute.
  func attribute(_ name: String, of uid: EntityUID) -> Value?? {
    guard let node = node(uid) else { return nil }
    return .some(node.entity.attributes[name])
  }

  @inline(__always)
  private func node(_ uid: EntityUID) -> Node? {
    if !own.isEmpty, let node = own[uid] { return node }
    return base?.nodes[uid]
  }

  /// All entities, in no particular order.
  public var all: [Entity] {
    let shared = base?.nodes.values.filter { own[$0.entity.uid] == nil } ?? []
    return (shared + own.values).map(\.entity)
  }

  /// Lays an entity over the base. It replaces one with the same identity.
  public mutating func insert(_ entity: Entity) {
    own[entity.uid] = Node(entity, ancestors: [])
    if base?.nodes[entity.uid] != nil { replacesBase = true }
  }

  /// These entities with some laid over them; the base is shared, not copied.
  public func overlaid(with entities: some Sequence<Entity>) -> Entities {
    var copy = self
    for entity in entities { copy.insert(entity) }
    return copy
  }

  /// The same entities, all in the indexed base. Worth its cost if many requests follow.
  public func indexed() -> Entities { own.isEmpty ? self : Entities(all) }

  /// Whether an entity is the other one or in it, directly or through parents: Cedar's `in`.
  public func isMember(_ uid: EntityUID, of ancestor: EntityUID) -> Bool {
    if uid == ancestor { return true }
    if own.isEmpty { return base?.nodes[uid]?.ancestors.contains(ancestor) ?? false }
    if replacesBase { return ancestors(of: uid, until: ancestor).contains(ancestor) }
    // The common case, a base entity in a base group, needs no walk.
    if own[uid] == nil, let known = base?.nodes[uid]?.ancestors, known.contains(ancestor) { return true }
    return reaches(ancestor, from: uid)
  }

  /// Follows own entities' parents, and between them the base's precomputed ancestors.
  private func reaches(_ ancestor: EntityUID, from start: EntityUID) -> Bool {
    var visited: Set<EntityUID> = []
    var pending = [start]
    while let next = pending.popLast() {
      if let node = own[next] {
        guard !node.entity.parents.isEmpty, visited.insert(next).inserted else { continue }
        if node.entity.parents.contains(ancestor) { return true }
        pending.append(contentsOf: node.entity.parents)
      } else if let known = base?.nodes[next]?.ancestors, !known.isEmpty {
        if known.contains(ancestor) { return true }
        for uid in own.keys where known.contains(uid) { pending.append(uid) }
      }
    }
    return false
  }

  /// Every entity that this one is in, itself not included unless the hierarchy has a cycle.
  public func ancestors(of uid: EntityUID) -> Set<EntityUID> {
    if own.isEmpty { return base?.nodes[uid]?.ancestors ?? [] }
    return ancestors(of: uid, until: nil)
  }

  private func ancestors(of uid: EntityUID, until goal: EntityUID?) -> Set<EntityUID> {
    var reached: Set<EntityUID> = []
    var pending = self[uid]?.parents ?? []
    while let next = pending.popLast() {
      guard reached.insert(next).inserted else { continue }
      if next == goal { break }
      if let parents = self[next]?.parents { pending.append(contentsOf: parents) }
    }
    return reached
  }
}
