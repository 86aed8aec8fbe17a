internal import ConnectorKit
internal import JSON
internal import MCP
internal import Synchronization

/// What a workspace's plan hides: on the free plan whatever is older than 90 days, though it is still there.
///
/// Slack says so in three places: `is_limited` in a history that reaches further back
/// (<https://docs.slack.dev/reference/methods/conversations.history>), and `is_hidden_by_limit` at messages and files. Search, and threads that
/// are hidden whole, say nothing. So what was told once is remembered, and no answer passes for all that there is.
final class HiddenHistory: Sendable {
  static let days: Int64 = 90
  /// Seconds for which it is remembered: a company may buy another plan.
  private static let memory: Int64 = 86_400

  /// When it was told last, by subject: each may be in another workspace. Guarded by the mutex.
  private let state = Mutex<[String: Int64]>([:])
  private let time: VendorTime

  init(time: VendorTime) { self.time = time }

  /// Whether an answer says that something is hidden.
  func isTold(by json: RawJSON, to subject: Subject) -> Bool {
    let messages = ["messages", "items", "files"].flatMap { SlackContext.elements(json, $0) }
    guard json["is_limited"]?.bool == true || messages.contains(where: Self.hides) else { return false }
    let now = time.seconds()
    state.withLock { state in
      if state.count > 10_000 { state = state.filter { $0.value > now - Self.memory } }
      state[subject.key] = now
    }
    return true
  }

  /// Whether Slack has said lately that the subject's workspace hides what is old.
  func isKnown(to subject: Subject) -> Bool {
    let now = time.seconds()
    return state.withLock { $0[subject.key].map { $0 > now - Self.memory } ?? false }
  }

  /// Whether Slack shows that a message or a file is there, and not what it is.
  static func hides(_ raw: RawJSON) -> Bool {
    raw["mode"]?.string == "hidden_by_limit" || raw["is_hidden_by_limit"].map { $0.bool == true || $0.int == 1 } ?? false
  }

  // MARK: Words

  /// The day since which everything is shown, as far as Slack's plans are known.
  private var since: String { String(Timestamp.text(seconds: time.seconds() - Self.days * 86_400).prefix(10)) }

  /// For a history that has an older part.
  var ofHistory: String {
    "There are older messages that Slack hides: this workspace's plan shows \(Self.days) days, that is, since about \(since). Do not take this for all that was said."
  }

  var ofFiles: String { "Slack hides what is in files that are older than about \(since): this workspace's plan does not show it. They were not deleted." }

  /// For what was searched or listed without a word of Slack's on what it left out.
  var ofSearch: String {
    "Slack finds nothing older than about \(since) in this workspace: its plan hides it. Do not conclude that there was nothing before."
  }

  /// For a thread or message that is not found.
  var ofAbsence: String { "It may be older than about \(since): this workspace's plan hides that." }
}

extension ToolResult {
  /// The result with it said that it is not all: for programs, for the model, and for who sees the structure alone.
  func limited(_ notice: String) -> ToolResult {
    var result = self
    result.structured?["is_limited"] = true
    result.structured?["notice"] = .string(notice)
    result.content.append(.text(notice))
    return result
  }
}

extension RecordShape {
  /// The schema of a list of which Slack may hide a part.
  var limitedSchema: JSONValue {
    var schema = listSchema
    schema["properties"]?["is_limited"] = [
      "type": "boolean", "description": "There is more, which the workspace's plan hides. What is not here may still have been said.",
    ]
    schema["properties"]?["notice"] = ["type": "string"]
    return schema
  }
}
