import ConnectorTesting
import JSON
import MCP
import Testing

/// An issue tells of others: each is shown only to who may see that issue itself.
@Suite("Issues that other issues tell of")
struct JiraRelatedTests {
  private static let rule: JSONValue = ["=", "status", "Open"]
  private static func rows(_ rule: JSONValue = rule, _ others: JSONObject = JSONObject()) -> JSONObject {
    var rules = others
    rules["Issue"] = rule
    return [MetaKey.rows: .object(rules), MetaKey.clearance: []]
  }
  private static let absent = "Jira does not find it, or it may not be seen."
  private static let bulk = "/rest/api/3/issue/bulkfetch"

  private static func issue(_ key: String, _ status: String = "Open", _ fields: JSONObject = JSONObject()) -> JSONValue {
    var all = fields
    all["status"] = ["name": .string(status)]
    return JiraTest.issue(key, all)
  }

  /// ABC-1 may be seen, and tells of ABC-2, which may be too, and of ABC-3, which may not; ABC-4 is not there.
  private static let one = issue(
    "ABC-1", "Open",
    [
      "parent": ["key": "ABC-3", "fields": ["summary": "Secret"]], "subtasks": [["key": "ABC-2"], ["key": "ABC-3"], ["key": "ABC-4"]],
      "issuelinks": [
        ["id": "1", "type": ["name": "Blocks"], "outwardIssue": ["key": "ABC-3", "fields": ["summary": "Secret", "status": ["name": "Hidden"]]]],
        ["id": "2", "type": ["name": "Blocks"], "inwardIssue": ["key": "ABC-2", "fields": ["summary": "Known"]]],
      ], "customfield_10014": "ABC-3", "customfield_10015": "ABC-2", "customfield_10016": 3, "customfield_10017": ["data": ["key": "ABC-3"]],
    ])

  private func test(_ settings: JSONObject = JSONObject(), script: (VendorDouble) -> Void = { _ in }) async throws -> JiraTest {
    try await JiraTest(settings) { vendor in
      script(vendor)
      vendor.always("POST", Self.bulk) { request in
        let known = ["ABC-1": Self.one, "ABC-2": Self.issue("ABC-2"), "ABC-3": Self.issue("ABC-3", "Hidden")]
        return .json(["issues": .array((request.json?["issueIdsOrKeys"]?.array ?? []).compactMap { known[$0.string ?? ""] })])
      }
      vendor.always("GET", "/rest/api/3/issue/ABC-1", .json(Self.one))
      let list: JSONValue = ["issues": [Self.one], "values": [Self.one], "isLast": true, "isLastPage": true]
      vendor.always("POST", "/rest/api/3/search/jql", .json(list))
      for path in ["/rest/agile/1.0/sprint/*/issue", "/rest/agile/1.0/board/*/backlog", "/rest/servicedeskapi/servicedesk/1/queue/1/issue"] {
        vendor.always("GET", path, .json(list))
      }
    }
  }

  static let reads: [(String, JSONValue)] = [
    ("get_issue", ["issue": "ABC-1"]), ("get_issues", ["issues": ["ABC-1"]]), ("search_issues", ["jql": "x = 1"]), ("list_sprint_issues", ["sprint": "1"]),
    ("list_backlog", ["board": "1"]), ("list_queue_issues", ["desk": "1", "queue": "1"]),
  ]

  @Test("A parent, subtasks, links and epics that a rule hides are as if they were not there, by whichever tool", arguments: reads)
  func reading(_ tool: String, _ arguments: JSONValue) async throws {
    let test = try await test()
    let result = try await test.jira.call(tool, arguments, meta: Self.rows())
    let issue = try #require(result.structured?["issue"] ?? result.structured?["issues"]?[0], "\(result.text)")
    #expect(issue["parent"] == nil && issue["subtasks"] == ["ABC-2"] && issue["links"]?.array?.map { $0["key"] } == ["ABC-2"])
    #expect(issue["custom"] == ["customfield_10015": "ABC-2", "customfield_10016": 3])
    #expect(!result.raw.text.contains("ABC-3") && !result.raw.text.contains("Secret"))
    // They were looked at in one request, the issue itself aside.
    let looks = test.requests("POST", Self.bulk).compactMap { $0.json?["issueIdsOrKeys"]?.array }.filter { $0 != ["ABC-1"] }
    #expect(looks.map { Set($0) } == [["ABC-2", "ABC-3", "ABC-4"]])
  }

