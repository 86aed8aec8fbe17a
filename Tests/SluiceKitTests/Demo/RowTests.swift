import Demo
import JSON
import Testing

@testable import Gateway
@testable import SluiceKit

/// Rows and writes of the demo, checked against the database itself with plain SQL.
@Suite("Row rules of the demo", .timeLimit(.minutes(3)))
struct RowTests {
  private static let rules: [(person: DemoPerson, condition: String)] = [
    (DemoPeople.rep, "owner = '\(DemoPeople.rep.id)'"), (DemoPeople.manager, "team = '\(DemoPeople.manager.groups[0])'"), (DemoPeople.finance, "closed = 1"),
  ]

  @Test("list_opportunities gives each role all of its rows and no other, over all pages", arguments: [0, 1, 2])
  func opportunities(_ index: Int) async throws {
    let (person, condition) = Self.rules[index]
    try await withDemo { demo in
      let rows = try await demo.client(person).rows("crm__list_opportunities", "opportunities")
      let ids = rows.compactMap { $0["id"]?.string }
      let expected = try demo.ids("SELECT id FROM opportunities WHERE \(condition)")
      #expect(ids.count == rows.count)
      #expect(Set(ids).count == ids.count, "no row comes twice")
      #expect(Set(ids) == expected)
      #expect(expected.count > 20 && expected.count < 10_000)
    }
  }

  @Test("contacts and activities follow the same rules", arguments: [0, 1])
  func contacts(_ index: Int) async throws {
    let (person, condition) = Self.rules[index]
    try await withDemo { demo in
      let client = try demo.client(person)
      let contacts = try await client.rows("crm__search_contacts", "contacts", person.key == "manager" ? ["query": "", "purpose": "to check the rules"] : ["query": ""])
      #expect(Set(contacts.compactMap { $0["id"]?.string }) == (try demo.ids("SELECT id FROM contacts WHERE \(condition)")))
      let activities = try await client.rows("crm__list_activities", "activities")
      #expect(Set(activities.compactMap { $0["id"]?.string }) == (try demo.ids("SELECT id FROM activities WHERE \(condition)")))
    }
  }

  @Test("a query of one's own sees the same rows, whatever it joins or counts", arguments: [0, 1, 2])
  func query(_ index: Int) async throws {
    let (person, condition) = Self.rules[index]
    try await withDemo { demo in
      let client = try demo.client(person)
      let expected = try demo.ids("SELECT CAST(count(*) AS TEXT) FROM opportunities WHERE \(condition)").first
      for sql in [
        "SELECT count(*) FROM opportunities", "SELECT count(*) FROM (SELECT * FROM opportunities AS o WHERE 1 OR o.owner = 'x')",
        "WITH opportunities_ AS (SELECT * FROM opportunities) SELECT count(*) FROM opportunities_",
      ] {
        let reply = try await client.call("crm__query", ["sql": .string(sql)])
        #expect(reply.structured?["rows"]?.array?.first?.array?.first?.text == expected, "\(sql): \(reply.text)")
      }
      // Ways around the tables that were handed out.
      for sql in [
        "SELECT count(*) FROM main.opportunities", "SELECT sql FROM sqlite_master", "DELETE FROM opportunities", "SELECT 1; DELETE FROM opportunities",
        "ATTACH ':memory:' AS x", "PRAGMA table_info(opportunities)", "WITH x AS (SELECT 1) UPDATE opportunities SET amount = 0",
      ] {
        let reply = try await client.call("crm__query", ["sql": .string(sql)])
        #expect(reply.isToolError, "\(sql): \(reply.text.prefix(300))")
      }
    }
  }

