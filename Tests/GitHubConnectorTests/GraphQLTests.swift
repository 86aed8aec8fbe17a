import ConnectorTesting
import GitHubConnector
import JSON
import MCP
import Testing

@Suite("What the GitHub connector asks over GraphQL")
struct GraphQLTests {
  private static let here: JSONObject = ["owner": "octo", "repo": "cat"]
  private static func here(_ more: JSONObject) -> JSONValue { .object(here.merging(more)) }
  private static let project: JSONObject = ["owner": "octo", "project_number": 3]
  private static func project(_ method: String, _ more: JSONObject = [:]) -> JSONValue {
    .object(project.merging(["method": .string(method)]).merging(more))
  }
  private static func error(_ type: String?, _ message: String, more: JSONObject = [:]) -> JSONValue {
    var error = more
    if let type { error["type"] = .string(type) }
    error["message"] = .string(message)
    return .object(error)
  }
  private static func listed(_ nodes: JSONValue, next: String? = nil, more: JSONObject = [:]) -> JSONValue {
    .object((["data": ["repository": ["discussions": GraphQL.connection(nodes, next: next)]]] as JSONObject).merging(more))
  }
  private static func items(_ nodes: JSONValue...) -> JSONValue {
    ["data": ["repositoryOwner": ["projectV2": ["items": GraphQL.connection(.array(nodes))]]]]
  }

  // MARK: Errors and limits

  static let refusals: [(JSONValue, String)] = [
    (error("NOT_FOUND", "Could not resolve to a Repository"), "no such thing"), (error("FORBIDDEN", "Resource not accessible by integration"), "not accessible"),
    (error("INSUFFICIENT_SCOPES", "Your token needs one of ['read:project']"), "read:project"), (error("UNPROCESSABLE", "was not valid"), "was not valid"),
    (error("FORBIDDEN", "Resource protected by SAML.", more: ["extensions": ["saml_failure": true]]), "single sign-on"),
    (error("RESOURCE_LIMITS_EXCEEDED", "Too much."), "a smaller limit"), (error(nil, "Field 'x' doesn't exist"), "doesn't exist"),
    (error(nil, "Something went wrong while executing your query."), "cannot answer"),
  ]

