import ConnectorKit
import ConnectorTesting
import JSON
import JiraConnector
import MCP
import MCPHTTP
import Synchronization
import Testing

@Suite("Jira when it is not well", .timeLimit(.minutes(10)))
struct JiraFaultTests {
  /// By act. Guarded by the mutex.
  private static let lasts = Mutex<[String: (method: String, path: String)]>([:])

  /// What the tool asks of Jira last.
  private func last(_ act: JiraAct) async throws -> (method: String, path: String) {
    if let known = Self.lasts.withLock({ $0[act.name] }) { return known }
    let request = try #require(try await act.requests(in: try await JiraTest()).last)
    Self.lasts.withLock { $0[act.name] = (request.method, request.path) }
    return (request.method, request.path)
  }

  private func run(_ act: JiraAct, _ answers: Answer..., then repeated: Answer? = nil) async throws -> (JiraTest, CallResult, [CapturedRequest]) {
    let last = try await last(act)
    let test = try await JiraTest { vendor in
      for answer in answers { vendor.on(last.method, last.path, answer) }
      if let repeated { vendor.always(last.method, last.path, repeated) }
    }
    let result = try await test.jira.call(act.tool, act.arguments)
    return (test, result, test.vendor.requests.filter { $0.path == last.path && $0.method == last.method })
  }

  @Test("Retry-After: 0 is waited for all the same, and then the work is done", arguments: JiraAct.all)
  func retryNow(_ act: JiraAct) async throws {
    let (test, result, sent) = try await run(act, .json([:], status: 429, headers: [("Retry-After", "0"), ("RateLimit-Reason", "jira-burst-based")]))
    #expect(!result.isError, "\(result.text)")
    #expect(sent.count == 2 && !test.jira.time.waits.isEmpty)
  }

  @Test("A wait beyond the deadline is told, not waited", arguments: JiraAct.all)
  func beyondDeadline(_ act: JiraAct) async throws {
    let (test, result, sent) = try await run(act, then: .json([:], status: 429, headers: [("Retry-After", "3600")]))
    #expect(result.isError && result.text.contains("Try again in 3600 s"), "\(result.text)")
    #expect(sent.count == 1 && test.jira.time.waits.allSatisfy { $0 < 3600 })
  }

  /// What still goes after a limit was met at reading ABC-1's comments, or at commenting on it.
  static let scopes: [(String, other: Bool, elsewhere: Bool)] = [
    ("jira-burst-based", true, true), ("jira-per-issue-on-write", false, true), ("jira-quota-tenant-based", false, false), ("jira-quota-global-based", false, false),
  ]

  @Test("Each kind of limit holds for what it is about: the endpoint, the issue, or everything", arguments: scopes)
  func scope(_ reason: String, _ other: Bool, _ elsewhere: Bool) async throws {
    let limit = Answer.json([:], status: 429, headers: [("Retry-After", "600"), ("RateLimit-Reason", reason)])
    let test = try await JiraTest { $0.on("POST", "/rest/api/3/issue/ABC-1/comment", limit) }
    #expect(try await test.jira.failure("add_comment", ["issue": "ABC-1", "body": "x"]).contains("Try again in 600 s"))
    #expect(try await test.jira.call("add_comment", ["issue": "ABC-1", "body": "x"]).isError)
    #expect(test.requests("POST", "/comment").count == 1)
    // Another endpoint for the same issue, and another issue and endpoint.
    #expect(try await test.jira.call("edit_issue", ["issue": "ABC-1", "summary": "x"]).isError != other)
    #expect(try await test.jira.call("edit_issue", ["issue": "ABC-2", "summary": "x"]).isError != elsewhere)
  }

  @Test("A limit that tells its end as a time is waited for until then")
  func reset() async throws {
    let time = VirtualTime(seconds: 1_795_990_000)
    let test = try await JiraTest(time: time) {
      $0.on("GET", "/rest/api/3/myself", .json([:], status: 429, headers: [("X-RateLimit-Reset", "2026-11-30T00:46:47Z")]))
    }
    let limit = try await test.jira.call("get_myself")
    #expect(limit.isError || !time.waits.isEmpty)
  }

