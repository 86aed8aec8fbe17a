import Cedar
import Testing

@Suite("Partial evaluation")
struct PartialEvaluationTests {
  private static let alice = EntityUID(type: "User", id: "alice")
  private static let list = EntityUID(type: "Action", id: "list")

  private static let entities = Entities([
    Entity(uid: alice, attributes: ["team": "emea", "level": 3], parents: [EntityUID(type: "Role", id: "rep")]),
    Entity(uid: EntityUID(type: "User", id: "bob")), Entity(uid: list, parents: [EntityUID(type: "Action", id: "read")]),
  ])

  private static func respond(_ text: String, context: Record = [:], unknown: Set<String> = []) throws -> PartialResponse {
    try PolicySet(parsing: text).partiallyAuthorized(
      PartialRequest(principal: alice, action: list, resourceType: "Deal", context: context, unknownContext: unknown),
      entities: entities)
  }

  static let residuals: [(String, String)] = [
    ("true", "allow"), ("false", "deny"), ("resource is Deal", "allow"), ("resource is Other", "deny"),
    ("principal in Role::\"rep\"", "allow"), ("principal.level > 2 && resource.open", "isTrue(resource.open)"),
    ("principal.level > 5 && resource.open", "deny"), ("resource.open && principal.level > 5", "deny"),
    ("resource == Deal::\"1\"", "resource == Deal::\"1\""), ("resource == Other::\"1\"", "deny"), ("resource != Other::\"1\"", "allow"),
    ("resource == resource", "allow"), ("resource in Team::\"t\"", "resource in Team::\"t\""),
    ("principal in resource", "deny"), ("Deal::\"1\" in resource", "resource == Deal::\"1\""),
    ("resource has owner && resource.owner == principal", "isTrue(resource has owner && resource.owner == User::\"alice\")"),
    ("resource.team == principal.team", "isTrue(resource.team == \"emea\")"), ("principal.missing == resource.x", "deny"),
    ("resource.x == 1 || true", "isTrue(resource.x == 1 || true)"), ("resource has x || true", "allow"),
    ("if principal.level > 2 then resource.a else resource.b", "isTrue(resource.a)"),
    ("if resource.a then resource.b else false", "isTrue(if resource.a then resource.b else false)"),
    ("!(resource.a && principal.missing)", "isTrue(!(resource.a && error(\"there is no attribute \\\"missing\\\"; guard it with `has`\")))"),
    ("context.time > 5 && resource.open", "isTrue(resource.open)"), ("context.purpose == \"audit\"", "isTrue(context.purpose == \"audit\")"),
    ("context has purpose && resource has x", "context has purpose && resource has x"), ("context has other", "deny"),
    ("[resource.a, 1 + 1].contains(2)", "isTrue([resource.a, 2].contains(2))"),
    ("resource.owner in Role::\"rep\"", "isTrue(resource.owner in Role::\"rep\")"), ("resource", "isTrue(resource)"),
  ]

  @Test("What is known is folded, what is unknown stays", arguments: residuals)
  func folding(condition: String, expected: String) throws {
    let response = try Self.respond(
      "permit(principal, action in Action::\"read\", resource) when { \(condition) };", context: ["time": 9],
      unknown: ["purpose"])
    switch response.residual {
    case .allow: #expect(expected == "allow")
    case .deny: #expect(expected == "deny")
    case .conditional(let expr): #expect(expr.description == expected)
    }
  }

  @Test("Permits and forbids are combined; a failing forbid does not forbid")
  func combination() throws {
    let response = try Self.respond(
      """
      permit(principal, action, resource) when { resource.owner == principal };
      permit(principal, action, resource) when { resource.team == principal.team };
      forbid(principal, action, resource) when { resource.secret };
      """)
    guard case .conditional(let expr) = response.residual else { return #expect(Bool(false), "no residual") }
    #expect(
      expr.description
        == "(isTrue(resource.owner == User::\"alice\") || isTrue(resource.team == \"emea\")) && !isTrue(resource.secret)")
    #expect(response.evaluate(attributes: ["team": "emea"]))
    #expect(!response.evaluate(attributes: ["team": "apac"]))
    #expect(response.evaluate(attributes: ["owner": .entity(Self.alice)]))
    #expect(response.evaluate(attributes: ["owner": "nobody", "team": "emea"]))
    #expect(!response.evaluate(attributes: ["owner": .entity(Self.alice), "secret": true]))
    #expect(response.evaluate(attributes: ["owner": .entity(Self.alice), "secret": "not a bool"]))
  }

  @Test("The policies that decided are known, with their annotations")
  func obligations() throws {
    let response = try Self.respond(
      """
      @mask("email") permit(principal, action, resource);
      @approval("manager") permit(principal, action, resource) when { resource.big };
      """)
    #expect(response.residual == .allow)
    #expect(response.satisfied.flatMap(\.annotations).map(\.name) == ["mask"])
    #expect(response.residualPolicies.map { $0.policy.annotation("approval") } == ["manager"])
    let big = Entity(uid: EntityUID(type: "Deal", id: "1"), attributes: ["big": true])
    #expect(response.respond(.init(resource: big)).reasons == ["policy0", "policy1"])
  }

  @Test("A record without an identifier is denied where the residual asks for its identity")
  func identity() throws {
    let response = try Self.respond("permit(principal, action, resource) when { resource != Deal::\"1\" };")
    #expect(!response.evaluate(attributes: [:]))
    #expect(response.evaluate(attributes: [:], id: "2"))
    #expect(!response.evaluate(attributes: [:], id: "1"))
    let inGroup = try Self.respond("permit(principal, action, resource in Team::\"t\");")
    #expect(inGroup.evaluate(attributes: [:], id: "1", parents: [EntityUID(type: "Team", id: "t")]))
    #expect(!inGroup.evaluate(attributes: [:], id: "1"))
  }

  @Test("Bindings of the wrong type or missing ones deny")
  func bindings() throws {
    let response = try Self.respond("permit(principal, action, resource);")
    #expect(response.respond(.init()).decision == .deny)
    #expect(response.respond(.init(resource: Entity(uid: Self.alice))).decision == .deny)
    #expect(response.respond(.init(resource: Entity(uid: EntityUID(type: "Deal", id: "1")))).decision == .allow)
  }

  @Test("Policies tell which attributes they look at")
  func dependencies() throws {
    let policies = try PolicySet(
      parsing: """
        permit(principal is User, action == Action::"list", resource) when { context.time > 1 && resource.owner == principal };
        permit(principal is Robot, action, resource) when { context has arguments && context.arguments.a == 1 };
        permit(principal, action == Action::"dump", resource) when { context == {} };
        permit(principal, action in Action::"group", resource) when { {r: resource}.r.x };
        """)
    let list = policies.dependencies(principalType: "User", action: Self.list)
    #expect(list.context.attributes == ["time"] && !list.context.mayRead("arguments"))
    #expect(list.resource.attributes == ["owner"] && list.principal.identity && !list.principal.readsAttributes)
    #expect(policies.dependencies(principalType: "Robot", action: Self.list).context.mayRead("arguments"))
    let dump = EntityUID(type: "Action", id: "dump")
    #expect(policies.dependencies(principalType: "User", action: dump).context.mayRead("arguments"))
    let group = Entities([Entity(uid: dump, parents: [EntityUID(type: "Action", id: "group")])])
    #expect(!policies.dependencies(principalType: "User", action: dump).resource.readsAttributes)
    #expect(policies.dependencies(principalType: "User", action: dump, entities: group).resource.isWhole)
  }
}
