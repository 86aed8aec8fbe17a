import JSON
import MCP
import NIOCore
import Testing

@testable import Gateway

@Suite("An upstream that enforces rows")
struct EnforcedRowsTests {
  private static let policy = #"""
    permit (principal, action in Action::"read", resource);
    forbid (principal, action, resource is Deal) when { resource.secret };
    forbid (principal, action, resource is Note) when { resource.at < datetime("2026-01-01") };
    forbid (principal, action == Action::"resources/read", resource is Task) when { resource.old };
    """#

  private func rules(_ target: (PolicyFixture) throws -> Call.Target, enforces: Bool = true) throws -> JSONValue? {
    let fixture = try PolicyFixture(Self.policy, enforcesRows: enforces)
    let tool = try fixture.tool(records: [["type": "Deal", "rows": "/deals"], ["type": "Deal"], ["type": "Note", "rows": "/notes"], ["type": "Task"]])
    let permit = try fixture.stage.authorize(try fixture.call(try target(fixture), tools: [tool]))
    guard permit.meta.readableBytes > 0 else { return nil }
    return try JSONValue(parsing: "{" + String(buffer: permit.meta) + "}")[MetaKey.rows]
  }

  @Test("is told the rules of all its records with resources, prompts and completions, and where they have no exact form that nothing passes")
  func told() throws {
    for target in [{ .resource(try $0.resource(), uri: "crm://r") }, { .prompt(try $0.prompt()) }, { .promptCompletion(try $0.prompt()) }]
      as [(PolicyFixture) throws -> Call.Target]
    {
      let rules = try #require(try rules(target))
      let deals = try #require(RowFilter(rules["Deal"] ?? .null))
      #expect(deals != .constant(true) && deals != .constant(false))
      #expect(rules["Note"] == RowFilter.constant(false).json)
    }
  }

  @Test("is asked about the action at hand")
  func action() throws {
    #expect(try rules { .prompt(try $0.prompt()) }?["Task"] == RowFilter.constant(true).json)
    #expect(try rules { .resource(try $0.resource(), uri: "crm://r") }?["Task"] != RowFilter.constant(true).json)
  }

  private static let targets: [@Sendable (PolicyFixture) throws -> Call.Target] = [
    { .resource(try $0.resource(), uri: "crm://r") }, { .prompt(try $0.prompt()) }, { .promptCompletion(try $0.prompt()) },
    { .resourceCompletion(try $0.resource()) }, { .subscription(try $0.resource(), uri: "crm://r") },
  ]

  @Test("and of any other nothing is read in which a hidden record may stand", arguments: targets)
  func others(_ target: @Sendable (PolicyFixture) throws -> Call.Target) throws {
    let fixture = try PolicyFixture(Self.policy)
    let tools = [try fixture.tool(records: [["type": "Deal", "rows": "/deals"]])]
    #expect(try fixture.refusal(target(fixture), tools: tools) == .forbidden)
    #expect(!fixture.isListed(try fixture.resource(), tools: tools))
    #expect(!fixture.isListed(try fixture.prompt(), tools: tools))
  }

  @Test("unless no rule limits its records, or a permit says that none stand in it", arguments: targets)
  func unlimited(_ target: @Sendable (PolicyFixture) throws -> Call.Target) throws {
    let unlimited = try PolicyFixture(Self.policy)
    #expect(try unlimited.refusal(target(unlimited), tools: [unlimited.tool(records: [["type": "Account", "rows": "/accounts"]])]) == nil)

    let said = try PolicyFixture(#"@records("none") permit (principal, action, resource) when { resource in Upstream::"crm" };"# + Self.policy)
    let tools = [try said.tool(records: [["type": "Deal", "rows": "/deals"]])]
    #expect(try said.refusal(target(said), tools: tools) == nil)
    #expect(said.isListed(try said.resource(), tools: tools))
  }

  /// Records whose member `label` names their data category, for somebody cleared for `internal` only.
  private func labelled(enforces: Bool, isRead: Bool = true, rows: String? = "/deals", _ policies: String = "") throws -> (PolicyFixture, ToolEntry) {
    let fixture = try PolicyFixture(
      #"permit (principal, action, resource); forbid (principal, action == Action::"reveal", resource) unless { resource == Category::"internal" };"# + policies,
      enforcesRows: enforces)
    var declaration: JSONValue = ["type": "Deal", "category": "label"]
    if let rows { declaration["rows"] = .string(rows) }
    return (fixture, try fixture.tool(isRead: isRead, records: [declaration]))
  }

  @Test("Records of a category of their own are shown to who may see it, whoever enforces it", arguments: [true, false])
  func categories(enforces: Bool) throws {
    let (fixture, tool) = try labelled(enforces: enforces)
    let decision = fixture.stage.engine.decision(fixture.principal, tool, generation: 1)
    #expect(decision.obstacle == nil)
    let result = try RawJSON(
      #"{"content":[],"structuredContent":{"deals":[{"id":1,"label":"confidential"},{"id":2,"label":"internal"},{"id":3},{"id":4,"label":null},{"id":5,"label":"odd"},{"id":6,"label":["internal"]},{"id":7,"label":"internal","categories":["internal","pii"]},{"id":8,"label":"internal","categories":["internal"]}]}}"#
    )
    let screened = try RawJSON(scanning: Screening().screen(result, plan: decision.plan).bytes)
    #expect(screened["structuredContent"]?["deals"]?.elements.compactMap { $0["id"]?.int } == [2, 3, 4, 8])
    guard enforces else { return }
    let meta = try JSONValue(parsing: "{" + String(buffer: decision.meta) + "}")
    #expect(meta[MetaKey.rows]?["Deal"] == RowFilter.or([.not(.has(attribute: "label")), .isIn(attribute: "label", ["internal", "public"])]).json)
  }

  @Test("A tool that changes such records, or shows them nowhere, needs a source that looks first", arguments: [true, false])
  func categoriesBefore(enforces: Bool) throws {
    for (isRead, rows) in [(false, "/deals"), (true, nil)] as [(Bool, String?)] {
      let (fixture, tool) = try labelled(enforces: enforces, isRead: isRead, rows: rows)
      #expect(try fixture.refusal(.tool(tool)) == (enforces ? nil : .forbidden))
    }
    let (fixture, tool) = try labelled(enforces: enforces)
    #expect(try fixture.refusal(.resource(fixture.resource(), uri: "crm://r"), tools: [tool]) == (enforces ? nil : .forbidden))
  }

  @Test("Who may see every category is limited by none")
  func cleared() throws {
    let fixture = try PolicyFixture("permit (principal, action, resource);", enforcesRows: true)
    let tool = try fixture.tool(records: [["type": "Deal", "rows": "/deals", "category": "label"]])
    let decision = fixture.stage.engine.decision(fixture.principal, tool, generation: 1)
    #expect(decision.plan.rows.isEmpty)
    #expect(try JSONValue(parsing: "{" + String(buffer: decision.meta) + "}")[MetaKey.rows]?["Deal"] == RowFilter.constant(true).json)
  }

  @Test("may leave out the place of records where it was told the rule exactly", arguments: [(true, "Deal", true), (true, "Note", false), (false, "Deal", false)])
  func absent(enforces: Bool, type: String, passes: Bool) throws {
    let fixture = try PolicyFixture(Self.policy, enforcesRows: enforces)
    let tool = try fixture.tool(records: [["type": .string(type), "rows": "/rows"]])
    let plan = fixture.stage.engine.decision(fixture.principal, tool, generation: 1).plan
    let result = try RawJSON(#"{"content":[],"structuredContent":{"others":[]}}"#)
    if passes {
      _ = try Screening().screen(result, plan: plan)
    } else {
      #expect(throws: ScreeningRefusal.self) { try Screening().screen(result, plan: plan) }
    }
  }
}