  @Test("Nobody asks for them where policy limits nothing, or where the call does not ask for what names them")
  func free() async throws {
    let test = try await test()
    let all = try await test.jira.structured("get_issue", ["issue": "ABC-1"], meta: Self.rows(["true"]))
    #expect(all["issue"]?["parent"] == "ABC-3" && all["issue"]?["links"]?.array?.count == 2)
    #expect(test.vendor.requests.count == 1)
    let bare = try await self.test { $0.always("GET", "/rest/api/3/issue/ABC-1", .json(Self.issue("ABC-1"))) }
    _ = try await bare.jira.structured("get_issue", ["issue": "ABC-1"], meta: Self.rows())
    #expect(bare.vendor.requests.count == 1)
  }

  @Test("A rule is held against the whole issue, also as to what is then not shown of it")
  func whole() async throws {
    let test = try await test()
    #expect(try await test.jira.failure("get_issue", ["issue": "ABC-1"], meta: Self.rows(["not", ["has", "parent"]])) == Self.absent)
    let result = try await test.jira.structured("get_issue", ["issue": "ABC-1"], meta: Self.rows(["and", Self.rule, ["=", "parent", "ABC-3"]]))
    #expect(result["issue"]?["key"] == "ABC-1" && result["issue"]?["parent"] == nil)
  }

