internal import ConnectorKit
internal import FilesConnector
internal import GitHubConnector
internal import GoogleDriveConnector
internal import JiraConnector
internal import OpenAPIConnector
internal import SalesforceConnector
internal import SlackConnector

/// The connectors that are built in. A new one is added to the list, and nowhere else.
enum ConnectorCatalog {
  static let all: [any Connector.Type] = [
    FilesConnector.self,
    GitHubConnector.self,
    GoogleDriveConnector.self,
    JiraConnector.self,
    OpenAPIConnector.self,
    SalesforceConnector.self,
    SlackConnector.self,
  ]

  /// What our SQL connector serves: each is a key of an upstream rather than a value of its `connector`.
  static let databases = ["postgres", "sqlite"]

  static func type(named name: String) -> (any Connector.Type)? { all.first { $0.name == name } }

  static var names: String { all.map { $0.name }.sorted().joined(separator: ", ") }

  static func unknown(_ name: String) -> String {
    if databases.contains(name) { return "\(name) is a key of the upstream itself, beside which there is no connector: \(name): ..." }
    return "there is no connector \"\(name.prefix(64))\". Known here: \(names); and for databases the keys \(databases.joined(separator: ", "))"
  }
}
