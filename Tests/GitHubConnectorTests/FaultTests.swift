import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("The GitHub connector and a GitHub that fails")
struct FaultTests {
  private let issues: JSONValue = ["owner": "octo", "repo": "cat"]
  private static func issue(_ number: Int) -> JSONValue {
    ["number": .int(number), "title": "T", "state": "open", "user": ["login": "ada"], "repository_url": "https://api.github.com/repos/octo/cat"]
  }

  @Test("The primary limit is told with the time until it ends, and stops this resource only", arguments: [403, 429])
  func primary(_ status: Int) async throws {
    let fixture = try await GitHubFixture()
    let reset = fixture.github.time.seconds + 1800
    fixture.vendor.always(
      "GET", "/repos/octo/cat/issues",
      .json(
        ["message": "API rate limit exceeded for user ID 1."], status: status,
        headers: [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", String(reset)), ("x-ratelimit-resource", "core")]))
    fixture.vendor.always("GET", "/search/issues", .json(["total_count": 0, "items": []]))
    let failure = try await fixture.github.failure("list_issues", issues)
    #expect(failure.contains("Try again in 1800 s"))
    #expect(fixture.vendor.requests.count == 1)
    _ = try await fixture.github.failure("list_issues", issues)
    #expect(fixture.vendor.requests.count == 1)
    _ = try await fixture.github.structured("search_issues", ["query": "x"])
  }

  @Test("The secondary limit is waited for as GitHub says, and stops everything of the credential")
  func secondary() async throws {
    let fixture = try await GitHubFixture()
    let limited = ConnectorTesting.Answer.json(["message": "You have exceeded a secondary rate limit."], status: 403, headers: [("Retry-After", "12")])
    fixture.vendor.on("GET", "/repos/octo/cat/issues", limited, .json([Self.issue(1)]))
    let page = try await fixture.github.structured("list_issues", issues)
    #expect(page["issues"]?.array?.count == 1)
    #expect(fixture.github.time.waits.reduce(0, +) >= 11)
  }

  @Test("A secondary limit without Retry-After is a minute, then two")
  func secondaryGrows() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.always("GET", "/repos/octo/cat/issues", .json(["message": "You have exceeded a secondary rate limit."], status: 403))
    #expect(try await fixture.github.failure("list_issues", issues).contains("Try again in 60 s"))
    fixture.github.time.advance(61)
    #expect(try await fixture.github.failure("list_issues", issues).contains("Try again in 120 s"))
  }

  @Test("Retry-After: 0 is no licence to spin, and beyond the deadline the wait is told", arguments: [("0", 4), ("900", 1)])
  func retryAfter(_ after: String, _ requests: Int) async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.always("GET", "/repos/octo/cat/issues", .json(["message": "secondary rate limit"], status: 429, headers: [("Retry-After", after)]))
    let failure = try await fixture.github.failure("list_issues", issues)
    #expect(failure.contains("Try again in"))
    #expect(fixture.vendor.requests.count <= requests)
  }

  @Test("Thirty searches a minute are kept ahead of GitHub")
  func searchBudget() async throws {
    for (tool, budget) in [("search_users", 30), ("search_code", 10)] {
      let fixture = try await GitHubFixture(time: VirtualTime(isFrozen: true))
      PlausibleGitHub.answer(all: fixture.vendor)
      for _ in 0..<budget { _ = try await fixture.github.call(tool, ["query": "x"]) }
      #expect(fixture.github.time.waits == [], "\(tool)")
      _ = try await fixture.github.call(tool, ["query": "x"])
      #expect(fixture.github.time.waits == [Int64(60 / budget)], "\(tool)")
    }
  }

  @Test("A 403 that is no limit says which permission would do, and is not repeated")
  func forbidden() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.always(
      "GET", "/repos/octo/cat/issues",
      .json(
        ["message": "Resource not accessible by personal access token"], status: 403,
        headers: [("X-Accepted-GitHub-Permissions", "issues=read"), ("x-ratelimit-remaining", "4000"), ("x-ratelimit-reset", "1795990100")]))
    let failure = try await fixture.github.failure("list_issues", issues)
    #expect(failure.contains("Resource not accessible") && failure.contains("issues=read"))
    #expect(fixture.vendor.requests.count == 1)
  }

  @Test(
    "What is missing, gone, in conflict, or refused is an error with GitHub's words, never an empty list",
    arguments: [
      (404, "no such thing"), (410, "Issues are disabled"), (409, "Git Repository is empty"), (401, "refuses the credential"), (502, "cannot answer"),
    ])
  func errors(_ status: Int, _ words: String) async throws {
    let fixture = try await GitHubFixture()
    let message = status == 410 ? "Issues are disabled for this repo" : status == 409 ? "Git Repository is empty." : "Not Found"
    fixture.vendor.always("GET", "/repos/octo/cat/issues", .json(["message": .string(message)], status: status))
    #expect(try await fixture.github.failure("list_issues", issues).contains(words))
  }

