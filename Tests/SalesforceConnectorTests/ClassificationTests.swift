import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import Testing

@testable import SalesforceConnector

/// A Salesforce whose administrators have classified fields.
private enum ClassifyingSalesforce {
  static func field(_ name: String, _ sensitivity: JSONValue = .null, _ groups: JSONValue = .null, leads relationship: String? = nil, to objects: [String] = [])
    -> JSONValue
  {
    SalesforceFixture.record(
      "FieldDefinition",
      [
        "QualifiedApiName": .string(name), "SecurityClassification": sensitivity, "ComplianceGroup": groups,
        "RelationshipName": relationship.map { .string($0) } ?? .null,
        "ReferenceTo": ["referenceTo": objects.isEmpty ? .null : .array(objects.map { .string($0) })],
      ])
  }

  static let definitions: [String: [JSONValue]] = [
    "Opportunity": [
      field("Id"), field("Name"), field("StageName", "Public"), field("Amount", "Restricted"), field("NextStep", "Internal"), field("IsClosed"), field("IsWon"),
      field("Margin__c", .null, "PII;GDPR"), field("Rating__c", "Top Drawer"), field("Audit__c", .null, "SOX"), field("Type"),
      field("OwnerId", leads: "Owner", to: ["Group", "User"]), field("AccountId", leads: "Account", to: ["Account"]),
    ],
    "Account": [field("Name"), field("BillingAddress", "Confidential"), field("Type"), field("Industry", "Internal"), field("OwnerId", leads: "Owner", to: ["User"])],
    "Contact": [field("Name", .null, "PII"), field("MailingAddress"), field("MailingCity", "Confidential"), field("Place__c", "Internal"), field("Title")],
    "User": [field("Name", "Confidential", "PII"), field("Username")], "Group": [field("Name")], "Task": [field("Subject")],
    "ContentDocument": [field("Title", "MissionCritical"), field("OwnerId")], "ContentVersion": [field("VersionData", "Restricted")],
  ]

  static let opportunity = SalesforceFixture.record(
    "Opportunity",
    [
      "Id": .string(SalesforceFixture.id), "Name": "Roof", "StageName": "Open", "Amount": 987_654, "NextStep": "call-them", "Margin__c": "anns-margin",
      "Rating__c": "gold-rating",
      "Audit__c": "audit-trail", "Odd__c": "odd-value", "OwnerId": "0055e000001AnnAAAA", "IsClosed": false,
      "Owner": ["attributes": ["type": "User"], "Name": "Ann Owner"], "Account": ["attributes": ["type": "Account"], "Name": "Acme"],
    ])
  static let contact = SalesforceFixture.record(
    "Contact",
    [
      "Id": .string(SalesforceFixture.id), "FirstName": "Ann", "LASTNAME": "Who", "MailingCity": "Rome", "MailingStreet": "Via 1", "Place__Latitude__s": 41.9,
      "Title": "Dr", "SystemModstamp": "2026-11-01T10:00:00.000+0000", "Odd__c": "odd-value",
    ])
  /// What only some may see.
  static let guarded = ["987654", "987,654", "anns-margin", "gold-rating", "audit-trail", "odd-value", "Ann Owner", "secret-title", "secret-content"]
  static let soql = "SELECT Name, StageName, Amount, NextStep, Margin__c, Rating__c, Audit__c, Odd__c, Owner.Name, Account.Name FROM Opportunity"

  static func object(in query: String) -> String? {
    query.contains("FROM FieldDefinition") ? query.split(separator: "'").dropFirst().first.map(String.init) : nil
  }

