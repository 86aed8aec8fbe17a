import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import MCPHTTP
import NIOCore
import SlackConnector
import Synchronization
import Testing

@Suite("Slack when it is not well", .timeLimit(.minutes(10)))
struct SlackFaultTests {
  /// By act. Guarded by the mutex.
  private static let lasts = Mutex<[String: (verb: String, path: String)]>([:])

  /// What the tool asks of Slack last.
  private func last(_ act: SlackAct) async throws -> (verb: String, path: String) {
    if let known = Self.lasts.withLock({ $0[act.name] }) { return known }
    let sent = try await act.requests(in: try await SlackTest())
    let request = try #require(sent.last)
    Self.lasts.withLock { $0[act.name] = (request.method, request.path) }
    return (request.method, request.path)
  }

  private func run(_ act: SlackAct, _ answers: Answer..., then repeated: Answer? = nil, time: VirtualTime = VirtualTime()) async throws -> (
    SlackTest, CallResult, [CapturedRequest]
  ) {
    let (verb, path) = try await last(act)
    let test = try await SlackTest(time: time) { vendor in
      for answer in answers { vendor.on(verb, path, answer) }
      if let repeated { vendor.always(verb, path, repeated) }
    }
    let result = try await test.slack.call(act.tool, act.arguments)
    return (test, result, test.vendor.requests.filter { $0.path == path })
  }

  @Test("Retry-After: 0 is waited for all the same, and then the work is done", arguments: SlackAct.meeting(.now))
  func retryNow(_ act: SlackAct) async throws {
    let (test, result, sent) = try await run(act, .json([:], status: 429, headers: [("Retry-After", "0")]))
    #expect(!result.isError, "\(result.text)")
    #expect(sent.count >= 2)
    #expect(!test.slack.time.waits.isEmpty)
  }

  @Test("A limit in the body is one too", arguments: ["ratelimited", "rate_limited", "message_limit_exceeded"])
  func limitInBody(_ code: String) async throws {
    let test = try await SlackTest { $0.on("POST", "/api/chat.postMessage", .json(["ok": false, "error": .string(code)], headers: [("Retry-After", "3")])) }
    _ = try await test.slack.structured("post_message", ["channel": "general", "text": "x"])
    #expect(test.requests("chat.postMessage").count == 2 && test.slack.time.waits.reduce(0, +) >= 2)
  }

  @Test("A wait beyond the deadline is told, not waited", arguments: SlackAct.meeting(.beyondDeadline))
  func beyondDeadline(_ act: SlackAct) async throws {
    let (test, result, sent) = try await run(act, then: .json([:], status: 429, headers: [("Retry-After", "3600")]))
    #expect(result.isError && result.text.contains("Try again in 3600 s"), "\(result.text)")
    #expect(sent.count == 1 && test.slack.time.waits.allSatisfy { $0 < 3600 })
  }

  @Test("A person is told without the profile, which is a courtesy, where Slack does not give that")
  func profile() async throws {
    let test = try await SlackTest { $0.always("GET", "/api/users.profile.get", .json([:], status: 429, headers: [("Retry-After", "3600")])) }
    let user = try await test.slack.structured("get_user", ["user": "U0PERSON1"])["user"]
    #expect(user?["display_name"] == "Name of U0PERSON1" && test.requests("users.profile.get").count == 1)
  }

  @Test("A limit that was met holds for the method and no other; for posts, for the channel and no other")
  func scope() async throws {
    let test = try await SlackTest { vendor in
      vendor.on("GET", "/api/users.list", .json([:], status: 429, headers: [("Retry-After", "600")]))
      vendor.on("POST", "/api/chat.postMessage", .json([:], status: 429, headers: [("Retry-After", "600")]))
    }
    _ = try await test.slack.failure("list_users")
    #expect(try await test.slack.failure("list_users").contains("Try again in"))
    #expect(test.requests("users.list").count == 1)
    _ = try await test.slack.structured("list_user_groups")
    _ = try await test.slack.failure("post_message", ["channel": "general", "text": "x"])
    #expect(try await test.slack.failure("post_message", ["channel": "general", "text": "x"]).contains("Try again in"))
    _ = try await test.slack.structured("post_message", ["channel": "exec-plans", "text": "x"])
    #expect(test.requests("chat.postMessage").count == 2)
  }

