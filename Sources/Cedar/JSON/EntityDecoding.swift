extension Entities {
  /// Reads entities in Cedar's JSON format: an array of `{"uid", "attrs", "parents", "tags"}`.
  ///
  /// `uid` and `parents` hold `{"type", "id"}` or `{"__entity": {"type", "id"}}`; `attrs` and `tags` may be left out.
  /// - Throws: `CedarError` with the code `json`, or `entities` if an entity is given twice with different content or
  ///   the parents form a cycle.
  public init(json: CedarJSON) throws(CedarError) {
    guard case .array(let items) = json else {
      throw CedarError(.json, "entities are an array, found \(json.kindName)")
    }
    var byUID: [EntityUID: Entity] = [:]
    for item in items {
      let entity = try Entity(json: item)
      if let known = byUID[entity.uid], known != entity {
        throw CedarError(.entities, "the entity \(entity.uid) is given twice, with different content")
      }
      byUID[entity.uid] = entity
    }
    self.init(byUID.values)
    for uid in byUID.keys where ancestors(of: uid).contains(uid) {
      throw CedarError(.entities, "the entity \(uid) is its own ancestor; remove the cycle in the parents")
    }
  }
}

extension Entity {
  /// Reads one entity in Cedar's JSON format: `{"uid", "attrs", "parents", "tags"}`.
  public init(json: CedarJSON) throws(CedarError) {
    guard case .object(let members) = json, let uidJSON = json["uid"] else {
      throw CedarError(.json, "an entity is an object with uid, attrs and parents, found \(json.kindName)")
    }
    let uid = try JSONDecoding.uid(uidJSON, path: "uid")
    for member in members where !["uid", "attrs", "parents", "tags"].contains(member.key) {
      throw CedarError(.json, "\(uid): unknown member \(CedarText.quoted(member.key)); there are uid, attrs, parents, tags")
    }
    var parents: [EntityUID] = []
    switch json["parents"] {
    case .array(let items)?:
      for item in items { parents.append(try JSONDecoding.uid(item, path: "a parent of \(uid)")) }
    case nil: break
    case let other?: throw CedarError(.json, "\(uid): parents must be an array, found \(other.kindName)")
    }
    self.init(
      uid: uid, attributes: try Self.record(json["attrs"], of: uid, "attrs"), parents: parents,
      tags: try Self.record(json["tags"], of: uid, "tags"))
  }

  private static func record(_ json: CedarJSON?, of uid: EntityUID, _ name: String) throws(CedarError) -> Record {
    switch json {
    case nil: return Record()
    case .object(let members)?: return try JSONDecoding.record(members, path: "\(uid) \(name)", depth: 1)
    case let other?: throw CedarError(.json, "\(uid): \(name) must be an object, found \(other.kindName)")
    }
  }
}
