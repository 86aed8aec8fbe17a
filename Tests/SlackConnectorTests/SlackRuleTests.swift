import ConnectorTesting
import JSON
import MCP
import Testing

/// Row rules of policy, kept at the source: the gateway sends them where a tool declares records.
@Suite("Row rules at Slack")
struct SlackRuleTests {
  private static func rows(_ rules: JSONObject, clearance: [String] = []) -> JSONObject {
    [MetaKey.rows: .object(rules), MetaKey.clearance: .array(clearance.map { .string($0) })]
  }

  private static let hiddenMessage = "There is no such message, or it may not be seen."
  private static let adas: JSONValue = ["=", "author", "U0PERSON1"]
  private static let two: [JSONValue] = [["ts": "1.0", "user": "U0PERSON1", "text": "open"], ["ts": "2.0", "user": "U0PERSON2", "text": "secret"]]

  // MARK: Messages

  static let lists: [(String, JSONValue, String)] = [
    ("get_channel_history", ["channel": "general"], "conversations.history"), ("get_thread", ["channel": "general", "ts": "1.0"], "conversations.replies"),
    ("list_pins", ["channel": "general"], "pins.list"),
  ]

  @Test("Messages that a rule does not admit stand in no list, and the rest can be checked again", arguments: lists)
  func messages(_ tool: String, _ arguments: JSONValue, _ method: String) async throws {
    let test = try await SlackTest { vendor in
      vendor.always(
        "GET", "/api/\(method)",
        .json([
          "ok": true, "messages": .array(Self.two), "items": .array(Self.two.map { ["type": "message", "message": $0] }), "response_metadata": ["next_cursor": "more"],
        ]))
    }
    var arguments = arguments
    if tool != "list_pins" { arguments["fields"] = ["ts"] }
    let result = try await test.slack.call(tool, arguments, meta: Self.rows(["Message": ["and", Self.adas, ["like", "text", "o*"]]]))
    #expect(result.structured?["messages"]?.array?.map { $0["ts"] } == ["1.0"] && !result.raw.text.contains("secret"), "\(result.text)")
    #expect(result.structured?["messages"]?[0]?["text"] == "open" && result.structured?["messages"]?[0]?["author"] == "U0PERSON1")
    // A page from which something was taken is no end.
    if tool != "list_pins" { #expect(result.structured?["next_cursor"] != nil) }
  }

  @Test("A rule on visibility looks at the channel as it is now")
  func visibility() async throws {
    let test = try await SlackTest { vendor in
      vendor.always("GET", "/api/conversations.history", .json(["ok": true, "messages": .array(Self.two)]))
      // It was public a moment ago.
      vendor.on("GET", "/api/conversations.info", .json(["ok": true, "channel": ["id": "C0GENERAL", "name": "general", "is_private": false]]))
      vendor.always("GET", "/api/conversations.info", .json(["ok": true, "channel": ["id": "C0GENERAL", "name": "general", "is_private": true]]))
    }
    _ = try await test.slack.structured("get_channel", ["channel": "C0GENERAL"])
    let rule = Self.rows(["Message": ["=", "visibility", "public"]])
    #expect(try await test.slack.structured("get_channel_history", ["channel": "C0GENERAL"], meta: rule)["messages"] == [])
    let resource = try await test.slack.read("slack://T0TEAM123/channels/C0GENERAL/history", meta: rule)
    #expect(!"\(resource.contents)".contains("open"))
  }

  @Test("Search holds whole messages against a rule, though Slack's search tells little of them", arguments: ["newer", "older"])
  func search(_ which: String) async throws {
    let newer: JSONValue = [
      "ok": true,
      "results": [
        "messages": [
          ["channel_id": "C0GENERAL", "channel_name": "general", "message_ts": "1.0", "content": "open"],
          ["channel_id": "C0GENERAL", "channel_name": "general", "message_ts": "2.0", "content": "secret"],
          ["channel_id": "C0GENERAL", "channel_name": "general", "message_ts": "3.0", "content": "secret"],
        ]
      ],
    ]
    let matches: [JSONValue] = ["1.0", "2.0", "3.0"].map { ts in
      ["ts": .string(ts), "text": ts == "1.0" ? "open" : "secret", "user": "", "channel": ["id": "C0GENERAL", "name": "general", "is_private": false]]
    }
    let test = try await SlackTest { vendor in
      vendor.always("POST", "/api/assistant.search.context", which == "newer" ? .json(newer) : .json(["ok": false, "error": "feature_not_enabled"]))
      vendor.always("GET", "/api/search.messages", .json(["ok": true, "messages": ["total": 3, "paging": ["page": 1, "pages": 1], "matches": .array(matches)]]))
      // One is ada's, one is bob's, one is no longer there.
      vendor.always("GET", "/api/conversations.replies") { request in
        guard let message = Self.two.first(where: { $0["ts"]?.string == request.query("ts") }) else { return .json(["ok": false, "error": "thread_not_found"]) }
        return .json(["ok": true, "messages": [message]])
      }
    }
    let result = try await test.slack.call("search_messages", ["query": "x"], meta: Self.rows(["Message": Self.adas]))
    #expect(result.structured?["messages"]?.array?.map { $0["ts"] } == ["1.0"] && !result.raw.text.contains("secret"), "\(result.text)")
    #expect(result.structured?["total"] == nil)
    #expect(try SharedData.isPresent == false || test.requests("conversations.replies").allSatisfy { try SlackReference.methods.problems(with: $0).isEmpty })
  }

  static let pushed: [(tool: String, arguments: JSONValue, rule: JSONValue, query: String)] = [
    ("search_messages", ["query": "x"], ["=", "channel_name", "general"], "in:#general x"),
    ("search_messages", ["query": "x"], ["and", ["=", "author", "U0PERSON1"], ["isTrue", ["in", "channel", ["C0GENERAL"]]]], "from:<@U0PERSON1> in:<#C0GENERAL> x"),
    ("search_messages", ["query": "x"], ["=", "channel_name", "U0PERSON1"], "in:<@U0PERSON1> x"),
    ("search_files", ["query": "x"], ["and", ["=", "owner", "U0PERSON1"], ["contains", "channels", "C0GENERAL"]], "from:<@U0PERSON1> in:<#C0GENERAL> x"),
    // Slack takes two terms of a kind for alternatives.
    ("search_messages", ["query": "x"], ["and", ["=", "channel_name", "general"], ["=", "channel", "C0GENERAL"]], "in:#general x"),
    ("search_messages", ["query": "x", "channel": "exec-plans"], ["=", "channel_name", "general"], "in:<#C0EXECPLANS> x"),
    ("search_messages", ["query": "From:@bob x"], ["=", "author", "U0PERSON1"], "From:@bob x"),
    // What Slack's terms cannot say, or not for sure.
    ("search_messages", ["query": "x"], ["in", "channel_name", ["general", "other"]], "x"),
    ("search_messages", ["query": "x"], ["or", ["=", "author", "U0PERSON1"]], "x"),
    ("search_messages", ["query": "x"], ["not", ["=", "author", "U0PERSON1"]], "x"), ("search_messages", ["query": "x"], ["=", "author", "ada in:#exec"], "x"),
    ("search_messages", ["query": "x"], ["=", "channel_name", "a b"], "x"), ("search_messages", ["query": "x"], ["=", "channel_name", "mpdm-a--b-1"], "x"),
  ]

  @Test("What a rule says of place and author goes into the search, where Slack's terms say it; the rule is held against what is found all the same", arguments: pushed)
  func push(_ case_: (tool: String, arguments: JSONValue, rule: JSONValue, query: String)) async throws {
    let found: JSONValue = [
      "messages": [["channel_id": "C0OTHER123", "channel_name": "other", "message_ts": "2.0", "author_user_id": "U0PERSON2", "content": "secret"]],
      "files": [["file_id": "F0BOBFILE1", "title": "secret", "author_user_id": "U0PERSON2"]],
    ]
    let test = try await SlackTest { vendor in
      vendor.always("POST", "/api/assistant.search.context", .json(["ok": true, "results": found]))
      vendor.always("GET", "/api/files.info", .json(["ok": false, "error": "file_not_found"]))
    }
    let type = case_.tool == "search_files" ? "File" : "Message"
    let result = try await test.slack.call(case_.tool, case_.arguments, meta: Self.rows([type: case_.rule]))
    #expect(test.requests("assistant.search.context").map { $0.json?["query"] } == [.string(case_.query)])
    if case_.query != "x" { #expect(!result.isError && !result.raw.text.contains("secret"), "\(result.text)") }
    _ = try await test.slack.call(case_.tool, case_.arguments, meta: Self.rows([type: ["true"]]))
    let free = test.requests("assistant.search.context").last?.json?["query"]?.string
    #expect(free?.hasSuffix("x") == true && free?.contains("U0PERSON1") == false && free?.contains("general") == false && free?.contains("C0GENERAL") == false)
  }

  @Test("Reactions to a message that may not be seen are not told")
  func reactions() async throws {
    let test = try await SlackTest { vendor in
      vendor.always(
        "GET", "/api/reactions.get", .json(["ok": true, "type": "message", "message": ["ts": "1.0", "user": "U0PERSON1", "reactions": [["name": "eyes", "count": 1]]]]))
    }
    let arguments: JSONValue = ["channel": "general", "ts": "1.0"]
    #expect(try await test.slack.failure("get_reactions", arguments, meta: Self.rows(["Message": ["=", "author", "U0PERSON2"]])) == Self.hiddenMessage)
    #expect(try await test.slack.structured("get_reactions", arguments, meta: Self.rows(["Message": Self.adas]))["reactions"]?[0]?["name"] == "eyes")
  }

  static let changes: [(String, JSONValue)] = [
    ("update_message", ["channel": "general", "ts": "2.0", "text": "x"]), ("delete_message", ["channel": "general", "ts": "2.0"]),
    ("pin_message", ["channel": "general", "ts": "2.0"]), ("add_reaction", ["channel": "general", "ts": "2.0", "emoji": "x"]),
    ("remove_reaction", ["channel": "general", "ts": "2.0", "emoji": "x"]), ("mark_read", ["channel": "general", "ts": "2.0"]),
  ]

  /// Requests that change something.
  private func written(_ test: SlackTest) -> [String] {
    test.vendor.requests.filter { $0.method == "POST" && !["/api/auth.test", "/api/assistant.search.context"].contains($0.path) }.map(\.path)
  }

  @Test("A message that may not be seen is not found by what changes messages, and no change goes out", arguments: changes)
  func change(_ tool: String, _ arguments: JSONValue) async throws {
    let test = try await SlackTest { $0.always("GET", "/api/conversations.replies", .json(["ok": true, "messages": .array(Self.two)])) }
    #expect(try await test.slack.failure(tool, arguments, meta: Self.rows(["Message": Self.adas])) == Self.hiddenMessage)
    var absent = arguments
    absent["ts"] = "9.0"
    #expect(try await test.slack.failure(tool, absent, meta: Self.rows(["Message": ["has", "text"]])) == Self.hiddenMessage)
    #expect(written(test).isEmpty, "\(written(test))")
    _ = try await test.slack.structured(tool, arguments, meta: Self.rows(["Message": ["=", "author", "U0PERSON2"]]))
    #expect(written(test).count == 1)
  }

  static let posts: [(String, JSONValue)] = [
    ("post_message", ["channel": "exec-plans", "text": "x"]), ("post_message", ["user": "U0PERSON1", "text": "x"]),
    ("schedule_message", ["channel": "exec-plans", "text": "x", "at": "2027-01-01T00:00:00Z"]),
  ]

  @Test("A message is posted only where it is sure beforehand that policy admits it: not even a conversation is opened", arguments: posts)
  func post(_ tool: String, _ arguments: JSONValue) async throws {
    let test = try await SlackTest { $0.always("POST", "/api/auth.test", .json(["ok": true, "user_id": "U0BOT1234", "team_id": "T0TEAM123"])) }
    for rule in [["=", "visibility", "public"], ["=", "author", "U0PERSON1"], ["has", "permalink"], ["false"]] as [JSONValue] {
      #expect(try await test.slack.failure(tool, arguments, meta: Self.rows(["Message": rule])).contains("Nothing was sent"))
    }
    #expect(written(test).isEmpty, "\(written(test))")
    _ = try await test.slack.structured(tool, arguments, meta: Self.rows(["Message": ["and", ["=", "visibility", "private"], ["=", "author", "U0BOT1234"]]]))
    #expect(!written(test).isEmpty)
  }

  @Test("Scheduled messages that a rule does not admit are not listed and not cancelled, nor where it cannot be told")
  func scheduled() async throws {
    let test = try await SlackTest { vendor in
      SlackTest.schedule(vendor, third: SlackTest.general)
    }
    let meta = Self.rows(["Message": ["and", ["=", "visibility", "public"], ["like", "text", "o*"]]])
    let result = try await test.slack.call("list_scheduled_messages", meta: meta)
    #expect(result.structured?["messages"]?.array?.map { $0["scheduled_message_id"] } == ["Q1"] && !result.raw.text.contains("secret"), "\(result.text)")
    for (channel, id) in [("general", "Q3"), ("exec-plans", "Q2"), ("general", "Q9")] {
      let arguments: JSONValue = ["channel": .string(channel), "scheduled_message_id": .string(id)]
      #expect(try await test.slack.failure("cancel_scheduled_message", arguments, meta: meta) == Self.hiddenMessage)
    }
    // Slack does not say in which thread a scheduled message goes.
    let unknown = Self.rows(["Message": ["not", ["has", "thread_ts"]]])
    #expect(try await test.slack.structured("list_scheduled_messages", meta: unknown)["messages"] == [])
    #expect(try await test.slack.failure("cancel_scheduled_message", ["channel": "general", "scheduled_message_id": "Q1"], meta: unknown) == Self.hiddenMessage)
    #expect(test.requests("chat.deleteScheduledMessage").isEmpty)
    _ = try await test.slack.structured("cancel_scheduled_message", ["channel": "general", "scheduled_message_id": "Q1"], meta: meta)
    #expect(test.requests("chat.deleteScheduledMessage").map { $0.json?["scheduled_message_id"] } == ["Q1"])
  }

  @Test("Completion suggests nobody whom a rule hides, and no address to who is not cleared for it")
  func completion() async throws {
    func user(_ id: String, _ name: String, guest: Bool) -> JSONValue {
      ["id": .string(id), "name": .string(name), "is_restricted": .bool(guest), "profile": ["email": .string(name + "@example.com")]]
    }
    let test = try await SlackTest { vendor in
      vendor.always("GET", "/api/users.list", .json(["ok": true, "members": [user("U0PERSON1", "ada", guest: false), user("U0GUEST12", "adam", guest: true)]]))
    }
    let meta = Self.rows(["Member": ["=", "is_guest", false]])
    #expect(try await test.slack.complete(.prompt("standup", argument: "user"), "ada", meta: meta) == ["U0PERSON1"])
    #expect(try await test.slack.complete(.prompt("standup", argument: "user"), "ada@", meta: meta).isEmpty)
    #expect(try await test.slack.complete(.resourceTemplate("slack://user/{name}/profile", argument: "name"), "ada", meta: meta) == ["ada"])
    let cleared = Self.rows(["Member": ["true"]], clearance: ["pii"])
    #expect(try await test.slack.complete(.prompt("standup", argument: "user"), "ada@", meta: cleared) == ["ada@example.com"])
    await #expect(throws: (any Error).self) { try await test.slack.read("slack://user/adam/profile", meta: meta) }
  }

  // MARK: Channels, files, people

  private static let isPublic: JSONValue = ["=", "visibility", "public"]

  @Test("Channels that a rule hides are in no list, resource or completion, are not got, and are not changed")
  func channels() async throws {
    let test = try await SlackTest { $0.always("POST", "/api/conversations.create", .json(["ok": true, "channel": ["id": "C0NEW1234", "name": "new"]])) }
    let meta = Self.rows(["Channel": Self.isPublic])
    #expect(
      try await test.slack.structured("list_channels", ["types": ["public_channel", "private_channel"]], meta: meta)["channels"]?.array?.map { $0["name"] } == [
        "general"
      ])
    #expect(!"\(try await test.slack.read("slack://T0TEAM123/channels", meta: meta).contents)".contains("exec"))
    #expect(try await test.slack.complete(.prompt("summarize_channel", argument: "channel"), "", meta: meta) == ["general"])
    let absent = "There is no channel exec-plans, or it may not be seen. list_channels tells which there are."
    for (tool, arguments) in [
      ("get_channel", ["channel": "exec-plans"] as JSONValue), ("invite_to_channel", ["channel": "exec-plans", "users": ["U0PERSON1"]]),
      ("set_channel_topic", ["channel": "exec-plans", "topic": "x"]), ("join_channel", ["channel": "exec-plans"]), ("leave_channel", ["channel": "exec-plans"]),
      ("set_channel_purpose", ["channel": "exec-plans", "purpose": "x"]), ("rename_channel", ["channel": "exec-plans", "name": "x"]),
      ("archive_channel", ["channel": "exec-plans"]), ("remove_from_channel", ["channel": "exec-plans", "user": "U0PERSON1"]),
    ] {
      #expect(try await test.slack.failure(tool, arguments, meta: meta) == absent, "\(tool)")
    }
    #expect(try await test.slack.failure("create_channel", ["name": "new", "private": true], meta: meta).contains("Nothing was sent"))
    let named = Self.rows(["Channel": ["=", "name", "general"]])
    #expect(try await test.slack.failure("rename_channel", ["channel": "general", "name": "other"], meta: named).contains("Nothing was sent"))
    #expect(written(test).isEmpty)
    _ = try await test.slack.structured("set_channel_topic", ["channel": "general", "topic": "x"], meta: meta)
    _ = try await test.slack.structured("create_channel", ["name": "new"], meta: meta)
    #expect(written(test) == ["/api/conversations.setTopic", "/api/conversations.create"])
  }

  @Test("A list that says less of channels is completed where a rule needs it")
  func wholeChannels() async throws {
    let test = try await SlackTest { vendor in
      vendor.always(
        "GET", "/api/users.conversations", .json(["ok": true, "channels": [["id": "C0GENERAL", "name": "general"], ["id": "C0EXECPLANS", "name": "exec-plans"]]]))
    }
    let listed = try await test.slack.structured("list_channels", ["mine": true], meta: Self.rows(["Channel": ["has", "members"]]))
    #expect(listed["channels"]?.array?.map { $0["id"] } == ["C0GENERAL"])
  }

  private static func file(_ id: String, _ owner: String) -> JSONValue {
    ["id": .string(id), "name": "f", "mimetype": "text/plain", "size": 1, "user": .string(owner), "channels": ["C0GENERAL"]]
  }

  @Test("Files and canvases that a rule hides are not listed, found, got or changed", arguments: ["newer", "older"])
  func files(_ which: String) async throws {
    let files = [Self.file("F0ADAFILE1", "U0PERSON1"), Self.file("F0BOBFILE1", "U0PERSON2")]
    let test = try await SlackTest { vendor in
      vendor.always("GET", "/api/files.list", .json(["ok": true, "files": .array(files), "paging": ["page": 1, "pages": 1, "total": 2]]))
      // Both searches leave out where files are.
      let matches = files.map { file in ["file_id": file["id"] ?? .null, "author_user_id": file["user"] ?? .null] as JSONValue }
      vendor.always(
        "POST", "/api/assistant.search.context",
        which == "newer" ? .json(["ok": true, "results": ["files": .array(matches)]]) : .json(["ok": false, "error": "feature_not_enabled"]))
      vendor.always(
        "GET", "/api/search.files",
        .json([
          "ok": true,
          "files": ["matches": .array(files.map { ["id": $0["id"] ?? .null, "user": $0["user"] ?? .null] }), "total": 2, "paging": ["page": 1, "pages": 1]],
        ]))
      vendor.always("GET", "/api/files.info") { request in
        guard let file = files.first(where: { $0["id"]?.string == request.query("file") }) else { return .json(["ok": false, "error": "file_not_found"]) }
        return .json(["ok": true, "file": file])
      }
      vendor.always("POST", "/api/auth.test", .json(["ok": true, "user_id": "U0BOT1234", "team_id": "T0TEAM123"]))
    }
    let meta = Self.rows(["File": ["and", ["=", "owner", "U0PERSON1"], ["contains", "channels", "C0GENERAL"]]])
    for (tool, arguments) in [("list_files", [:] as JSONValue), ("search_files", ["query": "x"])] {
      let result = try await test.slack.structured(tool, arguments, meta: meta)
      #expect(result["files"]?.array?.map { $0["id"] } == ["F0ADAFILE1"] && result["total"] == nil, "\(tool)")
    }
    let absent = "There is no such file, or it may not be seen."
    for (tool, arguments) in [
      ("get_file", ["file": "F0BOBFILE1", "content": true] as JSONValue), ("get_file", ["file": "F0NOWHERE1"]),
      ("find_canvas_sections", ["canvas": "F0BOBFILE1", "text": "x"]), ("read_canvas", ["canvas": "F0BOBFILE1"]),
      ("edit_canvas", ["canvas": "F0BOBFILE1", "operation": "insert_at_end", "markdown": "x"]),
    ] {
      #expect(try await test.slack.failure(tool, arguments, meta: meta) == absent, "\(tool)")
    }
    for (tool, arguments) in [("upload_file", ["filename": "a.md", "text": "x"] as JSONValue), ("create_canvas", ["markdown": "x"])] {
      #expect(try await test.slack.failure(tool, arguments, meta: meta).contains("Nothing was sent"), "\(tool)")
    }
    #expect(written(test).isEmpty, "\(written(test))")
    await #expect(throws: (any Error).self) { try await test.slack.read("slack://T0TEAM123/files/F0BOBFILE1", meta: meta) }
    _ = try await test.slack.structured("edit_canvas", ["canvas": "F0ADAFILE1", "operation": "insert_at_end", "markdown": "x"], meta: meta)
    _ = try await test.slack.structured(
      "upload_file", ["filename": "a.md", "text": "x", "channel": "general"], meta: Self.rows(["File": ["and", ["=", "owner", "U0BOT1234"], Self.isPublic]]))
    #expect(written(test).first == "/api/canvases.edit" && written(test).contains("/upload/v1/signed"))
  }

  @Test("People are held against a rule whole, also where Slack tells ids alone; addresses are for who is cleared for them")
  func people() async throws {
    @Sendable func user(_ id: String, guest: Bool) -> JSONValue {
      [
        "id": .string(id), "name": .string(id), "is_restricted": .bool(guest),
        "profile": ["display_name": .string("Name of " + id), "email": .string(id.lowercased() + "@example.com")],
      ]
    }
    let test = try await SlackTest { vendor in
      vendor.always("GET", "/api/conversations.members", .json(["ok": true, "members": ["U0PERSON1", "U0GUEST12"]]))
      vendor.always("GET", "/api/usergroups.users.list", .json(["ok": true, "users": ["U0PERSON1", "U0GUEST12"]]))
      vendor.always("GET", "/api/users.list", .json(["ok": true, "members": [user("U0PERSON1", guest: false), user("U0GUEST12", guest: true)]]))
      vendor.always("GET", "/api/users.info") { request in
        let id = request.query("user") ?? ""
        return .json(["ok": true, "user": user(id, guest: id == "U0GUEST12")])
      }
      vendor.always("GET", "/api/users.profile.get", .json(["ok": true, "profile": ["phone": "+44 20 7946 0000"]]))
      vendor.always("GET", "/api/users.lookupByEmail", .json(["ok": true, "user": user("U0GUEST12", guest: true)]))
    }
    let meta = Self.rows(["Member": ["=", "is_guest", false], "Channel": ["true"], "UserGroup": ["true"]])
    for (tool, arguments) in [("list_users", [:] as JSONValue), ("list_channel_members", ["channel": "general"]), ("list_user_group_members", ["group": "S0GROUP12"])] {
      let result = try await test.slack.call(tool, arguments, meta: meta)
      #expect(result.structured?["users"]?.array?.map { $0["id"] } == ["U0PERSON1"], "\(tool): \(result.text)")
      #expect(result.structured?["users"]?[0]?["is_guest"] == false && !result.raw.text.contains("@example.com"), "\(tool): \(result.text)")
    }
    let absent = "There is no such person, or they may not be seen."
    #expect(try await test.slack.failure("get_user", ["user": "U0GUEST12"], meta: meta) == absent)
    #expect(try await test.slack.failure("find_user", ["email": "x@example.com"], meta: meta) == absent)
    await #expect(throws: (any Error).self) { try await test.slack.read("slack://user/U0GUEST12/profile", meta: meta) }
    let hidden = try await test.slack.call("get_user", ["user": "U0PERSON1"], meta: meta)
    #expect(!hidden.raw.text.contains("@example.com") && !hidden.raw.text.contains("+44"))
    #expect(!"\(try await test.slack.read("slack://user/U0PERSON1/profile", meta: meta).contents)".contains("@example.com"))
    let shown = try await test.slack.structured("get_user", ["user": "U0PERSON1"], meta: Self.rows(["Member": ["true"]], clearance: ["pii"]))
    #expect(shown["user"]?["email"] == "u0person1@example.com" && shown["user"]?["phone"] != nil)
  }

  // MARK: Nothing more than is needed

  @Test("Where policy limits nothing, nothing more is asked of Slack", arguments: SlackAct.all)
  func free(_ act: SlackAct) async throws {
    let (alone, governed) = (try await SlackTest(), try await SlackTest())
    _ = try await alone.slack.call(act.tool, act.arguments)
    let meta = Self.rows(["Message": ["true"], "Channel": ["true"], "File": ["true"], "Member": ["true"], "UserGroup": ["true"]], clearance: ["pii"])
    _ = try await governed.slack.call(act.tool, act.arguments, meta: meta)
    #expect(governed.vendor.requests.map { "\($0)" } == alone.vendor.requests.map { "\($0)" })
  }

  @Test("Every tool that names a message, or writes one, declares messages, so that the gateway sends the rule")
  func declared() async throws {
    let messages = [
      "post_message", "schedule_message", "update_message", "delete_message", "add_reaction", "remove_reaction", "get_reactions", "get_channel_history", "get_thread",
      "pin_message", "list_scheduled_messages", "cancel_scheduled_message", "get_permalink", "mark_read",
    ]
    for tool in try await SlackTest().slack.client.listTools() {
      let types = (tool.raw["_meta"]?[MetaKey.records].map { Array($0.elements) } ?? []).compactMap { $0["type"]?.string }
      if messages.contains(tool.name) { #expect(types == ["Message"], "\(tool.name)") }
      if tool.name.contains("file") || tool.name.contains("canvas") { #expect(types == ["File"], "\(tool.name)") }
      if tool.raw["annotations"]?["readOnlyHint"]?.bool != true { #expect(!types.isEmpty, "\(tool.name) writes what policy does not know") }
    }
  }
}
