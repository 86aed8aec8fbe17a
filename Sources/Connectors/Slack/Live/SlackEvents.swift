internal import ConnectorKit
internal import JSON
internal import MCP
internal import Synchronization

/// Events of Slack (<https://docs.slack.dev/apis/events-api>), whichever way they come: what they say has changed, told once.
final class SlackEvents: Sendable {
  /// Slack sends an event again when our answer was slow, and to another connection when one is lost.
  private static let memory: Int64 = 600

  private let server: Server
  private let time: VendorTime
  /// Ids of events of the last minutes. Guarded by the mutex.
  private let seen = Mutex<[String: Int64]>([:])

  init(server: Server, time: VendorTime) {
    self.server = server
    self.time = time
  }

  /// Tells subscribers what an event has changed.
  func tell(_ json: RawJSON) { if let batch = batch(json) { server.tell(batch) } }

  /// What an event has changed; nil where it came before, or changes no resource.
  ///
  /// - Parameter json: the event with its `event_id` and `team_id`, as Slack wraps it.
  func batch(_ json: RawJSON) -> ChangeFeed.Batch? {
    guard isNew(json["event_id"]?.string ?? "") else { return nil }
    let updated = Self.updated(json)
    return updated.isEmpty ? nil : ChangeFeed.Batch(updated: updated, cursor: Self.cursor)
  }

  /// Slack keeps no place to go on from: what happens while nobody listens is not told later.
  static let cursor = "now"

  private func isNew(_ id: String) -> Bool {
    let now = time.seconds()
    return seen.withLock { seen in
      if seen.count > 10_000 { seen = seen.filter { $0.value > now - Self.memory } }
      return seen.updateValue(now, forKey: id) == nil || id.isEmpty
    }
  }

  /// URIs of the resources that an event is about.
  private static func updated(_ json: RawJSON) -> [String] {
    guard let event = json["event"], let team = json["team_id"]?.string else { return [] }
    var uris: [String] = []
    if let channel = event["channel"]?.string ?? event["item"]?["channel"]?.string ?? event["channel"]?["id"]?.string {
      uris.append(SlackResources.historyURI(team, channel))
      if let thread = event["thread_ts"]?.string ?? event["message"]?["thread_ts"]?.string { uris.append(SlackResources.threadURI(team, channel, thread)) }
    }
    switch event["type"]?.string {
    case "channel_created", "channel_deleted", "channel_archive", "channel_unarchive", "channel_rename": uris.append("slack://\(team)/channels")
    case "team_join", "user_change": uris.append("slack://\(team)/users")
    case "file_change", "file_deleted": if let file = event["file_id"]?.string { uris.append("slack://\(team)/files/\(file)") }
    default: break
    }
    return uris
  }
}
