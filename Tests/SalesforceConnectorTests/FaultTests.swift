import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import Testing

@testable import SalesforceConnector

@Suite("The Salesforce connector and a Salesforce that fails")
struct SalesforceFaultTests {
  private let query: JSONValue = ["object": "Invoice__c", "fields": ["Id"]]
  private static let path = "/services/data/v62.0/query"
  private static let row = SalesforceFixture.record("Invoice__c", ["Id": "a0B000000000001AAA"])

  @Test("The org's allowance of the day is told and not asked for again")
  func totalRequests() async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.always("GET", Self.path, SalesforceFixture.error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status: 403))
    let failure = try await fixture.salesforce.failure("soql_query", query)
    #expect(failure.contains("TotalRequests"))
    #expect(failure.contains("Try again in 900 s"))
    _ = try await fixture.salesforce.failure("soql_query", query)
    #expect(fixture.requests.count == 1)
  }

  @Test(
    "Too many long requests at once are waited for",
    arguments: ["ConcurrentPerOrgLongTxn Limit exceeded.", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."])
  func concurrent(_ message: String) async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.on("GET", Self.path, SalesforceFixture.error("REQUEST_LIMIT_EXCEEDED", message, status: 403), SalesforceFixture.page([Self.row]))
    #expect(try await fixture.salesforce.structured("soql_query", query)["records"]?.array?.count == 1)
    #expect(fixture.salesforce.time.waits.reduce(0, +) >= 4)
  }

  @Test("A limit that does not end is told after few tries, however short Retry-After is", arguments: ["0", "1", "600"])
  func retryAfter(_ after: String) async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.always(
      "GET", Self.path, SalesforceFixture.error("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", status: 403, headers: [("Retry-After", after)]))
    let failure = try await fixture.salesforce.failure("soql_query", query)
    #expect(failure.contains("ConcurrentPerOrgLongTxn"))
    #expect(failure.contains("Try again in"))
    #expect(fixture.requests.count <= (after == "600" ? 1 : 4))
  }

  @Test("What is left of the allowance is kept for others when the reserve is reached")
  func reserve() async throws {
    let fixture = try await SalesforceFixture(["reserve_percent": 10])
    fixture.vendor.always(
      "GET", Self.path,
      ConnectorTesting.Answer.json(["totalSize": 0, "records": []], headers: [("Sforce-Limit-Info", "api-usage=901/1000; per-app-api-usage=3/250(appName=x)")]))
    _ = try await fixture.salesforce.structured("soql_query", query)
    #expect(try await fixture.salesforce.failure("soql_query", query).contains("the limit is reached"))
    #expect(fixture.requests.count == 1)
    fixture.salesforce.time.advance(400)
    _ = try await fixture.salesforce.structured("soql_query", query)
  }

  @Test("An allowance that no org has is not believed", arguments: ["1/9223372036854775807", "-9223372036854775808/5", "1/0", "x/5"])
  func oddAllowance(_ usage: String) async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.always("GET", Self.path, ConnectorTesting.Answer.json(["totalSize": 0, "records": []], headers: [("Sforce-Limit-Info", "api-usage=\(usage)")]))
    for _ in 0..<2 { _ = try await fixture.salesforce.structured("soql_query", query) }
  }

  @Test("An expired session is renewed once, in the middle of paging too")
  func expiry() async throws {
    let fixture = try await SalesforceFixture(signsIn: false)
    fixture.secrets.guardText("second_token")
    fixture.vendor.on("POST", "/services/oauth2/token", SalesforceFixture.signedIn(fixture.vendor.url), SalesforceFixture.signedIn(fixture.vendor.url, "second_token"))
    fixture.vendor.on("GET", Self.path, SalesforceFixture.page([Self.row], total: 2, next: "\(Self.path)/01gD-200"))
    let expired = try SharedData.isPresent ? SharedData.json("salesforce/restforce/expired_session_response.json") : [["errorCode": "INVALID_SESSION_ID"]]
    fixture.vendor.on("GET", Self.path + "/*", .json(expired, status: 401), SalesforceFixture.page([Self.row], total: 2))
    let first = try await fixture.salesforce.structured("soql_query", query)
    let second = try await fixture.salesforce.structured("query_more", ["cursor": try #require(first["next_cursor"])])
    #expect(second["records"]?.array?.count == 1)
    #expect(second["next_cursor"] == nil)
    #expect(fixture.requests.last?.header("Authorization") == "Bearer second_token")
  }

  @Test("A session that a new token does not bring back is told, after one renewal")
  func refusedAgain() async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.always("GET", Self.path, SalesforceFixture.error("INVALID_SESSION_ID", "Session expired or invalid", status: 401))
    #expect(try await fixture.salesforce.failure("soql_query", query).contains("INVALID_SESSION_ID"))
    #expect(fixture.requests.count == 2)
  }

  @Test("A short page that is not the last is not the end, and a cursor outlives a restart")
  func shortPage() async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.on("GET", Self.path, SalesforceFixture.page([], total: 2, next: "\(Self.path)/01gD-200"))
    let first = try await fixture.salesforce.structured("soql_query", query)
    #expect(first["records"]?.array?.isEmpty == true)
    let cursor = try #require(first["next_cursor"])
    let again = try await SalesforceFixture()
    again.vendor.on("GET", Self.path + "/*", SalesforceFixture.page([Self.row], total: 2))
    #expect(try await again.salesforce.structured("query_more", ["cursor": cursor])["records"]?.array?.count == 1)
    #expect(again.requests.first?.path == "\(Self.path)/01gD-200")
  }

  @Test(
    "A cursor leads to a page of a query and to nothing else",
    arguments: [
      "Account /services/data/v62.0/sobjects/User", "Account /services/data/v62.0/query/../sobjects/User", "Account https://evil.example/services/data/v62.0/query/01g",
      "Account //evil.example/services/data/v62.0/query/01g", "Account /services/data/v62.0/query/01g?x=1", "Account /services/data/v62.0/query/01g%2F..",
      "Payslip__c /services/data/v62.0/query/01g",
      "Account", "x",
    ])
  func cursors(_ vendor: String) async throws {
    let fixture = try await SalesforceFixture(["objects": ["deny": ["Payslip__c"]]])
    _ = try await fixture.salesforce.failure("query_more", ["cursor": .string(PageCursorText.text(vendor))])
    #expect(fixture.requests.isEmpty)
  }

  @Test("A truncated answer is an error, not half a list")
  func truncated() async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.always("GET", Self.path, .truncated(["totalSize": 1, "done": true, "records": [Self.row]]))
    #expect(!(try await fixture.salesforce.failure("soql_query", query)).contains("Nothing found"))
  }

  @Test("A slow answer is waited for, and one without end is cut off")
  func slowAndEndless() async throws {
    let fixture = try await SalesforceFixture(["maximum_bytes": 1_000_000])
    fixture.vendor.on("GET", Self.path, .slow(["totalSize": 1, "done": true, "records": [Self.row]]))
    #expect(try await fixture.salesforce.structured("soql_query", query)["records"]?.array?.count == 1)
    fixture.vendor.on("GET", Self.path, .oversized(5 << 20))
    #expect(try await fixture.salesforce.failure("soql_query", query).contains("longer than 1000000 bytes"))
  }

  @Test("A write whose answer was lost is not sent again, and says that it may have had its effect", arguments: ["create_record", "update_record"])
  func lost(_ tool: String) async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.always("POST", "/services/data/v62.0/sobjects/Invoice__c", .lost)
    fixture.vendor.always("PATCH", "/services/data/v62.0/sobjects/Invoice__c/*", .lost)
    var arguments: JSONValue = ["object": "Invoice__c", "fields": ["Name": "x"]]
    if tool == "update_record" { arguments["id"] = .string(SalesforceFixture.id) }
    #expect(try await fixture.salesforce.failure(tool, arguments).contains("may have had its effect"))
    #expect(fixture.requests.count == 1)
  }

  @Test("A Salesforce that is down is asked again for reads")
  func unavailable() async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.on("GET", Self.path, SalesforceFixture.error("SERVER_UNAVAILABLE", "down", status: 503), SalesforceFixture.page([Self.row]))
    #expect(try await fixture.salesforce.structured("soql_query", query)["records"]?.array?.count == 1)
  }

  @Test("A Salesforce that does not answer is given up in time")
  func hang() async throws {
    let fixture = try await SalesforceFixture(["timeout": 1])
    fixture.vendor.always("GET", Self.path, .hang)
    #expect(try await fixture.salesforce.failure("soql_query", query).contains("Salesforce"))
  }

  @Test("Every tool tells a limit and a truncated answer, and none makes an empty result of them", arguments: SalesforceAct.all)
  func everyTool(_ act: SalesforceAct) async throws {
    let limited = try await SalesforceFixture(["tools": [.string(act.tool)]])
    let cut = try await SalesforceFixture(["tools": [.string(act.tool)]])
    for method in ["GET", "POST", "PATCH", "DELETE"] {
      limited.vendor.always(method, "/**", SalesforceFixture.error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status: 403))
      cut.vendor.always(method, "/**", .truncated(["totalSize": 1, "done": true, "records": [Self.row]]))
    }
    #expect(try await limited.salesforce.failure(act.tool, act.arguments).contains("TotalRequests"))
    #expect(limited.requests.count == 1, "\(limited.requests.prefix(3).map(\.description)) \(limited.requests.last?.description ?? "")")
    #expect(try await cut.salesforce.failure(act.tool, act.arguments).contains("Salesforce"))
  }

  @Test("A refusal that is no limit is not repeated")
  func forbidden() async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.always("GET", Self.path, SalesforceFixture.error("API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", status: 403))
    #expect(try await fixture.salesforce.failure("soql_query", query).contains("API_DISABLED_FOR_ORG"))
    #expect(fixture.requests.count == 1)
  }
}

