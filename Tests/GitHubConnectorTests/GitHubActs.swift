import ConnectorTesting
import JSON
import Testing

/// What our tools do in the table of acts; Python/github_acts.py does the same with PyGithub or ghapi, under the same names.
struct GitHubAct: Sendable, CustomTestStringConvertible {
  var name: String
  var tool: String
  var arguments: JSONValue
  /// Differences from the other client's requests that are meant.
  var exceptions: [RequestDifference.Exception]
  /// Why no other client is compared with; nil where one is.
  var alone: String?
  /// Whether the shared table has the operation; where it has not, the request is compared with that of ghapi, which is made from the whole of it.
  var isInTable: Bool

  init(
    _ name: String, _ tool: String, _ arguments: JSONValue, except exceptions: [RequestDifference.Exception] = [], alone: String? = nil, isInTable: Bool = true
  ) {
    self.name = name
    self.tool = tool
    self.arguments = arguments
    self.exceptions = exceptions
    self.alone = alone
    self.isInTable = isInTable
  }

  var testDescription: String { name }

  private static let sha = PlausibleGitHub.sha

  /// Arguments within octo/cat.
  private static func here(_ arguments: JSONValue) -> JSONValue {
    (["owner": "octo", "repo": "cat"] as JSONValue).merging(arguments.object ?? JSONObject())
  }

  private static func page(_ arguments: JSONValue) -> JSONValue {
    var all = arguments
    all["limit"] = 50
    return all
  }

  private static let bodiless = RequestDifference.Exception.bodyEncoding(because: "ghapi sends an empty object, we nothing")
  private static let extra = RequestDifference.Exception.extraRequests(because: "PyGithub reads the object first, to be able to show it")
  private static let firstPage = RequestDifference.Exception.query("page", because: "PyGithub names the first page")
  private static let perPage = RequestDifference.Exception.query("per_page", because: "we bound the page, the client takes GitHub's default")

  static let all: [GitHubAct] = context + repositories + changes + issues + pullRequests + actions + rest + graphs

  private static let context: [GitHubAct] = [
    GitHubAct("me", "get_me", [:]), GitHubAct("limits", "get_rate_limits", [:]),
    GitHubAct("teams", "list_teams", page(["org": "octo"])),
    GitHubAct("team members", "list_team_members", page(["org": "octo", "team_slug": "core", "role": "maintainer"])),
    GitHubAct("collaborators", "list_collaborators", here(page(["affiliation": "direct", "permission": "push"]))),
    GitHubAct("gists", "list_gists", page(["since": "2026-11-01T00:00:00Z"])), GitHubAct("gist", "get_gist", ["gist_id": "aa5a315d61ae9438b18d"]),
    GitHubAct(
      "create gist", "gist_write",
      ["method": "create", "description": "Two", "files": [["name": "a.txt", "content": "A"], ["name": "b.txt", "content": "B"]]]),
    GitHubAct(
      "change gist", "gist_write",
      ["method": "update", "gist_id": "aa5a315d61ae9438b18d", "description": "One", "files": [["name": "a.txt", "content": "C"], ["name": "b.txt"]]]),
    GitHubAct("gists of another", "list_gists", page(["username": "ada"]), isInTable: false),
    GitHubAct("own teams", "list_teams", page([:]), isInTable: false),
    GitHubAct("stars", "list_starred_repositories", page(["sort": "created", "direction": "asc"]), isInTable: false),
    GitHubAct("stars of another", "list_starred_repositories", page(["username": "ada"]), isInTable: false),
    GitHubAct("star", "star_write", here(["method": "star"]), except: [bodiless], isInTable: false),
    GitHubAct("unstar", "star_write", here(["method": "unstar"]), isInTable: false),
    GitHubAct("delete gist", "gist_write", ["method": "delete", "gist_id": "aa5a315d61ae9438b18d"]),
  ]

