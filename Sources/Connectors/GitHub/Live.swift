internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP
internal import Secrets
internal import Synchronization

/// GitHub's webhooks: what they tell becomes changes of resources. A delivery counts once, and only with the right signature
/// (docs.github.com/webhooks, "Validating webhook deliveries").
final class GitHubWebhooks: Sendable {
  private let settings: GitHubSettings
  private let secret: SecretReference
  private let server: Server
  /// Ids of deliveries that were taken, the latest last.
  private let taken = Mutex<[String]>([])
  private static let remembered = 1000

  init(_ settings: GitHubSettings, secret: SecretReference, server: Server) {
    self.settings = settings
    self.secret = secret
    self.server = server
  }

  var route: ConnectorRoute { ConnectorRoute(.post, "/webhook") { [self] request in receive(request) } }

  private func receive(_ request: RouteRequest) -> RouteReply {
    guard let signature = request.headers["X-Hub-Signature-256"], signature.hasPrefix("sha256="), let secret = try? secret.resolve(),
      WebhookSignature.isValid(String(signature.dropFirst(7)), of: request.body, secret: secret)
    else { return RouteReply(401, "The signature is not that of this webhook.") }
    guard let event = request.headers["X-GitHub-Event"], let payload = VendorResponse(status: .ok, body: request.body).json, payload.kind == .object else {
      return RouteReply(400, "This is no event. The webhook's content type must be application/json.")
    }
    guard isNew(request.headers["X-GitHub-Delivery"] ?? "") else { return RouteReply(200, "taken before") }
    guard let name = payload["repository"]?["full_name"]?.string, settings.repositories.admits(name) else { return RouteReply(200, "not followed") }
    let uris = Self.changed(event, payload, name)
    server.tell(ChangeFeed.Batch(updated: uris, cursor: ""))
    return RouteReply(202, "taken")
  }

  private func isNew(_ delivery: String) -> Bool {
    guard !delivery.isEmpty else { return true }
    return taken.withLock { taken in
      guard !taken.contains(delivery) else { return false }
      taken.append(delivery)
      if taken.count > Self.remembered { taken.removeFirst() }
      return true
    }
  }

  /// URIs of what an event changed.
  static func changed(_ event: String, _ payload: RawJSON, _ repository: String) -> [String] {
    let base = "repo://\(repository)"
    switch event {
    case "push":
      guard let ref = payload["ref"]?.string else { return [] }
      var paths: Set<String> = []
      for commit in payload.elements(of: "commits") {
        for member in ["added", "modified", "removed"] { for path in commit.elements(of: member) { if let path = path.string { paths.insert(path) } } }
      }
      let isDefault = ref == "refs/heads/\(payload["repository"]?["default_branch"]?.string ?? "")"
      return paths.sorted().flatMap { path in
        let path = path.split(separator: "/").map { PercentEncoding.segment(String($0)) }.joined(separator: "/")
        let kind = ref.split(separator: "/").prefix(2).joined(separator: "/")
        let name = ref.split(separator: "/").dropFirst(2).joined(separator: "/")
        return (isDefault ? ["\(base)/contents/\(path)"] : []) + ["\(base)/\(kind)/\(PercentEncoding.segment(name))/contents/\(path)"]
      }
    case "issues", "issue_comment", "sub_issues":
      guard let issue = payload["issue"] ?? payload["parent_issue"], let number = issue["number"]?.int else { return [] }
      return ["\(base)/\(issue["pull_request"] == nil ? "issues" : "pulls")/\(number)"]
    case "pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread":
      return payload["pull_request"]?["number"]?.int.map { ["\(base)/pulls/\($0)"] } ?? []
    default: return []
    }
  }
}
