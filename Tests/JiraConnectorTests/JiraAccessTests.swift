import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("What the settings keep out of Jira's reach")
struct JiraAccessTests {
  private static let deny: JSONObject = ["projects": ["deny": ["HR*"]]]

  /// Every tool that names an issue or a project, with a denied one.
  static let denied: [(String, JSONValue)] = {
    let issue: JSONValue = "HR-1"
    let reading = [
      "get_issue", "list_comments", "list_worklogs", "list_changes", "list_transitions", "list_remote_links", "list_watchers", "list_edit_fields", "get_service_request",
      "get_time_in_status", "list_request_comments", "list_request_transitions", "list_request_participants", "list_approvals", "list_slas",
    ]
    let projects = ["list_assignable_users", "get_project", "list_versions", "list_components", "list_issue_types"]
    var calls: [(String, JSONValue)] = reading.map { ($0, ["issue": issue]) } + projects.map { ($0, ["project": "hr"]) }
    calls += [
      ("get_attachment", ["attachment": "7", "issue": issue]), ("get_issues", ["issues": ["ABC-1", issue]]), ("list_create_fields", ["project": "HR", "type_id": "1"]),
      ("get_my_permissions", ["project": "HR", "permissions": ["X"]]), ("list_field_options", ["field": "x", "project": "HR", "type_id": "1"]),
      ("list_field_options", ["field": "x", "issue": issue]), ("list_field_options", ["field": "x", "context": "1"]), ("list_field_contexts", ["field": "x"]),
      ("list_boards", ["project": "HR"]), ("create_issue", ["project": "HR", "type": "Bug", "summary": "x"]),
      ("create_issue", ["project": "ABC", "type": "Bug", "summary": "x", "parent": issue]),
      ("create_issues", ["issues": [["project": "HR", "type": "Bug", "summary": "x"]]]),
      ("edit_issue", ["issue": issue, "summary": "x"]), ("assign_issue", ["issue": issue]), ("transition_issue", ["issue": issue, "transition": "Done"]),
      ("add_comment", ["issue": issue, "body": "x"]), ("update_comment", ["issue": issue, "comment": "1", "body": "x"]),
      ("log_work", ["issue": issue, "time_spent": "1h"]), ("update_work", ["issue": issue, "worklog": "1", "time_spent": "1h"]),
      ("delete_work", ["issue": issue, "worklog": "1"]), ("unlink_issues", ["issue": issue, "link": "1"]), ("delete_attachment", ["issue": issue, "attachment": "7"]),
      ("create_version", ["project": "HR", "name": "1"]), ("create_versions", ["project": "HR", "versions": [["name": "1"]]]),
      ("update_version", ["project": "HR", "version": "1", "name": "2"]), ("list_changes_of_issues", ["issues": ["ABC-1", issue]]),
      ("link_issues", ["issue": "ABC-1", "relation": "Blocks", "other": issue]), ("link_issues", ["issue": issue, "relation": "Blocks", "other": "ABC-1"]),
      ("add_remote_link", ["issue": issue, "url": "https://x.example", "title": "x"]), ("watch_issue", ["issue": issue, "user": "x"]),
      ("add_attachment", ["issue": issue, "filename": "a", "text": "x"]), ("delete_comment", ["issue": issue, "comment": "1"]), ("delete_issue", ["issue": issue]),
      ("move_to_sprint", ["sprint": "1", "issues": ["ABC-1", issue]]), ("move_to_backlog", ["issues": [issue]]), ("edit_issue", ["issue": "10001", "summary": "x"]),
      ("comment_on_request", ["issue": issue, "body": "x", "public": false]), ("transition_request", ["issue": issue, "transition": "1"]),
      ("add_request_participants", ["issue": issue, "participants": ["x"]]), ("remove_request_participants", ["issue": issue, "participants": ["x"]]),
      ("answer_approval", ["issue": issue, "approval": "1", "decision": "approve"]),
    ]
    return calls
  }()

  @Test("A denied project is not reached by any tool, and nothing is sent", arguments: denied)
  func projects(_ tool: String, _ arguments: JSONValue) async throws {
    let test = try await JiraTest(Self.deny)
    _ = try await test.jira.failure(tool, arguments)
    #expect(test.vendor.requests.isEmpty, "\(test.vendor.requests)")
  }

