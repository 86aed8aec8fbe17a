import JSON
import MCP
import MCPHTTP

/// One thing that the client does against a server that watches it.
struct Scenario: Sendable {
  let run: @Sendable (ScenarioContext) async throws -> Void

  init(_ run: @escaping @Sendable (ScenarioContext) async throws -> Void) { self.run = run }

  /// The scenarios by name: one dictionary for each file of Scenarios.
  static let all: [String: Scenario] = basics.merging(interaction) { $1 }.merging(headers) { $1 }.merging(schemas) { $1 }.merging(authorization) { $1 }
}

/// What a scenario is given.
struct ScenarioContext: Sendable {
  let url: String
  /// The revisions to speak: the one asked for, and for legacy ones all that a handshake may agree on.
  let versions: [ProtocolVersion]
  /// The scenario's data.
  let data: JSONValue

  /// A client for the server of the scenario.
  func client(handlers: ClientHandlers = ClientHandlers(), transport: ClientTransport? = nil) -> Client {
    Client(
      transport ?? .http(url), handlers: handlers,
      settings: .init(name: "everything-client", version: "1.0.0", versions: versions, timeout: .seconds(30)))
  }

  /// Runs `body` with a client, and closes it.
  func withClient(handlers: ClientHandlers = ClientHandlers(), _ body: (Client) async throws -> Void) async throws {
    let client = client(handlers: handlers)
    do {
      try await body(client)
      await client.close()
    } catch {
      await client.close()
      throw error
    }
  }
}

struct ScenarioError: Error, CustomStringConvertible {
  let description: String
}
