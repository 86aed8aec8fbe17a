import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("What the GitHub connector sends")
struct RequestTests {
  @Test("is as GitHub's description has it", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: ["", "/api/v3"])
  func described(_ basePath: String) async throws {
    let fixture = try await GitHubFixture.plausible(basePath: basePath)
    let table = try GHAPITable(basePath: basePath)
    for act in GitHubAct.all {
      let before = fixture.vendor.requests.count
      let result = try await fixture.github.call(act.tool, act.arguments)
      #expect(!result.isError, "\(act.name): \(result.text)")
      let sent = Array(fixture.vendor.requests.dropFirst(before))
      #expect(!sent.isEmpty, "\(act.name) sent nothing")
      for request in sent where act.isInTable || GraphQL.isCall(request) {
        let problems = GraphQL.isCall(request) ? GraphQL.problems(with: request, basePath: basePath) : table.problems(with: request)
        for problem in problems { Issue.record("\(act.name): \(request): \(problem)") }
      }
      // Searches have budgets, which virtual time lets pass.
      fixture.github.time.advance(10)
    }
  }

  @Test("names the API version, what it accepts and who asks, and carries the token")
  func headers() async throws {
    let fixture = try await GitHubFixture.plausible()
    _ = try await fixture.github.call("get_me")
    let request = try #require(fixture.vendor.requests.first)
    #expect(request.header("X-GitHub-Api-Version") == "2022-11-28")
    #expect(request.header("Accept") == "application/vnd.github+json")
    #expect(request.header("User-Agent") == "sluice-github-connector")
    #expect(request.header("Authorization") == "Bearer \(GitHubFixture.token)")
  }

  @Test("is what PyGithub and ghapi send for the same act", .enabled(if: PythonClients.isPresent, "\(PythonClients.absence)"), .timeLimit(.minutes(3)))
  func equalToOthers() async throws {
    let other = try await VendorDouble()
    PlausibleGitHub.answer(all: other)
    let theirs = try await PythonClients.capture("Tests/GitHubConnectorTests/Python/github_acts.py", other)
    let fixture = try await GitHubFixture.plausible()
    for act in GitHubAct.all where act.alone == nil {
      let before = fixture.vendor.requests.count
      _ = try await fixture.github.call(act.tool, act.arguments)
      let ours = Array(fixture.vendor.requests.dropFirst(before))
      let problems = RequestDifference(act.exceptions).problems(ours: ours, theirs: theirs[act.name] ?? [])
      for problem in problems { Issue.record("\(act.name): \(problem)") }
      fixture.github.time.advance(10)
    }
    // No act of theirs without one of ours.
    let known = Set(GitHubAct.all.map(\.name))
    for name in theirs.keys.sorted() where !known.contains(name) { Issue.record("nobody compares \(name)") }
  }
}