  private static let repositories: [GitHubAct] = [
    GitHubAct("organization repositories", "list_repositories", page(["org": "octo", "sort": "updated", "direction": "asc"]), except: [extra]),
    GitHubAct("own repositories", "list_repositories", page(["visibility": "private", "sort": "pushed"])),
    GitHubAct("repository", "get_repository", here([:])), GitHubAct("branches", "list_branches", here(page([:]))), GitHubAct("tags", "list_tags", here(page([:]))),
    GitHubAct("releases", "list_releases", here(page([:]))), GitHubAct("latest release", "get_release", here([:])),
    GitHubAct("release of a tag", "get_release", here(["tag": "v1.0"])), GitHubAct("tag", "get_tag", here(["tag": "v1.0"])),
    GitHubAct("search repositories", "search_repositories", page(["query": "topic:swift", "sort": "stars", "order": "desc"])),
    GitHubAct("search code", "search_code", page(["query": "parseHeader repo:octo/cat"])), GitHubAct("search users", "search_users", page(["query": "ada type:user"])),
    GitHubAct("search commits", "search_commits", page(["query": "fix repo:octo/cat", "sort": "author-date", "order": "asc"])),
    GitHubAct("file", "get_file_contents", here(["path": "src/a b.swift", "ref": "main"])),
    GitHubAct("commits", "list_commits", here(page(["sha": "main", "path": "src", "author": "ada", "since": "2026-11-01T00:00:00Z"]))),
    GitHubAct("commit", "get_commit", here(page(["sha": .string(sha)])), except: [firstPage]),
    GitHubAct("compare", "compare_commits", here(page(["base": "v1.0", "head": "feature/x"]))),
    GitHubAct("tree", "get_repository_tree", here(["tree_sha": "main"])), GitHubAct("ref", "get_ref", here(["ref": "heads/main"])),
    GitHubAct("blob", "get_blob", here(["sha": .string(sha)])), graph("blame", "get_file_blame", here(page(["path": "src/a b.swift", "ref": "v1.0"]))),
  ]

  private static let changes: [GitHubAct] = [
    GitHubAct("create branch", "create_branch", here(["branch": "topic", "from": .string(sha)])),
    GitHubAct("create file", "create_or_update_file", here(["path": "docs/a.md", "message": "Add a", "content": "Grüße\n", "branch": "topic"])),
    GitHubAct(
      "replace file", "create_or_update_file", here(["path": "docs/a.md", "message": "Change a", "content": "b\n", "sha": .string(sha), "branch": "topic"])),
    GitHubAct("delete file", "delete_file", here(["path": "docs/a.md", "message": "Drop a", "sha": .string(sha), "branch": "topic"])),
    GitHubAct(
      "push files", "push_files",
      here([
        "branch": "main", "message": "Three files",
        "files": [["path": "a.txt", "content": "A"], ["path": "bin/run", "content": "#!/bin/sh", "executable": true], ["path": "old.txt"]],
      ])),
    GitHubAct("create tag", "create_tag", here(["tag": "v2.0", "sha": .string(sha)])),
    GitHubAct(
      "create release", "create_release",
      here([
        "tag_name": "v2.0", "name": "Two", "body": "Notes", "draft": true, "prerelease": false, "generate_release_notes": true, "target_commitish": "main",
      ]), except: [.member("make_latest", because: "PyGithub says GitHub's default")]),
    GitHubAct(
      "change release", "update_release", here(["release_id": 8, "name": "Two", "body": "Better", "draft": false, "make_latest": "true"]), isInTable: false),
    GitHubAct("delete release", "delete_release", here(["release_id": 8]), isInTable: false),
    GitHubAct("create repository", "create_repository", ["name": "fresh", "description": "New", "private": true, "auto_init": true]),
    GitHubAct("create repository of an organization", "create_repository", ["org": "octo", "name": "fresh"]),
    GitHubAct("fork", "fork_repository", here(["organization": "others", "default_branch_only": true])),
    GitHubAct("delete branch", "delete_branch", here(["branch": "topic/a"])),
    GitHubAct(
      "change repository", "update_repository",
      here(["description": "Newer", "homepage": "https://cat.example", "visibility": "private", "default_branch": "next", "has_wiki": false, "archived": true])),
    GitHubAct("rename repository", "update_repository", here(["name": "tiger"])),
  ]