  @Test("finance finds nobody's personal data: accounts, contacts and activities are not there")
  func financeHasNoPeople() async throws {
    try await withDemo { demo in
      let client = try demo.client(DemoPeople.finance)
      for table in ["accounts", "contacts", "activities", "employees"] {
        let reply = try await client.call("crm__query", ["sql": .string("SELECT * FROM \(table)")])
        #expect((reply.structured?["rows"]?.array ?? []).isEmpty, "\(table): \(reply.text.prefix(300))")
      }
      for (tool, arguments) in [("crm__get_account", ["id": "acc_00001"]), ("crm__search_contacts", ["query": ""]), ("crm__list_activities", [:])]
        as [(String, JSONValue)]
      {
        #expect(try await client.call(tool, arguments).code == "not_found")
      }
    }
  }

  @Test("personal data is in clear for the manager and masked for the rep")
  func masking() async throws {
    try await withDemo { demo in
      let sensitive = ["email", "phone", "national_id", "card_number"]
      let known = try demo.ids(
        "SELECT email FROM contacts WHERE team = ?1 UNION SELECT phone FROM contacts WHERE team = ?1 UNION SELECT national_id FROM contacts WHERE team = ?1 UNION SELECT card_number FROM contacts WHERE team = ?1",
        [DemoPeople.rep.groups[0]])
      let rep = try await demo.client(DemoPeople.rep).call("crm__search_contacts", ["query": "", "limit": 100])
      let masked = rep.structured?["contacts"]?.array ?? []
      #expect(!masked.isEmpty)
      for row in masked { for field in sensitive { #expect(row[field] == "[masked: pii]") } }
      #expect(known.filter { rep.text.contains($0) }.isEmpty)

      let manager = try await demo.client(DemoPeople.manager).call("crm__search_contacts", ["query": "", "limit": 100, "purpose": "to check masking"])
      let clear = manager.structured?["contacts"]?.array ?? []
      #expect(!clear.isEmpty)
      for row in clear { for field in sensitive { #expect(known.contains(row[field]?.string ?? ""), "\(field): \(row[field]?.text ?? "absent")") } }
    }
  }

  @Test("a client cannot widen its rows or its clearance: by metadata of its own, by another's cursor, or by asking for others' rows")
  func widening() async throws {
    try await withDemo { demo in
      let (rep, manager) = (try demo.client(DemoPeople.rep), try demo.client(DemoPeople.manager))
      let own = try demo.ids("SELECT id FROM opportunities WHERE owner = ?", [DemoPeople.rep.id])
      let forged: JSONObject = [
        "dev.sluice/rows": ["Opportunity": ["true"], "Contact": ["true"]], "dev.sluice/clearance": ["public", "internal", "confidential", "pii", "secret"],
      ]
      let list = try await rep.modern("tools/call", ["name": "crm__list_opportunities", "arguments": ["limit": 200]], meta: forged)
      let ids = Set(list.structured?["opportunities"]?.array?.compactMap { $0["id"]?.string } ?? [])
      #expect(!ids.isEmpty && ids.isSubset(of: own))
      let contacts = try await rep.modern("tools/call", ["name": "crm__search_contacts", "arguments": ["query": ""]], meta: forged)
      #expect(contacts.structured?["contacts"]?.array?.allSatisfy { $0["email"] == "[masked: pii]" } == true)
      let session = try await rep.initialize()
      let legacy = try await session.request("tools/call", ["name": "crm__list_opportunities", "arguments": ["limit": 200], "_meta": .object(forged)])
      let legacyIDs = Set(legacy.structured?["opportunities"]?.array?.compactMap { $0["id"]?.string } ?? [])
      #expect(!legacyIDs.isEmpty && legacyIDs.isSubset(of: own))

      let page = try await manager.call("crm__list_opportunities", ["limit": 10])
      let cursor = try #require(page.structured?["next_cursor"])
      let next = try await rep.call("crm__list_opportunities", ["limit": 200, "cursor": cursor])
      let nextIDs = Set(next.structured?["opportunities"]?.array?.compactMap { $0["id"]?.string } ?? [])
      #expect(nextIDs.isSubset(of: own))

      let others = try await rep.call("crm__list_opportunities", ["owner": .string(DemoPeople.manager.id)])
      #expect(others.structured?["opportunities"] == [])
      let sneaky = try await rep.call("crm__list_opportunities", ["owner": "x' OR '1'='1", "account_id": "'; DROP TABLE opportunities; --"])
      #expect(sneaky.structured?["opportunities"] == [])
      let all = try demo.ids("SELECT id FROM opportunities")
      #expect(all.count == 10_000)
    }
  }

  // MARK: Writes

  @Test("a rep moves her own opportunity and nobody else's; the purpose is required, logged, and not sent on")
  func writes() async throws {
    try await withDemo { demo in
      let rep = try demo.client(DemoPeople.rep)
      let own = try #require(try demo.ids("SELECT min(id) FROM opportunities WHERE closed = 0 AND owner = ?", [DemoPeople.rep.id]).first)
      let other = try #require(
        try demo.ids("SELECT min(id) FROM opportunities WHERE closed = 0 AND owner <> ? AND team = ?", [DemoPeople.rep.id, DemoPeople.rep.groups[0]]).first)

      for arguments in [["id": .string(own), "stage": "negotiation"], ["id": .string(own), "stage": "negotiation", "purpose": "   "]] as [JSONValue] {
        let reply = try await rep.call("crm__update_opportunity_stage", arguments)
        #expect(reply.code == "purpose_required")
        #expect(reply.content.contains("\"purpose\""), "the answer says which argument is missing")
      }
      #expect(try demo.gateway.leaves().of("intent").isEmpty, "nothing was sent")

      let before = try demo.ids("SELECT stage || closed || won FROM opportunities WHERE id = ?", [other])
      let refused = try await rep.call("crm__update_opportunity_stage", ["id": .string(other), "stage": "closed_won", "purpose": "not mine"])
      #expect(refused.isToolError)
      #expect(refused.content.contains("not found, or you are not permitted"))
      #expect(try demo.ids("SELECT stage || closed || won FROM opportunities WHERE id = ?", [other]) == before)

      // The schema allows no further argument: had the purpose been sent on, this would fail.
      let done = try await rep.call("crm__update_opportunity_stage", ["id": .string(own), "stage": "closed_lost", "purpose": "the customer chose another"])
      #expect(!done.isToolError, "\(done.text)")
      #expect(done.structured?["opportunity"]?["stage"] == "closed_lost")
      #expect(try demo.ids("SELECT stage || closed || won FROM opportunities WHERE id = ?", [own]) == ["closed_lost10"])

      let intents = try demo.gateway.leaves().of("intent")
      #expect(intents.compactMap { $0["why"]?.string } == ["not mine", "the customer chose another"])
      #expect(intents.allSatisfy { $0["who"]?["id"]?.string == DemoPeople.rep.id })
    }
  }

  @Test("a manager sets forecasts of the team and changes nothing else")
  func managerWrites() async throws {
    try await withDemo { demo in
      let manager = try demo.client(DemoPeople.manager)
      let team = DemoPeople.manager.groups[0]
      let own = try #require(try demo.ids("SELECT min(id) FROM opportunities WHERE closed = 0 AND team = ?", [team]).first)
      let other = try #require(try demo.ids("SELECT min(id) FROM opportunities WHERE closed = 0 AND team <> ?", [team]).first)
      let forecast: JSONObject = ["forecast_category": "commit", "forecast_amount": 4711, "purpose": "quarter end"]
      var arguments = forecast
      arguments["id"] = .string(own)
      #expect(try await manager.call("crm__update_opportunity_forecast", .object(arguments)).isToolError == false)
      arguments["id"] = .string(other)
      #expect(try await manager.call("crm__update_opportunity_forecast", .object(arguments)).isToolError)
      #expect(try demo.ids("SELECT id FROM opportunities WHERE forecast_amount = 4711") == [own])
      #expect(try await manager.call("crm__update_opportunity_stage", ["id": .string(own), "stage": "proposal", "purpose": "x"]).code == "not_found")
    }
  }
}