  static func answer(all vendor: VendorDouble) {
    vendor.always("GET", "/**") { request in
      let path = request.segments
      if let object = request.query("q").flatMap({ object(in: $0) }) { return SalesforceFixture.page(definitions[object] ?? []) }
      if path.last == "search" { return .json(["searchRecords": [opportunity]]) }
      if path.last == "recent" { return .json([opportunity]) }
      if path.last == "describe" {
        return .json([
          "name": "Opportunity", "label": "Opportunity",
          "fields": [
            ["name": "StageName", "label": "Stage", "type": "picklist", "picklistValues": [["value": "Open", "active": true]]],
            ["name": "Rating__c", "label": "Rating", "type": "picklist", "picklistValues": [["value": "gold-rating", "active": true]]],
          ],
        ])
      }
      if path.last == "VersionData" { return .text("secret-content") }
      if path.contains("jobs") {
        return path.last == "results"
          ? .text("\"Id\",\"Amount\",\"Margin__c\",\"Owner.Name\"\n\"006\",\"987654\",\"anns-margin\",\"Ann Owner\"\n", type: "text/csv")
          : .json(["id": .string(SalesforceFixture.id), "state": "JobComplete", "object": "Opportunity"])
      }
      if path.contains("analytics") { return .json(["reportMetadata": ["name": "R", "detailColumns": []], "factMap": [:], "allData": true]) }
      if request.query("q")?.contains("FROM ContentDocument ") == true {
        return SalesforceFixture.page([
          SalesforceFixture.record(
            "ContentDocument",
            ["Id": .string(SalesforceFixture.id), "Title": "secret-title", "ContentSize": 5, "LatestPublishedVersionId": .string(SalesforceFixture.id)])
        ])
      }
      if request.query("q")?.contains("FROM ContentDocumentLink") == true {
        return SalesforceFixture.page([
          SalesforceFixture.record("ContentDocumentLink", ["ContentDocumentId": .string(SalesforceFixture.id), "ContentDocument": ["Title": "secret-title"]])
        ])
      }
      if request.query("q")?.contains("FROM Contact ") == true { return SalesforceFixture.page([contact]) }
      if path.contains("query") || path.last == "Opportunities" { return SalesforceFixture.page([opportunity]) }
      return .json(opportunity)
    }
  }
}

@Suite("Salesforce's classification of fields")
struct ClassificationTests {
  private static let id = JSONValue.string(SalesforceFixture.id)
  private static let on: JSONObject = ["classification": true]

  private func fixture(_ settings: JSONObject = [:], prepare: (VendorDouble) -> Void = { _ in }) async throws -> SalesforceFixture {
    let fixture = try await SalesforceFixture(Self.on.merging(settings), isGoverned: true)
    prepare(fixture.vendor)
    ClassifyingSalesforce.answer(all: fixture.vendor)
    return fixture
  }

  private func cleared(_ categories: String...) -> JSONObject { SalesforceFixture.governed(SalesforceFixture.rules([:]), clearance: ["public"] + categories) }

  private func classified(_ fixture: SalesforceFixture) -> [String] { fixture.queries.compactMap { ClassifyingSalesforce.object(in: $0) } }

  @Test(
    "Members are shown to who is cleared for all that a field is classified as, and others are as if they were not there",
    arguments: [
      ([], []), (["internal"], ["next_step"]), (["internal", "confidential"], ["Audit__c", "Rating__c", "amount", "next_step"]), (["pii"], ["Margin__c"]),
      (["confidential", "pii"], ["Audit__c", "Margin__c", "Rating__c", "amount", "owner_name"]),
    ] as [([String], [String])])
  func members(_ granted: [String], _ shown: [String]) async throws {
    let fixture = try await fixture()
    let meta = SalesforceFixture.governed(SalesforceFixture.rules([:]), clearance: ["public"] + granted)
    let result = try await fixture.salesforce.call("soql_query", ["soql": .string(ClassifyingSalesforce.soql)], as: "ann", meta: meta)
    let row = try #require(result.structured?["opportunities"]?.array?.first?.object)
    #expect(Set(row.map(\.name)).subtracting(["id", "object", "name", "stage", "owner", "is_closed", "account_name"]).sorted() == shown.sorted())
    #expect(row["stage"] == "Open" && row["account_name"] == "Acme")
    // Of a field that Salesforce does not tell of nothing is known.
    #expect(!result.text.contains("odd-value"))
  }

