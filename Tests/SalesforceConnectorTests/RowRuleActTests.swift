import ConnectorTesting
import JSON
import MCP
import Testing

@testable import SalesforceConnector

@Suite("Row rules that Salesforce's connector keeps")
struct RowRuleActTests {
  private func fixture(_ settings: JSONObject = [:]) async throws -> (SalesforceFixture, [String: ToolDefinition]) {
    let fixture = try await SalesforceFixture(settings, isGoverned: true)
    PlausibleSalesforce.answer(all: fixture.vendor)
    let tools = try await fixture.salesforce.client.listTools()
    return (fixture, Dictionary(tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }))
  }

  @Test("A rule that lets everything through costs no request, and changes no answer of any tool")
  func free() async throws {
    let (governed, tools) = try await fixture()
    let (plain, _) = try await fixture()
    for act in SalesforceAct.all {
      let tool = try #require(tools[act.tool])
      let counts = (governed.requests.count, plain.requests.count)
      let one = try await governed.salesforce.call(act.tool, act.arguments, as: "ann", meta: RowRules.meta(tool, .constant(true)))
      let other = try await plain.salesforce.call(act.tool, act.arguments, as: "ann")
      let sent = governed.requests.dropFirst(counts.0).map { "\($0.method) \($0.path) \($0.query("q") ?? "")" }
      #expect(sent == plain.requests.dropFirst(counts.1).map { "\($0.method) \($0.path) \($0.query("q") ?? "")" }, "\(act.name)")
      #expect(one.isError == other.isError && one.structured == other.structured, "\(act.name): \(one.text)")
    }
  }

  @Test("Where no record may be seen no tool that declares records shows one, and nothing is written")
  func nothing() async throws {
    let (fixture, tools) = try await fixture()
    for act in SalesforceAct.all {
      let tool = try #require(tools[act.tool])
      guard RowRules.declares(tool) else { continue }
      let before = fixture.requests.count
      let result = try await fixture.salesforce.call(act.tool, act.arguments, as: "ann", meta: RowRules.meta(tool, .constant(false)))
      #expect(RowRules.places(result, tool).isEmpty, "\(act.name): \(result.raw.text)")
      guard tool.annotations.readOnly != true else { continue }
      let writes = fixture.requests.dropFirst(before).filter { $0.method != "GET" }
      if act.tool == "start_bulk_query" {
        #expect(writes.allSatisfy { $0.text.contains("WHERE Id = NULL") }, "\(writes.map(\.text))")
      } else {
        #expect(result.isError && writes.isEmpty, "\(act.name)")
      }
    }
  }

  private static let ann = "0055e000001AnnAAAA"
  private static let hers = RowFilter.compare(attribute: "owner", .equal, .string(ann))

  private func opportunities(_ settings: JSONObject = [:]) async throws -> SalesforceFixture {
    let fixture = try await SalesforceFixture(settings, isGoverned: true)
    fixture.vendor.always(
      "GET", "\(SalesforceFixture.root)/query",
      SalesforceFixture.page(
        [
          SalesforceFixture.record("Opportunity", ["Id": "006ak00000OQ4RxAAL", "Name": "Hers", "OwnerId": .string(Self.ann), "StageName": "Won", "Region__c": "West"]),
          SalesforceFixture.record("Opportunity", ["Id": "006ak00000OQ4RyAAL", "Name": "His", "OwnerId": "0055e000001BenAAAA", "StageName": "won", "Region__c": "East"]),
        ], total: 2))
    return fixture
  }

  @Test("Rows that a rule hides are in no result, and not counted, whatever Salesforce found", arguments: ["soql_query", "get_list_view_records", "list_recent"])
  func rows(_ tool: String) async throws {
    let fixture = try await opportunities()
    fixture.vendor.always("GET", "\(SalesforceFixture.root)/sobjects/**", .json(["query": "SELECT Id FROM Opportunity"]))
    let arguments: JSONValue = ["object": "Opportunity", "list_view": "00Bak00000OQ4RxAAL"]
    var own: JSONValue = arguments
    if tool != "get_list_view_records" { own = ["object": "Opportunity"] }
    // SOQL knows no case, policy does.
    let rules = SalesforceFixture.rules(["Opportunity": .compare(attribute: "stage", .equal, "Won")])
    let result = try await fixture.salesforce.call(tool, own, as: "ann", meta: SalesforceFixture.governed(rules))
    #expect(result.structured?["opportunities"]?.array?.map { $0["name"] } == ["Hers"] && result.structured?["total"] == nil, "\(result.raw.text)")
    #expect(!result.text.contains("His"))
  }

  @Test("Rules may speak of the org's own fields, which are asked for then")
  func ownFields() async throws {
    let fixture = try await opportunities()
    let rules = SalesforceFixture.rules(["Opportunity": .compare(attribute: "Region__c", .equal, "West")])
    let result = try await fixture.salesforce.structured("soql_query", ["object": "Opportunity", "fields": ["Name"]], as: "ann", meta: SalesforceFixture.governed(rules))
    #expect(result["opportunities"]?.array?.map { $0["name"] } == ["Hers"])
    #expect(fixture.queries.last?.contains("Region__c") == true)
  }

  @Test("A single record is given as a query gives it: to those who may see it, without what they may not")
  func single() async throws {
    let fixture = try await SalesforceFixture(["categories": ["Opportunity.Amount": "confidential"]], isGoverned: true)
    let record: JSONObject = ["Id": .string(SalesforceFixture.id), "Name": "N", "Amount": 5, "OwnerId": .string(Self.ann)]
    fixture.vendor.always("GET", "\(SalesforceFixture.root)/sobjects/Opportunity/**", .json(SalesforceFixture.record("Opportunity", record)))
    let arguments: JSONValue = ["object": "Opportunity", "id": .string(SalesforceFixture.id), "fields": ["Name", "Amount"]]
    let shown = try await fixture.salesforce.call(
      "get_record", arguments, as: "ann", meta: SalesforceFixture.governed(SalesforceFixture.rules(["Opportunity": Self.hers])))
    #expect(shown.structured?["opportunity"]?["name"] == "N" && shown.structured?["opportunity"]?["amount"] == nil && !shown.text.contains("amount"))
    let others = SalesforceFixture.governed(SalesforceFixture.rules(["Opportunity": .not(Self.hers)]))
    #expect(try await fixture.salesforce.failure("get_record", arguments, as: "ann", meta: others).contains("may not be seen"))
    let external: JSONValue = ["object": "Opportunity", "id": "A-1", "external_field": "Number__c", "fields": ["Name"]]
    #expect(try await fixture.salesforce.failure("get_record", external, as: "ann", meta: others).contains("may not be seen"))
  }

  @Test("A record is not reached as one of an object that all may see")
  func otherObject() async throws {
    let fixture = try await SalesforceFixture(isGoverned: true)
    fixture.vendor.always("GET", "\(SalesforceFixture.root)/query", SalesforceFixture.page([]))
    let meta = SalesforceFixture.governed(SalesforceFixture.rules(["Opportunity": Self.hers]))
    for (tool, more) in [("list_files", [:]), ("upload_file", ["filename": "a.md", "text": "t"]), ("delete_record", [:])] as [(String, JSONObject)] {
      let arguments: JSONObject = ["object": "Account", "id": .string(SalesforceFixture.id)]
      #expect(try await fixture.salesforce.failure(tool, .object(arguments.merging(more)), as: "ann", meta: meta).contains("may not be seen"))
    }
    #expect(fixture.requests.allSatisfy { $0.method == "GET" } && fixture.queries.allSatisfy { $0.contains("FROM Account") })
  }

  @Test("A record is created where the rule holds for what is given, its owner being the user unless another is named")
  func creating() async throws {
    let fixture = try await SalesforceFixture(isGoverned: true)
    fixture.vendor.always("GET", "/services/oauth2/userinfo", .json(["user_id": .string(Self.ann)]))
    fixture.vendor.always("POST", "\(SalesforceFixture.root)/**", .json(["id": .string(SalesforceFixture.id), "success": true, "errors": []]))
    let meta = SalesforceFixture.governed(SalesforceFixture.rules(["Opportunity": Self.hers]))
    let own: JSONValue = ["object": "Opportunity", "fields": ["Name": "N", "StageName": "New"]]
    _ = try await fixture.salesforce.structured("create_record", own, as: "ann", meta: meta)
    #expect(fixture.requests.map(\.method) == ["GET", "POST"])
    let his: JSONValue = ["object": "Opportunity", "fields": ["Name": "N", "OwnerId": "0055e000001BenAAAA"]]
    _ = try await fixture.salesforce.failure("create_record", his, as: "ann", meta: meta)
    _ = try await fixture.salesforce.failure(
      "create_records", ["object": "Opportunity", "records": [["fields": ["Name": "A"]], ["fields": ["Name": "B", "OwnerId": "0055e000001BenAAAA"]]]], as: "ann",
      meta: meta)
    _ = try await fixture.salesforce.failure(
      "composite", ["steps": [["name": "a", "action": "create", "object": "Opportunity", "fields": ["Name": "N", "OwnerId": "0055e000001BenAAAA"]]]], as: "ann",
      meta: meta)
    #expect(fixture.requests.filter { $0.method == "POST" }.count == 1)
  }

  @Test("Files have a rule of their own")
  func files() async throws {
    let fixture = try await SalesforceFixture(isGoverned: true)
    fixture.vendor.always(
      "GET", "\(SalesforceFixture.root)/query",
      SalesforceFixture.page([
        SalesforceFixture.record(
          "ContentDocument", ["Id": "069ak00000OQ4RxAAL", "ContentDocumentId": "069ak00000OQ4RxAAL", "Title": "Pay", "OwnerId": "0055e000001BenAAAA"])
      ]))
    let meta = SalesforceFixture.governed(SalesforceFixture.rules(["File": Self.hers]))
    let list = try await fixture.salesforce.structured("list_files", ["object": "Account", "id": .string(SalesforceFixture.id)], as: "ann", meta: meta)
    #expect(list["files"] == [] && list["total"] == nil)
    _ = try await fixture.salesforce.failure("get_file", ["file": "069ak00000OQ4RxAAL", "content": true], as: "ann", meta: meta)
    #expect(!fixture.requests.contains { $0.path.contains("VersionData") })
  }
}
