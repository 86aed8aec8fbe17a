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

  /// - Parameters:
  ///   - isListing: whether lists have items, and a page more.
  ///   - planted: members that hold ``PlantedText``, of what is read.
  static func answer(all vendor: VendorDouble, isListing: Bool = false, planting planted: Set<String> = []) {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
      vendor.always(method, "/**") { request in
        if isListing, request.method == "GET", request.segments.last != "zip" { return page(request, planted) }
        return GraphQL.isCall(request) ? .json(PlantedText.plant(in: GraphQL.everything, at: planted)) : answer(request)
      }
    }
  }

  /// An answer in which every list has an item.
  private static func page(_ request: CapturedRequest, _ planted: Set<String>) -> ConnectorTesting.Answer {
    var item = object(request)
    for (name, value) in texts { item[name] = value }
    for (name, value) in ["path": "a.swift", "filename": "a.swift", "status": "modified", "reason": "mention"] as JSONObject { item[name] = value }
    if request.query("q")?.contains("is:pr") == true { item["pull_request"] = [:] }
    var page = json(request)
    if page.array != nil {
      page = [.object(item)]
    } else {
      for (name, value) in texts where page[name] == nil { page[name] = value }
      for list in ["items", "workflows", "workflow_runs", "jobs", "artifacts", "check_runs", "statuses", "users", "files"] { page[list] = [.object(item)] }
      // Elsewhere it counts them.
      if request.path.contains("/compare/") { page["commits"] = [.object(item)] }
      if request.path.contains("/git/trees/") { page["tree"] = [.object(item), .object(item)] }
    }
    let next = (request.query("page").flatMap { Int($0) } ?? 1) + 1
    return .json(PlantedText.plant(in: page, at: planted), headers: [("Link", "<https://api.github.com/?page=\(next)>; rel=\"next\"")])
  }

  /// What people write.
  private static let texts: JSONObject = [
    "body": "A body", "description": "A description", "summary": "A summary", "message": "A message", "patch": "+a", "display_title": "A run",
    "commit": ["message": "A message"],
  ]

  private static let lists: Set<String> = [
    "repos", "branches", "tags", "releases", "blocking", "issues", "comments", "labels", "sub_issues", "timeline", "milestones", "pulls", "files", "reviews", "alerts",
    "notifications", "blocked_by", "commits", "teams", "members", "collaborators", "gists", "reactions", "starred", "advisories", "security-advisories", "issue-types",
  ]

  static func answer(_ request: CapturedRequest) -> ConnectorTesting.Answer {
    if request.segments.last == "zip" { return StoredZip.answer(StoredZip.bytes([("a.txt", Array("hello".utf8))])) }
    return request.method == "DELETE" ? .status(204) : .json(json(request))
  }

  private static func json(_ request: CapturedRequest) -> JSONValue {
    let last = request.segments.last ?? ""
    if GraphQL.isCall(request) { return GraphQL.everything }
    if request.path.contains("/search/") { return ["total_count": 0, "incomplete_results": false, "items": []] }
    if request.method == "GET", lists.contains(last) { return [] }
    if ["workflows", "runs", "jobs", "artifacts", "check-runs"].contains(last) {
      let jobs: JSONValue = last == "jobs" ? [["id": 6, "run_id": 5, "name": "test", "status": "completed", "conclusion": "failure"]] : []
      return ["total_count": .int(jobs.array?.count ?? 0), "workflows": [], "workflow_runs": [], "jobs": jobs, "artifacts": [], "check_runs": []]
    }
    return .object(object(request))
  }

  private static func object(_ request: CapturedRequest) -> JSONObject {
    let url = "http://\(request.header("Host") ?? "")\(request.path)"
    let user: JSONValue = ["login": "octo", "id": 1, "type": "User", "url": .string(url)]
    var object: JSONObject = [
      "id": 5, "node_id": "N_5", "number": 7, "title": "A title", "name": "cat", "full_name": "octo/cat", "state": "open", "sha": .string(sha), "ref": "refs/heads/main",
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
    return object
  }
}
