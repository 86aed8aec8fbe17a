import ConnectorKit
import ConnectorTesting
import Foundation
import JSON
import MCP
import OpenAPIConnector
import Testing

/// An API of a vendor by the description that the vendor publishes, before a double that answers whatever it is asked.
final class PublishedAPI: Sendable {
  struct Source: Sendable, CustomTestStringConvertible {
    var name: String
    var title: String
    var file: String
    /// Operations whose requests the description itself does not admit, with the reason.
    var contradictions: [String: String] = [:]
    /// Values of arguments that the description's types do not tell.
    var named: [String: JSONValue] = [:]
    /// Bodies of tools that a plausible one would be ambiguous or empty for.
    var bodies: [String: JSONValue] = [:]
    var testDescription: String { title }
  }

  static let sources = [
    Source(name: "github", title: "GitHub", file: "github/openapi-v1.1.4-subset.json", named: github, bodies: bodies),
    Source(name: "jira", title: "Jira Cloud", file: "jira/openapi-v3-subset.json"),
    Source(name: "agile", title: "Jira Software", file: "jira/agile-openapi-subset-2022.json"),
    Source(
      name: "vault", title: "Vault", file: "vault/vault-openapi-subset.json",
      contradictions: [
        "jwt_login": "the path is another operation's as well", "kubernetes_login": "the path is another operation's as well",
        "kv_v2_list": "the path is another operation's as well",
      ]),
  ]

  /// A commit's id has a pattern.
  private static let sha = JSONValue.string("6dcb09b5b57875f334f61aebed695e2e4193db5e")
  private static let github: [String: JSONValue] = ["sha": sha, "head_sha": sha, "commit_sha": sha, "tree_sha": sha, "file_sha": sha]

  private static let bodies: [String: JSONValue] = [
    "issues_add_labels": ["labels": ["bug"]], "issues_set_labels": ["labels": ["bug"]], "issues_add_assignees": ["assignees": ["ada"]],
    "issues_remove_assignees": ["assignees": ["ada"]],
  ]

  let source: Source
  let vendor: VendorDouble
  let api: ConnectorUnderTest<OpenAPIConnector>
  let tools: [ToolDefinition]
  private let secrets: TestSecrets

  init(_ source: Source) async throws {
    self.source = source
    vendor = try await VendorDouble()
    secrets = try TestSecrets()
    let folder = try #require(SharedData.root)
    let token = try secrets.reference("token", "s3cr3t-of-the-service")
    var security = JSONObject()
    for (name, scheme) in try SharedData.json(source.file)["components"]?["securitySchemes"]?.object ?? JSONObject() {
      security[name] =
        scheme["scheme"] == "basic" ? ["username": "ada", "password": .string(token)] : scheme["type"] == "apiKey" ? ["key": .string(token)] : ["token": .string(token)]
    }
    var settings: JSONObject = [
      "description": .string(folder.appending(path: source.file).path), "base_url": .string(vendor.url), "read_only": false,
    ]
    if !security.isEmpty { settings["security"] = .object(security) }
    api = try ConnectorUnderTest(OpenAPIConnector.self, settings, secrets: secrets, isGoverned: true)
    tools = try await api.client.listTools()
  }

  func arguments(_ tool: ToolDefinition) -> JSONValue {
    var arguments = PlausibleArguments(tool, named: source.named).all
    if let body = source.bodies[tool.name] { arguments["body"] = body }
    return arguments
  }

  /// Answers everything with `{}`, after what a test scripted.
  func answerAll() { for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] { vendor.always(method, "/**", .json([:])) } }

  /// What goes out for each tool.
  func requests() async throws -> [(tool: ToolDefinition, request: CapturedRequest)] {
    var requests: [(tool: ToolDefinition, request: CapturedRequest)] = []
    for tool in tools {
      vendor.reset()
      answerAll()
      let result = try await api.call(tool.name, arguments(tool))
      guard !result.isError, let request = vendor.requests.first, vendor.requests.count == 1 else {
        Issue.record("\(source.name): \(tool.name): \(vendor.requests.count) requests: \(result.text.prefix(300))")
        continue
      }
      requests.append((tool, request))
    }
    return requests
  }
}
