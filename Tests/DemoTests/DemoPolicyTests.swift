import Cedar
import Demo
import GRDB
import JSON
import MCP
import Testing

@Suite struct DemoPolicyTests {
  private let policies: PolicySet

  init() throws { policies = try PolicySet(parsing: DemoPolicy.text) }

  @Test("every policy has a name of its own, which the audit log will give as the reason") func names() {
    let names = policies.policies.compactMap { $0.annotation("id") }
    #expect(names.count == policies.policies.count && Set(names).count == names.count)
  }

  @Test(
    "what each person may do with each record type of each tool",
    arguments: [
      (
        "rep",
        "list_opportunities: Opportunity=rows | get_account: Account=rows Opportunity=rows Contact=rows | search_contacts: Contact=rows | list_activities: Activity=rows | update_opportunity_stage: Opportunity=rows | update_opportunity_forecast: Opportunity=rows | update_account: Account=rows | revenue_summary: Opportunity=rows | query: Account=rows Opportunity=rows Contact=rows Activity=rows Employee=all"
      ),
      (
        "manager",
        "list_opportunities: Opportunity=rows | get_account: Account=rows Opportunity=rows Contact=rows | search_contacts: Contact=rows | list_activities: Activity=rows | update_opportunity_stage: Opportunity=none | update_opportunity_forecast: Opportunity=rows | update_account: Account=none | revenue_summary: Opportunity=rows | query: Account=rows Opportunity=rows Contact=none Activity=rows Employee=all"
      ),
      (
        "finance",
        "list_opportunities: Opportunity=rows | get_account: Account=none Opportunity=none Contact=none | search_contacts: Contact=none | list_activities: Activity=none | update_opportunity_stage: Opportunity=none | update_opportunity_forecast: Opportunity=none | update_account: Account=none | revenue_summary: Opportunity=rows | query: Account=none Opportunity=rows Contact=none Activity=none Employee=none"
      ),
    ])
  func matrix(key: String, expected: String) async throws {
    let person = try #require(DemoPeople.all.first { $0.key == key })
    let tools = try await declaredTypes()
    for line in expected.split(separator: "|") {
      let parts = line.split(separator: ":").map { $0.trimmingPrefix(" ") }
      let tool = try #require(tools.first { $0.name == String(parts[0]) })
      let found = tool.types.map { type in
        let word =
          switch ask(person, tool.name, isWrite: tool.isWrite, .unknown(type: type)).residual {
          case .allow: "all"
          case .deny: "none"
          case .conditional: "rows"
          }
        return "\(type)=\(word)"
      }
      #expect(found.joined(separator: " ") == parts[1].split(separator: " ").joined(separator: " "), "\(key) \(tool.name)")
    }
  }

  @Test("the rows of the same list differ by person", arguments: [("rep", "owner"), ("manager", "team"), ("finance", "closed")])
  func rows(key: String, rule: String) throws {
    let person = try #require(DemoPeople.all.first { $0.key == key })
    let response = ask(person, "list_opportunities", isWrite: false, .unknown(type: "Opportunity"))
    let rows = try DatabaseQueue(path: Sample.shared()).read { try Row.fetchAll($0, sql: "SELECT id, owner, team, closed FROM opportunities WHERE id < 'opp_002000'") }
    let team = person.attributes["team"]?.string ?? ""
    var seen = 0
    for row in rows {
      let id: String = row["id"], owner: String = row["owner"], rowTeam: String = row["team"], closed: Bool = row["closed"]
      let expected =
        switch rule {
        case "owner": owner == person.id
        case "team": rowTeam == team
        default: closed
        }
      let attributes: Cedar.Record = ["owner": .entity(EntityUID(type: "User", id: owner)), "team": .string(rowTeam), "closed": .bool(closed)]
      let shown = response.evaluate(attributes: attributes, id: id)
      #expect(shown == expected)
      if shown { seen += 1 }
    }
    #expect(seen > 10 && seen < rows.count)
  }

  @Test(
    "what each person sees in clear",
    arguments: [
      ("rep", ["internal", "confidential"]), ("manager", ["internal", "confidential", "pii"]), ("finance", ["internal"]),
    ])
  func clearance(key: String, revealed: [String]) throws {
    let person = try #require(DemoPeople.all.first { $0.key == key })
    func reveals(_ category: String, upstream: String) -> Response {
      policies.isAuthorized(
        Request(
          principal: EntityUID(type: "User", id: person.id), action: EntityUID(type: "Action", id: "reveal"), resource: EntityUID(type: "Category", id: category),
          context: ["upstream": .entity(EntityUID(type: "Upstream", id: upstream))]), entities: entities(person))
    }
    let found = ["internal", "confidential", "pii", "secret"].filter { reveals($0, upstream: "crm").decision == .allow }
    #expect(found == revealed)
    #expect(reveals("pii", upstream: "git").decision == .deny)
    let refused = reveals("secret", upstream: "crm").reasons.contains { policies.policy($0)?.annotation("uncleared") == "refuse" }
    #expect(refused == (key == "finance"))
  }

