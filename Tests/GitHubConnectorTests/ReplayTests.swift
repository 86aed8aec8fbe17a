import ConnectorTesting
import JSON
import MCP
import Testing

/// Recorded answers of GitHub, from Octokit's fixtures.
struct Recording {
  private let exchanges: [JSONValue]

  init(_ name: String) throws {
    let json = try SharedData.json("github/octokit-fixtures/\(name).json")
    exchanges = json.array ?? [json]
  }

  /// Lets a vendor's double answer as was recorded, by method and path, one answer after the other; links lead to the double.
  func play(on vendor: VendorDouble) {
    let exchanges = exchanges
    let url = vendor.url
    let asked = Counts()
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
      vendor.always(method, "/**") { request in
        let page = request.query("page")
        // Later pages were recorded under the repository's number; the page alone tells them apart.
        let all = exchanges.filter { exchange in
          let target = exchange["path"]?.string ?? ""
          guard exchange["method"]?.string?.uppercased() == request.method else { return false }
          if let page { return target.hasSuffix("&page=\(page)") }
          let path = String(target.prefix { $0 != "?" })
          return !target.contains("&page=") && (path == request.path || path + "/" == request.path)
        }
        guard !all.isEmpty else { return .json(["message": "Not Found"], status: 404) }
        let found = all[min(await asked.next("\(request.method) \(request.path) \(page ?? "")"), all.count - 1)]
        var headers: [(name: String, value: String)] = []
        for (name, value) in found["headers"]?.object ?? JSONObject() where ["link", "location", "etag", "x-ratelimit-remaining"].contains(name.lowercased()) {
          if let value = value.string { headers.append((name, value.replacing("https://api.github.com:443", with: url).replacing("https://api.github.com", with: url))) }
        }
        let status = found["status"]?.int ?? 200
        return found["response"] == "" ? .status(status, headers: headers) : .json(found["response"] ?? .null, status: status, headers: headers)
      }
    }
  }

  /// How often something was asked before.
  private actor Counts {
    private var counts: [String: Int] = [:]

    func next(_ key: String) -> Int {
      defer { counts[key, default: 0] += 1 }
      return counts[key, default: 0]
    }
  }
}

