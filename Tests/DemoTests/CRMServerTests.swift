import Demo
import Foundation
import JSON
import MCP
import Testing

@Suite struct CRMServerTests {
  private static let owner = "maya.chen"
  private static let ownRows: RowFilter = .compare(attribute: "owner", .equal, .string(owner))
  private static let rep: [String: RowFilter] = ["Account": ownRows, "Opportunity": ownRows, "Contact": ownRows, "Activity": ownRows]

  @Test("the server offers exactly these tools, with honest annotations") func tools() async throws {
    let tools = try await CRMClient.fresh().request("tools/list", [:])["tools"].map { Array($0.elements) } ?? []
    let effects = tools.reduce(into: [String: Bool]()) { $0[$1["name"]?.string ?? ""] = $1["annotations"]?["readOnlyHint"]?.bool }
    #expect(
      effects == [
        "list_tables": true, "describe_table": true, "query": true, "list_opportunities": true, "get_account": true, "search_contacts": true,
        "list_activities": true, "revenue_summary": true, "update_opportunity_stage": false, "update_opportunity_forecast": false, "update_account": false,
      ])
    #expect(tools.allSatisfy { $0["outputSchema"]?["type"]?.string == "object" })
    let declared = tools.first { $0["name"]?.string == "list_opportunities" }?["_meta"]?[MetaKey.records]?.elements.compactMap { RecordDeclaration(JSONValue($0)) }
    #expect(declared == [RecordDeclaration(type: "Opportunity", rows: "/opportunities", entities: ["owner": "User"])])
  }

  @Test("without a gateway all rows are there, in pages that hold each row once") func pages() async throws {
    let client = try CRMClient.fresh()
    var (ids, cursor): ([String], String?) = ([], nil)
    repeat {
      var arguments: JSONObject = ["limit": 200, "order": "-amount", "stage": "proposal"]
      if let cursor { arguments["cursor"] = .string(cursor) }
      let page = try await client.call("list_opportunities", arguments)
      #expect(!page.isError)
      ids += page.rows("opportunities").compactMap { $0["id"]?.string }
      cursor = page.cursor
    } while cursor != nil
    let count = try await client.call("query", ["sql": "SELECT count(*) FROM opportunities WHERE stage = 'proposal'"]).values[0][0].int
    #expect(ids.count == count)
    #expect(Set(ids).count == ids.count)
  }

  @Test("a cursor works on another server over the same file") func cursorAcrossRestart() async throws {
    let database = try Sample.copy()
    let arguments: JSONObject = ["limit": 7, "order": "close_date"]
    let first = try await CRMClient(database).call("list_opportunities", arguments)
    let cursor = try #require(first.cursor)
    var next = arguments
    next["cursor"] = .string(cursor)
    let second = try await CRMClient(database).call("list_opportunities", next)
    let both = try await CRMClient(database).call("list_opportunities", ["limit": 14, "order": "close_date"])
    #expect(first.rows("opportunities") + second.rows("opportunities") == both.rows("opportunities"))
  }

  @Test("a cursor of another list, or one that was made up, is refused with advice", arguments: ["", "zz", "00", "5b5d", "7b7d"])
  func badCursors(cursor: String) async throws {
    let client = try CRMClient.fresh()
    let answer = try await client.call("list_opportunities", ["cursor": .string(cursor)])
    #expect(answer.isError && answer.text.contains("next_cursor"))
    let other = try #require(try await client.call("list_opportunities", ["limit": 3]).cursor)
    let mixed = try await client.call("list_opportunities", ["limit": 3, "closed": true, "cursor": .string(other)])
    #expect(mixed.isError && mixed.text.contains("repeat the arguments"))
  }

  @Test("under rules only the rows and fields that they allow are there") func rules() async throws {
    let client = try CRMClient.fresh().governed(Self.rep, clearance: ["public", "internal"])
    let rows = try await client.call("list_opportunities", ["limit": 200]).rows("opportunities")
    #expect(!rows.isEmpty && rows.allSatisfy { $0["owner"] == .string(Self.owner) && $0["forecast_amount"] == .null && $0["forecast_category"] == "[masked]" })
    let contacts = try await client.call("search_contacts", ["query": ""]).rows("contacts")
    #expect(!contacts.isEmpty && contacts.allSatisfy { $0["email"] == "[masked]" && $0["card_number"] == "[masked]" && $0["name"] != "[masked]" })
    let counts = try await client.call(
      "query",
      [
        "sql": .string(
          "SELECT (SELECT count(*) FROM opportunities WHERE owner <> '\(Self.owner)'), (SELECT count(*) FROM employees), (SELECT sum(forecast_amount) FROM opportunities)"
        )
      ])
    #expect(counts.values == [[0, 0, JSONValue.null]])
  }

  @Test("what is masked cannot be searched for") func maskedSearch() async throws {
    let client = try CRMClient.fresh()
    #expect(try await !client.governed(Self.rep, clearance: ["internal", "pii"]).call("search_contacts", ["query": ".example."]).rows("contacts").isEmpty)
    #expect(try await client.governed(Self.rep, clearance: ["internal"]).call("search_contacts", ["query": ".example."]).rows("contacts").isEmpty)
  }

  @Test("chosen fields come with those that the rules speak of") func fields() async throws {
    let filter: RowFilter = .and([Self.ownRows, .like(attribute: "currency", pattern: "E*")])
    let client = try CRMClient.fresh().governed(["Opportunity": filter], clearance: ["internal"])
    let row = try #require(try await client.call("list_opportunities", ["fields": ["amount"], "limit": 1]).rows("opportunities").first)
    #expect(Set(row.object?.map(\.name) ?? []) == ["id", "owner", "team", "region", "closed", "amount", "currency"])
  }

  @Test("an account comes with counts under the rules of their own types") func account() async throws {
    let client = try CRMClient.fresh()
    let id = try #require(
      try await client.governed(Self.rep, clearance: ["internal"]).call("list_opportunities", ["closed": false, "limit": 1]).rows("opportunities").first?["account_id"])
    let full = try await client.call("get_account", ["id": id]).structured
    #expect(full["open_opportunities"]?.int ?? 0 > 0)
    let bare = try await client.governed(["Account": .constant(true)], clearance: []).call("get_account", ["id": id]).structured
    #expect(bare["open_opportunities"] == 0 && bare["contacts"] == 0 && bare["account"]?["annual_revenue"] == .null)
    let other = try await client.governed(["Account": .compare(attribute: "owner", .equal, "someone@else")], clearance: []).call("get_account", ["id": id])
    #expect(other.isError && other.text.contains("not found"))
  }

  @Test("a stage can be changed in one's own rows alone") func write() async throws {
    let client = try CRMClient.fresh()
    let governed = client.governed(Self.rep, clearance: ["internal"])
    let mine = try #require(try await governed.call("list_opportunities", ["closed": false, "limit": 1]).rows("opportunities").first?["id"])
    let theirs = try #require(
      try await client.call("query", ["sql": .string("SELECT id FROM opportunities WHERE owner <> '\(Self.owner)' AND stage <> 'closed_won' LIMIT 1")]).values.first?
        .first)
    let changed = try await governed.call("update_opportunity_stage", ["id": mine, "stage": "closed_won"])
    #expect(!changed.isError && changed.structured["opportunity"]?["stage"] == "closed_won" && changed.structured["opportunity"]?["closed"] == true)
    #expect(changed.structured["opportunity"]?["forecast_amount"] == .null)
    let refused = try await governed.call("update_opportunity_stage", ["id": theirs, "stage": "closed_won"])
    #expect(refused.isError && refused.text.contains("not found, or you are not permitted"))
    #expect(try await client.call("query", ["sql": .string("SELECT stage FROM opportunities WHERE id = '\(theirs.string ?? "")'")]).values != [["closed_won"]])
  }

  @Test(
    "a rule that cannot be read lets nothing through and nothing be changed",
    arguments: [
      #"["maybe"]"#, #"["=", "no_such_column", 1]"#, #"["or", ["true"], ["=", "no_such_column", 1]]"#, #"["not", ["=", "address.city", 1]]"#, "1", "null",
    ])
  func unreadable(rule: String) async throws {
    var client = try CRMClient.fresh()
    client.meta[MetaKey.rows] = ["Opportunity": try JSONValue(parsing: rule)]
    #expect(try await client.call("list_opportunities").rows("opportunities").isEmpty)
    #expect(try await client.call("query", ["sql": "SELECT count(*) FROM opportunities"]).values == [[0]])
    #expect(try await client.call("update_opportunity_stage", ["id": "opp_000001", "stage": "proposal"]).isError)
  }

  @Test("sums are over visible rows") func summary() async throws {
    let client = try CRMClient.fresh()
    let all = try await client.call("revenue_summary", ["by": "region"]).rows("groups")
    #expect(Set(all.compactMap { $0["key"]?.string }) == ["EMEA", "AMER", "APAC"])
    let own = try await client.governed(Self.rep, clearance: ["internal"]).call("revenue_summary", ["by": "team"]).rows("groups")
    #expect(own.count == 1 && own[0]["key"] == "emea-north")
    let quarters = try await client.call("revenue_summary", ["by": "quarter"]).rows("groups").compactMap { $0["key"]?.string }
    #expect(quarters.contains("2026-Q2") && quarters.allSatisfy { $0.count == 7 })
  }

  @Test(
    "bad arguments are answered with what would be right",
    arguments: [
      ("list_opportunities", #"{"limit": 0}"#, "1 to 200"), ("list_opportunities", #"{"limit": 1e9}"#, "1 to 200"),
      ("list_opportunities", #"{"fields": ["salary"]}"#, "must be one of"),
      ("list_opportunities", #"{"fields": [1]}"#, "string"), ("list_opportunities", #"{"stage": "won"}"#, "closed_won"), ("get_account", #"{"id": "acc_0"}"#, "not found"),
      ("update_opportunity_forecast", #"{"id": "opp_000001", "forecast_category": "commit", "forecast_amount": -1}"#, "from 0 to"),
      ("query", #"{"sql": "SELECT 1", "limit": 0}"#, "from 1 to"),
      ("describe_table", #"{"table": "nope"}"#, "Tables are"), ("search_contacts", #"{"query": "a b c d e f g h i"}"#, "8 words"),
    ])
  func badArguments(tool: String, arguments: String, advice: String) async throws {
    let answer = try await CRMClient.fresh().call(tool, JSONValue(parsing: arguments).object ?? [:])
    #expect(answer.isError && answer.text.contains(advice), "\(answer.text)")
  }

  @Test("the schema is there as resources, without any row") func resources() async throws {
    let client = try CRMClient.fresh()
    let list = try await client.request("resources/list", [:])["resources"]?.elements.compactMap { $0["uri"]?.string } ?? []
    #expect(list.contains("sql://crm/tables") && list.contains("sql://crm/tables/contacts"))
    let text = try await client.request("resources/read", ["uri": "sql://crm/tables/contacts"])["contents"]?.elements.first { _ in true }?["text"]?.string
    #expect(try JSONValue(parsing: text ?? "")["columns"]?.array?.contains { $0["name"] == "email" && $0["category"] == "pii" } == true)
    await #expect(throws: RPCError.self) { try await client.request("resources/read", ["uri": "sql://crm/tables/sqlite_schema"]) }
  }

  @Test("the prompt names the tools and completes its arguments") func prompt() async throws {
    let client = try CRMClient.fresh()
    let got = try await client.request("prompts/get", ["name": "pipeline_review", "arguments": ["owner": .string(Self.owner)]])
    #expect(got["messages"]?.text.contains("list_opportunities") == true)
    let completion = try await client.request(
      "completion/complete",
      [
        "ref": ["type": "ref/prompt", "name": "pipeline_review"], "argument": ["name": "owner", "value": "maya"],
      ])
    #expect(completion["completion"]?["values"]?.elements.compactMap(\.string) == [Self.owner])
    await #expect(throws: RPCError.self) { try await client.request("prompts/get", ["name": "pipeline_review", "arguments": ["owner": "x\ny"]]) }
  }

  @Test("a server that wants a gateway answers nobody else") func requiresGovernance() async throws {
    let client = try CRMClient.fresh(requiresGovernance: true)
    #expect(try await client.call("list_opportunities").isError)
    #expect(try await client.call("query", ["sql": "SELECT 1"]).isError)
    #expect(try await !client.governed(Self.rep, clearance: []).call("list_opportunities").isError)
  }
}
