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

  @Test("What is learnt of one person's token is not held against another's")
  func subjects() async throws {
    let secrets = try TestSecrets()
    let users: JSONValue = ["ada": .string(try secrets.reference("ada", "xoxp-token-of-ada")), "bob": .string(try secrets.reference("bob", "xoxp-token-of-bob"))]
    let test = try await SlackTest(
      ["token": .null, "act_as": "caller", "users": users], governed: true, time: VirtualTime(isFrozen: true), secrets: secrets
    ) { vendor in
      vendor.always("GET", "/api/conversations.history") { $0.header("Authorization") == "Bearer xoxp-token-of-ada" ? Self.page(15) : Self.page(50) }
    }
    _ = try await test.slack.structured("get_channel_history", ["channel": "general"], as: "ada")
    #expect(try await test.slack.failure("get_channel_history", ["channel": "general"], as: "ada").contains("Try again in 60 s"))
    for _ in 0..<2 { _ = try await test.slack.structured("get_channel_history", ["channel": "general"], as: "bob") }
    #expect(limits(test) == ["50", "50", "50"])
  }
}
