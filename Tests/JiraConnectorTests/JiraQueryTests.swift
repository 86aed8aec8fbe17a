import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("Queries of Jira")
struct JiraQueryTests {
  private func jql(_ arguments: JSONValue, _ settings: JSONObject = JSONObject(), rows: JSONValue? = nil) async throws -> String? {
    let test = try await JiraTest(settings)
    var meta = JSONObject()
    if let rows { meta[MetaKey.rows] = rows }
    _ = try await test.jira.structured("search_issues", arguments, meta: meta)
    return test.jql
  }

  static let written: [(JSONValue, String)] = [
    (["jql": "status = Done"], "(status = Done) ORDER BY updated DESC"), (["jql": "status = Done order by created"], "(status = Done) ORDER BY created"),
    (["jql": "a = 1 OR b = 2 ORDER   BY rank ASC, key DESC"], "(a = 1 OR b = 2) ORDER BY rank ASC, key DESC"),
    (["jql": "summary ~ \"order by x\" ORDER BY key"], "(summary ~ \"order by x\") ORDER BY key"),
    (["jql": "summary ~ 'it\\'s ) order by ('"], "(summary ~ 'it\\'s ) order by (') ORDER BY updated DESC"),
    (["jql": "summary ~ \"a \\\" ) OR (\""], "(summary ~ \"a \\\" ) OR (\") ORDER BY updated DESC"),
    (["jql": "status in (\"A\", B) AND order = by"], "(status in (\"A\", B) AND order = by) ORDER BY updated DESC"),
    (["project": ["ABC"], "order": "due"], "(project in (\"ABC\")) ORDER BY duedate DESC"),
    (["status": ["a\" OR project = \"HR"]], "(status in (\"a\\\" OR project = \\\"HR\")) ORDER BY updated DESC"),
    (["text": "back\\slash\nand line"], "(text ~ \"back\\\\slash and line\") ORDER BY updated DESC"),
    (["labels": ["a", "b"], "assignee": "nobody"], "(labels = \"a\") AND (labels = \"b\") AND (assignee is EMPTY) ORDER BY updated DESC"),
    (["updated_since": "-7d", "sprint": "open"], "(updated >= -7d) AND (sprint in openSprints()) ORDER BY updated DESC"),
    (["updated_since": "2026-07-28T10:00:00Z", "sprint": "37"], "(updated >= \"2026-07-28\") AND (sprint = 37) ORDER BY updated DESC"),
  ]

  @Test("What is asked becomes one query, each part for itself", arguments: written)
  func building(_ arguments: JSONValue, _ expected: String) async throws { #expect(try await jql(arguments) == expected) }

  static let refused: [JSONValue] = [
    ["jql": "status = Done) OR (project = HR"], ["jql": "status = \"Done"], ["jql": "status = 'Done"], ["jql": "(status = Done"],
    ["jql": "a = \\\" ) OR project = HR OR ( b = \\\\\""], ["jql": "a = \\) OR project = HR"], ["updated_since": "-7d) OR (x = 1"], ["updated_since": "yesterday"],
    ["sprint": "1 OR 1=1"], [:], ["jql": "ORDER BY updated"],
  ]

  @Test("What could reach beyond its parentheses, or says nothing, is refused and not sent", arguments: refused)
  func refusal(_ arguments: JSONValue) async throws {
    let test = try await JiraTest()
    _ = try await test.jira.failure("search_issues", arguments)
    #expect(test.vendor.requests.isEmpty)
  }

  @Test("Projects of the settings are part of every query, where they are plain keys")
  func projects() async throws {
    #expect(
      try await jql(["jql": "status = Done"], ["projects": ["deny": ["HR", "x\"y"]]]) == "(status = Done) AND (project not in (\"HR\", \"x\\\"y\")) ORDER BY updated DESC"
    )
    #expect(try await jql(["jql": "status = Done"], ["projects": ["ABC"]]) == "(status = Done) AND (project in (\"ABC\")) ORDER BY updated DESC")
    #expect(try await jql(["jql": "status = Done"], ["projects": ["deny": ["HR*"]]]) == "(status = Done) ORDER BY updated DESC")
  }

