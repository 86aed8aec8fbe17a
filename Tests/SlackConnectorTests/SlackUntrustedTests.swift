import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("What people wrote at Slack")
struct SlackUntrustedTests {
  /// Where people write as they like. Handles and names of channels are lower case and without spaces.
  private static let members: Set<String> = [
    "text", "value", "title", "real_name", "display_name", "status_text", "description", "content", "pretext", "fallback", "author_name", "footer",
  ]

  /// Slack, where everything that people may write is planted.
  private static func planted() async throws -> SlackTest {
    let group: JSONValue = ["id": "S0GROUP12", "name": .string(PlantedText.text), "handle": "all", "description": "x"]
    let message: JSONValue = ["ts": "1.0", "user": "U0PERSON1", "text": "x", "files": [["id": "F0FILE1234", "name": .string(PlantedText.text)]]]
    let channel: JSONValue = ["id": "C0GENERAL", "name": "general", "is_private": false, "topic": ["value": "x"], "purpose": ["value": "x"], "last_read": "0.1"]
    let person: JSONValue = [
      "id": "U0PERSON1", "name": "ada", "profile": ["display_name": "x", "real_name": "x", "title": "x", "status_text": "x", "email": "ada@example.com"],
    ]
    let file: JSONValue = [
      "id": "F0FILE1234", "name": .string(PlantedText.text), "title": "x", "mimetype": "text/plain", "size": 3, "channels": ["C0GENERAL"],
    ]
    let answers: [String: JSONValue] = [
      "conversations.list": ["channels": [channel]], "users.conversations": ["channels": [channel]], "conversations.info": ["channel": channel],
      "conversations.create": ["channel": channel], "conversations.invite": ["channel": channel], "conversations.join": ["channel": channel],
      "conversations.rename": ["channel": channel], "conversations.setTopic": ["channel": channel], "conversations.members": ["members": ["U0PERSON1"]],
      "conversations.history": ["messages": [message]], "conversations.replies": ["messages": [message]],
      "pins.list": ["items": [["type": "message", "message": message]]], "bookmarks.list": ["bookmarks": [["id": "Bk1", "title": "x", "link": "https://x.example"]]],
      "reactions.get": ["message": ["ts": "1.0", "reactions": [["name": "eyes", "count": 1, "users": ["U0PERSON1"]]]]],
      "users.list": ["members": [person]], "users.info": ["user": person], "users.lookupByEmail": ["user": person],
      "users.profile.get": ["profile": person["profile"] ?? .null],
      "usergroups.list": ["usergroups": [group]], "usergroups.users.list": ["users": ["U0PERSON1"]], "usergroups.create": ["usergroup": group],
      "usergroups.update": ["usergroup": group], "usergroups.users.update": ["usergroup": group],
      "files.list": ["files": [file]], "files.completeUploadExternal": ["files": [file]],
      "assistant.search.context": [
        "results": [
          "messages": [["channel_id": "C0GENERAL", "message_ts": "1.0", "author_user_id": "U0PERSON1", "content": "x"]],
          "files": [["file_id": "F0FILE1234", "title": "x"]],
        ]
      ],
      "chat.scheduledMessages.list": ["scheduled_messages": [["id": "Q1", "channel_id": "C0GENERAL", "post_at": 1_796_115_600, "text": "x"]]],
    ]
    return try await SlackTest { vendor in
      for (method, answer) in answers {
        var answer = PlantedText.plant(in: answer, at: members)
        answer["ok"] = true
        for verb in ["GET", "POST"] { vendor.always(verb, "/api/" + method, .json(answer)) }
      }
      vendor.always("GET", "/api/files.info") { [url = vendor.url] request in
        var file = PlantedText.plant(in: file, at: members)
        file["url_private_download"] = .string(url + "/files-pri/text")
        if request.query("file") == SlackTest.canvas { file["mode"] = "quip" }
        return .json(["ok": true, "file": file])
      }
      vendor.always("GET", "/files-pri/text", .text(PlantedText.text.replacing("</untrusted>", with: "&lt;/untrusted>")))
    }
  }

  /// Tools whose answers hold nothing that people wrote.
  private static let others: Set<String> = [
    "add_reaction", "cancel_scheduled_message", "create_canvas", "delete_message", "edit_canvas", "find_canvas_sections", "get_permalink", "get_workspace",
    "mark_read", "pin_message", "post_message", "remove_reaction", "schedule_message", "update_message",
  ]

  @Test("Every tool marks it, and shows it to the model in a frame", arguments: SlackAct.all + [SlackAct("get_file", ["file": "F0FILE1234", "content": true])])
  func tools(_ act: SlackAct) async throws {
    let test = try await Self.planted()
    let result = try await test.slack.call(act.tool, act.arguments)
    withExtendedLifetime(test) {}
    #expect(!result.isError, "\(result.text)")
    #expect(PlantedText.stands(in: result) != Self.others.contains(act.tool), "\(result.raw.text)")
    #expect(PlantedText.unmarked(in: result) == [], "\(result.raw.text)")
  }

  private static let resources = [
    "slack://T0TEAM123/channels", "slack://T0TEAM123/users", "slack://T0TEAM123/channels/C0GENERAL/history", "slack://channel/general/messages",
    "slack://T0TEAM123/threads/C0GENERAL/1.0", "slack://T0TEAM123/files/F0FILE1234", "slack://user/ada/profile",
  ]

  @Test("Every resource marks it, and shows it to the model in a frame")
  func resources() async throws {
    let test = try await Self.planted()
    #expect(try await test.slack.client.listResourceTemplates().count == Self.resources.count)
    for uri in Self.resources {
      let result = try await test.slack.read(uri)
      #expect(PlantedText.stands(in: result) && PlantedText.unmarked(in: result) == [], "\(uri): \(result)")
    }
  }
}
