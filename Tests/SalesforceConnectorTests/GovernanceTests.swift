import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import Testing

@testable import SalesforceConnector

private let ann = "0055e000001AnnAAAA"
private let ben = "0055e000001BenAAAA"

@Suite("Row rules of policy in SOQL")
struct RowRuleTests {
  private static let opportunity = SalesforceTypes(owner: "OwnerId", team: "Team__c", categories: [:]).all[1]

  /// A rule, the condition of SOQL, and whether that is all of the rule.
  private static let cases: [(RowFilter, String?, Bool)] = [
    (.constant(true), nil, true), (.constant(false), "Id = NULL", true), (.compare(attribute: "owner", .equal, .string(ann)), "OwnerId = '\(ann)'", true),
    (.isIn(attribute: "owner", [.string(ann), .string(ben)]), "OwnerId IN ('\(ann)', '\(ben)')", true),
    // Fifteen letters are no id of ours, though Salesforce would find the record.
    (.compare(attribute: "owner", .equal, .string(String(ann.prefix(15)))), "Id = NULL", true),
    (.compare(attribute: "owner", .equal, .string("x' OR Id != '")), "Id = NULL", true), (.compare(attribute: "is_closed", .equal, true), "IsClosed = TRUE", true),
    (.not(.compare(attribute: "is_won", .equal, true)), "IsWon = FALSE", true),
    (.not(.compare(attribute: "owner", .equal, .string(ann))), "OwnerId NOT IN ('\(ann)') AND OwnerId != NULL", true),
    // SOQL does not know case: more rows come, and the gateway looks at them again.
    (.compare(attribute: "stage", .equal, "Closed Won"), "StageName = 'Closed Won'", false),
    (.not(.compare(attribute: "stage", .equal, "Closed Won")), "StageName != NULL", false),
    (.compare(attribute: "amount", .less, 5000), "Amount < 5000 AND Amount != NULL", true),
    (.not(.compare(attribute: "amount", .less, 5000)), "Amount >= 5000 AND Amount != NULL", true),
    (.has(attribute: "account"), "AccountId != NULL", true), (.not(.has(attribute: "account")), "AccountId = NULL", true), (.has(attribute: "is_won"), nil, true),
    (.and([.compare(attribute: "owner", .equal, .string(ann)), .like(attribute: "name", pattern: "A*")]), "OwnerId = '\(ann)'", false),
    (.or([.compare(attribute: "owner", .equal, .string(ann)), .like(attribute: "name", pattern: "A*")]), nil, false),
    (.not(.or([.compare(attribute: "owner", .equal, .string(ann)), .like(attribute: "name", pattern: "A*")])), "OwnerId NOT IN ('\(ann)') AND OwnerId != NULL", false),
    (.or([.constant(false), .compare(attribute: "is_closed", .equal, false)]), "IsClosed = FALSE", true), (.compare(attribute: "nothing", .equal, 1), nil, false),
    (.isTrue(.compare(attribute: "is_closed", .equal, true)), "IsClosed = TRUE", true), (.not(.isTrue(.compare(attribute: "is_closed", .equal, true))), nil, false),
    (.compare(attribute: "team", .equal, "O'Neill"), "Team__c = 'O\\'Neill'", false), (.contains(attribute: "owner", "x"), nil, false),
  ]

  @Test("say exactly what they mean, or less and are known to", arguments: RowRuleTests.cases.indices)
  func translation(_ index: Int) {
    let (rule, condition, isExact) = Self.cases[index]
    let found = RowRule.condition(rule, Self.opportunity)
    #expect(found.condition?.text == condition)
    #expect(found.isExact == isExact)
    #expect((RowRule.exact(rule, Self.opportunity) != nil) == isExact)
  }

