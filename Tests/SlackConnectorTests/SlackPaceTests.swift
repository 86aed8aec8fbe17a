import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("Apps that Slack limits hard are known by its answers")
struct SlackPaceTests {
  /// A page of so many messages, with more to come.
  private static func page(_ count: Int) -> Answer { messages((0..<count).map { ["ts": .string("\(100 - $0).0"), "text": "x"] }, next: "more") }

  private func limits(_ test: SlackTest, _ method: String = "conversations.history") -> [String?] { test.requests(method).map { $0.query("limit") } }

  @Test("After a long wait at a history fifteen messages are asked for, once a minute, until it is forgotten")
  func wait() async throws {
    let time = VirtualTime(isFrozen: true)
    let test = try await SlackTest(time: time) { vendor in
      vendor.on("GET", "/api/conversations.history", .json([:], status: 429, headers: [("Retry-After", "60")]))
      vendor.always("GET", "/api/conversations.history", messages([]))
    }
    let arguments: JSONValue = ["channel": "general", "limit": 100]
    #expect(try await test.slack.failure("get_channel_history", arguments).contains("Try again in 60 s"))
    time.advance(61)
    _ = try await test.slack.structured("get_channel_history", arguments)
    #expect(try await test.slack.failure("get_channel_history", arguments).contains("Try again in"))
    time.advance(61)
    _ = try await test.slack.read("slack://T0TEAM123/channels/C0GENERAL/history")
    #expect(limits(test) == ["100", "15", "15"])
    _ = try await test.slack.structured("get_thread", ["channel": "general", "ts": "1.0"])
    #expect(limits(test, "conversations.replies") == ["15"])
    time.advance(90_000)
    for _ in 0..<2 { _ = try await test.slack.structured("get_channel_history", arguments) }
    #expect(limits(test).suffix(2) == ["100", "100"])
  }

  @Test("After fifteen messages where more were asked for and more are to come, fifteen are asked for, a minute later")
  func shortPage() async throws {
    let time = VirtualTime(isFrozen: true)
    let test = try await SlackTest(time: time) { $0.always("GET", "/api/conversations.history", Self.page(15)) }
    let arguments: JSONValue = ["channel": "general", "limit": 100]
    let first = try await test.slack.structured("get_channel_history", arguments)
    #expect(first["messages"]?.array?.count == 15 && first["next_cursor"] != nil)
    #expect(try await test.slack.failure("get_channel_history", arguments).contains("Try again in 60 s"))
    time.advance(61)
    var next = arguments
    next["cursor"] = first["next_cursor"]
    _ = try await test.slack.structured("get_channel_history", next)
    #expect(try await test.slack.failure("get_channel_history", arguments).contains("Try again in"))
    #expect(limits(test) == ["100", "15"] && test.requests("conversations.history").last?.query("cursor") == "more")
  }

  @Test(
    "Other short pages and short waits are no sign, nor is anything where the settings say what the limit is",
    arguments: ["fourteen", "fifteen of fifteen", "the last fifteen", "short wait", "settings"])
  func noSign(_ kind: String) async throws {
    let settings: JSONObject = kind == "settings" ? ["history_limit": ["per_minute": 50, "objects": 200]] : [:]
    let test = try await SlackTest(settings, time: VirtualTime(isFrozen: true)) { vendor in
      if kind == "short wait" { vendor.on("GET", "/api/conversations.history", .json([:], status: 429, headers: [("Retry-After", "20")])) }
      let whole = messages((0..<15).map { ["ts": .string("\(100 - $0).0"), "text": "x"] })
      vendor.always("GET", "/api/conversations.history", ["the last fifteen", "short wait"].contains(kind) ? whole : Self.page(kind == "fourteen" ? 14 : 15))
    }
    let arguments: JSONValue = ["channel": "general", "limit": kind == "fifteen of fifteen" ? 15 : 100]
    for _ in 0..<3 { _ = try await test.slack.structured("get_channel_history", arguments) }
    #expect(Set(limits(test)) == [kind == "fifteen of fifteen" ? "15" : "100"])
  }

  private func people(team: JSONValue = "T0TEAM123", time: VirtualTime, script: (VendorDouble) -> Void) async throws -> SlackTest {
    let secrets = try TestSecrets()
    let users: JSONValue = ["ada": .string(try secrets.reference("ada", "xoxp-token-of-ada")), "bob": .string(try secrets.reference("bob", "xoxp-token-of-bob"))]
    return try await SlackTest(["token": .null, "act_as": "caller", "users": users, "team_id": team], governed: true, time: time, secrets: secrets, script: script)
  }

