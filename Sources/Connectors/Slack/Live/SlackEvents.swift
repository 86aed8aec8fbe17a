internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPAuth
internal import Secrets
internal import Synchronization

/// The Events API: signed requests of Slack that tell what changed (<https://docs.slack.dev/authentication/verifying-requests-from-slack>).
final class SlackEvents: Sendable {
  static let path = "/events"
  /// Older requests are replays.
  private static let maximumAge: Int64 = 300

  private let secret: SecretReference
  private let server: Server
  private let time: VendorTime
  /// Ids of events of the last minutes: Slack sends an event again when our answer was slow. Guarded by the mutex.
  private let seen = Mutex<[String: Int64]>([:])

  init(signingSecret: SecretReference, server: Server, time: VendorTime) {
    secret = signingSecret
    self.server = server
    self.time = time
  }

  var route: ConnectorRoute {
    ConnectorRoute(.post, Self.path) { request in
      guard self.isGenuine(request) else { return RouteReply(401, "The signature is not valid.") }
      guard let json = try? RawJSON(scanning: request.body) else { return RouteReply(400, "The body is no JSON.") }
      if json["type"]?.string == "url_verification" { return RouteReply(200, json["challenge"]?.string ?? "") }
      if self.isNew(json["event_id"]?.string ?? "") { self.tell(json) }
      return RouteReply(200)
    }
  }

  private func isGenuine(_ request: RouteRequest) -> Bool {
    guard let stamp = request.headers["X-Slack-Request-Timestamp"], let sent = Int64(stamp), abs(time.seconds() - sent) <= Self.maximumAge,
      let signature = request.headers["X-Slack-Signature"], signature.hasPrefix("v0="), let secret = try? secret.resolve()
    else { return false }
    return WebhookSignature.isValid(String(signature.dropFirst(3)), of: request.body, prefix: "v0:\(stamp):", secret: secret)
  }

  private func isNew(_ id: String) -> Bool {
    let now = time.seconds()
    return seen.withLock { seen in
      if seen.count > 10_000 { seen = seen.filter { $0.value > now - 2 * Self.maximumAge } }
      return seen.updateValue(now, forKey: id) == nil || id.isEmpty
    }
  }

  private func tell(_ json: RawJSON) {
    guard let event = json["event"], let team = json["team_id"]?.string else { return }
    let channel = event["channel"]?.string ?? event["item"]?["channel"]?.string ?? event["channel"]?["id"]?.string
    if let channel {
      server.notifyResourceUpdated(SlackResources.historyURI(team, channel))
      if let thread = event["thread_ts"]?.string ?? event["message"]?["thread_ts"]?.string {
        server.notifyResourceUpdated(SlackResources.threadURI(team, channel, thread))
      }
    }
    switch event["type"]?.string {
    case "channel_created", "channel_deleted", "channel_archive", "channel_unarchive", "channel_rename": server.notifyResourceUpdated("slack://\(team)/channels")
    case "team_join", "user_change": server.notifyResourceUpdated("slack://\(team)/users")
    case "file_change", "file_deleted":
      if let file = event["file_id"]?.string { server.notifyResourceUpdated("slack://\(team)/files/\(file)") }
    default: break
    }
  }
}