  @Test("No condition leaves out a row that the rule admits, for rows of every kind", arguments: RowRuleTests.cases.indices)
  func narrowing(_ index: Int) throws {
    let (rule, _, isExact) = Self.cases[index]
    let found = RowRule.condition(rule, Self.opportunity)
    for owner in [ann, ben, nil] as [String?] {
      for stage in ["Closed Won", "closed won", "Open", nil] as [String?] {
        for amount in [4999, 5000, nil] as [Int?] {
          for isClosed in [true, false] {
            var fields: JSONObject = ["Id": "006", "IsClosed": .bool(isClosed), "IsWon": .bool(isClosed && stage != nil)]
            if let owner { fields["OwnerId"] = .string(owner) }
            if let stage { fields["StageName"] = .string(stage) }
            if let amount { fields["Amount"] = .int(amount) }
            let raw = JSONValue.object(fields).raw
            let record = try #require(SalesforceRecord(raw, of: "Opportunity", SalesforceTypes(owner: "OwnerId", team: "Team__c", categories: [:])))
            let isFound = found.condition.map { SOQLModel.admits(fields, $0) } ?? true
            let isAdmitted = rule.admits(record.json)
            #expect(!isAdmitted || isFound, "\(rule) admits \(fields), \(found.condition?.text ?? "all") does not")
            if isExact { #expect(isAdmitted == isFound, "\(rule) and \(found.condition?.text ?? "all") differ on \(fields)") }
          }
        }
      }
    }
  }
}

/// What Salesforce does with a condition: two values of truth, texts without case.
private enum SOQLModel {
  static func admits(_ row: JSONObject, _ condition: SOQLQuery.Condition) -> Bool {
    switch condition {
    case .all(let parts): return parts.allSatisfy { admits(row, $0) }
    case .any(let parts): return parts.contains { admits(row, $0) }
    case .not(let part): return !admits(row, part)
    case .compare(let term, let comparison, let literal):
      let value = row[term.text]
      switch comparison {
      case .equal: return same(value, literal)
      case .different: return !same(value, literal)
      default:
        guard let one = value?.double, case .bare(let text) = literal, let other = Double(text) else { return false }
        switch comparison {
        case .less: return one < other
        case .lessOrEqual: return one <= other
        case .greater: return one > other
        default: return one >= other
        }
      }
    case .list(let term, let membership, let literals):
      let isIn = literals.contains { same(row[term.text], $0) }
      return membership == .isIn ? isIn : !isIn
    case .query: return false
    }
  }

  private static func same(_ value: JSONValue?, _ literal: SOQLLiteral) -> Bool {
    switch literal {
    case .null: value == nil
    case .bool(let bool): value?.bool == bool
    case .bare(let text): value?.double == Double(text)
    case .quoted(let text): value?.string?.lowercased() == text.lowercased()
    }
  }
}

@Suite("Policy over Salesforce")
struct GovernanceTests {
  private static let own = SalesforceFixture.rules(["Opportunity": .compare(attribute: "owner", .equal, .string(ann))])

  private func fixture(_ settings: JSONObject = [:]) async throws -> SalesforceFixture {
    let fixture = try await SalesforceFixture(settings, isGoverned: true)
    fixture.vendor.always("GET", "/services/data/v62.0/query") { request in
      let isOpportunity = request.query("q")?.contains("FROM Opportunity") == true
      return SalesforceFixture.page([
        SalesforceFixture.record(isOpportunity ? "Opportunity" : "Invoice__c", ["Id": .string(SalesforceFixture.id), "OwnerId": .string(ben), "Amount": 50000.00])
      ])
    }
    return fixture
  }

  @Test("A query is narrowed to the rows that the rule lets through")
  func narrowed() async throws {
    let fixture = try await fixture()
    _ = try await fixture.salesforce.structured(
      "soql_query", ["soql": "SELECT Name FROM Opportunity WHERE IsWon = true OR Amount > 5"], as: "ann", meta: SalesforceFixture.governed(Self.own))
    #expect(fixture.queries.last?.contains("WHERE (IsWon = TRUE OR Amount > 5) AND OwnerId = '\(ann)' LIMIT") == true)
  }

