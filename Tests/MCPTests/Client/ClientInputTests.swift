import JSON
import MCP
import NIOCore
import Synchronization
import Testing

@Suite("What servers ask of clients")
struct ClientInputTests {
  private let handlers = ClientHandlers(
    form: { form in form.accept(["name": "Ada"]) }, url: { _ in .decline },
    sampling: { request in SamplingResult(text: "echo: \(request.messages.last?.text ?? "")", model: "test") },
    roots: { [Root(uri: "file:///work", name: "work")] })

  private static let questions: JSONValue = [
    "who": [
      "method": "elicitation/create",
      "params": [
        "message": "Who?",
        "requestedSchema": ["type": "object", "properties": ["name": ["type": "string"], "age": ["type": "integer", "default": 30]]],
      ],
    ],
    "where": ["method": "elicitation/create", "params": ["mode": "url", "message": "Go", "url": "https://example.com"]],
    "what": [
      "method": "sampling/createMessage",
      "params": ["messages": [["role": "user", "content": ["type": "text", "text": "hi"]]], "maxTokens": 10],
    ],
    "roots": ["method": "roots/list"],
  ]

  private static let answers: JSONValue = [
    "who": ["action": "accept", "content": ["age": 30, "name": "Ada"]], "where": ["action": "decline"],
    "what": ["role": "assistant", "content": ["type": "text", "text": "echo: hi"], "model": "test", "stopReason": "endTurn"],
    "roots": ["roots": [["uri": "file:///work", "name": "work"]]],
  ]

  @Test("An input_required result is answered and the call sent again: new id, the same state, only the last round's answers")
  func rounds() async throws {
    let server = ScriptedServer.modern { message, request in
      let params = message["params"]
      switch params?["requestState"]?.string {
      case nil:
        #expect(params?["inputResponses"] == nil)
        return ["resultType": "input_required", "inputRequests": Self.questions, "requestState": "s\u{e9}1\"/\u{0}"]
      case "s\u{e9}1\"/\u{0}":
        #expect(params?["inputResponses"] == Self.answers)
        return ["resultType": "input_required", "requestState": "two"]
      default:
        #expect(params?["inputResponses"] == nil)
        #expect(params?["requestState"] == "two")
        #expect(params?["arguments"] == ["x": 1])
        return ["content": [["type": "text", "text": "done"]]]
      }
    }
    let client = Client(server.transport, handlers: handlers)
    #expect(try await client.callTool("t", ["x": 1]).text == "done")
    let ids = server.messages.compactMap { $0["id"]?.int }
    #expect(Set(ids).count == 4)
  }

  @Test("The state comes back in the very bytes, escapes and all")
  func stateBytes() async throws {
    let wire = BytesWire()
    _ = try await Client(ClientTransport { _ in wire }, handlers: handlers).callTool("t")
    let last = try #require(wire.texts.last)
    #expect(last.contains(#""requestState":"\u0041\/b""#))
  }

  @Test("Rounds are bounded")
  func bounded() async {
    let server = ScriptedServer.modern { _, _ in ["resultType": "input_required", "inputRequests": Self.questions] }
    let client = Client(server.transport, handlers: handlers, settings: .init(maximumRounds: 3))
    await #expect(throws: ClientError.self) { try await client.callTool("t") }
    #expect(server.methods.filter { $0 == "tools/call" }.count == 4)
  }

  @Test("A question without a handler ends the call and is named", arguments: ["elicitation/create", "sampling/createMessage", "roots/list", "tools/list"])
  func noHandler(method: String) async {
    let server = ScriptedServer.modern { _, _ in
      ["resultType": "input_required", "inputRequests": ["q": ["method": .string(method), "params": ["message": "m", "requestedSchema": [:]]]]]
    }
    do throws(ClientError) {
      _ = try await Client(server.transport).callTool("t")
      Issue.record("answered")
    } catch {
      guard case .input(let reason) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(reason.contains(method))
    }
  }

  @Test("An unknown kind of result is an error, and one without a kind is complete")
  func resultTypes() async throws {
    let server = ScriptedServer.modern { message, _ in message["params"]?["name"] == "odd" ? ["resultType": "odd"] : ["content": []] }
    let client = Client(server.transport)
    _ = try await client.callTool("plain")
    await #expect(throws: ClientError.self) { try await client.callTool("odd") }
  }

