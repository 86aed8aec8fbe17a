import ConnectorTesting
import JSON
import MCP
import NIOCore
import Testing

@Suite("What is sent to Jira")
struct JiraRequestTests {
  @Test("Requests are as Atlassian describes them", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: JiraAct.all)
  func description(_ act: JiraAct) async throws {
    let sent = try await act.requests(in: try await JiraTest())
    #expect(!sent.isEmpty)
    for request in sent {
      #expect(request.header("Authorization")?.hasPrefix("Basic ") == true)
      #expect(request.header("X-Atlassian-Token") == "no-check")
    }
    for request in sent {
      for problem in try JiraDescriptions.problems(with: request, by: act.described) { Issue.record("\(request.method) \(request.path): \(problem)") }
    }
  }

  @Test("Requests are those of atlassian-python-api and PyPI jira", .enabled(if: PythonClients.isPresent, "\(PythonClients.absence)"), .timeLimit(.minutes(10)))
  func differential() async throws {
    let double = try await VendorDouble()
    double.always("GET", "/rest/api/*/serverInfo", .json(["deploymentType": "Cloud", "versionNumbers": [1001, 0, 0], "baseUrl": "https://acme.atlassian.net"]))
    double.always("GET", "/rest/api/3/issue/*/transitions", .json(["transitions": [["id": "21", "name": "In Progress"], ["id": "31", "name": "Done"]]]))
    double.always("GET", "/rest/api/3/issueLinkType", .json(["issueLinkTypes": [["id": "1", "name": "Blocks", "inward": "is blocked by", "outward": "blocks"]]]))
    for verb in ["GET", "POST", "PUT", "DELETE"] { double.always(verb, "/rest/**", .json(["id": "1", "values": [], "issues": [], "isLast": true])) }
    let theirs = try await PythonClients.capture("Tests/JiraConnectorTests/Python/jira_acts.py", double)
    for act in JiraAct.all {
      let ours = try await act.requests(in: try await JiraTest())
      let problems = RequestDifference(act.exceptions).problems(ours: ours.map(Self.plain), theirs: (theirs[act.name] ?? []).map(Self.plain))
      for problem in problems { Issue.record("\(act.name): \(problem)") }
    }
  }

  /// Boundaries of multipart bodies are arbitrary, ids of the lists in our documents as well; numbers in queries stand as texts.
  private static func plain(_ request: CapturedRequest) -> CapturedRequest {
    guard request.contentType == "multipart/form-data", let boundary = request.header("Content-Type")?.split(separator: "boundary=").last else { return request }
    var plain = request
    plain.body = ByteBuffer(string: request.text.replacing(boundary.replacing("\"", with: ""), with: "BOUNDARY"))
    return plain
  }

  @Test("Credentials are e-mail address and token on Cloud, the token alone on Data Center")
  func credentials() async throws {
    let cloud = try await JiraTest()
    _ = try await cloud.jira.structured("get_myself")
    // bot@example.com:ATATT-the-token-of-the-bot
    #expect(cloud.vendor.requests.first?.header("Authorization") == "Basic Ym90QGV4YW1wbGUuY29tOkFUQVRULXRoZS10b2tlbi1vZi10aGUtYm90")
    let own = try await JiraTest.dataCenter()
    _ = try await own.jira.structured("get_myself")
    #expect(own.vendor.requests.first?.header("Authorization") == "Bearer " + JiraTest.token)
  }

