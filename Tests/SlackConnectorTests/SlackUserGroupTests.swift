import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("User groups, people by name, and what is unread at Slack")
struct SlackUserGroupTests {
  private static let groups: JSONValue = [
    "ok": true,
    "usergroups": [
      ["id": "S0GROUP12", "name": "On call", "handle": "on-call", "created_by": "U0PERSON1"],
      ["id": "S0BOARD12", "name": "Board", "handle": "board", "created_by": "U0PERSON2"],
    ],
  ]

  private static func test(members: JSONValue = ["U0PERSON1"]) async throws -> SlackTest {
    try await SlackTest { vendor in
      vendor.always("GET", "/api/usergroups.users.list", .json(["ok": true, "users": members]))
      vendor.always("GET", "/api/usergroups.list", .json(groups))
      vendor.always("GET", "/api/users.info") { request in
        .json(["ok": true, "user": ["id": .string(request.query("user") ?? ""), "is_restricted": .bool(request.query("user") == "U0GUEST12")]])
      }
    }
  }

  private func written(_ test: SlackTest) -> [String] { test.methods.filter { ["create", "update", "users.update"].map { "usergroups." + $0 }.contains($0) } }

  @Test("A group that a rule hides is not listed, its members are not told, and it is not changed; nothing is made that the rule does not admit")
  func rules() async throws {
    let test = try await Self.test()
    let meta = RowRules.meta(["UserGroup": .not(.compare(attribute: "handle", .equal, "board")), "Member": .compare(attribute: "is_guest", .equal, false)])
    #expect(try await test.slack.structured("list_user_groups", meta: meta)["groups"]?.array?.map { $0["id"] } == ["S0GROUP12"])
    for (tool, arguments) in [
      ("list_user_group_members", ["group": "S0BOARD12"]), ("update_user_group", ["group": "S0BOARD12", "name": "x"]),
      ("set_user_group_members", ["group": "S0BOARD12", "users": ["U0PERSON1"]]), ("update_user_group", ["group": "S0NOWHERE", "name": "x"]),
    ] as [(String, JSONValue)] {
      #expect(try await test.slack.failure(tool, arguments, meta: meta) == "There is no such user group, or it may not be seen.", "\(tool)")
    }
    for (tool, arguments) in [
      ("create_user_group", ["name": "x", "handle": "board"]), ("update_user_group", ["group": "S0GROUP12", "handle": "board"]),
    ] as [(String, JSONValue)] {
      #expect(try await test.slack.failure(tool, arguments, meta: meta).contains("Nothing was sent"), "\(tool)")
    }
    #expect(try await test.slack.failure("set_user_group_members", ["group": "S0GROUP12", "users": ["U0PERSON1", "U0GUEST12"]], meta: meta).contains("no such person"))
    #expect(written(test) == [] && test.requests("usergroups.users.list").isEmpty)
    _ = try await test.slack.structured("set_user_group_members", ["group": "S0GROUP12", "users": ["U0PERSON1"]], meta: meta)
    _ = try await test.slack.structured("update_user_group", ["group": "S0GROUP12", "name": "x"], meta: meta)
    #expect(written(test) == ["usergroups.users.update", "usergroups.update"])
  }

  @Test("Nobody is put out of a group whom the caller may not see")
  func hiddenMembers() async throws {
    let test = try await Self.test(members: ["U0PERSON1", "U0GUEST12"])
    let meta = RowRules.meta(["UserGroup": .constant(true), "Member": .compare(attribute: "is_guest", .equal, false)])
    let arguments: JSONValue = ["group": "S0GROUP12", "users": ["U0PERSON1", "U0PERSON2"]]
    #expect(try await test.slack.failure("set_user_group_members", arguments, meta: meta).contains("would leave it. Nothing was sent"))
    #expect(written(test) == [])
    _ = try await test.slack.structured("set_user_group_members", arguments)
    #expect(written(test) == ["usergroups.users.update"])
  }

  @Test(
    "What says nothing, or names nobody, is not sent",
    arguments: [
      ("update_user_group", ["group": "S0GROUP12"]), ("set_user_group_members", ["group": "S0GROUP12", "users": []]),
      ("set_user_group_members", ["group": "S0GROUP12", "users": ["ada"]]), ("search_users", ["query": "  "]),
    ] as [(String, JSONValue)])
  func refused(_ tool: String, _ arguments: JSONValue) async throws {
    let test = try await Self.test()
    _ = try await test.slack.failure(tool, arguments)
    #expect(test.vendor.requests.isEmpty)
  }

  @Test("Tools that write groups, and the mark of what was read, are off unless they are asked for, and never there in read-only mode")
  func toolsets() async throws {
    let writing: Set<String> = ["create_user_group", "update_user_group", "set_user_group_members", "mark_read"]
    for (settings, expected) in [
      ([:], []), (["toolsets": .null], []), (["toolsets": ["read", "groups"]], writing.subtracting(["mark_read"])), (["toolsets": ["channels"]], ["mark_read"]),
      (["read_only": true], []),
    ] as [(JSONObject, Set<String>)] {
      let names = try await Set(SlackTest(settings).slack.client.listTools().map(\.name))
      #expect(names.intersection(writing) == (settings.isEmpty ? writing : expected), "\(settings)")
    }
  }

  private static let people: [JSONValue] = [
    ["id": "U0PERSON1", "name": "ada", "profile": ["display_name": "Ada L", "real_name": "Ada Lovelace", "email": "countess@example.com", "title": "Analyst"]],
    ["id": "U0PERSON2", "name": "grace", "profile": ["display_name": "Grace", "real_name": "Grace Hopper", "title": "Admiral"]],
    ["id": "U0GUEST12", "name": "adam", "is_restricted": true, "profile": ["display_name": "Adam"]],
    ["id": "U0GONE1234", "name": "adah", "deleted": true, "profile": ["display_name": "Adah"]], ["id": "U0ROBOT123", "name": "adabot", "is_bot": true],
  ]

