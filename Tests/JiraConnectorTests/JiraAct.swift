import ConnectorTesting
import JSON
import MCP
import Testing

/// A call of a tool, and what is known of the requests that it makes.
struct JiraAct: Sendable, CustomTestStringConvertible {
  enum Description: Sendable { case core, agile, service, none }

  /// As in Python/jira_acts.py.
  let name: String
  let tool: String
  let arguments: JSONValue
  let exceptions: [RequestDifference.Exception]
  /// Recorded answers, each of which the last request of the call reads, below `jira/`.
  let recordings: [String]
  let isWriting: Bool
  let described: Description

  init(
    _ tool: String, _ arguments: JSONValue = [:], as name: String? = nil, except exceptions: [RequestDifference.Exception] = [], reads recordings: String...,
    writes: Bool = false, by described: Description = .core
  ) {
    self.tool = tool
    self.name = name ?? tool
    self.arguments = arguments
    self.exceptions = exceptions
    self.recordings = recordings
    isWriting = writes
    self.described = described
  }

  var testDescription: String { name }

  private static let types = RequestDifference.Exception.extraRequests(because: "PyPI jira looks up the link types first")
  private static let emptyFields = RequestDifference.Exception.member("fields", because: "PyPI jira sends an empty `fields` along")

  static let all: [JiraAct] = [
    JiraAct(
      "search_issues", ["project": ["ABC"], "status": ["In Progress", "To Do"], "assignee": "me", "text": "say \"hi\"", "limit": 10, "fields": ["summary"]],
      except: [
        .extraRequests(because: "PyPI jira reads the fields once"), .member("expand", because: "PyPI jira sends null members along"),
        .member("properties", because: "PyPI jira sends null members along"),
        .member("reconcileIssues", because: "PyPI jira sends an empty list along"),
      ], reads: "jira-cli/search.json"),
    JiraAct("count_issues", ["jql": "project = ABC"]),
    JiraAct("get_issue", ["issue": "ABC-1"], reads: "jira-cli/issue.json", "jira-cli/issue-1.json", "jira-cli/issue-2.json"),
    JiraAct("get_issues", ["issues": ["ABC-1", "ABC-2"], "fields": ["summary"]], reads: "amp-labs/read-issues.json"), JiraAct("list_comments", ["issue": "ABC-1"]),
    JiraAct("list_worklogs", ["issue": "ABC-1"]), JiraAct("list_changes", ["issue": "ABC-1", "limit": 20]),
    JiraAct("list_changes_of_issues", ["issues": ["XYZ-7"], "changed": ["status"], "limit": 20]), JiraAct("get_time_in_status", ["issue": "ABC-1"]),
    JiraAct("list_transitions", ["issue": "ABC-1"], reads: "go-jira/transitions.json", "jira-cli/transitions.json"),
    JiraAct("list_remote_links", ["issue": "ABC-1"], reads: "go-jira/remote_links.json"),
    JiraAct("list_watchers", ["issue": "ABC-1"]), JiraAct("get_attachment", ["attachment": "7"]), JiraAct("get_myself"),
    JiraAct("search_users", ["query": "ada@example.com"], reads: "jira-cli/users.json"),
    JiraAct("list_assignable_users", ["project": "ABC", "query": "ada"], reads: "jira-cli/users.json"),
    JiraAct("list_projects", ["query": "ab"], reads: "jira-cli/projects.json"), JiraAct("get_project", ["project": "ABC"], reads: "go-jira/project.json"),
    JiraAct("list_versions", ["project": "ABC"], reads: "jira-cli/releases.json"), JiraAct("list_components", ["project": "ABC"]),
    JiraAct("list_issue_types", ["project": "ABC"], reads: "jira-cli/createmetav9.json"), JiraAct("list_create_fields", ["project": "ABC", "type_id": "10001"]),
    JiraAct("list_edit_fields", ["issue": "ABC-1"]),
    JiraAct("list_link_types", reads: "go-jira/all_issuelinktypes.json", "jira-cli/issue-link-types.json"),
    JiraAct("list_fields", reads: "go-jira/all_fields.json", "jira-cli/fields.json", "amp-labs/issue-metadata.json"),
    JiraAct("list_field_contexts", ["field": "customfield_10016"], by: .none),
    JiraAct("list_field_options", ["field": "customfield_10016", "context": "10025"]),
    JiraAct("list_field_options", ["field": "customfield_10016", "issue": "ABC-1"], as: "list_field_options of an issue"),
    JiraAct("list_field_options", ["field": "customfield_10016", "project": "ABC", "type_id": "10001"], as: "list_field_options of a type"),
    JiraAct("get_my_permissions", ["project": "ABC", "permissions": ["BROWSE_PROJECTS", "EDIT_ISSUES"]]), JiraAct("check_jql", ["jql": "project = ABC"]),
    JiraAct(
      "list_boards", ["project": "ABC", "type": "scrum"], reads: "go-jira/all_boards.json", "go-jira/all_boards_filtered.json", "jira-cli/boards.json", by: .agile),
    JiraAct("get_board", ["board": "35"], reads: "go-jira/board_configuration.json", by: .agile),
    JiraAct("list_board_issues", ["board": "4", "jql": "status = Done", "fields": ["summary"], "custom_fields": ["customfield_10016"]], by: .agile),
    JiraAct(
      "list_sprints", ["board": "4", "state": ["active", "closed"]],
      reads: "go-jira/sprints.json", "go-jira/sprints_filtered.json", "jira-cli/sprints.json", "jira-cli/sprints-0.json", "jira-cli/sprints-2.json",
      "jira-cli/sprints-3.json", by: .agile),
    JiraAct("get_sprint", ["sprint": "37"], reads: "jira-cli/sprint-get.json", by: .agile),
    JiraAct("list_sprint_issues", ["sprint": "37", "jql": "status = Done", "fields": ["summary"]], reads: "go-jira/issues_in_sprint.json", by: .agile),
    JiraAct("list_backlog", ["board": "4", "fields": ["summary"]], by: .agile), JiraAct("list_service_desks", by: .service),
    JiraAct("list_queues", ["desk": "1"], by: .service), JiraAct("list_queue_issues", ["desk": "1", "queue": "2"], by: .service),
    JiraAct("get_service_request", ["issue": "ABC-1"], by: .service), JiraAct("list_request_types", ["desk": "1", "query": "mouse"], by: .service),
    JiraAct("list_request_fields", ["desk": "1", "request_type": "25"], by: .service), JiraAct("list_organizations", ["desk": "1"], by: .service),
    JiraAct("list_request_comments", ["issue": "ABC-1", "kind": "public"], by: .service), JiraAct("list_request_transitions", ["issue": "ABC-1"], by: .service),
    JiraAct("list_request_participants", ["issue": "ABC-1"], by: .service), JiraAct("list_approvals", ["issue": "ABC-1"], by: .service),
    JiraAct("list_slas", ["issue": "ABC-1"], by: .service),
    JiraAct(
      "create_request", ["desk": "1", "request_type": "25", "summary": "Mouse", "description": "A *new* one", "participants": ["5b2"]], writes: true, by: .service),
    JiraAct("comment_on_request", ["issue": "ABC-1", "body": "Hello", "public": false], writes: true, by: .service),
    JiraAct("transition_request", ["issue": "ABC-1", "transition": "11", "comment": "Done"], writes: true, by: .service),
    JiraAct("add_request_participants", ["issue": "ABC-1", "participants": ["5b2"]], writes: true, by: .service),
    JiraAct("remove_request_participants", ["issue": "ABC-1", "participants": ["5b2"]], writes: true, by: .service),
    JiraAct("answer_approval", ["issue": "ABC-1", "approval": "56", "decision": "approve"], writes: true, by: .service),
    JiraAct(
      "create_issue",
      [
        "project": "ABC", "type": "Bug", "summary": "It breaks", "description": "**Steps**\n\n1. Start", "priority": "High", "labels": ["a"],
        "custom": ["customfield_10016": 3],
      ],
      reads: "amp-labs/create-issue.json", "jira-cli/create.json", writes: true),
    JiraAct("create_issues", ["issues": [["project": "ABC", "type": "Bug", "summary": "One"]]], writes: true),
    JiraAct("edit_issue", ["issue": "ABC-1", "summary": "New", "add_labels": ["x"], "remove_labels": ["y"]], writes: true),
    JiraAct("assign_issue", ["issue": "ABC-1"], as: "assign_issue nobody", writes: true), JiraAct("assign_issue", ["issue": "ABC-1", "assignee": "5b1"], writes: true),
    JiraAct(
      "transition_issue", ["issue": "ABC-1", "transition": "31", "resolution": "Done"],
      except: [.member("transition", because: "PyPI jira sends the id as a number; it is a text")], writes: true),
    JiraAct("transition_issue", ["issue": "ABC-1", "transition": "in progress"], as: "transition_issue by name", except: [emptyFields], writes: true),
    JiraAct("add_comment", ["issue": "ABC-1", "body": "Hello *there*"], writes: true),
    JiraAct("add_comment", ["issue": "ABC-1", "body": "Hello", "role": "Administrators"], as: "add_comment for a role", writes: true),
    JiraAct("update_comment", ["issue": "ABC-1", "comment": "5", "body": "Better"], writes: true),
    JiraAct("update_comment", ["issue": "ABC-1", "comment": "5", "body": "Better", "group": "staff"], as: "update_comment for a group", writes: true),
    JiraAct("log_work", ["issue": "ABC-1", "time_spent": "3h 30m", "started": "2026-07-28T09:00:00+02:00"], writes: true),
    JiraAct(
      "link_issues", ["issue": "ABC-1", "relation": "Blocks", "other": "ABC-2"], except: [types, .member("comment", because: "PyPI jira sends null along")],
      writes: true),
    JiraAct("add_remote_link", ["issue": "ABC-1", "url": "https://example.com/a?b=c", "title": "Page"], writes: true),
    JiraAct("watch_issue", ["issue": "ABC-1", "user": "5b1"], writes: true),
    JiraAct("watch_issue", ["issue": "ABC-1", "user": "5b1", "remove": true], as: "watch_issue remove", writes: true),
    JiraAct("add_attachment", ["issue": "ABC-1", "filename": "a.txt", "text": "hello"], writes: true),
    JiraAct("update_work", ["issue": "ABC-1", "worklog": "5", "time_spent": "1h", "started": "2026-07-28T09:00:00+02:00"], writes: true, by: .none),
    JiraAct("delete_work", ["issue": "ABC-1", "worklog": "5"], writes: true, by: .none), JiraAct("unlink_issues", ["issue": "ABC-1", "link": "9"], writes: true),
    JiraAct("delete_attachment", ["issue": "ABC-1", "attachment": "7"], writes: true),
    JiraAct("create_version", ["project": "ABC", "name": "1.1", "description": "Better", "release_date": "2026-08-11"], writes: true),
    JiraAct("create_versions", ["project": "ABC", "versions": [["name": "1.2", "start_date": "2026-08-11"]]], writes: true),
    JiraAct("update_version", ["project": "ABC", "version": "10100", "release_date": "2026-08-12", "released": true], writes: true, by: .none),
    JiraAct("delete_comment", ["issue": "ABC-1", "comment": "5"], writes: true), JiraAct("delete_issue", ["issue": "ABC-1", "subtasks": true], writes: true),
    JiraAct("move_to_sprint", ["sprint": "37", "issues": ["ABC-1"]], writes: true, by: .agile),
    JiraAct("move_to_backlog", ["issues": ["ABC-1"]], writes: true, by: .agile),
    JiraAct("create_sprint", ["board": "4", "name": "Sprint 9", "goal": "Ship"], writes: true, by: .agile),
    JiraAct("update_sprint", ["sprint": "37", "state": "closed"], writes: true, by: .agile),
  ]

  /// Files: their bytes are no JSON to cut off, and what is uploaded differs each time.
  static let notCutOff: Set<String> = ["get_attachment", "add_attachment"]

  func requests(in test: JiraTest) async throws -> [CapturedRequest] {
    let result = try await test.jira.call(tool, arguments)
    if result.isError { throw TestDataError("\(name): \(result.text)") }
    return test.vendor.requests
  }
}
