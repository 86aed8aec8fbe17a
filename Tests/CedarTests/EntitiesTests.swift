import Cedar
import Testing

@Suite("Entities")
struct EntitiesTests {
  private func uid(_ number: Int) -> EntityUID { EntityUID(type: "G", id: "\(number)") }

  @Test("Entities laid over a base answer like one set of all of them", arguments: 0..<20)
  func overlay(seed: Int) {
    var random = Generator.Random(state: UInt64(seed))
    var latest: [EntityUID: Entity] = [:]
    func make() -> Entity {
      // Cycles and parents that are not known occur on purpose.
      let parents = (0..<Int.random(in: 0...2, using: &random)).map { _ in uid(Int.random(in: 0..<14, using: &random)) }
      return Entity(uid: uid(Int.random(in: 0..<10, using: &random)), parents: parents)
    }
    let base = (0..<8).map { _ in make() }
    let own = (0..<3).map { _ in make() }
    for entity in base + own { latest[entity.uid] = entity }
    let layered = Entities(base).overlaid(with: own)
    let flat = Entities(latest.values)
    for first in 0..<14 {
      for second in 0..<14 {
        #expect(layered.isMember(uid(first), of: uid(second)) == flat.isMember(uid(first), of: uid(second)))
      }
      #expect(layered.ancestors(of: uid(first)) == flat.ancestors(of: uid(first)))
      #expect(layered[uid(first)] == flat[uid(first)])
    }
    #expect(Set(layered.indexed().all) == Set(flat.all))
  }

  @Test("JSON entities are read with explicit and implicit identities, extension values and tags")
  func json() throws {
    let text = """
      [{"uid": {"__entity": {"type": "A::User", "id": "x"}}, "parents": [{"type": "Group", "id": "g"}],
        "attrs": {"n": 1, "e": {"__entity": {"type": "Group", "id": "g"}}, "ip": {"__extn": {"fn": "ip", "arg": "10.0.0.1"}},
                  "s": [1, 1, "a"], "r": {"a b": true}}, "tags": {"t": "v"}}]
      """
    let entities = try Entities(json: JSONText.parse(text.utf8))
    let entity = try #require(entities[EntityUID(type: "A::User", id: "x")])
    let group = EntityUID(type: "Group", id: "g")
    #expect(entity.attributes["e"] == .entity(group))
    #expect(entity.attributes["s"] == [1, "a"])
    #expect(entity.attributes["r"] == ["a b": true])
    #expect(entity.tags["t"] == "v")
    #expect(entities.isMember(entity.uid, of: group))
    #expect(try Entities(json: .array([entity.json]))[entity.uid] == entity)
  }

  @Test(
    "Bad JSON is refused with a reason",
    arguments: [
      (#"{}"#, "entities are an array"), (#"[{}]"#, "uid"), (#"[{"uid": {"type": "A"}}]"#, "both strings"),
      (#"[{"uid": {"type": "A B", "id": ""}}]"#, "not an entity type"), (#"[{"uid": {"type": "A", "id": ""}, "attrs": {"a": null}}]"#, "null"),
      (#"[{"uid": {"type": "A", "id": ""}, "attrs": {"a": 1.5}}]"#, "1.5"), (#"[{"uid": {"type": "A", "id": ""}, "attrs": {"a": 1, "a": 2}}]"#, "twice"),
      (#"[{"uid": {"type": "A", "id": ""}, "attr": {}}]"#, "unknown member"),
      (#"[{"uid": {"type": "A", "id": ""}, "attrs": {"a": {"__extn": {"fn": "ip", "arg": "x"}}}}]"#, "cannot be read"),
      (#"[{"uid": {"type": "A", "id": ""}, "attrs": {"a": {"__expr": "1"}}}]"#, "__expr"),
      (#"[{"uid": {"type": "A", "id": "1"}, "parents": [{"type": "A", "id": "1"}]}]"#, "ancestor"),
      (#"[{"uid": {"type": "A", "id": "1"}}, {"uid": {"type": "A", "id": "1"}, "attrs": {"a": 1}}]"#, "given twice"),
    ])
  func badJSON(text: String, reason: String) throws {
    let json = try JSONText.parse(text.utf8)
    let error = try #require(throws: CedarError.self) { try Entities(json: json) }
    #expect(error.message.contains(reason), "\(error)")
  }
}
