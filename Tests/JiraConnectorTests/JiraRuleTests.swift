import ConnectorTesting
import JSON
import MCP
import Testing

/// Row rules of policy, kept at the source: the gateway sends them where a tool declares records.
@Suite("Row rules at Jira")
struct JiraRuleTests {
  private static func rows(_ rules: JSONObject, clearance: [String] = []) -> JSONObject {
    [MetaKey.rows: .object(rules), MetaKey.clearance: .array(clearance.map { .string($0) })]
  }

  private static let absent = "Jira does not find it, or it may not be seen."
  private static func reporter(_ id: String) -> JSONObject { ["reporter": ["accountId": .string(id), "displayName": "Name"]] }

  // MARK: Reading

  static let lists: [(String, JSONValue, String, String)] = [
    ("search_issues", ["jql": "x = 1"], "POST", "/rest/api/3/search/jql"),
    ("get_issues", ["issues": ["ABC-1", "ABC-2", "ABC-3"]], "POST", "/rest/api/3/issue/bulkfetch"),
    ("list_sprint_issues", ["sprint": "1"], "GET", "/rest/agile/1.0/sprint/1/issue"), ("list_backlog", ["board": "1"], "GET", "/rest/agile/1.0/board/1/backlog"),
    ("list_board_issues", ["board": "1"], "GET", "/rest/agile/1.0/board/1/issue"),
    ("list_queue_issues", ["desk": "1", "queue": "1"], "GET", "/rest/servicedeskapi/servicedesk/1/queue/1/issue"),
  ]

  @Test("Issues that a rule does not admit stand in no list and no total, also where the call chooses fields and a queue has its own", arguments: lists)
  func list(_ tool: String, _ arguments: JSONValue, _ method: String, _ path: String) async throws {
    // JQL would take `done` for `Done`; and it has no word for "not ada's".
    let rule: JSONValue = ["and", ["=", "status", "Done"], ["not", ["=", "reporter", "ada"]], ["has", "components"]]
    func issue(_ key: String, _ status: String, _ reporter: String, _ components: JSONValue) -> JSONValue {
      var fields = Self.reporter(reporter)
      fields["status"] = ["name": .string(status)]
      fields["components"] = components
      return JiraTest.issue(key, fields)
    }
    let whole: JSONValue = [
      issue("ABC-1", "Done", "bob", [["name": "c"]]), issue("ABC-2", "done", "bob", [["name": "c"]]), issue("ABC-3", "Done", "ada", [["name": "c"]]),
      issue("ABC-4", "Done", "bob", []),
    ]
    let bare = JSONValue.array(["ABC-1", "ABC-2", "ABC-3", "ABC-4"].map { JiraTest.issue($0) })
    let test = try await JiraTest { vendor in
      let answer = tool == "list_queue_issues" ? bare : whole
      vendor.always(method, path, .json(["issues": answer, "values": answer, "total": 4, "isLast": true, "isLastPage": true]))
      vendor.always("POST", "/rest/api/3/issue/bulkfetch", .json(["issues": whole]))
    }
    var arguments = arguments
    arguments["fields"] = ["summary"]
    let result = try await test.jira.structured(tool, arguments, meta: Self.rows(["Issue": rule]))
    #expect(result["issues"]?.array?.map { $0["key"] } == ["ABC-1"], "\(result)")
    #expect(result["total"] == nil)
    // What the rule speaks of was asked for, and comes along, so that it can be checked again.
    #expect(result["issues"]?[0]?["components"] == ["c"])
    #expect(test.vendor.requests.contains { $0.query("fields")?.contains("components") == true || $0.json?["fields"]?.array?.contains("components") == true })
  }

