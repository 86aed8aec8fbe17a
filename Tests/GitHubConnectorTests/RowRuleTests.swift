import ConnectorTesting
import GitHubConnector
import JSON
import MCP
import Testing

@Suite("Row rules that GitHub's connector keeps")
struct RowRuleTests {
  private func fixture() async throws -> (GitHubFixture, [String: ToolDefinition]) {
    let fixture = try await GitHubFixture.plausible(isGoverned: true)
    let tools = try await fixture.github.client.listTools()
    return (fixture, Dictionary(tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }))
  }

  @Test("A rule that lets everything through costs no request, and changes no answer of any tool")
  func free() async throws {
    let (governed, tools) = try await fixture()
    let (plain, _) = try await fixture()
    for act in GitHubAct.all {
      let tool = try #require(tools[act.tool])
      let counts = (governed.vendor.requests.count, plain.vendor.requests.count)
      let one = try await governed.github.call(act.tool, act.arguments, as: "ada", meta: RowRules.meta(tool, .constant(true)))
      let other = try await plain.github.call(act.tool, act.arguments, as: "ada")
      let sent = governed.vendor.requests.dropFirst(counts.0).map { "\($0.method) \($0.path)" }
      #expect(sent == plain.vendor.requests.dropFirst(counts.1).map { "\($0.method) \($0.path)" }, "\(act.name)")
      #expect(one.isError == other.isError, "\(act.name): \(one.text)")
      for fixture in [governed, plain] { fixture.github.time.advance(10) }
    }
  }

  @Test("Where no record of a type may be seen no tool that declares it shows one, and nothing is written")
  func nothing() async throws {
    let (fixture, tools) = try await fixture()
    for act in GitHubAct.all {
      let tool = try #require(tools[act.tool])
      guard RowRules.declares(tool) else { continue }
      let before = fixture.vendor.requests.count
      let result = try await fixture.github.call(act.tool, act.arguments, as: "ada", meta: RowRules.meta(tool, .constant(false)))
      #expect(RowRules.places(result, tool).isEmpty, "\(act.name): \(result.raw.text)")
      if tool.annotations.readOnly != true {
        #expect(result.isError, "\(act.name)")
        #expect(fixture.vendor.requests.dropFirst(before).allSatisfy { GraphQL.isRead($0) }, "\(act.name)")
      }
      fixture.github.time.advance(10)
    }
  }

  private static let ada = RowFilter.compare(attribute: "author", .equal, "ada")

  private static func pull(_ number: Int, _ author: String) -> JSONValue {
    [
      "number": .int(number), "title": .string("T\(number)"), "state": "open", "user": ["login": .string(author)], "labels": [], "head": ["sha": "abcd", "ref": "topic"],
      "base": ["ref": "main"],
    ]
  }

  private static func commit(_ sha: String, _ author: String) -> JSONValue {
    ["sha": .string(sha), "commit": ["message": .string("by \(author)")], "author": ["login": .string(author)]]
  }

  @Test("A pull request that policy hides is not in a list, not read in any way, and not changed")
  func pullRequests() async throws {
    let fixture = try await GitHubFixture(isGoverned: true)
    fixture.vendor.always("GET", "/repos/octo/cat/pulls", .json([Self.pull(1, "bob"), Self.pull(2, "ada")]))
    fixture.vendor.always("GET", "/repos/octo/cat/pulls/1", .json(Self.pull(1, "bob")))
    let meta = RowRules.meta(["PullRequest": Self.ada, "Commit": .constant(true)])
    let list = try await fixture.github.call("list_pull_requests", ["owner": "octo", "repo": "cat"], as: "ada", meta: meta)
    #expect(list.structured?["pull_requests"]?.array?.map { $0["number"] } == [2] && !list.text.contains("T1"))
    for method in ["get", "get_diff", "get_files", "get_commits", "get_reviews", "get_comments", "get_status", "get_reviewers"] {
      let arguments: JSONValue = ["method": .string(method), "owner": "octo", "repo": "cat", "pull_number": 1]
      #expect(try await fixture.github.failure("pull_request_read", arguments, as: "ada", meta: meta).contains("not permitted"), "\(method)")
    }
    for (tool, more) in [
      ("update_pull_request", ["title": "x"]), ("merge_pull_request", [:]), ("update_pull_request_branch", [:]),
      ("pull_request_reviewers", ["method": "request", "reviewers": ["eve"]]), ("pull_request_review_write", ["method": "create", "event": "APPROVE"]),
    ] as [(String, JSONValue)] {
      _ = try await fixture.github.failure(tool, more.merging(["owner": "octo", "repo": "cat", "pull_number": 1]), as: "ada", meta: meta)
    }
    // Of each nothing but the pull request itself was asked.
    #expect(fixture.vendor.requests.dropFirst().allSatisfy { $0.method == "GET" && $0.path == "/repos/octo/cat/pulls/1" })
  }

  @Test("Commits that policy hides take files and counts of a comparison with them")
  func comparison() async throws {
    let fixture = try await GitHubFixture(isGoverned: true)
    fixture.vendor.always(
      "GET", "/repos/octo/cat/compare/a...b",
      .json([
        "status": "ahead", "ahead_by": 2, "behind_by": 0, "total_commits": 2, "commits": [Self.commit("aaaa", "ada"), Self.commit("bbbb", "bob")],
        "files": [["filename": "secret.swift"]],
      ]))
    let arguments: JSONValue = ["owner": "octo", "repo": "cat", "base": "a", "head": "b"]
    func meta(_ rule: RowFilter) -> JSONObject { RowRules.meta(["Commit": rule, "Repository": .constant(true)]) }
    let hidden = try await fixture.github.call("compare_commits", arguments, as: "ada", meta: meta(Self.ada))
    #expect(hidden.structured?["commits"]?.array?.map { $0["sha"] } == ["aaaa"] && hidden.structured?["files"] == [] && hidden.structured?["ahead_by"] == nil)
    #expect(!hidden.text.contains("by bob") && !hidden.text.contains("secret.swift") && !hidden.text.contains("ahead by"))
    let shown = try await fixture.github.structured("compare_commits", arguments, as: "ada", meta: meta(.has(attribute: "author")))
    #expect(shown["files"]?.array?.count == 1 && shown["ahead_by"] == 2)
    let fork: JSONValue = ["owner": "octo", "repo": "cat", "base": "main", "head": "eve:cat:main"]
    #expect(try await fixture.github.failure("compare_commits", fork, as: "ada", meta: meta(Self.ada)).contains("those of a fork cannot be checked"))
  }

  @Test("An issue that names this one is in its history for those who may see it")
  func history() async throws {
    let fixture = try await GitHubFixture(isGoverned: true)
    func issue(_ number: Int, _ author: String) -> JSONValue {
      [
        "number": .int(number), "title": "T", "state": "open", "user": ["login": .string(author)],
        "html_url": .string("https://github.com/octo/cat/issues/\(number)"),
      ]
    }
    fixture.vendor.always("GET", "/repos/octo/cat/issues/1", .json(issue(1, "ada")))
    fixture.vendor.always(
      "GET", "/repos/octo/cat/issues/1/timeline",
      .json([
        ["event": "cross-referenced", "source": ["issue": issue(8, "bob")]], ["event": "cross-referenced", "source": ["issue": issue(9, "ada")]],
        ["event": "closed", "actor": ["login": "ada"]],
      ]))
    let meta = RowRules.meta(["Issue": Self.ada, "PullRequest": .constant(true)])
    let events = try await fixture.github.structured(
      "issue_read", ["method": "get_timeline", "owner": "octo", "repo": "cat", "issue_number": 1], as: "ada", meta: meta)["events"]?.array
    #expect(events?.map { $0["detail"]?.string?.suffix(1) } == ["9", nil])
  }

  @Test("Notifications about what cannot be checked are left out, and so are those of repositories that policy hides")
  func notifications() async throws {
    let fixture = try await GitHubFixture(isGoverned: true)
    func notification(_ id: String, _ repository: String, _ type: String, isPrivate: Bool = false) -> JSONValue {
      [
        "id": .string(id), "repository": ["full_name": .string(repository), "private": .bool(isPrivate), "owner": ["login": "octo"]],
        "subject": ["type": .string(type), "title": "T"],
      ]
    }
    fixture.vendor.always(
      "GET", "/notifications",
      .json([
        notification("1", "octo/cat", "Issue"), notification("2", "octo/cat", "PullRequest"), notification("3", "octo/cat", "Release"),
        notification("4", "octo/plans", "Release", isPrivate: true),
      ]))
    var rules: [String: RowFilter] = ["Repository": .constant(true), "Issue": .constant(true), "PullRequest": .constant(true), "Commit": .constant(true)]
    func ids() async throws -> [String?] {
      try await fixture.github.structured("list_notifications", as: "ada", meta: RowRules.meta(rules))["notifications"]?.array?.map { $0["id"]?.string } ?? []
    }
    #expect(try await ids() == ["1", "2", "3", "4"])
    rules["Issue"] = Self.ada
    #expect(try await ids() == ["2", "3", "4"])
    rules["Repository"] = .compare(attribute: "visibility", .equal, "public")
    #expect(try await ids() == ["2", "3"])
    fixture.vendor.always("GET", "/notifications/threads/1", .json(notification("1", "octo/cat", "Issue")))
    for (arguments, words) in [
      (["method": "read", "thread_id": "1"], "not permitted"), (["method": "ignore", "thread_id": "1"], "not permitted"), (["method": "read_all"], "by thread_id"),
    ] as [(JSONValue, String)] {
      #expect(try await fixture.github.failure("notification_write", arguments, as: "ada", meta: RowRules.meta(rules)).contains(words), "\(arguments)")
    }
    #expect(fixture.vendor.requests.allSatisfy { $0.method == "GET" })
  }

  @Test("What a change has taken out of sight is said to be done, and not shown")
  func outOfSight() async throws {
    let fixture = try await GitHubFixture(isGoverned: true)
    fixture.vendor.always("GET", "/repos/octo/cat/pulls/2", .json(Self.pull(2, "ada")))
    var closed = Self.pull(2, "ada")
    closed["state"] = "closed"
    fixture.vendor.always("PATCH", "/repos/octo/cat/pulls/2", .json(closed))
    let failure = try await fixture.github.failure(
      "update_pull_request", ["owner": "octo", "repo": "cat", "pull_number": 2, "state": "closed"], as: "ada",
      meta: RowRules.meta(["PullRequest": .compare(attribute: "state", .equal, "open")]))
    #expect(failure.contains("It is done") && !failure.contains("T2"))
    #expect(fixture.vendor.requests.map(\.method) == ["GET", "PATCH"])
  }

  @Test("Resources, prompts and completions keep the rules that they are told")
  func others() async throws {
    let fixture = try await GitHubFixture(isGoverned: true)
    let issue: JSONValue = ["number": 1, "title": "Secret plan", "state": "open", "user": ["login": "bob"]]
    fixture.vendor.always("GET", "/repos/octo/cat", .json(["full_name": "octo/cat", "private": false, "owner": ["login": "octo"], "default_branch": "main"]))
    fixture.vendor.always("GET", "/repos/octo/cat/issues/1", .json(issue))
    fixture.vendor.always("GET", "/repos/octo/cat/issues", .json([issue, ["number": 2, "title": "Open", "user": ["login": "ada"]]]))
    fixture.vendor.always("GET", "/repos/octo/cat/compare/a...main", .json(["total_commits": 2, "commits": [Self.commit("aaaa", "ada"), Self.commit("bbbb", "bob")]]))
    let meta = RowRules.meta(["Issue": Self.ada, "Commit": Self.ada, "PullRequest": Self.ada, "Repository": .compare(attribute: "visibility", .equal, "public")])
    await #expect(throws: (any Error).self) { try await fixture.github.read("repo://octo/cat/issues/1", as: "ada", meta: meta) }
    await #expect(throws: (any Error).self) {
      try await fixture.github.prompt("issue_to_fix", ["owner": "octo", "repo": "cat", "issue_number": "1"], as: "ada", meta: meta)
    }
    let notes = try await "\(fixture.github.prompt("release_notes", ["owner": "octo", "repo": "cat", "base": "a"], as: "ada", meta: meta))"
    #expect(notes.contains("by ada") && !notes.contains("by bob") && notes.contains(": 1 commits"))
    let numbers = try await fixture.github.complete(
      .prompt("issue_to_fix", argument: "issue_number"), "", ["owner": "octo", "repo": "cat"], as: "ada", meta: meta)
    #expect(numbers == ["2"])
  }
}
