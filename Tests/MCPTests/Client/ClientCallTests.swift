import JSON
import MCP
import NIOCore
import Synchronization
import Testing

@Suite("Client calls")
struct ClientCallTests {
  struct Arguments: Codable, Sendable { var a: Int, b: Int }
  struct Sum: Codable, Equatable { var sum: Int }

  private func server() -> Server {
    let server = Server(name: "adder", version: "1", settings: .init(pageSize: 2))
    for name in ["add", "fail", "one", "two", "three"] {
      server.add(
        Tool(name: name, inputSchema: ["type": "object"]) { call in
          if name == "fail" { return .error("no luck") }
          return ToolResult(structured: ["sum": .int((call.int("a") ?? 0) + (call.int("b") ?? 0))])
        })
    }
    server.add(Resource(uri: "test://a", name: "a", mimeType: "text/plain") { _ in .text("hello") })
    server.add(Prompt(name: "greet", arguments: [.init("name", required: true)]) { PromptResult([.user("Hello \($0["name"] ?? "")")]) })
    server.addCompletion(for: .prompt("greet", argument: "name")) { request in Completion(["Ada", "Alan"].filter { $0.hasPrefix(request.value) }) }
    return server
  }

  @Test("Arguments are encoded and structured content is decoded")
  func typed() async throws {
    let client = Client(.inProcess(server()))
    #expect(try await client.callTool("add", Arguments(a: 2, b: 3), returning: Sum.self) == Sum(sum: 5))
    #expect(try await client.callTool("add", ["a": 2, "b": 3]).structured == ["sum": 5])
    await #expect(throws: ToolFailure.self) { try await client.callTool("fail", returning: Sum.self) }
    #expect(try await client.callTool("fail").isError)
    await client.close()
  }

  @Test("Lists are read to their last page, all at once or as they are asked for")
  func pages() async throws {
    let client = Client(.inProcess(server()))
    #expect(try await client.listTools().map(\.name) == ["add", "fail", "one", "two", "three"])
    var names: [String] = []
    for try await tool in client.tools() {
      names.append(tool.name)
      if names.count == 3 { break }
    }
    #expect(names == ["add", "fail", "one"])
    #expect(try await client.listResources().map(\.uri) == ["test://a"])
    #expect(try await client.listPrompts().first?.arguments == [.init("name", required: true)])
  }

  @Test("A server whose cursor never changes does not hold the client for ever")
  func endlessCursor() async throws {
    let server = ScriptedServer.modern { _, _ in ["tools": [["name": "t", "inputSchema": [:]]], "nextCursor": "again"] }
    let tools = try await Client(server.transport).listTools()
    #expect(tools.count == 2)
  }

  @Test("Resources, prompts and completions come as their types")
  func others() async throws {
    let client = Client(.inProcess(server()))
    #expect(try await client.readResource("test://a").contents == [.text("hello", mimeType: "text/plain", uri: "test://a")])
    #expect(try await client.getPrompt("greet", ["name": "Ada"]).messages == [.user("Hello Ada")])
    #expect(try await client.complete(.prompt("greet", argument: "name"), "Al").values == ["Alan"])
    try await client.ping()
    do throws(ClientError) {
      _ = try await client.readResource("test://none")
      Issue.record("read")
    } catch {
      guard case .server(let error) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(error.isResourceNotFound)
    }
  }

  @Test("What is fresh is not asked for again, until it changes or a fresh one is wanted")
  func caching() async throws {
    let ttl = Mutex(60_000)
    let server = ScriptedServer.modern { _, _ in ["tools": [], "ttlMs": .int(ttl.withLock { $0 }), "cacheScope": "private"] }
    let client = Client(server.transport)
    _ = try await client.listTools()
    _ = try await client.listTools()
    #expect(server.methods.filter { $0 == "tools/list" }.count == 1)
    ttl.withLock { $0 = 0 }
    _ = try await client.listTools(options: RequestOptions(usesCache: false))
    _ = try await client.listTools()
    #expect(server.methods.filter { $0 == "tools/list" }.count == 3)
  }

  @Test("A change that a legacy server tells of makes the kept list stale, and reaches those who subscribed")
  func changes() async throws {
    let server = ScriptedServer.legacy { _, _ in ["tools": [], "ttlMs": 60_000] }
    let client = Client(server.transport)
    _ = try await client.listTools()
    let subscription = try await client.subscribe(to: ChangeFilter(toolsList: true, resources: ["test://a"]))
    #expect(server.methods.contains("resources/subscribe"))
    server.say("notifications/tools/list_changed")
    server.say("notifications/resources/updated", ["uri": "test://a"])
    var iterator = subscription.makeAsyncIterator()
    #expect(await iterator.next() == .toolsListChanged)
    #expect(await iterator.next() == .resourceUpdated(uri: "test://a"))
    _ = try await client.listTools()
    #expect(server.methods.filter { $0 == "tools/list" }.count == 2)
    await client.close()
    #expect(await iterator.next() == nil)
  }

  @Test("A subscription to a server in the same process hears of its changes")
  func inProcessChanges() async throws {
    let server = server()
    let client = Client(.inProcess(server))
    let subscription = try await client.subscribe(to: .lists)
    server.removeTool("one")
    var iterator = subscription.makeAsyncIterator()
    #expect(await iterator.next() == .toolsListChanged)
    subscription.cancel()
    #expect(await iterator.next() == nil)
  }

