import ConnectorTesting
import GitHubConnector
import JSON
import MCP
import MCPHTTP
import Testing

/// A GitHub connector in front of a double of GitHub.
struct GitHubFixture {
  let vendor: VendorDouble
  let github: ConnectorUnderTest<GitHubConnector>
  let secrets: TestSecrets
  /// As the connector was given them.
  let settings: JSONObject
  static let token = "ghp_secret_of_the_service"

  /// - Parameters:
  ///   - settings: besides `base_url` and, unless another grant is given, `token`.
  ///   - basePath: of an Enterprise Server.
  init(
    _ settings: JSONObject = [:], basePath: String = "", isGoverned: Bool = false, publicURL: String? = nil, time: VirtualTime = VirtualTime(isFrozen: true),
    handlers: ClientHandlers = ClientHandlers(), prepare: (TestSecrets, inout JSONObject) throws -> Void = { _, _ in }
  ) async throws {
    vendor = try await VendorDouble()
    secrets = try TestSecrets()
    var all: JSONObject = ["base_url": .string(vendor.url + basePath), "web_url": .string(vendor.url), "toolsets": ["all"]]
    for (name, value) in settings { all[name] = value }
    try prepare(secrets, &all)
    if ["tokens", "app", "oauth", "token"].allSatisfy({ all[$0] == nil }) { all["token"] = .string(try secrets.reference("token", Self.token)) }
    self.settings = all
    github = try ConnectorUnderTest(GitHubConnector.self, all, secrets: secrets, isGoverned: isGoverned, publicURL: publicURL, time: time, handlers: handlers)
  }

  /// One that answers everything with something that will do.
  static func plausible(_ settings: JSONObject = [:], basePath: String = "", isGoverned: Bool = false) async throws -> GitHubFixture {
    let fixture = try await GitHubFixture(settings, basePath: basePath, isGoverned: isGoverned)
    PlausibleGitHub.answer(all: fixture.vendor)
    return fixture
  }
}

/// Answers that are of the form of GitHub's, whatever is asked.
enum PlausibleGitHub {
  static let sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e"

  static func answer(all vendor: VendorDouble) {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] { vendor.always(method, "/**") { answer($0) } }
  }

  private static let lists: Set<String> = [
    "repos", "branches", "tags", "releases", "issues", "comments", "labels", "sub_issues", "timeline", "milestones", "pulls", "files", "reviews", "alerts",
    "notifications", "blocked_by", "commits", "teams", "members", "collaborators", "gists", "reactions", "starred", "advisories", "security-advisories", "issue-types",
  ]

  private static func answer(_ request: CapturedRequest) -> ConnectorTesting.Answer {
    let last = request.segments.last ?? ""
    if GraphQL.isCall(request) { return .json(GraphQL.everything) }
    if last == "zip" { return StoredZip.answer(StoredZip.bytes([("a.txt", Array("hello".utf8))])) }
    if request.method == "DELETE" { return .status(204) }
    if request.path.contains("/search/") { return .json(["total_count": 0, "incomplete_results": false, "items": []]) }
    if request.method == "GET", lists.contains(last) { return .json([]) }
    if ["workflows", "runs", "jobs", "artifacts", "check-runs"].contains(last) {
      let jobs: JSONValue = last == "jobs" ? [["id": 6, "run_id": 5, "name": "test", "status": "completed", "conclusion": "failure"]] : []
      return .json([
        "total_count": .int(jobs.array?.count ?? 0), "workflows": [], "workflow_runs": [], "jobs": jobs, "artifacts": [], "check_runs": [],
      ])
    }
    let url = "http://\(request.header("Host") ?? "")\(request.path)"
    let user: JSONValue = ["login": "octo", "id": 1, "type": "User", "url": .string(url)]
    var object: JSONObject = [
      "id": 5, "number": 7, "title": "A title", "name": "cat", "full_name": "octo/cat", "state": "open", "sha": .string(sha), "ref": "refs/heads/main",
      "url": .string(url),
      "html_url": "https://github.com/octo/cat", "login": "octo", "user": user, "owner": user, "private": false, "default_branch": "main",
    ]
    object["object"] = ["sha": .string(sha), "type": "commit", "url": .string(url)]
    object["head"] = ["sha": .string(sha), "ref": "topic", "repo": ["full_name": "octo/cat"]]
    object["tree"] = request.path.contains("/git/trees") && request.method == "GET" ? [] : ["sha": .string(sha), "url": .string(url)]
    for member in ["repos_url", "jobs_url", "artifacts_url", "cancel_url", "rerun_url"] { object[member] = .string(url + "/" + member.dropLast(4)) }
    object["issue_url"] = .string(url.replacing("/pulls/", with: "/issues/"))
    if request.path.contains("/contents/") {
      object["type"] = "file"
      object["encoding"] = "base64"
      object["content"] = "aGVsbG8K"
    }
    return .json(.object(object))
  }
}