  @Test("An answer that is cut off is asked for again by what reads, and never by what writes", arguments: SlackAct.meeting(.cutOff))
  func truncated(_ act: SlackAct) async throws {
    let (_, result, sent) = try await run(act, .truncated(["ok": true, "padding": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]))
    if act.isWriting {
      #expect(result.isError && result.text.contains("check before you repeat it"), "\(result.text)")
      #expect(sent.count == 1)
    } else {
      #expect(!result.isError, "\(result.text)")
      #expect(sent.count == 2)
    }
  }

  @Test("What is no answer of Slack's is an error, not an empty list", arguments: ["<html>", "", "[]", "{}", "{\"ok\":\"yes\"}"])
  func nonsense(_ body: String) async throws {
    let test = try await SlackTest { $0.always("GET", "/api/users.list", .text(body)) }
    #expect(try await test.slack.failure("list_users").contains("not its JSON"))
  }

  @Test("A token that expires between two pages is renewed, and the page is asked for again with the new one")
  func expiry() async throws {
    let secrets = try TestSecrets()
    let reference = try secrets.reference("token", "xoxb-the-first-token")
    let test = try await SlackTest(["token": .string(reference)], secrets: secrets) { vendor in
      vendor.always("GET", "/api/conversations.history") { request in
        switch (request.query("cursor"), request.header("Authorization")) {
        case (nil, _): messages([["ts": "2.0", "text": "b"]], next: "one")
        case (_, "Bearer xoxb-the-second-token"): messages([["ts": "1.0", "text": "a"]])
        default: .json(["ok": false, "error": "token_expired"])
        }
      }
    }
    let first = try await test.slack.structured("get_channel_history", ["channel": "general"])
    _ = try secrets.reference("token", "xoxb-the-first-token")
    let stale = try await test.slack.failure("get_channel_history", ["channel": "general", "cursor": try #require(first["next_cursor"])])
    #expect(stale.contains("refuses the credential"))
    _ = try secrets.reference("token", "xoxb-the-second-token")
    let second = try await test.slack.structured("get_channel_history", ["channel": "general", "cursor": try #require(first["next_cursor"])])
    #expect(second["messages"]?[0]?["text"] == "a")
  }

  static let refusals: [(String, String)] = [
    ("channel_not_found", "may not be seen"), ("not_in_channel", "Invite it"), ("missing_scope", "channels:history"), ("is_archived", "archived"),
    ("not_allowed_token_type", "act_as: caller"), ("restricted_action", "does not allow"), ("some_new_error", "some_new_error"),
  ]

  @Test("What Slack refuses is said with its own word and what to do", arguments: refusals)
  func refused(_ code: String, _ words: String) async throws {
    let test = try await SlackTest { vendor in
      vendor.always("GET", "/api/conversations.history", .json(["ok": false, "error": .string(code), "needed": "channels:history"]))
    }
    let text = try await test.slack.failure("get_channel_history", ["channel": "general"])
    #expect(text.contains(words) && text.contains(code), "\(text)")
    #expect(test.requests("conversations.history").count == 1)
  }

  @Test("A slow answer is waited for; one of five megabytes is cut off")
  func sizes() async throws {
    let test = try await SlackTest { vendor in
      vendor.on("GET", "/api/users.list", .slow(["ok": true, "members": []]), .oversized(5 << 20))
    }
    _ = try await test.slack.structured("list_users")
    #expect(try await test.slack.failure("list_users").contains("longer than"))
  }

  @Test("A call that is given up ends, though Slack hangs")
  func hang() async throws {
    let test = try await SlackTest { $0.always("GET", "/api/users.list", .hang) }
    let call = Task { try await test.slack.client.callTool("list_users", [:]) }
    while test.requests("users.list").isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    call.cancel()
    _ = await call.result
    #expect(test.requests("users.list").count == 1)
  }

  @Test("Slack's trouble is over after a while: reads are repeated a few times, writes are not")
  func unavailable() async throws {
    let test = try await SlackTest { vendor in
      vendor.on("GET", "/api/users.list", .json([:], status: 503), .json(["ok": false, "error": "internal_error"]))
      vendor.always("POST", "/api/chat.postMessage", .json(["ok": false, "error": "fatal_error"]))
    }
    _ = try await test.slack.structured("list_users")
    #expect(test.requests("users.list").count == 3)
    #expect(try await test.slack.failure("post_message", ["channel": "general", "text": "x"]).contains("check before you repeat it"))
    #expect(test.requests("chat.postMessage").count == 1)
  }
}