  private static let issues: [GitHubAct] = [
    GitHubAct(
      "issues", "list_issues",
      here(
        page([
          "state": "open", "labels": ["bug", "p1"], "assignee": "ada", "creator": "bob", "sort": "updated", "direction": "asc", "since": "2026-11-01T00:00:00Z",
        ]))),
    GitHubAct("search issues", "search_issues", page(["query": "crash", "sort": "created", "order": "desc"])),
    GitHubAct("issue", "issue_read", here(["method": "get", "issue_number": 7])),
    GitHubAct("issue comments", "issue_read", here(page(["method": "get_comments", "issue_number": 7]))),
    GitHubAct("issue labels", "issue_read", here(page(["method": "get_labels", "issue_number": 7]))),
    GitHubAct("reactions", "issue_read", here(page(["method": "get_reactions", "issue_number": 7]))),
    GitHubAct("sub-issues", "issue_read", here(page(["method": "get_sub_issues", "issue_number": 7]))),
    GitHubAct("blocked by", "issue_read", here(page(["method": "get_blocked_by", "issue_number": 7]))),
    GitHubAct("blocking", "issue_read", here(page(["method": "get_blocking", "issue_number": 7])), isInTable: false),
    GitHubAct("parent", "issue_read", here(["method": "get_parent", "issue_number": 7]), isInTable: false),
    GitHubAct("timeline", "issue_read", here(page(["method": "get_timeline", "issue_number": 7]))), GitHubAct("labels", "list_labels", here(page([:]))),
    GitHubAct("milestones", "list_milestones", here(page(["state": "all"]))),
    GitHubAct("create issue", "issue_write", here(["method": "create", "title": "Broken", "body": "It is.", "labels": ["bug"], "assignees": ["ada"]])),
    GitHubAct(
      "change issue", "issue_write",
      here(["method": "update", "issue_number": 7, "title": "Mended", "state": "closed", "state_reason": "completed", "labels": ["done"]])),
    graph("close as duplicate", "issue_write", here(["method": "update", "issue_number": 7, "duplicate_of": 3])),
    GitHubAct("block issue", "issue_dependency_write", here(["method": "add", "issue_number": 7, "blocked_by": 12])),
    GitHubAct("block no longer", "issue_dependency_write", here(["method": "remove", "issue_number": 7, "blocked_by": 12]), isInTable: false),
    GitHubAct("add labels", "issue_labels_write", here(["method": "add", "issue_number": 7, "labels": ["bug", "p1"]])),
    GitHubAct("remove labels", "issue_labels_write", here(["method": "remove", "issue_number": 7, "labels": ["good first issue", "p1"]])),
    GitHubAct("assign", "issue_assignees_write", here(["method": "add", "issue_number": 7, "assignees": ["ada", "bob"]])),
    GitHubAct("assign no longer", "issue_assignees_write", here(["method": "remove", "issue_number": 7, "assignees": ["bob"]])),
    GitHubAct("react", "add_reaction", here(["issue_number": 7, "content": "+1"])),
    GitHubAct("react to comment", "add_reaction", here(["issue_number": 7, "comment_id": 3, "content": "eyes"]), isInTable: false),
    GitHubAct("react to line comment", "add_reaction", here(["issue_number": 9, "review_comment_id": 33, "content": "rocket"]), isInTable: false),
    GitHubAct("issue types", "list_issue_types", here([:]), isInTable: false), GitHubAct("comment", "add_issue_comment", here(["issue_number": 7, "body": "Thanks"])),
    GitHubAct("change comment", "issue_comment_write", here(["method": "update", "issue_number": 7, "comment_id": 3, "body": "Better"])),
    GitHubAct("delete comment", "issue_comment_write", here(["method": "delete", "issue_number": 7, "comment_id": 3])),
    GitHubAct("add sub-issue", "sub_issue_write", here(["method": "add", "issue_number": 7, "sub_issue_id": 12, "replace_parent": true])),
    GitHubAct("remove sub-issue", "sub_issue_write", here(["method": "remove", "issue_number": 7, "sub_issue_id": 12])),
    GitHubAct("move sub-issue", "sub_issue_write", here(["method": "reprioritize", "issue_number": 7, "sub_issue_id": 12, "after_id": 11])),
    GitHubAct("create label", "label_write", here(["method": "create", "name": "bug", "color": "ff0000", "description": "Wrong"])),
    GitHubAct("change label", "label_write", here(["method": "update", "name": "bug", "new_name": "defect", "color": "00ff00"])),
    GitHubAct("delete label", "label_write", here(["method": "delete", "name": "bug"])),
  ]

