import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("What became of issues and versions of Jira")
struct JiraHistoryTests {
  private static let fetch = "/rest/api/3/issue/bulkfetch"
  private static let logs = "/rest/api/3/changelog/bulkfetch"

  private static func issue(_ number: Int, _ fields: JSONObject = JSONObject()) -> JSONValue {
    var issue = JiraTest.issue("ABC-\(number)", fields)
    issue["id"] = .string("1000\(number)")
    return issue
  }

  private static func change(_ id: Int, _ created: JSONValue, _ from: String, _ to: String, field: String = "status", author: String = "5b1") -> JSONValue {
    [
      "id": .string("\(id)"), "created": created, "author": ["accountId": .string(author)],
      "items": [["field": .string(field), "fieldId": .string(field), "fromString": .string(from), "toString": .string(to)]],
    ]
  }

  // MARK: Several issues

  @Test("Changes of several issues name each issue, page by page, whichever way Jira writes times")
  func several() async throws {
    let test = try await JiraTest { vendor in
      vendor.always("POST", Self.fetch, .json(["issues": [Self.issue(1), Self.issue(2)]]))
      vendor.on(
        "POST", Self.logs,
        .json([
          "issueChangeLogs": [
            ["issueId": "10001", "changeHistories": [Self.change(1, 1_785_229_200, "To Do", "Done")]],
            ["issueId": "10002", "changeHistories": [Self.change(2, 1_785_229_200_000, "To Do", "Done")]],
          ], "nextPageToken": "t",
        ]), .json(["issueChangeLogs": [["issueId": "10002", "changeHistories": [Self.change(3, "2026-07-28T09:00:00.000+0000", "Done", "To Do")]]]]))
    }
    let arguments: JSONObject = ["issues": ["ABC-1", "ABC-2"], "changed": ["status"]]
    let first = try await test.jira.structured("list_changes_of_issues", .object(arguments))
    let cursor = try #require(first["next_cursor"])
    let second = try await test.jira.structured("list_changes_of_issues", .object(arguments.merging(["cursor": cursor])))
    let rows = (first["changes"]?.array ?? []) + (second["changes"]?.array ?? [])
    #expect(rows.map { $0["issue"] } == ["ABC-1", "ABC-2", "ABC-2"] && rows.allSatisfy { $0["time"] == "2026-07-28T09:00:00Z" }, "\(rows)")
    let sent = test.requests("POST", "/changelog/bulkfetch")
    #expect(sent.map { $0.json?["nextPageToken"] } == [nil, "t"] && sent.allSatisfy { $0.json?["issueIdsOrKeys"] == ["10001", "10002"] })
    #expect(try await test.jira.failure("list_changes_of_issues", ["issues": ["ABC-1", "ABC-2"], "cursor": cursor]).contains("other arguments"))
  }

  @Test("A change at no possible time is told without one", arguments: [JSONValue.int(Int.min), .int(-1), .int(Int.max)])
  func impossibleTime(_ time: JSONValue) async throws {
    let test = try await JiraTest { vendor in
      vendor.always("POST", Self.fetch, .json(["issues": [Self.issue(1)]]))
      vendor.always("POST", Self.logs, .json(["issueChangeLogs": [["issueId": "10001", "changeHistories": [Self.change(1, time, "To Do", "Done")]]]]))
    }
    let changes = try await test.jira.structured("list_changes_of_issues", ["issues": ["ABC-1"]])["changes"]?.array
    #expect(changes?.count == 1 && changes?.first?["time"] == nil && changes?.first?["to"] == "Done")
  }

