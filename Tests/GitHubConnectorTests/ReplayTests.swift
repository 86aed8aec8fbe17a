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

  /// Lets a vendor's double answer as was recorded, by method and path; links lead to the double.
  func play(on vendor: VendorDouble) {
    let exchanges = exchanges
    let url = vendor.url
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
      vendor.always(method, "/**") { request in
        let page = request.query("page")
        // Later pages were recorded under the repository's number; the page alone tells them apart.
        let found = exchanges.first { exchange in
          let target = exchange["path"]?.string ?? ""
          guard exchange["method"]?.string?.uppercased() == request.method else { return false }
          if let page { return target.hasSuffix("&page=\(page)") }
          let path = String(target.prefix { $0 != "?" })
          return !target.contains("&page=") && (path == request.path || path + "/" == request.path)
        }
        guard let found else { return .json(["message": "Not Found"], status: 404) }
        var headers: [(name: String, value: String)] = []
        for (name, value) in found["headers"]?.object ?? JSONObject() where ["link", "etag", "x-ratelimit-remaining"].contains(name.lowercased()) {
          if let value = value.string { headers.append((name, value.replacing("https://api.github.com:443", with: url).replacing("https://api.github.com", with: url))) }
        }
        let status = found["status"]?.int ?? 200
        return status == 204 ? .status(204) : .json(found["response"] ?? .null, status: status, headers: headers)
      }
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
    let marked = try await labels.github.structured(
      "issue_labels_write",
      ["method": "add", "owner": "octokit-fixture-org", "repo": "add-labels-to-issue", "issue_number": 1, "labels": ["Foo", "bAr", "baZ"]])
    #expect(marked["labels"]?.array?.map { $0["name"] } == ["Foo", "bAr", "baZ"])

    let renamed = try await fixture("rename-repository")
    let repository = try await renamed.github.structured(
      "update_repository", ["owner": "octokit-fixture-org", "repo": "rename-repository", "name": "rename-repository-newname"])
    #expect(repository["repository"]?["repository"] == "octokit-fixture-org/rename-repository-newname")
  }

  @Test("of a request that is not valid say what is wrong with which field")
  func validation() async throws {
    let errors = try await fixture("errors")
    let failure = try await errors.github.failure(
      "label_write", ["method": "create", "owner": "octokit-fixture-org", "repo": "errors", "name": "foo", "color": "invali"])
    #expect(failure.contains("Validation Failed") && failure.contains("color"))
  }
}
