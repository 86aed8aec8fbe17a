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
    ]
    let projects = ["list_assignable_users", "get_project", "list_versions", "list_components", "list_issue_types"]
    var calls: [(String, JSONValue)] = reading.map { ($0, ["issue": issue]) } + projects.map { ($0, ["project": "hr"]) }
    calls += [
      ("get_attachment", ["attachment": "7", "issue": issue]), ("get_issues", ["issues": ["ABC-1", issue]]), ("list_create_fields", ["project": "HR", "type_id": "1"]),
      ("get_my_permissions", ["project": "HR", "permissions": ["X"]]),
      ("list_boards", ["project": "HR"]), ("create_issue", ["project": "HR", "type": "Bug", "summary": "x"]),
      ("create_issue", ["project": "ABC", "type": "Bug", "summary": "x", "parent": issue]),
      ("create_issues", ["issues": [["project": "HR", "type": "Bug", "summary": "x"]]]),
      ("edit_issue", ["issue": issue, "summary": "x"]), ("assign_issue", ["issue": issue]), ("transition_issue", ["issue": issue, "transition": "Done"]),
      ("add_comment", ["issue": issue, "body": "x"]), ("update_comment", ["issue": issue, "comment": "1", "body": "x"]),
      ("log_work", ["issue": issue, "time_spent": "1h"]),
      ("link_issues", ["issue": "ABC-1", "relation": "Blocks", "other": issue]), ("link_issues", ["issue": issue, "relation": "Blocks", "other": "ABC-1"]),
      ("add_remote_link", ["issue": issue, "url": "https://x.example", "title": "x"]), ("watch_issue", ["issue": issue, "user": "x"]),
      ("add_attachment", ["issue": issue, "filename": "a", "text": "x"]), ("delete_comment", ["issue": issue, "comment": "1"]), ("delete_issue", ["issue": issue]),
      ("move_to_sprint", ["sprint": "1", "issues": ["ABC-1", issue]]), ("move_to_backlog", ["issues": [issue]]), ("edit_issue", ["issue": "10001", "summary": "x"]),
    ]
    return calls
  }()

  @Test("A denied project is not reached by any tool, and nothing is sent", arguments: denied)
  func projects(_ tool: String, _ arguments: JSONValue) async throws {
    let test = try await JiraTest(Self.deny)
    _ = try await test.jira.failure(tool, arguments)
    #expect(test.vendor.requests.isEmpty, "\(test.vendor.requests)")
  }

  @Test("Every tool that takes an issue or a project is among those that were tried")
  func complete() async throws {
    for tool in try await JiraTest().jira.client.listTools() where tool.name != "search_issues" {
      let properties = tool.raw["inputSchema"]?["properties"]
      guard ["issue", "issues", "project"].contains(where: { properties?[$0] != nil }) else { continue }
      #expect(Self.denied.contains { $0.0 == tool.name }, "\(tool.name)")
    }
  }

  static let lists: [(String, JSONValue, String, String)] = [
    ("search_issues", ["jql": "x = 1"], "POST", "/rest/api/3/search/jql"), ("get_issues", ["issues": ["ABC-1"]], "POST", "/rest/api/3/issue/bulkfetch"),
    ("list_sprint_issues", ["sprint": "1"], "GET", "/rest/agile/1.0/sprint/1/issue"), ("list_backlog", ["board": "1"], "GET", "/rest/agile/1.0/board/1/backlog"),
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
