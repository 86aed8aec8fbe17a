import ConnectorTesting
import JSON
import MCP
import Synchronization
import Testing

@Suite("Every tool of GitHub and a GitHub that fails", .timeLimit(.minutes(10)))
struct ToolFaultTests {
  /// By act. Guarded by the mutex.
  private static let known = Mutex<[String: [CapturedRequest]]>([:])

  /// The toolset of each tool: a connector of one is made sooner than one of all.
  private static let toolsets = Task {
    var found: [String: JSONValue] = [:]
    let names = ["repos", "issues", "pull_requests", "actions", "security", "notifications", "gists", "discussions", "projects", "stars"]
    for name in ["context", "git"] + names + names.map({ $0 + "_write" }) {
      for tool in try await GitHubFixture(["toolsets": [.string(name)]]).github.client.listTools() { found[tool.name] = .string(name) }
    }
    return found
  }

  private func settings(_ act: GitHubAct) async throws -> JSONObject {
    ["toolsets": [try #require(try await Self.toolsets.value[act.tool], "\(act.tool) is in no toolset")]]
  }

  /// The requests of an act that are like its last one.
  private func usual(_ act: GitHubAct) async throws -> [CapturedRequest] {
    if let known = Self.known.withLock({ $0[act.name] }) { return known }
    let fixture = try await GitHubFixture.plausible(try await settings(act))
    _ = try await fixture.github.call(act.tool, act.arguments)
    let last = try #require(fixture.vendor.requests.last)
    let alike = fixture.vendor.requests.filter { $0.method == last.method && $0.path == last.path }
    Self.known.withLock { $0[act.name] = alike }
    return alike
  }

  /// Runs an act whose last request meets a fault.
  ///
  /// - Returns: besides, how many requests were sent beyond those that the act takes.
  private func run(_ act: GitHubAct, _ fault: ConnectorTesting.Answer, isLasting: Bool = false) async throws -> (GitHubFixture, CallResult, extra: Int) {
    let usual = try await usual(act)
    let last = try #require(usual.last)
    let fixture = try await GitHubFixture(try await settings(act))
    for request in usual.dropLast() { fixture.vendor.on(last.method, last.path, PlausibleGitHub.answer(request)) }
    if isLasting { fixture.vendor.always(last.method, last.path, fault) } else { fixture.vendor.on(last.method, last.path, fault) }
    PlausibleGitHub.answer(all: fixture.vendor)
    let result = try await fixture.github.call(act.tool, act.arguments)
    return (fixture, result, fixture.vendor.requests.filter { $0.method == last.method && $0.path == last.path }.count - usual.count)
  }

  private static func limit(_ after: String) -> ConnectorTesting.Answer {
    .json(["message": "You have exceeded a secondary rate limit."], status: 429, headers: [("Retry-After", after)])
  }

  @Test("Retry-After: 0 is waited for all the same, and then the work is done", arguments: GitHubAct.all)
  func retryNow(_ act: GitHubAct) async throws {
    let (fixture, result, extra) = try await run(act, Self.limit("0"))
    #expect(!result.isError, "\(result.text)")
    #expect(extra == 1 && !fixture.github.time.waits.isEmpty)
  }

  @Test("A wait beyond the deadline is told, not waited", arguments: GitHubAct.all)
  func beyondDeadline(_ act: GitHubAct) async throws {
    let (fixture, result, extra) = try await run(act, Self.limit("3600"), isLasting: true)
    #expect(result.isError && result.text.contains("Try again in 3600 s"), "\(result.text)")
    #expect(extra == 0 && fixture.github.time.waits.allSatisfy { $0 < 3600 })
  }

  /// Tools of which a second call adds again.
  static let adding: Set<String> = [
    "add_issue_comment", "create_branch", "create_discussion", "create_pull_request", "create_release", "create_repository", "create_tag", "fork_repository",
  ]

  @Test("An answer that is cut off is asked for again, unless that could do something twice: then it is told", arguments: GitHubAct.all)
  func cut(_ act: GitHubAct) async throws {
    let last = try #require(try await usual(act).last)
    let (_, result, extra) = try await run(act, .truncated(["message": "That this is not all of it is plain to see."]))
    guard result.isError else {
      #expect(extra == 1 && !Self.adding.contains(act.tool), "\(result.text)")
      return
    }
    #expect(extra == 0 && !GraphQL.isRead(last) && result.text.contains("check before you repeat it"), "\(result.text)")
  }
}
