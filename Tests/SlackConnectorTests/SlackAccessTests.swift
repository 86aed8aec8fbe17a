import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("What the settings keep out of Slack's reach")
struct SlackAccessTests {
  private static let deny: JSONObject = ["channels": ["deny": ["exec-*"]]]
  private static let ts: JSONValue = "1.0"

  /// Every tool that names a channel, with the denied one by id and by name.
  static let denied: [(String, JSONValue)] = [SlackTest.executive, "exec-plans", "#exec-plans"].flatMap { calls(.string($0)) }

  private static func calls(_ channel: JSONValue) -> [(String, JSONValue)] {
    [
      ("get_channel", ["channel": channel]), ("list_channel_members", ["channel": channel]), ("get_channel_history", ["channel": channel]),
      ("get_thread", ["channel": channel, "ts": ts]), ("get_permalink", ["channel": channel, "ts": ts]), ("get_reactions", ["channel": channel, "ts": ts]),
      ("list_pins", ["channel": channel]), ("list_bookmarks", ["channel": channel]), ("list_files", ["channel": channel]),
      ("post_message", ["channel": channel, "text": "x"]), ("update_message", ["channel": channel, "ts": ts, "text": "x"]),
      ("delete_message", ["channel": channel, "ts": ts]), ("schedule_message", ["channel": channel, "text": "x", "at": "2027-01-01T00:00:00Z"]),
      ("add_reaction", ["channel": channel, "ts": ts, "emoji": "x"]), ("remove_reaction", ["channel": channel, "ts": ts, "emoji": "x"]),
      ("upload_file", ["filename": "a.md", "text": "x", "channel": channel]), ("create_canvas", ["markdown": "x", "channel": channel]),
      ("invite_to_channel", ["channel": channel, "users": ["U0PERSON1"]]), ("set_channel_topic", ["channel": channel, "topic": "x"]),
      ("join_channel", ["channel": channel]), ("leave_channel", ["channel": channel]), ("archive_channel", ["channel": channel]),
      ("rename_channel", ["channel": channel, "name": "x"]), ("set_channel_purpose", ["channel": channel, "purpose": "x"]),
      ("remove_from_channel", ["channel": channel, "user": "U0PERSON1"]), ("pin_message", ["channel": channel, "ts": ts]),
      ("search_messages", ["query": "x", "channel": channel]), ("search_files", ["channel": channel]), ("list_scheduled_messages", ["channel": channel]),
      ("cancel_scheduled_message", ["channel": channel, "scheduled_message_id": "Q1"]), ("mark_read", ["channel": channel, "ts": ts]),
    ]
  }

  @Test("A denied channel is not found by any tool, under its name or its id, and nothing of it is asked", arguments: denied)
  func channels(_ tool: String, _ arguments: JSONValue) async throws {
    let test = try await SlackTest(Self.deny)
    let text = try await test.slack.failure(tool, arguments)
    #expect(text.contains("There is no channel"))
    #expect(Set(test.methods).isSubset(of: ["conversations.info", "conversations.list"]), "\(test.methods)")
  }

  @Test("Every tool that takes a channel is among those that were tried")
  func complete() async throws {
    let test = try await SlackTest()
    for tool in try await test.slack.client.listTools() where tool.raw["inputSchema"]?["properties"]?["channel"] != nil {
      #expect(Self.denied.contains { $0.0 == tool.name }, "\(tool.name)")
    }
  }

  @Test("A denied channel stands in no list, resource or completion")
  func lists() async throws {
    let test = try await SlackTest(Self.deny)
    let listed = try await test.slack.structured("list_channels", ["types": ["public_channel", "private_channel"]])
    #expect(listed["channels"]?.array?.map { $0["name"] } == ["general"])
    #expect("\(try await test.slack.read("slack://T0TEAM123/channels").contents)".contains("exec") == false)
    for uri in ["slack://T0TEAM123/channels/C0EXECPLANS/history", "slack://channel/exec-plans/messages", "slack://T0TEAM123/threads/C0EXECPLANS/1.0"] {
      await #expect(throws: (any Error).self) { try await test.slack.read(uri) }
    }
    #expect(try await test.slack.complete(.prompt("summarize_channel", argument: "channel"), "") == ["general"])
    #expect(test.requests("conversations.history").isEmpty && test.requests("conversations.replies").isEmpty)
  }

  private static func file(_ id: String, _ channels: String...) -> JSONValue {
    ["id": .string(id), "name": "f", "mimetype": "text/plain", "size": 1, "channels": .array(channels.map { .string($0) })]
  }

  @Test("What is scheduled for a denied channel is not listed, and no channel gets a name that is denied")
  func scheduled() async throws {
    let test = try await SlackTest(Self.deny) { vendor in
      SlackTest.schedule(vendor, third: "C0NOWHERE1")
    }
    let result = try await test.slack.call("list_scheduled_messages")
    #expect(result.structured?["messages"]?.array?.map { $0["scheduled_message_id"] } == ["Q1"] && !result.raw.text.contains("secret"), "\(result.text)")
    #expect(result.structured?["messages"]?[0]?["channel_name"] == "general" && result.structured?["messages"]?[0]?["time"] == "2026-12-01T09:00:00Z")
    #expect(try await test.slack.failure("rename_channel", ["channel": "general", "name": "exec-all"]).contains("not allowed"))
    #expect(test.requests("conversations.rename").isEmpty)
  }