  @Test(
    "changes and contacts ask for a purpose, and changes for a strict log",
    arguments: [
      ("rep", "update_opportunity_stage", "Opportunity", true, true), ("manager", "update_opportunity_forecast", "Opportunity", true, true),
      ("manager", "search_contacts", "Contact", true, false), ("manager", "list_opportunities", "Opportunity", false, false),
      ("rep", "search_contacts", "Contact", false, false),
    ])
  func obligations(key: String, tool: String, type: String, purpose: Bool, strict: Bool) throws {
    let person = try #require(DemoPeople.all.first { $0.key == key })
    let response = ask(person, tool, isWrite: tool.hasPrefix("update"), .unknown(type: type))
    let contributing = response.satisfied + response.residualPolicies.map(\.policy)
    #expect(contributing.contains { $0.annotation("purpose") == "required" } == purpose)
    #expect(contributing.contains { $0.annotation("audit") == "strict" } == strict)
  }

  @Test(
    "tools without records, prompts and resources",
    arguments: [
      ("rep", "crm", "list_tables", true), ("finance", "crm", "describe_table", true), ("rep", "time", "get_current_time", true), ("finance", "git", "git_log", true),
      ("manager", "mail", "send", false),
    ])
  func plainTools(key: String, upstream: String, tool: String, allowed: Bool) throws {
    let person = try #require(DemoPeople.all.first { $0.key == key })
    #expect((ask(person, tool, isWrite: false, nil, upstream: upstream).residual == .allow) == allowed)
  }

  @Test("a write tool of an upstream that is free to read is not permitted") func writesElsewhere() {
    #expect(ask(DemoPeople.rep, "git_commit", isWrite: true, nil, upstream: "git").residual == .deny)
  }

  @Test("a stranger may do nothing") func stranger() async throws {
    let entities = Entities([Entity(uid: EntityUID(type: "User", id: "eve"))])
    for tool in try await declaredTypes() {
      for type in tool.types {
        let response = policies.partiallyAuthorized(
          PartialRequest(
            principal: EntityUID(type: "User", id: "eve"), action: EntityUID(type: "Action", id: "crm__\(tool.name)"), resourceType: type),
          entities: entities.overlaid(with: [Entity(uid: EntityUID(type: "Action", id: "crm__\(tool.name)"), parents: [EntityUID(type: "Action", id: "read")])]))
        #expect(response.residual == .deny)
      }
    }
  }

  // MARK: The gateway's questions

  private func ask(_ person: DemoPerson, _ tool: String, isWrite: Bool, _ resource: PartialRequest.Subject?, upstream: String = "crm") -> PartialResponse {
    let action = EntityUID(type: "Action", id: "\(upstream)__\(tool)")
    let target = EntityUID(type: "Tool", id: "\(upstream)__\(tool)")
    let parent = EntityUID(type: "Upstream", id: upstream)
    let overlay = entities(person).overlaid(with: [
      Entity(uid: action, parents: [EntityUID(type: "Action", id: isWrite ? "write" : "read")]), Entity(uid: target, parents: [parent]),
    ])
    return policies.partiallyAuthorized(
      PartialRequest(
        principal: .known(EntityUID(type: "User", id: person.id)), action: action, resource: resource ?? .known(target), context: ["upstream": .entity(parent)],
        unknownContext: ["arguments", "purpose", "ip", "now"]), entities: overlay)
  }

  private func entities(_ person: DemoPerson) -> Entities {
    let attributes = person.attributes.map { Cedar.Record.Field($0.name, .string($0.value.string ?? "")) }
    let parents = person.roles.map { EntityUID(type: "Role", id: $0) } + person.groups.map { EntityUID(type: "Group", id: $0) }
    return Entities([Entity(uid: EntityUID(type: "User", id: person.id), attributes: Cedar.Record(attributes), parents: parents)])
  }

  private func declaredTypes() async throws -> [(name: String, isWrite: Bool, types: [String])] {
    let tools = try await CRMClient.fresh().request("tools/list", [:])["tools"].map { Array($0.elements) } ?? []
    return tools.map { tool in
      let types = tool["_meta"]?[MetaKey.records]?.elements.compactMap { RecordDeclaration(JSONValue($0))?.type } ?? []
      return (tool["name"]?.string ?? "", tool["annotations"]?["readOnlyHint"]?.bool != true, types)
    }
  }
}