  @Test("An issue that a rule hides is as if it were not there, by tool and by resource")
  func get() async throws {
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/api/3/issue/ABC-1", .json(JiraTest.issue("ABC-1", Self.reporter("ada"))))
      vendor.always("GET", "/rest/api/3/issue/ABC-404", .json(["errorMessages": ["Issue does not exist"]], status: 404))
    }
    let (hides, shows) = (Self.rows(["Issue": ["=", "reporter", "bob"]]), Self.rows(["Issue": ["=", "reporter", "ada"], "Comment": ["true"]]))
    #expect(try await test.jira.failure("get_issue", ["issue": "ABC-1"], meta: hides) == Self.absent)
    #expect(try await test.jira.failure("get_issue", ["issue": "ABC-404"], meta: hides) == Self.absent)
    #expect(try await test.jira.structured("get_issue", ["issue": "ABC-1"], meta: shows)["issue"]?["key"] == "ABC-1")
    let uri = "jira://acme.atlassian.net/issue/ABC-1"
    await #expect(throws: (any Error).self) { try await test.jira.read(uri, meta: hides) }
    #expect("\(try await test.jira.read(uri, meta: shows).contents)".contains("Summary of ABC-1"))
  }

  @Test("A count counts what the rule admits and no more, page by page, and is refused beyond a bound")
  func count() async throws {
    func page(_ statuses: [String], next: String?) -> Answer {
      var answer: JSONObject = ["issues": .array(statuses.enumerated().map { JiraTest.issue("ABC-\($0)", ["status": ["name": .string($1)]]) })]
      if let next { answer["nextPageToken"] = .string(next) }
      return .json(.object(answer))
    }
    let rule = Self.rows(["Issue": ["=", "status", "Done"]])
    let test = try await JiraTest { $0.on("POST", "/rest/api/3/search/jql", page(["Done", "done"], next: "t"), page([], next: "u"), page(["Done"], next: nil)) }
    #expect(try await test.jira.structured("count_issues", ["jql": "x = 1"], meta: rule)["count"] == 2)
    #expect(test.jql == "(x = 1) AND (status in (\"Done\"))" && test.requests("POST", "approximate-count").isEmpty)
    #expect(test.vendor.requests.map { $0.json?["nextPageToken"] } == [nil, "t", "u"])
    let many = try await JiraTest { $0.always("POST", "/rest/api/3/search/jql", page(Array(repeating: "Done", count: 100), next: "t")) }
    #expect(try await many.jira.failure("count_issues", ["jql": "x = 1"], meta: rule).contains("Narrow the query"))
    #expect(many.vendor.requests.count == 10)
    let none = try await JiraTest()
    #expect(try await none.jira.structured("count_issues", ["jql": "x = 1"], meta: Self.rows([:]))["count"] == 0)
    #expect(none.vendor.requests.isEmpty)
  }

  /// Other records, by list or one by one: a rule on their names.
  static let others: [(String, JSONValue, String, String, JSONValue, String)] = [
    (
      "list_projects", [:], "Project", "/rest/api/3/project/search",
      ["values": [["id": "1", "key": "A", "name": "one"], ["id": "2", "key": "B", "name": "two"]], "isLast": true], "projects"
    ),
    ("list_boards", [:], "Board", "/rest/agile/1.0/board", ["values": [["id": 1, "name": "one"], ["id": 2, "name": "two"]], "isLast": true], "boards"),
    (
      "list_sprints", ["board": "1"], "Sprint", "/rest/agile/1.0/board/1/sprint", ["values": [["id": 1, "name": "one"], ["id": 2, "name": "two"]], "isLast": true],
      "sprints"
    ),
    (
      "search_users", ["query": "x"], "Member", "/rest/api/3/user/search", [["accountId": "1", "displayName": "one"], ["accountId": "2", "displayName": "two"]], "users"
    ),
    ("list_versions", ["project": "ABC"], "JiraItem", "/rest/api/3/project/ABC/versions", [["id": "1", "name": "one"], ["id": "2", "name": "two"]], "items"),
    (
      "list_queues", ["desk": "1"], "JiraItem", "/rest/servicedeskapi/servicedesk/1/queue",
      ["values": [["id": "1", "name": "one"], ["id": "2", "name": "two"]], "isLastPage": true], "items"
    ),
    (
      "list_transitions", ["issue": "ABC-1"], "JiraItem", "/rest/api/3/issue/ABC-1/transitions",
      ["transitions": [["id": "1", "name": "one"], ["id": "2", "name": "two"]]], "items"
    ),
  ]

  @Test("Rules hold for every kind of record", arguments: others)
  func other(_ tool: String, _ arguments: JSONValue, _ type: String, _ path: String, _ answer: JSONValue, _ member: String) async throws {
    let test = try await JiraTest { $0.always("GET", path, .json(answer)) }
    var rules: JSONObject = ["Issue": ["true"], "Project": ["true"]]
    rules[type] = ["like", "name", "t*"]
    let result = try await test.jira.call(tool, arguments, meta: Self.rows(rules))
    #expect(result.structured?[member]?.array?.map { $0["name"] } == ["two"] && !result.raw.text.contains("one"), "\(result.text)")
  }

  @Test(
    "What hangs on an issue is not read where the issue may not be seen",
    arguments: [
      "list_comments", "list_worklogs", "list_changes", "list_transitions", "list_remote_links", "list_watchers", "list_edit_fields", "get_service_request",
      "list_request_comments", "list_request_transitions", "list_request_participants", "list_approvals", "list_slas",
    ])
  func belongings(_ tool: String) async throws {
    let test = try await JiraTest { $0.always("GET", "/rest/api/3/issue/ABC-1", .json(JiraTest.issue("ABC-1", Self.reporter("ada")))) }
    let open: JSONObject = [
      "Comment": ["true"], "Worklog": ["true"], "Change": ["true"], "JiraItem": ["true"], "Member": ["true"], "Approval": ["true"], "ServiceLevel": ["true"],
    ]
    var hidden = open
    hidden["Issue"] = ["not", ["=", "reporter", "ada"]]
    #expect(try await test.jira.failure(tool, ["issue": "ABC-1"], meta: Self.rows(hidden)) == Self.absent)
    #expect(test.vendor.requests.map(\.path) == ["/rest/api/3/issue/ABC-1"])
    var shown = open
    shown["Issue"] = ["=", "reporter", "ada"]
    _ = try await test.jira.structured(tool, ["issue": "ABC-1"], meta: Self.rows(shown))
  }

  /// Every tool that reads or makes something of a project.
  static let ofProjects: [(String, JSONValue)] = [
    ("list_versions", ["project": "ABC"]), ("list_components", ["project": "ABC"]), ("list_issue_types", ["project": "ABC"]),
    ("list_create_fields", ["project": "ABC", "type_id": "1"]), ("list_assignable_users", ["project": "ABC"]),
    ("get_my_permissions", ["project": "ABC", "permissions": ["BROWSE_PROJECTS"]]),
    ("list_field_options", ["field": "customfield_10016", "project": "ABC", "type_id": "10001"]), ("create_version", ["project": "ABC", "name": "1.1"]),
    ("create_versions", ["project": "ABC", "versions": [["name": "1.1"]]]), ("update_version", ["project": "ABC", "version": "10100", "name": "1.1"]),
  ]

  @Test("What hangs on a project is not read or made where the project may not be seen", arguments: ofProjects)
  func ofProject(_ tool: String, _ arguments: JSONValue) async throws {
    let test = try await JiraTest()
    let definition = try #require(try await test.jira.client.listTools().first { $0.name == tool })
    let types = (definition.raw["_meta"]?[MetaKey.records].map { Array($0.elements) } ?? []).compactMap { $0["type"]?.string }
    #expect(types.contains("Project"))
    let open: JSONObject = ["JiraItem": ["true"], "Member": ["true"]]
    #expect(try await test.jira.failure(tool, arguments, meta: Self.rows(open)) == Self.absent)
    #expect(test.vendor.requests.isEmpty)
    var hidden = open
    hidden["Project"] = ["not", ["=", "name", "Project"]]
    #expect(try await test.jira.failure(tool, arguments, meta: Self.rows(hidden)) == Self.absent)
    #expect(test.vendor.requests.map(\.path) == ["/rest/api/3/project/ABC"])
    var shown = open
    shown["Project"] = ["=", "name", "Project"]
    _ = try await test.jira.structured(tool, arguments, meta: Self.rows(shown))
  }

  @Test("A version is made only where it is sure beforehand that policy admits it")
  func version() async throws {
    let test = try await JiraTest()
    let meta = Self.rows(["Project": ["true"], "JiraItem": ["=", "name", "2.0"]])
    #expect(try await test.jira.failure("create_version", ["project": "ABC", "name": "1.1"], meta: meta).contains("Policy"))
    #expect(written(test).isEmpty)
  }

  @Test("Comments are held against the rule of comments, in lists and resources")
  func comments() async throws {
    let comments: JSONValue = [
      ["id": "1", "author": ["accountId": "ada"], "body": "open"],
      ["id": "2", "author": ["accountId": "bob"], "body": "secret", "visibility": ["type": "role", "value": "Admins"]],
    ]
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/api/3/issue/ABC-1/comment", .json(["comments": comments, "total": 2]))
      vendor.always("GET", "/rest/api/3/issue/ABC-1", .json(JiraTest.issue("ABC-1", ["comment": ["comments": comments]])))
    }
    let meta = Self.rows(["Issue": ["true"], "Comment": ["=", "visibility", "public"]])
    let result = try await test.jira.call("list_comments", ["issue": "ABC-1"], meta: meta)
    #expect(result.structured?["comments"]?.array?.map { $0["id"] } == ["1"] && result.structured?["total"] == nil && !result.raw.text.contains("secret"))
    #expect(!"\(try await test.jira.read("jira://acme.atlassian.net/issue/ABC-1", meta: meta).contents)".contains("secret"))
  }

  @Test("Attachments are given where their issue is named and may be seen")
  func attachment() async throws {
    var fields = Self.reporter("ada")
    fields["attachment"] = [["id": "7", "filename": "a.txt"]]
    let test = try await JiraTest { [fields] in $0.always("GET", "/rest/api/3/issue/ABC-1", .json(JiraTest.issue("ABC-1", fields))) }
    let (hides, shows) = (Self.rows(["Issue": ["=", "reporter", "bob"]]), Self.rows(["Issue": ["=", "reporter", "ada"]]))
    #expect(try await test.jira.failure("get_attachment", ["attachment": "7"], meta: shows).contains("Give \"issue\""))
    #expect(try await test.jira.failure("get_attachment", ["attachment": "7", "issue": "ABC-1"], meta: hides) == Self.absent)
    #expect(try await test.jira.failure("get_attachment", ["attachment": "8", "issue": "ABC-1"], meta: shows) == Self.absent)
    #expect(try await test.jira.structured("get_attachment", ["attachment": "7", "issue": "ABC-1"], meta: shows)["text"] == "abc")
  }

  @Test("Projects that a rule hides stand in no completion or resource; sprints and their issues neither")
  func resources() async throws {
    let test = try await JiraTest { vendor in
      vendor.always(
        "GET", "/rest/api/3/project/search", .json(["values": [["id": "1", "key": "ABC", "name": "a"], ["id": "2", "key": "HR", "name": "h"]], "isLast": true]))
      vendor.always("GET", "/rest/agile/1.0/sprint/5/issue", .json(["issues": [JiraTest.issue("ABC-1", ["labels": ["x"]]), JiraTest.issue("ABC-2")]]))
    }
    let meta = Self.rows(["Project": ["=", "key", "ABC"], "Sprint": ["=", "name", "Sprint"], "Issue": ["contains", "labels", "x"]])
    #expect(try await test.jira.complete(.prompt("status_report", argument: "project"), "", meta: meta) == ["ABC"])
    let sprint = "\(try await test.jira.read("jira://acme.atlassian.net/board/4/sprint/5", meta: meta).contents)"
    #expect(sprint.contains("ABC-1") && !sprint.contains("ABC-2"))
    for (uri, type) in [("jira://acme.atlassian.net/project/ABC", "Project"), ("jira://acme.atlassian.net/board/4/sprint/5", "Sprint")] {
      await #expect(throws: (any Error).self) { try await test.jira.read(uri, meta: Self.rows([type: ["=", "name", "another"], "Issue": ["true"]])) }
    }
  }

  // MARK: Writing

  /// Every tool that changes an issue.
  static let writes: [(String, JSONValue)] = [
    ("edit_issue", ["issue": "ABC-1", "summary": "x"]), ("assign_issue", ["issue": "ABC-1"]), ("transition_issue", ["issue": "ABC-1", "transition": "Done"]),
    ("add_comment", ["issue": "ABC-1", "body": "x"]), ("update_comment", ["issue": "ABC-1", "comment": "1", "body": "x"]),
    ("log_work", ["issue": "ABC-1", "time_spent": "1h"]),
    ("link_issues", ["issue": "ABC-1", "relation": "Blocks", "other": "ABC-2"]), ("link_issues", ["issue": "ABC-2", "relation": "Blocks", "other": "ABC-1"]),
    ("add_remote_link", ["issue": "ABC-1", "url": "https://x.example", "title": "x"]), ("watch_issue", ["issue": "ABC-1", "user": "x"]),
    ("update_work", ["issue": "ABC-1", "worklog": "1", "time_spent": "1h"]), ("delete_work", ["issue": "ABC-1", "worklog": "1"]),
    ("unlink_issues", ["issue": "ABC-1", "link": "9"]), ("unlink_issues", ["issue": "ABC-2", "link": "9"]), ("delete_attachment", ["issue": "ABC-1", "attachment": "7"]),
    ("add_attachment", ["issue": "ABC-1", "filename": "a", "text": "x"]), ("delete_comment", ["issue": "ABC-1", "comment": "1"]), ("delete_issue", ["issue": "ABC-1"]),
    ("move_to_sprint", ["sprint": "1", "issues": ["ABC-2", "ABC-1"]]), ("move_to_backlog", ["issues": ["ABC-1"]]), ("edit_issue", ["issue": "ABC-2", "parent": "ABC-1"]),
    ("create_issue", ["project": "ABC", "type": "Bug", "summary": "x", "assignee": "bob", "parent": "ABC-1"]),
    ("comment_on_request", ["issue": "ABC-1", "body": "x", "public": false]), ("transition_request", ["issue": "ABC-1", "transition": "1"]),
    ("add_request_participants", ["issue": "ABC-1", "participants": ["x"]]), ("remove_request_participants", ["issue": "ABC-1", "participants": ["x"]]),
  ]

  private func written(_ test: JiraTest) -> [CapturedRequest] { test.vendor.requests.filter { $0.method != "GET" && !$0.path.hasSuffix("/bulkfetch") } }

  @Test("Nothing is changed at an issue that may not be seen: it is not found, and no change goes out", arguments: writes)
  func write(_ tool: String, _ arguments: JSONValue) async throws {
    let (one, two) = (
      JiraTest.issue("ABC-1", ["assignee": ["accountId": "ada"], "attachment": [["id": "7"]]]), JiraTest.issue("ABC-2", ["assignee": ["accountId": "bob"]])
    )
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/api/3/issue/ABC-1", .json(one))
      vendor.always("GET", "/rest/api/3/issue/ABC-2", .json(two))
      vendor.always("POST", "/rest/api/3/issue/bulkfetch", .json(["issues": [one, two]]))
    }
    var rules: JSONObject = ["Issue": ["=", "assignee", "bob"], "Comment": ["true"], "Worklog": ["true"], "Sprint": ["true"]]
    #expect(try await test.jira.failure(tool, arguments, meta: Self.rows(rules)) == Self.absent)
    #expect(written(test).isEmpty, "\(written(test))")
    // And where all of them may be seen, it is done.
    rules["Issue"] = ["in", "assignee", ["ada", "bob"]]
    _ = try await test.jira.structured(tool, arguments, meta: Self.rows(rules))
    #expect(written(test).count == 1)
  }

  @Test("Every tool that names an issue declares that it reaches issues, so that the gateway sends the rule")
  func declared() async throws {
    for tool in try await JiraTest().jira.client.listTools() {
      let properties = tool.raw["inputSchema"]?["properties"]
      guard properties?["issue"] != nil || properties?["issues"] != nil else { continue }
      let types = (tool.raw["_meta"]?[MetaKey.records].map { Array($0.elements) } ?? []).compactMap { $0["type"]?.string }
      #expect(types.contains("Issue"), "\(tool.name)")
    }
  }

  static let creations: [(JSONValue, String?)] = [
    (["=", "project", "ABC"], nil), (["=", "project", "XYZ"], "Policy"), (["=", "reporter", "5b1"], nil), (["=", "reporter", "ada"], "Policy"),
    (["=", "status", "To Do"], "Policy"),
    (["contains", "labels", "a"], nil), (["false"], "Policy"),
  ]

  @Test("An issue is made only where it is sure beforehand that policy admits it", arguments: creations)
  func create(_ rule: JSONValue, _ refusal: String?) async throws {
    for (tool, arguments) in [
      ("create_issue", ["project": "ABC", "type": "Bug", "summary": "x", "labels": ["a"]] as JSONValue),
      ("create_issues", ["issues": [["project": "ABC", "type": "Bug", "summary": "x", "labels": ["a"]]]]),
    ] {
      let test = try await JiraTest()
      let result = try await test.jira.call(tool, arguments, meta: Self.rows(["Issue": rule]))
      #expect(result.isError == (refusal != nil) && refusal.map { result.text.contains($0) } ?? true, "\(result.text)")
      #expect(written(test).count == (refusal == nil ? 1 : 0))
    }
  }

  /// Tools that change what hangs on an issue, and what Jira says of that.
  static let hanging: [(String, JSONValue, String, String, JSONValue)] = [
    ("update_comment", ["issue": "ABC-1", "comment": "5", "body": "x"], "Comment", "comment/5", ["id": "5", "author": ["accountId": "ada"]]),
    ("delete_comment", ["issue": "ABC-1", "comment": "5"], "Comment", "comment/5", ["id": "5", "author": ["accountId": "ada"]]),
    ("update_work", ["issue": "ABC-1", "worklog": "5", "time_spent": "1h"], "Worklog", "worklog/5", ["id": "5", "author": ["accountId": "ada"]]),
    ("delete_work", ["issue": "ABC-1", "worklog": "5"], "Worklog", "worklog/5", ["id": "5", "author": ["accountId": "ada"]]),
  ]

  @Test("Comments and work that a rule hides are not changed: they are not found", arguments: hanging)
  func hidden(_ tool: String, _ arguments: JSONValue, _ type: String, _ path: String, _ answer: JSONValue) async throws {
    let test = try await JiraTest { $0.always("GET", "/rest/api/3/issue/ABC-1/" + path, .json(answer)) }
    for rules in [["Issue": ["true"]], ["Issue": ["true"], type: ["=", "author", "bob"]]] as [JSONObject] {
      #expect(try await test.jira.failure(tool, arguments, meta: Self.rows(rules)) == Self.absent)
    }
    #expect(written(test).isEmpty)
    _ = try await test.jira.structured(tool, arguments, meta: Self.rows(["Issue": ["true"], type: ["=", "author", "ada"]]))
    #expect(written(test).count == 1)
  }

  @Test("Issues are not moved to a sprint that a rule hides, nor told from one that is not there")
  func hiddenSprint() async throws {
    let test = try await JiraTest { $0.always("GET", "/rest/agile/1.0/sprint/404", .json(["errorMessages": ["Sprint does not exist."]], status: 404)) }
    for rules in [["Issue": ["true"]], ["Issue": ["true"], "Sprint": ["=", "state", "closed"]]] as [JSONObject] {
      for sprint in ["37", "404"] as [JSONValue] {
        #expect(try await test.jira.failure("move_to_sprint", ["sprint": sprint, "issues": ["ABC-1"]], meta: Self.rows(rules)) == Self.absent)
      }
    }
    #expect(try await test.jira.failure("get_sprint", ["sprint": "404"], meta: Self.rows(["Sprint": ["=", "state", "closed"]])) == Self.absent)
    #expect(written(test).isEmpty)
  }

  @Test("Sprints that a rule hides are not changed, and none is made that it would hide")
  func sprints() async throws {
    let test = try await JiraTest()
    let hides = Self.rows(["Sprint": ["=", "state", "closed"]])
    #expect(try await test.jira.failure("update_sprint", ["sprint": "37", "name": "x"], meta: hides) == Self.absent)
    #expect(try await test.jira.failure("create_sprint", ["board": "4", "name": "x"], meta: hides).contains("Policy"))
    #expect(try await test.jira.failure("get_sprint", ["sprint": "37"], meta: hides) == Self.absent)
    #expect(written(test).isEmpty)
    _ = try await test.jira.structured("update_sprint", ["sprint": "37", "name": "x"], meta: Self.rows(["Sprint": ["=", "state", "active"]]))
    #expect(written(test).count == 1)
  }

  // MARK: Nothing more than is needed

  @Test("Where policy limits nothing, nothing more is asked of Jira", arguments: JiraAct.all)
  func free(_ act: JiraAct) async throws {
    let (alone, governed) = (try await JiraTest(), try await JiraTest())
    _ = try await alone.jira.call(act.tool, act.arguments)
    let all = ["Issue", "Comment", "Worklog", "Change", "Project", "Member", "Board", "Sprint", "JiraItem", "Approval", "ServiceLevel"]
    let meta = Self.rows(all.reduce(into: JSONObject()) { $0[$1] = ["true"] }, clearance: ["pii"])
    _ = try await governed.jira.call(act.tool, act.arguments, meta: meta)
    #expect(governed.vendor.requests.map { "\($0)" } == alone.vendor.requests.map { "\($0)" } || act.tool == "add_attachment" || act.tool == "log_work")
    #expect(governed.vendor.requests.count == alone.vendor.requests.count)
  }

  @Test("Who is not cleared for personal data sees no addresses")
  func clearance() async throws {
    let test = try await JiraTest()
    let hidden = try await test.jira.call("get_myself", meta: Self.rows(["Member": ["true"]]))
    #expect(hidden.structured?["user"]?["name"] == "Bot" && !hidden.raw.text.contains("bot@example.com"))
    #expect(try await test.jira.structured("get_myself", meta: Self.rows(["Member": ["true"]], clearance: ["pii"]))["user"]?["email"] == "bot@example.com")
  }
}
