import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import Testing

@testable import SalesforceConnector

@Suite("SOQL that was written by hand")
struct SOQLParserTests {
  @Test(
    "is read into parts and written anew",
    arguments: [
      ("SELECT Id FROM Account", "SELECT Id FROM Account"),
      ("select Id,Name from Account where Name like 'A\\'s%' limit 5", "SELECT Id, Name FROM Account WHERE Name LIKE 'A\\'s%' LIMIT 5"),
      (
        "SELECT Id FROM Opportunity WHERE (Amount > 5 OR IsWon = true) AND NOT StageName IN ('A','B')",
        "SELECT Id FROM Opportunity WHERE (Amount > 5 OR IsWon = TRUE) AND (NOT (StageName IN ('A', 'B')))"
      ), ("SELECT Id FROM Opportunity WHERE CloseDate = last_n_days:30", "SELECT Id FROM Opportunity WHERE CloseDate = LAST_N_DAYS:30"),
      (
        "SELECT Id FROM Case WHERE CreatedDate >= 2026-01-01T00:00:00Z AND Amount__c < USD5000",
        "SELECT Id FROM Case WHERE CreatedDate >= 2026-01-01T00:00:00Z AND Amount__c < USD5000"
      ),
      (
        "SELECT StageName, sum(Amount) s, COUNT(Id) FROM Opportunity GROUP BY StageName HAVING COUNT(Id) > 1 ORDER BY StageName DESC NULLS LAST LIMIT 3 OFFSET 2",
        "SELECT StageName, SUM(Amount) s, COUNT(Id) FROM Opportunity GROUP BY StageName HAVING COUNT(Id) > 1 ORDER BY StageName DESC NULLS LAST LIMIT 3 OFFSET 2"
      ), ("SELECT COUNT() FROM Account USING SCOPE mine", "SELECT COUNT() FROM Account USING SCOPE mine"),
      ("SELECT Id, (SELECT LastName FROM Contacts WHERE Email != null) FROM Account", "SELECT Id, (SELECT LastName FROM Contacts WHERE Email != NULL) FROM Account"),
      ("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity)", "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity)"),
      ("SELECT toLabel(Status) FROM Lead WITH SECURITY_ENFORCED", "SELECT toLabel(Status) FROM Lead WITH SECURITY_ENFORCED"),
      ("SELECT Id FROM A__c WHERE M__c INCLUDES ('a;b', 'c')", "SELECT Id FROM A__c WHERE M__c INCLUDES ('a;b', 'c')"),
    ])
  func reads(_ text: String, _ expected: String) throws {
    let query = try SOQLParser.parse(text)
    #expect(query.text == expected)
    // What it writes it reads as the same.
    #expect(try SOQLParser.parse(query.text).text == expected)
  }

  @Test(
    "is refused where it is not one bounded SELECT",
    arguments: [
      "", "DELETE FROM Account", "SELECT Id FROM Account; DELETE", "SELECT Id FROM Account -- x", "SELECT Id FROM Account /* x */",
      "SELECT FIELDS(ALL) FROM Account LIMIT 200",
      "SELECT TYPEOF What WHEN Account THEN Phone END FROM Event", "SELECT Id FROM Account FOR UPDATE", "SELECT Id FROM Account FOR VIEW",
      "SELECT Id FROM Account ALL ROWS",
      "SELECT Id FROM Account a", "SELECT Id FROM Account WHERE Name = :name", "SELECT Id FROM Account WHERE Name = 'x", "SELECT Id FROM Account WHERE Name = \"x\"",
      "SELECT Id FROM Account WHERE (Name = 'x'", "SELECT Id FROM Account WHERE A = 1 AND B = 2 OR C = 3", "SELECT Id FROM Account LIMIT -1",
      "SELECT Id FROM Account LIMIT x",
      "SELECT Id FROM Account WHERE Name = 'a\\q'", "SELECT EVIL(Id) FROM Account", "SELECT Name x FROM Account", "SELECT Id FROM Account UPDATE TRACKING",
      "SELECT Id, (SELECT Id, (SELECT Id FROM X) FROM Y) FROM Z", "SELECT Id FROM A WHERE X =< 1", "SELECT Id FROM A WHERE Name = bare",
      "SELECT Id FROM A LIMIT 1 LIMIT 2",
    ])
  func refuses(_ text: String) {
    #expect { try SOQLParser.parse(text) } throws: { ($0 as? VendorError)?.code == .refused }
  }

