import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("What Slack answers is read")
struct SlackReplayTests {
  @Test(
    "Slack's own samples are read by the tool that asks for them", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
    arguments: SlackAct.all.filter { !$0.samples.isEmpty })
  func sample(_ act: SlackAct) async throws {
    let test = try await SlackTest { vendor in
      for method in act.samples where method != "files.getUploadURLExternal" && method != "conversations.open" {
        guard let sample = SlackTest.sample(method) else { continue }
        for verb in ["GET", "POST"] { vendor.always(verb, "/api/\(method)", .json(sample)) }
      }
    }
    let arguments = act.tool == "get_channel" ? ["channel": "C00000000"] as JSONValue : act.arguments
    // The result is held against the tool's output schema by the server.
    let result = try await test.slack.structured(act.tool, arguments)
    #expect(result.object?.isEmpty == false)
    for method in act.samples { #expect(test.methods.contains(method), "\(method) was not called") }
  }

  @Test("A person has a name, an address that is marked as personal, and what a company added to profiles")
  func person() async throws {
    let test = try await SlackTest { vendor in
      vendor.always(
        "GET", "/api/users.info",
        .json([
          "ok": true,
          "user": [
            "id": "U0PERSON1", "name": "ada", "tz": "Europe/London", "is_restricted": true,
            "profile": ["display_name": "", "real_name": "Ada L.", "email": "ada@example.com"],
          ],
        ]))
      vendor.always("GET", "/api/users.profile.get", .json(["ok": true, "profile": ["title": "Countess"]]))
    }
    let user = try await test.slack.structured("get_user", ["user": "U0PERSON1"])["user"]
    #expect(user?["display_name"] == "Ada L." && user?["email"] == "ada@example.com" && user?["title"] == "Countess" && user?["is_guest"] == true)
    let tools = try await test.slack.client.listTools()
    let meta = try #require(tools.first { $0.name == "get_user" }).raw.text
    #expect(meta.contains("\"/user/email\":\"pii\""))
  }

  @Test("A direct conversation is private and named by its person; a group message is told apart")
  func channels() async throws {
    let test = try await SlackTest { vendor in
      vendor.always(
        "GET", "/api/conversations.list",
        .json([
          "ok": true,
          "channels": [
            ["id": "D0DIRECT1", "is_im": true, "user": "U0PERSON1"], ["id": "G0GROUP123", "is_mpim": true, "name": "mpdm-a--b-1"],
            ["id": "C0GENERAL", "name": "general"],
            ["name": "without an id"],
          ],
        ]))
    }
    let channels = try await test.slack.structured("list_channels")["channels"]?.array ?? []
    #expect(channels.map { $0["kind"] } == ["direct_message", "group_message", "channel"])
    #expect(channels.map { $0["visibility"] } == ["private", "private", "public"])
    #expect(channels.first?["name"] == "U0PERSON1")
  }

  @Test("Pages go on to the empty cursor: a short or an empty page is not the end")
  func paging() async throws {
    let test = try await SlackTest { vendor in
      vendor.on(
        "GET", "/api/conversations.history", messages([["ts": "3.0", "text": "c"]], next: "one"), messages([], next: "two"), messages([["ts": "1.0", "text": "a"]]))
    }
    var cursor: String?
    var texts: [String] = []
    var pages = 0
    repeat {
      var arguments: JSONValue = ["channel": "general", "limit": 10]
      if let cursor { arguments["cursor"] = .string(cursor) }
      let page = try await test.slack.structured("get_channel_history", arguments)
      texts += (page["messages"]?.array ?? []).compactMap { $0["text"]?.string }
      cursor = page["next_cursor"]?.string
      pages += 1
    } while cursor != nil && pages < 10
    #expect(texts == ["c", "a"] && pages == 3)
    #expect(test.requests("conversations.history").map { $0.query("cursor") } == [nil, "one", "two"])
  }

  @Test("A cursor of another channel is refused")
  func foreignCursor() async throws {
    let test = try await SlackTest { $0.on("GET", "/api/conversations.history", messages([["ts": "3.0", "text": "c"]], next: "one")) }
    let page = try await test.slack.structured("get_channel_history", ["channel": "general"])
    let cursor = try #require(page["next_cursor"])
    let text = try await test.slack.failure("get_channel_history", ["channel": "exec-plans", "cursor": cursor])
    #expect(text.contains("other arguments"))
    #expect(test.requests("conversations.history").count == 1)
  }

  @Test("Chosen fields alone are answered, with what policy needs")
  func fields() async throws {
    let test = try await SlackTest { $0.always("GET", "/api/conversations.history", messages([["ts": "3.0", "user": "U0PERSON1", "text": "c"]])) }
    let message = try await test.slack.structured("get_channel_history", ["channel": "general", "fields": ["ts"]])["messages"]?[0]
    #expect(message?["text"] == nil && message?["author"] == "U0PERSON1" && message?["visibility"] == "public")
  }

  @Test("Apps with hard limits ask for few messages at a time, and seldom")
  func historyLimit() async throws {
    let test = try await SlackTest(["history_limit": ["per_minute": 1, "objects": 15]]) { $0.always("GET", "/api/conversations.history", messages([])) }
    for _ in 0..<2 { _ = try await test.slack.call("get_channel_history", ["channel": "general", "limit": 100]) }
    #expect(test.requests("conversations.history").allSatisfy { $0.query("limit") == "15" })
    let text = try await test.slack.failure("get_channel_history", ["channel": "general"])
    #expect(text.contains("Try again in"))
  }
}

extension JSONValue {
  subscript(_ index: Int) -> JSONValue? { array.flatMap { $0.indices.contains(index) ? $0[index] : nil } }
}
