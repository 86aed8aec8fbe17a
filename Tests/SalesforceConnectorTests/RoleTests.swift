import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import Testing

@testable import SalesforceConnector

/// The rules of a sales manager and of finance, as a gateway sends them for the roles of the sample company.
@Suite("Roles over Salesforce")
struct RoleTests {
  private static let ben = "0055e000001BenAAAA"
  private static let west = "006ak00000WestAAAL"
  private static let east = "006ak00000EastAAAL"
  private static let open = "006ak00000OpenAAAL"

  private static let manager = SalesforceFixture.rules([
    "Account": .compare(attribute: "team", .equal, "West"), "Opportunity": .compare(attribute: "team", .equal, "West"), "Contact": .constant(false),
  ])
  /// No account and no contact anywhere: for finance they do not exist.
  private static let finance = SalesforceFixture.rules(
    Dictionary(uniqueKeysWithValues: ["Account", "Contact", "Case", "Lead", "Task", "SalesforceRecord", "File"].map { ($0, RowFilter.constant(false)) })
      .merging(["Opportunity": .compare(attribute: "is_closed", .equal, true)]) { $1 })

  private static func opportunity(_ id: String, team: String, isClosed: Bool) -> JSONValue {
    SalesforceFixture.record(
      "Opportunity",
      [
        "Id": .string(id), "Name": .string("Deal of \(team)"), "OwnerId": .string(ben), "Team__c": .string(team), "Amount": 50000, "IsClosed": .bool(isClosed),
        "IsWon": .bool(isClosed), "StageName": .string(isClosed ? "Closed Won" : "Qualification"),
      ])
  }

  /// A double that finds more than the rules let through: deals of another team, of one that differs in case, and open ones.
  private static func fixture() async throws -> SalesforceFixture {
    let fixture = try await SalesforceFixture(["team_field": "Team__c"], isGoverned: true)
    let records = [
      opportunity(west, team: "West", isClosed: true), opportunity(east, team: "East", isClosed: true), opportunity(open, team: "west", isClosed: false),
    ]
    fixture.vendor.always("GET", "\(SalesforceFixture.root)/query") { request in
      let query = request.query("q") ?? ""
      if query.contains("Id = NULL") { return SalesforceFixture.page([]) }
      if query.contains("SUM(") {
        return SalesforceFixture.page([SalesforceFixture.record("AggregateResult", ["revenue": 50000, "StageName": "Closed Won"])])
      }
      let named = records.filter { record in record["Id"]?.string.map { query.contains($0) } ?? false }
      return SalesforceFixture.page(named.isEmpty ? records : named)
    }
    fixture.vendor.always("PATCH", "\(SalesforceFixture.root)/sobjects/Opportunity/*", .status(204))
    return fixture
  }

  private static func ids(_ result: JSONValue) -> [String?] { (result["opportunities"]?.array ?? []).map { $0["id"]?.string } }

  @Test("A manager reads the team's opportunities, whoever owns them, and no other team's")
  func managerReads() async throws {
    let fixture = try await Self.fixture()
    let found = try await fixture.salesforce.structured("soql_query", ["object": "Opportunity"], as: "mia", meta: SalesforceFixture.governed(Self.manager))
    // Salesforce compares texts without regard to case: what it finds too much is left out.
    #expect(Self.ids(found) == [Self.west], "\(found.text)")
    #expect(found["opportunities"]?.array?.first?["team"] == "West")
    #expect(fixture.queries.last?.contains("WHERE Team__c = 'West'") == true && fixture.queries.last?.contains("Team__c,") == true, "\(fixture.queries)")
    _ = try await fixture.salesforce.call("soql_query", ["object": "Contact"], as: "mia", meta: SalesforceFixture.governed(Self.manager))
    #expect(fixture.queries.last?.contains("WHERE Id = NULL") == true)
    let sum: JSONValue = ["object": "Opportunity", "functions": [["function": "sum", "field": "Amount", "name": "revenue"]]]
    #expect(try await fixture.salesforce.failure("aggregate_query", sum, as: "mia", meta: SalesforceFixture.governed(Self.manager)).contains("cannot be summed up"))
  }

  @Test("A manager updates forecasts of the team's opportunities, and of no other's")
  func managerForecasts() async throws {
    let fixture = try await Self.fixture()
    func forecast(_ id: String) -> JSONValue { ["object": "Opportunity", "id": .string(id), "fields": ["ForecastCategoryName": "Commit"]] }
    let meta = SalesforceFixture.governed(Self.manager)
    _ = try await fixture.salesforce.structured("update_record", forecast(Self.west), as: "mia", meta: meta)
    for id in [Self.east, Self.open] {
      #expect(try await fixture.salesforce.failure("update_record", forecast(id), as: "mia", meta: meta).contains("may not be seen"))
    }
    let changes = fixture.requests.filter { $0.method == "PATCH" }
    #expect(changes.map(\.segments.last) == [Self.west] && changes.first?.text == "{\"ForecastCategoryName\":\"Commit\"}")
  }

  @Test("Finance reads closed opportunities and their revenue")
  func financeReads() async throws {
    let fixture = try await Self.fixture()
    let meta = SalesforceFixture.governed(Self.finance)
    let found = try await fixture.salesforce.structured("soql_query", ["object": "Opportunity"], as: "fay", meta: meta)
    #expect(Self.ids(found) == [Self.west, Self.east], "\(found.text)")
    #expect(fixture.queries.last?.contains("WHERE IsClosed = TRUE") == true)
    let revenue = try await fixture.salesforce.structured(
      "aggregate_query",
      ["object": "Opportunity", "functions": [["function": "sum", "field": "Amount", "name": "revenue"]], "group_by": ["StageName"]], as: "fay", meta: meta)
    #expect(revenue.text.contains("50000"), "\(revenue.text)")
    #expect(fixture.queries.last?.contains("WHERE IsClosed = TRUE") == true, "\(fixture.queries)")
    #expect(try await fixture.salesforce.failure("get_record", ["object": "Opportunity", "id": .string(Self.open)], as: "fay", meta: meta).contains("may not be seen"))
  }

  @Test("For finance there is no account, no contact and no change")
  func financeNothingElse() async throws {
    let fixture = try await Self.fixture()
    let meta = SalesforceFixture.governed(Self.finance)
    for object in ["Account", "Contact", "Invoice__c"] {
      _ = try await fixture.salesforce.call("soql_query", ["object": .string(object)], as: "fay", meta: meta)
      #expect(fixture.queries.last?.contains("WHERE Id = NULL") == true, "\(object)")
    }
    for object in ["Account", "Contact"] {
      let failure = try await fixture.salesforce.failure(
        "get_record", ["object": .string(object), "id": .string("001ak00000AcmeCAAL")], as: "fay", meta: meta)
      #expect(failure.contains("may not be seen"), "\(failure)")
    }
    // The gateway says for a change that no record may be changed.
    let changing = SalesforceFixture.governed(SalesforceFixture.rules(["Opportunity": .constant(false)]))
    _ = try await fixture.salesforce.failure(
      "update_record", ["object": "Opportunity", "id": .string(Self.west), "fields": ["Amount": 1]], as: "fay", meta: changing)
    #expect(!fixture.requests.contains { $0.method != "GET" })
  }
}
