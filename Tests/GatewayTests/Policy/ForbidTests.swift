import Cedar
import JSON
import MCP
import Testing

@testable import Gateway

private let allowance = #"@id("all") permit (principal, action, resource);"#

@Suite("A forbid that cannot be evaluated forbids")
struct ForbidTests {
  @Test(
    "whatever form an amount is given in",
    arguments: [
      (#"{"amount":100}"#, true), (#"{"amount":100.0}"#, true), (#"{"amount":1e2}"#, true), (#"{"amount":20000}"#, false), (#"{"amount":20000.0}"#, false),
      (#"{"amount":2e4}"#, false), (#"{"amount":20000.5}"#, false), (#"{"amount":20000.00001}"#, false), (#"{"amount":1e300}"#, false),
      (#"{"amount":99999999999999999999}"#, false), (#"{"amount":"20000"}"#, false), (#"{"amount":[20000]}"#, false), ("{}", true),
    ])
  func amounts(arguments: String, isAllowed: Bool) throws {
    let fixture = try PolicyFixture(
      allowance + #"forbid (principal, action, resource is Tool) when { context.arguments has amount && context.arguments.amount > 10000 };"#)
    let tool = try fixture.tool()
    #expect(fixture.isListed(tool))
    #expect(try fixture.refusal(.tool(tool), arguments: arguments) == (isAllowed ? nil : .forbidden))
  }

  @Test("and where the argument it reads is missing")
  func missing() throws {
    let fixture = try PolicyFixture(allowance + "forbid (principal, action, resource is Tool) when { context.arguments.amount > 10000 };")
    #expect(try fixture.refusal(.tool(fixture.tool())) == .forbidden)
  }

  @Test("and where it fails whatever a call says: the tool is hidden")
  func always() throws {
    let fixture = try PolicyFixture(allowance + "forbid (principal, action, resource is Tool) when { principal.level > 3 };")
    let tool = try fixture.tool()
    #expect(!fixture.isListed(tool))
    #expect(try fixture.refusal(.tool(tool)) == .notFound)
  }

  @Test("only where it concerns the request")
  func concerns() throws {
    let fixture = try PolicyFixture(
      allowance
        + #"forbid (principal, action == Action::"other", resource) when { context.nothing }; forbid (principal, action, resource is Prompt) when { context.nothing };"#)
    #expect(try fixture.refusal(.tool(fixture.tool())) == nil)
    #expect(try fixture.refusal(.prompt(fixture.prompt())) == .notFound)
  }

  @Test("and a failing permit permits nothing")
  func permit() throws {
    let fixture = try PolicyFixture(#"permit (principal, action, resource) when { context.arguments.amount > 5 };"#)
    #expect(try fixture.refusal(.tool(fixture.tool()), arguments: #"{"amount":"6"}"#) == .forbidden)
    #expect(try fixture.refusal(.tool(fixture.tool()), arguments: #"{"amount":6}"#) == nil)
  }

  @Test(
    "by the caller's address, an IPv4 one mapped into IPv6 included; over stdio there is none",
    arguments: [
      ("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("::FFFF:10.1.2.3", true), ("::ffff:a01:203", true), ("11.1.2.3", false), ("::ffff:11.1.2.3", false),
      ("fe80::1%eth0", false), (nil, false), ("nonsense", false),
    ] as [(String?, Bool)])
  func address(address: String?, isAllowed: Bool) throws {
    let fixture = try PolicyFixture(allowance + #"forbid (principal, action, resource is Tool) unless { context.ip.isInRange(ip("10.0.0.0/8")) };"#)
    #expect(try fixture.refusal(.tool(fixture.tool()), from: address) == (isAllowed ? nil : .forbidden))
  }

  @Test("rows for which it fails are not shown")
  func rows() throws {
    let rule = try RowRuleFixture(allowance + #"forbid (principal, action, resource is Deal) when { resource.secret };"#).rule
    #expect(rule.permits(try RawJSON(#"{"id":"1","secret":false}"#)))
    #expect(!rule.permits(try RawJSON(#"{"id":"2","secret":true}"#)))
    #expect(!rule.permits(try RawJSON(#"{"id":"3"}"#)))
    #expect(!rule.permits(try RawJSON(#"{"id":"4","secret":"no"}"#)))
    #expect(rule.permits(try RawJSON(#"{"secret":false}"#)))
  }

  @Test("rows, where the part that fails is of the call and not of the row")
  func rowsAndArguments() throws {
    let fixture = try PolicyFixture(allowance + #"forbid (principal, action, resource is Deal) when { resource.secret && context.arguments.n > 5 };"#, enforcesRows: true)
    let tool = try fixture.tool(records: [["type": "Deal", "rows": "/deals"]])
    func rows(_ arguments: String) throws -> [Bool] {
      let call = try fixture.call(.tool(tool), arguments: arguments)
      let permit = try fixture.stage.authorize(call)
      let filter = try #require(permit.plan.rows.first)
      return try [#"{"id":"1","secret":false}"#, #"{"id":"2","secret":true}"#].map { filter.admits(try RawJSON($0)) }
    }
    #expect(try rows(#"{"n":"x"}"#) == [true, false])
    #expect(try rows(#"{"n":6}"#) == [true, false])
  }
}

@Suite("What forbids a tool or its upstream")
struct ToolForbidTests {
  private static let deals: JSONValue = [["type": "Deal", "rows": "/deals"]]

  @Test(
    "forbids it for tools that declare records as well",
    arguments: [
      #"forbid (principal, action, resource == Tool::"crm__t");"#, #"forbid (principal, action, resource in Upstream::"crm");"#,
      #"forbid (principal, action, resource is Tool) when { context.nothing };"#,
    ])
  func forbids(policy: String) throws {
    let fixture = try PolicyFixture(allowance + policy, enforcesRows: true)
    let tool = try fixture.tool(records: Self.deals)
    #expect(!fixture.isListed(tool))
    #expect(try fixture.refusal(.tool(tool)) == .notFound)
  }

  @Test("is decided with the call where it depends on it")
  func context() throws {
    let fixture = try PolicyFixture(allowance + #"forbid (principal, action, resource is Tool) when { context.arguments has all };"#, enforcesRows: true)
    let tool = try fixture.tool(records: Self.deals)
    #expect(fixture.isListed(tool))
    #expect(try fixture.refusal(.tool(tool)) == nil)
    #expect(try fixture.refusal(.tool(tool), arguments: #"{"all":1}"#) == .forbidden)
  }

  @Test("records are in their upstream")
  func upstream() throws {
    for (name, isShown) in [("crm", true), ("hr", false)] {
      let rule = try RowRuleFixture(#"permit (principal, action, resource in Upstream::"\#(name)") when { resource.open };"#).rule
      #expect(rule.permits(try RawJSON(#"{"id":"1","open":true}"#)) == isShown)
      #expect(rule.pushDown == .init(filter: isShown ? .compare(attribute: "open", .equal, true) : .constant(false), isExact: true))
    }
  }
}