  private static let pullRequests: [GitHubAct] = [
    GitHubAct(
      "pull requests", "list_pull_requests", here(page(["state": "all", "sort": "updated", "direction": "desc", "base": "main", "head": "octo:topic"]))),
    GitHubAct("search pull requests", "search_pull_requests", page(["query": "review"])),
    GitHubAct("pull request", "pull_request_read", here(["method": "get", "pull_number": 9])),
    GitHubAct("diff", "pull_request_read", here(["method": "get_diff", "pull_number": 9]), alone: "no client asks for the diff media type"),
    GitHubAct("pull request files", "pull_request_read", here(page(["method": "get_files", "pull_number": 9]))),
    GitHubAct("pull request commits", "pull_request_read", here(page(["method": "get_commits", "pull_number": 9]))),
    GitHubAct("reviews", "pull_request_read", here(page(["method": "get_reviews", "pull_number": 9]))),
    GitHubAct("review comments", "pull_request_read", here(page(["method": "get_review_comments", "pull_number": 9]))),
    GitHubAct("conversation", "pull_request_read", here(page(["method": "get_comments", "pull_number": 9]))),
    GitHubAct("reviewers", "pull_request_read", here(["method": "get_reviewers", "pull_number": 9])),
    GitHubAct(
      "check runs", "pull_request_read", here(page(["method": "get_check_runs", "pull_number": 9])), alone: "the head is read first; the second request is in the table"),
    GitHubAct("status", "pull_request_read", here(page(["method": "get_status", "pull_number": 9])), alone: "the head is read first"),
    GitHubAct("open pull request", "create_pull_request", here(["base": "main", "head": "topic", "title": "Mend", "body": "Fixes #7", "draft": true])),
    GitHubAct("change pull request", "update_pull_request", here(["pull_number": 9, "title": "Mend it", "body": "More", "state": "closed", "base": "next"])),
    graph("back to draft", "update_pull_request", here(["pull_number": 9, "draft": true])),
    graph("ready for review", "update_pull_request", here(["pull_number": 9, "draft": false])),
    GitHubAct(
      "merge", "merge_pull_request",
      here(["pull_number": 9, "commit_message": "All", "commit_title": "Merge", "merge_method": "squash", "sha": .string(sha)])),
    GitHubAct("update branch", "update_pull_request_branch", here(["pull_number": 9, "expected_head_sha": .string(sha)])),
    GitHubAct("request review", "pull_request_reviewers", here(["method": "request", "pull_number": 9, "reviewers": ["ada"], "team_reviewers": ["core"]])),
    GitHubAct("remove reviewer", "pull_request_reviewers", here(["method": "remove", "pull_number": 9, "reviewers": ["ada"]])),
    GitHubAct(
      "review", "pull_request_review_write",
      here([
        "method": "create", "pull_number": 9, "body": "Good", "event": "APPROVE",
        "comments": [["path": "a.swift", "line": 3, "side": "RIGHT", "body": "Why?"]],
      ])),
    GitHubAct("submit review", "pull_request_review_write", here(["method": "submit", "pull_number": 9, "review_id": 80, "event": "COMMENT", "body": "So"])),
    GitHubAct("change review", "pull_request_review_write", here(["method": "update", "pull_number": 9, "review_id": 80, "body": "Rather"])),
    GitHubAct("delete pending review", "pull_request_review_write", here(["method": "delete_pending", "pull_number": 9, "review_id": 80])),
    GitHubAct("dismiss review", "pull_request_review_write", here(["method": "dismiss", "pull_number": 9, "review_id": 80, "body": "Outdated"])),
    GitHubAct(
      "line comment", "pull_request_review_write",
      here([
        "method": "comment", "pull_number": 9, "body": "Here", "commit_id": .string(sha), "path": "a.swift", "line": 4, "side": "RIGHT", "start_line": 2,
        "start_side": "RIGHT",
      ])),
    GitHubAct("reply", "pull_request_review_write", here(["method": "reply", "pull_number": 9, "comment_id": 33, "body": "Agreed"])),
  ]

