internal import ConnectorKit
internal import JSON
internal import MCP
internal import Synchronization

/// Events of Slack (<https://docs.slack.dev/apis/events-api>), whichever way they come: what they say has changed, told once.
final class SlackEvents: Sendable {
  /// Slack sends an event again when our answer was slow, and to another connection when one is lost.
  private static let memory: Int64 = 600

  private let server: Server
  private let slack: SlackContext
  /// Ids of events of the last minutes. Guarded by the mutex.
  private let seen = Mutex<[String: Int64]>([:])

  init(server: Server, slack: SlackContext) {
    self.server = server
    self.slack = slack
  }

  /// Tells subscribers what an event has changed.
  func tell(_ json: RawJSON) { if let batch = batch(json) { server.tell(batch) } }

  /// What an event has changed; nil where it came before, or changes no resource.
  ///
  /// - Parameter json: the event with its `event_id` and `team_id`, as Slack wraps it.
  func batch(_ json: RawJSON) -> ChangeFeed.Batch? {
    guard isNew(json["event_id"]?.string ?? "") else { return nil }
    let updated = updated(json)
    return updated.isEmpty ? nil : ChangeFeed.Batch(updated: updated, listChanged: updated.contains { $0.hasSuffix("/channels") }, cursor: Self.cursor)
  }

  /// Slack keeps no place to go on from: what happens while nobody listens is not told later.
  static let cursor = "now"

  private func isNew(_ id: String) -> Bool {
    let now = slack.environment.time.seconds()
    return seen.withLock { seen in
      if seen.count > 10_000 { seen = seen.filter { $0.value > now - Self.memory } }
      return seen.updateValue(now, forKey: id) == nil || id.isEmpty
    }
  }

  /// URIs of the resources that an event is about, by id and by the names that are known.
  private func updated(_ json: RawJSON) -> [String] {
    guard let event = json["event"], let team = json["team_id"]?.string else { return [] }
    var uris: [String] = []
    if let channel = event["channel"]?.string ?? event["item"]?["channel"]?.string ?? event["channel"]?["id"]?.string {
      let known = slack.directory.lastKnown(channel: channel)
      let names = Set([known?.name, event["channel"]?["name"]?.string].compactMap { $0 })
      // Of a channel that the settings keep out not even that something happened is told.
      guard slack.channels.admits([channel] + names) else { return [] }
      uris.append(SlackResources.historyURI(team, channel))
      uris += names.map { SlackResources.messagesURI(channelNamed: $0) } + [SlackResources.messagesURI(channelNamed: channel)]
      if let thread = event["thread_ts"]?.string ?? event["message"]?["thread_ts"]?.string { uris.append(SlackResources.threadURI(team, channel, thread)) }
    }
    switch event["type"]?.string {
    case "channel_created", "channel_deleted", "channel_archive", "channel_unarchive", "channel_rename":
      slack.directory.forgetChannels()
      uris.append("slack://\(team)/channels")
    case "team_join", "user_change", "user_profile_changed":
      slack.directory.forgetRosters()
      uris.append("slack://\(team)/users")
      if let user = event["user"].flatMap({ SlackUser($0) }) { uris += Self.profiles(user) }
    case "file_change", "file_deleted": if let file = event["file_id"]?.string { uris.append("slack://\(team)/files/\(file)") }
    default: break
    }
    return uris
  }

  /// A person's profile under all names that it is read by. An address may stand in a URI with its @ as it is.
  private static func profiles(_ user: SlackUser) -> [String] {
    let names = ["id", "name", "display_name", "real_name", "email"].compactMap { user.json[$0]?.string }
    let uris = Set(names.map { SlackResources.profileURI($0) })
    return uris.sorted() + uris.filter { $0.contains("%40") }.map { $0.replacing("%40", with: "@") }.sorted()
  }
}
