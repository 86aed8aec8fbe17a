import ConnectorTesting
import MCP
import Testing

@Suite("Coverage of the GitHub connector")
struct CoverageTests {
  /// Recorded answers by tool (ReplayTests).
  private static let replays: [String: String] = [
    "list_issues": "paginate-issues (five pages)", "get_repository": "get-repository, rename-repository (301)", "search_issues": "search-issues",
    "get_file_contents": "get-content",
    "list_labels": "labels", "label_write": "labels, errors (422)", "issue_write": "add-labels-to-issue",
    "list_collaborators": "add-and-remove-repository-collaborator", "get_release": "release-assets, release-assets-conflict",
    "pull_request_read": "create-status (the pull request was not recorded)", "create_repository": "errors.raw",
    "notification_write": "mark-notifications-as-read (205)", "create_or_update_file": "create-file", "create_branch": "git-refs",
    "delete_branch": "git-refs (where the branch is was not recorded)", "issue_labels_write": "add-labels-to-issue",
    "update_repository": "rename-repository (307 included)",
  ]

  /// Faults by tool, beside those that all tools meet (ToolFaultTests).
  private static let faults: [String: String] = [
    "list_issues":
      "primary and secondary limits, Retry-After 0 and beyond the deadline, 401, 403, 404, 409, 410, 502, 304, short page, refresh in mid-paging, slow, truncated, oversized, hang",
    "add_issue_comment": "lost answer", "push_files": "moved branch", "get_job_logs": "redirect without credential, a log that is gone",
    "delete_branch": "moved branch", "issue_labels_write": "a label that is not there, an error between two labels",
    "issue_assignees_write": "who may not be assigned", "get_file_contents": "file beyond a megabyte",
    "search_users": "budget of 30 a minute", "search_code": "budget of 10 a minute", "search_issues": "another resource while one is limited",
    "get_me": "renewal, sign-in",
    "list_discussions":
      "errors with a 200 of each kind, parts that are missing, limits of points and secondary ones, what a query costs, lost answer",
    "discussion_comment_write": "lost answer, a comment of another discussion", "review_thread_write": "a thread of another pull request",
    "project_item_write": "an item of another project, values that a field does not take", "create_discussion": "a category that is not there",
    "add_reaction": "a comment of another issue", "get_artifact": "redirect without credential, no zip, damaged, too long, gone, renamed repository",
    "label_write": "422",
  ]

  @Test("is written down, for every tool")
  func page() async throws {
    let tools = try await GitHubFixture().github.client.listTools().map(\.name)
    let rows = tools.sorted().map { tool in
      let acts = GitHubAct.all.filter { $0.tool == tool }
      let compared = acts.filter { $0.alone == nil }
      let alone = Set(acts.compactMap(\.alone)).sorted()
      return CoverageTable.Row(
        tool, description: acts.isEmpty ? "" : acts.map(\.name).joined(separator: ", "),
        differential: compared.isEmpty
          ? "– \(alone.joined(separator: "; "))" : "\(compared.count) of \(acts.count)" + (alone.isEmpty ? "" : " (\(alone.joined(separator: "; ")))"),
        replay: Self.replays[tool] ?? "– no recording of this act",
        faults: (["429 now and beyond the deadline, cut off"] + [Self.faults[tool]].compactMap { $0 }).joined(separator: ", "))
    }
    try CoverageTable(
      connector: "github", title: "GitHub",
      introduction: """
        Description: the acts whose requests the table of ghapi 2.1.4 (GitHub's description of 2026-09) admits, on github.com and with the path of an Enterprise \
        Server. Differential: how many of them are equal to what PyGithub 2.10.0, or where it lacks the act ghapi, sends; meant differences stand with their \
        reasons in `Tests/GitHubConnectorTests/GitHubActs.swift`. Operations that the shared table lacks are compared with ghapi alone, which is made from \
        the whole description. The documents of GraphQL were valid by GitHub's schema (octokit/graphql-schema of 2026-07) when they were written; the schema is no \
        part of the tests, which hold that a document is whole and gets what callers say as variables. Replay: recordings of octokit/fixtures. Faults: each act's last request is limited and cut off; \
        what is cut off is asked for again, unless that could do something twice.
        """, rows: rows
    ).check(tools: tools)
  }
}
