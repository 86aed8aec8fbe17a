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

  @Test("and no other is told rules")
  func others() throws {
    #expect(try rules({ .prompt(try $0.prompt()) }, enforces: false) == nil)
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
