import JSON
import MCP
import MCPTesting
import Testing

@Suite("A scripted server", .timeLimit(.minutes(5)))
struct ScriptedServerTests {
  @Test("answers what the script says, over every wire", arguments: Wire.all)
  func answers(over wire: Wire) async throws {
    let server = ScriptedServer { request in
      switch (request.method, request.count) {
      case (.toolsCall, 0): ["content": [["type": "text", "text": "first"]]]
      case (.toolsCall, 1): throw RPCError(.invalidParams, "not twice")
      case (.toolsList, _): ["tools": "none"]
      default: nil
      }
    }
    try await withClient(of: server, over: wire) { client async throws in
      #expect(try await client.callTool("x", ["y": 1]).text == "first")
      let refused = await #expect(throws: ClientError.self) { try await client.callTool("x") }
      guard case .server(let error) = refused else {
        Issue.record("\(refused as Any)")
        return
      }
      #expect(error.message == "not twice")
      // A wrong result is what a client's test is after.
      await #expect(throws: ClientError.self) { try await client.listTools() }
      await #expect(throws: ClientError.self) { try await client.listPrompts() }
    }
    #expect(server.requests.map(\.method) == [.toolsCall, .toolsCall, .toolsList, .promptsList])
    #expect(server.requests.first?["arguments"] == ["y": 1])
    #expect(server.requests.first?.version == wire.version)
  }

  @Test("tells of changes", arguments: Wire.all)
  func changes(over wire: Wire) async throws {
    let server = ScriptedServer(capabilities: ["tools": ["listChanged": true]]) { _ in [:] }
    try await withClient(of: server, over: wire) { client async throws in
      let changes = try await client.subscribe(to: .lists)
      server.tell(.toolsListChanged)
      for await change in changes {
        #expect(change == .toolsListChanged)
        break
      }
    }
  }
}
