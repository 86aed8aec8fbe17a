import Cedar
import Testing

@Suite("Policies")
struct PolicySetTests {
  private let alice = EntityUID(type: "User", id: "alice")
  private let view = EntityUID(type: "Action", id: "view")
  private let photo = EntityUID(type: "Photo", id: "p")

  @Test("Annotations, ids, effects and places of policies are kept")
  func metadata() throws {
    let text = """
      // first
      @id("a") @approval("manager")
      permit (principal, action, resource);
        @mask forbid (principal, action, resource);
      """
    let policies = try PolicySet(parsing: text).policies
    #expect(policies.map(\.id) == ["policy0", "policy1"])
    #expect(policies.map(\.effect) == [.permit, .forbid])
    #expect(policies[0].annotation("approval") == "manager")
    #expect(policies[0].annotation("none") == nil)
    #expect(policies[1].annotation("mask") == "")
    #expect(policies[1].location.line == 4 && policies[1].location.column == 3)
    let source = Array(text.utf8)[policies[1].sourceRange]
    #expect(String(decoding: source, as: UTF8.self) == "@mask forbid (principal, action, resource);")
  }

  @Test("Policies can take their id from an annotation; ids stay unique")
  func renaming() throws {
    let policies = try PolicySet(parsing: "@id(\"x\") permit(principal,action,resource); forbid(principal,action,resource);")
    let named = try policies.renamed { $0.annotation("id") ?? $0.id }
    #expect(named.policies.map(\.id) == ["x", "policy1"])
    #expect(named.annotations(of: ["x"]).map(\.value) == ["x"])
    #expect(throws: CedarError.self) { try policies.renamed { _ in "same" } }
  }

  @Test("Nothing is allowed without a permit, and forbid overrides permit")
  func decisions() throws {
    let request = Request(principal: alice, action: view, resource: photo)
    func respond(_ text: String) throws -> Response { try PolicySet(parsing: text).isAuthorized(request, entities: Entities()) }
    #expect(try respond("") == Response(decision: .deny, reasons: [], errors: []))
    #expect(try respond("permit(principal,action,resource);") == Response(decision: .allow, reasons: ["policy0"], errors: []))
    #expect(
      try respond("permit(principal,action,resource); forbid(principal,action,resource);")
        == Response(decision: .deny, reasons: ["policy1"], errors: []))
  }

  @Test("A failing policy is skipped and reported")
  func failing() throws {
    let text = "permit(principal,action,resource); forbid(principal,action,resource) when { context.missing };"
    let response = try PolicySet(parsing: text).isAuthorized(
      Request(principal: alice, action: view, resource: photo), entities: Entities())
    #expect(response.decision == .allow)
    #expect(response.errors == [PolicyFailure(policyID: "policy1", error: .attributeMissing("missing"))])
  }

  @Test("Identifiers that Unicode calls equivalent are different entities, attributes and strings")
  func unicode() throws {
    let composed = "\u{e9}"
    let decomposed = "e\u{301}"
    #expect(EntityUID(type: "User", id: composed) != EntityUID(type: "User", id: decomposed))
    let record: Record = [composed: 1, decomposed: 2]
    #expect(record.count == 2 && record[composed] == 1 && record[decomposed] == 2)
    #expect(Value.string(composed) != Value.string(decomposed))
    let policies = try PolicySet(parsing: "permit(principal == User::\"\(composed)\",action,resource);")
    let response = policies.isAuthorized(
      Request(principal: EntityUID(type: "User", id: decomposed), action: view, resource: photo), entities: Entities())
    #expect(response.decision == .deny)
  }

  @Test("A large set of policies decides as its parts do", arguments: 0..<4)
  func indexed(part: Int) throws {
    var generator = Generator(seed: UInt64(400 + part))
    let texts = (0..<60).map { _ in generator.policy() }
    let together = try PolicySet(parsing: texts.joined(separator: "\n"))
    let single = try texts.map { try PolicySet(parsing: $0) }
    let entities = Entities(generator.entities(withDocuments: true))
    for _ in 0..<20 {
      let request = generator.request()
      let response = together.isAuthorized(request, entities: entities)
      let parts = single.map { $0.isAuthorized(request, entities: entities) }
      let satisfied = parts.indices.filter { !parts[$0].reasons.isEmpty }
      let forbids = satisfied.filter { single[$0].policies[0].effect == .forbid }
      #expect(response.reasons == (forbids.isEmpty ? satisfied : forbids).map { "policy\($0)" })
      #expect(response.errors.map(\.policyID) == parts.indices.filter { !parts[$0].errors.isEmpty }.map { "policy\($0)" })
    }
  }

  static let faults: [(String, Int, Int, String)] = [
    ("permit(principal, action, resource)", 1, 36, "expected when, unless or the ;"),
    ("permit(principal, action);", 1, 25, "expected , and then resource"),
    ("permit(principal = User::\"a\", action, resource);", 1, 18, "use =="),
    ("permit(principal,\n action, resource) when {\n  resource.é };", 3, 12, "unexpected character"),
    ("permit(principal, action, resource) when { a };", 1, 44, "a is not a variable"),
    ("permit(principal, action, resource) when { \"abc };", 1, 44, "never closed"),
    ("permit(principal, action, resource) when { \"é\\q\" };", 1, 46, "unknown escape \\q"),
    ("permit(principal, action, resource) when { 9223372036854775808 };", 1, 44, "out of range"),
    ("permit(principal, action, resource) when { 1 < 2 < 3 };", 1, 50, "cannot be chained"),
    ("permit(principal, action, resource) when { {a: 1, \"a\": 2} };", 1, 51, "given twice"),
    ("permit(principal, action, resource) when { context.if };", 1, 52, "reserved"),
    ("permit(principal, action, resource) when { !!!!!true };", 1, 44, "at most four"),
    ("permit(principal, action, resource) when { ipp(\"1\") };", 1, 44, "no function ipp"),
    ("permit(principal, action == User::\"a\", resource);", 1, 26, "is not an action"),
    ("permit(principal == ?principal, action, resource);", 1, 21, "template"),
  ]

  @Test("A syntax error says where and what", arguments: faults)
  func errors(text: String, line: Int, column: Int, message: String) throws {
    let error = try #require(throws: CedarError.self) { try PolicySet(parsing: text) }
    #expect(error.location?.line == line && error.location?.column == column, "\(error)")
    #expect(error.message.contains(message), "\(error)")
  }
}
