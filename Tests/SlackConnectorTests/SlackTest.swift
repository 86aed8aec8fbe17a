import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import NIOCore
import SlackConnector

/// MCP has answers as well.
typealias Answer = ConnectorTesting.Answer

/// The connector in front of a double of Slack that knows three channels, and answers the rest as Slack's own samples do.
struct SlackTest {
  let vendor: VendorDouble
  let secrets: TestSecrets
  let slack: ConnectorUnderTest<SlackConnector>

  static let token = "xoxb-the-token-of-the-app"
  static let workspace = "T0TEAM123"
  static let general = "C0GENERAL"
  static let executive = "C0EXECPLANS"
  static let direct = "D0DIRECT1"
  static let canvas = "F0CANVAS12"

  /// - Parameters:
  ///   - settings: added to, or in place of, those that point at the double; null removes.
  ///   - script: rules that count before the usual ones.
  init(
    _ settings: JSONObject = JSONObject(), governed: Bool = false, publicURL: String? = nil, time: VirtualTime = VirtualTime(),
    handlers: ClientHandlers = ClientHandlers(),
    secrets: TestSecrets? = nil, state: any ConnectorState = InMemoryConnectorState(), script: (VendorDouble) -> Void = { _ in }
  ) async throws {
    let vendor = try await VendorDouble()
    let secrets = try secrets ?? TestSecrets()
    script(vendor)
    Self.usual(vendor)
    var all: JSONObject = [
      "base_url": .string(vendor.url + "/api"), "files_url": .string(vendor.url), "token": .string(try secrets.reference("token", Self.token)), "toolsets": ["all"],
    ]
    for (name, value) in settings { all[name] = value }
    self.vendor = vendor
    self.secrets = secrets
    slack = try ConnectorUnderTest(
      SlackConnector.self, all, secrets: secrets, isGoverned: governed, publicURL: publicURL, time: time, state: state, handlers: handlers)
  }

  static func channel(_ id: String) -> JSONValue? {
    switch id {
    case general: ["id": .string(general), "name": "general", "is_channel": true, "is_private": false, "num_members": 12, "topic": ["value": "Everything"]]
    case executive: ["id": .string(executive), "name": "exec-plans", "is_group": true, "is_private": true]
    case direct: ["id": .string(direct), "is_im": true, "user": "U0PERSON1"]
    default: nil
    }
  }

  private static func usual(_ vendor: VendorDouble) {
    vendor.always("GET", "/api/conversations.info") { request in
      guard let channel = channel(request.query("channel") ?? "") else { return .json(["ok": false, "error": "channel_not_found"]) }
      return .json(["ok": true, "channel": channel])
    }
    vendor.always("GET", "/api/conversations.list") { _ in
      .json(["ok": true, "channels": .array([general, executive].compactMap { channel($0) }), "response_metadata": ["next_cursor": ""]])
    }
    vendor.always("GET", "/api/users.info") { request in
      let id = request.query("user") ?? ""
      return .json(["ok": true, "user": ["id": .string(id), "name": .string(id.lowercased()), "profile": ["display_name": .string("Name of \(id)")]]])
    }
    vendor.always("POST", "/api/auth.test") { _ in
      var who: JSONValue = sample("auth.test") ?? ["ok": true, "user_id": "U0BOT1234", "bot_id": "B0BOT1234"]
      who["team_id"] = .string(workspace)
      return .json(who)
    }
    // Slack publishes no sample of these.
    for method in ["create", "update", "users.update"] {
      vendor.always("POST", "/api/usergroups." + method, .json(["ok": true, "usergroup": ["id": "S0GROUP12", "name": "On call", "handle": "on-call"]]))
    }
    vendor.always("GET", "/api/users.conversations", .json(sample("users.conversations") ?? ["ok": true, "channels": [["id": "C00000000"]]]))
    vendor.always("POST", "/api/conversations.open", .json(["ok": true, "channel": ["id": .string(direct)]]))
    vendor.always("GET", "/api/files.info") { [url = vendor.url] request in
      guard request.query("file") == canvas else { return .json(sample("files.info") ?? ["ok": true]) }
      return .json([
        "ok": true,
        "file": [
          "id": .string(canvas), "name": "plan", "title": "Plan", "mode": "quip", "mimetype": "application/vnd.slack-docs", "size": 60, "channels": [.string(general)],
          "url_private_download": .string(url + "/files-pri/canvas"),
        ],
      ])
    }
    vendor.always("GET", "/files-pri/canvas", .text("<h1 id=\"a\">Plan</h1><p>We <b>ship</b>.</p>", type: "text/html"))
    vendor.always("POST", "/api/files.getUploadURLExternal") { [url = vendor.url] _ in
      .json(["ok": true, "upload_url": .string(url + "/upload/v1/signed"), "file_id": "F0UPLOADED"])
    }
    vendor.always("POST", "/upload/v1/signed", .text("OK - 5"))
    vendor.always("POST", "/api/assistant.search.context", .json(["ok": true, "results": ["messages": []], "response_metadata": ["next_cursor": ""]]))
    vendor.always("GET", "/api/search.messages", .json(["ok": true, "messages": ["matches": [], "total": 0, "paging": ["page": 1, "pages": 1]]]))
    for verb in ["GET", "POST"] {
      vendor.always(verb, "/api/*") { request in
        let method = request.path.split(separator: "/").last.map(String.init) ?? ""
        return .json(sample(method) ?? ["ok": true])
      }
    }
  }

  /// Answers which messages are scheduled: one that all may see, two that say `secret`.
  static func schedule(_ vendor: VendorDouble, third channel: String) {
    func message(_ id: String, _ channel: String, _ text: String) -> JSONValue {
      ["id": .string(id), "channel_id": .string(channel), "post_at": 1_796_115_600, "text": .string(text)]
    }
    vendor.always(
      "POST", "/api/chat.scheduledMessages.list",
      .json([
        "ok": true,
        "scheduled_messages": [message("Q1", general, "open"), message("Q2", executive, "secret"), message("Q3", channel, "secret")],
      ]))
  }

  /// Slack's own anonymised answer, made one that succeeded.
  static func sample(_ method: String) -> JSONValue? {
    guard SharedData.isPresent, var json = try? SharedData.json("slack/samples/\(method).json") else { return nil }
    json["ok"] = true
    return json
  }

  /// Methods of Slack that were called, in order.
  var methods: [String] { vendor.requests.compactMap { $0.path.split(separator: "/").last.map(String.init) } }

  func requests(_ method: String) -> [CapturedRequest] { vendor.requests.filter { $0.path == "/api/" + method } }
}

/// Slack's method reference, read once.
enum SlackReference {
  private static let read = Result { try SlackMethods() }
  static var methods: SlackMethods { get throws { try read.get() } }
}

/// A page of messages.
func messages(_ messages: [JSONValue], next: String = "") -> Answer {
  .json(["ok": true, "messages": .array(messages), "has_more": .bool(!next.isEmpty), "response_metadata": ["next_cursor": .string(next)]])
}
