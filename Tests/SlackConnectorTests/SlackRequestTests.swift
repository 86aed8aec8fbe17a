import ConnectorTesting
import JSON
import MCP
import NIOCore
import Testing

@Suite("What is sent to Slack")
struct SlackRequestTests {
  @Test("Requests are as Slack describes its methods", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: SlackAct.all.filter(\.isDescribed))
  func description(_ act: SlackAct) async throws {
    let test = try await SlackTest()
    let sent = try await act.requests(in: test)
    #expect(!sent.isEmpty)
    try SlackReference.methods.expectValid(sent.filter { $0.path.hasPrefix("/api/") })
    for request in sent where request.path.hasPrefix("/api/") {
      #expect(request.header("Authorization") == "Bearer " + SlackTest.token)
      let method = String(request.path.dropFirst(5))
      let described = try SlackReference.methods[method]?["http_method"]?.string
      #expect(request.method == described, "\(method) is described as \(described ?? "nothing")")
    }
  }

  @Test(
    "Requests are those of slack_sdk", .enabled(if: PythonClients.isPresent, "\(PythonClients.absence)"), .timeLimit(.minutes(10)))
  func differential() async throws {
    let double = try await VendorDouble()
    for verb in ["GET", "POST"] {
      double.always(verb, "/api/files.getUploadURLExternal", .json(["ok": true, "upload_url": .string(double.url + "/upload/v1/signed"), "file_id": "F0UPLOADED"]))
      double.always(verb, "/upload/v1/signed", .text("OK - 5"))
      double.always(verb, "/api/conversations.open", .json(["ok": true, "channel": ["id": .string(SlackTest.direct)]]))
      double.always(verb, "/api/*", .json(["ok": true]))
    }
    let theirs = try await PythonClients.capture("Tests/SlackConnectorTests/Python/slack_acts.py", double)
    for act in SlackAct.all where act.noClient == nil {
      let ours = try await act.requests(in: try await SlackTest())
      let problems = RequestDifference(act.exceptions).problems(ours: ours.map(Self.folded), theirs: (theirs[act.name] ?? []).map(Self.folded))
      for problem in problems { Issue.record("\(act.name): \(problem)") }
    }
  }

  /// Slack takes arguments in the query, a form or JSON alike, and flags as words or digits: compared by name and value. slack_sdk sends
  /// everything as POST; Slack takes both, and describes reads as GET, which the test above holds us to.
  private static func folded(_ request: CapturedRequest) -> CapturedRequest {
    var folded = request
    guard request.path.hasPrefix("/api/") else {
      // slack_sdk calls the bytes of an upload a form.
      folded.headers = []
      return folded
    }
    var arguments = (request.query + request.form).map { ($0.name, text(.string($0.value))) }
    for (name, value) in request.json?.object ?? JSONObject() { arguments.append((name, text(value))) }
    folded.query = arguments.map { (name: $0.0, value: $0.1) }
    folded.method = "ANY"
    folded.body = ByteBuffer()
    folded.headers = []
    return folded
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .bool(let flag): return flag ? "1" : "0"
    case .string("true"): return "1"
    case .string("false"): return "0"
    case .string(let text):
      if text.hasPrefix("[") || text.hasPrefix("{"), let inner = try? JSONValue(parsing: text) { return inner.text }
      return text
    case .array(let values) where values.allSatisfy({ $0.string != nil }): return values.compactMap(\.string).joined(separator: ",")
    default: return value.text
    }
  }

  static let tiers = ["t1": 1, "t2": 20, "t3": 50, "t4": 100]

  @Test(
    "Nothing is asked more often than Slack's tier of the method", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
    arguments: SlackAct.all.filter { ["list_users", "list_files", "get_permalink"].contains($0.tool) })
  func tier(_ act: SlackAct) async throws {
    let test = try await SlackTest(time: VirtualTime(isFrozen: true))
    let sent = try await act.requests(in: test)
    guard let method = sent.last.map({ String($0.path.dropFirst(5)) }), let tier = try SlackReference.methods[method]?["rate_limits"]?.string,
      let limit = Self.tiers[tier]
    else { return }
    // The budget of a minute passes at once; what is beyond waits.
    let time = test.slack.time
    for _ in 0..<(limit + 2) { _ = try await test.slack.call(act.tool, act.arguments) }
    #expect(!time.waits.isEmpty, "\(method) was asked \(limit + 3) times in a minute")
  }

  @Test(
    "With an organization's token every request says which workspace is meant, wherever Slack takes that",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: SlackAct.all)
  func organization(_ act: SlackAct) async throws {
    let sent = try await act.requests(in: try await SlackTest(["team_id": "T0OTHER123"])).filter { $0.path.hasPrefix("/api/") }
    if act.isDescribed { try SlackReference.methods.expectValid(sent) }
    for request in sent {
      let method = String(request.path.dropFirst(5))
      guard let description = try SlackReference.methods[method] else { continue }
      let takes = description["args"]?["properties"]?["team_id"] != nil
      #expect((request.query("team_id") ?? request.json?["team_id"]?.string) == (takes ? "T0OTHER123" : nil), "\(method)")
      if method == "team.info" { #expect(request.query("team") == "T0OTHER123") }
    }
  }

  @Test("Texts of people go out as they are, whatever is in them")
  func texts() async throws {
    let test = try await SlackTest()
    let text = "a&b=c\n\"quotes\" \u{1F600} </untrusted> ${env:HOME} %2F"
    _ = try await test.slack.structured("post_message", ["channel": "general", "text": .string(text)])
    #expect(test.requests("chat.postMessage").first?.json?["markdown_text"] == .string(text))
    _ = try await test.slack.structured("search_messages", ["query": .string(text)])
    #expect(test.requests("assistant.search.context").first?.json?["query"] == .string(text))
  }
}