@Suite("Recorded answers of GitHub", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct ReplayTests {
  /// A connector in front of a recording; the double lives as long as what is returned.
  private func fixture(_ recording: String) async throws -> GitHubFixture {
    let fixture = try await GitHubFixture()
    try Recording(recording).play(on: fixture.vendor)
    return fixture
  }

  @Test("of a list in five pages are read to the end by following the cursor")
  func pages() async throws {
    let fixture = try await fixture("paginate-issues")
    var numbers: [Int] = []
    var cursor: JSONValue?
    for _ in 0..<10 {
      var arguments: JSONValue = ["owner": "octokit-fixture-org", "repo": "paginate-issues", "limit": 3]
      if let cursor { arguments["cursor"] = cursor }
      let page = try await fixture.github.structured("list_issues", arguments)
      numbers += (page["issues"]?.array ?? []).compactMap { $0["number"]?.int }
      cursor = page["next_cursor"]
      if cursor == nil { break }
    }
    #expect(numbers == Array((1...13).reversed()))
  }

  @Test("of a repository, an issue search, a folder and labels are read")
  func reads() async throws {
    let repositoryFixture = try await fixture("get-repository")
    let repository = try await repositoryFixture.github.structured("get_repository", ["owner": "octokit-fixture-org", "repo": "hello-world"])
    #expect(repository["repository"]?["repository"] == "octokit-fixture-org/hello-world" && repository["repository"]?["visibility"] == "public")
    #expect(repository["repository"]?["owner"] == "octokit-fixture-org")

    let foundFixture = try await fixture("search-issues")
    let found = try await foundFixture.github.structured("search_issues", ["query": "sesame repo:octokit-fixture-org/search-issues"])
    #expect(found["total_count"] == 2 && found["issues"]?.array?.count == 2)
    #expect(found["issues"]?.array?.first?["repository"] == "octokit-fixture-org/search-issues")

    let folderFixture = try await fixture("get-content")
    let folder = try await folderFixture.github.structured("get_file_contents", ["owner": "octokit-fixture-org", "repo": "hello-world", "path": ""])
    #expect(folder["entries"]?.array?.first?["path"] == "README.md")

    let labelsFixture = try await fixture("labels")
    let labels = try await labelsFixture.github.structured("list_labels", ["owner": "octokit-fixture-org", "repo": "labels"])
    #expect(labels["labels"]?.array?.first?["name"] == "bug")
  }

  @Test("of writes are read, the empty one of a deletion included")
  func writes() async throws {
    let labels = try await fixture("labels")
    let made = try await labels.github.structured(
      "label_write", ["method": "create", "owner": "octokit-fixture-org", "repo": "labels", "name": "test-label", "color": "663399"])
    #expect(made["label"]?["name"] == "test-label")
    let changed = try await labels.github.structured(
      "label_write",
      ["method": "update", "owner": "octokit-fixture-org", "repo": "labels", "name": "test-label", "new_name": "test-label-updated", "color": "BADA55"])
    #expect(changed["label"]?["name"] == "test-label-updated" && changed["label"]?["color"] == "BADA55")
    let gone = try await labels.github.structured("label_write", ["method": "delete", "owner": "octokit-fixture-org", "repo": "labels", "name": "test-label-updated"])
    #expect(gone["done"] == true)

    let fileFixture = try await fixture("create-file")
    let file = try await fileFixture.github.structured(
      "create_or_update_file",
      ["owner": "octokit-fixture-org", "repo": "create-file", "path": "test.txt", "message": "create test.txt", "content": "Test content"])
    #expect(file["path"] == "test.txt" && file["sha"]?.string?.count == 40 && file["commit"]?.string?.count == 40)
  }

  @Test("of a branch that is made and deleted, labels put on an issue, and a repository with a new name are read")
  func changes() async throws {
    let refs = try await GitHubFixture()
    let sha = "0000000000000000000000000000000000000002"
    refs.vendor.always(
      "GET", "/repos/octokit-fixture-org/git-refs/git/ref/heads/test",
      .json(["ref": "refs/heads/test", "object": ["sha": .string(sha), "type": "commit"]]))
    try Recording("git-refs").play(on: refs.vendor)
    let branch: JSONValue = ["owner": "octokit-fixture-org", "repo": "git-refs", "branch": "test"]
    var new = branch
    new["from"] = .string(sha)
    #expect(try await refs.github.structured("create_branch", new)["ref"] == "refs/heads/test")
    #expect(try await refs.github.structured("delete_branch", branch)["sha"] == .string(sha))

    let labels = try await fixture("add-labels-to-issue")
    let issue = try await labels.github.structured(
      "issue_write", ["method": "create", "owner": "octokit-fixture-org", "repo": "add-labels-to-issue", "title": "Issue without a label"])
    #expect(issue["issue"]?["number"] == 1 && issue["issue"]?["author"] == "octokit-fixture-user-a" && issue["issue"]?["labels"] == [])
    let marked = try await labels.github.structured(
      "issue_labels_write",
      ["method": "add", "owner": "octokit-fixture-org", "repo": "add-labels-to-issue", "issue_number": 1, "labels": ["Foo", "bAr", "baZ"]])
    #expect(marked["labels"]?.array?.map { $0["name"] } == ["Foo", "bAr", "baZ"])

    let renamed = try await fixture("rename-repository")
    let repository = try await renamed.github.structured(
      "update_repository", ["owner": "octokit-fixture-org", "repo": "rename-repository", "name": "rename-repository-newname"])
    #expect(repository["repository"]?["repository"] == "octokit-fixture-org/rename-repository-newname")
    // By its old name it is read, unless names are filtered, and never changed.
    let old: JSONValue = ["owner": "octokit-fixture-org", "repo": "rename-repository"]
    #expect(try await renamed.github.structured("get_repository", old)["repository"]?["repository"] == "octokit-fixture-org/rename-repository-newname")
    let refused = try await renamed.github.failure("update_repository", old.merging(["description": "test description"]))
    #expect(refused.contains("moved or renamed") && renamed.vendor.requests.filter { $0.path == "/repositories/1000" }.map(\.method) == ["GET"])
    let filtered = try await GitHubFixture(["repositories": ["octokit-fixture-org/*"]])
    try Recording("rename-repository").play(on: filtered.vendor)
    #expect(try await filtered.github.failure("get_repository", old).contains("moved or renamed"))
  }

  @Test("of collaborators, a release, statuses of a pull request's head and a new repository are read, and that all notifications are read")
  func others() async throws {
    let people = try await fixture("add-and-remove-repository-collaborator")
    let collaborators: JSONValue = ["owner": "octokit-fixture-org", "repo": "add-and-remove-repository-collaborator"]
    let two = try await people.github.structured("list_collaborators", collaborators)["accounts"]?.array
    #expect(two?.map { $0["login"] } == ["octokit-fixture-user-a", "octokit-fixture-user-b"] && two?.first?["role"] == "admin")
    #expect(try await people.github.structured("list_collaborators", collaborators)["accounts"]?.array?.count == 1)

    for repo in ["release-assets", "release-assets-conflict"] {
      let releases = try await fixture(repo)
      let release = try await releases.github.structured("get_release", ["owner": "octokit-fixture-org", "repo": .string(repo), "tag": "v1.0.0"])["release"]
      #expect(release?["id"] == 1000 && release?["tag"] == "v1.0.0" && release?["author"] == "octokit-fixture-user-a", "\(repo)")
    }

    let checks = try await GitHubFixture()
    checks.vendor.always(
      "GET", "/repos/octokit-fixture-org/create-status/pulls/1",
      .json(["number": 1, "head": ["sha": "0000000000000000000000000000000000000001"], "user": ["login": "octokit-fixture-user-a"]]))
    try Recording("create-status").play(on: checks.vendor)
    let status = try await checks.github.structured(
      "pull_request_read", ["method": "get_status", "owner": "octokit-fixture-org", "repo": "create-status", "pull_number": 1])
    #expect(status["state"] == "failure" && status["statuses"]?.array?.map { $0["context"] } == ["example/1", "example/2"])
    #expect(status["statuses"]?.array?.map { $0["state"] } == ["failure", "success"])

    let made = try await fixture("errors.raw")
    let repository = try await made.github.structured(
      "create_repository", ["org": "octokit-fixture-org", "name": "tmp-scenario-errors-20220719043735842-akvrn"])
    #expect(repository["repository"]?["repository"] == "octokit-fixture-org/tmp-scenario-errors-20220719043735842-akvrn")

    let notifications = try await fixture("mark-notifications-as-read")
    #expect(try await notifications.github.structured("notification_write", ["method": "read_all"])["done"] == true)
  }

  @Test("of a request that is not valid say what is wrong with which field")
  func validation() async throws {
    let errors = try await fixture("errors")
    let failure = try await errors.github.failure(
      "label_write", ["method": "create", "owner": "octokit-fixture-org", "repo": "errors", "name": "foo", "color": "invali"])
    #expect(failure.contains("Validation Failed") && failure.contains("color"))
  }
}
