import Gateway
import JSON
import Testing

@Suite("A principal")
struct PrincipalTests {
  @Test("has the same cache key as one that policy cannot tell apart, and no other")
  func cacheKey() {
    func principal(
      _ id: String = "ada", _ kind: Principal.Kind = .user, groups: [String] = ["a", "b"], roles: [String] = ["r"],
      attributes: JSONObject = ["x": 1, "y": "z"], client: String? = nil
    ) -> Principal {
      Principal(id: id, kind: kind, groups: groups, roles: roles, attributes: attributes, clientID: client, authentication: .local)
    }
    let one = principal()
    #expect(principal().cacheKey == one.cacheKey)
    #expect(principal(groups: ["b", "a", "a"]).cacheKey == one.cacheKey, "order and repeats do not matter")
    #expect(principal(attributes: ["y": "z", "x": 1]).cacheKey == one.cacheKey)
    #expect(principal(client: "desktop").cacheKey == one.cacheKey, "the client is no part of who it is")
    let others = [
      principal("eve"), principal("ada", .agent), principal(groups: ["a"]), principal(roles: []), principal(groups: ["a", "b", "r"], roles: []),
      principal(attributes: ["x": 2, "y": "z"]), principal(attributes: ["x": 1]),
    ]
    #expect(Set(others.map(\.cacheKey) + [one.cacheKey]).count == others.count + 1)
  }
}
