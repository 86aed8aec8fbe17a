import ConnectorTesting
import JSON
import MCP
import Testing

/// Which data categories Slack's records are of, by the channel in which they stand, and for whom they are then.
@Suite("Data categories from Slack's channels")
struct SlackCategoryTests {
  private static let categories: JSONObject = [
    "categories": ["private": "confidential", "direct": "pii", "shared": "internal", "channels": ["#fin-*": "pii", "C0GENERAL": "public"]]
  ]
  private static let finance = "C0FINANCE1"
  private static let channels: [String: JSONValue] = [
    SlackTest.general: ["id": "C0GENERAL", "name": "general", "is_private": false, "num_members": 3],
    SlackTest.executive: ["id": "C0EXECPLANS", "name": "exec-plans", "is_private": true, "num_members": 3],
    finance: ["id": "C0FINANCE1", "name": "fin-pay", "is_private": true, "num_members": 3],
    "C0PARTNERS": ["id": "C0PARTNERS", "name": "partners", "is_private": false, "is_ext_shared": true, "num_members": 3],
    SlackTest.direct: ["id": "D0DIRECT1", "is_im": true, "user": "U0PERSON1"],
  ]

  /// What a gateway sends for who is cleared for some categories; nil for all.
  private static func cleared(_ categories: [String]?) -> JSONObject {
    RowRules.cleared(categories, ["Message", "Channel", "File"], others: ["Member"])
  }

  private static func file(_ id: String, _ channels: String...) -> JSONValue {
    [
      "id": .string(id), "name": "f", "mimetype": "text/plain", "size": 6, "user": "U0PERSON1", "channels": .array(channels.map { .string($0) }), "groups": [], "ims": [],
    ]
  }

  private static let files: [JSONValue] = [
    file("F0GENERAL1", SlackTest.general), file("F0EXECPLAN", SlackTest.executive), file("F0BOTH1234", SlackTest.general, SlackTest.executive),
    file("F0FINANCE1", finance), file("F0NOWHERE1", "C0NOWHERE1"), file("F0OWN12345"),
  ]

  private static func test(search: String = "newer", _ settings: JSONObject = categories) async throws -> SlackTest {
    try await SlackTest(settings, governed: false) { vendor in
      vendor.always("GET", "/api/conversations.info") { request in
        channels[request.query("channel") ?? ""].map { .json(["ok": true, "channel": $0]) } ?? .json(["ok": false, "error": "channel_not_found"])
      }
      vendor.always("GET", "/api/conversations.list", .json(["ok": true, "channels": .array(channels.keys.sorted().compactMap { channels[$0] })]))
      // This list says nothing of channels but how they are called.
      vendor.always(
        "GET", "/api/users.conversations",
        .json(["ok": true, "channels": .array(channels.keys.sorted().map { ["id": .string($0), "name": channels[$0]?["name"] ?? "x"] })]))
      for method in ["conversations.history", "conversations.replies"] {
        vendor.always("GET", "/api/\(method)") { messages([["ts": "1.0", "user": "U0PERSON1", "text": .string("said in " + ($0.query("channel") ?? ""))]]) }
      }
      vendor.always("POST", "/api/conversations.create", .json(["ok": true, "channel": ["id": "C0NEW1234", "name": "new", "is_private": false]]))
      vendor.always("GET", "/api/pins.list", .json(["ok": true, "items": [["message": ["ts": "1.0", "user": "U0PERSON1", "text": "said"]]]]))
      vendor.always("GET", "/api/reactions.get", .json(["ok": true, "message": ["ts": "1.0", "user": "U0PERSON1", "text": "said", "reactions": [["name": "eyes"]]]]))
      let found = channels.keys.sorted() + ["C0NOWHERE1"]
      vendor.always("POST", "/api/assistant.search.context") { request in
        guard search == "newer" else { return .json(["ok": false, "error": "feature_not_enabled"]) }
        let isFiles = request.json?["content_types"] == ["files"]
        return .json([
          "ok": true,
          "results": isFiles
            ? ["files": .array(files.map { ["file_id": $0["id"] ?? .null, "title": "f"] })]
            : ["messages": .array(found.map { ["channel_id": .string($0), "message_ts": "1.0", "content": .string("said in " + $0), "author_user_id": "U0PERSON1"] })],
        ])
      }
      vendor.always(
        "GET", "/api/search.messages",
        .json([
          "ok": true,
          "messages": [
            "total": 6, "paging": ["page": 1, "pages": 1],
            "matches": .array(
              found.map { ["ts": "1.0", "user": "U0PERSON1", "text": .string("said in " + $0), "channel": ["id": .string($0), "name": "n", "is_private": false]] }),
          ],
        ]))
      vendor.always("GET", "/api/search.files", .json(["ok": true, "files": ["matches": .array(files), "total": 6, "paging": ["page": 1, "pages": 1]]]))
      vendor.always("GET", "/api/files.list", .json(["ok": true, "files": .array(files), "paging": ["page": 1, "pages": 1, "total": 6]]))
      vendor.always("GET", "/api/files.info") { request in
        guard let file = files.first(where: { $0["id"]?.string == request.query("file") }) else { return .json(["ok": false, "error": "file_not_found"]) }
        return .json(["ok": true, "file": file])
      }
    }
  }