  @Test("Nesting without end is refused, not followed")
  func nesting() {
    let deep = "SELECT Id FROM A WHERE " + String(repeating: "(", count: 5000) + "X = 1" + String(repeating: ")", count: 5000)
    #expect { try SOQLParser.parse(deep) } throws: { "\($0)".contains("nested too deeply") }
    #expect { try SOQLParser.parse("SELECT Id FROM A WHERE X = '" + String(repeating: "a", count: 30_000) + "'") } throws: { "\($0)".contains("at most") }
  }
}

@Suite("Queries from parts")
struct QueryPartTests {
  private func query(_ arguments: JSONValue, _ settings: JSONObject = [:]) async throws -> (text: String?, failure: String?) {
    var settings = settings
    settings["tools"] = ["soql_query"]
    let fixture = try await SalesforceFixture(settings)
    fixture.vendor.always("GET", "/services/data/v62.0/query", SalesforceFixture.page([]))
    let result = try await fixture.salesforce.call("soql_query", arguments)
    return (fixture.queries.first, result.isError ? result.text : nil)
  }

  @Test("Values become literals that cannot end early")
  func literals() async throws {
    let found = try await query([
      "object": "Invoice__c", "fields": ["Id"],
      "conditions": [
        ["field": "Name", "value": "x' OR Name != 'y"], ["field": "Due__c", "op": "lt", "value": "2026-07-28"],
        ["field": "Code__c", "value": "2026-07-28", "kind": "text"],
        ["field": "Paid__c", "value": false], ["field": "Note__c", "op": "ne", "value": nil], ["field": "Path__c", "op": "in", "value": ["a\\", "b\nc"]],
      ], "match": "any", "limit": 7,
    ])
    #expect(
      found.text
        == "SELECT Id FROM Invoice__c WHERE Name = 'x\\' OR Name != \\'y' OR Due__c < 2026-07-28 OR Code__c = '2026-07-28' OR Paid__c = FALSE OR Note__c != NULL OR Path__c IN ('a\\\\', 'b\\nc') LIMIT 7"
    )
  }

  @Test(
    "Names that are none are refused before anything is sent",
    arguments: [
      ["object": "Account WHERE Id != null", "fields": ["Id"]], ["object": "Account", "fields": ["Id FROM User"]], ["object": "Account", "fields": ["Id, Name"]],
      ["object": "Account", "conditions": [["field": "Name = 'a' OR Name", "value": 1]]], ["object": "Account", "order": [["field": "Name LIMIT 5"]]],
      ["object": "Account", "fields": ["A.B.C.D.E.F.G"]], ["soql": "SELECT Id FROM Account", "object": "User"], [:],
    ] as [JSONValue])
  func names(_ arguments: JSONValue) async throws {
    let found = try await query(arguments)
    #expect(found.text == nil)
    #expect(found.failure != nil)
  }

  @Test("Known objects are asked for what policy decides by, and every query has a bound")
  func policyFields() async throws {
    #expect(
      try await query(["soql": "SELECT Name FROM Opportunity LIMIT 90000"]).text
        == "SELECT Name, Id, AccountId, StageName, Amount, IsClosed, IsWon, OwnerId FROM Opportunity LIMIT 10000")
    #expect(try await query(["soql": "SELECT id FROM Invoice__c"], ["maximum_rows": 50]).text == "SELECT id FROM Invoice__c LIMIT 50")
    #expect(
      try await query(["object": "Task", "fields": ["Subject"]], ["owner_field": "Owner.Username", "team_field": "Owner.UserRole.Name"]).text
        == "SELECT Subject, Id, WhatId, AccountId, IsClosed, Owner.Username, Owner.UserRole.Name FROM Task LIMIT 200")
  }

  @Test(
    "The settings' objects and fields hold wherever they stand in a query",
    arguments: [
      "SELECT Id FROM Payslip__c", "SELECT Id FROM Account WHERE Id IN (SELECT Account__c FROM Payslip__c)", "SELECT SSN__c FROM Contact",
      "SELECT Id FROM Contact WHERE ssn__C = 'x'",
      "SELECT Contact.SSN__c FROM Case", "SELECT Id FROM Contact ORDER BY SSN__c", "SELECT Id, (SELECT Id FROM Payslips__r) FROM Account",
      "SELECT Payslip__r.Amount__c FROM Account",
      "SELECT toLabel(SSN__c) FROM Contact",
    ])
  func accessLists(_ soql: String) async throws {
    let found = try await query(["soql": .string(soql)], ["objects": ["deny": ["Payslip*"]], "fields": ["deny": ["Contact.SSN__c"]]])
    #expect(found.text == nil)
    #expect(found.failure != nil)
  }

  @Test(
    "A denied field is denied with its parts, and where no object's name stands",
    arguments: [
      ("SELECT Id, (SELECT SSN__c FROM Contacts) FROM Account", "settings limit objects or fields"),
      ("SELECT BillingCity FROM Account", "no field BillingCity of Account"), ("SELECT Account.BillingCity FROM Contact", "no field Account.BillingCity of Contact"),
    ])
  func deniedParts(_ soql: String, _ words: String) async throws {
    let found = try await query(["soql": .string(soql)], ["fields": ["deny": ["Contact.SSN__c", "Account.BillingAddress"]]])
    #expect(found.text == nil && found.failure?.contains(words) == true, "\(found.failure ?? "")")
  }

  @Test("Sums are asked by aggregate_query, records by soql_query")
  func kinds() async throws {
    #expect(try await query(["soql": "SELECT COUNT(Id) FROM Account"]).failure?.contains("aggregate_query") == true)
    let fixture = try await SalesforceFixture()
    fixture.vendor.always("GET", "/services/data/v62.0/query", SalesforceFixture.page([], total: 41))
    #expect(try await fixture.salesforce.failure("aggregate_query", ["soql": "SELECT Id FROM Account"]).contains("soql_query"))
    #expect(try await fixture.salesforce.structured("aggregate_query", ["soql": "SELECT COUNT() FROM Account WHERE Name != null"])["count"]?.int == 41)
    #expect(fixture.queries.last == "SELECT COUNT() FROM Account WHERE Name != NULL")
  }

  @Test("Words of a search are escaped, and end where they should")
  func sosl() async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.always("GET", "/services/data/v62.0/search", .json(["searchRecords": []]))
    _ = try await fixture.salesforce.structured("sosl_search", ["text": "a} RETURNING User(Id) {b", "objects": ["Invoice__c"]])
    #expect(fixture.queries == ["FIND {a\\} RETURNING User\\(Id\\) \\{b} IN ALL FIELDS RETURNING Invoice__c(Id, Name) LIMIT 50"])
  }

  private static let descriptions: [String: [JSONValue]] = [
    "Contact": [
      ["name": "Id", "type": "id", "nameField": false], ["name": "Name", "type": "string", "nameField": true],
      ["name": "FirstName", "type": "string", "nameField": false],
      ["name": "Email", "type": "email", "nameField": false], ["name": "Phone", "type": "phone", "nameField": false],
      ["name": "AssistantName", "type": "string", "nameField": false], ["name": "SSN__c", "type": "string", "nameField": false],
    ], "Account": [["name": "Name", "type": "string", "nameField": true], ["name": "Website", "type": "url", "nameField": false]],
    "Product2": [["name": "Name", "type": "string", "nameField": true], ["name": "SSN__c", "type": "string", "nameField": false]], "Empty__c": [],
  ]

  private static let scopes = ["all", "name", "email", "phone", "sidebar"]
  private static let denials: [(pattern: String, object: String, open: [String])] = [
    ("SSN__c", "Contact", ["name", "email", "phone"]), ("Contact.SSN__c", "contact", ["name", "email", "phone"]),
    ("C*.SSN*", "Contact", ["name", "email", "phone"]), ("Email", "Contact", ["name", "phone"]), ("FirstName", "Contact", ["email", "phone"]),
    ("AssistantName", "Contact", ["email", "phone"]), ("Account.Name", "Contact", ["email", "phone"]), ("Website", "Account", ["email", "phone"]),
    ("Lead.SSN__c", "Account", scopes),
    // Salesforce heeds no scope there.
    ("SSN__c", "Product2", []),
    // What does not tell its fields.
    ("SSN__c", "Empty__c", []),
  ]

  @Test("A search does not find records by fields that the settings keep out, and says which scopes are left", arguments: denials)
  func denied(_ pattern: String, _ object: String, _ open: [String]) async throws {
    let fixture = try await SalesforceFixture(["fields": ["deny": [.string(pattern)]]])
    fixture.vendor.always("GET", "/services/data/v62.0/search", .json(["searchRecords": []]))
    fixture.vendor.always("GET", "/services/data/v62.0/sobjects/*/describe") { request in
      let name = request.path.split(separator: "/").dropLast().last.map(String.init) ?? ""
      return .json(["name": .string(name), "fields": .array(Self.descriptions[name == "contact" ? "Contact" : name] ?? [])])
    }
    for scope in Self.scopes {
      let before = fixture.queries.count
      let result = try await fixture.salesforce.call("sosl_search", ["text": "078-05-1120", "objects": [.string(object)], "scope": .string(scope)])
      #expect(result.isError != open.contains(scope) && fixture.queries.count == before + (open.contains(scope) ? 1 : 0), "\(scope): \(result.text)")
      guard result.isError else { continue }
      let left = open.isEmpty ? "Instead use soql_query" : "Instead search with scope \(open.joined(separator: " or ")), or use soql_query"
      #expect(result.text.contains("settings keep out") && result.text.contains(left) && !result.text.contains("SSN"), "\(result.text)")
    }
    // Once for all scopes, and not at all where nothing is kept out.
    #expect(fixture.requests.filter { $0.path.hasSuffix("/describe") }.count == (pattern == "Lead.SSN__c" ? 0 : 1))
  }

  @Test("Objects with fields that the settings keep out are left aside where a search names none, and an allow list keeps out what it does not name")
  func deniedByItself() async throws {
    func fixture(_ fields: JSONValue) async throws -> SalesforceFixture {
      let fixture = try await SalesforceFixture(["fields": fields])
      fixture.vendor.always("GET", "/services/data/v62.0/search", .json(["searchRecords": []]))
      fixture.vendor.always("GET", "/services/data/v62.0/sobjects/*/describe") { request in
        let name = request.path.split(separator: "/").dropLast().last.map(String.init) ?? ""
        return .json(["name": .string(name), "fields": .array(Self.descriptions[name] ?? [["name": "Name", "type": "string", "nameField": true]])])
      }
      return fixture
    }
    let denying = try await fixture(["deny": ["Contact.SSN__c"]])
    _ = try await denying.salesforce.structured("sosl_search", ["text": "roof"])
    #expect(denying.queries.last?.contains("Account(") == true && denying.queries.last?.contains("Contact(") == false)
    let allowing = try await fixture(["allow": ["Account.*"]])
    _ = try await allowing.salesforce.structured("sosl_search", ["text": "roof"])
    #expect(allowing.queries.last?.contains("RETURNING Account(") == true && allowing.queries.last?.contains("), ") == false)
    let nothing = try await fixture(["allow": ["Invoice__c.*"]])
    #expect(try await nothing.salesforce.failure("sosl_search", ["text": "roof"]).contains("may not be seen") && nothing.queries.isEmpty)
  }
}
