import JSON
import MCP

extension Scenario {
  /// Connections, calls, and streams that break off.
  static let basics: [String: Scenario] = [
    "initialize": Scenario { context in
      try await context.withClient { client in _ = try await client.listTools() }
    },
    "tools_call": Scenario { context in
      try await context.withClient { client in
        _ = try await client.listTools()
        _ = try await client.callTool("add_numbers", ["a": 5, "b": 3])
      }
    },
    "sse-retry": Scenario { context in
      try await context.withClient { client in
        _ = try await client.listTools()
        _ = try await client.callTool("test_reconnection")
      }
    },
  ]
}
