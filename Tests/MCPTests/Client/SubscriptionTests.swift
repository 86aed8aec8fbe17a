import JSON
import MCP
import Synchronization
import Testing

@Suite("Subscriptions of a client", .timeLimit(.minutes(1)))
struct SubscriptionTests {
  @Test("A legacy session that ends while nothing is asked is opened anew, with all that was subscribed to")
  func idleSession() async throws {
    let server = ScriptedServer.legacy { _, _ in [:] }
    let client = Client(server.transport)
    var changes = try await client.subscribe(to: .resources("test://r")).makeAsyncIterator()
    server.endStream(WireError(.sessionEnded, "gone", mayHaveHadEffect: false))
    // It may have changed unheard.
    #expect(await changes.next() == .resourceUpdated(uri: "test://r"))
    #expect(server.methods.count { $0 == "initialize" } == 2 && server.methods.count { $0 == "resources/subscribe" } == 2)
    server.say("notifications/resources/updated", ["uri": "test://r"])
    #expect(await changes.next() == .resourceUpdated(uri: "test://r"))
    await client.close()
  }

  @Test("The events of a client say that its connection was made again")
  func reconnected() async throws {
    let server = ScriptedServer.legacy { _, _ in [:] }
    let client = Client(server.transport)
    let events = client.events()
    try await client.connect()
    server.endStream(WireError(.closed, "cut", mayHaveHadEffect: false))
    for await case .reconnected in events { break }
    await client.close()
  }

  @Test("A legacy subscription that fails leaves nothing behind: what others wanted too is ended with theirs")
  func failedSubscription() async throws {
    let (unsubscribed, told) = AsyncStream.makeStream(of: String.self)
    let server = ScriptedServer.legacy { message, request in
      let uri = message["params"]?["uri"]?.string ?? ""
      if request.method == .resourcesSubscribe, uri == "test://bad" { throw RPCError(.invalidParams, "no such resource") }
      if request.method == .resourcesUnsubscribe { told.yield(uri) }
      return [:]
    }
    let client = Client(server.transport)
    let shared = try await client.subscribe(to: .resources("test://shared"))
    await #expect(throws: ClientError.self) { try await client.subscribe(to: .resources("test://shared", "test://own", "test://bad", "test://never")) }
    shared.cancel()
    // What was refused is ended too, to be sure.
    var ended: Set<String> = []
    for await uri in unsubscribed {
      ended.insert(uri)
      if ended.isSuperset(of: ["test://shared", "test://own", "test://bad"]) { break }
    }
    // What comes after shows that nothing more of them came.
    try await client.subscribe(to: .resources("test://last")).cancel()
    for await uri in unsubscribed {
      ended.insert(uri)
      if uri == "test://last" { break }
    }
    #expect(ended == ["test://shared", "test://own", "test://bad", "test://last"])
    #expect(!server.messages.contains { $0["params"]?["uri"] == "test://never" })
    await client.close()
  }

  private func orphan() async throws -> Subscription {
    let server = Server(name: "s", version: "1", Tool(name: "t") { _ in ToolResult(text: "") })
    return try await Client(.inProcess(server)).subscribe(to: .lists)
  }

  @Test("A subscription ends with its client")
  func released() async throws {
    for await change in try await orphan() { Issue.record("\(change)") }
  }

  @Test("A server that refuses to go on with a subscription ends it; one that is away is asked again", arguments: [401, 404])
  func refusedLater(status: Int) async throws {
    let listens = Mutex(0)
    let server = ScriptedServer.modern { _, request in
      guard request.method == .subscriptionsListen else { return [:] }
      let number = listens.withLock { listens in
        listens += 1
        return listens
      }
      if number == 3 { throw WireError(.status(status), "no more", mayHaveHadEffect: false) }
      let agreed: JSONValue = ["jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": ["notifications": ["toolsListChanged": true]]]
      await request.onNotification?(try Envelope(scanning: .init(agreed)))
      throw WireError(number == 1 ? .closed : .status(503), "away", mayHaveHadEffect: true)
    }
    let client = Client(server.transport)
    var count = 0
    for await change in try await client.subscribe(to: ChangeFilter(toolsList: true)) {
      #expect(change == .toolsListChanged)
      count += 1
    }
    #expect(count <= 1 && listens.withLock { $0 } == 3)
    await client.close()
  }

  /// A server that tells of some resources only to those who follow them.
  private struct Following: RequestHandler {
    let server: Server
    func handle(_ request: Envelope, _ context: RequestContext) async -> Answer { await server.handle(request, context) }
    func receive(_ notification: Envelope, _ context: RequestContext) async {}
    func describe(_ context: RequestContext) async -> ServerDescription { await server.describe(context) }
    func observe(for caller: (any Caller)?, _ observer: @escaping @Sendable (ServerChange) -> Void) -> Observation { server.observe(for: caller, observer) }
    func follow(_ uri: String, for caller: (any Caller)?) -> Observation? {
      uri == "test://secret" ? nil : Observation {}
    }
  }

  @Test("A server in this process follows what is subscribed to, and names the subscription in what it tells")
  func inProcess() async throws {
    let server = try ServerFixture().server
    let (told, tell) = AsyncStream.makeStream(of: JSONValue.self)
    let transport = ClientTransport.inProcess(Following(server: server)).observed { message in
      if message.direction == .received, message.text["method"] != nil { tell.yield(JSONValue(message.text)) }
    }
    let client = Client(transport)
    let subscription = try await client.subscribe(to: .resources("test://static", "test://secret"))
    #expect(subscription.refused == .resources("test://secret"))
    server.notifyResourceUpdated("test://secret")
    server.notifyResourceUpdated("test://static")
    var changes = subscription.makeAsyncIterator()
    #expect(await changes.next() == .resourceUpdated(uri: "test://static"))
    tell.finish()
    let ids = await told.reduce(into: [JSONValue?]()) { $0.append($1["params"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"]) }
    #expect(ids.count == 2 && ids[0] != nil && ids[0] == ids[1])
    await client.close()
  }

  @Test("A list that changes while it is fetched is not kept")
  func changedMeanwhile() async throws {
    let server = ScriptedServer.modern { message, request in
      guard request.method == .toolsList else { return [:] }
      let isChanging = message["params"]?["_meta"]?["x.test/changing"] != nil
      let changed: JSONValue = ["jsonrpc": "2.0", "method": "notifications/tools/list_changed"]
      if isChanging { await request.onNotification?(try Envelope(scanning: .init(changed))) }
      return ["tools": [], "ttlMs": 3_600_000, "cacheScope": "private"]
    }
    let client = Client(server.transport)
    func lists() -> Int { server.methods.count { $0 == "tools/list" } }
    _ = try await client.listTools(options: RequestOptions(meta: ["x.test/changing": true]))
    _ = try await client.listTools()
    #expect(lists() == 2)
    _ = try await client.listTools()
    #expect(lists() == 2)
    await client.close()
  }
}