  private static let seen: [([String]?, channels: [String], files: [String])] = [
    (["public"], ["C0GENERAL"], ["F0GENERAL1"]), (["public", "internal"], ["C0GENERAL", "C0PARTNERS"], ["F0GENERAL1"]),
    (["public", "internal", "confidential"], ["C0EXECPLANS", "C0GENERAL", "C0PARTNERS"], ["F0GENERAL1", "F0EXECPLAN", "F0BOTH1234", "F0OWN12345"]),
    // What is of two categories is for who is cleared for both.
    (["public", "pii"], ["C0GENERAL", "D0DIRECT1"], ["F0GENERAL1"]),
    (
      ["public", "internal", "confidential", "pii"], ["C0EXECPLANS", "C0FINANCE1", "C0GENERAL", "C0PARTNERS", "D0DIRECT1"],
      ["F0GENERAL1", "F0EXECPLAN", "F0BOTH1234", "F0FINANCE1", "F0OWN12345"]
    ),
  ]

  @Test(
    "Channels, messages and files are in lists, searches and suggestions for who is cleared for their channels, and no total counts others", arguments: seen,
    ["newer", "older"])
  func lists(_ case_: ([String]?, channels: [String], files: [String]), _ search: String) async throws {
    let (categories, channels, files) = case_
    let test = try await Self.test(search: search)
    let meta = Self.cleared(categories)
    for arguments in [["types": ["public_channel", "private_channel", "im"]], ["mine": true, "fields": ["id"]]] as [JSONValue] {
      #expect(try await test.slack.structured("list_channels", arguments, meta: meta)["channels"]?.array?.compactMap { $0["id"]?.string } == channels)
    }
    #expect(
      try await test.slack.complete(.resourceTemplate("slack://{workspace}/threads/{channel}/{ts}", argument: "channel"), "", meta: meta) == channels)
    let found = try await test.slack.structured("search_messages", ["query": "x", "fields": ["ts"]], meta: meta)
    #expect(found["messages"]?.array?.compactMap { $0["channel"]?.string } == channels && found["total"] == nil)
    for (tool, arguments) in [("list_files", ["fields": ["id"]]), ("search_files", ["query": "x"])] as [(String, JSONValue)] {
      let result = try await test.slack.structured(tool, arguments, meta: meta)
      #expect(result["files"]?.array?.compactMap { $0["id"]?.string } == files && result["total"] == nil, "\(tool)")
    }
  }

  @Test("Who is cleared for all sees all, with totals")
  func all() async throws {
    let test = try await Self.test(search: "older")
    let meta = Self.cleared(nil)
    let messages = try await test.slack.structured("search_messages", ["query": "x"], meta: meta)
    #expect(messages["messages"]?.array?.count == 6 && messages["total"] == 6)
    #expect(messages["messages"]?.array?.map { $0["category"]?.string } == ["confidential", "pii", "public", "internal", "pii", "unknown"])
    #expect(messages["messages"]?[1]?["categories"] == ["confidential", "pii"])
    let files = try await test.slack.structured("list_files", meta: meta)
    #expect(files["files"]?.array?.map { $0["category"]?.string } == ["public", "confidential", "confidential", "pii", "unknown", "confidential"] && files["total"] == 6)
    #expect(try await test.slack.structured("get_channel", ["channel": "fin-pay"], meta: meta)["channel"]?["categories"] == ["confidential", "pii"])
  }

  private static let calls: [(String, JSONValue)] = [
    ("get_channel", [:]), ("list_channel_members", [:]), ("get_permalink", ["ts": "1.0"]), ("get_reactions", ["ts": "1.0"]), ("list_bookmarks", [:]),
    ("update_message", ["ts": "1.0", "text": "x"]), ("delete_message", ["ts": "1.0"]), ("add_reaction", ["ts": "1.0", "emoji": "x"]), ("pin_message", ["ts": "1.0"]),
    ("post_message", ["text": "x"]), ("schedule_message", ["text": "x", "at": "2027-01-01T00:00:00Z"]), ("set_channel_topic", ["topic": "x"]),
    ("invite_to_channel", ["users": ["U0PERSON1"]]), ("upload_file", ["filename": "a.md", "text": "x"]), ("create_canvas", ["markdown": "x"]),
  ]

  @Test("A channel for which the caller is not cleared is as if it were not there, and nothing is put into it", arguments: calls)
  func single(_ tool: String, _ more: JSONValue) async throws {
    let test = try await Self.test()
    for channel in ["exec-plans", "fin-pay", SlackTest.direct] {
      var arguments = more
      arguments["channel"] = .string(channel)
      let failure = try await test.slack.failure(tool, arguments, meta: Self.cleared(["public", "internal"]))
      #expect(failure.contains("may not be seen") || failure.contains("Nothing was sent"), "\(tool): \(failure)")
    }
    let reads = ["conversations.info", "conversations.list", "conversations.replies", "reactions.get", "users.info", "auth.test"]
    #expect(Set(test.methods).isSubset(of: reads), "\(test.methods)")
    var arguments = more
    arguments["channel"] = "fin-pay"
    #expect(try await test.slack.call(tool, arguments, meta: Self.cleared(nil)).isError == false)
  }

  @Test("Nothing that was said in such a channel is read, by tool or resource")
  func content() async throws {
    let test = try await Self.test()
    let meta = Self.cleared(["public"])
    for (tool, arguments) in [
      ("get_channel_history", ["channel": "exec-plans"]), ("get_thread", ["channel": "exec-plans", "ts": "1.0"]), ("list_pins", ["channel": "exec-plans"]),
      ("get_channel_history", ["channel": .string(SlackTest.direct)]),
    ] as [(String, JSONValue)] {
      let result = try await test.slack.call(tool, arguments, meta: meta)
      #expect(result.structured?["messages"] == [] && !result.raw.text.contains("said"), "\(tool)")
      #expect(try await test.slack.call(tool, arguments, meta: Self.cleared(nil)).raw.text.contains("said"))
    }
    for uri in ["slack://T0TEAM123/channels/C0EXECPLANS/history", "slack://channel/exec-plans/messages", "slack://T0TEAM123/threads/C0EXECPLANS/1.0"] {
      #expect(!"\(try await test.slack.read(uri, meta: meta).contents)".contains("said"), "\(uri)")
      #expect("\(try await test.slack.read(uri, meta: Self.cleared(nil)).contents)".contains("said"), "\(uri)")
    }
    let channels = "\(try await test.slack.read("slack://T0TEAM123/channels", meta: meta).contents)"
    #expect(channels.contains("general") && !channels.contains("exec") && !channels.contains("fin-pay"))
    await #expect(throws: (any Error).self) { try await test.slack.read("slack://T0TEAM123/files/F0EXECPLAN", meta: meta) }
    for (tool, arguments) in [
      ("get_file", ["file": "F0EXECPLAN", "content": true]), ("find_canvas_sections", ["canvas": "F0NOWHERE1", "text": "x"]),
      ("read_canvas", ["canvas": "F0EXECPLAN"]),
      ("edit_canvas", ["canvas": "F0FINANCE1", "operation": "insert_at_end", "markdown": "x"]),
    ] as [(String, JSONValue)] {
      #expect(try await test.slack.failure(tool, arguments, meta: meta).contains("no such file"), "\(tool)")
    }
  }

  @Test("A channel is not made or renamed into a category for which the caller is not cleared, and nobody is written to directly")
  func new() async throws {
    let test = try await Self.test()
    let meta = Self.cleared(["public", "internal"])
    for (tool, arguments) in [
      ("create_channel", ["name": "new", "private": true]), ("create_channel", ["name": "fin-new"]), ("rename_channel", ["channel": "partners", "name": "fin-partners"]),
      ("post_message", ["user": "U0PERSON1", "text": "x"]), ("upload_file", ["filename": "a.md", "text": "x"]),
    ] as [(String, JSONValue)] {
      #expect(try await test.slack.failure(tool, arguments, meta: meta).contains("Nothing was sent"), "\(tool)")
    }
    #expect(!test.methods.contains { ["conversations.create", "conversations.rename", "conversations.open", "chat.postMessage", "signed"].contains($0) })
    _ = try await test.slack.structured("create_channel", ["name": "new"], meta: meta)
  }

  @Test("Tools say that records have a category where the settings give them one")
  func declared() async throws {
    for (settings, category) in [(Self.categories, "category"), ([:], nil)] as [(JSONObject, String?)] {
      let tools = try await SlackTest(settings).slack.client.listTools()
      let records = tools.flatMap { $0.raw["_meta"]?[MetaKey.records].map { Array($0.elements) } ?? [] }
      for record in records { #expect(record["category"]?.string == (["Member", "UserGroup"].contains(record["type"]?.string) ? nil : category), "\(record)") }
      for type in ["Message", "Channel", "File", "Member"] { #expect(records.contains { $0["type"]?.string == type }, "\(type)") }
      #expect(records.count > 20)
    }
  }

  @Test(
    "Categories that are none, and entries that say nothing, are errors at the start",
    arguments: [
      (["private": "restricted"], "expected one of public, internal, confidential, pii, secret"), (["channels": ["C1": "x"]], "expected one of"),
      (["group": "pii"], "unknown key"), (["channels": ["#": "pii"]], "expected a channel's id"),
    ] as [(JSONObject, String)])
  func settings(_ categories: JSONObject, _ words: String) async throws {
    await #expect { try await SlackTest(["categories": .object(categories)]) } throws: { "\($0)".contains(words) }
  }
}
