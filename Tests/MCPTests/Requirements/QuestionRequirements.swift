import JSON
import MCP
import NIOCore
import Synchronization
import Testing

/// What the pages under client/ ask of servers that ask their client something, and of progress.
@Suite("Requirements of questions and progress")
struct QuestionRequirements {
  private static func ask(_ server: Server, capabilities: JSONValue, version: ProtocolVersion = .latest) async throws -> JSONValue {
    let request: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ["name": "t"]]
    let context = RequestContext(client: ClientDescription(version: version, capabilities: capabilities.raw), transport: .inProcess)
    switch await server.handle(try Envelope(request.raw), context) {
    case .result(let result): return try JSONValue(parsing: String(buffer: result))
    case .failure(let error, _): return ["error": ["code": .int(error.code.rawValue), "message": .string(error.message)]]
    }
  }

  private static func server(_ run: @escaping @Sendable (ToolCall) async throws -> ToolResult) -> Server {
    let server = Server(name: "s", version: "1")
    server.add(Tool(name: "t", run: run))
    return server
  }

  @Test("An elicitation says its mode, message and schema or URL, in the words of each revision")
  func elicitations() {
    let form = Elicitation("Name?", ElicitationForm(.string("name")))
    let url = Elicitation("Sign in", url: "https://example.com/sign-in", id: "e-1")
    let schema: JSONValue = ["type": "object", "properties": ["name": ["type": "string"]], "required": ["name"]]
    #expect(form.params(for: .v2026_07_28) == ["mode": "form", "message": "Name?", "requestedSchema": schema])
    #expect(form.params(for: .v2025_11_25) == ["mode": "form", "message": "Name?", "requestedSchema": schema])
    #expect(form.params(for: .v2025_06_18) == ["message": "Name?", "requestedSchema": schema])
    #expect(url.params(for: .v2026_07_28) == ["mode": "url", "message": "Sign in", "url": "https://example.com/sign-in"])
    #expect(url.params(for: .v2025_11_25) == ["mode": "url", "message": "Sign in", "url": "https://example.com/sign-in", "elicitationId": "e-1"])
    #expect(form.method == .elicit && url.method == .elicit)
  }

  @Test("An elicitation that names no mode is a form")
  func noMode() throws {
    let request = try ElicitationRequest(["message": "Name?", "requestedSchema": ["type": "object", "properties": [:]]])
    guard case .form(let form) = request else {
      Issue.record("it is none")
      return
    }
    #expect(form.message == "Name?")
  }

  @Test("Sampling asks for no context unless told to, and then only of clients that declare it")
  func context() async throws {
    let messages: [SamplingMessage] = [.user("Hi"), .assistant("Hello"), .user("Why?")]
    let plain = Sampling(SamplingRequest(messages, maxTokens: 5))
    #expect(plain.params(for: .latest)["includeContext"] == nil)
    for message in plain.params(for: .latest)["messages"]?.array ?? [] {
      #expect(["user", "assistant"].contains(message["role"]?.string ?? "") && message["content"] != nil)
    }
    let asking = Sampling(SamplingRequest(messages, maxTokens: 5, includeContext: "thisServer"))
    for version in [ProtocolVersion.v2026_07_28, .v2025_11_25] {
      let without = ClientDescription(version: version, capabilities: try RawJSON("{\"sampling\":{}}"))
      let with = ClientDescription(version: version, capabilities: try RawJSON("{\"sampling\":{\"context\":{}}}"))
      #expect(asking.missingCapability(of: without) == ["sampling": ["context": [:]]] && asking.missingCapability(of: with) == nil)
      #expect(plain.missingCapability(of: without) == nil)
    }
  }

  private static let use = SamplingContent.toolUse(id: "1", name: "t", input: [:])
  private static let other = SamplingContent.toolUse(id: "2", name: "t", input: [:])
  private static let result = SamplingContent.toolResult(id: "1", [.text("ok")])
  private static let otherResult = SamplingContent.toolResult(id: "2", [.text("ok")])

  @Test(
    "Each use of a tool is answered in the next message, which holds its results and nothing else",
    arguments: [
      ([.user("Hi"), SamplingMessage(.assistant, [use]), SamplingMessage(.user, [result])], true),
      ([.user("Hi"), SamplingMessage(.assistant, [.text("Let me see"), use, other]), SamplingMessage(.user, [otherResult, result]), .assistant("So")], true),
      ([.user("Hi"), SamplingMessage(.assistant, [use]), SamplingMessage(.user, [result, .text("and more")])], false),
      ([.user("Hi"), SamplingMessage(.assistant, [use, other]), SamplingMessage(.user, [result])], false),
      ([.user("Hi"), SamplingMessage(.assistant, [use]), .user("Never mind")], false), ([.user("Hi"), SamplingMessage(.assistant, [use])], false),
      ([.user("Hi"), SamplingMessage(.assistant, [use]), SamplingMessage(.user, [otherResult])], false), ([SamplingMessage(.user, [result])], false),
      ([.user("Hi"), SamplingMessage(.assistant, [use]), SamplingMessage(.assistant, [result])], false),
    ] as [([SamplingMessage], Bool)])
  func toolUses(_ messages: [SamplingMessage], _ isValid: Bool) async throws {
    // A client refuses it with the code for invalid params, and a server does not send it.
    let request = SamplingRequest(messages, maxTokens: 5, tools: [["name": "t", "inputSchema": ["type": "object"]]])
    var refused: Int?
    do { _ = try SamplingRequest(request.params) } catch { refused = error.code.rawValue }
    #expect(refused == (isValid ? nil : -32602))
    let answer = try await Self.ask(Self.server { ToolResult(text: try await $0.sample(request).text) }, capabilities: ["sampling": ["tools": [:]]])
    #expect((answer["resultType"] == "input_required") == isValid && (answer["error"]?["code"] == -32603) == !isValid)
  }

  @Test("What a client does not declare is not asked of it: tools in sampling, URLs, roots")
  func undeclared() async throws {
    let tools: [JSONValue] = [["name": "t", "inputSchema": ["type": "object"]]]
    let sampling = Self.server { ToolResult(text: try await $0.sample(SamplingRequest([.user("?")], maxTokens: 1, tools: tools)).text) }
    let visiting = Self.server { ToolResult(text: "\(try await $0.elicit("?", url: "https://example.com").action)") }
    let rooting = Self.server { ToolResult(text: "\(try await $0.roots().count)") }
    let cases: [(Server, String)] = [(sampling, "{\"sampling\":{}}"), (visiting, "{\"elicitation\":{}}"), (rooting, "{\"sampling\":{}}")]
    for (server, capabilities) in cases {
      let answer = try await Self.ask(server, capabilities: try JSONValue(parsing: capabilities))
      #expect(answer["error"]?["code"] == -32021 && answer["inputRequests"] == nil)
    }
  }

  // MARK: Progress

  @Test("Progress that does not grow is not told", arguments: [Era.modern, .legacy])
  func progress(_ era: Era) async throws {
    let fixture = try ServerFixture()
    fixture.server.add(
      Tool(name: "steps") { call in
        for step in [1, 2, 2, 1, 2.5, .nan, 0, 3] as [Double] { await call.progress(step) }
        return ToolResult(text: "done")
      })
    let heard = Heard()
    _ = try await fixture.ask("tools/call", ["name": "steps", "_meta": [MetaKey.progressToken: "p"]], era) { heard.add($0) }
    #expect(heard.messages.compactMap { $0["params"]?["progress"]?.double } == [1, 2, 2.5, 3])
  }

  @Test("Nothing is told of a request that was answered", arguments: ["progress", "log"])
  func afterTheEnd(_ what: String) async throws {
    let kept = Mutex<ToolCall?>(nil)
    let server = Self.server { call in
      await call.progress(1)
      kept.withLock { $0 = call }
      return ToolResult(text: "done")
    }
    let client = StdioClient(server)
    let meta: JSONValue = [
      MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: [:], MetaKey.progressToken: "p", MetaKey.logLevel: "debug",
    ]
    client.write(["jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ["name": "t", "_meta": meta]])
    #expect(await client.line()?["method"] == "notifications/progress")
    #expect(await client.line()?["id"] == 1)
    let call = try #require(kept.withLock { $0 })
    if what == "progress" { await call.progress(2) } else { await call.log(.error, "late") }
    client.write(["jsonrpc": "2.0", "id": 2, "method": "server/discover", "params": ["_meta": meta]])
    #expect(await client.line()?["id"] == 2)
  }
}