  @Test("Sums need a rule that SOQL can say whole, and are refused otherwise")
  func sums() async throws {
    let fixture = try await fixture()
    _ = try await fixture.salesforce.structured("aggregate_query", ["object": "Opportunity"], as: "ann", meta: SalesforceFixture.governed(Self.own))
    #expect(fixture.queries == ["SELECT COUNT(Id) records FROM Opportunity WHERE OwnerId = '\(ann)'"])
    let vague = SalesforceFixture.rules(["Opportunity": .compare(attribute: "stage", .equal, "Closed Won")])
    let failure = try await fixture.salesforce.failure("aggregate_query", ["object": "Opportunity"], as: "ann", meta: SalesforceFixture.governed(vague))
    #expect(failure.contains("cannot be summed up"))
    #expect(fixture.queries.count == 1)
  }

  @Test("A type that policy does not name gives no rows")
  func unnamed() async throws {
    let fixture = try await fixture()
    _ = try await fixture.salesforce.call("soql_query", ["object": "Lead"], as: "ann", meta: SalesforceFixture.governed([:]))
    #expect(fixture.queries.last?.contains("WHERE Id = NULL") == true)
    _ = try await fixture.salesforce.call("soql_query", ["object": "Invoice__c"], as: "ann", meta: SalesforceFixture.governed([:]))
    #expect(fixture.queries.last?.contains("WHERE Id = NULL") == true)
  }

  @Test(
    "What would show other records past the rules is refused",
    arguments: [
      "SELECT Id, (SELECT Amount FROM Opportunities) FROM Account", "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity)",
      "SELECT Account.AnnualRevenue FROM Opportunity", "SELECT Id FROM Opportunity WHERE Account.Industry = 'x'",
    ])
  func past(_ soql: String) async throws {
    let fixture = try await fixture()
    _ = try await fixture.salesforce.failure("soql_query", ["soql": .string(soql)], as: "ann", meta: SalesforceFixture.governed(Self.own))
    #expect(fixture.queries.isEmpty)
  }

