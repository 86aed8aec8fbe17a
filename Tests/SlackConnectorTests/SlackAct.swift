import ConnectorTesting
import JSON
import MCP
import Testing

/// A call of a tool, and what is known of the requests that it makes.
struct SlackAct: Sendable, CustomTestStringConvertible {
  /// As in Python/slack_acts.py.
  let name: String
  let tool: String
  let arguments: JSONValue
  let exceptions: [RequestDifference.Exception]
  /// Why slack_sdk has no such act.
  let noClient: String?
  /// Slack's samples that the call reads.
  let samples: [String]
  let isWriting: Bool
  /// Whether the reference that the tests read has the method.
  let isDescribed: Bool

  init(
    _ tool: String, _ arguments: JSONValue = [:], as name: String? = nil, except exceptions: [RequestDifference.Exception] = [], noClient: String? = nil,
    samples: [String] = [], writes: Bool = false, isDescribed: Bool = true
  ) {
    self.tool = tool
    self.name = name ?? tool
    self.arguments = arguments
    self.exceptions = exceptions
    self.noClient = noClient
    self.samples = samples
    isWriting = writes
    self.isDescribed = isDescribed
  }

  var testDescription: String { name }

  /// What is done to the last request of every tool.
  enum Fault: String, CaseIterable, Sendable {
    case now = "429 now"
    case beyondDeadline = "429 beyond the deadline"
    case cutOff = "cut off"
  }

  /// Tools that are not held against a fault, and what they do instead: the tests leave them out, and the page of coverage says so.
  static let exempt: [Fault: [String: String]] = [.beyondDeadline: ["get_user": "answers without the profile"]]

  static func meeting(_ fault: Fault) -> [SlackAct] { all.filter { exempt[fault]?[$0.tool] == nil } }

  private static let general: JSONValue = .string(SlackTest.general)
  private static let ts: JSONValue = "1503435956.000247"

