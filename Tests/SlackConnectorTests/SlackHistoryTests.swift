import ConnectorTesting
import JSON
import MCP
import Testing

/// Workspaces on the free plan hide what is older than 90 days. No answer may pass for all that there is.
@Suite("History that Slack hides")
struct SlackHistoryTests {
  private static func limited(_ messages: [JSONValue], _ members: JSONObject = ["is_limited": true]) -> Answer {
    let answer: JSONObject = ["ok": true, "messages": .array(messages), "has_more": false]
    return .json(.object(answer.merging(members)))
  }

  @Test(
    "A history that ends at the plan's limit says so, to programs and to the model, empty or not",
    arguments: [[], [["ts": "1795000000.0", "text": "hi"]]] as [[JSONValue]])
  func limit(_ found: [JSONValue]) async throws {
    let test = try await SlackTest { $0.always("GET", "/api/conversations.history", Self.limited(found)) }
    let result = try await test.slack.call("get_channel_history", ["channel": "general", "latest": "2026-01-01"])
    #expect(result.structured?["is_limited"] == true && result.structured?["messages"]?.array?.count == found.count)
    // The clock of the test stands at 2026-11-29.
    #expect(result.text.contains("90 days") && result.text.contains("2026-08-31"), "\(result.text)")
    #expect(result.structured?["notice"]?.string?.contains("Do not take this for all") == true)
    #expect("\(try await test.slack.read("slack://channel/general/messages").contents)".contains("90 days"))
  }

  @Test("A history that is whole says nothing of limits", arguments: [[:], ["is_limited": false]] as [JSONObject])
  func whole(_ members: JSONObject) async throws {
    let test = try await SlackTest { $0.always("GET", "/api/conversations.history", Self.limited([], members)) }
    let result = try await test.slack.call("get_channel_history", ["channel": "general"])
    #expect(result.structured?["is_limited"] == nil && !result.text.contains("90 days"))
    #expect(try await test.slack.structured("search_messages", ["query": "x"])["is_limited"] == nil)
  }

  @Test("What Slack said once is said where it is silent: in searches, and where a thread is not found")
  func remembered() async throws {
    let time = VirtualTime()
    let test = try await SlackTest(time: time) { vendor in
      vendor.always("GET", "/api/conversations.history", Self.limited([]))
      vendor.always("GET", "/api/conversations.replies", .json(["ok": false, "error": "thread_not_found"]))
      vendor.always("GET", "/api/search.files", .json(["ok": true, "files": ["matches": [], "total": 0, "paging": ["page": 1, "pages": 1]]]))
    }
    #expect(try await test.slack.failure("get_thread", ["channel": "general", "ts": "1.0"]).contains("90 days") == false)
    _ = try await test.slack.structured("get_channel_history", ["channel": "general"])
    for tool in ["search_messages", "search_files"] {
      let result = try await test.slack.call(tool, ["query": "x"])
      #expect(result.structured?["is_limited"] == true && result.text.contains("Do not conclude that there was nothing before"), "\(tool): \(result.text)")
    }
    #expect(try await test.slack.failure("get_thread", ["channel": "general", "ts": "1.0"]).contains("may be older than about"))
    // The company may buy another plan.
    time.advance(90_000)
    #expect(try await test.slack.structured("search_messages", ["query": "x"])["is_limited"] == nil)
  }

  @Test("What is told to one person is not said to another, who may be in another workspace")
  func subjects() async throws {
    let secrets = try TestSecrets()
    let users: JSONValue = ["ada": .string(try secrets.reference("ada", "xoxp-token-of-ada")), "bob": .string(try secrets.reference("bob", "xoxp-token-of-bob"))]
    let test = try await SlackTest(["token": .null, "act_as": "caller", "users": users], governed: true, secrets: secrets) { vendor in
      vendor.always("GET", "/api/conversations.history", Self.limited([]))
    }
    _ = try await test.slack.structured("get_channel_history", ["channel": "general"], as: "ada")
    #expect(try await test.slack.structured("search_messages", ["query": "x"], as: "ada")["is_limited"] == true)
    #expect(try await test.slack.structured("search_messages", ["query": "x"], as: "bob")["is_limited"] == nil)
  }

  @Test("Messages and files that are hidden one by one are told as that, and their content is not promised")
  func hiddenItems() async throws {
    let hidden: JSONValue = ["id": "F0HIDDEN12", "mode": "hidden_by_limit", "is_hidden_by_limit": true]
    let test = try await SlackTest { vendor in
      vendor.always(
        "GET", "/api/conversations.history",
        Self.limited([["ts": "1.0", "text": "There are older messages", "is_hidden_by_limit": 1], ["ts": "2.0", "text": "", "files": [hidden]]], [:]))
      vendor.always("GET", "/api/files.list", .json(["ok": true, "files": [hidden], "paging": ["page": 1, "pages": 1, "total": 1]]))
      vendor.always("GET", "/api/files.info", .json(["ok": true, "file": hidden]))
    }
    let history = try await test.slack.structured("get_channel_history", ["channel": "general"])
    #expect(history["is_limited"] == true && history["messages"]?[0]?["is_hidden"] == true && history["messages"]?[1]?["is_hidden"] == nil)
    #expect(history["messages"]?[1]?["files"]?[0]?.string?.contains("hidden by the workspace's plan") == true)
    let files = try await test.slack.call("list_files")
    #expect(files.structured?["files"]?[0]?["is_hidden"] == true && files.text.contains("were not deleted"))
    #expect(test.requests("files.list").first?.query("show_files_hidden_by_limit") == "true")
    #expect(try await test.slack.failure("get_file", ["file": "F0HIDDEN12", "content": true]).contains("It was not deleted"))
  }

  @Test("Where Slack says that there is more and gives no cursor, the next page goes on at the last message")
  func moreWithoutCursor() async throws {
    func page(_ stamps: [String], more: Bool) -> Answer {
      .json(["ok": true, "messages": .array(stamps.map { ["ts": .string($0), "text": "x"] }), "has_more": .bool(more)])
    }
    let test = try await SlackTest { vendor in
      vendor.on("GET", "/api/conversations.history", page(["9.0", "8.0"], more: true), page(["7.0"], more: false))
      // A thread runs the other way, and each page starts with its first message.
      vendor.on("GET", "/api/conversations.replies", page(["1.0", "2.0"], more: true), page(["1.0", "3.0"], more: false))
    }
    for (tool, method, argument, expected) in [
      ("get_channel_history", "conversations.history", "latest", "8.0"), ("get_thread", "conversations.replies", "oldest", "2.0"),
    ] {
      var arguments: JSONValue = ["channel": "general"]
      if tool == "get_thread" { arguments["ts"] = "1.0" }
      let first = try await test.slack.structured(tool, arguments)
      let cursor: JSONValue = try #require(first["next_cursor"])
      arguments["cursor"] = cursor
      let second = try await test.slack.structured(tool, arguments)
      #expect(second["next_cursor"] == nil && test.requests(method).map { $0.query(argument) } == [nil, expected])
      #expect(test.requests(method).allSatisfy { $0.query("cursor") == nil })
    }
  }
}