@Suite("Changes in Salesforce")
struct ChangeTests {
  @Test("Records that changed become updates of their resources, from the place of last time on")
  func changes() async throws {
    let time = VirtualTime(sleeps: 2)
    let state = InMemoryConnectorState()
    let fixture = try await SalesforceFixture(["changes": ["Opportunity"], "changes_interval": 60], time: time, state: state)
    fixture.vendor.on(
      "GET", "/services/data/v62.0/query",
      SalesforceFixture.page([SalesforceFixture.record("Opportunity", ["Id": .string(SalesforceFixture.id), "SystemModstamp": "2026-11-29T12:00:00.000+0000"])]),
      SalesforceFixture.page([]))
    fixture.vendor.always("GET", Self.deleted, .json(["deletedRecords": []]))
    await fixture.salesforce.connector.run()
    // The first turn asks nothing: what was before is no news.
    #expect(fixture.queries.count == 2)
    #expect(fixture.queries.first?.hasPrefix("SELECT Id, SystemModstamp FROM Opportunity WHERE SystemModstamp > ") == true)
    #expect(
      fixture.queries.last?.contains(
        "(SystemModstamp > 2026-11-29T12:00:00Z OR (SystemModstamp = 2026-11-29T12:00:00Z AND Id > '\(SalesforceFixture.id)')) AND SystemModstamp <= ")
        == true)
    #expect(fixture.queries.last?.hasSuffix("ORDER BY SystemModstamp, Id LIMIT 200") == true)
  }

  private static let deleted = "/services/data/v62.0/sobjects/Opportunity/deleted"
  private static let subscribed = "salesforce://acme/record/Opportunity/\(SalesforceFixture.id)"

  /// What three turns ask of deletions, and the cursor after them.
  private static func turns(_ answers: ConnectorTesting.Answer...) async throws -> (asked: [CapturedRequest], cursors: [String]) {
    let fixture = try await SalesforceFixture(["changes": ["Opportunity"], "changes_interval": 60], time: VirtualTime(seconds: 1_795_990_000))
    let feed = try #require(fixture.salesforce.connector.feeds.first)
    fixture.vendor.always("GET", "/services/data/v62.0/query", SalesforceFixture.page([]))
    for answer in answers { fixture.vendor.on("GET", deleted, answer) }
    var cursors = [try await feed.next(nil).cursor]
    for _ in answers {
      fixture.salesforce.time.advance(60)
      let batch = try await feed.next(cursors.last)
      cursors.append(batch.cursor + (batch.updated.isEmpty ? "" : " " + batch.updated.joined(separator: " ")))
      if !batch.updated.isEmpty { cursors.append(batch.cursor) }
    }
    return (fixture.requests.filter { $0.path == deleted }, cursors)
  }

  @Test("Records that were deleted become updates, too, each minute asked for once")
  func deletions() async throws {
    let one: JSONValue = ["deletedRecords": [["id": .string(SalesforceFixture.id), "deletedDate": "2026-11-29T12:00:00.000+0000"], ["id": "../x"]]]
    let (asked, cursors) = try await Self.turns(.json(one), .json(["deletedRecords": []]))
    let times = [0, 60, 120].map { Timestamp.text(seconds: 1_795_989_960 + $0) }
    for request in asked { #expect(RESTResources.problems(with: request).isEmpty) }
    #expect(asked.map { [$0.query("start"), $0.query("end")] } == [[times[0], times[1]], [times[1], times[2]]])
    #expect(cursors[1].hasSuffix(" \(times[1]) \(Self.subscribed)") && cursors.last?.hasSuffix(" \(times[2])") == true, "\(cursors)")
  }

  @Test("Deletions that Salesforce does not tell are asked for again, but not where there are none ever; changes are told all the same")
  func untoldDeletions() async throws {
    let late = try await Self.turns(.json(["deletedRecords": [], "latestDateCovered": "2026-11-01T00:00:00.000+0000"]), .json(["deletedRecords": []]))
    #expect(late.asked.map { $0.query("start") } == [late.asked[0].query("start"), late.asked[0].query("start")])
    let never = try await Self.turns(SalesforceFixture.error("INVALID_ID_FIELD", "not replicateable", status: 400), .json(["deletedRecords": []]))
    #expect(never.asked.map { $0.query("start") } == [never.asked[0].query("start"), never.asked[0].query("end")])
  }
}
