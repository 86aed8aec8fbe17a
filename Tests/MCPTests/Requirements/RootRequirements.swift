import JSON
import MCP
import Synchronization
import Testing

/// What the pages on roots ask of both sides.
@Suite("Requirements of roots")
struct RootRequirements {
  @Test(
    "A root is a file:// URI of an absolute path that climbs nowhere",
    arguments: [
      ("file:///home/ann/project", true), ("file:///", true), ("FILE:///C:/work", true), ("file://host/share", true), ("file:///a%20b/%C3%A9", true),
      ("file:///a..b/...", true), ("https://example.com/x", false), ("/home/ann", false), ("file:/home/ann", false), ("file://host", false), ("", false),
      ("file:///home/../etc", false), ("file:///home/./x", false), ("file:///home/%2e%2E/etc", false), ("file:///home/..%2fetc", false),
      ("file:///a%00b", false), ("file:///a%zz", false), ("file:///a%2", false), ("file:///a b", false), ("file:///a\nb", false), ("file:///a?b", false),
      ("file:///a#b", false),
    ])
  func uris(_ uri: String, _ isRoot: Bool) async {
    #expect((Root(uri: uri).problem == nil) == isRoot)
    // A server takes no other from a client, and a client shows no other to a server.
    #expect(((try? Root(["uri": .string(uri)])) != nil) == isRoot)
    let server = ScriptedServer.legacy { _, _ in [:] }
    let client = Client(server.transport, handlers: ClientHandlers(roots: { [Root(uri: "file:///fine"), Root(uri: uri)] }))
    _ = try? await client.connect()
    let answer = await server.ask("roots/list")
    #expect((answer["result"]?["roots"]?.array?.count == 2) == isRoot)
    #expect((answer["error"]?["code"] == -32603) == !isRoot)
    await client.close()
  }

  @Test("Changes of the roots are told to legacy servers, which the capability announces")
  func changes() async throws {
    let server = ScriptedServer.legacy { _, _ in [:] }
    let client = Client(server.transport, handlers: ClientHandlers(roots: { [] }))
    try await client.rootsChanged()
    let initialize = server.messages.first { $0["method"] == "initialize" }
    #expect(initialize?["params"]?["capabilities"]?["roots"] == ["listChanged": true])
    #expect(server.messages.last == ["jsonrpc": "2.0", "method": "notifications/roots/list_changed"])
    await client.close()
  }

  @Test("A server is told of a legacy client's new roots, with the client's context, and of nothing else")
  func told() async throws {
    let server = Server(name: "s", version: "1")
    let told = Mutex<[String]>([])
    server.onRootsChanged { context in told.withLock { $0.append(context.sessionID ?? "") } }
    let changed = "notifications/roots/list_changed"
    let cases: [(method: String, version: ProtocolVersion, session: String)] = [
      (changed, .v2025_11_25, "one"), (changed, .latest, "two"), ("notifications/initialized", .v2025_11_25, "three"), (changed, .v2024_11_05, "four"),
    ]
    for (method, version, session) in cases {
      let message: JSONValue = ["jsonrpc": "2.0", "method": .string(method)]
      let context = RequestContext(client: ClientDescription(version: version), sessionID: session, transport: .inProcess)
      await server.receive(try Envelope(message.raw), context)
    }
    #expect(told.withLock { $0 } == ["one", "four"])
  }

  @Test("Roots that cannot be told are an internal error that says so")
  func failure() async throws {
    struct Unreadable: Error {}
    let server = ScriptedServer.legacy { _, _ in [:] }
    let client = Client(server.transport, handlers: ClientHandlers(roots: { throw Unreadable() }))
    try await client.connect()
    #expect(await server.ask("roots/list")["error"]?["code"] == -32603)
    await client.close()
  }
}
