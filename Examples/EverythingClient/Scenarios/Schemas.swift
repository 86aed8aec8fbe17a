import JSON
import MCP

extension Scenario {
  /// Schemas arrive whole, and nothing that they refer to is fetched.
  static let schemas: [String: Scenario] = [
    "json-schema-ref-no-deref": Scenario { context in
      try await context.withClient { client in
        for tool in try await client.listTools() { _ = (tool.inputSchema, tool.outputSchema) }
      }
    },
    "json-schema-2020-12-preservation": Scenario { context in
      try await context.withClient { client in
        guard let tool = try await client.listTools().first(where: { $0.name == "json_schema_2020_12_tool" }) else {
          throw ScenarioError(description: "the server has no json_schema_2020_12_tool")
        }
        _ = try await client.callTool("json_schema_echo", ["schema": tool.inputSchema])
      }
    },
  ]
}
