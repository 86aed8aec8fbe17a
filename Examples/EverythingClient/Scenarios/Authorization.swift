import EverythingClientAuthorization
import MCP
import MCPHTTP
import NIOPosix

extension Scenario {
  /// OAuth: what differs is how each gets its token.
  static let authorization: [String: Scenario] = Dictionary(
    uniqueKeysWithValues: AuthorizationScenario.names.map { name in
      (
        name,
        Scenario { context in
          let http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
          let authorizer = try AuthorizationScenario.authorizer(name, url: context.url, context: context.data, client: http)
          guard let target = HTTPURL(context.url) else { throw ScenarioError(description: "\(context.url) is no URL") }
          let wire = HTTPWire.Configuration(origin: target.origin, path: target.path, authorizer: authorizer)
          let client = context.client(transport: .http(wire, client: http))
          do {
            _ = try await client.listTools()
            _ = try await client.callTool("test-tool")
          } catch {
            await client.close()
            await http.shutdown()
            throw error
          }
          await client.close()
          await http.shutdown()
        }
      )
    })
}