  private static let actions: [GitHubAct] = [
    GitHubAct("workflows", "actions_list", here(page(["method": "list_workflows"]))),
    GitHubAct("runs", "actions_list", here(page(["method": "list_runs", "branch": "main", "event": "push", "status": "failure", "actor": "ada"]))),
    GitHubAct("runs of a workflow", "actions_list", here(page(["method": "list_runs", "workflow": "ci.yml"]))),
    GitHubAct("jobs", "actions_list", here(page(["method": "list_jobs", "run_id": 5, "filter": "all"])), except: [extra]),
    GitHubAct("artifacts", "actions_list", here(page(["method": "list_artifacts", "run_id": 5])), except: [extra]),
    GitHubAct("run", "actions_get", here(["method": "get_run", "run_id": 5])),
    GitHubAct("run usage", "actions_get", here(["method": "get_run_usage", "run_id": 5]), isInTable: false),
    GitHubAct("workflow", "actions_get", here(["method": "get_workflow", "workflow": "ci.yml"])),
    GitHubAct("job", "actions_get", here(["method": "get_job", "job_id": 6])),
    GitHubAct("job logs", "get_job_logs", here(["job_id": 6]), alone: "PyGithub gives the address of the log and does not read it"),
    GitHubAct(
      "run logs", "get_job_logs", here(["run_id": 5, "failed_only": true]), alone: "no client reads logs; the first request is that of jobs"),
    GitHubAct("artifact", "get_artifact", here(["artifact_id": 8]), isInTable: false),
    GitHubAct("run workflow", "actions_trigger", here(["method": "run_workflow", "workflow": "ci.yml", "ref": "main", "inputs": ["level": "debug"]])),
    GitHubAct("rerun", "actions_trigger", here(["method": "rerun", "run_id": 5]), except: [extra]),
    GitHubAct("rerun failed", "actions_trigger", here(["method": "rerun_failed", "run_id": 5]), except: [extra]),
    GitHubAct("cancel", "actions_trigger", here(["method": "cancel", "run_id": 5]), except: [extra]),
    GitHubAct("delete logs", "actions_trigger", here(["method": "delete_logs", "run_id": 5])),
  ]

  private static let rest: [GitHubAct] = [
    GitHubAct(
      "code scanning alerts", "list_alerts",
      here(page(["kind": "code-scanning", "tool_name": "CodeQL", "ref": "refs/heads/main", "state": "open", "severity": "high"]))),
    GitHubAct(
      "dependabot alerts", "list_alerts", here(page(["kind": "dependabot", "state": "open", "severity": "critical", "ecosystem": "npm", "package": "left-pad"]))),
    GitHubAct("secret scanning alerts", "list_alerts", here(page(["kind": "secret-scanning", "state": "open", "secret_type": "pat"]))),
    GitHubAct("alert", "get_alert", here(["kind": "dependabot", "alert_number": 4])),
    GitHubAct(
      "dismiss alert", "update_alert", here(["kind": "dependabot", "alert_number": 4, "state": "dismissed", "reason": "tolerable_risk", "comment": "Known"])),
    GitHubAct(
      "resolve secret", "update_alert", here(["kind": "secret-scanning", "alert_number": 4, "state": "resolved", "reason": "revoked"]),
      alone: "the same act as dismissing, with other names"),
    GitHubAct(
      "advisories", "list_global_advisories",
      page(["type": "reviewed", "severity": "high", "ecosystem": "npm", "affects": "left-pad", "cwes": "79,284", "is_withdrawn": false, "sort": "updated"]),
      isInTable: false),
    GitHubAct("advisory", "get_global_advisory", ["ghsa_id": "GHSA-xxxx-xxxx-xxxx"], isInTable: false),
    GitHubAct("repository advisories", "list_repository_advisories", here(page(["state": "draft", "sort": "updated", "direction": "asc"])), isInTable: false),
    GitHubAct("organization advisories", "list_repository_advisories", page(["owner": "octo", "state": "published"]), isInTable: false),
    GitHubAct("subscribe to notification", "notification_write", ["method": "subscribe", "thread_id": "15"], isInTable: false),
    GitHubAct("ignore notification", "notification_write", ["method": "ignore", "thread_id": "15"], isInTable: false),
    GitHubAct("unsubscribe from notification", "notification_write", ["method": "unsubscribe", "thread_id": "15"], isInTable: false),
    GitHubAct("watch repository", "repository_subscription_write", here(["method": "watch"]), isInTable: false),
    GitHubAct("ignore repository", "repository_subscription_write", here(["method": "ignore"]), isInTable: false),
    GitHubAct("unwatch repository", "repository_subscription_write", here(["method": "unwatch"]), isInTable: false),
    GitHubAct("notifications", "list_notifications", page(["all": true, "participating": false, "since": "2026-11-01T00:00:00Z"])),
    GitHubAct("notification", "get_notification", ["thread_id": "15"]),
    GitHubAct(
      "read notification", "notification_write", ["method": "read", "thread_id": "15"], except: [bodiless]),
    GitHubAct("notification done", "notification_write", ["method": "done", "thread_id": "15"]),
    GitHubAct("all read", "notification_write", ["method": "read_all", "last_read_at": "2026-11-01T00:00:00Z"]),
  ]

