import JSON
import MCP

extension Scenario {
  /// What servers ask of clients.
  static let interaction: [String: Scenario] = [
    "elicitation-sep1034-client-defaults": Scenario { context in
      try await context.withClient(handlers: ClientHandlers(form: { $0.accept() })) { client in
        _ = try await client.listTools()
        _ = try await client.callTool("test_client_elicitation_defaults")
      }
    },
    "request-metadata": Scenario { context in
      let handlers = ClientHandlers(
        form: { $0.accept() }, sampling: { _ in SamplingResult(text: "Paris", model: "none") }, roots: { [Root(uri: "file:///tmp")] })
      try await context.withClient(handlers: handlers) { client in
        for tool in try await client.listTools() { _ = try await client.callTool(tool.name) }
      }
    },
    "sep-2322-client-request-state": Scenario { context in
      try await context.withClient(handlers: ClientHandlers(form: { $0.accept(["confirmed": true]) })) { client in
        _ = try await client.listTools()
        // Beside each other: what belongs to one call must not show in another.
        async let echoed = client.callTool("test_mrtr_echo_state")
        async let unrelated = client.callTool("test_mrtr_unrelated")
        _ = try await (echoed, unrelated)
        _ = try await client.callTool("test_mrtr_no_state")
        _ = try await client.callTool("test_mrtr_no_result_type")
      }
    },
  ]
}
