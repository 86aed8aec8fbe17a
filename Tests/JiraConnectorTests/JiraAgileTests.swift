import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("Boards of Jira")
struct JiraAgileTests {
  private static let configuration = "/rest/agile/1.0/board/4/configuration"

  @Test("A board has its columns with their statuses, and the field that it estimates with")
  func board() async throws {
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/api/3/status", .json([["id": "1", "name": "To Do"], ["id": "3", "name": "Review"]]))
      vendor.always(
        "GET", Self.configuration,
        .json([
          "id": 4, "filter": ["id": "12116"],
          "columnConfig": ["columns": [["name": "Open", "statuses": [["id": "1"], ["id": "2"]], "max": 5], ["name": "Doing", "statuses": [["id": "3"]], "min": 1]]],
          "estimation": ["type": "field", "field": ["fieldId": "customfield_10016", "displayName": "Story Points"]],
        ]))
    }
    let board = try await test.jira.structured("get_board", ["board": "4"])["board"]
    #expect(
      board?["columns"] == [["name": "Open", "statuses": ["To Do", "2"], "max": 5], ["name": "Doing", "statuses": ["Review"], "min": 1]], "\(board ?? .null)")
    #expect(board?["estimate_field"] == "customfield_10016" && board?["estimate_name"] == "Story Points" && board?["filter"] == "12116")
    #expect(board?["project"] == "ABC" && board?["type"] == "scrum")
  }

  @Test(
    "A board that was recorded is read, with the ids of its statuses where their names may not be asked for", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func recorded() async throws {
    let recording = try SharedData.json("jira/go-jira/board_configuration.json")
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/api/3/status", .status(403))
      vendor.always("GET", Self.configuration, .json(recording))
    }
    let board = try await test.jira.structured("get_board", ["board": "4"])["board"]
    #expect(board?["columns"]?.array?.map { $0["name"] } == ["Backlog", "Selected for development", "In Progress", "Blocked", "QA", "Done"])
    #expect(board?["columns"]?[0] == ["name": "Backlog", "statuses": ["10005"], "min": 5, "max": 30] && board?["estimate_field"] == nil)
  }

  @Test("A board that a rule hides is not found, and nothing more is asked of it")
  func hidden() async throws {
    let test = try await JiraTest()
    let meta: JSONObject = [MetaKey.rows: ["Board": ["=", "project", "XYZ"]]]
    #expect(try await test.jira.failure("get_board", ["board": "4"], meta: meta) == "Jira does not find it, or it may not be seen.")
    #expect(test.vendor.requests.map(\.path) == ["/rest/agile/1.0/board/4"])
    let shown: JSONObject = [MetaKey.rows: ["Board": ["=", "project", "ABC"]]]
    #expect(try await test.jira.structured("get_board", ["board": "4"], meta: shown)["board"]?["id"] == "4")
  }

  @Test(
    "Issues of boards and sprints come with the estimate that is asked for",
    arguments: [("list_board_issues", "board"), ("list_sprint_issues", "sprint"), ("list_backlog", "board")])
  func estimates(_ tool: String, _ place: String) async throws {
    let issue = JiraTest.issue("ABC-1", ["customfield_10016": 3])
    let test = try await JiraTest { $0.always("GET", "/rest/agile/1.0/*/4/*", .json(["issues": [issue], "total": 1])) }
    let result = try await test.jira.structured(tool, [place: "4", "fields": ["status"], "custom_fields": ["customfield_10016"]])
    #expect(result["issues"]?[0]?["custom"] == ["customfield_10016": 3])
    #expect(test.vendor.requests.last?.query("fields")?.hasSuffix(",customfield_10016") == true)
  }

  @Test("Velocity is told in the field that the board estimates with")
  func velocity() async throws {
    let prompt = "\(try await JiraTest().jira.prompt("analyze_sprint_health", ["board": "Team"]))"
    #expect(prompt.contains("get_board") && prompt.contains("estimate_field") && prompt.contains("custom_fields"))
  }
}
