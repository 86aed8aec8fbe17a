import BenchmarkSupport
import ConnectorKit
import Foundation
import JSON
import Logging
import MCP
import OpenAPIConnector

/// How long the OpenAPI connector takes from a published description in a file to the list of its tools.
struct DescriptionLoad: Sendable {
  let name: String
  let file: String
  let base: String
  /// Secrets for its schemes, which need lead nowhere: what has none is not offered.
  var security: JSONObject = [:]

  static let all = [
    DescriptionLoad(name: "github", file: "github/openapi-v1.1.4-subset.json", base: "https://api.github.com"),
    DescriptionLoad(
      name: "jira", file: "jira/openapi-v3-subset.json", base: "https://example.atlassian.net",
      security: ["basicAuth": ["username": "ada", "password": "${env:NOT_SET}"], "OAuth2": ["token": "${env:NOT_SET}"]]),
  ]

  struct Figures: Sendable {
    var bytes: Int
    var tools: Int
    /// Of each load.
    var seconds: [Double]

    var median: Double { seconds.sorted()[seconds.count / 2] }
    var slowest: Double { seconds.max() ?? 0 }
  }

  /// Loads the description again and again, each time anew: nothing is kept from one to the next.
  ///
  /// - Throws: ``BenchmarkError`` where there is no such description.
  func measure(shared: URL, rounds: Int) async throws -> Figures {
    let path = shared.appending(path: file).path
    guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int else { throw BenchmarkError("\(path) is not there") }
    var figures = Figures(bytes: size, tools: 0, seconds: [])
    var settings: JSONObject = ["description": .string(path), "base_url": .string(base), "read_only": false]
    if !security.isEmpty { settings["security"] = .object(security) }
    for _ in 0..<rounds {
      let start = ContinuousClock.now
      let environment = ConnectorEnvironment(
        name: name, http: VendorStub([:]).client, state: InMemoryConnectorState(), logger: Logger(label: name) { _ in SwiftLogNoOpLogHandler() }, isGoverned: true)
      let connector = try OpenAPIConnector(ConnectorSettings(settings, path: name), environment)
      figures.tools = try await Client.with(.inProcess(connector.server)) { try await $0.listTools().count }
      figures.seconds.append((ContinuousClock.now - start) / .seconds(1))
    }
    return figures
  }
}
