import JSON
import MCP
import Synchronization
import Testing

/// Our client and servers that others wrote.
@Suite(.serialized, .enabled(if: !PythonServer.all.isEmpty, "no Python packages (scripts/python.sh): servers of PyPI not tested"))
struct ClientInteropTests {
  struct Sum: Decodable, Equatable { var sum: Int }

  @Test("Servers of PyPI are found out, listed, called and read, in the newest era that they have", arguments: PythonServer.all, InteropTests.Wire.allCases)
  func servers(server: PythonServer, wire: InteropTests.Wire) async throws {
    try await server.withTransport(wire) { transport in
      try await Client.with(transport) { client in
        let version = try await client.connect().version
        #expect(server.isLegacy ? version.era == .legacy : version == .v2026_07_28)
        try await use(client)
      }
    }
  }

  @Test("Servers of both eras serve a client of the legacy one", arguments: PythonServer.all.filter { !$0.isLegacy }, InteropTests.Wire.allCases)
  func legacyClient(server: PythonServer, wire: InteropTests.Wire) async throws {
    try await server.withTransport(wire) { transport in
      try await Client.with(transport, settings: .init(versions: [.v2025_11_25, .v2025_06_18])) { client in
        let version = try await client.connect().version
        #expect(version == .v2025_11_25)
        try await use(client)
        try await client.ping()
      }
    }
  }

  @Test("A question of a server is answered, in each era that it has", arguments: PythonServer.inEras, InteropTests.Wire.allCases)
  func question(peer: PythonServer.InEra, wire: InteropTests.Wire) async throws {
    let handlers = ClientHandlers(form: { $0.accept(["name": "Ada"]) })
    try await peer.server.withTransport(wire) { transport in
      try await Client.with(transport, handlers: handlers, settings: .init(versions: peer.versions)) { client in
        let welcome = try await client.callTool("welcome")
        #expect(welcome.text.hasPrefix("Welcome, Ada"))
      }
    }
  }

  @Test(
    "A server that announces changes tells a subscriber that its tools have changed, over either wire",
    arguments: PythonServer.inEras.filter { $0.changes == .told }, InteropTests.Wire.allCases)
  func changes(peer: PythonServer.InEra, wire: InteropTests.Wire) async throws {
    try await peer.server.withTransport(wire) { transport in
      try await Client.with(transport, settings: .init(versions: peer.versions)) { client in
        let subscription = try await client.subscribe(to: ChangeFilter(toolsList: true))
        // The first generation tells of changes without having announced that it would.
        #expect(subscription.refused.isEmpty || peer.server.isLegacy)
        let before = try await client.listTools()
        #expect(!before.contains { $0.name == "sprout" })
        #expect(try await client.callTool("grow", ["name": "sprout"]).text == "grown")
        // A change that never comes is told from one that is late.
        let patience = Task {
          try await Task.sleep(for: .seconds(60))
          subscription.cancel()
        }
        var changes = subscription.makeAsyncIterator()
        #expect(await changes.next() == .toolsListChanged)
        patience.cancel()
        #expect(try await client.listTools().contains { $0.name == "sprout" })
      }
    }
  }

  @Test(
    "A server without subscriptions refuses one, and a change of its tools is found by asking again",
    .enabled(if: PythonProgram.fastmcpInterpreter != nil, "no fastmcp 4: servers without subscriptions not tested"),
    arguments: PythonServer.inEras.filter { $0.changes == .refused }, InteropTests.Wire.allCases)
  func refusedSubscription(peer: PythonServer.InEra, wire: InteropTests.Wire) async throws {
    try await peer.server.withTransport(wire) { transport in
      try await Client.with(transport, settings: .init(versions: peer.versions)) { client in
        let refusal = await #expect(throws: ClientError.self) { try await client.subscribe(to: ChangeFilter(toolsList: true)) }
        if case .server(let error) = refusal {
          #expect(error.code == .methodNotFound)
        } else {
          Issue.record("a refusal of the server's, not \(refusal as Any)")
        }
        let before = try await client.listTools()
        #expect(!before.contains { $0.name == "sprout" })
        #expect(try await client.callTool("grow", ["name": "sprout"]).text == "grown")
        #expect(try await client.listTools().contains { $0.name == "sprout" })
      }
    }
  }

  private func use(_ client: Client) async throws {
    let tools = try await client.listTools()
    #expect(tools.contains { $0.name == "add" && $0.inputSchema["properties"]?["a"] != nil })
    let sum = try await client.callTool("add", ["a": 2, "b": 3], returning: Sum.self)
    #expect(sum == Sum(sum: 5))
    let failed = try await client.callTool("fail", ["reason": "why not"])
    #expect(failed.isError)
    let progress = Mutex<[Double]>([])
    let options = RequestOptions(onProgress: { step in progress.withLock { $0.append(step.progress) } })
    let counted = try await client.callTool("count", ["to": 3], options: options)
    #expect(counted.text == "counted to 3")
    #expect(progress.withLock { $0 } == [1, 2, 3])
    let resources = try await client.listResources()
    let uri = try #require(resources.first?.uri)
    let read = try await client.readResource(uri)
    #expect(!read.contents.isEmpty)
    let templates = try await client.listResourceTemplates()
    #expect(templates.count == 1)
    let prompt = try await client.getPrompt("greet", ["who": "Ada"])
    #expect(prompt.messages.count == 1)
    await #expect(throws: ClientError.self) { try await client.readResource("note://nowhere/at/all") }
  }
}