  /// Row rules and what of them is said in JQL: nothing where nothing can be.
  static let rules: [(JSONValue, String?)] = [
    (["true"], nil), (["false"], "project is EMPTY"), (["or"], "project is EMPTY"), (["and"], nil), (["=", "project", "ABC"], "project in (\"ABC\")"),
    (["in", "assignee", ["a", "b\""]], "assignee in (\"a\", \"b\\\"\")"), (["in", "assignee", []], "project is EMPTY"), (["contains", "labels", "x"], "labels = \"x\""),
    (["isTrue", ["=", "type", "Bug"]], "issuetype in (\"Bug\")"), (["and", ["=", "project", "ABC"], ["not", ["=", "status", "Done"]]], "(project in (\"ABC\"))"),
    (["and", ["not", ["=", "status", "Done"]]], nil), (["or", ["=", "project", "ABC"], ["like", "summary", "*x*"]], nil),
    (["or", ["=", "project", "ABC"], ["true"]], nil), (["or", ["=", "project", "ABC"], ["false"]], "(project in (\"ABC\"))"),
    (["and", ["=", "project", "ABC"], ["false"]], "project is EMPTY"), (["not", ["true"]], nil), (["=", "priority", 3], nil), (["=", "nothing", "x"], nil),
    (["has", "assignee"], nil),
    (["or", ["and", ["=", "project", "A"], ["has", "due"]], ["=", "reporter", "r"]], "((project in (\"A\"))) OR (reporter in (\"r\"))"),
    (["no", "such"], "project is EMPTY"),
  ]

  @Test("A row rule goes along as far as JQL can say it, and never lets less through than it means", arguments: rules)
  func pushDown(_ rule: JSONValue, _ expected: String?) async throws {
    let query = try await jql(["project": ["Q"]], rows: ["Issue": rule])
    #expect(query == "(project in (\"Q\"))\(expected.map { " AND (\($0))" } ?? "") ORDER BY updated DESC")
  }

  @Test("A call whose rows are limited, but not those of issues, sees none")
  func otherRows() async throws { #expect(try await jql(["project": ["Q"]], rows: [:]) == "(project in (\"Q\")) AND (project is EMPTY) ORDER BY updated DESC") }

  @Test("A count obeys settings, or is refused")
  func counts() async throws {
    let test = try await JiraTest(["projects": ["deny": ["HR"]]])
    #expect(try await test.jira.structured("count_issues", ["jql": "status = Done"])["count"] == 7)
    #expect(test.jql == "(status = Done) AND (project not in (\"HR\"))")
    #expect(try await JiraTest(["projects": ["deny": ["HR*"]]]).jira.failure("count_issues", ["jql": "x = 1"]).contains("patterns"))
  }

  @Test("Pages go on by the token, also over an empty one, and a token holds for its query")
  func pages() async throws {
    let test = try await JiraTest { vendor in
      vendor.on(
        "POST", "/rest/api/3/search/jql", .json(["issues": [JiraTest.issue("ABC-1")], "nextPageToken": "t1"]), .json(["issues": [], "nextPageToken": "t2"]),
        .json(["issues": [JiraTest.issue("ABC-2")], "isLast": true]))
    }
    var keys: [String] = []
    var cursor: JSONValue?
    repeat {
      var arguments: JSONValue = ["project": ["ABC"]]
      if let cursor { arguments["cursor"] = cursor }
      let page = try await test.jira.structured("search_issues", arguments)
      keys += (page["issues"]?.array ?? []).compactMap { $0["key"]?.string }
      cursor = page["next_cursor"]
    } while cursor != nil && test.vendor.requests.count < 9
    #expect(keys == ["ABC-1", "ABC-2"] && test.vendor.requests.map { $0.json?["nextPageToken"] } == [nil, "t1", "t2"])
  }
}
