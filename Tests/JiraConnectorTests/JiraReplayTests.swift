import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import NIOCore
import Testing

@Suite("What Jira answers is read")
struct JiraReplayTests {
  @Test(
    "Recorded answers are read by the tool that asks for them", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
    arguments: JiraAct.all.flatMap { act in act.recordings.map { (act, $0) } })
  func recordings(_ act: JiraAct, _ name: String) async throws {
    let last = try #require(try await act.requests(in: try await JiraTest()).last)
    let recording = try SharedData.json("jira/" + name)
    let test = try await JiraTest { $0.always(last.method, last.path, .json(recording)) }
    // The result is held against the tool's output schema by the server.
    let result = try await test.jira.structured(act.tool, act.arguments)
    let recorded = recording.array ?? recording["values"]?.array ?? recording["issues"]?.array ?? recording["transitions"]?.array ?? recording["issueLinkTypes"]?.array
    guard let recorded, act.tool != "create_issues" else { return }
    let rows = result.object?.compactMap { $0.value.array }.first
    #expect(rows?.count == recorded.count, "\(act.tool) read \(rows?.count ?? 0) of \(recorded.count)")
  }

  @Test("An issue has its people, links, files and fields, and its text as Markdown")
  func issue() async throws {
    let fields: JSONObject = [
      "summary": "It breaks", "status": ["name": "Blocked", "statusCategory": ["key": "indeterminate"]], "assignee": ["accountId": "5b1", "displayName": "Ada"],
      "updated": "2026-07-28T12:00:00.000+0200", "labels": ["a"], "components": [["name": "UI"]], "parent": ["key": "ABC-0"],
      "description": ["type": "doc", "version": 1, "content": [["type": "paragraph", "content": [["type": "text", "text": "Now", "marks": [["type": "strong"]]]]]]],
      "issuelinks": [
        [
          "id": "1", "type": ["inward": "is blocked by", "outward": "blocks"],
          "inwardIssue": ["key": "ABC-2", "fields": ["summary": "Other", "status": ["name": "To Do"]]],
        ]
      ], "attachment": [["id": "7", "filename": "a.txt", "size": 3]], "customfield_10016": 3, "customfield_1": ["value": "Red"], "customfield_2": .null,
    ]
    let test = try await JiraTest { $0.always("GET", "/rest/api/3/issue/ABC-1", .json(JiraTest.issue("ABC-1", fields))) }
    let result = try await test.jira.call("get_issue", ["issue": "ABC-1"])
    let issue = try #require(result.structured?["issue"])
    #expect(issue["description"] == "**Now**" && issue["assignee"] == "5b1" && issue["assignee_name"] == "Ada" && issue["status_category"] == "indeterminate")
    #expect(
      issue["updated"] == "2026-07-28T10:00:00Z" && issue["parent"] == "ABC-0" && issue["components"] == ["UI"]
        && issue["url"] == "https://acme.atlassian.net/browse/ABC-1")
    #expect(issue["links"]?[0]?["relation"] == "is blocked by" && issue["links"]?[0]?["key"] == "ABC-2" && issue["attachments"]?[0]?["name"] == "a.txt")
    #expect(issue["custom"] == ["customfield_10016": 3, "customfield_1": "Red"])
    #expect(result.meta?["dev.sluice/untrusted"] != nil)
    let resource = "\(try await test.jira.read("jira://acme.atlassian.net/issue/ABC-1").contents)"
    #expect(resource.contains("# ABC-1: It breaks") && resource.contains("<untrusted source"))
  }

  @Test("Issues of Data Center, whose text is text, are read as well")
  func dataCenter() async throws {
    let test = try await JiraTest.dataCenter {
      $0.always("GET", "/rest/api/2/issue/ABC-1", .json(JiraTest.issue("ABC-1", ["description": "h1. Title", "reporter": ["name": "ada", "displayName": "Ada"]])))
    }
    let issue = try await test.jira.structured("get_issue", ["issue": "ABC-1"])["issue"]
    #expect(issue?["description"] == "# Title" && issue?["reporter"] == "ada")
  }

  @Test("Custom fields are given where they are asked for, and nothing else is asked by that way")
  func customFields() async throws {
    let test = try await JiraTest { $0.always("GET", "/rest/api/3/issue/ABC-1", .json(JiraTest.issue("ABC-1", ["customfield_10016": 3]))) }
    let issue = try await test.jira.structured("get_issue", ["issue": "ABC-1", "fields": ["summary"], "custom_fields": ["customfield_10016"]])["issue"]
    #expect(issue?["custom"] == ["customfield_10016": 3])
    #expect(test.vendor.requests.first?.query("fields")?.hasSuffix(",customfield_10016") == true)
    for (tool, arguments) in [
      ("get_issue", ["issue": "ABC-1"]), ("get_issues", ["issues": ["ABC-1"]]), ("search_issues", ["jql": "x = 1"]), ("list_board_issues", ["board": "1"]),
    ] as [(String, JSONObject)] {
      var arguments = arguments
      arguments["custom_fields"] = ["*all"]
      #expect(try await test.jira.failure(tool, .object(arguments)).contains("customfield_10016 only"))
    }
    #expect(test.vendor.requests.count == 1)
  }

  @Test("Fields and link types are found by some of their name")
  func named() async throws {
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/api/3/field", .json([["id": "customfield_1", "name": "Story Points"], ["id": "summary", "name": "Summary"]]))
      vendor.always("GET", "/rest/api/3/issueLinkType", .json(["issueLinkTypes": [["id": "1", "name": "Blocks"], ["id": "2", "name": "Relates"]]]))
    }
    #expect(try await test.jira.structured("list_fields", ["query": "story"])["items"]?.array?.map { $0["id"] } == ["customfield_1"])
    #expect(try await test.jira.structured("list_link_types", ["query": "REL"])["items"]?.array?.map { $0["id"] } == ["2"])
    #expect(try await test.jira.structured("list_fields")["items"]?.array?.count == 2)
  }

  @Test("Several creations tell which were refused and why")
  func bulk() async throws {
    let test = try await JiraTest {
      $0.always(
        "POST", "/rest/api/3/issue/bulk",
        .json([
          "issues": [["id": "1", "key": "ABC-11"]], "errors": [["status": 400, "failedElementNumber": 1, "elementErrors": ["errors": ["summary": "too long"]]]],
        ]))
    }
    let one: JSONValue = ["project": "ABC", "type": "Bug", "summary": "x"]
    let result = try await test.jira.structured("create_issues", ["issues": [one, one]])
    #expect(result["created"] == ["ABC-11"] && result["failed"]?[0]?["number"] == 2 && result["failed"]?[0]?["reason"]?.string?.contains("too long") == true)
  }

  @Test("An attachment is followed to where it is kept, without the token")
  func attachment() async throws {
    let store = try await VendorDouble()
    store.always("GET", "/media/1", .text("abc"))
    let test = try await JiraTest { $0.always("GET", "/rest/api/3/attachment/content/7", .redirect(to: store.url + "/media/1", status: 303)) }
    #expect(try await test.jira.structured("get_attachment", ["attachment": "7"])["text"] == "abc")
    #expect(store.requests.first?.header("Authorization") == nil)
  }

  @Test("Text of PDF and office files is not read where settings forbid programs; other text is")
  func office() async throws {
    let test = try await JiraTest(["text_tools": false]) { vendor in
      vendor.on(
        "GET", "/rest/api/3/attachment/7", .json(["id": "7", "filename": "a.pdf", "mimeType": "application/pdf", "size": 4]),
        .json(["id": "7", "filename": "a.bin", "mimeType": "application/x-other", "size": 4]))
      vendor.always("GET", "/rest/api/3/attachment/content/7", .text("%PDF"))
    }
    #expect(try await test.jira.failure("get_attachment", ["attachment": "7"]).contains("text_tools"))
    #expect(try await test.jira.structured("get_attachment", ["attachment": "7"])["text"] == "%PDF")
  }

  @Test("PDF and office files are read as the text in them", .enabled(if: Programs.has("pdftotext"), "pdftotext (poppler-utils) is not on this machine"))
  func documents() async throws {
    let type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    let document = StoredZip.archive([("word/document.xml", "<w:document><w:body><w:p><w:r><w:t>Offer &amp; terms</w:t></w:r></w:p></w:body></w:document>")])
    func read(_ bytes: [UInt8], _ type: String) async throws -> CallResult {
      let test = try await JiraTest { vendor in
        vendor.always("GET", "/rest/api/3/attachment/7", .json(["id": "7", "filename": "a", "mimeType": .string(type), "size": .int(bytes.count)]))
        vendor.always("GET", "/rest/api/3/attachment/content/7", Answer(headers: [("Content-Type", type)], body: .whole(ByteBuffer(bytes: bytes))))
      }
      return try await test.jira.call("get_attachment", ["attachment": "7"])
    }
    let word = try await read(document, type)
    #expect(word.structured?["text"] == "Offer & terms\n" && word.text.contains("<untrusted"), "\(word.text)")
    let pdf = try await read(PlainPDF.bytes(saying: "Revenue grew by 12 percent"), "application/pdf")
    #expect(pdf.structured?["text"]?.string?.contains("Revenue grew by 12 percent") == true, "\(pdf.text)")
    let damaged = try await read(Array("no archive".utf8), type)
    #expect(damaged.isError && damaged.text.contains("damaged"), "\(damaged.text)")
  }

  @Test("A long attachment comes a part at a time, and a drawing as its text")
  func parts() async throws {
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/api/3/attachment/7", .json(["id": "7", "mimeType": "image/svg+xml", "size": 11]))
      vendor.always("GET", "/rest/api/3/attachment/content/7", .text("<svg>é</svg>"))
    }
    let first = try await test.jira.structured("get_attachment", ["attachment": "7", "length": 6])
    #expect(first["text"] == "<svg>é" && first["next_offset"] == 6)
    let second = try await test.jira.structured("get_attachment", ["attachment": "7", "offset": 6])
    #expect(second["text"] == "</svg>" && second["next_offset"] == nil)
    #expect(try await test.jira.structured("get_attachment", ["attachment": "7", "offset": 600])["text"] == "")
  }

  @Test("A step is found by its name or the state that it leads to; others are named where there is none")
  func transitions() async throws {
    let test = try await JiraTest()
    _ = try await test.jira.structured("transition_issue", ["issue": "ABC-1", "transition": "DONE", "comment": "- yes"])
    let body = test.requests("POST", "/transitions").first?.json
    #expect(body?["transition"] == ["id": "31"] && body?["update"]?["comment"]?[0]?["add"]?["body"]?["type"] == "doc")
    #expect(try await test.jira.failure("transition_issue", ["issue": "ABC-1", "transition": "Nope"]).contains("In Progress, Done"))
  }

  @Test("A short page that is not the last goes on, and a cursor holds for its list")
  func pages() async throws {
    let test = try await JiraTest { vendor in
      vendor.on(
        "GET", "/rest/agile/1.0/board/4/sprint", .json(["values": [["id": 1, "name": "One"]], "isLast": false]),
        .json(["values": [["id": 2, "name": "Two"]], "isLast": true]))
    }
    let first = try await test.jira.structured("list_sprints", ["board": "4"])
    let cursor = try #require(first["next_cursor"])
    let second = try await test.jira.structured("list_sprints", ["board": "4", "cursor": cursor])
    #expect(second["sprints"]?[0]?["name"] == "Two" && second["next_cursor"] == nil)
    #expect(test.vendor.requests.map { $0.query("startAt") } == ["0", "1"])
    #expect(try await test.jira.failure("list_sprints", ["board": "5", "cursor": cursor]).contains("other arguments"))
  }

  @Test("Issue types and fields come a page at a time, and what a field may hold is not cut in silence")
  func createMeta() async throws {
    let path = "/rest/api/3/issue/createmeta/ABC/issuetypes"
    let options = JSONValue.array((1...120).map { ["value": .string("v\($0)")] })
    let test = try await JiraTest { vendor in
      vendor.on(
        "GET", path, .json(["issueTypes": [["id": "1", "name": "Bug"]], "startAt": 0, "total": 2]),
        .json(["issueTypes": [["id": "2", "name": "Task"]], "startAt": 1, "total": 2]))
      vendor.always(
        "GET", path + "/1",
        .json([
          "fields": [
            ["fieldId": "a", "name": "A", "allowedValues": options], ["fieldId": "b", "name": "B", "allowedValues": [["name": "x"]]],
          ], "total": 2,
        ]))
    }
    let first = try await test.jira.structured("list_issue_types", ["project": "ABC", "limit": 1])
    let second = try await test.jira.structured("list_issue_types", ["project": "ABC", "limit": 1, "cursor": try #require(first["next_cursor"])])
    #expect(first["items"]?[0]?["name"] == "Bug" && second["items"]?[0]?["name"] == "Task" && second["next_cursor"] == nil)
    #expect(test.vendor.requests.map { $0.query("startAt") } == ["0", "1"])
    let fields = try await test.jira.structured("list_create_fields", ["project": "ABC", "type_id": "1"])["items"]
    #expect(fields?[0]?["allowed"]?.array?.count == 100 && fields?[0]?["allowed_total"] == 120)
    #expect(fields?[1]?["allowed"] == ["x"] && fields?[1]?["allowed_total"] == nil)
  }

  @Test("A cursor that was made up begins somewhere, and breaks nothing")
  func madeUpCursor() async throws {
    let test = try await JiraTest { $0.always("GET", "/rest/agile/1.0/board/4/sprint", .json(["values": [["id": 1, "name": "One"]], "total": 1])) }
    for place in ["\(Int.max)", "-1", "x"] {
      let cursor = PageCursor(list: ["list_sprints", "4", ""]).text(place)
      _ = try await test.jira.structured("list_sprints", ["board": "4", "cursor": .string(cursor)])
    }
    #expect(test.vendor.requests.map { $0.query("startAt") } == ["\(1 << 40)", "0", "0"])
  }

  private static let sprintURI = "jira://{site}/board/{board}/sprint/{sprint}"
  private static let issueURI = "jira://{site}/issue/{key}"

  /// What is completed, what was typed, other arguments, and what is suggested.
  static let completions: [(CompletionTarget, String, [String: String], [String])] = [
    (.prompt("analyze_sprint_health", argument: "board"), "be", [:], ["Beta"]), (.prompt("triage_issue", argument: "issue"), "ABC-1", [:], ["ABC-1", "ABC-12"]),
    (.prompt("release_notes", argument: "project"), "", [:], ["ABC"]), (.prompt("release_notes", argument: "version"), "1.", ["project": "ABC"], ["1.0", "1.1"]),
    (.prompt("release_notes", argument: "version"), "1.", [:], []), (.resourceTemplate(issueURI, argument: "key"), "abc-1", [:], ["ABC-1", "ABC-12"]),
    (.resourceTemplate(issueURI, argument: "site"), "", [:], ["acme.atlassian.net"]), (.resourceTemplate(sprintURI, argument: "board"), "", [:], ["1", "2"]),
    (.resourceTemplate(sprintURI, argument: "sprint"), "", ["board": "2"], ["8", "7"]), (.resourceTemplate(sprintURI, argument: "sprint"), "", ["board": "x"], []),
  ]

  @Test("Boards, sprints, issues, projects and versions are suggested as far as they start as typed", arguments: completions)
  func completion(_ target: CompletionTarget, _ typed: String, _ arguments: [String: String], _ expected: [String]) async throws {
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/agile/1.0/board", .json(["values": [["id": 1, "name": "Alpha"], ["id": 2, "name": "Beta"]], "isLast": true]))
      vendor.always(
        "GET", "/rest/agile/1.0/board/2/sprint",
        .json(["values": [["id": 7, "name": "A", "state": "closed"], ["id": 8, "name": "B", "state": "active"]], "isLast": true]))
      vendor.always("POST", "/rest/api/3/search/jql", .json(["issues": .array(["ABC-1", "ABC-12", "ABC-2"].map { JiraTest.issue($0) })]))
      vendor.always("GET", "/rest/api/3/project/search", .json(["values": [["id": "1", "key": "ABC", "name": "A"]], "isLast": true]))
      vendor.always("GET", "/rest/api/3/project/ABC/versions", .json([["id": "1", "name": "1.0"], ["id": "2", "name": "1.1"], ["id": "3", "name": "2.0"]]))
    }
    #expect(try await test.jira.complete(target, typed, arguments) == expected)
    if let jql = test.jql { #expect(jql == "(project = \"\(typed.prefix(3))\") ORDER BY updated DESC") }
    // What a rule hides is not suggested, and where it hides all of it Jira is not asked.
    let before = test.vendor.requests.count
    let hidden = try await test.jira.complete(target, typed, arguments, meta: [MetaKey.rows: [:]])
    #expect(hidden == (typed.isEmpty && expected == ["acme.atlassian.net"] ? expected : []) && test.vendor.requests.count == before)
  }

  @Test("Prompts stay in one line of what a person typed")
  func prompts() async throws {
    let test = try await JiraTest()
    for name in ["analyze_sprint_health", "triage_issue", "status_report", "release_notes"] {
      let prompt = "\(try await test.jira.prompt(name, ["board": "x\ny", "issue": "x\ny", "project": "x\ny", "version": "1"]))"
      #expect(prompt.contains("x y"))
    }
  }
}
