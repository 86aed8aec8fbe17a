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
        await isAdmitted(board)
      {
        server.notifyResourceUpdated("jira://\(resources.site)/board/\(board)/sprint/\(id)")
      }
      if let key = json["project"]?["key"]?.string, projects.admits(key) { server.notifyResourceUpdated(resources.projectURI(key)) }
      return RouteReply(200)
    }
  }

  /// Whether the settings let a board be reached, as the connector's own account is told, or without one as people's requests showed.
  private func isAdmitted(_ board: String) async -> Bool {
    let jira = resources.jira
    do throws(VendorError) {
      try await jira.permit(board: board, as: .service)
      return true
    } catch { return error.code != .notFound && jira.boards.contains(board) }
  }
}
