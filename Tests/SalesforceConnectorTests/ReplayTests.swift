import ConnectorKit
import ConnectorTesting
import JSON
import Testing

@testable import SalesforceConnector

@Suite("Recorded answers of Salesforce", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct SalesforceReplayTests {
  private func recorded(_ path: String) throws -> JSONValue { try SharedData.json("salesforce/" + path) }
  private static let root = "/services/data/v62.0"

  private func call(_ tool: String, _ arguments: JSONValue, _ answer: ConnectorTesting.Answer, method: String = "GET") async throws -> JSONValue {
    let fixture = try await SalesforceFixture(["tools": [.string(tool)]])
    fixture.vendor.always(method, "/**", answer)
    return try await fixture.salesforce.structured(tool, arguments)
  }

  private func failure(_ tool: String, _ arguments: JSONValue, _ answer: ConnectorTesting.Answer, method: String = "GET") async throws -> String {
    let fixture = try await SalesforceFixture(["tools": [.string(tool)]])
    fixture.vendor.always(method, "/**", answer)
    return try await fixture.salesforce.failure(tool, arguments)
  }

  @Test("A description of 200 KB becomes what was asked of it")
  func describe() async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.always("GET", "/**", .json(try recorded("swiftly-salesforce/MockAccountMetadata.json")))
    let json = try await fixture.salesforce.structured("describe_object", ["object": "Account", "search": "industry"])
    #expect(json["name"]?.string == "Account")
    #expect(json["fields"]?.array?.count == 1)
    #expect(json["fields"]?.array?.first?["values"]?.array?.isEmpty == false)
    #expect(json.text.utf8.count < 3000)
    let all = try await fixture.salesforce.structured("describe_object", ["object": "Account", "children": true])
    #expect(all["children"]?.array?.contains { $0["relationship"]?.string == "Contacts" } == true)
    #expect(all["fields"]?.array?.contains { $0["name"]?.string == "OwnerId" && $0["references"]?.array?.first?.string == "User" } == true)
    #expect(
      try await call("describe_object", ["object": "Whizbang"], .json(try recorded("restforce/sobject/sobject_describe_success_response.json")))["fields"]?.array?.isEmpty
        == false)
  }

  @Test("A query of two pages is read to its end")
  func pages() async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.always("GET", Self.root + "/query", .json(try recorded("restforce/sobject/query_paginated_first_page_response.json")))
    fixture.vendor.always("GET", "/services/data/v26.0/query/01gD", .json(try recorded("restforce/sobject/query_paginated_last_page_response.json")))
    let first = try await fixture.salesforce.structured("soql_query", ["object": "Whizbang", "fields": ["Text_Label"]])
    #expect(first["records"]?.array?.first?["Text_Label"]?.string == "First Page")
    let last = try await fixture.salesforce.structured("query_more", ["cursor": try #require(first["next_cursor"])])
    #expect(last["records"]?.array?.first?["Text_Label"]?.string == "Last Page")
    #expect(last["next_cursor"] == nil)
  }

  @Test("Recorded deletions become updates, and are followed from where Salesforce knew them all")
  func deletions() async throws {
    let fixture = try await SalesforceFixture(
      ["changes": ["Whizbang"]], time: VirtualTime(seconds: try #require(Timestamp.seconds("2013-05-07T21:25:05Z"))))
    fixture.vendor.always("GET", Self.root + "/query", SalesforceFixture.page([]))
    fixture.vendor.always("GET", Self.root + "/sobjects/Whizbang/deleted", .json(try recorded("restforce/sobject/get_deleted_success_response.json")))
    let feed = try #require(fixture.salesforce.connector.feeds.first)
    let start = try await feed.next(nil).cursor
    fixture.salesforce.time.advance(86_400)
    let batch = try await feed.next(start)
    #expect(batch.updated == ["salesforce://acme/record/Whizbang/a00D0000008pQRAIA2"])
    #expect(batch.cursor.hasSuffix(" 2013-05-08T21:20:00Z"), "\(batch.cursor)")
    let asked = fixture.requests.last
    #expect(asked?.query("start") == "2013-05-07T21:25:00Z" && asked?.query("end") == "2013-05-08T21:25:00Z")
  }

  @Test(
    "Records come under their own type's names", arguments: ["read-list-contacts", "read-list-leads", "read-opportunity-with-account", "read-opportunity-with-contacts"])
  func records(_ file: String) async throws {
    let object = file.contains("contacts") && !file.contains("opportunity") ? "Contact" : file.contains("leads") ? "Lead" : "Opportunity"
    let json = try await call("soql_query", ["object": .string(object)], .json(try recorded("amp-labs/\(file).json")))
    let list = try #require(json[["Contact": "contacts", "Lead": "leads", "Opportunity": "opportunities"][object] ?? ""]?.array)
    #expect(!list.isEmpty)
    #expect(list.allSatisfy { $0["id"]?.string?.isEmpty == false && $0["object"]?.string == object })
    if object == "Opportunity" { #expect(list.first?["amount"]?.int == 50000 && list.first?["stage"]?.string == "Prospecting") }
  }

  @Test("Sums keep their names and empty groups")
  func sums() async throws {
    let json = try await call(
      "aggregate_query", ["object": "Task", "group_by": ["Status"]], .json(try recorded("swiftly-salesforce/MockAggregateQueryResult.json")))
    #expect(json["rows"]?.array?.first?["MyCount"]?.int == 10)
    let other = try await call(
      "aggregate_query", ["object": "Opportunity", "group_by": ["CampaignId"]], .json(try recorded("restforce/sobject/query_aggregate_success_response.json")))
    #expect(other["rows"]?.array?.count == 3)
  }

  @Test("Searches answer as an object or, in old versions, as an array")
  func searches() async throws {
    let json = try await call("sosl_search", ["text": "birk", "objects": ["Contact"]], .json(try recorded("swiftly-salesforce/MockSearchResults.json")))
    #expect(json["contacts"]?.array?.isEmpty == false)
    let old = try await call("sosl_search", ["text": "birk", "objects": ["Whizbang"]], .json(try recorded("restforce/sobject/search_success_response.json")))
    #expect(old["records"]?.array?.count == 2)
  }

  @Test("A record, limits, the identity, recent records and objects are read")
  func others() async throws {
    let id = JSONValue.string(SalesforceFixture.id)
    let record = try await call("get_record", ["object": "Account", "id": id, "fields": ["Name"]], .json(try recorded("swiftly-salesforce/MockAccount.json")))
    #expect(record["account"]?["name"]?.string == "Alaska Center for Performing Arts")
    let limits = try await call("get_limits", ["search": "DailyApi"], .json(try recorded("swiftly-salesforce/MockLimits.json")))
    #expect(limits["limits"]?.array?.first?["max"]?.int == 15000)
    let identity = try await call("get_identity", [:], .json(try recorded("swiftly-salesforce/MockIdentity.json")))
    #expect(identity["username"]?.string == "john@playground.com")
    #expect(try await call("list_recent", [:], .json(try recorded("restforce/sobject/recent_success_response.json")))["records"]?.array?.count == 2)
    #expect(
      try await call("list_objects", [:], .json(try recorded("restforce/sobject/list_sobjects_success_response.json")))["objects"]?.array?.first?["name"]?.string
        == "Account")
  }

  @Test("An answer that is no JSON is an error")
  func broken() async throws {
    let text = try SharedData.text("salesforce/swiftly-salesforce/MockAccountMissingURLAttribute.json")
    let failure = try await failure("get_record", ["object": "Account", "id": .string(SalesforceFixture.id), "fields": ["Name"]], .text(text, type: "application/json"))
    #expect(failure.contains("not JSON"))
  }

  @Test(
    "Refusals are told with Salesforce's code and words",
    arguments: [
      ("amp-labs/unknown-object.json", 400, "INVALID_TYPE"), ("amp-labs/unknown-field.json", 400, "AccountNumer"),
      ("restforce/sobject/query_error_response.json", 400, "error_message"),
      ("restforce/sobject/sobject_find_error_response.json", 404, "NOT_FOUND"), ("restforce/sobject/search_error_response.json", 400, "MALFORMED_SEARCH"),
      ("restforce/sobject/sobject_describe_error_response.json", 404, "does not exist"),
    ])
  func refusals(_ file: String, _ status: Int, _ words: String) async throws {
    #expect(try await failure("soql_query", ["object": "Invoice__c"], .json(try recorded(file), status: status)).contains(words))
  }

  @Test("Writes read ids, empty answers and refusals")
  func writes() async throws {
    let fields: JSONValue = ["Name": "x"]
    let created = try await call("create_record", ["object": "Account", "fields": fields], .json(try recorded("amp-labs/create-ok.json"), status: 201), method: "POST")
    #expect(created["id"]?.string == "001ak00000OQTieAAH")
    let upsert: JSONValue = ["object": "Whizbang", "external_field": "Id__c", "external_id": "foo/bar", "fields": fields]
    #expect(try await call("upsert_record", upsert, .status(204), method: "PATCH")["created"]?.bool == false)
    #expect(
      try await call("upsert_record", upsert, .json(try recorded("restforce/sobject/upsert_created_success_response.json"), status: 201), method: "PATCH")["created"]?
        .bool == true)
    #expect(
      try await failure("upsert_record", upsert, .json(try recorded("restforce/sobject/upsert_multiple_error_response.json"), status: 300), method: "PATCH").contains(
        "Several records"))
    #expect(
      try await failure("create_record", ["object": "Account", "fields": fields], .json(try recorded("amp-labs/invalid-field-upsert.json"), status: 400), method: "POST")
        .contains("MasterRecordId"))
    #expect(
      try await failure("create_record", ["object": "Account", "fields": fields], .json(try recorded("amp-labs/success-with-errors.json")), method: "POST").contains(
        "MALFORMED_ID"))
    let gone: JSONValue = ["object": "Account", "id": .string(SalesforceFixture.id)]
    #expect(
      try await failure("delete_record", gone, .json(try recorded("amp-labs/crm/delete/not-found.json"), status: 404), method: "DELETE").contains("does not find it"))
  }

  @Test(
    "Bulk changes say what became of each record",
    arguments: ["create/contacts/partial-but-allOrNone", "update/contacts/partial-but-allOrNone", "update/contacts/err-each-no-ids", "create/contacts/success"])
  func bulk(_ file: String) async throws {
    let recorded = try recorded("amp-labs/batch/\(file).json")
    let json = try await call(
      "create_records", ["object": "Contact", "records": [["fields": ["LastName": "a"]], ["fields": ["LastName": "b"]]]], .json(recorded), method: "POST")
    #expect(json["results"]?.array?.count == 2)
    #expect(json["failed"]?.int == (file.hasSuffix("success") ? 0 : 2))
    if !file.hasSuffix("success") { #expect(json["results"]?.array?.allSatisfy { $0["reason"]?.string?.isEmpty == false } == true) }
  }

  @Test("A bulk request has the form of a recorded one")
  func bulkForm() async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.always("POST", "/**", .json(try recorded("amp-labs/batch/create/contacts/success.json")))
    _ = try await fixture.salesforce.structured(
      "create_records",
      [
        "object": "Contact", "all_or_none": false,
        "records": [["fields": ["FirstName": "Siena", "LastName": "Dyer"]], ["fields": ["FirstName": "Markus", "LastName": "Blevins"]]],
      ])
    #expect(fixture.requests.last?.json == (try recorded("amp-labs/batch/create/contacts/payload.json")))
  }
}