  @Test(
    "Parts of an address, a place and a name are what the whole is",
    arguments: [([], []), (["pii"], ["FirstName", "LASTNAME"]), (["internal"], ["Place__Latitude__s"]), (["confidential"], ["MailingCity"])] as [([String], [String])])
  func parts(_ granted: [String], _ shown: [String]) async throws {
    let fixture = try await fixture()
    let meta = SalesforceFixture.governed(SalesforceFixture.rules([:]), clearance: ["public"] + granted)
    let row = try await fixture.salesforce.structured(
      "soql_query", ["soql": "SELECT FirstName, LastName, MailingCity, MailingStreet, Place__Latitude__s, Title, SystemModstamp, Odd__c FROM Contact"], as: "ann",
      meta: meta)["contacts"]?.array?.first?.object
    #expect(Set(row?.map(\.name) ?? []) == Set(["id", "object", "MailingStreet", "title", "SystemModstamp"] + shown))
  }

  @Test("Who may see everything, and who is not governed, costs no look at the classification")
  func free() async throws {
    let fixture = try await fixture()
    #expect(fixture.requests.isEmpty, "a start asks nothing")
    for meta in [cleared("internal", "confidential", "pii"), [:]] {
      let row = try await fixture.salesforce.structured("soql_query", ["soql": .string(ClassifyingSalesforce.soql)], as: "ann", meta: meta)["opportunities"]?.array?.first
      #expect(row?["amount"] == 987_654 && row?["Odd__c"] == "odd-value" && row?["owner_name"] == "Ann Owner")
    }
    #expect(classified(fixture).isEmpty)
    let off = try await SalesforceFixture(isGoverned: true)
    ClassifyingSalesforce.answer(all: off.vendor)
    let row = try await off.salesforce.structured("soql_query", ["soql": .string(ClassifyingSalesforce.soql)], as: "ann", meta: cleared())["opportunities"]?.array?.first
    #expect(row?["amount"] == 987_654 && classified(off).isEmpty)
  }

  @Test(
    "Rows are not found, ordered, grouped or summed up by a field that may not be seen",
    arguments: [
      ("soql_query", "SELECT Id FROM Opportunity WHERE Amount > 5"), ("soql_query", "SELECT Id FROM Opportunity ORDER BY Margin__c"),
      ("soql_query", "SELECT FORMAT(Amount) FROM Opportunity"), ("soql_query", "SELECT Id FROM Opportunity WHERE NOT (Owner.Name = 'x')"),
      ("soql_query", "SELECT Id FROM Opportunity WHERE Odd__c = 'x'"),
      ("soql_query", "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity WHERE Amount > 5)"),
      ("soql_query", "SELECT Id FROM Account WHERE BillingCity = 'Berlin'"), ("soql_query", "SELECT Id FROM Opportunity WHERE Account.BillingStreet = 'x'"),
      ("soql_query", "SELECT Id FROM Contact WHERE MailingAddress != null"),
      ("soql_query", "SELECT Id FROM Task WHERE What.Name = 'x'"), ("aggregate_query", "SELECT SUM(Amount) FROM Opportunity"),
      ("aggregate_query", "SELECT Rating__c, COUNT(Id) FROM Opportunity GROUP BY Rating__c"),
      ("aggregate_query", "SELECT StageName, COUNT(Id) n FROM Opportunity GROUP BY StageName HAVING MAX(Amount) > 5"),
      ("aggregate_query", "SELECT StageName, COUNT(Id) Amount FROM Opportunity GROUP BY StageName ORDER BY Amount"),
      ("start_bulk_query", "SELECT Id FROM Opportunity WHERE Amount > 5"),
      // What a function is called is no field's name elsewhere.
      ("soql_query", "SELECT FORMAT(CreatedDate) Odd__c FROM Opportunity WHERE Odd__c LIKE 'a%'"),
      ("soql_query", "SELECT FORMAT(CreatedDate) Odd__c FROM Opportunity ORDER BY Odd__c"),
      ("aggregate_query", "SELECT MAX(Odd__c) Odd__c FROM Opportunity"),
      ("aggregate_query", "SELECT StageName, COUNT(Id) Odd__c FROM Opportunity GROUP BY StageName, Odd__c"),
    ])
  func finding(_ tool: String, _ soql: String) async throws {
    let fixture = try await fixture()
    let failure = try await fixture.salesforce.failure(tool, ["soql": .string(soql)], as: "ann", meta: cleared("internal"))
    #expect(failure.contains("policy does not show"), "\(failure)")
    #expect(fixture.queries.count == classified(fixture).count)
  }

