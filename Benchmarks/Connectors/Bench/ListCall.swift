import BenchmarkSupport
import ConnectorKit
import FilesConnector
import Foundation
import GitHubConnector
import GoogleDriveConnector
import JSON
import JiraConnector
import Logging
import MCP
import MCPHTTP
import NIOCore
import OpenAPIConnector
import SQLConnector
import SalesforceConnector
import SlackConnector

/// A connector before its page, and the call that lists it.
struct ListCall {
  let server: Server
  let tool: String
  let arguments: JSONValue
  /// Where the records stand in `structuredContent`.
  let place: [String]

  private init(_ server: Server, _ tool: String, _ arguments: JSONValue, _ place: String...) {
    self.server = server
    self.tool = tool
    self.arguments = arguments
    self.place = place
  }

  init(_ listed: ListedPage, _ source: PageSources.Source, _ sources: PageSources, _ clock: BenchClock) async throws {
    let body = source.body ?? ByteBuffer()
    func environment(_ answers: [String: ByteBuffer], hasPeople: Bool = false) -> ConnectorEnvironment {
      ConnectorEnvironment(
        name: listed.rawValue, http: VendorStub(answers, hasPeople: hasPeople).client, state: InMemoryConnectorState(), time: clock.time,
        logger: Logger(label: listed.rawValue) { _ in SwiftLogNoOpLogHandler() })
    }
    func settings(_ values: JSONObject) -> ConnectorSettings { ConnectorSettings(values, path: listed.rawValue) }
    setenv(Self.token, "a-token-of-nobody", 1)
    switch listed {
    case .slack:
      let channel = ByteBuffer(["ok": true, "channel": ["id": "C0GENERAL", "name": "general", "is_channel": true, "is_private": false]])
      let answers = ["/api/conversations.history": body, "/api/conversations.info": channel]
      self.init(
        try SlackConnector(settings(["token": Self.secret]), environment(answers, hasPeople: true)).server, "get_channel_history",
        ["channel": "C0GENERAL", "limit": .int(source.rows)], "messages")
    case .github:
      self.init(
        try GitHubConnector(settings(["token": Self.secret]), environment([Self.issues: body])).server, "list_issues",
        ["owner": "octokit-fixture-org", "repo": "paginate-issues", "limit": .int(source.rows)], "issues")
    case .openapi:
      let description = sources.recorded.githubDescription
      self.init(
        try OpenAPIConnector(settings(["description": .string(description.path)]), environment([Self.issues: body])).server, "issues_list_for_repo",
        ["owner": "octokit-fixture-org", "repo": "paginate-issues", "per_page": .int(source.rows)], "body")
    case .jira:
      let connector = try JiraConnector(
        settings(["site": "https://acme.atlassian.net", "email": "bot@example.com", "token": Self.secret]), environment(["/rest/api/3/search/jql": body]))
      self.init(connector.server, "search_issues", ["project": ["AM"], "limit": .int(source.rows)], "issues")
    case .googleDrive:
      self.init(
        try GoogleDriveConnector(settings(["token": Self.secret]), environment(["/drive/v3/files": body])).server, "search_files",
        ["name": "Report", "limit": .int(source.rows)], "files")
    case .salesforce:
      let login = "https://acme.my.salesforce.com"
      let token = ByteBuffer(["access_token": "a-token-of-nobody", "instance_url": .string(login), "token_type": "Bearer"])
      let connector = try SalesforceConnector(
        settings(["login_url": .string(login), "api_version": "62.0", "client_credentials": ["client_id": "the-app", "client_secret": Self.secret]]),
        environment(["/services/oauth2/token": token, "/services/data/v62.0/query": body]))
      self.init(connector.server, "soql_query", ["object": "Contact", "limit": .int(source.rows)], "contacts")
    case .files:
      self.init(
        try FilesConnector(settings(["roots": ["reports": .string(source.place)]]), environment([:])).server, "list_directory",
        ["path": "reports", "limit": .int(source.rows)], "files")
    case .sqlite:
      try self.init(orders: SQLConfiguration(path: source.place, name: "shop"), source)
    case .postgres:
      try self.init(orders: SQLConfiguration(.postgres(PostgresSettings(connectionString: { source.place })), name: "shop"), source)
    }
  }

  private init(orders configuration: SQLConfiguration, _ source: PageSources.Source) throws {
    self.init(
      try SQLConnector(configuration).makeServer(version: "1", toolsets: [.rows]), "list_rows", ["table": "orders", "limit": .int(source.rows)], "rows", "orders")
  }

  private static let token = "SLUICE_CONNECTOR_BENCH_TOKEN"
  private static let secret: JSONValue = .string("${env:\(token)}")
  private static let issues = "/repos/octokit-fixture-org/paginate-issues/issues"
}
