import JSON
import MCP
import NIOCore
import Synchronization
import Testing

/// What the pages under server/ and client/ ask of a client, beyond its transport.
@Suite("Requirements of clients")
struct ClientRequirements {
  @Test("Cursors go back as they came, an empty one too, and pages may have any size")
  func cursors() async throws {
    let pages: [(cursor: String?, names: [String])] = [(nil, ["a", "b"]), ("", []), ("\u{e9}\"/ %", ["c"]), ("last", ["d", "e", "f"])]
    let server = ScriptedServer.modern { message, _ in
      let asked = message["params"]?["cursor"]?.string
      let place = pages.firstIndex { $0.cursor == asked } ?? 0
      var result: JSONValue = ["tools": .array(pages[place].names.map { ["name": .string($0), "inputSchema": ["type": "object"]] })]
      if place + 1 < pages.count { result["nextCursor"] = .string(pages[place + 1].cursor ?? "") }
      return result
    }
    #expect(try await Client(server.transport).listTools().map(\.name) == ["a", "b", "c", "d", "e", "f"])
    #expect(server.messages.dropFirst().map { $0["params"]?["cursor"]?.string } == [nil, "", "\u{e9}\"/ %", "last"])
  }

  @Test("What a server says of its name, and what its tools say of themselves, changes nothing that is sent")
  func claims() async throws {
    var sent: Set<String> = []
    for (name, hints) in [("a", ["readOnlyHint": true]), ("trusted", ["readOnlyHint": false, "destructiveHint": true])] as [(String, JSONValue)] {
      let server = ScriptedServer.modern { message, request in
        let meta: JSONValue = [MetaKey.serverInfo: ["name": .string(name), "version": "1"]]
        guard request.method == .toolsList else { return ["content": [], "_meta": meta] }
        return ["tools": [["name": "t", "inputSchema": ["type": "object"], "annotations": hints]], "_meta": meta]
      }
      let client = Client(server.transport)
      _ = try await client.listTools()
      _ = try await client.callTool("t", ["x": 1])
      sent.insert(server.messages.map(\.text).joined(separator: "\n"))
    }
    #expect(sent.count == 1)
  }

  @Test("A tool that failed hands its reason over as a result")
  func toolErrors() async throws {
    let server = ScriptedServer.modern { _, _ in ["content": [["type": "text", "text": "Use a date in the future."]], "isError": true] }
    let result = try await Client(server.transport).callTool("t")
    #expect(result.isError && result.text == "Use a date in the future.")
  }

  @Test("A result without values, and one without total, are taken as they are", arguments: ["{\"values\":[]}", "{\"values\":[\"a\"],\"hasMore\":true}"])
  func completions(_ completion: String) async throws {
    let given = try JSONValue(parsing: completion)
    let server = ScriptedServer.modern(capabilities: ["completions": [:]]) { _, _ in ["completion": given] }
    let found = try await Client(server.transport).complete(.prompt("p", argument: "a"), "x")
    #expect(found.values == given["values"]?.array?.compactMap(\.string))
  }

  @Test("A stale answer is not served: not after ttlMs 0, without ttlMs, or with a negative one", arguments: ["0", "-5", nil])
  func staleAtOnce(_ ttl: String?) async throws {
    let server = ScriptedServer.modern { _, _ in
      var result: JSONValue = ["tools": [], "cacheScope": "public"]
      if let ttl { result["ttlMs"] = try JSONValue(parsing: ttl) }
      return result
    }
    let client = Client(server.transport)
    _ = try await client.listTools()
    _ = try await client.listTools()
    #expect(server.methods.filter { $0 == "tools/list" }.count == 2)
  }

  @Test("What is kept serves its own parameters alone, one client alone, and is asked for again only when it is wanted")
  func cacheKeys() async throws {
    let server = ScriptedServer.modern(capabilities: ["resources": [:]]) { message, _ in
      ["contents": [["uri": message["params"]?["uri"] ?? "", "text": "x"]], "ttlMs": 40, "cacheScope": "public"]
    }
    let (client, other) = (Client(server.transport), Client(server.transport))
    func reads() -> [String] { server.messages.filter { $0["method"] == "resources/read" }.compactMap { $0["params"]?["uri"]?.string } }
    _ = try await client.readResource("test://a")
    _ = try await client.readResource("test://b")
    _ = try await other.readResource("test://a")
    #expect(reads() == ["test://a", "test://b", "test://a"])
    // Longer than the time to live: nothing is fetched before it is asked for.
    try await Task.sleep(for: .milliseconds(80))
    #expect(reads().count == 3)
    _ = try await client.readResource("test://a")
    #expect(reads().count == 4)
  }