  @Test("A list that has not changed costs nothing: the same page again is a 304")
  func notModified() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.always("GET", "/repos/octo/cat/issues") { request in
      request.header("If-None-Match") == "W/\"1\"" ? .status(304) : .json([Self.issue(1)], headers: [("ETag", "W/\"1\"")])
    }
    let first = try await fixture.github.structured("list_issues", issues)
    let second = try await fixture.github.structured("list_issues", issues)
    #expect(first == second && fixture.vendor.requests.map { $0.header("If-None-Match") } == [nil, "W/\"1\""])
  }

  @Test("A short page with a link to the next is not the last, and pull requests among issues are left out")
  func shortPage() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.always("GET", "/repos/octo/cat/issues") { request in
      guard request.query("page") == "2" else {
        var pull = Self.issue(9)
        pull["pull_request"] = ["url": "x"]
        return .json([pull], headers: [("Link", "<https://api.github.com/repositories/1/issues?per_page=30&page=2>; rel=\"next\", <https://x/?page=2>; rel=\"last\"")])
      }
      return .json([Self.issue(8)])
    }
    let first = try await fixture.github.structured("list_issues", issues)
    #expect(first["issues"] == [])
    let cursor = try #require(first["next_cursor"])
    let second = try await fixture.github.structured("list_issues", ["owner": "octo", "repo": "cat", "cursor": cursor])
    #expect(second["issues"]?.array?.first?["number"] == 8 && second["next_cursor"] == nil)
    #expect(fixture.vendor.requests.last?.path == "/repos/octo/cat/issues")
    let wrong = try await fixture.github.failure("list_issues", ["owner": "octo", "repo": "dog", "cursor": cursor])
    #expect(wrong.contains("other arguments"))
  }

  @Test("Truncated, slow, oversized, hanging and lost answers end as they should")
  func bodies() async throws {
    let fixture = try await GitHubFixture()
    let (vendor, github) = (fixture.vendor, fixture.github)
    vendor.on("GET", "/repos/octo/cat/issues", .slow([Self.issue(1)]))
    #expect(try await github.structured("list_issues", issues)["issues"]?.array?.count == 1)
    vendor.reset()
    vendor.always("GET", "/repos/octo/cat/issues", .oversized(5 << 20))
    #expect(try await github.failure("list_issues", issues).contains("longer than"))
    vendor.reset()
    vendor.on("GET", "/repos/octo/cat/issues", .truncated([Self.issue(1)]), .json([Self.issue(2)]))
    #expect(try await github.structured("list_issues", issues)["issues"]?.array?.first?["number"] == 2)
    vendor.reset()
    vendor.always("POST", "/repos/octo/cat/issues/1/comments", .lost)
    let lost = try await github.failure("add_issue_comment", ["owner": "octo", "repo": "cat", "issue_number": 1, "body": "once"])
    #expect(lost.contains("check before you repeat it") && vendor.requests.count == 1)
    // Here real time must pass.
    let impatient = try await GitHubFixture(["timeout": 1], time: VirtualTime())
    impatient.vendor.always("GET", "/repos/octo/cat/issues", .hang)
    #expect(try await impatient.github.failure("list_issues", issues).contains("GitHub"))
  }

  @Test("A branch that somebody else moved is a conflict, and says that nothing was changed")
  func movedBranch() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.always("PATCH", "/repos/octo/cat/git/refs/heads/main", .json(["message": "Update is not a fast forward"], status: 422))
    PlausibleGitHub.answer(all: fixture.vendor)
    let failure = try await fixture.github.failure(
      "push_files", ["owner": "octo", "repo": "cat", "branch": "main", "message": "m", "files": [["path": "a", "content": "A"]]])
    #expect(failure.contains("moved by somebody else"))
  }

  @Test("A log is fetched from GitHub's storage without our credential")
  func jobLog() async throws {
    let storage = try await VendorDouble()
    storage.always("GET", "/log", .text((1...300).map { "line \($0)" }.joined(separator: "\n")))
    let fixture = try await GitHubFixture()
    fixture.vendor.always("GET", "/repos/octo/cat/actions/jobs/6/logs", .redirect(to: storage.url + "/log"))
    let log = try await fixture.github.structured("get_job_logs", ["owner": "octo", "repo": "cat", "job_id": 6, "tail_lines": 2])
    #expect(log["log"] == "line 299\nline 300" && log["lines"] == 300)
    #expect(storage.requests.count == 1 && storage.requests[0].header("Authorization") == nil)
  }

  private static func job(_ id: Int, _ conclusion: String) -> JSONValue {
    ["id": .int(id), "run_id": 5, "name": .string("job \(id)"), "status": "completed", "conclusion": .string(conclusion)]
  }

  @Test("Of a run the logs of the jobs that failed are read, ten at most; one that is gone does not keep the others back")
  func runLogs() async throws {
    let storage = try await VendorDouble()
    storage.always("GET", "/log/*") { .text(Array(repeating: "line of \($0.segments.last ?? "")", count: 5000).joined(separator: "\n")) }
    let fixture = try await GitHubFixture()
    let failed = (1...12).map { Self.job($0, $0 == 3 ? "timed_out" : "failure") }
    let jobs: [JSONValue] = [Self.job(50, "success"), Self.job(51, "skipped")] + failed
    // The second page alone tells of the last jobs.
    fixture.vendor.always("GET", "/repos/octo/cat/actions/runs/5/jobs") { request in
      .json(["total_count": .int(jobs.count), "jobs": .array(request.query("page") == "2" ? Array(jobs.dropFirst(8)) : Array(jobs.prefix(8)))])
    }
    fixture.vendor.always("GET", "/repos/octo/cat/actions/jobs/2/logs", .json(["message": "Not Found"], status: 404))
    let url = storage.url
    fixture.vendor.always("GET", "/repos/octo/cat/actions/jobs/*/logs") { .redirect(to: "\(url)/log/\($0.segments.dropLast().last ?? "")") }
    let result = try await fixture.github.call("get_job_logs", ["owner": "octo", "repo": "cat", "run_id": 5, "failed_only": true, "tail_lines": 4000])
    let found = result.structured?["jobs"]?.array ?? []
    #expect(found.map { $0["id"]?.int } == Array(1...12) && found[2]["conclusion"] == "timed_out")
    #expect(found[1]["log"] == nil && found[1]["error"]?.string?.contains("no such thing") == true)
    #expect(found[0]["log"]?.string?.hasSuffix("line of 1") == true && found[0]["lines"] == 5000 && found[0]["truncated"] == true)
    #expect(found.prefix(10).compactMap { $0["log"]?.string?.utf8.count }.reduce(0, +) <= 100 << 10 && found.suffix(2).allSatisfy { $0["log"] == nil })
    #expect(result.text.hasPrefix("<untrusted") && result.text.contains("--- job 12") == false && result.text.contains("2 more jobs"))
    #expect(result.meta?["dev.sluice/untrusted"] == ["/jobs/*/log", "/jobs/*/name"])
    #expect(storage.requests.count == 9 && storage.requests.allSatisfy { $0.header("Authorization") == nil })

    let all = try await fixture.github.structured("get_job_logs", ["owner": "octo", "repo": "cat", "run_id": 5, "tail_lines": 1])
    #expect(all["jobs"]?.array?.map { $0["id"]?.int } == [50] + Array(1...12) && all["jobs"]?.array?.first?["log"] == "line of 50")
    let asked = fixture.vendor.requests.count
    for wrong in [[:], ["job_id": 6, "run_id": 5], ["job_id": 6, "failed_only": true]] as [JSONValue] {
      var arguments = wrong
      arguments["owner"] = "octo"
      arguments["repo"] = "cat"
      _ = try await fixture.github.failure("get_job_logs", arguments)
    }
    #expect(fixture.vendor.requests.count == asked)
  }

  @Test("A run of which no job failed says so; a limit while logs are read is an error, not a missing log")
  func runLogLimits() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.on("GET", "/repos/octo/cat/actions/runs/5/jobs", .json(["total_count": 1, "jobs": [Self.job(1, "success")]]))
    fixture.vendor.always("GET", "/repos/octo/cat/actions/runs/5/jobs", .json(["total_count": 1, "jobs": [Self.job(1, "failure")]]))
    fixture.vendor.always(
      "GET", "/repos/octo/cat/actions/jobs/1/logs", .json(["message": "secondary rate limit"], status: 403, headers: [("Retry-After", "900")]))
    let arguments: JSONValue = ["owner": "octo", "repo": "cat", "run_id": 5, "failed_only": true]
    let none = try await fixture.github.call("get_job_logs", arguments)
    #expect(none.structured?["jobs"] == [] && none.text == "No job of the run failed.")
    #expect(try await fixture.github.failure("get_job_logs", arguments).contains("Try again in 900 s"))
  }

  @Test("A branch that has moved on is not deleted, and one that is gone is not found")
  func deletedBranch() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.always("GET", "/repos/octo/cat/git/ref/heads/topic", .json(["ref": "refs/heads/topic", "object": ["sha": .string(PlausibleGitHub.sha)]]))
    fixture.vendor.always("DELETE", "/repos/octo/cat/git/refs/heads/topic", .status(204))
    let old = try await fixture.github.failure(
      "delete_branch", ["owner": "octo", "repo": "cat", "branch": "topic", "sha": .string(String(repeating: "0", count: 40))])
    #expect(old.contains(PlausibleGitHub.sha) && old.contains("Nothing was deleted") && fixture.vendor.requests.map(\.method) == ["GET"])
    _ = try await fixture.github.failure("delete_branch", ["owner": "octo", "repo": "cat", "branch": "gone"])
    let gone = try await fixture.github.structured(
      "delete_branch", ["owner": "octo", "repo": "cat", "branch": "topic", "sha": .string(PlausibleGitHub.sha.uppercased())])
    #expect(gone["sha"] == .string(PlausibleGitHub.sha) && fixture.vendor.requests.last?.method == "DELETE")
  }

  @Test("A label that is not there is told and passed over; what went before an error is told with it")
  func missingLabel() async throws {
    let fixture = try await GitHubFixture()
    let labels = "/repos/octo/cat/issues/7/labels"
    fixture.vendor.always("DELETE", labels + "/bug", .json([["name": "p1"]]))
    fixture.vendor.always("DELETE", labels + "/none", .json(["message": "Label does not exist"], status: 404))
    fixture.vendor.always("DELETE", labels + "/locked", .json(["message": "Resource not accessible"], status: 403))
    func arguments(_ labels: JSONValue) -> JSONValue { ["method": "remove", "owner": "octo", "repo": "cat", "issue_number": 7, "labels": labels] }
    let result = try await fixture.github.structured("issue_labels_write", arguments(["none", "bug"]))
    #expect(result["missing"] == ["none"] && result["labels"]?.array?.map { $0["name"] } == ["p1"])
    let failure = try await fixture.github.failure("issue_labels_write", arguments(["bug", "locked", "none"]))
    #expect(failure.contains("Taken off: bug.") && failure.contains("Resource not accessible") && fixture.vendor.requests.count == 4)
    _ = try await fixture.github.failure("issue_labels_write", arguments([]))
    _ = try await fixture.github.failure("issue_labels_write", arguments(.array((1...21).map { .string("l\($0)") })))
    #expect(fixture.vendor.requests.count == 4)
  }

  @Test("Who GitHub does not assign, without a word, is told")
  func ignoredAssignee() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.always("POST", "/repos/octo/cat/issues/7/assignees", .json(["number": 7, "assignees": [["login": "Ada"]]], status: 201))
    fixture.vendor.always("DELETE", "/repos/octo/cat/issues/7/assignees", .json(["number": 7, "assignees": []]))
    func assign(_ method: JSONValue, _ logins: JSONValue) async throws -> JSONValue {
      try await fixture.github.structured(
        "issue_assignees_write", ["method": method, "owner": "octo", "repo": "cat", "issue_number": 7, "assignees": logins])
    }
    #expect(try await assign("add", ["ada", "eve"]) == ["assignees": ["Ada"], "ignored": ["eve"]])
    #expect(try await assign("remove", ["ada"]) == ["assignees": []])
  }

  @Test("A file of more than a megabyte is read from its blob, and a long text comes in lines")
  func largeFile() async throws {
    let fixture = try await GitHubFixture()
    let text = (1...60_000).map { "line number \($0)" }.joined(separator: "\n")
    fixture.vendor.always(
      "GET", "/repos/octo/cat/contents/big.txt",
      .json(["type": "file", "encoding": "none", "content": "", "size": .int(text.utf8.count), "sha": .string(PlausibleGitHub.sha), "path": "big.txt"]))
    fixture.vendor.always("GET", "/repos/octo/cat/git/blobs/*", .text(text))
    let file = try await fixture.github.structured("get_file_contents", ["owner": "octo", "repo": "cat", "path": "big.txt"])
    #expect(file["file"]?["truncated"] == true && (file["file"]?["text"]?.string?.utf8.count ?? .max) <= 100 << 10)
    let lines = try await fixture.github.structured(
      "get_file_contents", ["owner": "octo", "repo": "cat", "path": "big.txt", "start_line": 59_999, "end_line": 70_000])
    #expect(lines["file"]?["text"] == "line number 59999\nline number 60000")
    #expect(fixture.vendor.requests.last?.header("Accept") == "application/vnd.github.raw+json")
  }
}
