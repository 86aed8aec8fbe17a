import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("Jira Service Management")
struct JiraServiceTests {
  private static func rows(_ rules: JSONObject) -> JSONObject { [MetaKey.rows: .object(rules), MetaKey.clearance: []] }
  private static let absent = "Jira does not find it, or it may not be seen."

  @Test("A request is made of its type with its fields, in wiki markup, for whom and with whom it is said")
  func creating() async throws {
    let test = try await JiraTest { $0.always("POST", "/rest/servicedeskapi/request", .json(["issueId": "10010", "issueKey": "ABC-10"], status: 201)) }
    let result = try await test.jira.structured(
      "create_request",
      [
        "desk": "1", "request_type": "25", "summary": "Mouse", "description": "A **new** one", "fields": ["customfield_1": ["value": "Red"]], "participants": ["5b2"],
        "on_behalf_of": "5b1",
      ])
    #expect(result["key"] == "ABC-10" && result["id"] == "10010")
    #expect(
      test.vendor.requests.map(\.json) == [
        [
          "serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": ["summary": "Mouse", "description": "A *new* one", "customfield_1": ["value": "Red"]],
          "requestParticipants": ["5b2"], "raiseOnBehalfOf": "5b1",
        ]
      ])
    #expect(test.vendor.requests.first?.header("X-ExperimentalApi") == "opt-in")
    let twice: JSONValue = ["desk": "1", "request_type": "25", "fields": ["summary": "x"]]
    #expect(try await test.jira.failure("create_request", twice).contains("outside of"))
  }

  static let creations: [(JSONValue, JSONObject, String?)] = [
    (["=", "project", "ABC"], [:], nil), (["=", "project", "XYZ"], [:], "Policy"), (["=", "reporter", "5b1"], [:], nil),
    (["=", "reporter", "5b1"], ["on_behalf_of": "ada"], "Policy"),
    (["=", "project", "ABC"], ["fields": ["assignee": ["accountId": "ada"]]], "custom fields only"), (["=", "type", "Bug"], [:], "Policy"), (["false"], [:], "Policy"),
  ]

  @Test("A request is made only where it is sure beforehand that policy admits its issue", arguments: creations)
  func policy(_ rule: JSONValue, _ further: JSONObject, _ refusal: String?) async throws {
    let test = try await JiraTest()
    let arguments: JSONObject = ["desk": "1", "request_type": "25", "summary": "x"]
    let result = try await test.jira.call("create_request", .object(arguments.merging(further)), meta: Self.rows(["Issue": rule]))
    #expect(result.isError == (refusal != nil) && refusal.map { result.text.contains($0) } ?? true, "\(result.text)")
    #expect(test.requests("POST", "/request").count == (refusal == nil ? 1 : 0))
  }

  @Test("A request that names an issue names one that may be seen")
  func naming() async throws {
    let test = try await JiraTest(["projects": ["deny": ["HR"]]])
    let arguments: JSONValue = ["desk": "1", "request_type": "25", "fields": ["customfield_10014": "HR-1"]]
    #expect(try await test.jira.failure("create_request", arguments) == Self.absent)
    #expect(test.requests("POST", "/request").isEmpty)
  }

  @Test("Comments are public or internal as is said, and it has to be said; internal ones are restricted for policy")
  func comments() async throws {
    let test = try await JiraTest {
      $0.always(
        "GET", "/rest/servicedeskapi/request/ABC-1/comment",
        .json([
          "values": [
            ["id": "1", "body": "h1. Open", "public": true, "author": ["accountId": "5b1"], "created": ["iso8601": "2026-07-28T12:00:00+0200"]],
            ["id": "2", "body": "secret", "public": false],
          ], "isLastPage": true,
        ]))
    }
    for isPublic in [true, false] { _ = try await test.jira.structured("comment_on_request", ["issue": "ABC-1", "body": "**x**", "public": .bool(isPublic)]) }
    #expect(test.requests("POST", "/comment").map(\.json) == [["body": "*x*", "public": true], ["body": "*x*", "public": false]])
    let all = try await test.jira.structured("list_request_comments", ["issue": "ABC-1"])["comments"]
    #expect(all?[0]?["body"] == "# Open" && all?[0]?["created"] == "2026-07-28T10:00:00Z" && all?.array?.map { $0["visibility"] } == ["public", "restricted"])
    let meta = Self.rows(["Issue": ["true"], "Comment": ["=", "visibility", "public"]])
    #expect(try await test.jira.structured("list_request_comments", ["issue": "ABC-1"], meta: meta)["comments"]?.array?.map { $0["id"] } == ["1"])
    _ = try await test.jira.structured("list_request_comments", ["issue": "ABC-1", "kind": "internal"])
    #expect(test.vendor.requests.last?.query("public") == "false" && test.vendor.requests.last?.query("internal") == "true")
  }

  @Test("Internal comments are restricted in the platform's list as well")
  func platform() async throws {
    let test = try await JiraTest {
      $0.always(
        "GET", "/rest/api/3/issue/ABC-1/comment", .json(["comments": [["id": "1", "jsdPublic": true], ["id": "2", "jsdPublic": false], ["id": "3"]], "total": 3]))
    }
    let comments = try await test.jira.structured("list_comments", ["issue": "ABC-1"])["comments"]
    #expect(comments?.array?.map { $0["visibility"] } == ["public", "restricted", "public"])
  }

  @Test("A step is found by its name, and a comment goes along")
  func transitions() async throws {
    let path = "/rest/servicedeskapi/request/ABC-1/transition"
    let test = try await JiraTest { vendor in
      vendor.always("GET", path, .json(["values": [["id": "11", "name": "Resolve"], ["id": "12", "name": "Cancel"]], "isLastPage": true]))
      vendor.always("POST", path, .status(204))
    }
    _ = try await test.jira.structured("transition_request", ["issue": "ABC-1", "transition": "resolve", "comment": "Done"])
    #expect(test.requests("POST", "/transition").map(\.json) == [["id": "11", "additionalComment": ["body": "Done"]]])
    #expect(try await test.jira.failure("transition_request", ["issue": "ABC-1", "transition": "x"]).contains("Resolve, Cancel"))
    #expect(try await test.jira.structured("list_request_transitions", ["issue": "ABC-1"])["items"]?.array?.count == 2)
  }

  static let approval: JSONValue = [
    "id": "56", "name": "Manager", "finalDecision": "pending", "canAnswerApproval": true,
    "approvers": [["approver": ["accountId": "5b1", "displayName": "Ada"], "approverDecision": "pending"]], "createdDate": ["iso8601": "2026-07-28T12:00:00+0200"],
  ]

  @Test("Approvals are told, and answered only where policy lets them be seen")
  func approvals() async throws {
    let path = "/rest/servicedeskapi/request/ABC-1/approval"
    let test = try await JiraTest { vendor in
      vendor.always("GET", path, .json(["values": [Self.approval], "isLastPage": true]))
      vendor.always("GET", path + "/56", .json(Self.approval))
      vendor.always("POST", path + "/56", .json(Self.approval))
    }
    let told = try await test.jira.structured("list_approvals", ["issue": "ABC-1"])["approvals"]?[0]
    #expect(told?["decision"] == "pending" && told?["can_answer"] == true && told?["approvers"] == [["id": "5b1", "name": "Ada", "decision": "pending"]])
    let answer: JSONValue = ["issue": "ABC-1", "approval": "56", "decision": "decline"]
    for rules in [["Issue": ["true"]], ["Issue": ["true"], "Approval": ["=", "name", "Board"]], ["Approval": ["true"]]] as [JSONObject] {
      #expect(try await test.jira.failure("answer_approval", answer, meta: Self.rows(rules)) == Self.absent)
    }
    #expect(test.requests("POST", "/56").isEmpty)
    _ = try await test.jira.structured("answer_approval", answer, meta: Self.rows(["Issue": ["true"], "Approval": ["=", "name", "Manager"]]))
    #expect(test.requests("POST", "/56").map(\.json) == [["decision": "decline"]])
  }

  @Test("Service levels tell the cycle that runs, or the last one")
  func levels() async throws {
    func time(_ text: String) -> JSONValue { ["iso8601": .string(text)] }
    let test = try await JiraTest { vendor in
      vendor.always(
        "GET", "/rest/servicedeskapi/request/ABC-1/sla",
        .json([
          "values": [
            [
              "id": "1", "name": "Resolution", "completedCycles": [["breached": true]],
              "ongoingCycle": [
                "breached": false, "paused": true, "startTime": time("2026-07-28T12:00:00+0200"), "breachTime": time("2026-07-28T16:00:00+0200"),
                "goalDuration": ["millis": 14_400_000, "friendly": "4h"], "remainingTime": ["friendly": "3h 10m"],
              ],
            ],
            ["id": "2", "name": "Response", "completedCycles": [["breached": false, "stopTime": time("2026-07-28T13:00:00+0200")]]],
            ["id": "3", "name": "None", "completedCycles": []],
          ], "isLastPage": true,
        ]))
    }
    let levels = try await test.jira.structured("list_slas", ["issue": "ABC-1"])["slas"]
    #expect(levels?.array?.map { $0["state"] } == ["paused", "completed", "not_started"])
    #expect(levels?[0]?["breached"] == false && levels?[0]?["breached_cycles"] == 1 && levels?[0]?["goal"] == "4h" && levels?[0]?["remaining"] == "3h 10m")
    #expect(levels?[0]?["breach_time"] == "2026-07-28T14:00:00Z" && levels?[1]?["stopped"] == "2026-07-28T11:00:00Z")
  }

  @Test("Request types tell their fields and what these may hold; participants are people")
  func reading() async throws {
    let test = try await JiraTest { vendor in
      vendor.always(
        "GET", "/rest/servicedeskapi/servicedesk/1/requesttype/25/field",
        .json([
          "requestTypeFields": [
            ["fieldId": "customfield_1", "name": "Colour", "required": true, "jiraSchema": ["type": "option"], "validValues": [["value": "10", "label": "Red"]]]
          ]
        ]))
      vendor.always(
        "GET", "/rest/servicedeskapi/request/ABC-1/participant",
        .json(["values": [["accountId": "5b1", "displayName": "Ada", "emailAddress": "ada@example.com"]], "isLastPage": true]))
    }
    let field = try await test.jira.structured("list_request_fields", ["desk": "1", "request_type": "25"])["items"]?[0]
    #expect(field?["id"] == "customfield_1" && field?["required"] == true && field?["type"] == "option" && field?["allowed"] == ["Red"])
    let people = try await test.jira.call("list_request_participants", ["issue": "ABC-1"], meta: Self.rows(["Issue": ["true"], "Member": ["true"]]))
    #expect(people.structured?["users"]?[0]?["name"] == "Ada" && !people.raw.text.contains("ada@"))
    _ = try await test.jira.structured("remove_request_participants", ["issue": "ABC-1", "participants": ["5b1"]])
    #expect(test.requests("DELETE", "/participant").map(\.json) == [["accountIds": ["5b1"]]])
  }

  @Test("Data Center knows people by their names")
  func dataCenter() async throws {
    let test = try await JiraTest.dataCenter()
    _ = try await test.jira.structured("add_request_participants", ["issue": "ABC-1", "participants": ["ada"]])
    #expect(test.requests("POST", "/participant").map(\.json) == [["usernames": ["ada"]]])
  }

  @Test("What writes is in a toolset of its own")
  func toolset() async throws {
    let names = Set(try await JiraTest(["toolsets": ["service_management"]]).jira.client.listTools().map(\.name))
    #expect(names.contains("list_slas") && !names.contains("create_request") && !names.contains("answer_approval"))
  }
}