  static let all: [SlackAct] = [
    SlackAct("get_workspace", samples: ["auth.test", "team.info"]),
    SlackAct("list_channels", ["types": ["public_channel", "private_channel"], "limit": 20], samples: ["conversations.list"]),
    SlackAct("list_channels", ["mine": true, "archived": true], as: "list_channels mine", samples: ["users.conversations"]),
    SlackAct("get_channel", ["channel": general], samples: ["conversations.info"]),
    SlackAct("list_channel_members", ["channel": general], samples: ["conversations.members"]),
    SlackAct(
      "get_channel_history", ["channel": general, "oldest": "2026-07-28", "latest": "1795990000.000100", "limit": 30], samples: ["conversations.history"]),
    SlackAct("get_thread", ["channel": general, "ts": ts], samples: ["conversations.replies"]),
    SlackAct("get_permalink", ["channel": general, "ts": ts], samples: ["chat.getPermalink"]),
    SlackAct("get_reactions", ["channel": general, "ts": ts], samples: ["reactions.get"]), SlackAct("list_pins", ["channel": general], samples: ["pins.list"]),
    SlackAct("list_bookmarks", ["channel": general], samples: ["bookmarks.list"]), SlackAct("list_users", ["limit": 50], samples: ["users.list"]),
    SlackAct("get_user", ["user": "U0PERSON1"], samples: ["users.info", "users.profile.get"]),
    SlackAct("find_user", ["email": "ada+x@example.com"], samples: ["users.lookupByEmail"]),
    SlackAct("search_users", ["query": "a", "limit": 5], samples: ["users.list"]),
    SlackAct("list_unread", ["limit": 5], samples: ["users.conversations"]), SlackAct("list_user_groups", samples: ["usergroups.list"]),
    SlackAct("list_user_group_members", ["group": "S0GROUP12"], samples: ["usergroups.users.list"]),
    SlackAct("search_messages", ["query": "in:#general \"quarterly plan\"", "sort": "timestamp"]),
    SlackAct(
      "search_messages",
      [
        "query": "\"quarterly plan\"", "channel": general, "from": "U0PERSON1", "after": "2026-07-28", "before": "2026-08-15", "has": ["link", "file"],
        "reaction": ":eyes:", "thread": false,
      ], as: "search_messages narrowed"), SlackAct("search_files", ["query": "plan & budget", "limit": 10]),
    SlackAct("search_files", ["from": "@ada.l", "sort": "timestamp"], as: "search_files narrowed"),
    SlackAct("list_files", ["channel": general, "user": "U0PERSON1", "oldest": "2026-07-28", "types": "images,pdfs"], samples: ["files.list"]),
    SlackAct("get_file", ["file": "F0FILE1234"], samples: ["files.info"]),
    SlackAct("read_canvas", ["canvas": .string(SlackTest.canvas)], noClient: "the client has no way to download"),
    SlackAct("find_canvas_sections", ["canvas": "F0CANVAS12", "text": "Plan"], samples: ["canvases.sections.lookup"]),
    SlackAct(
      "post_message", ["channel": general, "text": "**Hello** <all> & more", "thread_ts": ts, "broadcast": true, "unfurl": false], samples: ["chat.postMessage"],
      writes: true),
    SlackAct("post_message", ["user": "U0PERSON1", "text": "Hello"], as: "post_message direct", samples: ["conversations.open", "chat.postMessage"], writes: true),
    SlackAct("update_message", ["channel": general, "ts": ts, "text": "Better"], samples: ["chat.update"], writes: true),
    SlackAct("delete_message", ["channel": general, "ts": ts], samples: ["chat.delete"], writes: true),
    SlackAct("schedule_message", ["channel": general, "text": "Later", "at": "2026-12-01T09:00:00Z"], samples: ["chat.scheduleMessage"], writes: true),
    SlackAct(
      "list_scheduled_messages", ["channel": general, "oldest": "2026-12-01", "latest": "1796199999", "limit": 20], samples: ["chat.scheduledMessages.list"]),
    SlackAct(
      "cancel_scheduled_message", ["channel": general, "scheduled_message_id": "Q1234ABCD"], samples: ["chat.deleteScheduledMessage"], writes: true),
    SlackAct("pin_message", ["channel": general, "ts": ts], samples: ["pins.add"], writes: true),
    SlackAct("add_reaction", ["channel": general, "ts": ts, "emoji": ":thumbsup:"], samples: ["reactions.add"], writes: true),
    SlackAct("remove_reaction", ["channel": general, "ts": ts, "emoji": "thumbsup"], samples: ["reactions.remove"], writes: true),
    SlackAct(
      "upload_file", ["filename": "notes.md", "text": "hello", "title": "Notes", "channel": general, "comment": "Here"],
      samples: ["files.getUploadURLExternal", "files.completeUploadExternal"], writes: true),
    SlackAct("create_canvas", ["title": "Plan", "markdown": "# Plan"], samples: ["canvases.create"], writes: true),
    SlackAct("create_canvas", ["markdown": "# Plan", "channel": general], as: "create_canvas channel", samples: ["conversations.canvases.create"], writes: true),
    SlackAct(
      "edit_canvas", ["canvas": "F0CANVAS12", "operation": "insert_at_end", "markdown": "more"], samples: ["canvases.edit"], writes: true),
    SlackAct("create_channel", ["name": "new-things", "private": true], samples: ["conversations.create"], writes: true),
    SlackAct("invite_to_channel", ["channel": general, "users": ["U0PERSON1", "U0PERSON2"]], samples: ["conversations.invite"], writes: true),
    SlackAct("set_channel_topic", ["channel": general, "topic": "New"], samples: ["conversations.setTopic"], writes: true),
    SlackAct("join_channel", ["channel": general], samples: ["conversations.join"], writes: true),
    SlackAct("mark_read", ["channel": general, "ts": ts], samples: ["conversations.mark"], writes: true),
    SlackAct("create_user_group", ["name": "On call", "handle": "on-call", "description": "Who is called"], writes: true, isDescribed: false),
    SlackAct("update_user_group", ["group": "S0GROUP12", "name": "Called", "handle": "called"], writes: true, isDescribed: false),
    SlackAct("set_user_group_members", ["group": "S0GROUP12", "users": ["U0PERSON1", "U0PERSON2"]], writes: true, isDescribed: false),
    SlackAct("remove_from_channel", ["channel": general, "user": "U0PERSON1"], writes: true, isDescribed: false),
    SlackAct("set_channel_purpose", ["channel": general, "purpose": "All & everything"], writes: true, isDescribed: false),
    SlackAct("rename_channel", ["channel": general, "name": "everyone"], writes: true, isDescribed: false),
    SlackAct("archive_channel", ["channel": general], writes: true, isDescribed: false),
    SlackAct("leave_channel", ["channel": general], writes: true, isDescribed: false),
  ]

  /// What the tool sends, without asking who and which channel somebody is, which other clients do not do.
  func requests(in test: SlackTest) async throws -> [CapturedRequest] {
    let usesChannel = arguments["channel"] != nil
    if usesChannel, tool != "get_channel" { _ = try await test.slack.call("get_channel", ["channel": Self.general]) }
    let before = test.vendor.requests.count
    let result = try await test.slack.call(tool, arguments)
    if result.isError { throw TestDataError("\(name): \(result.text)") }
    let sent = Array(test.vendor.requests.dropFirst(before))
    return tool == "get_user" || tool == "get_channel" ? sent : sent.filter { !$0.path.hasSuffix("/users.info") }
  }
}