  @Test("Options go into _meta, and progress comes back")
  func options() async throws {
    let server = ScriptedServer.modern { message, request in
      let meta = message["params"]?["_meta"]
      #expect(meta?["traceparent"]?.string == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
      #expect(meta?["io.modelcontextprotocol/logLevel"] == "warning")
      #expect(meta?["x.y/z"] == 1)
      let token = meta?["progressToken"] ?? .null
      let progress: JSONValue = ["jsonrpc": "2.0", "method": "notifications/progress", "params": ["progressToken": token, "progress": 0.5, "total": 1]]
      await request.onNotification?(try Envelope(scanning: .init(progress)))
      return ["content": []]
    }
    let seen = Mutex<[Progress]>([])
    var options = RequestOptions(logLevel: .warning, meta: ["x.y/z": 1])
    options.trace = TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    options.onProgress = { progress in seen.withLock { $0.append(progress) } }
    _ = try await Client(server.transport).callTool("t", options: options)
    #expect(seen.withLock { $0 } == [Progress(progress: 0.5, total: 1)])
  }

  @Test(
    "A traceparent of another form is refused",
    arguments: ["", "00-0-0-0", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
  func traceparent(text: String) { #expect(TraceContext(traceparent: text) == nil) }

  @Test("A tool reads the trace context of its call, and none that has another form")
  func traceOfCall() async throws {
    let adder = server()
    adder.add(
      Tool(name: "traced") { call in
        guard let trace = call.trace else { return ToolResult(text: "untraced") }
        return ToolResult(text: "\(trace.traceparent) \(trace.tracestate ?? "-") \(trace.baggage ?? "-")")
      })
    let client = Client(.inProcess(adder))
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    let full = RequestOptions(trace: TraceContext(traceparent: parent, tracestate: "vendor=1", baggage: "tenant=a"))
    #expect(try await client.callTool("traced", options: full).text == "\(parent) vendor=1 tenant=a")
    let bare = RequestOptions(trace: TraceContext(traceparent: parent))
    #expect(try await client.callTool("traced", options: bare).text == "\(parent) - -")
    #expect(try await client.callTool("traced").text == "untraced")
    let malformed = RequestOptions(meta: [MetaKey.traceParent: "00-0-0-0", MetaKey.traceState: "vendor=1"])
    #expect(try await client.callTool("traced", options: malformed).text == "untraced")
    await client.close()
  }

  @Test("Calls after close fail and say so")
  func closed() async {
    let client = Client(.inProcess(server()))
    await client.close()
    await #expect(throws: ClientError.self) { try await client.callTool("add") }
  }

  @Test("Progress starts the timeout anew, up to the maximum")
  func progressTimeout() async throws {
    let server = ScriptedServer.modern { message, request in
      let token = message["params"]?["_meta"]?["progressToken"] ?? .null
      let isSlow = message["params"]?["name"] != "hangs"
      // Longer than the timeout, in steps far shorter than it.
      let end = ContinuousClock.now + .seconds(6)
      for step in 1...(isSlow ? 1000 : 1) where ContinuousClock.now < end {
        try await Task.sleep(for: .milliseconds(100))
        let progress: JSONValue = ["jsonrpc": "2.0", "method": "notifications/progress", "params": ["progressToken": token, "progress": .int(step)]]
        await request.onNotification?(try Envelope(scanning: .init(progress)))
      }
      if !isSlow { try await Task.sleep(for: .seconds(60)) }
      return ["content": []]
    }
    let client = Client(server.transport)
    let options = RequestOptions(timeout: .seconds(5), maximumTimeout: .seconds(60))
    _ = try await client.callTool("slow", options: options)
    do throws(ClientError) {
      _ = try await client.callTool("hangs", options: options)
      Issue.record("answered")
    } catch {
      guard case .wire(let error) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(error.code == .timeout)
    }
  }

  @Test("Headers follow the tool's definition; malformed tools are left out; a mismatch makes the client look again")
  func headers() async throws {
    let isKnown = Mutex(false)
    let server = ScriptedServer.modern(carriesHeaders: true) { message, request in
      switch request.method {
      case .toolsList:
        isKnown.withLock { $0 = true }
        return [
          "tools": [
            [
              "name": "good",
              "inputSchema": [
                "type": "object",
                "properties": [
                  "region": ["type": "string", "x-mcp-header": "Region"], "count": ["type": "integer", "x-mcp-header": "Count"],
                  "flag": ["type": ["boolean", "null"], "x-mcp-header": "Flag"],
                  "deep": ["type": "object", "properties": ["er": ["type": "string", "x-mcp-header": "Deeper"]]],
                ],
              ],
            ],
            ["name": "bad", "inputSchema": ["type": "object", "properties": ["x": ["type": "number", "x-mcp-header": "X"]]]],
          ]
        ]
      default:
        if !isKnown.withLock({ $0 }) { throw RPCError(.headerMismatch, "missing") }
        return ["content": []]
      }
    }
    let client = Client(server.transport)
    _ = try await client.callTool("good", ["region": "Zürich", "count": 42, "flag": nil, "deep": ["er": " x"]])
    #expect(server.methods == ["server/discover", "tools/call", "tools/list", "tools/call"])
    let sent = server.parameterHeaders.last ?? []
    #expect(
      Set(sent) == [
        .init("Mcp-Param-Region", "=?base64?WsO8cmljaA==?="), .init("Mcp-Param-Count", "42"), .init("Mcp-Param-Deeper", "=?base64?IHg=?="),
      ])
    #expect(try await client.listTools().map(\.name) == ["good"])
  }
}