  @Test("Changes are asked for of those issues only that may be seen, and those that tell of others are left out")
  func ruled() async throws {
    let test = try await JiraTest { vendor in
      vendor.on(
        "POST", Self.fetch, .json(["issues": [Self.issue(1, ["labels": ["x"]]), Self.issue(2)]]), .json(["issues": [Self.issue(3)]]))
      vendor.always(
        "POST", Self.logs,
        .json([
          "issueChangeLogs": [
            [
              "issueId": "10001",
              "changeHistories": [Self.change(1, 1_785_229_200, "To Do", "Done"), Self.change(2, 1_785_229_200, "", "This issue blocks ABC-3", field: "Link")],
            ],
            ["issueId": "10002", "changeHistories": [Self.change(3, 1_785_229_200, "To Do", "Done")]],
          ]
        ]))
    }
    let meta: JSONObject = [MetaKey.rows: ["Issue": ["contains", "labels", "x"], "Change": ["true"]]]
    let result = try await test.jira.structured("list_changes_of_issues", ["issues": ["ABC-1", "ABC-2"]], meta: meta)
    #expect(result["changes"]?.array?.map { $0["id"] } == ["1:0"])
    #expect(test.requests("POST", "/changelog/bulkfetch").map { $0.json?["issueIdsOrKeys"] } == [["10001"]])
    // None at all, and nothing is asked.
    let none = try await JiraTest()
    #expect(try await none.jira.structured("list_changes_of_issues", ["issues": ["ABC-1"]], meta: [MetaKey.rows: ["Change": ["true"]]])["changes"] == [])
    #expect(none.vendor.requests.isEmpty)
    let center = try await JiraTest.dataCenter()
    #expect(try await center.jira.failure("list_changes_of_issues", ["issues": ["ABC-1"]]).contains("use list_changes"))
  }

  // MARK: Time in status

  private static func issue(_ status: String) -> JSONValue { issue(1, ["created": "2026-07-28T09:00:00.000+0000", "status": ["name": .string(status)]]) }