  @Test("Every tool that takes an issue, project, board, sprint, desk or queue is among those that were tried")
  func complete() async throws {
    for tool in try await JiraTest().jira.client.listTools() where tool.name != "search_issues" {
      let properties = tool.raw["inputSchema"]?["properties"]
      func takes(_ names: [String]) -> Bool { names.contains { properties?[$0] != nil } }
      if takes(["issue", "issues", "project"]) { #expect(Self.denied.contains { $0.0 == tool.name }, "\(tool.name)") }
      // What lists issues only is held against the list issue by issue.
      if takes(["board", "sprint", "desk", "queue"]) {
        #expect(Self.places.contains { $0.0 == tool.name } || Self.lists.contains { $0.0 == tool.name }, "\(tool.name)")
      }
    }
  }

  /// Tools that name a board, a sprint or a desk, each of which is of a denied project.
  static let places: [(String, JSONValue)] = [
    ("list_sprints", ["board": "4"]), ("get_board", ["board": "4"]), ("get_sprint", ["sprint": "37"]), ("create_sprint", ["board": "4", "name": "x"]),
    ("update_sprint", ["sprint": "37", "name": "x"]),
    ("move_to_sprint", ["sprint": "37", "issues": ["ABC-1"]]), ("list_queues", ["desk": "1"]), ("list_queue_issues", ["desk": "1", "queue": "2"]),
    ("list_request_types", ["desk": "1"]), ("list_request_fields", ["desk": "1", "request_type": "2"]), ("list_organizations", ["desk": "1"]),
    ("create_request", ["desk": "1", "request_type": "2", "summary": "x"]),
  ]

  /// How Jira tells a board's projects: with the board, or at a place of their own; the last is not told at all.
  static let boards: [(JSONValue, JSONValue)] = [
    (["id": 4, "location": ["projectKey": "HR"]], ["values": []]), (["id": 4], ["values": [["key": "ABC"], ["key": "HR"]], "isLast": true]),
    (["id": 4, "location": ["userId": 1]], ["values": [], "isLast": true]),
  ]

  @Test("Boards, sprints and desks of a denied project are not found, and nothing is read of them or changed", arguments: places, boards)
  func deniedPlace(_ call: (String, JSONValue), _ board: (JSONValue, JSONValue)) async throws {
    let test = try await JiraTest(Self.deny) { vendor in
      vendor.always("GET", "/rest/agile/1.0/board/4", .json(board.0))
      vendor.always("GET", "/rest/agile/1.0/board/4/project", .json(board.1))
      vendor.always("GET", "/rest/servicedeskapi/servicedesk/1", .json(["id": "1", "projectKey": "HR"]))
    }
    #expect(try await test.jira.failure(call.0, call.1) == "Jira does not find it, or it may not be seen.")
    let places = [
      "/rest/agile/1.0/board/4", "/rest/agile/1.0/board/4/project", "/rest/agile/1.0/sprint/37", "/rest/servicedeskapi/servicedesk/1", "/rest/api/3/issue/ABC-1",
    ]
    #expect(test.vendor.requests.allSatisfy { $0.method == "GET" && places.contains($0.path) }, "\(test.vendor.requests)")
    await #expect(throws: (any Error).self) { try await test.jira.read("jira://acme.atlassian.net/board/4/sprint/37") }
    #expect(try await test.jira.complete(.resourceTemplate("jira://{site}/board/{board}/sprint/{sprint}", argument: "sprint"), "", ["board": "4"]) == [])
  }

  @Test("Those of other projects are, also where a board tells its projects at a place of their own", arguments: places)
  func otherPlace(_ tool: String, _ arguments: JSONValue) async throws {
    let test = try await JiraTest(Self.deny) { vendor in
      vendor.always("GET", "/rest/agile/1.0/board/4", .json(["id": 4]))
      vendor.always("GET", "/rest/agile/1.0/board/4/project", .json(["values": [["key": "ABC"]], "isLast": true]))
    }
    _ = try await test.jira.structured(tool, arguments)
  }

  @Test("Boards that do not tell their project are listed only as those of a project that may be reached")
  func quietBoards() async throws {
    let test = try await JiraTest(Self.deny) { $0.always("GET", "/rest/agile/1.0/board", .json(["values": [["id": 1, "name": "A"]], "isLast": true])) }
    #expect(try await test.jira.structured("list_boards")["boards"] == [])
    #expect(try await test.jira.structured("list_boards", ["project": "ABC"])["boards"]?[0]?["name"] == "A")
  }

  @Test("A project that now has a denied key is not given under its old one", arguments: ["get_project", "list_versions", "list_components", "create_version"])
  func renamed(_ tool: String) async throws {
    let test = try await JiraTest(Self.deny) { $0.always("GET", "/rest/api/3/project/OLD", .json(["id": "2", "key": "HR", "name": "H"])) }
    let arguments: JSONValue = tool == "create_version" ? ["project": "OLD", "name": "1"] : ["project": "OLD"]
    #expect(try await test.jira.failure(tool, arguments).contains("may not be seen"))
    #expect(test.vendor.requests.map(\.path) == ["/rest/api/3/project/OLD"])
  }

  @Test("A link is not taken away where its other end is in a denied project, or where the issue has no part in it")
  func links() async throws {
    let test = try await JiraTest(Self.deny) { vendor in
      vendor.always("GET", "/rest/api/3/issueLink/5", .json(["id": "5", "inwardIssue": ["key": "HR-1"], "outwardIssue": ["key": "ABC-1"]]))
      vendor.always("GET", "/rest/api/3/issueLink/6", .json(["id": "6", "inwardIssue": ["key": "ABC-2"], "outwardIssue": ["key": "ABC-3"]]))
    }
    for link in ["5", "6"] { #expect(try await test.jira.failure("unlink_issues", ["issue": "ABC-1", "link": .string(link)]).contains("may not be seen")) }
    #expect(test.vendor.requests.allSatisfy { $0.method == "GET" })
    #expect(try await test.jira.failure("delete_attachment", ["issue": "ABC-2", "attachment": "7"]).contains("may not be seen"))
    #expect(test.vendor.requests.allSatisfy { $0.method == "GET" })
  }

  static let lists: [(String, JSONValue, String, String)] = [
    ("search_issues", ["jql": "x = 1"], "POST", "/rest/api/3/search/jql"), ("get_issues", ["issues": ["ABC-1"]], "POST", "/rest/api/3/issue/bulkfetch"),
    ("list_sprint_issues", ["sprint": "1"], "GET", "/rest/agile/1.0/sprint/1/issue"), ("list_backlog", ["board": "1"], "GET", "/rest/agile/1.0/board/1/backlog"),
    ("list_board_issues", ["board": "1"], "GET", "/rest/agile/1.0/board/1/issue"),
    ("list_queue_issues", ["desk": "1", "queue": "1"], "GET", "/rest/servicedeskapi/servicedesk/1/queue/1/issue"),
  ]

  @Test("Issues of a denied project stand in no list, and no total counts them", arguments: lists)
  func list(_ tool: String, _ arguments: JSONValue, _ method: String, _ path: String) async throws {
    let issues: JSONValue = [JiraTest.issue("ABC-1"), JiraTest.issue("HR-1"), JiraTest.issue("HRX-2")]
    let test = try await JiraTest(Self.deny) { $0.always(method, path, .json(["issues": issues, "values": issues, "total": 3, "isLast": true, "isLastPage": true])) }
    let result = try await test.jira.call(tool, arguments)
    #expect(result.structured?["issues"]?.array?.map { $0["key"] } == ["ABC-1"], "\(result.text)")
    #expect(!result.raw.text.contains("HR") && result.structured?["total"] == nil)
  }

  @Test("Projects and boards of a denied project stand in no list, completion or resource")
  func projectLists() async throws {
    let test = try await JiraTest(Self.deny) { vendor in
      vendor.always(
        "GET", "/rest/api/3/project/search", .json(["values": [["id": "1", "key": "ABC", "name": "A"], ["id": "2", "key": "HR", "name": "H"]], "isLast": true]))
      vendor.always(
        "GET", "/rest/agile/1.0/board",
        .json(["values": [["id": 1, "name": "A", "location": ["projectKey": "ABC"]], ["id": 2, "name": "H", "location": ["projectKey": "HR"]]], "isLast": true]))
      vendor.always("GET", "/rest/servicedeskapi/servicedesk", .json(["values": [["id": "1", "projectKey": "HR", "projectName": "H"]], "isLastPage": true]))
    }
    #expect(try await test.jira.structured("list_projects")["projects"]?.array?.map { $0["key"] } == ["ABC"])
    #expect(try await test.jira.structured("list_boards")["boards"]?.array?.map { $0["name"] } == ["A"])
    #expect(try await test.jira.structured("list_service_desks")["items"] == [])
    #expect(try await test.jira.complete(.prompt("status_report", argument: "project"), "") == ["ABC"])
    let before = test.vendor.requests.count
    for uri in ["jira://acme.atlassian.net/issue/HR-1", "jira://acme.atlassian.net/project/HR"] {
      await #expect(throws: (any Error).self) { try await test.jira.read(uri) }
    }
    #expect(test.vendor.requests.count == before)
  }

  @Test("An issue that was moved to a denied project is not given under its old key")
  func moved() async throws {
    let test = try await JiraTest(Self.deny) { $0.always("GET", "/rest/api/3/issue/ABC-7", .json(JiraTest.issue("HR-7"))) }
    #expect(try await test.jira.failure("get_issue", ["issue": "ABC-7"]).contains("may not be seen"))
    await #expect(throws: (any Error).self) { try await test.jira.read("jira://acme.atlassian.net/issue/ABC-7") }
    for (tool, more) in [("list_comments", [:]), ("list_changes", [:]), ("add_comment", ["body": "x"])] as [(String, JSONObject)] {
      var arguments = more
      arguments["issue"] = "ABC-7"
      #expect(try await test.jira.failure(tool, .object(arguments)).contains("may not be seen"), "\(tool)")
    }
    #expect(test.vendor.requests.allSatisfy { $0.method == "GET" && $0.path == "/rest/api/3/issue/ABC-7" })
  }

  @Test("Parents, subtasks and linked issues of a denied project are not named")
  func relatives() async throws {
    let fields: JSONObject = [
      "parent": ["key": "HR-1"], "subtasks": [["key": "HR-2"], ["key": "ABC-2"]],
      "issuelinks": [
        ["id": "1", "type": ["name": "Blocks"], "outwardIssue": ["key": "HR-3", "fields": ["summary": "Secret"]]],
        ["id": "2", "type": ["name": "Blocks"], "inwardIssue": ["key": "ABC-3"]],
      ],
    ]
    let test = try await JiraTest(Self.deny) { $0.always("GET", "/rest/api/3/issue/ABC-1", .json(JiraTest.issue("ABC-1", fields))) }
    let result = try await test.jira.call("get_issue", ["issue": "ABC-1"])
    #expect(result.structured?["issue"]?["subtasks"] == ["ABC-2"] && result.structured?["issue"]?["links"]?.array?.map { $0["key"] } == ["ABC-3"])
    #expect(!result.raw.text.contains("HR-") && !result.raw.text.contains("Secret"))
  }

  @Test("Attachments do not tell their issue: where projects are limited it has to be named, and has to have it")
  func attachments() async throws {
    let test = try await JiraTest(Self.deny) { vendor in
      vendor.always("GET", "/rest/api/3/issue/ABC-1", .json(JiraTest.issue("ABC-1", ["attachment": [["id": "7", "filename": "a.txt"]]])))
    }
    #expect(try await test.jira.failure("get_attachment", ["attachment": "7"]).contains("Give \"issue\""))
    #expect(test.vendor.requests.isEmpty)
    #expect(try await test.jira.failure("get_attachment", ["attachment": "7", "issue": "ABC-2"]).contains("may not be seen"))
    #expect(!test.vendor.requests.contains { $0.path.contains("/attachment") })
    #expect(try await test.jira.structured("get_attachment", ["attachment": "7", "issue": "ABC-1"])["text"] == "abc")
  }

  @Test("Read-only mode and the defaults leave no tool that writes", arguments: [["read_only": true], ["toolsets": .null]] as [JSONObject])
  func readOnly(_ settings: JSONObject) async throws {
    #expect(try await JiraTest(settings).jira.client.listTools().allSatisfy { $0.raw["annotations"]?["readOnlyHint"]?.bool == true })
  }

  @Test(
    "Settings that cannot work say which key is wrong",
    arguments: [
      (["site": .null], "site"), (["site": "http://jira.example"], "site"), (["deployment": "server"], "deployment"), (["token": .null], "token"),
      (["email": .null], "email"),
      (["token": "written-out-token"], "token"), (["project": ["ABC"]], "project"), (["toolsets": ["all", "none"]], "toolsets"),
    ] as [(JSONObject, String)])
  func settings(_ settings: JSONObject, _ key: String) async throws {
    do {
      _ = try await JiraTest(settings)
      Issue.record("\(key) was taken")
    } catch { #expect("\(error)".contains(key) && !"\(error)".contains("written-out")) }
  }
}
