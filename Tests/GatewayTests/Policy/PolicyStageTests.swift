import Cedar
import JSON
import MCP
import NIOCore
import Testing

@testable import Gateway

private let use = #"@id("use") permit (principal, action in Action::"read", resource); permit (principal, action in Action::"write", resource);"#

@Suite("Clearance")
struct ClearanceDecisionTests {
  @Test("is decided with the call where it depends on it, and not kept for other calls")
  func context() throws {
    let fixture = try PolicyFixture(
      use + #"permit (principal, action == Action::"reveal", resource == Category::"pii") when { context has ip && context.ip.isInRange(ip("10.0.0.0/8")) };"#)
    let tool = try fixture.tool()
    let decision = fixture.stage.engine.decision(fixture.principal, tool, generation: 1)
    #expect(decision.dependsOnContext && !decision.plan.clearance.reveals(.pii))
    for target in [Call.Target.tool(tool), .prompt(try fixture.prompt())] {
      #expect(try fixture.permit(target, from: "10.1.1.1").clearance.reveals(.pii))
      #expect(try !fixture.permit(target, from: "11.1.1.1").clearance.reveals(.pii))
      #expect(try !fixture.permit(target).clearance.reveals(.pii))
    }
  }

  @Test("is kept from whom a forbid that fails may mean")
  func failure() throws {
    let fixture = try PolicyFixture(
      use
        + #"permit (principal, action == Action::"reveal", resource); @uncleared("refuse") forbid (principal, action == Action::"reveal", resource == Category::"pii") when { context.arguments.raw };"#
    )
    let tool = try fixture.tool()
    #expect(try fixture.permit(.tool(tool), arguments: #"{"raw":false}"#).clearance.reveals(.pii))
    for arguments in [#"{"raw":true}"#, #"{"raw":"no"}"#, "{}"] {
      let clearance = try fixture.permit(.tool(tool), arguments: arguments).clearance
      #expect(clearance.action(for: .pii) == .refuse)
      #expect(clearance.reveals(.secret))
    }
  }
}

@Suite("Records that policy denies")
struct ObstacleTests {
  private static let one = #"permit (principal, action, resource is Deal);"#

  @Test(
    "keep a tool from being called whose source and result hold nobody back",
    arguments: [
      (true, true, true, true), (true, true, false, true), (true, false, true, true), (true, false, false, false), (false, true, true, true),
      (false, true, false, false), (false, false, false, false),
    ])
  func denied(isRead: Bool, enforces: Bool, hasRows: Bool, isCallable: Bool) throws {
    let enforcesRows = isRead ? enforces : enforces && hasRows
    let fixture = try PolicyFixture(Self.one, enforcesRows: enforcesRows)
    let denied: JSONValue = hasRows ? ["type": "Salary", "rows": "/salaries"] : ["type": "Salary"]
    let tool = try fixture.tool(isRead: isRead, records: [["type": "Deal", "rows": "/deals"], denied])
    #expect(fixture.isListed(tool) == isCallable)
    #expect(try fixture.refusal(.tool(tool)) == (isCallable ? nil : .forbidden))
  }

  @Test("and may be in the way of one call only: the tool is listed")
  func context() throws {
    let fixture = try PolicyFixture(
      "permit (principal, action, resource is Deal) when { resource.open || context.arguments.mine }; permit (principal, action, resource is Deal) when { context.arguments.mine };"
    )
    let tool = try fixture.tool(records: [["type": "Deal"]])
    #expect(fixture.isListed(tool))
    #expect(try fixture.refusal(.tool(tool), arguments: #"{"mine":true}"#) == nil)
    #expect(try fixture.refusal(.tool(tool), arguments: #"{"mine":false}"#) == .forbidden)
  }