  @Test("The time in each status is counted from when the issue was made until now, over all pages of its changes")
  func timeInStatus() async throws {
    // 2026-07-28T13:00:00Z.
    let test = try await JiraTest(time: VirtualTime(seconds: 1_785_243_600)) { vendor in
      vendor.always("GET", "/rest/api/3/issue/ABC-1", .json(Self.issue("Doing")))
      vendor.on(
        "GET", "/rest/api/3/issue/ABC-1/changelog",
        .json([
          "values": [
            Self.change(1, "2026-07-28T10:00:00.000+0000", "To Do", "Doing"), Self.change(2, "2026-07-28T10:30:00.000+0000", "a", "b", field: "summary"),
          ], "isLast": false,
        ]),
        .json([
          "values": [Self.change(3, "2026-07-28T13:00:00.000+0200", "Doing", "To Do"), Self.change(4, "2026-07-28T11:30:00.000+0000", "To Do", "Doing")], "isLast": true,
        ]))
    }
    let result = try await test.jira.structured("get_time_in_status", ["issue": "ABC-1"])
    #expect(
      result["statuses"] == [
        ["status": "To Do", "seconds": 5400, "times": 2, "first": "2026-07-28T09:00:00Z"],
        ["status": "Doing", "seconds": 9000, "times": 2, "first": "2026-07-28T10:00:00Z"],
      ], "\(result)")
    #expect(result["status"] == "Doing" && result["since"] == "2026-07-28T11:30:00Z" && result["created"] == "2026-07-28T09:00:00Z")
    #expect(test.requests("GET", "/changelog").map { $0.query("startAt") } == ["0", "2"])
  }

  @Test("An issue that never moved was in its status all the time; Data Center tells its changes with it")
  func neverMoved() async throws {
    var issue = Self.issue("To Do")
    issue["changelog"] = ["histories": [], "total": 0]
    let test = try await JiraTest(["deployment": "data_center", "email": .null], time: VirtualTime(seconds: 1_785_243_600)) { [issue] in
      $0.always("GET", "/rest/api/2/issue/ABC-1", .json(issue))
    }
    #expect(
      try await test.jira.structured("get_time_in_status", ["issue": "ABC-1"])["statuses"] == [
        ["status": "To Do", "seconds": 14400, "times": 1, "first": "2026-07-28T09:00:00Z"]
      ])
  }

  @Test("Where policy hides a change of status no time is told, as a sum would tell of it")
  func hiddenChanges() async throws {
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/api/3/issue/ABC-1", .json(Self.issue("Done")))
      vendor.always(
        "GET", "/rest/api/3/issue/ABC-1/changelog",
        .json(["values": [Self.change(1, "2026-07-28T10:00:00.000+0000", "To Do", "Done", author: "eve")], "isLast": true]))
    }
    for rules in [["Issue": ["true"]], ["Issue": ["true"], "Change": ["not", ["=", "author", "eve"]]]] as [JSONObject] {
      #expect(try await test.jira.failure("get_time_in_status", ["issue": "ABC-1"], meta: [MetaKey.rows: .object(rules)]).contains("Policy hides"))
    }
    let other: JSONObject = [MetaKey.rows: ["Issue": ["=", "status", "To Do"], "Change": ["true"]]]
    #expect(try await test.jira.failure("get_time_in_status", ["issue": "ABC-1"], meta: other) == "Jira does not find it, or it may not be seen.")
    let open: JSONObject = [MetaKey.rows: ["Issue": ["true"], "Change": ["=", "author", "eve"]]]
    #expect(try await test.jira.structured("get_time_in_status", ["issue": "ABC-1"], meta: open)["statuses"]?.array?.count == 2)
  }

  // MARK: Versions

  @Test("Of several versions those that Jira refuses are named, and what stops one stops the rest")
  func versions() async throws {
    let test = try await JiraTest { vendor in
      vendor.on(
        "POST", "/rest/api/3/version", .json(["id": "1", "name": "1.0"], status: 201),
        .json(["errors": ["name": "A version with this name already exists"]], status: 400), .json(["id": "3", "name": "1.2"], status: 201), .status(403))
    }
    let names: JSONValue = .array(["1.0", "1.1", "1.2", "1.3", "1.4"].map { ["name": .string($0)] })
    let result = try await test.jira.structured("create_versions", ["project": "ABC", "versions": names])
    #expect(result["items"]?.array?.map { $0["name"] } == ["1.0", "1.2"])
    #expect(result["failed"]?.array?.map { $0["number"] } == [2, 4, 5])
    for (index, words) in ["already exists", "does not allow", "Not tried"].enumerated() {
      #expect(result["failed"]?[index]?["reason"]?.string?.contains(words) == true, "\(result)")
    }
    #expect(test.requests("POST", "/version").count == 4)
  }

  @Test("No version is made where policy does not admit one of them, and none is changed that it hides or that is of another project")
  func ruledVersions() async throws {
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/api/3/version/7", .json(["id": "7", "name": "7", "projectId": 2]))
      vendor.always("GET", "/rest/api/3/version/404", .status(404))
    }
    let rules: JSONObject = [MetaKey.rows: ["Project": ["true"], "JiraItem": ["like", "name", "2.*"]]]
    #expect(try await test.jira.failure("create_versions", ["project": "ABC", "versions": [["name": "2.0"], ["name": "1.1"]]], meta: rules).contains("Policy"))
    let absent = "Jira does not find it, or it may not be seen."
    #expect(try await test.jira.failure("update_version", ["project": "ABC", "version": "10100", "released": true], meta: rules) == absent)
    for version in ["7", "404"] {
      #expect(try await test.jira.failure("update_version", ["project": "ABC", "version": .string(version), "released": true]) == absent)
    }
    #expect(try await test.jira.failure("update_version", ["project": "ABC", "version": "10100"]).contains("Say what to change"))
    let first: JSONObject = [MetaKey.rows: ["Project": ["true"], "JiraItem": ["like", "name", "1.*"]]]
    #expect(try await test.jira.failure("update_version", ["project": "ABC", "version": "10100", "name": "2.0"], meta: first).contains("Nothing was sent"))
    #expect(test.vendor.requests.allSatisfy { $0.method == "GET" })
    _ = try await test.jira.structured("update_version", ["project": "ABC", "version": "10100", "released": true], meta: first)
    _ = try await test.jira.structured("update_version", ["project": "ABC", "version": "10100", "archived": false, "name": "1.2"])
    #expect(test.requests("PUT", "/version/10100").map(\.json) == [["released": true], ["name": "1.2", "archived": false]])
  }
}
