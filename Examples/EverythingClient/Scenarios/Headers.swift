import JSON
import MCP

extension Scenario {
  /// What modern requests over HTTP say in headers.
  static let headers: [String: Scenario] = [
    "http-standard-headers": Scenario { context in
      try await context.withClient { client in
        for tool in try await client.listTools() { _ = try await client.callTool(tool.name) }
        for resource in try await client.listResources() { _ = try await client.readResource(resource.uri) }
        for prompt in try await client.listPrompts() { _ = try await client.getPrompt(prompt.name) }
      }
    },
    "http-custom-headers": Scenario { context in
      try await context.withClient { client in
        _ = try await client.listTools()
        for call in context.data["toolCalls"]?.array ?? [] {
          _ = try await client.callTool(call["name"]?.string ?? "", call["arguments"] ?? [:])
        }
      }
    },
    "http-invalid-tool-headers": Scenario { context in
      try await context.withClient { client in
        // Those whose annotations are not valid are not among them.
        for tool in try await client.listTools() { _ = try await client.callTool(tool.name, sample(tool.inputSchema)) }
      }
    },
  ]

  /// An argument for each required property.
  private static func sample(_ schema: JSONValue) -> JSONValue {
    var arguments: JSONValue = [:]
    for name in (schema["required"]?.array ?? []).compactMap(\.string) {
      switch schema["properties"]?[name]?["type"]?.string {
      case "integer", "number": arguments[name] = 1
      case "boolean": arguments[name] = true
      default: arguments[name] = "test"
      }
    }
    return arguments
  }
}