  private static func graph(_ name: String, _ tool: String, _ arguments: JSONValue) -> GitHubAct {
    GitHubAct(name, tool, arguments, alone: "GraphQL, whose documents were valid by GitHub's schema of 2026-07 when they were written")
  }

  private static let threads: [GitHubAct] = [
    graph("review threads", "list_review_threads", here(page(["pull_number": 9, "resolved": false]))),
    graph("resolve thread", "review_thread_write", here(["method": "resolve", "pull_number": 9, "thread_id": "PRRT_1"])),
    graph("open thread", "review_thread_write", here(["method": "unresolve", "pull_number": 9, "thread_id": "PRRT_1"])),
  ]

  private static func said(_ method: String, _ more: JSONObject = [:]) -> JSONValue {
    here(.object((["method": .string(method), "discussion_number": 5] as JSONObject).merging(more)))
  }

  private static func project(_ method: String, _ more: JSONObject = [:]) -> JSONValue {
    .object((["method": .string(method), "owner": "octo", "project_number": 3] as JSONObject).merging(more))
  }

  private static let graphs: [GitHubAct] =
    threads + [
      graph("discussion categories", "list_discussion_categories", here([:])),
      graph("discussions", "list_discussions", here(page(["category": "ideas", "state": "open", "answered": false, "sort": "created", "direction": "asc"]))),
      graph("discussion", "discussion_read", said("get")), graph("discussion comments", "discussion_read", page(said("get_comments"))),
      graph("start discussion", "create_discussion", here(["category": "Ideas", "title": "A thought", "body": "So"])),
      graph("comment on discussion", "discussion_comment_write", said("add", ["body": "Yes"])),
      graph("answer in discussion", "discussion_comment_write", said("reply", ["comment_id": "DC_1", "body": "No"])),
      graph("change comment of discussion", "discussion_comment_write", said("update", ["comment_id": "DC_1", "body": "Perhaps"])),
      graph("delete comment of discussion", "discussion_comment_write", said("delete", ["comment_id": "DC_1"])),
      graph("mark answer", "discussion_comment_write", said("mark_answer", ["comment_id": "DC_1"])),
      graph("unmark answer", "discussion_comment_write", said("unmark_answer", ["comment_id": "DC_1"])),
      graph("projects", "list_projects", page(["owner": "octo", "query": "is:open road"])), graph("project", "project_read", project("get")),
      graph("project fields", "project_read", page(project("get_fields"))), graph("project items", "project_read", page(project("get_items"))),
      graph("project item", "project_read", project("get_item", ["item_id": "PVTI_1"])),
      graph("add to project", "project_item_write", project("add", ["item_repo": "cat", "item_number": 7])),
      graph("add draft", "project_item_write", project("add_draft", ["title": "Later", "body": "So"])),
      graph("set field", "project_item_write", project("update", ["item_id": "PVTI_1", "field": "status", "value": "done"])),
      graph("empty field", "project_item_write", project("clear", ["item_id": "PVTI_1", "field": "Points"])),
      graph("take out of project", "project_item_write", project("remove", ["item_id": "PVTI_1"])),
    ]
}