  @Test("Errors that come with a 200 are told for what they are, never as an empty list", arguments: refusals)
  func errors(_ error: JSONValue, _ words: String) async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.always("POST", "/graphql", .json(["data": ["repository": .null], "errors": [error]]))
    #expect(try await fixture.github.failure("list_discussions", Self.here([:])).contains(words))
  }

  @Test("What is null without a word is not found, and an owner that is none as well")
  func absent() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.always("POST", "/graphql", .json(["data": ["repository": ["discussion": .null], "repositoryOwner": .null]]))
    #expect(try await fixture.github.failure("discussion_read", Self.here(["method": "get", "discussion_number": 1])).contains("no such thing"))
    #expect(try await fixture.github.failure("list_projects", ["owner": "nobody"]).contains("no such thing"))
  }

  @Test("Where GitHub leaves out parts the rest is answered, and that it is not all")
  func partial() async throws {
    let fixture = try await GitHubFixture()
    let errors: JSONObject = ["errors": [Self.error("FORBIDDEN", "Not yours."), Self.error("FORBIDDEN", "Not yours.")]]
    fixture.vendor.always("POST", "/graphql", .json(Self.listed([GraphQL.discussion(1, "ada"), .null, .null], more: errors)))
    let result = try await fixture.github.call("list_discussions", Self.here([:]))
    #expect(result.structured?["discussions"]?.array?.count == 1 && result.structured?["incomplete"] == ["Not yours."])
    #expect(result.text.contains("Not yours."))
  }

  @Test("The limit of points is told until it ends, and stops no REST; a secondary one stops all")
  func limits() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.on(
      "POST", "/graphql",
      .json(
        ["errors": [Self.error("RATE_LIMITED", "API rate limit exceeded for user ID 1.")]],
        headers: [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", String(fixture.github.time.seconds + 1800))]))
    PlausibleGitHub.answer(all: fixture.vendor)
    #expect(try await fixture.github.failure("list_discussions", Self.here([:])).contains("Try again in 1800 s"))
    let count = fixture.vendor.requests.count
    _ = try await fixture.github.failure("list_projects", ["owner": "octo"])
    #expect(fixture.vendor.requests.count == count)
    _ = try await fixture.github.structured("get_repository", Self.here([:]))

    let other = try await GitHubFixture()
    other.vendor.always("POST", "/graphql", .json(["errors": [Self.error(nil, "You have exceeded a secondary rate limit.")]], headers: [("Retry-After", "900")]))
    #expect(try await other.github.failure("list_discussions", Self.here([:])).contains("Try again in 900 s"))
    _ = try await other.github.failure("get_repository", Self.here([:]))
    #expect(other.vendor.requests.count == 1)
  }

  @Test("Queries that would cost more than is left are not sent")
  func cost() async throws {
    let fixture = try await GitHubFixture()
    var answer = Self.listed([])
    answer["data"]?["rateLimit"] = ["cost": 3, "remaining": 2, "resetAt": "2030-01-01T00:00:00Z"]
    fixture.vendor.always("POST", "/graphql", .json(answer))
    _ = try await fixture.github.structured("list_discussions", Self.here([:]))
    #expect(try await fixture.github.failure("list_discussions", Self.here([:])).contains("Try again in"))
    #expect(fixture.vendor.requests.count == 1)
  }

  @Test("A query is repeated when its answer is lost, a change that would add twice is not")
  func lost() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.on("POST", "/graphql", Answer(body: .lost), .json(Self.listed([])))
    _ = try await fixture.github.structured("list_discussions", Self.here([:]))
    fixture.vendor.reset()
    let read = ["id": "D_5", "repository": GraphQL.cat, "number": 5] as JSONValue
    fixture.vendor.on("POST", "/graphql", .json(["data": ["repository": ["discussion": read]]]), Answer(body: .lost))
    let failure = try await fixture.github.failure("discussion_comment_write", Self.here(["method": "add", "discussion_number": 5, "body": "x"]))
    #expect(failure.contains("may have had its effect") && fixture.vendor.requests.count == 2)
  }

  @Test("What callers say goes as variables: the text is the same whatever they say")
  func variables() async throws {
    let fixture = try await GitHubFixture.plausible()
    let words = "\"}) { id } } mutation { deleteRepository(input: {"
    for body in ["fine", words] {
      _ = try await fixture.github.structured("create_discussion", Self.here(["category": "ideas", "title": .string(body), "body": .string(body)]))
      _ = try await fixture.github.structured("list_projects", ["owner": "octo", "query": .string(body)])
    }
    let texts = fixture.vendor.requests.compactMap { $0.json?["query"]?.string }
    #expect(texts.count == 6 && Set(texts).count == 3 && texts.allSatisfy { !$0.contains("deleteRepository") })
    #expect(GraphQL.variables(fixture.vendor.requests.last)["query"] == .string(words))
  }

  // MARK: Discussions

  @Test("Discussions come in pages, with their category, state and authors as REST names them, and texts as those of others")
  func discussions() async throws {
    let fixture = try await GitHubFixture()
    var bot = GraphQL.discussion(2, "dependabot")
    bot["author"]?["__typename"] = "Bot"
    bot["closed"] = true
    fixture.vendor.on("POST", "/graphql", .json(Self.listed([GraphQL.discussion(1, "ada"), bot], next: "Y3Vy")), .json(Self.listed([])))
    let first = try await fixture.github.call("list_discussions", Self.here(["limit": 2]))
    let rows = first.structured?["discussions"]?.array ?? []
    #expect(rows.map { $0["author"] } == ["ada", "dependabot[bot]"] && rows.map { $0["state"] } == ["open", "closed"])
    #expect(rows.first?["repository"] == "octo/cat" && rows.first?["labels"] == ["api"] && rows.first?["body"] == nil && first.text.contains("<untrusted"))
    let cursor = try #require(first.structured?["next_cursor"])
    let second = try await fixture.github.structured("list_discussions", Self.here(["limit": 2, "cursor": cursor]))
    #expect(second["next_cursor"] == nil && GraphQL.variables(fixture.vendor.requests.last)["after"] == "Y3Vy")
    #expect(try await fixture.github.failure("list_discussions", Self.here(["limit": 2, "cursor": cursor, "state": "open"])).contains("other arguments"))
  }

  @Test("Answers follow the comment that they belong to; an answer to an answer goes below the first")
  func comments() async throws {
    let fixture = try await GitHubFixture()
    var parent = GraphQL.comment("DC_1")
    parent["replies"] = GraphQL.connection([GraphQL.comment("DC_2", replyTo: "DC_1")])
    fixture.vendor.on("POST", "/graphql", .json(["data": ["repository": ["discussion": ["comments": GraphQL.connection([parent])]]]]))
    let read = try await fixture.github.structured("discussion_read", Self.here(["method": "get_comments", "discussion_number": 5]))
    #expect(read["comments"]?.array?.map { $0["id"] } == ["DC_1", "DC_2"] && read["comments"]?.array?.last?["reply_to"] == "DC_1")
    #expect(read["comments"]?.array?.first?["author"] == "ghost")
    fixture.vendor.on(
      "POST", "/graphql", .json(["data": ["repository": ["discussion": GraphQL.discussion(5, "ada")]]]),
      .json(["data": ["node": GraphQL.comment("DC_2", replyTo: "DC_1")]]), .json(["data": ["addDiscussionComment": ["comment": GraphQL.comment("DC_3")]]]))
    _ = try await fixture.github.structured(
      "discussion_comment_write", Self.here(["method": "reply", "discussion_number": 5, "comment_id": "DC_2", "body": "x"]))
    #expect(GraphQL.variables(fixture.vendor.requests.last)["input"] == ["discussionId": "D_5", "replyToId": "DC_1", "body": "x"])
  }

  @Test("A comment or thread of another place is not changed, whatever its id")
  func otherPlace() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.always("POST", "/graphql") { request in
      let isNode = GraphQL.variables(request)["id"] != nil
      guard isNode else { return .json(["data": ["repository": ["discussion": GraphQL.discussion(5, "ada")]]]) }
      var node = GraphQL.thread("PRRT_1", "ada", pull: 8)
      node["discussion"] = ["id": "D_6"]
      return .json(["data": ["node": node]])
    }
    for method in ["reply", "update", "delete", "mark_answer", "unmark_answer"] {
      let arguments = Self.here(["method": .string(method), "discussion_number": 5, "comment_id": "DC_1", "body": "x"])
      #expect(try await fixture.github.failure("discussion_comment_write", arguments).contains("Nothing was changed"))
    }
    let failure = try await fixture.github.failure("review_thread_write", Self.here(["method": "resolve", "pull_number": 9, "thread_id": "PRRT_1"]))
    #expect(failure.contains("has no thread") && fixture.vendor.requests.allSatisfy { GraphQL.isRead($0) })
  }

  @Test("A category that is none names those that there are")
  func category() async throws {
    let fixture = try await GitHubFixture.plausible()
    let failure = try await fixture.github.failure("create_discussion", Self.here(["category": "nonsense", "title": "x", "body": "y"]))
    #expect(failure.contains("There are: ideas.") && fixture.vendor.requests.count == 1)
  }

  // MARK: Policy

  private static let ada = RowFilter.compare(attribute: "author", .equal, "ada")

  @Test("Discussions and threads that policy hides are in no list, not read and not changed; a rule that needs the text fetches it")
  func hidden() async throws {
    let fixture = try await GitHubFixture(isGoverned: true)
    fixture.vendor.always("POST", "/graphql") { request in
      if GraphQL.variables(request)["id"] != nil { return .json(["data": ["node": GraphQL.thread("PRRT_1", "bob")]]) }
      var repository: JSONValue = ["discussions": GraphQL.connection([GraphQL.discussion(1, "bob"), GraphQL.discussion(2, "ada")])]
      repository["discussion"] = GraphQL.discussion(1, "bob")
      repository["pullRequest"] = ["reviewThreads": GraphQL.connection([GraphQL.thread("PRRT_1", "bob"), GraphQL.thread("PRRT_2", "ada")])]
      return .json(["data": ["repository": repository]])
    }
    let meta = RowRules.meta(["Discussion": Self.ada, "ReviewThread": Self.ada, "Repository": .constant(true), "PullRequest": .constant(true)])
    let list = try await fixture.github.call("list_discussions", Self.here([:]), as: "ada", meta: meta)
    #expect(list.structured?["discussions"]?.array?.map { $0["number"] } == [2] && !list.text.contains("bob"))
    let threads = try await fixture.github.structured("list_review_threads", Self.here(["pull_number": 9]), as: "ada", meta: meta)
    #expect(threads["review_threads"]?.array?.map { $0["id"] } == ["PRRT_2"])
    for (tool, more) in [
      ("discussion_read", ["method": "get", "discussion_number": 1]), ("discussion_read", ["method": "get_comments", "discussion_number": 1]),
      ("discussion_comment_write", ["method": "add", "discussion_number": 1, "body": "x"]),
      ("review_thread_write", ["method": "resolve", "pull_number": 9, "thread_id": "PRRT_1"]),
    ] as [(String, JSONObject)] {
      #expect(try await fixture.github.failure(tool, Self.here(more), as: "ada", meta: meta).contains("not permitted"), "\(tool)")
    }
    #expect(fixture.vendor.requests.allSatisfy { GraphQL.isRead($0) })
    let worded = RowRules.meta(["Discussion": .has(attribute: "body"), "Repository": .constant(true)])
    let seen = try await fixture.github.structured("list_discussions", Self.here([:]), as: "ada", meta: worded)
    #expect(seen["discussions"]?.array?.count == 2 && GraphQL.variables(fixture.vendor.requests.last)["body"] == true)
  }

  @Test("Items of a project whose repository is not allowed are left out, and drafts with them; so are projects of others")
  func filteredProject() async throws {
    let fixture = try await GitHubFixture(["repositories": ["allow": ["octo/*"], "deny": ["octo/secret"]]])
    fixture.vendor.always(
      "POST", "/graphql",
      .json(Self.items(GraphQL.item("a"), GraphQL.item("b", 2, in: "octo/secret"), GraphQL.item("c", 3, in: "other/cat"), GraphQL.item("d", in: nil), .null)))
    let items = try await fixture.github.structured("project_read", Self.project("get_items"))["items"]?.array
    #expect(items?.map { $0["id"] } == ["a"] && items?.first?["fields"] == ["Status": "Todo", "Points": 3])
    let count = fixture.vendor.requests.count
    for arguments in [["owner": "other"], ["owner": "o*"], ["owner": "octo/x"]] as [JSONValue] { _ = try await fixture.github.failure("list_projects", arguments) }
    #expect(try await fixture.github.failure("project_item_write", Self.project("add_draft", ["title": "x"])).contains("Drafts belong to no repository"))
    #expect(
      try await fixture.github.failure("project_item_write", Self.project("add", ["item_repo": "secret", "item_number": 1])).contains("may reach"))
    #expect(fixture.vendor.requests.count == count)
    let denying = try await GitHubFixture.plausible(["repositories": ["deny": ["octo/*"]]])
    _ = try await denying.github.failure("list_projects", ["owner": "octo"])
    _ = try await denying.github.structured("list_projects", ["owner": "other"])
  }

  @Test("Items are held against the rules for repositories, issues and items; what an item does not tell is asked for")
  func governedProject() async throws {
    let fixture = try await GitHubFixture(isGoverned: true)
    fixture.vendor.always(
      "POST", "/graphql",
      .json(Self.items(GraphQL.item("a"), GraphQL.item("b", 2, by: "bob"), GraphQL.item("c", 3, in: "octo/plans"), GraphQL.item("d", in: nil))))
    fixture.vendor.always("GET", "/repos/octo/cat", .json(["full_name": "octo/cat", "visibility": "public", "owner": ["login": "octo"]]))
    fixture.vendor.always("GET", "/repos/octo/plans", .json(["full_name": "octo/plans", "visibility": "private", "owner": ["login": "octo"]]))
    for number in 1...3 {
      let issue: JSONValue = ["number": .int(number), "title": "T", "user": ["login": "ada"], "comments": .int(number == 1 ? 5 : 0)]
      for name in ["cat", "plans"] { fixture.vendor.always("GET", "/repos/octo/\(name)/issues/\(number)", .json(issue)) }
    }
    func ids(_ rules: [String: RowFilter]) async throws -> [JSONValue?] {
      var all: [String: RowFilter] = ["Repository": .constant(true), "Issue": .constant(true), "PullRequest": .constant(true), "ProjectItem": .constant(true)]
      all.merge(rules) { $1 }
      return try await fixture.github.structured("project_read", Self.project("get_items"), as: "ada", meta: RowRules.meta(all))["items"]?.array?.map { $0["id"] } ?? []
    }
    #expect(try await ids([:]) == ["a", "b", "c", "d"])
    #expect(try await ids(["Issue": Self.ada]) == ["a", "c", "d"])
    #expect(fixture.vendor.requests.allSatisfy { GraphQL.isCall($0) })
    #expect(try await ids(["Repository": .compare(attribute: "visibility", .equal, "public")]) == ["a", "b", "d"])
    #expect(try await ids(["ProjectItem": .compare(attribute: "type", .equal, "draft_issue")]) == ["d"])
    #expect(try await ids(["Issue": .compare(attribute: "comments", .equal, 5)]) == ["a", "d"])
    #expect(try await ids(["Repository": .constant(false), "ProjectItem": .constant(false)]) == [])
  }

  // MARK: Projects

  static let values: [(field: String, value: String, sent: JSONValue)] = [
    ("Status", "done", ["singleSelectOptionId": "o1"]), ("points", "2.5", ["number": 2.5]), ("Sprint", "Two", ["iterationId": "i2"]),
    ("Sprint", "One", ["iterationId": "i1"]), ("Note", "x", ["text": "x"]), ("Due", "2026-11-30", ["date": "2026-11-30"]),
  ]

  @Test("A field is set by its name and the name of its option", arguments: values)
  func setField(_ field: String, _ value: String, _ sent: JSONValue) async throws {
    let fixture = try await GitHubFixture.plausible()
    let arguments = Self.project("update", ["item_id": "PVTI_1", "field": .string(field), "value": .string(value)])
    let item = try await fixture.github.structured("project_item_write", arguments)["item"]
    #expect(item?["id"] == "PVTI_1")
    let input = GraphQL.variables(fixture.vendor.requests.last)["input"]
    #expect(input?["value"] == sent && input?["projectId"] == "P_1" && input?["itemId"] == "PVTI_1")
  }

  @Test("What a field does not take is refused with what it takes, and an item of another project is not changed")
  func wrongField() async throws {
    let fixture = try await GitHubFixture.plausible()
    for (field, value, words) in [
      ("Status", "Never", "one of: Done"), ("Points", "many", "is a number"), ("Title", "x", "no field of the project's own"), ("None", "x", "There are: Title, Status"),
    ] {
      let arguments = Self.project("update", ["item_id": "PVTI_1", "field": .string(field), "value": .string(value)])
      #expect(try await fixture.github.failure("project_item_write", arguments).contains(words), "\(field)")
    }
    var other = GraphQL.everything
    other["data"]?["node"]?["project"] = ["id": "P_9"]
    let elsewhere = try await GitHubFixture()
    elsewhere.vendor.always("POST", "/graphql", .json(other))
    for method in ["update", "clear", "remove"] {
      let arguments = Self.project(method, ["item_id": "PVTI_1", "field": "Note", "value": "x"])
      #expect(try await elsewhere.github.failure("project_item_write", arguments).contains("no such thing"), "\(method)")
    }
    #expect(elsewhere.vendor.requests.allSatisfy { GraphQL.isRead($0) })
  }
}