  @Test("What is learnt by one person's token holds for all: Slack limits the app in the workspace")
  func learntTogether() async throws {
    let time = VirtualTime(isFrozen: true)
    let test = try await people(time: time) { $0.always("GET", "/api/conversations.history", Self.page(15)) }
    let arguments: JSONValue = ["channel": "general"]
    _ = try await test.slack.structured("get_channel_history", arguments, as: "ada")
    for person in ["ada", "bob"] { #expect(try await test.slack.failure("get_channel_history", arguments, as: person).contains("Try again in 60 s")) }
    time.advance(61)
    _ = try await test.slack.structured("get_channel_history", arguments, as: "bob")
    #expect(try await test.slack.failure("get_channel_history", arguments, as: "ada").contains("Try again in"))
    #expect(limits(test) == ["50", "15"])
  }

  @Test("However many people ask, no method is asked more often than its tier, and one who is told to wait speaks for all")
  func sharedTier() async throws {
    let time = VirtualTime(isFrozen: true)
    let test = try await people(time: time) { _ in }
    for index in 0..<20 { _ = try await test.slack.structured("list_users", as: index.isMultiple(of: 2) ? "ada" : "bob") }
    #expect(time.waits == [])
    _ = try await test.slack.structured("list_users", as: "bob")
    #expect(time.waits == [3])
    let throttled = try await people(time: VirtualTime()) { $0.on("GET", "/api/users.list", .json([:], status: 429, headers: [("Retry-After", "600")])) }
    for person in ["ada", "bob"] { #expect(try await throttled.slack.failure("list_users", as: person).contains("Try again in")) }
    #expect(throttled.requests("users.list").count == 1)
    // Without the workspace they may be of several.
    let apart = try await people(team: .null, time: VirtualTime()) { $0.on("GET", "/api/users.list", .json([:], status: 429, headers: [("Retry-After", "600")])) }
    #expect(try await apart.slack.call("list_users", as: "ada").isError)
    #expect(try await !apart.slack.call("list_users", as: "bob").isError)
  }

  @Test("What is unread is told as far as Slack lets it be read, and not looked for where it gives one history a minute")
  func unread() async throws {
    let test = try await SlackTest(time: VirtualTime(isFrozen: true)) { vendor in
      vendor.always(
        "GET", "/api/users.conversations",
        .json(["ok": true, "channels": [["id": "C0GENERAL"], ["id": "C0SECOND12"], ["id": "C0THIRD123"]], "response_metadata": ["next_cursor": "two"]]))
      vendor.always("GET", "/api/conversations.info") { request in
        .json(["ok": true, "channel": ["id": .string(request.query("channel") ?? ""), "name": "x", "is_private": false, "last_read": "5.0"]])
      }
      vendor.on("GET", "/api/conversations.history", messages([["ts": "7.0", "text": "a"]]), .json([:], status: 429, headers: [("Retry-After", "600")]))
    }
    let first = try await test.slack.structured("list_unread")
    #expect(first["channels"]?.array?.map { $0["id"] } == ["C0GENERAL"] && first["next_cursor"] == nil)
    #expect(first["notice"]?.string?.contains("Try again in 600 s") == true && test.requests("conversations.history").count == 2)
    let sent = test.vendor.requests.count
    #expect(try await test.slack.failure("list_unread").contains("get_channel_history"))
    #expect(test.vendor.requests.count == sent)
  }

  @Test("People who signed in to different workspaces, or to no single one, do not wait for each other", arguments: ["T0TEAM123", "T0OTHER123", nil])
  func workspaces(_ other: String?) async throws {
    let isSame = other == "T0TEAM123"
    let secrets = try TestSecrets()
    let state = InMemoryConnectorState()
    for (person, team) in [("ada", other.map { _ in "T0TEAM123" }), ("bob", other)] {
      secrets.guardText("xoxp-granted-to-\(person)")
      let token: JSONValue = ["access_token": .string("xoxp-granted-to-\(person)"), "scopes": [], "extra": ["team": ["id": team.map { .string($0) } ?? .null]]]
      await state.set(Array(token.text.utf8), for: "slack token user:\(person)")
    }
    let oauth: JSONValue = ["client_id": "1.2", "client_secret": .string(try secrets.reference("client", "the-client-secret"))]
    let test = try await SlackTest(
      ["act_as": "caller", "token": .null, "oauth": oauth], governed: true, publicURL: "https://sluice.example/connectors/slack", secrets: secrets, state: state
    ) { $0.on("GET", "/api/users.list", .json([:], status: 429, headers: [("Retry-After", "600")])) }
    _ = try await test.slack.failure("list_users", as: "ada")
    #expect(try await test.slack.call("list_users", as: "bob").isError == isSame)
    #expect(test.requests("users.list").count == (isSame ? 1 : 2))
  }
}
