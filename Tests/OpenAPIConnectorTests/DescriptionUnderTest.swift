import ConnectorKit
import ConnectorTesting
import Foundation
import JSON
import MCP
import OpenAPIConnector
import Testing

/// The connector over a description of a test, before a double of the API that it describes.
final class DescriptionUnderTest: Sendable {
  let vendor: VendorDouble
  let api: ConnectorUnderTest<OpenAPIConnector>
  private let folder: URL
  var descriptionPath: String { folder.appending(path: "description.yaml").path }

  /// - Parameters:
  ///   - description: its text. `{url}` in it stands for the double's.
  ///   - settings: besides `description` and `base_url`; null takes one of those away.
  init(
    _ description: String, _ settings: JSONObject = JSONObject(), secrets: TestSecrets? = nil, isGoverned: Bool = true, publicURL: String? = nil,
    state: any ConnectorState = InMemoryConnectorState(), handlers: ClientHandlers = ClientHandlers()
  ) async throws {
    vendor = try await VendorDouble()
    folder = FileManager.default.temporaryDirectory.appending(path: "sluice-openapi-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appending(path: "description.yaml")
    try Data(description.replacing("{url}", with: vendor.url).utf8).write(to: file)
    var all: JSONObject = ["description": .string(file.path), "base_url": .string(vendor.url), "read_only": false]
    for (name, value) in settings { all[name] = value }
    if let text = all["security"]?.text { all["security"] = try JSONValue(parsing: text.replacing("{url}", with: vendor.url)) }
    api = try ConnectorUnderTest(
      OpenAPIConnector.self, all, secrets: secrets, isGoverned: isGoverned, publicURL: publicURL, state: state, handlers: handlers)
  }

  /// An API of the given paths.
  convenience init(
    paths: JSONValue, components: JSONValue = [:], version: String = "3.0.3", settings: JSONObject = JSONObject(), secrets: TestSecrets? = nil
  ) async throws {
    let document: JSONValue = [
      "openapi": .string(version), "info": ["title": "Petstore", "version": "1.2.3"], "paths": paths, "components": components,
    ]
    try await self.init(document.text, settings, secrets: secrets)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// What is offered; a server without any tool has no such list.
  func tools() async throws -> [ToolDefinition] {
    do { return try await api.client.listTools() } catch ClientError.server(let refusal) where refusal.code == .methodNotFound { return [] }
  }

  func tool(_ name: String) async throws -> ToolDefinition? { try await tools().first { $0.name == name } }

  /// Calls an operation that the double answers with `{}`, and gives what came in.
  func request(_ tool: String, _ arguments: JSONValue) async throws -> CapturedRequest? {
    vendor.reset()
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] { vendor.always(method, "/**", .json([:])) }
    _ = try await api.structured(tool, arguments)
    return vendor.requests.last
  }

  /// The query as it went over the wire.
  static func rawQuery(_ request: CapturedRequest?) -> String { request?.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&") ?? "" }
}

extension ConnectorUnderTest<OpenAPIConnector> {
  /// The error of settings that must be refused.
  static func refusal(_ settings: JSONObject) -> String {
    do {
      _ = try ConnectorUnderTest(OpenAPIConnector.self, settings)
      return "accepted"
    } catch { return "\(error)" }
  }
}