  static let elsewhere: [(String, JSONValue, String, String)] = [
    ("search_issues", ["project": ["ABC"]], "POST", "/rest/api/2/search"), ("count_issues", ["jql": "project = ABC"], "POST", "/rest/api/2/search"),
    ("get_issue", ["issue": "ABC-1"], "GET", "/rest/api/2/issue/ABC-1"), ("get_issues", ["issues": ["ABC-1"]], "POST", "/rest/api/2/search"),
    ("list_projects", [:], "GET", "/rest/api/2/project"), ("search_users", ["query": "ada"], "GET", "/rest/api/2/user/search"),
    ("add_comment", ["issue": "ABC-1", "body": "*soft*"], "POST", "/rest/api/2/issue/ABC-1/comment"),
    ("assign_issue", ["issue": "ABC-1", "assignee": "ada"], "PUT", "/rest/api/2/issue/ABC-1/assignee"), ("list_boards", [:], "GET", "/rest/agile/1.0/board"),
    ("watch_issue", ["issue": "ABC-1", "user": "ada", "remove": true], "DELETE", "/rest/api/2/issue/ABC-1/watchers"),
    ("list_issue_types", ["project": "ABC"], "GET", "/rest/api/2/issue/createmeta/ABC/issuetypes"),
    ("list_create_fields", ["project": "ABC", "type_id": "10001"], "GET", "/rest/api/2/issue/createmeta/ABC/issuetypes/10001"),
    ("list_changes", ["issue": "ABC-1"], "GET", "/rest/api/2/issue/ABC-1"), ("get_attachment", ["attachment": "7"], "GET", "/secure/attachment/7/a.txt"),
    ("create_version", ["project": "ABC", "name": "1.1"], "POST", "/rest/api/2/version"),
    ("update_version", ["project": "ABC", "version": "10100", "released": true], "PUT", "/rest/api/2/version/10100"),
    ("get_time_in_status", ["issue": "ABC-1"], "GET", "/rest/api/2/issue/ABC-1"),
    ("list_field_options", ["field": "customfield_10016", "issue": "ABC-1"], "GET", "/rest/api/2/issue/ABC-1/editmeta"),
    ("get_board", ["board": "4"], "GET", "/rest/agile/1.0/board/4/configuration"), ("list_board_issues", ["board": "4"], "GET", "/rest/agile/1.0/board/4/issue"),
    ("delete_attachment", ["issue": "ABC-1", "attachment": "7"], "DELETE", "/rest/api/2/attachment/7"),
    ("unlink_issues", ["issue": "ABC-1", "link": "9"], "DELETE", "/rest/api/2/issueLink/9"),
    ("update_work", ["issue": "ABC-1", "worklog": "5", "comment": "*soft*"], "PUT", "/rest/api/2/issue/ABC-1/worklog/5"),
  ]

  @Test("Data Center is asked at version 2, with user names and its own markup", arguments: elsewhere)
  func dataCenter(_ tool: String, _ arguments: JSONValue, _ method: String, _ path: String) async throws {
    let test = try await JiraTest.dataCenter()
    _ = try await test.jira.structured(tool, arguments)
    let request = try #require(test.vendor.requests.last)
    #expect(request.method == method && request.path == path)
    switch tool {
    case "add_comment": #expect(request.json?["body"] == "_soft_")
    case "assign_issue": #expect(request.json == ["name": "ada"])
    case "search_users": #expect(request.query("username") == "ada" && request.query("query") == nil)
    case "watch_issue": #expect(request.query("username") == "ada")
    case "count_issues": #expect(request.json?["maxResults"] == 0)
    case "list_changes": #expect(request.query("expand") == "changelog")
    case "update_work": #expect(request.json == ["comment": "_soft_"])
    default: break
    }
  }

