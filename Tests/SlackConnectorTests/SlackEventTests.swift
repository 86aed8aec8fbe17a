import ConnectorKit
import ConnectorTesting
import Crypto
import JSON
import MCP
import MCPHTTP
import NIOCore
import SlackConnector
import Testing

@Suite("Events of Slack", .timeLimit(.minutes(10)))
struct SlackEventTests {
  private static let secret = "8f742231b10e8888abcd99yyyzzz85a5"

  private func test(_ time: VirtualTime = VirtualTime(), _ settings: JSONObject = JSONObject()) async throws -> SlackTest {
    let secrets = try TestSecrets()
    var settings = settings
    settings["signing_secret"] = .string(try secrets.reference("signing", Self.secret))
    return try await SlackTest(settings, time: time, secrets: secrets)
  }

  private func headers(_ body: String, at seconds: Int64, secret: String = secret) -> HTTPHeaders {
    let code = HMAC<SHA256>.authenticationCode(for: Array("v0:\(seconds):\(body)".utf8), using: SymmetricKey(data: Array(secret.utf8)))
    let digits = Array("0123456789abcdef")
    let hexadecimal = code.map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }.joined()
    return HTTPHeaders([("X-Slack-Request-Timestamp", String(seconds)), ("X-Slack-Signature", "v0=" + hexadecimal)])
  }

  private func event(_ id: String, _ event: JSONValue) -> String {
    (["type": "event_callback", "team_id": "T0TEAM123", "event_id": .string(id), "event": event] as JSONValue).text
  }

  @Test("The example of Slack's documentation is genuine")
  func documented() async throws {
    // <https://docs.slack.dev/authentication/verifying-requests-from-slack>
    let body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
      + "&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
      + "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    let test = try await test(VirtualTime(seconds: 1_531_420_618))
    let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    let reply = try await test.slack.route(
      .post, "/events", headers: HTTPHeaders([("X-Slack-Request-Timestamp", "1531420618"), ("X-Slack-Signature", signature)]), body: body)
    // Genuine, and no JSON.
    #expect(reply.status == 400)
  }

  @Test("The address is confirmed with the challenge")
  func verification() async throws {
    let test = try await test()
    let body = "{\"type\":\"url_verification\",\"challenge\":\"3eZbrw1aB\"}"
    let reply = try await test.slack.route(.post, "/events", headers: headers(body, at: test.slack.time.seconds), body: body)
    #expect(reply.status == 200 && reply.body == "3eZbrw1aB")
  }

  @Test("What is not signed, signed by another, altered or old is refused", arguments: ["unsigned", "other", "altered", "old", "future", "bare"])
  func refused(_ kind: String) async throws {
    let test = try await test()
    let now = test.slack.time.seconds
    let body = event("Ev1", ["type": "message", "channel": "C0GENERAL"])
    let headers =
      switch kind {
      case "unsigned": HTTPHeaders()
      case "other": headers(body, at: now, secret: "another secret of somebody")
      case "altered": headers(body + " ", at: now)
      case "old": headers(body, at: now - 301)
      case "future": headers(body, at: now + 301)
      default: HTTPHeaders([("X-Slack-Request-Timestamp", String(now)), ("X-Slack-Signature", "v0=")])
      }
    #expect(try await test.slack.route(.post, "/events", headers: headers, body: body).status == 401)
  }

  @Test("Lists that are kept are read anew after Slack told that they changed")
  func keptLists() async throws {
    let test = try await test()
    for round in 1...2 {
      for _ in 0..<2 { for list in ["channels", "users"] { _ = try await test.slack.read("slack://T0TEAM123/" + list) } }
      #expect(test.requests("conversations.list").count == round && test.requests("users.list").count == round)
      for type in ["channel_rename", "user_change"] {
        let body = event("Ev\(round)\(type)", ["type": .string(type), "channel": ["id": "C0GENERAL", "name": "now"]])
        #expect(try await test.slack.route(.post, "/events", headers: headers(body, at: test.slack.time.seconds), body: body).status == 200)
      }
    }
  }

  static let events: [(JSONValue, String)] = [
    (["type": "message", "channel": "C0GENERAL", "text": "hi"], "slack://T0TEAM123/channels/C0GENERAL/history"),
    (["type": "message", "channel": "C0GENERAL", "thread_ts": "1.0"], "slack://T0TEAM123/threads/C0GENERAL/1.0"),
    (["type": "message", "subtype": "message_changed", "channel": "C0GENERAL", "message": ["thread_ts": "1.0"]], "slack://T0TEAM123/threads/C0GENERAL/1.0"),
    (["type": "reaction_added", "item": ["type": "message", "channel": "C0GENERAL", "ts": "1.0"]], "slack://T0TEAM123/channels/C0GENERAL/history"),
    (["type": "channel_created", "channel": ["id": "C0NEW1234"]], "slack://T0TEAM123/channels"), (["type": "team_join"], "slack://T0TEAM123/users"),
    (["type": "file_change", "file_id": "F0FILE1234"], "slack://T0TEAM123/files/F0FILE1234"),
    (["type": "message", "channel": "C0GENERAL", "text": "hi"], "slack://channel/general/messages"),
    (["type": "message", "channel": "C0GENERAL", "text": "hi"], "slack://channel/C0GENERAL/messages"),
    (["type": "channel_rename", "channel": ["id": "C0GENERAL", "name": "everyone"]], "slack://channel/general/messages"),
    (["type": "channel_rename", "channel": ["id": "C0GENERAL", "name": "everyone"]], "slack://channel/everyone/messages"),
    (["type": "user_change", "user": ada], "slack://T0TEAM123/users"), (["type": "user_change", "user": ada], "slack://user/U0PERSON1/profile"),
    (["type": "user_change", "user": ada], "slack://user/ada/profile"), (["type": "user_change", "user": ada], "slack://user/Ada%20L/profile"),
    (["type": "user_change", "user": ada], "slack://user/ada%40example.com/profile"), (["type": "user_change", "user": ada], "slack://user/ada@example.com/profile"),
  ]

  private static let ada: JSONValue = ["id": "U0PERSON1", "name": "ada", "profile": ["display_name": "Ada L", "email": "ada@example.com"]]

  @Test("An event becomes an update of the resource that it is about", arguments: events)
  func updates(_ event: JSONValue, _ uri: String) async throws {
    let test = try await test()
    // Events tell ids; names are those that were met.
    _ = try await test.slack.structured("get_channel", ["channel": "C0GENERAL"])
    let subscription = try await test.slack.client.subscribe(to: .resources(uri))
    var changes = subscription.makeAsyncIterator()
    let body = self.event("Ev1", event)
    #expect(try await test.slack.route(.post, "/events", headers: headers(body, at: test.slack.time.seconds), body: body).status == 200)
    #expect(await changes.next() == .resourceUpdated(uri: uri))
  }

  @Test("An event that Slack sends again is told once")
  func duplicates() async throws {
    let test = try await test()
    let (one, other) = ("slack://T0TEAM123/channels/C0GENERAL/history", "slack://T0TEAM123/channels/C0OTHER12/history")
    let subscription = try await test.slack.client.subscribe(to: .resources(one, other))
    var changes = subscription.makeAsyncIterator()
    func send(_ id: String, _ channel: String) async throws {
      let body = event(id, ["type": "message", "channel": .string(channel)])
      #expect(try await test.slack.route(.post, "/events", headers: headers(body, at: test.slack.time.seconds), body: body).status == 200)
    }
    try await send("Ev1", "C0GENERAL")
    #expect(await changes.next() == .resourceUpdated(uri: one))
    try await send("Ev1", "C0GENERAL")
    try await send("Ev2", "C0OTHER12")
    #expect(await changes.next() == .resourceUpdated(uri: other))
  }

  @Test("Of a channel that the settings keep out not even that something happened is told")
  func denied() async throws {
    let test = try await test(VirtualTime(), ["channels": ["deny": ["exec-*"]]])
    _ = try await test.slack.structured("list_channels", ["types": ["public_channel", "private_channel"]])
    let open = "slack://channel/general/messages"
    let subscription = try await test.slack.client.subscribe(
      to: .resources("slack://channel/exec-plans/messages", "slack://T0TEAM123/channels/C0EXECPLANS/history", open))
    var changes = subscription.makeAsyncIterator()
    for (id, channel) in [("Ev1", "C0EXECPLANS"), ("Ev2", "C0GENERAL")] {
      let body = event(id, ["type": "message", "channel": .string(channel)])
      #expect(try await test.slack.route(.post, "/events", headers: headers(body, at: test.slack.time.seconds), body: body).status == 200)
    }
    #expect(await changes.next() == .resourceUpdated(uri: open))
  }

  @Test("Without a signing secret nothing is listened to")
  func absent() async throws { #expect(try await SlackTest().slack.connector.routes.isEmpty) }
}