  @Test("Files and canvases that only denied channels hold are not found, by list, search, id or resource", arguments: ["newer", "older"])
  func files(_ which: String) async throws {
    let files: [JSONValue] = [
      Self.file("F0OPEN1234", SlackTest.general), Self.file("F0SECRET12", SlackTest.executive), Self.file("F0NOWHERE1"),
      Self.file("F0BOTH1234", SlackTest.executive, SlackTest.general),
    ]
    let test = try await SlackTest(Self.deny) { vendor in
      vendor.always("GET", "/api/files.list", .json(["ok": true, "files": .array(files), "paging": ["page": 1, "pages": 1, "total": 4]]))
      let matches = files.map { file in ["file_id": file["id"] ?? .null, "title": "f", "author_user_id": "U0PERSON1"] as JSONValue }
      vendor.always(
        "POST", "/api/assistant.search.context",
        which == "newer" ? .json(["ok": true, "results": ["files": .array(matches)]]) : .json(["ok": false, "error": "feature_not_enabled"]))
      vendor.always("GET", "/api/search.files", .json(["ok": true, "files": ["matches": .array(files), "total": 4, "paging": ["page": 1, "pages": 1]]]))
      vendor.always("GET", "/api/files.info") { request in
        .json(["ok": true, "file": files.first { $0["id"]?.string == request.query("file") } ?? .null])
      }
    }
    for (tool, arguments) in [("list_files", [:] as JSONValue), ("search_files", ["query": "x"])] {
      let result = try await test.slack.structured(tool, arguments)
      #expect(result["files"]?.array?.compactMap { $0["id"]?.string } == ["F0OPEN1234", "F0BOTH1234"])
      // A total would tell of what is not shown.
      #expect(result["total"] == nil)
    }
    #expect(try await test.slack.structured("get_file", ["file": "F0OPEN1234"])["file"]?["id"] == "F0OPEN1234")
    for (tool, arguments) in [
      ("get_file", ["file": "F0SECRET12"] as JSONValue), ("get_file", ["file": "F0NOWHERE1"]), ("find_canvas_sections", ["canvas": "F0SECRET12", "text": "x"]),
      ("read_canvas", ["canvas": "F0SECRET12"]),
      ("edit_canvas", ["canvas": "F0SECRET12", "operation": "insert_at_end", "markdown": "x"]),
    ] {
      #expect(try await test.slack.failure(tool, arguments).contains("no such file"))
    }
    await #expect(throws: (any Error).self) { try await test.slack.read("slack://T0TEAM123/files/F0SECRET12") }
    #expect(test.requests("canvases.edit").isEmpty && test.requests("canvases.sections.lookup").isEmpty)
  }

  @Test("Search shows nothing of a denied channel, nor what does not say where it is from", arguments: ["newer", "older"])
  func search(_ which: String) async throws {
    let newer: JSONValue = [
      "ok": true,
      "results": [
        "messages": [
          ["channel_id": "C0GENERAL", "channel_name": "general", "message_ts": "1.0", "content": "open"],
          ["channel_id": "C0EXECPLANS", "channel_name": "exec-plans", "message_ts": "2.0", "content": "secret"],
          ["channel_id": "C0EXECPLANS", "message_ts": "3.0", "content": "secret"],
          ["message_ts": "4.0", "content": "secret"],
        ]
      ],
    ]
    let older: JSONValue = [
      "ok": true,
      "messages": [
        "total": 3, "paging": ["page": 1, "pages": 1],
        "matches": [
          ["ts": "1.0", "text": "open", "channel": ["id": "C0GENERAL", "name": "general", "is_private": false]],
          ["ts": "2.0", "text": "secret", "channel": ["id": "C0EXECPLANS", "name": "exec-plans", "is_private": true]], ["ts": "4.0", "text": "secret"],
        ],
      ],
    ]
    let test = try await SlackTest(Self.deny) { vendor in
      vendor.always("POST", "/api/assistant.search.context", which == "newer" ? .json(newer) : .json(["ok": false, "error": "feature_not_enabled"]))
      vendor.always("GET", "/api/search.messages", .json(older))
    }
    let result = try await test.slack.call("search_messages", ["query": "x"])
    #expect(result.structured?["messages"]?.array?.map { $0["text"] } == ["open"])
    #expect(!result.raw.text.contains("secret"))
    #expect(result.structured?["messages"]?[0]?["visibility"] == "public")
  }

  @Test("Direct messages need to be among what is allowed")
  func direct() async throws {
    let allowed = try await SlackTest(["channels": ["allow": ["general"]]])
    #expect(try await allowed.slack.failure("post_message", ["user": "U0PERSON1", "text": "x"]).contains("not allowed"))
    #expect(try await allowed.slack.failure("get_channel_history", ["channel": .string(SlackTest.direct)]).contains("There is no channel"))
    #expect(allowed.requests("chat.postMessage").isEmpty)
    let denied = try await SlackTest(["channels": ["deny": ["U0PERSON1"]]])
    #expect(try await denied.slack.failure("post_message", ["user": "U0PERSON1", "text": "x"]).contains("not allowed"))
  }

  @Test("Read-only mode leaves no tool that writes, whatever else is switched on")
  func readOnly() async throws {
    let test = try await SlackTest(["read_only": true, "toolsets": ["all"]])
    for tool in try await test.slack.client.listTools() { #expect(tool.raw["annotations"]?["readOnlyHint"]?.bool == true, "\(tool.name)") }
  }

  @Test("Tools that write are off until they are switched on")
  func defaults() async throws {
    let test = try await SlackTest(["toolsets": .null])
    #expect(try await test.slack.client.listTools().allSatisfy { $0.raw["annotations"]?["readOnlyHint"]?.bool == true })
  }
}