  @Test("Data Center's pages go on by number")
  func dataCenterPages() async throws {
    let test = try await JiraTest.dataCenter { vendor in
      vendor.on(
        "POST", "/rest/api/2/search", .json(["issues": [JiraTest.issue("ABC-1")], "startAt": 0, "total": 2]),
        .json(["issues": [JiraTest.issue("ABC-2")], "startAt": 1, "total": 2]))
    }
    let first = try await test.jira.structured("search_issues", ["project": ["ABC"]])
    let second = try await test.jira.structured("search_issues", ["project": ["ABC"], "cursor": try #require(first["next_cursor"])])
    #expect(second["issues"]?[0]?["key"] == "ABC-2" && second["next_cursor"] == nil)
    #expect(test.requests("POST", "/search").map { $0.json?["startAt"] } == [0, 1])
  }

  @Test("What Data Center calls values is read, and a list in no known form is an error, not an empty list")
  func dataCenterValues() async throws {
    let path = "/rest/api/2/issue/createmeta/ABC/issuetypes"
    let test = try await JiraTest.dataCenter { vendor in
      vendor.always("GET", path, .json(["values": [["id": "1", "name": "Bug"]], "startAt": 0, "total": 1, "isLast": true]))
      vendor.on("GET", path + "/1", .json(["values": [["fieldId": "summary", "name": "Summary", "required": true]], "total": 1]), .json(["others": []]))
    }
    #expect(try await test.jira.structured("list_issue_types", ["project": "ABC"])["items"]?[0]?["name"] == "Bug")
    let fields: JSONValue = ["project": "ABC", "type_id": "1"]
    #expect(try await test.jira.structured("list_create_fields", fields)["items"]?[0]?["id"] == "summary")
    #expect(try await test.jira.failure("list_create_fields", fields).contains("no known form"))
  }

  @Test("Data Center's projects come all at once, and are searched and given a page at a time")
  func dataCenterProjects() async throws {
    let all = JSONValue.array(["ABC", "ABD", "XYZ"].map { ["id": .string($0), "key": .string($0), "name": .string("Name of \($0)")] })
    let test = try await JiraTest.dataCenter { $0.always("GET", "/rest/api/2/project", .json(all)) }
    let first = try await test.jira.structured("list_projects", ["query": "ab", "limit": 1])
    let second = try await test.jira.structured("list_projects", ["query": "ab", "limit": 1, "cursor": try #require(first["next_cursor"])])
    #expect(first["projects"]?.array?.map { $0["key"] } == ["ABC"] && second["projects"]?.array?.map { $0["key"] } == ["ABD"] && second["next_cursor"] == nil)
  }

  @Test("Data Center's changes come with the issue, and are given a page at a time")
  func dataCenterChanges() async throws {
    let histories = JSONValue.array((1...3).map { ["id": .string("\($0)"), "items": [["field": "status", "toString": "Done"]]] })
    var issue = JiraTest.issue("ABC-1")
    issue["changelog"] = ["histories": histories, "total": 3]
    let test = try await JiraTest.dataCenter { [issue] in $0.always("GET", "/rest/api/2/issue/ABC-1", .json(issue)) }
    let first = try await test.jira.structured("list_changes", ["issue": "ABC-1", "limit": 2])
    let second = try await test.jira.structured("list_changes", ["issue": "ABC-1", "limit": 2, "cursor": try #require(first["next_cursor"])])
    #expect(first["changes"]?.array?.map { $0["id"] } == ["1:0", "2:0"] && second["changes"]?.array?.map { $0["id"] } == ["3:0"] && second["next_cursor"] == nil)
  }

  @Test(
    "Data Center's attachments are fetched from the site and from nowhere else", arguments: ["https://elsewhere.example/7", "", "https://acme.atlassian.net.example/7"])
  func dataCenterAttachments(_ link: String) async throws {
    let test = try await JiraTest.dataCenter { vendor in
      vendor.always("GET", "/rest/api/2/attachment/7", .json(["id": "7", "mimeType": "text/plain", "size": 3, "content": .string(link)]))
    }
    #expect(try await test.jira.failure("get_attachment", ["attachment": "7"]).contains("does not say where"))
    #expect(test.vendor.requests.count == 1)
  }

  @Test("Comments are for a role or a group where that is said, and a change does not open them to all")
  func visibility() async throws {
    let test = try await JiraTest {
      $0.always("GET", "/rest/api/3/issue/ABC-1/comment/5", .json(["id": "5", "visibility": ["type": "role", "value": "Admins", "identifier": "10002"]]))
    }
    _ = try await test.jira.structured("add_comment", ["issue": "ABC-1", "body": "x", "group": "staff"])
    _ = try await test.jira.structured("update_comment", ["issue": "ABC-1", "comment": "5", "body": "x"])
    _ = try await test.jira.structured("update_comment", ["issue": "ABC-1", "comment": "5", "body": "x", "role": "Users"])
    #expect(
      test.vendor.requests.filter { $0.method != "GET" }.map { $0.json?["visibility"] } == [
        ["type": "group", "value": "staff"], ["type": "role", "value": "Admins", "identifier": "10002"], ["type": "role", "value": "Users"],
      ])
    #expect(try await test.jira.failure("add_comment", ["issue": "ABC-1", "body": "x", "role": "a", "group": "b"]).contains("not both"))
  }

  @Test("Only what a second call leaves as it is says so")
  func annotations() async throws {
    for tool in try await JiraTest().jira.client.listTools() where ["transition_issue", "add_comment", "create_version", "update_work"].contains(tool.name) {
      #expect(tool.raw["annotations"]?["idempotentHint"]?.bool == (tool.name == "update_work"), "\(tool.name)")
    }
  }

  @Test("Files are uploaded from the call, or from the declared folder and from nowhere else")
  func uploads() async throws {
    let (folder, outside) = (try TemporaryFolder(), try TemporaryFolder())
    try folder.write("shot.png", [0x89, 0x50, 0x4E, 0x47, 0, 0xFF])
    try outside.write("secret", Array("secret".utf8))
    try folder.link("link", to: outside.path + "/secret")
    let test = try await JiraTest(["upload_folder": .string(folder.path), "maximum_bytes": 1024])
    func upload(_ content: JSONObject, name: JSONValue = "shot.png") async throws -> CallResult {
      try await test.jira.call("add_attachment", .object(content.merging(["issue": "ABC-1", "filename": name])))
    }
    #expect(try await !upload(["path": "shot.png", "mime_type": "image/png"]).isError)
    #expect(try await !upload(["base64": "iVBORwD/"]).isError)
    let sent = test.requests("POST", "/attachments")
    for (request, type) in zip(sent, ["image/png", "application/octet-stream"]) {
      let body = Array(request.body.readableBytesView)
      let head = "name=\"file\"; filename=\"shot.png\"\r\nContent-Type: \(type)\r\n\r\n"
      #expect(String(decoding: body, as: UTF8.self).contains(head) && request.header("X-Atlassian-Token") == "no-check")
      #expect(body.contains([0x89, 0x50, 0x4E, 0x47, 0, 0xFF] + Array("\r\n--".utf8)))
    }
    for content in [
      ["path": "../x"], ["path": "/etc/hostname"], ["path": "link"], ["text": "x", "base64": "eA=="], [:], ["text": .string(String(repeating: "x", count: 1025))],
    ] as [JSONObject] {
      #expect(try await upload(content).isError)
    }
    for name in ["a\"b", "a/b", "a\r\nX: y", "a\u{0}b"] { #expect(try await upload(["text": "x"], name: .string(name)).isError) }
    #expect(test.requests("POST", "/attachments").count == sent.count && sent.count == 2)
    let none = try await JiraTest()
    #expect(try await none.jira.failure("add_attachment", ["issue": "ABC-1", "filename": "a", "path": "shot.png"]).contains("upload_folder"))
  }

  @Test("What stands in a path is one segment", arguments: ["../../serverInfo", "ABC-1/comment", "ABC-1?expand=x", "ABC-1#x", "."])
  func paths(_ key: String) async throws {
    let test = try await JiraTest()
    _ = try await test.jira.call("get_issue", ["issue": .string(key)])
    #expect(test.vendor.requests.allSatisfy { $0.path.hasPrefix("/rest/api/3/issue/") && $0.segments.count == 5 && $0.segments.last == key })
  }
}