  @Test("People are found by parts of what they are called, as far as policy shows them, and it is said if not all were looked at")
  func search() async throws {
    let test = try await SlackTest { $0.always("GET", "/api/users.list", .json(["ok": true, "members": .array(Self.people)])) }
    func found(_ query: String, meta: JSONObject = JSONObject()) async throws -> [String?]? {
      try await test.slack.structured("search_users", ["query": .string(query)], meta: meta)["users"]?.array?.map { $0["id"]?.string }
    }
    #expect(try await found("ada") == ["U0PERSON1", "U0GUEST12"])
    #expect(try await found("ANALYST love") == ["U0PERSON1"])
    #expect(try await found("countess@") == ["U0PERSON1"])
    #expect(try await found("ada hopper") == [])
    let members = RowRules.meta(["Member": .compare(attribute: "is_guest", .equal, false)])
    #expect(try await found("countess", meta: members) == [])
    let few = try await test.slack.call("search_users", ["query": "a", "limit": 1, "fields": ["title"]])
    #expect(few.structured?["users"] == [["id": "U0PERSON1", "title": "Analyst"]] && few.structured?["total"] == 3 && few.structured?["notice"] == nil)
    #expect(test.requests("users.list").count == 1)
    test.slack.time.advance(901)
    _ = try await found("ada")
    #expect(test.requests("users.list").count == 2)
    let long = try await SlackTest { vendor in
      vendor.always("GET", "/api/users.list", .json(["ok": true, "members": .array(Self.people), "response_metadata": ["next_cursor": "more"]]))
    }
    let cut = try await long.slack.call("search_users", ["query": "hopper"])
    #expect(cut.structured?["total"] == nil && cut.text.contains("who is not here may still be there") && long.requests("users.list").count == 10)
  }

  @Test("A list of channels is kept, and read anew for a name that is not in it after a minute, and after what was changed by the account")
  func keptLists() async throws {
    let test = try await SlackTest()
    func lists() -> Int { test.requests("conversations.list").count }
    for _ in 0..<2 { _ = try await test.slack.failure("get_channel", ["channel": "nowhere"]) }
    #expect(lists() == 1)
    test.slack.time.advance(61)
    #expect(try await test.slack.complete(.prompt("summarize_channel", argument: "channel"), "gen") == ["general"])
    #expect(lists() == 1)
    _ = try await test.slack.failure("get_channel", ["channel": "nowhere"])
    #expect(lists() == 2)
    _ = try await test.slack.structured("rename_channel", ["channel": "C0GENERAL", "name": "general-2"])
    _ = try await test.slack.complete(.prompt("summarize_channel", argument: "channel"), "gen")
    #expect(lists() == 3)
  }

  @Test("Channels with unread messages are listed with how many there are that policy shows, and from where to read on")
  func unread() async throws {
    let test = try await SlackTest { vendor in
      vendor.always(
        "GET", "/api/users.conversations",
        .json([
          "ok": true, "channels": [["id": "C0GENERAL"], ["id": "C0READ1234"], ["id": "C0EXECPLANS", "name": "exec-plans"]],
          "response_metadata": ["next_cursor": "two"],
        ]))
      vendor.always("GET", "/api/conversations.info") { request in
        let id = request.query("channel") ?? ""
        guard id != "C0EXECPLANS" else { return .json(["ok": false, "error": "channel_not_found"]) }
        return .json(["ok": true, "channel": ["id": .string(id), "name": .string(id.lowercased()), "is_private": false, "last_read": id == "C0GENERAL" ? "5.0" : "9.0"]])
      }
      vendor.always("GET", "/api/conversations.history") { request in
        let unread: [JSONValue] = [["ts": "7.0", "user": "U0PERSON1", "text": "b"], ["ts": "6.0", "user": "U0PERSON2", "text": "a"]]
        return .json(["ok": true, "messages": .array(request.query("oldest") == "5.0" ? unread : []), "has_more": .bool(request.query("oldest") == "5.0")])
      }
    }
    let all = try await test.slack.structured("list_unread", ["fields": ["name"]])
    #expect(all["channels"]?.array?.count == 1 && all["channels"]?[0]?["unread"] == 2 && all["channels"]?[0]?["last_read"] == "5.0" && all["next_cursor"] != nil)
    #expect(test.requests("conversations.history").map { $0.query("channel") } == ["C0GENERAL", "C0READ1234"])
    let own = RowRules.meta(["Channel": .constant(true), "Message": .compare(attribute: "author", .equal, "U0PERSON1")])
    let ruled = try await test.slack.structured("list_unread", meta: own)["channels"]?[0]
    // That there is more may be about messages that are hidden.
    #expect(ruled?["unread"] == 1 && ruled?["has_more"] == nil)
    #expect(try await test.slack.structured("list_unread")["channels"]?[0]?["has_more"] == true)
    let hidden = RowRules.meta(["Channel": .compare(attribute: "name", .equal, "other"), "Message": .constant(true)])
    let before = test.requests("conversations.history").count
    #expect(try await test.slack.structured("list_unread", meta: hidden)["channels"] == [] && test.requests("conversations.history").count == before)
    let bot = try await SlackTest { $0.always("GET", "/api/users.conversations", .json(["ok": true, "channels": [["id": "C0GENERAL"]]])) }
    #expect(try await bot.slack.failure("list_unread").contains("act_as: caller"))
  }
}