  @Test("What cannot be checked is left out: at most a hundred are asked for")
  func bound() async throws {
    let many = Self.issue("ABC-1", "Open", ["subtasks": .array((1000..<1150).map { ["key": .string("ABC-\($0)")] })])
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/api/3/issue/ABC-1", .json(many))
      vendor.always("POST", Self.bulk) { request in
        .json(["issues": .array((request.json?["issueIdsOrKeys"]?.array ?? []).map { Self.issue($0.string ?? "") })])
      }
    }
    let result = try await test.jira.structured("get_issue", ["issue": "ABC-1"], meta: Self.rows())
    #expect(result["issue"]?["subtasks"]?.array?.count == 100 && test.requests("POST", Self.bulk).count == 1)
  }

  @Test("Data Center is asked by a search that one missing key does not fail")
  func dataCenter() async throws {
    let test = try await JiraTest.dataCenter { vendor in
      vendor.always("GET", "/rest/api/2/issue/ABC-1", .json(Self.one))
      vendor.always("POST", "/rest/api/2/search", .json(["issues": [Self.issue("ABC-2"), Self.issue("ABC-3", "Hidden")], "total": 2]))
    }
    let result = try await test.jira.structured("get_issue", ["issue": "ABC-1"], meta: Self.rows())
    #expect(result["issue"]?["subtasks"] == ["ABC-2"])
    #expect(test.requests("POST", "/search").map { $0.json?["validateQuery"] } == [false])
  }

  static let histories: JSONValue = [
    ["id": "1", "items": [["field": "Link", "to": "ABC-2", "toString": "This issue blocks ABC-2"]]],
    ["id": "2", "items": [["field": "Link", "from": "ABC-3", "fromString": "This issue blocks ABC-3"]]],
    ["id": "3", "items": [["field": "IssueParentAssociation", "from": "10001", "fromString": "ABC-2", "to": "10003", "toString": "ABC-3"]]],
    ["id": "4", "items": [["field": "Epic Child", "to": "10003", "toString": "ABC-3"], ["field": "status", "toString": "Done"]]],
    ["id": "5", "items": [["field": "Parent", "fieldId": "parent", "to": "10003"]]],
    ["id": "6", "items": [["field": "Epos", "fieldId": "customfield_1", "toString": "ABC-3"]]],
    ["id": "7", "items": [["field": "summary", "toString": "As ABC-3 but better"]]],
  ]

  @Test("Changes that tell of hidden issues are no changes, and no total counts them")
  func changes() async throws {
    let test = try await test { $0.always("GET", "/rest/api/3/issue/ABC-1/changelog", .json(["values": Self.histories, "total": 7, "isLast": true])) }
    let shown = try await test.jira.structured("list_changes", ["issue": "ABC-1"], meta: Self.rows(Self.rule, ["Change": ["true"]]))
    // What people write stands as they wrote it.
    #expect(shown["changes"]?.array?.map { $0["id"] } == ["1:0", "4:1", "7:0"] && shown["total"] == nil)
    #expect(test.requests("POST", Self.bulk).count == 1)
    let all = try await test.jira.structured("list_changes", ["issue": "ABC-1"], meta: Self.rows(["true"], ["Change": ["true"]]))
    #expect(all["changes"]?.array?.count == 8 && all["total"] == 7)
    let settings = try await self.test(["projects": ["deny": ["HR"]]]) {
      $0.always(
        "GET", "/rest/api/3/issue/ABC-1/changelog",
        .json(["values": [["id": "1", "items": [["field": "Link", "to": "HR-1", "toString": "This issue blocks HR-1"]]]], "isLast": true]))
    }
    #expect(try await settings.jira.structured("list_changes", ["issue": "ABC-1"])["changes"] == [])
  }

  @Test("Links that lead to hidden issues of the site are not told, others are")
  func remoteLinks() async throws {
    let test = try await test { vendor in
      let links = ["https://acme.atlassian.net/browse/ABC-3", "https://acme.atlassian.net/browse/ABC-2", "https://elsewhere.example/ABC-3"]
      vendor.always("GET", "/rest/api/3/issue/ABC-1/remotelink", .json(.array(links.map { ["id": 1, "object": ["title": "T", "url": .string($0)]] })))
    }
    let links = try await test.jira.structured("list_remote_links", ["issue": "ABC-1"], meta: Self.rows())["links"]
    #expect(links?.array?.map { $0["url"] } == ["https://acme.atlassian.net/browse/ABC-2", "https://elsewhere.example/ABC-3"])
  }

  @Test("A request's fields do not tell of hidden issues either")
  func requestFields() async throws {
    let test = try await test {
      $0.always(
        "GET", "/rest/servicedeskapi/request/ABC-1",
        .json([
          "issueKey": "ABC-1",
          "requestFieldValues": [["label": "Epic", "value": "ABC-3"], ["label": "Linked", "value": [["key": "ABC-2"]]], ["label": "Summary", "value": "x"]],
        ]))
    }
    let fields = try await test.jira.structured("get_service_request", ["issue": "ABC-1"], meta: Self.rows())["fields"]
    #expect(fields?.array?.map { $0["label"] } == ["Linked", "Summary"])
  }

  /// Queries by whose result a hidden issue would be told of.
  static let queries = [
    "parent = ABC-3", "issue in linkedIssues(ABC-3)", "issue in linkedIssues(\"abc-3\", \"blocks\")", "status = Open AND NOT (parent in (ABC-2, ABC-3))",
    "\"Epic Link\" = ABC-3", "cf[10014] = ABC-3", "parent = ABC-4", "status = Open && parentEpic = 'ABC-3'", "parent = 10003", "parent not in (10003)",
    "key in (ABC-3)", "NOT issuekey = ABC-4", "id = 10003", "issue in portfolioChildIssuesOf(\"x, ABC-3\")",
  ]

  @Test("What would hide what a query names is refused", arguments: ["parent = \"ABC\\u002d3\"", "issueFunction in linkedIssuesOf(\"summary ~ x\")"])
  func disguised(_ jql: String) async throws {
    let test = try await test()
    #expect(try await test.jira.failure("search_issues", ["jql": .string(jql)], meta: Self.rows()).contains("quer"))
    #expect(test.requests("POST", "/search/jql").isEmpty)
  }

  @Test("A query names no hidden issue, nor asks for its relations: one that is not there looks the same", arguments: queries)
  func relations(_ jql: String) async throws {
    let test = try await test()
    for tool in ["search_issues", "count_issues"] {
      let text = try await test.jira.failure(tool, ["jql": .string(jql)], meta: Self.rows())
      #expect(text == Self.absent || text.contains("by their key"), "\(text)")
    }
    _ = try await test.jira.failure("list_sprint_issues", ["sprint": "1", "jql": .string(jql)], meta: Self.rows())
    #expect(test.requests("POST", "/search/jql").isEmpty && test.requests("GET", "/issue").isEmpty)
    let free = try await self.test()
    _ = try await free.jira.structured("search_issues", ["jql": .string(jql)])
  }

  @Test(
    "Other queries stay as they are",
    arguments: [
      ("parent = ABC-2 AND sprint = 37", ""), ("key in (ABC-2)", ""), ("labels = \"Q3-2026\"", ""), ("fixVersion = V1-2 OR summary ~ \"ABC-3\"", ""),
      ("issue in linkedIssues(ABC-2)", ""), ("type = Epic", " ORDER BY key"),
    ])
  func harmless(_ condition: String, _ order: String) async throws {
    let test = try await test()
    _ = try await test.jira.structured("search_issues", ["jql": .string(condition + order)], meta: Self.rows())
    let sent = try #require(test.jql)
    #expect(sent.contains("(\(condition))") && sent.hasSuffix(order), "\(sent)")
  }

  @Test("A check of a query tells of its form only where not all issues may be seen")
  func checking() async throws {
    for (rule, validation) in [(Self.rule, "none"), (["true"], "strict")] as [(JSONValue, String)] {
      let test = try await test()
      _ = try await test.jira.structured("check_jql", ["jql": "key = ABC-3"], meta: Self.rows(rule))
      #expect(test.vendor.requests.map { $0.query("validation") } == [validation])
    }
  }

  static let writes: [(String, JSONValue)] = [
    ("link_issues", ["issue": "ABC-1", "relation": "Blocks", "other": "ABC-3"]), ("edit_issue", ["issue": "ABC-1", "parent": "ABC-3"]),
    ("edit_issue", ["issue": "ABC-1", "custom": ["customfield_10014": "abc-3"]]),
    ("create_issue", ["project": "ABC", "type": "Bug", "summary": "x", "custom": ["customfield_10017": ["data": ["key": "ABC-3"]]]]),
  ]

  @Test("Nothing is put under a hidden issue, or linked to it: it is not found", arguments: writes)
  func writing(_ tool: String, _ arguments: JSONValue) async throws {
    let test = try await test()
    let meta = Self.rows(tool == "create_issue" ? ["or", Self.rule, ["=", "type", "Bug"]] : Self.rule)
    #expect(try await test.jira.failure(tool, arguments, meta: meta) == Self.absent)
    #expect(test.vendor.requests.allSatisfy { $0.method == "GET" || $0.path == Self.bulk })
  }

  @Test("Subtasks that may not be seen are not deleted along")
  func deleting() async throws {
    let test = try await test()
    let meta = Self.rows()
    #expect(try await test.jira.failure("delete_issue", ["issue": "ABC-1", "subtasks": true], meta: meta).contains("Nothing was sent"))
    #expect(test.requests("DELETE", "/issue/ABC-1").isEmpty)
    _ = try await test.jira.structured("delete_issue", ["issue": "ABC-1"], meta: meta)
    #expect(test.requests("DELETE", "/issue/ABC-1").count == 1)
  }
}