  @Test("What is not classified, or may be seen, still sums up, by the names of values too")
  func summing() async throws {
    let fixture = try await fixture()
    let soql = "SELECT StageName, COUNT(Id) total FROM Opportunity WHERE NextStep != null GROUP BY StageName ORDER BY total DESC"
    _ = try await fixture.salesforce.structured("aggregate_query", ["soql": .string(soql)], as: "ann", meta: cleared("internal"))
    #expect(fixture.queries.last?.hasPrefix("SELECT StageName, COUNT(Id) total FROM Opportunity") == true)
  }

  @Test(
    "No way of reading shows what a query would not, and each shows it to who is cleared",
    arguments: [
      ("get_record", ["object": "Opportunity", "id": id], "987654"),
      ("get_record", ["object": "Opportunity", "id": id, "fields": ["Amount", "Margin__c"]], "anns-margin"),
      ("get_related_records", ["object": "Account", "id": id, "relationship": "Opportunities"], "987654"),
      ("list_recent", [:], "Ann Owner"), ("list_recent", ["object": "Opportunity"], "audit-trail"), ("sosl_search", ["text": "roof"], "gold-rating"),
      ("sosl_search", ["text": "roof", "objects": ["Opportunity"]], "odd-value"),
      ("query_more", ["cursor": .string(PageCursorText.text("Opportunity /services/data/v62.0/query/01gD0000002HU6KIAW-2000"))], "987654"),
      ("get_bulk_query_results", ["job": id], "anns-margin"), ("describe_object", ["object": "Opportunity"], "gold-rating"),
      ("list_files", ["object": "Opportunity", "id": id], "secret-title"), ("get_file", ["file": id], "secret-title"),
      ("get_file", ["file": id, "content": true], "secret-content"),
    ] as [(String, JSONValue, String)])
  func ways(_ tool: String, _ arguments: JSONValue, _ shown: String) async throws {
    let fixture = try await fixture()
    let result = try await fixture.salesforce.call(tool, arguments, as: "ann", meta: cleared())
    for word in ClassifyingSalesforce.guarded { #expect(!result.text.contains(word) && !result.raw.text.contains(word), "\(word) in \(result.text)") }
    if tool == "describe_object" {
      #expect(result.structured?["fields"]?.array?.last == ["name": "Rating__c", "type": "picklist", "category": "confidential"])
    }
    let all = try await fixture.salesforce.call(tool, arguments, as: "ann", meta: cleared("internal", "confidential", "pii"))
    #expect(!all.isError && all.text.contains(shown), "\(all.text)")
    #expect(fixture.requests.allSatisfy { $0.method == "GET" })
  }

  @Test(
    "What does not tell its fields, or finds by one that may not be seen, is refused",
    arguments: [
      ("run_report", ["report": id], "a report's columns do not tell theirs"), ("run_flow", ["flow": "Renew"], "what a flow answers with does not tell its own"),
      ("get_record", ["object": "Opportunity", "id": "A-1", "external_field": "Rating__c"], "records cannot be found by it"),
      ("upsert_record", ["object": "Opportunity", "external_field": "Rating__c", "external_id": "1", "fields": ["Name": "x"]], "records cannot be found by it"),
      (
        "upsert_records", ["object": "Opportunity", "external_field": "Rating__c", "records": [["external_id": "1", "fields": ["Name": "x"]]]],
        "records cannot be found by it"
      ),
    ] as [(String, JSONValue, String)])
  func closed(_ tool: String, _ arguments: JSONValue, _ words: String) async throws {
    let fixture = try await fixture()
    let failure = try await fixture.salesforce.failure(tool, arguments, as: "ann", meta: cleared())
    #expect(failure.contains(words) && ClassifyingSalesforce.guarded.allSatisfy { !failure.contains($0) }, "\(failure)")
    #expect(fixture.requests.count == classified(fixture).count)
  }

  @Test("A row rule that speaks of a field does not show it, unless the gateway was told beforehand what to mask")
  func ruled() async throws {
    let meta = SalesforceFixture.governed(
      SalesforceFixture.rules(["Opportunity": .compare(attribute: "amount", .less, 1_000_000)]), clearance: ["public", "internal"])
    for (settings, isThere) in [([:], false), (["categories": ["Opportunity.Amount": "confidential"]], true)] as [(JSONObject, Bool)] {
      let fixture = try await fixture(settings)
      let rows = try await fixture.salesforce.structured("soql_query", ["soql": "SELECT Name, Amount FROM Opportunity"], as: "ann", meta: meta)["opportunities"]?.array
      #expect(rows?.count == 1 && (rows?.first?["amount"] != nil) == isThere)
    }
  }

  @Test("Resources and completions keep to it")
  func resources() async throws {
    let fixture = try await fixture()
    for uri in ["salesforce://acme/record/Opportunity/\(SalesforceFixture.id)", "salesforce://acme/sobjects/Opportunity/describe"] {
      let text = "\(try await fixture.salesforce.read(uri, as: "ann", meta: cleared()))"
      #expect(text.contains("Open"))
      for word in ClassifyingSalesforce.guarded { #expect(!text.contains(word), "\(word) in \(text)") }
    }
    await #expect(throws: (any Error).self) { try await fixture.salesforce.read("salesforce://acme/report/\(SalesforceFixture.id)", as: "ann", meta: cleared()) }
    let named = try await SalesforceFixture(["classification": true], isGoverned: true)
    named.vendor.always("GET", "\(SalesforceFixture.root)/query") { request in
      request.query("q")?.contains("FROM FieldDefinition") == true
        ? SalesforceFixture.page([ClassifyingSalesforce.field("Name", "Confidential")]) : SalesforceFixture.page([SalesforceFixture.record("Account", ["Name": "Acme"])])
    }
    #expect(try await named.salesforce.complete(.prompt("account_brief", argument: "account"), "Ac", as: "ann", meta: cleared()).isEmpty)
    #expect(try await named.salesforce.complete(.prompt("account_brief", argument: "account"), "Ac", as: "ann", meta: cleared("internal", "confidential")) == ["Acme"])
  }

  @Test("The settings overrule what Salesforce says")
  func settings() async throws {
    let fixture = try await fixture([
      "categories": ["Opportunity.Amount": "public", "Opportunity.Odd__c": "internal", "User.Name": "internal", "Opportunity.StageName": "secret"]
    ])
    let row = try await fixture.salesforce.structured(
      "soql_query", ["soql": .string(ClassifyingSalesforce.soql)], as: "ann", meta: cleared("internal"))["opportunities"]?.array?.first
    #expect(row?["amount"] == 987_654 && row?["Odd__c"] == "odd-value" && row?["owner_name"] == "Ann Owner" && row?["stage"] == nil)
  }

  @Test("It is read once for many who wait, by the connector's own account, and again after some minutes")
  func shared() async throws {
    let fixture = try await fixture()
    let meta = cleared()
    func ask(_ caller: String) async throws {
      _ = try await fixture.salesforce.structured("soql_query", ["soql": "SELECT Name FROM Opportunity WHERE IsWon = true"], as: caller, meta: meta)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<8 { group.addTask { try await ask("caller\(number)") } }
      try await group.waitForAll()
    }
    #expect(classified(fixture).count { $0 == "Opportunity" } == 1)
    fixture.salesforce.time.advance(FieldClassification.seconds + 1)
    try await ask("ann")
    #expect(classified(fixture).count { $0 == "Opportunity" } == 2)
  }

  @Test(
    "Where it cannot be read nothing is shown of what it might keep back, and it is said what to do",
    arguments: [
      ("INSUFFICIENT_ACCESS", "insufficient access rights on FieldDefinition", 403), ("INVALID_TYPE", "sObject type 'FieldDefinition' is not supported.", 400),
      ("INVALID_FIELD", "No such column 'SecurityClassification' on entity 'FieldDefinition'.", 400),
    ])
  func refused(_ code: String, _ message: String, _ status: Int) async throws {
    let fixture = try await fixture { vendor in
      vendor.on("GET", "\(SalesforceFixture.root)/query", SalesforceFixture.error(code, message, status: status))
    }
    let question: JSONValue = ["soql": "SELECT Name FROM Opportunity WHERE IsWon = true"]
    let failure = try await fixture.salesforce.failure("soql_query", question, as: "ann", meta: cleared())
    #expect(failure.contains("View Setup and Configuration") && failure.contains(code) && !failure.contains("Roof"), "\(failure)")
    #expect(fixture.requests.count == 1)
    // A refusal is not kept: once it is put right, it works.
    _ = try await fixture.salesforce.structured("soql_query", question, as: "ann", meta: cleared())
  }

  @Test("What is told in part is not taken for all, nor an object of which nothing is told for one without secrets")
  func partial() async throws {
    let fixture = try await fixture { vendor in
      vendor.on(
        "GET", "\(SalesforceFixture.root)/query",
        .json(["totalSize": 2, "done": false, "records": [ClassifyingSalesforce.field("Name")], "nextRecordsUrl": .string("\(SalesforceFixture.root)/query/01gFD-1")]))
      vendor.on("GET", "\(SalesforceFixture.root)/query/*", .json(["totalSize": 2, "done": true, "records": [ClassifyingSalesforce.field("IsWon", "Restricted")]]))
    }
    let question: JSONValue = ["soql": "SELECT Name FROM Opportunity WHERE IsWon = true"]
    #expect(try await fixture.salesforce.failure("soql_query", question, as: "ann", meta: cleared()).contains("\"confidential\""))
    let cut = try await self.fixture { vendor in
      vendor.on("GET", "\(SalesforceFixture.root)/query", .json(["totalSize": 2, "done": false, "records": [ClassifyingSalesforce.field("IsWon")]]))
    }
    #expect(try await cut.salesforce.failure("soql_query", question, as: "ann", meta: cleared()).contains("did not tell all fields"))
    let row = try await cut.salesforce.structured("soql_query", ["soql": "SELECT Id, Total__c FROM Invoice__c"], as: "ann", meta: cleared())
    #expect(ClassifyingSalesforce.guarded.allSatisfy { !row.text.contains($0) })
    _ = try await cut.salesforce.failure("soql_query", ["soql": "SELECT Id FROM Invoice__c WHERE Total__c > 5"], as: "ann", meta: cleared())
  }

  @Test("A check says whether it can be read, and whether there is one that is left aside")
  func check() async throws {
    func findings(_ settings: JSONObject, refused: Bool = false) async throws -> [String] {
      let fixture = try await SalesforceFixture(settings)
      if refused {
        fixture.vendor.always("GET", "\(SalesforceFixture.root)/query") { request in
          request.query("q")?.contains("FROM FieldDefinition") == true
            ? SalesforceFixture.error("INSUFFICIENT_ACCESS", "insufficient access rights", status: 403) : SalesforceFixture.page([])
        }
      }
      ClassifyingSalesforce.answer(all: fixture.vendor)
      return await fixture.salesforce.connector.check().map { "\($0.level.rawValue): \($0.message) \($0.remedy ?? "")" }
    }
    let objects: JSONObject = ["objects": ["Account", "Opportunity"]]
    let used = try await findings(objects.merging(Self.on))
    #expect(used.contains { $0.hasPrefix("ok: the classification of fields can be read; classified fields: Account (2), Opportunity (6)") }, "\(used)")
    let aside = try await findings(objects)
    #expect(aside.contains { $0.hasPrefix("warning: Salesforce classifies fields") && $0.contains("classification: true") }, "\(aside)")
    let refused = try await findings(Self.on, refused: true)
    #expect(refused.contains { $0.hasPrefix("failure: the classification of fields cannot be read") && $0.contains("View Setup and Configuration") }, "\(refused)")
    #expect(try await !findings([:], refused: true).contains { $0.contains("classif") })
  }
}
