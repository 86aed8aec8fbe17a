import Cedar
import JSON
import MCP
import Testing

@testable import Gateway

/// The rule of records of type `Deal` with an `owner` of type `User`.
struct RowRuleFixture {
  let rule: RowRule

  init(_ policies: String) throws {
    let set = try PolicySet(parsing: policies)
    let upstream = EntityUID(type: "Upstream", id: "crm")
    let entities = Entities([Entity(uid: upstream)])
    let response = set.partiallyAuthorized(
      PartialRequest(principal: EntityUID(type: "User", id: "ada"), action: EntityUID(type: "Action", id: "a"), resourceType: "Deal"), entities: entities)
    rule = RowRule(
      RecordDeclaration(type: "Deal", rows: "/deals", entities: ["owner": "User"]), Verdict(response, of: set),
      ClearanceDecision(clearance: Clearance(), dependsOnContext: false), upstream: upstream, ancestors: [])
  }

  init(when condition: String) throws { try self.init("permit (principal, action, resource) when { \(condition) };") }
}

@Suite("Push-down of row rules")
struct PushDownTests {
  @Test(
    "keeps the type of entities",
    arguments: [
      (#"resource.owner == User::"ada""#, RowFilter.compare(attribute: "owner", .equal, "ada")),
      (#"resource.owner == principal"#, .compare(attribute: "owner", .equal, "ada")),
      (#"resource == Deal::"x""#, .compare(attribute: "id", .equal, "x")),
      (#"resource == Deal::"17""#, .isIn(attribute: "id", ["17", 17])),
      (#"resource in [Deal::"x", Deal::"y"]"#, .or([.compare(attribute: "id", .equal, "x"), .compare(attribute: "id", .equal, "y")])),
      (#"[User::"ada", User::"bob"].contains(resource.owner)"#, .isIn(attribute: "owner", ["ada", "bob"])),
      (#"resource.stage == "won""#, .compare(attribute: "stage", .equal, "won")),
    ])
  func entities(condition: String, filter: RowFilter) throws {
    #expect(try RowRuleFixture(when: condition).rule.pushDown == .init(filter: filter, isExact: true))
  }

  @Test(
    "does not claim to translate what it cannot",
    arguments: [
      #"resource.owner == Agent::"ada""#, #"resource.owner == "ada""#, #"resource.stage == User::"ada""#, #"resource.owner.name == "Ada""#,
      #"resource.owner like "a*""#, #"[User::"ada", Agent::"ada"].contains(resource.owner)"#, #"resource.name like "a\\*""#, #"resource.a == resource.b"#,
      #"resource.owner in Group::"staff""#, #"resource.name < "x""#, #"resource.total + 1 > 2"#, #"!(resource.owner == Agent::"ada")"#,
    ])
  func inexact(condition: String) throws {
    #expect(try RowRuleFixture(when: condition).rule.pushDown == .init(filter: .constant(true), isExact: false))
  }

  @Test(
    "a part that fails lets nothing through, under a negation as well", arguments: ["resource.a && context.nothing", "!(resource.a && context.nothing) && resource.b"])
  func failure(condition: String) throws {
    let rule = try RowRuleFixture(when: condition).rule
    for row in try rows() where rule.permits(row) { #expect(Truth.of(rule.pushDown.filter, row) == true) }
  }

  @Test("writes patterns scalar by scalar")
  func like() throws {
    let pushDown = try RowRuleFixture(when: #"resource.name like "é\*\u{301}*""#).rule.pushDown
    #expect(pushDown == .init(filter: .like(attribute: "name", pattern: "é\\*\u{301}*"), isExact: true))
  }

  @Test("a disjunction that cannot fail, and one of many operands, stay shallow")
  func depth() throws {
    let known: String = (0..<200).map { "resource has a\($0)" }.joined(separator: " || ")
    guard case .or(let operands) = try RowRuleFixture(when: known).rule.pushDown.filter else { Issue.record("no disjunction"); return }
    #expect(operands.count == 200)
  }

  @Test("a disjunction of comparisons, each of which can fail, is not as deep as it is long", arguments: [2, 25, 100, 300])
  func comparisons(count: Int) throws {
    let condition: String = (0..<count).map { "resource.n == \($0)" }.joined(separator: " || ")
    let rule = try RowRuleFixture(when: condition).rule
    #expect(rule.pushDown.isExact)
    #expect(Self.depth(of: rule.pushDown.filter) < 30)
    for row in try [#"{"id":"1","n":1}"#, #"{"id":"1","n":\#(count)}"#, #"{"id":"1"}"#].map({ try RawJSON($0) }) {
      #expect((Truth.of(rule.pushDown.filter, row) == true) == rule.permits(row), "\(row.text)")
    }
  }

  private static func depth(of filter: RowFilter) -> Int {
    switch filter {
    case .and(let parts), .or(let parts): 1 + (parts.map { depth(of: $0) }.max() ?? 0)
    case .not(let part), .isTrue(let part): 1 + depth(of: part)
    default: 1
    }
  }

  /// Every combination of a few values for three attributes, absence and a wrong type included.
  private func rows() throws -> [RawJSON] {
    let values = [nil, "true", "false", "3", #""x""#]
    var rows: [RawJSON] = []
    for a in values {
      for b in values {
        for n in [nil, "3", "7", #""x""#] {
          let members: [String] = [a.map { #""a":\#($0)"# }, b.map { #""b":\#($0)"# }, n.map { #""n":\#($0)"# }].compactMap { $0 }
          rows.append(try RawJSON(#"{"id":"1"\#(members.map { "," + $0 }.joined())}"#))
        }
      }
    }
    return rows
  }

  @Test(
    "lets through exactly the rows that the rule does, whatever fails",
    arguments: [
      "resource.a", "!resource.a", "resource.a && resource.b", "!(resource.a && resource.b)", "resource.a || resource.b", "!(resource.a || resource.b)",
      "(resource.a && resource.b) || resource.n > 5", "(resource.n > 5 && resource.a) || resource.b", "!((resource.a || resource.n < 5) && resource.b)",
      "resource has a && resource.a || resource.b", "resource.n >= 7 || resource.n <= 3 || resource.a", "if resource.a then resource.b else resource.n == 3",
      "resource.a != resource.b || resource.a", "resource.n == 3 && !(resource has b && resource.b)", "resource.a || (resource.b && resource.n > 5) || !(resource has n)",
      "resource.a || resource.n == 3 || resource has b || resource.b || resource.n > 5", "!(resource.a && resource.n == 3 && resource.b && resource has n)",
      "resource.a && (resource.n > 5 || (resource.b || resource.n == 3)) || !resource.b",
    ])
  func equivalence(condition: String) throws {
    let policies = [
      "permit (principal, action, resource) when { \(condition) };", "permit (principal, action, resource) unless { \(condition) };",
      "permit (principal, action, resource); forbid (principal, action, resource) when { \(condition) };",
      "permit (principal, action, resource) when { resource.b }; permit (principal, action, resource) when { resource has n }; forbid (principal, action, resource) unless { \(condition) };",
    ]
    for text in policies {
      let rule = try RowRuleFixture(text).rule
      for row in try rows() {
        let isIn = Truth.of(rule.pushDown.filter, row) == true
        if rule.pushDown.isExact {
          #expect(isIn == rule.permits(row), "\(text) \(row.text)")
        } else if rule.permits(row) {
          #expect(isIn, "\(text) \(row.text)")
        }
      }
    }
  }
}

/// The three-valued logic that ``RowFilter`` defines; nil is unknown.
private enum Truth {
  static func of(_ filter: RowFilter, _ row: RawJSON) -> Bool? {
    switch filter {
    case .constant(let value): return value
    case .not(let inner): return of(inner, row).map { !$0 }
    case .isTrue(let inner): return of(inner, row) == true
    case .and(let parts):
      let values = parts.map { of($0, row) }
      return values.contains(false) ? false : values.contains(nil) ? nil : true
    case .or(let parts):
      let values = parts.map { of($0, row) }
      return values.contains(true) ? true : values.contains(nil) ? nil : false
    case .has(let name): return row[name] != nil
    case .compare(let name, let comparison, let value):
      guard let held = row[name] else { return nil }
      switch comparison {
      case .equal: return JSONValue(held) == value
      case .less, .lessOrEqual:
        guard let one = held.int, let other = value.int else { return nil }
        return comparison == .less ? one < other : one <= other
      }
    default: return nil
    }
  }
}
