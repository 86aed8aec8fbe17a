import ConnectorTesting
import JSON
import MCP
import Testing

@testable import SalesforceConnector

@Suite("What the Salesforce connector sends")
struct RequestTests {
  private func plausible(_ settings: JSONObject = [:]) async throws -> SalesforceFixture {
    let fixture = try await SalesforceFixture(settings)
    PlausibleSalesforce.answer(all: fixture.vendor)
    return fixture
  }

  @Test("is a resource of the REST API, with no query or body that it does not know", arguments: SalesforceAct.all)
  func described(_ act: SalesforceAct) async throws {
    let fixture = try await plausible(["tools": [.string(act.tool)]])
    let result = try await fixture.salesforce.call(act.tool, act.arguments)
    #expect(!result.isError, "\(result.text)")
    #expect(!fixture.requests.isEmpty)
    for request in fixture.requests { for problem in RESTResources.problems(with: request) { Issue.record("\(request): \(problem)") } }
  }

  @Test("is what simple-salesforce sends for the same act", .enabled(if: PythonClients.isPresent, "\(PythonClients.absence)"), .timeLimit(.minutes(3)))
  func equalToOthers() async throws {
    let other = try await VendorDouble()
    PlausibleSalesforce.answer(all: other)
    let theirs = try await PythonClients.capture("Tests/SalesforceConnectorTests/Python/salesforce_acts.py", other)
    let fixture = try await plausible()
    for act in SalesforceAct.all where act.alone == nil {
      let before = fixture.requests.count
      _ = try await fixture.salesforce.call(act.tool, act.arguments)
      let ours = Array(fixture.requests.dropFirst(before))
      for problem in RequestDifference(act.exceptions).problems(ours: ours, theirs: theirs[act.name] ?? []) { Issue.record("\(act.name): \(problem)") }
    }
    let known = Set(SalesforceAct.all.map(\.name))
    for name in theirs.keys.sorted() where !known.contains(name) { Issue.record("nobody compares \(name)") }
  }

  @Test("asks the newest version that both know, once, without the credential")
  func version() async throws {
    let fixture = try await SalesforceFixture(version: nil)
    fixture.vendor.always(
      "GET", "/services/data",
      .json([["version": "20.0", "url": "/services/data/v20.0"], ["version": "61.0"], ["version": "62.0"], ["version": "100.0"], ["label": "odd"]]))
    fixture.vendor.always("GET", "/services/data/v62.0/limits", .json([:]))
    _ = try await fixture.salesforce.structured("get_limits")
    _ = try await fixture.salesforce.structured("get_limits")
    #expect(fixture.requests.map(\.path) == ["/services/data", "/services/data/v62.0/limits", "/services/data/v62.0/limits"])
    #expect(fixture.requests[0].header("Authorization") == nil)
    #expect(fixture.requests[1].header("Authorization") == "Bearer \(SalesforceFixture.token)")
  }

  @Test("An org that offers no version that is known is told apart, with what it offers", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func unknownVersion() async throws {
    let fixture = try await SalesforceFixture(version: nil)
    fixture.vendor.always("GET", "/services/data", .json(try SharedData.json("salesforce/restforce/services_data_success_response.json")))
    #expect(try await fixture.salesforce.failure("get_limits").contains("Set api_version to one of: 20.0, 100"))
  }

  @Test("Read-only mode and default toolsets leave no tool that writes")
  func readOnly() async throws {
    let fixture = try await SalesforceFixture(["read_only": true, "toolsets": ["all"]])
    let writing = try await fixture.salesforce.client.listTools().filter { $0.annotations.readOnly != true }.map(\.name)
    #expect(writing.isEmpty)
    let standard = try await SalesforceFixture(["toolsets": ["read", "reports"]])
    #expect(try await standard.salesforce.client.listTools().allSatisfy { $0.annotations.readOnly == true })
  }
}

/// The resources of Salesforce's REST API that this connector uses, from its reference
/// (<https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_list.htm>): Salesforce publishes no description
/// with schemas that a machine reads. Its Postman collection has examples, and its sources end in 2021.
enum RESTResources {
  private struct Resource {
    var method: String
    var path: [String]
    var query: Set<String> = []
    /// Members of the body; nil for any (the fields of a record).
    var body: Set<String>? = []
  }

  private static func resource(_ method: String, _ path: String, query: Set<String> = [], body: Set<String>? = []) -> Resource {
    Resource(method: method, path: path.split(separator: "/").map(String.init), query: query, body: body)
  }

  private static let all: [Resource] = [
    resource("GET", "limits"), resource("GET", "query", query: ["q"]), resource("GET", "query/*"), resource("GET", "search", query: ["q"]),
    resource("GET", "recent", query: ["limit"]),
    resource("GET", "sobjects/*/deleted", query: ["start", "end"]),
    resource("GET", "sobjects"), resource("GET", "sobjects/*/describe"), resource("GET", "sobjects/*/listviews"), resource("GET", "sobjects/*/listviews/*/describe"),
    resource("GET", "sobjects/*/*", query: ["fields"]), resource("GET", "sobjects/*/*/*"), resource("POST", "sobjects/*", body: nil),
    resource("PATCH", "sobjects/*/*", body: nil), resource("PATCH", "sobjects/*/*/*", body: nil), resource("DELETE", "sobjects/*/*"),
    resource("GET", "sobjects/ContentVersion/*/VersionData"), resource("GET", "analytics/reports/*", query: ["includeDetails"]),
    resource("POST", "composite", body: ["allOrNone", "compositeRequest"]), resource("POST", "composite/sobjects", body: ["allOrNone", "records"]),
    resource("PATCH", "composite/sobjects", body: ["allOrNone", "records"]), resource("PATCH", "composite/sobjects/*/*", body: ["allOrNone", "records"]),
    resource("DELETE", "composite/sobjects", query: ["ids", "allOrNone"]), resource("GET", "actions/custom/flow"),
    resource("POST", "actions/custom/flow/*", body: ["inputs"]),
    resource("GET", "tooling/query", query: ["q"]), resource("POST", "jobs/query", body: ["operation", "query"]), resource("GET", "jobs/query/*"),
    resource("GET", "jobs/query/*/results", query: ["maxRecords", "locator"]),
  ]

  static func problems(with request: CapturedRequest) -> [String] {
    let path = request.segments
    if path == ["services", "oauth2", "userinfo"] { return request.method == "GET" ? [] : ["userinfo is read with GET"] }
    guard path.starts(with: ["services", "data", "v62.0"]) else { return ["no path of the REST API"] }
    let rest = Array(path.dropFirst(3))
    let found = all.filter { resource in
      resource.method == request.method && resource.path.count == rest.count && zip(resource.path, rest).allSatisfy { $0 == "*" || $0 == $1 }
    }.max { $0.path.count { $0 != "*" } < $1.path.count { $0 != "*" } }
    guard let found else { return ["no such resource"] }
    var problems = request.query.filter { !found.query.contains($0.name) }.map { "unknown query \($0.name)" }
    if found.query.contains("q"), request.query("q") == nil { problems.append("q is needed") }
    let members = request.json?.object?.map(\.name) ?? []
    if let body = found.body { problems += members.filter { !body.contains($0) }.map { "unknown member \($0)" } }
    if ["POST", "PATCH"].contains(request.method), members.isEmpty { problems.append("a body is needed") }
    return problems
  }
}
