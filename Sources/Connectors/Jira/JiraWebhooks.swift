internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP
internal import Secrets

/// Webhooks that Jira signs (<https://developer.atlassian.com/cloud/jira/platform/webhooks/>, "Secure admin webhooks").
struct JiraWebhooks: Sendable {
  static let path = "/webhook"
  let secret: SecretReference
  let server: Server
  let resources: JiraResources

  var route: ConnectorRoute {
    ConnectorRoute(.post, Self.path) { request in
      guard let signature = request.headers["X-Hub-Signature"], signature.hasPrefix("sha256="), let secret = try? secret.resolve(),
        WebhookSignature.isValid(String(signature.dropFirst(7)), of: request.body, secret: secret)
      else { return RouteReply(401, "The signature is not valid.") }
      guard let json = try? RawJSON(scanning: request.body) else { return RouteReply(400, "The body is no JSON.") }
      let projects = resources.jira.projects
      if let key = json["issue"]?["key"]?.string, projects.admits(String(key.prefix { $0 != "-" })) {
        server.notifyResourceUpdated(resources.issueURI(key))
        server.notifyResourceUpdated(resources.projectURI(String(key.prefix { $0 != "-" })))
      }
      if let sprint = json["sprint"], let id = JiraRecords.text(sprint["id"]), let board = JiraRecords.text(sprint["originBoardId"]),
        (try? await resources.jira.permit(board: board, as: .service)) != nil
      {
        server.notifyResourceUpdated("jira://\(resources.site)/board/\(board)/sprint/\(id)")
      }
      if let key = json["project"]?["key"]?.string, projects.admits(key) { server.notifyResourceUpdated(resources.projectURI(key)) }
      return RouteReply(200)
    }
  }
}
