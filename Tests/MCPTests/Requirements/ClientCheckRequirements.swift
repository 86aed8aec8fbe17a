import JSON
import MCP
import NIOCore
import Synchronization
import Testing

/// What a client checks of what it is sent, and of what it sends.
@Suite("Requirements of a client's checks")
struct ClientCheckRequirements {
  private static func tool(_ name: String, _ members: JSONObject = JSONObject()) -> JSONValue {
    var tool: JSONValue = ["name": .string(name), "inputSchema": ["type": "object"]]
    for (name, value) in members { tool[name] = value }
    return tool
  }

  /// The error of a call that must fail, in words.
  private static func failure(_ body: () async throws(ClientError) -> CallResult) async -> String? {
    do throws(ClientError) {
      _ = try await body()
      return nil
    } catch { return error.description }
  }

  // MARK: Results

  @Test(
    "A structured result must be what the listed output schema says",
    arguments: [
      (#"{"content":[],"structuredContent":{"sum":5}}"#, nil), (#"{"content":[],"isError":true}"#, nil),
      (#"{"content":[],"structuredContent":{"sum":"5"}}"#, "/sum"), (#"{"content":[],"structuredContent":{}}"#, "sum"),
      (#"{"content":[]}"#, "no structured content"),
    ] as [(String, String?)])
  func results(_ result: String, _ problem: String?) async throws {
    let schema: JSONValue = ["type": "object", "properties": ["sum": ["type": "integer"]], "required": ["sum"]]
    let given = try JSONValue(parsing: result)
    let server = ScriptedServer.modern { _, request in
      request.method == .toolsList ? ["tools": [Self.tool("add", ["outputSchema": schema]), Self.tool("free")]] : given
    }
    let client = Client(server.transport)
    // Who has not seen the schema cannot hold anybody to it.
    #expect(await Self.failure { () async throws(ClientError) in try await client.callTool("add") } == nil)
    _ = try await client.listTools()
    let said = await Self.failure { () async throws(ClientError) in try await client.callTool("add") }
    #expect((said == nil) == (problem == nil) && said?.contains(problem ?? "") != false)
    #expect(await Self.failure { () async throws(ClientError) in try await client.callTool("free") } == nil)
    let lenient = Client(server.transport, settings: .init(checksResults: false))
    _ = try await lenient.listTools()
    #expect(await Self.failure { () async throws(ClientError) in try await lenient.callTool("add") } == nil)
  }

  @Test("A result is held against the schema that was listed last, and against none that cannot be read or is gone")
  func changedSchema() async throws {
    let schemas: [JSONValue?] = [["type": "object", "required": ["a"]], ["type": "object"], ["type": 7], nil]
    let place = Mutex(0)
    let server = ScriptedServer.modern { _, request in
      guard request.method == .toolsList else { return ["content": [], "structuredContent": [:]] }
      return ["tools": [Self.tool("t", schemas[place.withLock { $0 }].map { ["outputSchema": $0] } ?? [:])]]
    }
    let client = Client(server.transport)
    for number in schemas.indices {
      place.withLock { $0 = number }
      _ = try await client.listTools()
      let said = await Self.failure { () async throws(ClientError) in try await client.callTool("t") }
      #expect((said != nil) == (number == 0), "\(number): \(said ?? "")")
    }
  }

  // MARK: Definitions

  @Test("A tool that is rejected is logged with its name and the reason")
  func rejected() async throws {
    let lines = CapturedLines()
    let schema: JSONValue = ["type": "object", "properties": ["a": ["type": "number", "x-mcp-header": "A"]]]
    let server = ScriptedServer.modern(carriesHeaders: true) { _, _ in ["tools": [Self.tool("bad", ["inputSchema": schema]), Self.tool("good")]] }
    let client = Client(server.transport, logger: lines.logger)
    #expect(try await client.listTools().map(\.name) == ["good"])
    #expect(lines.all.count == 1)
    #expect(lines.all.first?.contains("bad") == true && lines.all.first?.contains("no string, integer or boolean") == true)
  }

  @Test(
    "An integer that goes into a header is exact in a double, or the call is not made and not answered",
    arguments: [
      ("9007199254740991", true), ("-9007199254740991", true), ("9007199254740992", false), ("-9007199254740992", false), ("9007199254740993", false),
      ("1e300", false), ("123456789012345678901234567890", false),
    ])
  func safeIntegers(_ number: String, _ isSafe: Bool) async throws {
    let schema: JSONValue = ["type": "object", "properties": ["n": ["type": "integer", "x-mcp-header": "N"]]]
    let arguments = try JSONValue(parsing: "{\"n\":\(number)}")
    let server = ScriptedServer.modern(carriesHeaders: true) { _, request in
      request.method == .toolsList ? ["tools": [Self.tool("t", ["inputSchema": schema])]] : ["content": []]
    }
    let client = Client(server.transport)
    _ = try await client.listTools()
    let said = await Self.failure { () async throws(ClientError) in try await client.callTool("t", arguments) }
    #expect((said == nil) == isSafe && server.parameterHeaders.count == (isSafe ? 1 : 0))
    // The server's part, whatever header comes with it.
    let parameters = try HeaderParameter.all(in: schema.raw)
    for header in [number, nil] {
      let isRefused = (try? HeaderParameter.check(parameters, arguments.raw) { _ in header }) == nil
      #expect(isRefused == !(isSafe && header != nil))
    }
    #expect(HeaderParameter.headers(parameters, for: arguments.raw).isEmpty == !isSafe)
  }

  // MARK: Answers

  @Test(
    "What a handler answers is held against the form that was asked for",
    arguments: [
      (#"{"name":"Ada","age":36}"#, true), (#"{"name":"Ada"}"#, true), (#"{"name":"Ada","age":"36"}"#, false), (#"{"name":"Ada","age":-1}"#, false),
      (#"{"age":36}"#, false), ("{}", false), (#"{"name":"Ada","size":"XXL"}"#, false), (#"{"name":"Ada","size":"L"}"#, true),
      (#"{"name":"Ada","mail":"ada"}"#, false), (#"{"name":"Ada","mail":"ada@example.com"}"#, true),
    ])
  func answers(_ content: String, _ fits: Bool) async throws {
    let form = ElicitationForm(
      .string("name"), .integer("age", required: false, in: 0...150), .choice("size", of: ["S", "L"], required: false),
      .string("mail", required: false, format: .email))
    let answer = try JSONValue(parsing: content).object ?? JSONObject()
    let handlers = ClientHandlers(form: { _ in .accept(answer) })
    let legacy = ScriptedServer.legacy { _, _ in [:] }
    let client = Client(legacy.transport, handlers: handlers)
    try await client.connect()
    let answered = await legacy.ask("elicitation/create", ["message": "?", "requestedSchema": form.schema])
    #expect((answered["result"]?["content"] == .object(answer)) == fits && (answered["error"]?["code"] == -32603) == !fits)
    await client.close()
    // In the modern era the call is not sent again.
    let modern = ScriptedServer.modern { message, _ in
      guard message["params"]?["inputResponses"] == nil else { return ["content": []] }
      let question: JSONValue = ["method": "elicitation/create", "params": ["mode": "form", "message": "?", "requestedSchema": form.schema]]
      return ["resultType": "input_required", "inputRequests": ["q": question], "requestState": "s"]
    }
    let asked = Client(modern.transport, handlers: handlers)
    #expect((await Self.failure { () async throws(ClientError) in try await asked.callTool("t") } == nil) == fits)
    #expect(modern.methods.filter { $0 == "tools/call" }.count == (fits ? 2 : 1))
    // Who declines answers nothing that could be wrong.
    let declining = ScriptedServer.legacy { _, _ in [:] }
    let other = Client(declining.transport, handlers: ClientHandlers(form: { _ in .decline }))
    try await other.connect()
    #expect(await declining.ask("elicitation/create", ["message": "?", "requestedSchema": form.schema])["result"] == ["action": "decline"])
    await other.close()
  }

  // MARK: Subscriptions

  @Test("What a server leaves out of the filter that it acknowledges is told and logged")
  func acknowledgement() async throws {
    let lines = CapturedLines()
    let server = ScriptedServer.modern { message, request in
      guard request.method == .subscriptionsListen else { return [:] }
      let ack: JSONValue = [
        "jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
        "params": ["_meta": [MetaKey.subscriptionID: message["id"] ?? 0], "notifications": ["toolsListChanged": true, "resourceSubscriptions": ["r:1"]]],
      ]
      await request.onNotification?(try Envelope(ack.raw))
      try await Task.sleep(for: .seconds(60))
      return ["resultType": "complete"]
    }
    let client = Client(server.transport, logger: lines.logger)
    let all = try await client.subscribe(to: ChangeFilter(toolsList: true, promptsList: true, resourcesList: true, resources: ["r:1", "r:2"]))
    #expect(all.refused == ChangeFilter(promptsList: true, resourcesList: true, resources: ["r:2"]))
    #expect(lines.all.count == 1 && lines.all.first?.contains("r:2") == true)
    let some = try await client.subscribe(to: ChangeFilter(toolsList: true, resources: ["r:1"]))
    #expect(some.refused.isEmpty && lines.all.count == 1)
    all.cancel()
    some.cancel()
    await client.close()
  }

  @Test("A legacy server tells of the lists that its capabilities name")
  func legacyLists() async throws {
    let server = ScriptedServer { _, request in
      switch request.method {
      case .discover: throw RPCError.methodNotFound("server/discover")
      case .initialize:
        ["protocolVersion": "2025-11-25", "capabilities": ["tools": ["listChanged": true], "prompts": [:]], "serverInfo": ["name": "s", "version": "1"]]
      default: [:]
      }
    }
    let client = Client(server.transport)
    let subscription = try await client.subscribe(to: ChangeFilter(toolsList: true, promptsList: true, resources: ["r:1"]))
    #expect(subscription.refused == ChangeFilter(promptsList: true))
    subscription.cancel()
    await client.close()
  }

  // MARK: Extensions

  @Test("A tool with tasks answers clients without the extension at once, or refuses them where it needs tasks")
  func serverWithoutPeer() async throws {
    let server = Server(name: "s", version: "1")
    server.add(Tool(name: "optional", task: .optional) { _ in ToolResult(text: "at once") })
    server.add(Tool(name: "required", task: .required) { _ in ToolResult(text: "late") })
    let plain = Client(.inProcess(server), settings: .init(acceptsTasks: false))
    guard case .result(let result) = try await plain.startTool("optional") else {
      Issue.record("a task")
      return
    }
    #expect(result.text == "at once")
    do throws(ClientError) {
      _ = try await plain.callTool("required")
      Issue.record("answered")
    } catch {
      guard case .server(let refusal) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(refusal.code == .missingClientCapability)
      #expect(refusal.data?["requiredCapabilities"]?["extensions"]?["io.modelcontextprotocol/tasks"] == [:])
    }
    guard case .task(let task) = try await Client(.inProcess(server)).startTool("required") else {
      Issue.record("no task")
      return
    }
    #expect(try await task.result().text == "late")
  }

  @Test("A task that was not asked for is no answer")
  func clientWithoutExtension() async throws {
    let server = ScriptedServer.modern { _, _ in
      ["resultType": "task", "taskId": "t-1", "status": "working", "createdAt": "2026-07-28T00:00:00Z", "lastUpdatedAt": "2026-07-28T00:00:00Z"]
    }
    let said = await Self.failure { () async throws(ClientError) in
      try await Client(server.transport, settings: .init(acceptsTasks: false)).callTool("t")
    }
    #expect(said?.contains("task") == true && server.methods == ["server/discover", "tools/call"])
  }
}
