internal import ConnectorKit
internal import JSON
internal import MCPAuth
internal import MCPHTTP
internal import Secrets

/// The Events API over HTTP: requests that Slack signs (<https://docs.slack.dev/authentication/verifying-requests-from-slack>).
struct SignedEvents: Sendable {
  static let path = "/events"
  /// Older requests are replays.
  private static let maximumAge: Int64 = 300

  let secret: SecretReference
  let events: SlackEvents
  let time: VendorTime

  var route: ConnectorRoute {
    ConnectorRoute(.post, Self.path) { request in
      guard isGenuine(request) else { return RouteReply(401, "The signature is not valid.") }
      guard let json = try? RawJSON(scanning: request.body) else { return RouteReply(400, "The body is no JSON.") }
      if json["type"]?.string == "url_verification" { return RouteReply(200, json["challenge"]?.string ?? "") }
      events.tell(json)
      return RouteReply(200)
    }
  }

  private func isGenuine(_ request: RouteRequest) -> Bool {
    guard let stamp = request.headers["X-Slack-Request-Timestamp"], let sent = Int64(stamp), abs(time.seconds() - sent) <= Self.maximumAge,
      let signature = request.headers["X-Slack-Signature"], signature.hasPrefix("v0="), let secret = try? secret.resolve()
    else { return false }
    return WebhookSignature.isValid(String(signature.dropFirst(3)), of: request.body, prefix: "v0:\(stamp):", secret: secret)
  }
}