  @Test(
    "Data of a category that may not be seen is no way to find, order or sum up rows",
    arguments: ["WHERE Email LIKE 'a%'", "ORDER BY Phone", "WHERE NOT (MobilePhone = null)"])
  func categories(_ clause: String) async throws {
    let fixture = try await fixture(["categories": ["Invoice__c.Total__c": "confidential", "Opportunity.Secret__c": "internal"]])
    let meta = SalesforceFixture.governed(SalesforceFixture.rules([:]))
    #expect(try await fixture.salesforce.failure("soql_query", ["soql": .string("SELECT Id FROM Contact \(clause)")], as: "ann", meta: meta).contains("\"pii\""))
    #expect(try await fixture.salesforce.failure("soql_query", ["soql": "SELECT Contact.Email FROM Case"], as: "ann", meta: meta).contains("\"pii\""))
    #expect(try await fixture.salesforce.failure("aggregate_query", ["soql": "SELECT SUM(Total__c) FROM Invoice__c"], as: "ann", meta: meta).contains("\"confidential\""))
    for soql in [
      "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE Email = 'a')", "SELECT Id FROM Line__c WHERE Invoice__r.Total__c > 5",
      "SELECT Id FROM Opportunity WHERE Secret__c = 'a'",
    ] { #expect(try await fixture.salesforce.failure("soql_query", ["soql": .string(soql)], as: "ann", meta: meta).contains("does not show")) }
    #expect(fixture.queries.isEmpty)
    // Rows within rows have no place that a category could be declared for.
    let children: JSONValue = ["soql": "SELECT Id, (SELECT Email FROM Contacts) FROM Account"]
    _ = try await fixture.salesforce.failure("soql_query", children, as: "ann", meta: [MetaKey.clearance: []])
    #expect(fixture.queries.isEmpty)
    let cleared = SalesforceFixture.governed(SalesforceFixture.rules([:]), clearance: ["pii"])
    _ = try await fixture.salesforce.structured("soql_query", ["soql": .string("SELECT Id FROM Contact \(clause)")], as: "ann", meta: cleared)
  }

  @Test(
    "Who may not see a record may not change it, delete it or read its files",
    arguments: ["update_record", "delete_record", "update_opportunity_stage", "list_files", "get_related_records"])
  func writes(_ tool: String) async throws {
    let fixture = try await fixture()
    var arguments: JSONObject = ["object": "Opportunity", "id": .string(SalesforceFixture.id)]
    if tool == "update_record" { arguments["fields"] = ["Amount": 1] }
    if tool == "update_opportunity_stage" { arguments = ["opportunity": .string(SalesforceFixture.id), "stage": "x"] }
    if tool == "get_related_records" { arguments["relationship"] = "OpportunityLineItems" }
    let failure = try await fixture.salesforce.failure(tool, .object(arguments), as: "ann", meta: SalesforceFixture.governed(Self.own))
    #expect(failure.contains("may not be seen"))
    // One question, whose the record is, and nothing after it.
    #expect(fixture.requests.count == 1)
    #expect(fixture.queries.first?.hasSuffix("FROM Opportunity WHERE Id = '\(SalesforceFixture.id)'") == true || fixture.queries.first?.contains("Id IN") == true)
  }

  @Test("The owner of a record may change it")
  func ownWrite() async throws {
    let fixture = try await fixture()
    fixture.vendor.on("PATCH", "/services/data/v62.0/sobjects/Opportunity/*", .status(204))
    let mine = SalesforceFixture.rules(["Opportunity": .compare(attribute: "owner", .equal, .string(ben))])
    _ = try await fixture.salesforce.structured(
      "update_record", ["object": "Opportunity", "id": .string(SalesforceFixture.id), "fields": ["ForecastCategoryName": "Commit"]], as: "ben",
      meta: SalesforceFixture.governed(mine))
    #expect(fixture.requests.last?.text == "{\"ForecastCategoryName\":\"Commit\"}")
  }

  @Test("Reports, flows and changes by external id are refused where rows are ruled", arguments: ["run_report", "run_flow", "upsert_record", "get_file"])
  func wide(_ tool: String) async throws {
    let fixture = try await fixture()
    let arguments: [String: JSONValue] = [
      "run_report": ["report": .string(SalesforceFixture.id)], "run_flow": ["flow": "Renew"], "get_file": ["file": .string(SalesforceFixture.id)],
      "upsert_record": ["object": "Account", "external_field": "N__c", "external_id": "1", "fields": ["Name": "x"]],
    ]
    _ = try await fixture.salesforce.failure(tool, arguments[tool] ?? [:], as: "ann", meta: SalesforceFixture.governed(Self.own))
    #expect(fixture.requests.isEmpty)
  }

  @Test("A declared category that the caller may not see keeps reports and flows back, whichever object's it is", arguments: ["run_report", "run_flow"])
  func declared(_ tool: String) async throws {
    let fixture = try await SalesforceFixture(["categories": ["Invoice__c.Total__c": "confidential"]], isGoverned: true)
    PlausibleSalesforce.answer(all: fixture.vendor)
    let arguments: JSONValue = tool == "run_flow" ? ["flow": "Renew"] : ["report": .string(SalesforceFixture.id)]
    for clearance in [["pii"], ["confidential"]] {
      let meta = SalesforceFixture.governed(SalesforceFixture.rules([:]), clearance: clearance)
      #expect(try await fixture.salesforce.failure(tool, arguments, as: "ann", meta: meta).contains("every category"))
    }
    #expect(fixture.requests.isEmpty)
    let cleared = SalesforceFixture.governed(SalesforceFixture.rules([:]), clearance: ["pii", "confidential"])
    _ = try await fixture.salesforce.structured(tool, arguments, as: "ann", meta: cleared)
  }

  @Test("A search does not find records by fields of a category that the caller may not see")
  func search() async throws {
    let fixture = try await SalesforceFixture(["categories": ["Invoice__c.Payer__c": "confidential"]], isGoverned: true)
    fixture.vendor.always("GET", "\(SalesforceFixture.root)/search", .json(["searchRecords": []]))
    let meta = SalesforceFixture.governed(SalesforceFixture.rules([:]))
    for (object, category) in [("Contact", "pii"), ("lead", "pii"), ("Invoice__c", "confidential")] {
      let arguments: JSONValue = ["text": "bob@x.example", "objects": [.string(object)]]
      #expect(try await fixture.salesforce.failure("sosl_search", arguments, as: "ann", meta: meta).contains("(\(category))"))
    }
    #expect(fixture.queries.isEmpty)
    _ = try await fixture.salesforce.structured("sosl_search", ["text": "bob"], as: "ann", meta: meta)
    #expect(fixture.queries.last?.contains("Account(") == true && fixture.queries.last?.contains("Contact(") == false)
    _ = try await fixture.salesforce.structured("sosl_search", ["text": "bob", "objects": ["Contact"], "scope": "name"], as: "ann", meta: meta)
    #expect(fixture.queries.last?.contains("IN NAME FIELDS RETURNING Contact(") == true)
  }

  @Test("Parts of an address or place are the fields that they are, however they come")
  func compound() async throws {
    let fixture = try await SalesforceFixture(
      ["fields": ["deny": ["BillingStreet"]], "categories": ["Account.BillingCity": "pii", "Account.Place__c": "confidential", "Account.ShippingAddress": "internal"]],
      isGoverned: true)
    fixture.vendor.always(
      "GET", "\(SalesforceFixture.root)/query",
      SalesforceFixture.page([
        SalesforceFixture.record(
          "Account",
          [
            "Id": .string(SalesforceFixture.id), "BillingAddress": ["street": "Elm 1", "city": "Bonn", "postalCode": "53111", "geocodeAccuracy": nil],
            "Place__c": ["latitude": 50, "longitude": 7], "ShippingAddress": ["city": "Koblenz"],
          ])
      ]))
    let question: JSONValue = ["object": "Account", "fields": ["BillingAddress", "Place__c", "ShippingAddress"]]
    func row(_ clearance: [String]) async throws -> JSONValue? {
      let meta = SalesforceFixture.governed(SalesforceFixture.rules([:]), clearance: clearance)
      return try await fixture.salesforce.structured("soql_query", question, as: "ann", meta: meta)["accounts"]?.array?.first
    }
    let id = JSONValue.string(SalesforceFixture.id)
    #expect(try await row([]) == ["id": id, "object": "Account", "BillingPostalCode": "53111"])
    #expect(
      try await row(["pii", "confidential", "internal"]) == [
        "id": id, "object": "Account", "city": "Bonn", "BillingPostalCode": "53111", "Place__Latitude__s": 50, "Place__Longitude__s": 7, "ShippingCity": "Koblenz",
      ])
  }

