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

  static func type(named name: String) -> (any Connector.Type)? { all.first { $0.name == name } }

  static var names: String { all.map { $0.name }.sorted().joined(separator: ", ") }

  static func unknown(_ name: String) -> String { "there is no connector \"\(name.prefix(64))\". Known here: \(names)" }
}