  @Test("A page that is stale is asked for by its cursor; one that is refused makes all pages forgotten, and the list is read from the start")
  func pages() async throws {
    let isChanged = Mutex(false)
    let server = ScriptedServer.modern { message, _ in
      let cursor = message["params"]?["cursor"]?.string
      let changed = isChanged.withLock { $0 }
      switch (cursor, changed) {
      case (nil, false): return ["tools": [Self.tool("a")], "nextCursor": "old", "ttlMs": 60_000, "cacheScope": "public"]
      case ("old", false): return ["tools": [Self.tool("b")], "ttlMs": 0, "cacheScope": "public"]
      case (nil, true): return ["tools": [Self.tool("c")], "nextCursor": "new", "ttlMs": 60_000, "cacheScope": "public"]
      case ("new", true): return ["tools": [Self.tool("d")], "ttlMs": 0, "cacheScope": "public"]
      default: throw RPCError(.invalidParams, "Invalid cursor")
      }
    }
    let client = Client(server.transport)
    func asked() -> [String?] { server.messages.filter { $0["method"] == "tools/list" }.map { $0["params"]?["cursor"]?.string } }
    #expect(try await client.listTools().map(\.name) == ["a", "b"])
    #expect(try await client.listTools().map(\.name) == ["a", "b"])
    #expect(asked() == [nil, "old", "old"])
    isChanged.withLock { $0 = true }
    #expect(try await client.listTools().map(\.name) == ["c", "d"])
    #expect(asked() == [nil, "old", "old", "old", nil, "new"])
  }

  @Test("A list that refuses its own cursors is given up")
  func refusedCursors() async throws {
    let server = ScriptedServer.modern { message, _ in
      guard message["params"]?["cursor"] == nil else { throw RPCError(.invalidParams, "Invalid cursor") }
      return ["tools": [Self.tool("a")], "nextCursor": "x", "ttlMs": 60_000, "cacheScope": "public"]
    }
    await #expect(throws: ClientError.self) { try await Client(server.transport).listTools() }
    #expect(server.methods.filter { $0 == "tools/list" }.count == 4)
  }

  private static func tool(_ name: String) -> JSONValue { ["name": .string(name), "inputSchema": ["type": "object"]] }

  @Test("An answer that took input is not kept")
  func inputIsNotCached() async throws {
    let server = ScriptedServer.modern(capabilities: ["resources": [:]]) { message, _ in
      guard message["params"]?["requestState"] != nil else { return ["resultType": "input_required", "requestState": "s"] }
      return ["contents": [["uri": "test://a", "text": "x"]], "ttlMs": 60_000, "cacheScope": "private"]
    }
    let client = Client(server.transport)
    _ = try await client.readResource("test://a")
    _ = try await client.readResource("test://a")
    #expect(server.methods.filter { $0 == "resources/read" }.count == 4)
  }

  @Test("A legacy server that asks for what was not declared is told so by the code for it")
  func undeclared() async throws {
    let server = ScriptedServer.legacy { _, _ in [:] }
    let client = Client(server.transport, handlers: ClientHandlers(form: { $0.accept(["name": "Ada"]) }))
    try await client.connect()
    let url: JSONValue = ["mode": "url", "message": "Go", "url": "https://example.com", "elicitationId": "e"]
    #expect(await server.ask("elicitation/create", url)["error"]?["code"] == -32602)
    #expect(await server.ask("roots/list")["error"]?["code"] == -32601)
    #expect(await server.ask("sampling/createMessage", ["messages": [], "maxTokens": 1])["error"]?["code"] == -32601)
    await client.close()
  }

  @Test("The end of an elicitation that nobody knows of does no harm")
  func unknownElicitation() async throws {
    let server = ScriptedServer.legacy { _, _ in ["content": []] }
    let client = Client(server.transport)
    try await client.connect()
    server.say("notifications/elicitation/complete", ["elicitationId": "never heard of"])
    server.say("notifications/elicitation/complete")
    #expect(try await client.callTool("t").isError == false)
    await client.close()
  }

  @Test("Sampling that may use tools says so, and without that tools are refused")
  func samplingTools() async throws {
    let tools: JSONValue = [["name": "t", "inputSchema": ["type": "object"]]]
    let params: JSONValue = ["messages": [["role": "user", "content": ["type": "text", "text": "hi"]]], "maxTokens": 10, "tools": tools]
    for withTools in [true, false] {
      let handlers = ClientHandlers(sampling: { _ in SamplingResult(text: "x", model: "m") }, samplesWithTools: withTools)
      let server = ScriptedServer.legacy { _, _ in [:] }
      let client = Client(server.transport, handlers: handlers)
      try await client.connect()
      let declared = server.messages.first { $0["method"] == "initialize" }?["params"]?["capabilities"]?["sampling"]
      #expect(declared == (withTools ? ["tools": [:]] : [:]))
      let answer = await server.ask("sampling/createMessage", params)
      #expect(answer["error"]?["code"] == (withTools ? nil : -32602))
      await client.close()
    }
  }
}