  @Test("The capabilities follow from the handlers, in the form of each era")
  func capabilities() async throws {
    let modern = ScriptedServer.modern { _, _ in ["tools": []] }
    try await Client(modern.transport, handlers: handlers).connect()
    let key = "io.modelcontextprotocol/clientCapabilities"
    #expect(
      modern.messages[0]["params"]?["_meta"]?[key] == [
        "elicitation": ["form": [:], "url": [:]], "sampling": [:], "roots": [:], "extensions": ["io.modelcontextprotocol/tasks": [:]],
      ])
    let legacy = ScriptedServer.legacy { _, _ in [:] }
    try await Client(legacy.transport, handlers: ClientHandlers(roots: { [] }), settings: .init(versions: [.v2025_11_25])).connect()
    #expect(legacy.messages[0]["params"]?["capabilities"] == ["roots": ["listChanged": true]])
    let bare = ScriptedServer.legacy { _, _ in [:] }
    try await Client(bare.transport, settings: .init(versions: [.v2025_11_25])).connect()
    #expect(bare.messages[0]["params"]?["capabilities"] == [:])
  }

  @Test("A legacy server's own requests are answered, or refused with an error that says why")
  func legacyRequests() async throws {
    let server = ScriptedServer.legacy { _, _ in [:] }
    let client = Client(server.transport, handlers: handlers)
    try await client.connect()
    let question = try #require(Self.questions["who"]?["params"])
    #expect(await server.ask("elicitation/create", question)["result"] == Self.answers["who"])
    #expect(await server.ask("roots/list", id: 7)["id"] == 7)
    #expect(await server.ask("ping")["result"] == [:])
    #expect(await server.ask("sampling/createMessage", [:])["error"]?["code"] == -32602)
    #expect(await server.ask("nothing/known")["error"]?["code"] == -32601)
    await client.close()
  }

  @Test("A task is polled to its end, its questions answered once")
  func tasks() async throws {
    let polls = Mutex(0)
    let server = ScriptedServer.modern { message, request in
      let task: JSONValue = ["taskId": "t1", "status": "working", "createdAt": "x", "lastUpdatedAt": "x", "ttlMs": nil, "pollIntervalMs": 10]
      var state = task
      switch request.method {
      case .toolsCall:
        state["resultType"] = "task"
        return state
      case .tasksGet:
        #expect(request.name == "t1")
        let poll = polls.withLock { polls in
          polls += 1
          return polls
        }
        switch poll {
        case 1: break
        case 2, 3:
          state["status"] = "input_required"
          state["inputRequests"] = ["who": Self.questions["who"] ?? .null]
        default:
          state["status"] = "completed"
          state["result"] = ["content": [["type": "text", "text": "done"]]]
        }
        return state
      case .tasksUpdate:
        #expect(message["params"]?["inputResponses"]?["who"]?["action"] == "accept")
        return [:]
      default: return [:]
      }
    }
    let client = Client(server.transport, handlers: handlers)
    #expect(try await client.callTool("long").text == "done")
    #expect(server.methods.filter { $0 == "tasks/update" }.count == 1)
  }

  @Test("Cancelling a call that became a task cancels the task; a failed task throws its error")
  func taskEnds() async throws {
    let (cancelled, signal) = AsyncStream.makeStream(of: Void.self)
    let (polled, poll) = AsyncStream.makeStream(of: Void.self)
    let server = ScriptedServer.modern { message, request in
      let id = message["params"]?["taskId"] ?? message["params"]?["name"] ?? .null
      switch request.method {
      case .toolsCall: return ["resultType": "task", "taskId": id, "status": "working", "ttlMs": nil, "pollIntervalMs": 10]
      case .tasksGet:
        if id == "fails" { return ["taskId": id, "status": "failed", "error": ["code": -32603, "message": "broke"]] }
        poll.finish()
        return ["taskId": id, "status": "working", "pollIntervalMs": 10]
      case .tasksCancel:
        signal.finish()
        return [:]
      default: return [:]
      }
    }
    let client = Client(server.transport)
    await #expect(throws: ClientError.self) { try await client.callTool("fails") }
    let call = Task { try await client.callTool("endless") }
    for await _ in polled {}
    call.cancel()
    await #expect(throws: ClientError.self) { try await call.value }
    for await _ in cancelled {}
  }
}

/// A wire that keeps the bytes that were sent.
private final class BytesWire: ClientWire {
  private let sent: Mutex<[String]> = Mutex([])
  var texts: [String] { sent.withLock { $0 } }

  func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope {
    sent.withLock { $0.append(String(buffer: request.message)) }
    let result =
      switch request.method {
      case .discover: #"{"supportedVersions":["2026-07-28"],"capabilities":{}}"#
      default:
        String(buffer: request.message).contains("requestState")
          ? #"{"content":[]}"# : #"{"resultType":"input_required","requestState":"\u0041\/b"}"#
      }
    guard let envelope = try? Envelope(scanning: .init(string: #"{"jsonrpc":"2.0","id":\#(request.id),"result":\#(result)}"#)) else {
      throw WireError(.invalidAnswer, "no message", mayHaveHadEffect: false)
    }
    return envelope
  }

  func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) {}
  func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError) {}
}