  /// Headers of a good answer, and how long the next request waits.
  static let quotas: [([(String, String)], Int64)] = [
    ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "2026-11-29T22:07:00Z")], 20),
    ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Interval-Seconds", "20")], 20),
    ([("X-RateLimit-Remaining", "5"), ("X-RateLimit-Reset", "2026-11-29T22:07:00Z")], 0), ([("X-RateLimit-Remaining", "0")], 0),
  ]

  @Test("What a good answer says of the limit is heard, before Jira has to refuse", arguments: quotas)
  func quota(_ headers: [(String, String)], _ wait: Int64) async throws {
    // 22:06:40.
    let time = VirtualTime(seconds: 1_795_990_000, isFrozen: true)
    let named = headers.map { (name: $0.0, value: $0.1) }
    let test = try await JiraTest(time: time) { $0.on("GET", "/rest/api/3/myself", .json(["accountId": "5b1", "displayName": "Bot"], headers: named)) }
    for _ in 0..<2 { _ = try await test.jira.structured("get_myself") }
    #expect(time.waits.reduce(0, +) == wait)
    // Other endpoints have limits of their own.
    _ = try await test.jira.structured("list_fields")
    #expect(time.waits.reduce(0, +) == wait)
  }

  @Test("Fifty requests a second go to an endpoint, and no more: Jira need not refuse any")
  func budget() async throws {
    let time = VirtualTime(isFrozen: true)
    let test = try await JiraTest(time: time)
    for _ in 0..<50 { _ = try await test.jira.structured("get_myself") }
    #expect(time.waits.isEmpty)
    _ = try await test.jira.structured("get_myself")
    #expect(time.waits.count == 1)
  }

  @Test("One issue is not changed more often than Jira takes it, whichever way; others and reading do not wait for it")
  func issueBudget() async throws {
    let time = VirtualTime(isFrozen: true)
    let test = try await JiraTest(time: time)
    for _ in 0..<5 {
      _ = try await test.jira.structured("edit_issue", ["issue": "ABC-1", "summary": "x"])
      _ = try await test.jira.structured("comment_on_request", ["issue": "abc-1", "body": "x", "public": false])
    }
    for _ in 0..<20 { _ = try await test.jira.structured("get_issue", ["issue": "ABC-1"]) }
    _ = try await test.jira.structured("edit_issue", ["issue": "ABC-2", "summary": "x"])
    #expect(time.waits.isEmpty)
    _ = try await test.jira.structured("edit_issue", ["issue": "ABC-1", "summary": "x"])
    #expect(time.waits.count == 1)
  }

  @Test("Reading an issue goes on while its changes are held up")
  func readingGoesOn() async throws {
    let test = try await JiraTest {
      $0.on("POST", "/rest/api/3/issue/ABC-1/comment", .json([:], status: 429, headers: [("Retry-After", "600"), ("RateLimit-Reason", "jira-per-issue-on-write")]))
    }
    _ = try await test.jira.failure("add_comment", ["issue": "ABC-1", "body": "x"])
    _ = try await test.jira.structured("get_issue", ["issue": "ABC-1"])
    #expect(try await test.jira.failure("edit_issue", ["issue": "abc-1", "summary": "x"]).contains("Try again in"))
  }

  @Test(
    "An answer that is cut off is asked for again by what may be repeated, and never by what adds",
    arguments: JiraAct.all.filter { !JiraAct.notCutOff.contains($0.tool) })
  func truncated(_ act: JiraAct) async throws {
    let (_, result, sent) = try await run(act, .truncated(["padding": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]))
    let isRepeatable = !act.isWriting || ["PUT", "DELETE"].contains(sent.first?.method)
    #expect(result.isError != isRepeatable, "\(result.text)")
    #expect(sent.count == (isRepeatable ? 2 : 1))
    if !isRepeatable { #expect(result.text.contains("check before you repeat it")) }
  }

  static let refusals: [(Int, String, String)] = [
    (400, "amp-labs/jql-error.json", "Date value '-53s'"), (400, "amp-labs/create-issue-invalid-project.json", "project: Specify a valid project"),
    (404, "amp-labs/delete-issue-not-found.json", "may not be seen"), (404, "amp-labs/path-not-found.json", "No message available"),
    (403, "amp-labs/create-issue-invalid-type.json", "does not allow"),
  ]

  @Test("What Jira refuses is said in its own words", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: refusals)
  func refused(_ status: Int, _ recording: String, _ words: String) async throws {
    let test = try await JiraTest {
      $0.always("POST", "/rest/api/3/search/jql", (try? SharedData.json("jira/" + recording)).map { .json($0, status: status) } ?? .status(status))
    }
    let text = try await test.jira.failure("search_issues", ["project": ["ABC"]])
    #expect(text.contains(words), "\(text)")
    #expect(test.vendor.requests.count == 1)
  }

  @Test("What is no JSON is an error, not an empty list", arguments: ["<html>login</html>", "", "[1,"])
  func nonsense(_ body: String) async throws {
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/api/3/field", .text(body))
      vendor.always("POST", "/rest/api/3/search/jql", .text(body))
      vendor.always("POST", "/rest/api/3/issue", .text(body, status: 201))
    }
    #expect(try await test.jira.failure("list_fields").contains("not JSON"))
    #expect(try await test.jira.failure("search_issues", ["project": ["ABC"]]).contains("JSON"))
    #expect(try await test.jira.failure("create_issue", ["project": "ABC", "type": "Bug", "summary": "x"]).contains("may have had its effect"))
  }

  @Test("A slow answer is waited for; one of five megabytes is cut off")
  func sizes() async throws {
    let test = try await JiraTest { $0.on("GET", "/rest/api/3/field", .slow([["id": "a", "name": "A"]]), .oversized(5 << 20)) }
    #expect(try await test.jira.structured("list_fields")["items"]?.array?.count == 1)
    #expect(try await test.jira.failure("list_fields").contains("longer than"))
  }

  @Test("A call that is given up ends, though Jira hangs")
  func hang() async throws {
    let test = try await JiraTest { $0.always("GET", "/rest/api/3/myself", .hang) }
    let call = Task { try await test.jira.client.callTool("get_myself", [:]) }
    while test.vendor.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    call.cancel()
    _ = await call.result
    #expect(test.vendor.requests.count == 1)
  }

  @Test("Reads and changes that may be repeated are, when Jira is away for a moment; what adds is not")
  func unavailable() async throws {
    let test = try await JiraTest { vendor in
      vendor.on("GET", "/rest/api/3/myself", .status(503, headers: [("Retry-After", "1")]), .status(502))
      vendor.always("POST", "/rest/api/3/issue/ABC-1/comment", .status(503))
    }
    _ = try await test.jira.structured("get_myself")
    #expect(test.requests("GET", "/myself").count == 3)
    #expect(try await test.jira.failure("add_comment", ["issue": "ABC-1", "body": "x"]).contains("check before you repeat it"))
    #expect(test.requests("POST", "/comment").count == 1)
  }
}