  @Test("A declared category holds through relationships, and a usual list comes without such a member")
  func relationships() async throws {
    let fixture = try await SalesforceFixture(["categories": ["Account.Name": "confidential", "User.Name": "pii", "Invoice__c.Name": "internal"]], isGoverned: true)
    fixture.vendor.always(
      "GET", "\(SalesforceFixture.root)/query",
      SalesforceFixture.page([
        SalesforceFixture.record(
          "Opportunity",
          [
            "Id": .string(SalesforceFixture.id), "Name": "Roof", "OwnerId": .string(ben), "Account": SalesforceFixture.record("Account", ["Name": "Acme"]),
            "Owner": SalesforceFixture.record("User", ["Name": "Ben Owner"]),
          ])
      ]))
    let meta = SalesforceFixture.governed(SalesforceFixture.rules([:]))
    let result = try await fixture.salesforce.call("soql_query", ["object": "Opportunity"], as: "ann", meta: meta)
    let row = result.structured?["opportunities"]?.array?.first
    #expect(row?["name"] == "Roof" && row?["owner"]?.string == ben && row?["account_name"] == nil && row?["owner_name"] == nil, "\(result.raw.text)")
    #expect(!result.text.contains("Acme") && !result.text.contains("Ben Owner"))
    let count = fixture.queries.count
    for soql in [
      "SELECT Id FROM Opportunity WHERE Account.Name = 'Acme'", "SELECT Id FROM Contact ORDER BY Account.Owner.Name", "SELECT Invoice__r.Name FROM Line__c",
    ] { #expect(try await fixture.salesforce.failure("soql_query", ["soql": .string(soql)], as: "ann", meta: meta).contains("does not show")) }
    #expect(fixture.queries.count == count)
    let cleared = SalesforceFixture.governed(SalesforceFixture.rules([:]), clearance: ["confidential", "pii"])
    let whole = try await fixture.salesforce.structured("soql_query", ["object": "Opportunity"], as: "ann", meta: cleared)["opportunities"]?.array?.first
    #expect(whole?["account_name"] == "Acme" && whole?["owner_name"] == "Ben Owner")
  }

  @Test(
    "Metadata does not lead to people where anything limits what may be seen",
    arguments: [
      "SELECT Id, CreatedBy.Email FROM ApexClass", "SELECT Id FROM ApexClass WHERE LastModifiedBy.Phone LIKE '1%'", "SELECT Id FROM ApexLog ORDER BY LogUser.Email",
      "SELECT Id FROM FieldDefinition WHERE EntityDefinition.LastModifiedBy.Email = 'a'",
    ])
  func tooling(_ soql: String) async throws {
    let own: JSONValue = ["soql": "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Account'"]
    let denying: JSONObject = ["fields": ["deny": ["SSN__c"]]]
    let cases: [(JSONObject, JSONObject, Bool)] = [
      ([:], SalesforceFixture.governed(SalesforceFixture.rules([:])), false), (denying, [:], false), ([:], [:], true),
    ]
    for (settings, meta, isOpen) in cases {
      let fixture = try await SalesforceFixture(settings, isGoverned: true)
      fixture.vendor.always("GET", "\(SalesforceFixture.root)/tooling/query", SalesforceFixture.page([]))
      let result = try await fixture.salesforce.call("tooling_query", ["soql": .string(soql)], as: "ann", meta: meta)
      #expect(result.isError != isOpen && fixture.queries.isEmpty != isOpen, "\(result.text)")
      _ = try await fixture.salesforce.structured("tooling_query", own, as: "ann", meta: meta)
    }
  }

  @Test("A resource shows no record and no member that policy keeps back")
  func resources() async throws {
    let fixture = try await fixture()
    await #expect(throws: (any Error).self) {
      try await fixture.salesforce.read("salesforce://acme/record/Opportunity/\(SalesforceFixture.id)", as: "ann", meta: SalesforceFixture.governed(Self.own))
    }
    fixture.vendor.reset()
    fixture.vendor.always("POST", "/services/oauth2/token", SalesforceFixture.signedIn(fixture.vendor.url))
    fixture.vendor.always(
      "GET", "/services/data/v62.0/query", SalesforceFixture.page([SalesforceFixture.record("Contact", ["Id": "003", "Name": "Ada", "Email": "ada@x.example"])]))
    let rules = SalesforceFixture.governed(SalesforceFixture.rules([:]))
    let text = try await "\(fixture.salesforce.read("salesforce://acme/record/Contact/\(SalesforceFixture.id)", as: "ann", meta: rules))"
    #expect(text.contains("Ada"))
    #expect(!text.contains("ada@x.example"))
  }

  @Test("Records stand in a list of their own type, with whole amounts as whole numbers")
  func lists() async throws {
    let fixture = try await fixture()
    let json = try await fixture.salesforce.structured("soql_query", ["object": "Opportunity"], as: "ann", meta: SalesforceFixture.governed(SalesforceFixture.rules([:])))
    #expect(json["opportunities"]?.array?.first?["amount"]?.int == 50000)
    #expect(json["opportunities"]?.array?.first?["owner"]?.string == ben)
    #expect(json["records"] == nil)
  }
}