  @Test("are in the way of every call where only the clearance depends on it: the tool is not listed")
  func clearance() throws {
    let fixture = try PolicyFixture(
      #"permit (principal, action, resource is Deal) when { resource.open }; permit (principal, action == Action::"reveal", resource is Category) when { context.arguments.mine };"#
    )
    let tool = try fixture.tool(records: [["type": "Deal"]])
    #expect(!fixture.isListed(tool))
    #expect(try fixture.refusal(.tool(tool), arguments: #"{"mine":true}"#) == .forbidden)
  }
}

@Suite("Obligations")
struct ObligationTests {
  @Test(
    "the purpose that one permit requires is not made optional by another",
    arguments: [
      (["optional"], PurposeRule.optional), (["required"], .required), (["optional", "required"], .required), (["required", "optional"], .required),
      (["requird"], .required), ([], nil),
    ] as [([String], PurposeRule?)])
  func purpose(rules: [String], purpose: PurposeRule?) throws {
    let policies: String = rules.map { #"@purpose("\#($0)") permit (principal, action, resource);"# }.joined() + "permit (principal, action, resource);"
    let fixture = try PolicyFixture(policies)
    let tool = try fixture.tool()
    #expect(fixture.stage.maySee(tool, fixture.principal, generation: 1)?.purpose == purpose)
    #expect(try fixture.refusal(.tool(tool)) == (purpose == .required ? .purposeRequired : nil))
    #expect(try fixture.refusal(.tool(tool), arguments: #"{"purpose":"audit"}"#) == nil)
  }

  @Test("bind prompts and resources as they do tools")
  func targets() throws {
    let strict = try PolicyFixture(#"@id("read") @audit("strict") permit (principal, action, resource);"#)
    for target in [Call.Target.prompt(try strict.prompt()), .resource(try strict.resource(), uri: "crm://r"), .tool(try strict.tool())] {
      let permit = try strict.permit(target)
      #expect(permit.isStrict && permit.reasons == ["read"])
    }
    let purposeful = try PolicyFixture(#"@purpose("required") permit (principal, action, resource);"#)
    #expect(try purposeful.refusal(.prompt(purposeful.prompt())) == .purposeRequired)
    #expect(try purposeful.refusal(.resource(purposeful.resource(), uri: "crm://r")) == .purposeRequired)
    #expect(try !purposeful.isListed(purposeful.prompt()))
  }
}

@Suite("What is listed")
struct ListingTests {
  @Test("is what some call could be permitted, of prompts and resources as well")
  func targets() throws {
    let fixture = try PolicyFixture(#"permit (principal, action, resource) when { context.ip.isInRange(ip("10.0.0.0/8")) };"#)
    let (prompt, resource) = (try fixture.prompt(), try fixture.resource())
    #expect(fixture.isListed(prompt))
    #expect(fixture.isListed(resource))
    for target in [Call.Target.prompt(prompt), .resource(resource, uri: "crm://r")] {
      #expect(try fixture.refusal(target, from: "10.0.0.1") == nil)
      #expect(try fixture.refusal(target, from: "11.0.0.1") == .forbidden)
    }
    let nobody = try PolicyFixture(#"permit (principal, action in Action::"write", resource);"#)
    #expect(try !nobody.isListed(nobody.prompt()))
    #expect(try nobody.refusal(.prompt(nobody.prompt())) == .notFound)
  }

  @Test("is not forgotten for a request that holds an older catalog")
  func generations() throws {
    let fixture = try PolicyFixture(use)
    let tool = try fixture.tool()
    let engine = fixture.stage.engine
    let kept = engine.decision(fixture.principal, tool, generation: 5)
    #expect(engine.decision(fixture.principal, tool, generation: 4) !== kept)
    #expect(engine.decision(fixture.principal, tool, generation: 5) === kept)
    #expect(engine.decision(fixture.principal, tool, generation: 6) !== kept)
  }

  @Test("is kept up to a bound in bytes")
  func bytes() throws {
    let engine = try PolicyEngine(policies: use, bounds: ResultBounds(), listCapacity: 4096)
    var made = 0
    func list(_ id: Int, size: Int) -> Int {
      engine.list(.tools, Principal(id: "u\(id)", authentication: .local), .modern, generation: 1) {
        made += 1
        return ByteBuffer(repeating: 0x20, count: size)
      }.readableBytes
    }
    for id in 0..<2 { #expect(list(id, size: 1024) == 1024) }
    for id in 0..<2 { #expect(list(id, size: 1024) == 1024) }
    #expect(made == 2)
    for _ in 0..<2 { #expect(list(2, size: 8192) == 8192) }
    #expect(made == 4, "what is larger than all may be is not kept")
    #expect(list(3, size: 4096) == 4096)
    #expect(list(0, size: 1024) == 1024)
    #expect(made == 6, "what was kept made room")
  }
}
