import Crypto
import JSON
import MCP
import NIOCore
import Synchronization
import Testing

@Suite("Questions to the client")
struct InteractionTests {
  private static let everything: JSONValue = [
    "elicitation": ["form": [:], "url": [:]], "sampling": ["tools": [:], "context": [:]], "roots": [:],
  ]

  /// A server with one tool `t`, and how often its handler ran.
  private final class Fixture: Sendable {
    let server: Server
    let runs = Mutex(0)
    let planned = Mutex(0)
    let keys = Mutex<[String]>([])

    init(_ settings: Server.Settings = Server.Settings(), _ run: @escaping @Sendable (ToolCall, Fixture) async throws -> ToolResult) {
      server = Server(name: "fixture", version: "1", settings: settings)
      server.add(
        Tool(name: "t", inputSchema: ["type": "object"]) { [self] call in
          runs.withLock { $0 += 1 }
          keys.withLock { $0.append(call.idempotencyKey) }
          return try await run(call, self)
        })
    }

    func call(
      _ params: JSONValue = [:], capabilities: JSONValue = InteractionTests.everything, caller: (any Caller)? = nil, version: ProtocolVersion = .latest,
      channel: (any ClientChannel)? = nil
    ) async throws -> JSONValue {
      var params = params
      if params["name"] == nil { params["name"] = "t" }
      return try await ask("tools/call", params, capabilities: capabilities, caller: caller, version: version, channel: channel)
    }

    func ask(
      _ method: String, _ params: JSONValue, capabilities: JSONValue = InteractionTests.everything, caller: (any Caller)? = nil,
      version: ProtocolVersion = .latest, channel: (any ClientChannel)? = nil
    ) async throws -> JSONValue {
      let message: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": params]
      let client = ClientDescription(version: version, capabilities: capabilities.raw)
      let context = RequestContext(client: client, caller: caller, transport: .inProcess, channel: channel)
      switch await server.handle(try Envelope(message.raw), context) {
      case .result(let result): return try JSONValue(parsing: String(buffer: result))
      case .failure(let error, _):
        return ["error": ["code": .int(error.code.rawValue), "message": .string(error.message), "data": error.data ?? .null]]
      }
    }
  }

  private final class Person: Caller {
    let id: String
    init(_ id: String) { self.id = id }
  }

  private static let name = ElicitationForm(.string("name"))
  private static func accept(_ content: JSONValue) -> JSONValue { ["action": "accept", "content": content] }

  private static func greeter(_ settings: Server.Settings = Server.Settings()) -> Fixture {
    Fixture(settings) { call, _ in
      let answer = try await call.elicit("What is your name?", name, key: "user_name")
      return ToolResult(text: answer.isAccepted ? "Hello, \(answer["name"]?.string ?? "")!" : answer.action.rawValue)
    }
  }

  @Test("A question ends the round as input_required and its answer ends the call")
  func rounds() async throws {
    let fixture = Self.greeter()
    let first = try await fixture.call()
    #expect(first["resultType"] == "input_required" && first["inputRequests"]?.object?.count == 1 && first["_meta"] != nil)
    #expect(first["inputRequests"]?["user_name"]?["method"] == "elicitation/create")
    #expect(
      first["inputRequests"]?["user_name"]?["params"] == [
        "mode": "form", "message": "What is your name?",
        "requestedSchema": ["type": "object", "properties": ["name": ["type": "string"]], "required": ["name"]],
      ])
    let second = try await fixture.call([
      "requestState": first["requestState"] ?? .null, "inputResponses": ["user_name": Self.accept(["name": "Alice"]), "other": 3],
    ])
    #expect(second["resultType"] == "complete" && second["content"]?.array?.first?["text"] == "Hello, Alice!")
    #expect(Set(fixture.keys.withLock { $0 }).count == 1 && fixture.runs.withLock { $0 } == 2)
  }

  @Test(
    "An answer that is none asks again",
    arguments: [
      "{}", "{\"wrong\":{\"action\":\"accept\",\"content\":{\"name\":\"x\"}}}", "{\"user_name\":12345}", "{\"user_name\":null}", "{\"user_name\":{}}",
      "{\"user_name\":{\"action\":\"maybe\"}}", "{\"user_name\":{\"action\":\"accept\"}}", "{\"user_name\":{\"action\":\"accept\",\"content\":{\"name\":3}}}",
      "{\"user_name\":{\"action\":\"accept\",\"content\":{}}}", "{\"user_name\":{\"action\":\"accept\",\"content\":null}}",
    ])
  func again(_ responses: String) async throws {
    let fixture = Self.greeter()
    let state = try await fixture.call()["requestState"] ?? .null
    let result = try await fixture.call(["requestState": state, "inputResponses": try JSONValue(parsing: responses)])
    #expect(result["resultType"] == "input_required" && result["inputRequests"]?["user_name"] != nil)
  }

  @Test("Consent to one question is none to another of the same key, and none at all before it was asked")
  func bound() async throws {
    let fixture = Fixture { call, fixture in
      let count = fixture.runs.withLock { $0 } == 1 ? 3 : 300
      return ToolResult(text: try await call.elicit("Delete \(count) files?", ElicitationForm(), key: "confirm").isAccepted ? "deleted \(count)" : "kept")
    }
    let accepted: JSONValue = ["confirm": Self.accept([:])]
    let first = try await fixture.call()
    #expect(first["inputRequests"]?["confirm"]?["params"]?["message"] == "Delete 3 files?")
    let second = try await fixture.call(["requestState": first["requestState"] ?? .null, "inputResponses": accepted])
    #expect(second["inputRequests"]?["confirm"]?["params"]?["message"] == "Delete 300 files?")
    #expect(try await fixture.call(["inputResponses": accepted])["resultType"] == "input_required")
    let third = try await fixture.call(["requestState": second["requestState"] ?? .null, "inputResponses": accepted])
    #expect(third["content"]?.array?.first?["text"] == "deleted 300")
  }

  @Test("An answer that nobody asked for is taken only where the question says so, under its key, and from requests without a state")
  func unasked() async throws {
    let fixture = Fixture { call, _ in
      let open = try await call.ask(Elicitation("Your name?", Self.name, key: "open", acceptsUnasked: true))
      let closed = try await call.ask(Elicitation("Your name?", Self.name, key: "closed"))
      let again = try await call.ask(Elicitation("Your name?", Self.name, key: "open", acceptsUnasked: true))
      return ToolResult(text: [open, closed, again].map { $0["name"]?.string ?? "" }.joined(separator: " "))
    }
    func asked(_ result: JSONValue) -> [String]? { result["inputRequests"]?.object?.map(\.name) }
    let all: JSONValue = ["open": Self.accept(["name": "a"]), "closed": Self.accept(["name": "b"]), "open.2": Self.accept(["name": "c"]), "more": 1]
    #expect(try await asked(fixture.call()) == ["open"])
    #expect(try await asked(fixture.call(["inputResponses": ["open": Self.accept(["name": 3])]])) == ["open"])
    let second = try await fixture.call(["inputResponses": all])
    #expect(asked(second) == ["closed"])
    let third = try await fixture.call(["requestState": second["requestState"] ?? .null, "inputResponses": all])
    #expect(asked(third) == ["open.2"])
    let last = try await fixture.call(["requestState": third["requestState"] ?? .null, "inputResponses": all])
    #expect(last["content"]?.array?.first?["text"] == "a b c")
    let keyless = Fixture { call, _ in
      var question = Elicitation("Your name?", Self.name)
      question.acceptsUnasked = true
      return ToolResult(text: try await call.ask(question)["name"]?.string ?? "")
    }
    let first = try await keyless.call()
    let key = try #require(asked(first)?.first)
    #expect(try await asked(keyless.call(["inputResponses": .object([key: Self.accept(["name": "a"])])])) == [key])
  }

  @Test("A visit that has a key may lead to another address each time")
  func visit() async throws {
    let fixture = Fixture { call, fixture in
      let url = "https://example.com/sign-in?n=\(fixture.runs.withLock { $0 })"
      return ToolResult(text: try await call.ask(Elicitation("Sign in.", url: url, key: "sign-in")).action.rawValue)
    }
    let first = try await fixture.call(capabilities: ["elicitation": ["url": [:]]])
    let answers: JSONValue = ["sign-in": ["action": "decline"]]
    let second = try await fixture.call(
      ["requestState": first["requestState"] ?? .null, "inputResponses": answers], capabilities: ["elicitation": ["url": [:]]])
    #expect(second["content"]?.array?.first?["text"] == "decline")
  }

  @Test("Answers that are no object are an error", arguments: ["null", "[]", "3", "\"x\""])
  func malformed(_ responses: String) async throws {
    let result = try await Self.greeter().call(["inputResponses": try JSONValue(parsing: responses)])
    #expect(result["error"]?["code"] == -32602)
  }

  @Test("The user may say no", arguments: ["decline", "cancel"])
  func declined(_ action: String) async throws {
    let fixture = Self.greeter()
    let state = try await fixture.call()["requestState"] ?? .null
    let result = try await fixture.call(["requestState": state, "inputResponses": ["user_name": ["action": .string(action)]]])
    #expect(result["content"]?.array?.first?["text"] == .string(action))
  }

  @Test("A state that was changed, has expired or belongs to another request or caller is an error")
  func state() async throws {
    let clock = Mutex(1_000_000)
    let key = SymmetricKey(size: .bits256)
    let settings = Server.Settings(stateKey: key, stateLifetime: 60, now: { clock.withLock { $0 } })
    let fixture = Self.greeter(settings)
    let person = Person("ann")
    let state = try await fixture.call(["arguments": ["a": 1, "b": "x"]], caller: person)["requestState"]?.string ?? ""
    let answers: JSONValue = ["user_name": Self.accept(["name": "A"])]
    func code(_ state: JSONValue, _ arguments: JSONValue = ["a": 1, "b": "x"], caller: (any Caller)?, _ other: Fixture? = nil) async throws -> JSONValue? {
      try await (other ?? fixture).call(["arguments": arguments, "requestState": state, "inputResponses": answers], caller: caller)["error"]?["code"]
    }
    let own = JSONValue.string(state)
    #expect(try await code(own, caller: person) == nil)
    #expect(try await code(own, ["b": "\u{78}", "a": 1], caller: person) == nil)
    #expect(try await code(own, caller: person, Self.greeter(settings)) == nil)
    #expect(try await code(own, ["a": 2, "b": "x"], caller: person) == -32602)
    #expect(try await code(own, caller: Person("bob")) == -32602)
    #expect(try await code(own, caller: nil) == -32602)
    #expect(try await code(own, caller: person, Self.greeter()) == -32602)
    #expect(try await code(.string(state + "-TAMPERED"), caller: person) == -32602)
    #expect(try await code(.string((state.first == "A" ? "B" : "A") + state.dropFirst()), caller: person) == -32602)
    #expect(try await code(.string(""), caller: person) == -32602)
    #expect(try await code(7, caller: person) == -32602)
    clock.withLock { $0 += 60_001 }
    #expect(try await code(own, caller: person) == -32602)
  }

  @Test("What the client did not declare is not asked, and what would be asked with it neither")
  func capabilities() async throws {
    let fixture = Fixture { call, _ in
      let (answer, roots) = try await call.ask(Elicitation("Name?", Self.name), ListRoots())
      return ToolResult(text: "\(answer.action.rawValue) \(roots.count)")
    }
    let refused = try await fixture.call(capabilities: ["elicitation": [:]])
    #expect(refused["error"]?["code"] == -32021 && refused["error"]?["data"]?["requiredCapabilities"] == ["roots": [:]])
    #expect(try await fixture.call(capabilities: ["elicitation": [:], "roots": [:]])["inputRequests"]?.object?.count == 2)
    let legacy = try await fixture.call(capabilities: [:], version: .v2025_11_25)
    #expect(legacy["isError"] == true)
  }

  @Test(
    "Each kind of question needs its capability",
    arguments: [
      ("{}", [false, false, false, false, false]), ("{\"elicitation\":{}}", [true, false, false, false, false]),
      ("{\"elicitation\":{\"url\":{}}}", [false, true, false, false, false]), ("{\"elicitation\":{\"url\":{},\"form\":{}}}", [true, true, false, false, false]),
      ("{\"sampling\":{}}", [false, false, true, false, false]), ("{\"sampling\":{\"tools\":{}},\"roots\":{}}", [false, false, true, true, true]),
    ])
  func declared(_ capabilities: String, _ expected: [Bool]) throws {
    let client = ClientDescription(version: .latest, capabilities: try RawJSON(capabilities))
    let tool = Tool(name: "x") { _ in ToolResult(text: "") }
    let questions: [any Question] = [
      Elicitation("?", Self.name), Elicitation("?", url: "https://example.com"), Sampling("?", maxTokens: 1),
      Sampling(SamplingRequest([.user("?")], maxTokens: 1, tools: [tool.definition(.modern)])), ListRoots(),
    ]
    #expect(questions.map { $0.missingCapability(of: client) == nil } == expected)
  }

  @Test("Several questions are asked in one round; those that are answered are not asked again")
  func several() async throws {
    let fixture = Fixture { call, _ in
      let (name, greeting, roots) = try await call.ask(
        Elicitation("Name?", Self.name, key: "user_name"), Sampling("Greet", maxTokens: 50, key: "greeting"), ListRoots(key: "client_roots"))
      return ToolResult(text: "\(name["name"]?.string ?? "") \(greeting.text) \(roots.map(\.uri))")
    }
    let first = try await fixture.call()
    #expect(first["inputRequests"]?.object?.map(\.name) == ["user_name", "greeting", "client_roots"])
    #expect(first["inputRequests"]?["client_roots"] == ["method": "roots/list", "params": [:]])
    let sampled: JSONValue = ["role": "assistant", "content": ["type": "text", "text": "Hi"], "model": "m"]
    let second = try await fixture.call(["requestState": first["requestState"] ?? .null, "inputResponses": ["greeting": sampled]])
    #expect(second["inputRequests"]?.object?.map(\.name) == ["user_name", "client_roots"])
    let third = try await fixture.call([
      "requestState": second["requestState"] ?? .null,
      "inputResponses": ["user_name": Self.accept(["name": "A"]), "client_roots": ["roots": [["uri": "file:///w"]]]],
    ])
    #expect(third["content"]?.array?.first?["text"] == "A Hi [\"file:///w\"]")
  }

  @Test("Work within once is done in one round only, and what follows sees its result")
  func once() async throws {
    let fixture = Fixture { call, fixture in
      let plan = try await call.once("plan") {
        fixture.planned.withLock {
          $0 += 1; return "plan \($0)"
        }
      }
      let one = try await call.elicit("One?", Self.name, key: "step1")
      let two = try await call.elicit("Two?", Self.name, key: "step2")
      return ToolResult(text: "\(plan) \(one["name"]?.string ?? "") \(two["name"]?.string ?? "")")
    }
    let first = try await fixture.call()
    let second = try await fixture.call(["requestState": first["requestState"] ?? .null, "inputResponses": ["step1": Self.accept(["name": "a"])]])
    #expect(second["inputRequests"]?.object?.map(\.name) == ["step2"] && second["requestState"] != first["requestState"])
    let third = try await fixture.call(["requestState": second["requestState"] ?? .null, "inputResponses": ["step2": Self.accept(["name": "b"])]])
    #expect(third["content"]?.array?.first?["text"] == "plan 1 a b")
    #expect(fixture.planned.withLock { $0 } == 1 && fixture.runs.withLock { $0 } == 3)
  }

  @Test("A key that is used again is another question, and derived keys follow what is asked")
  func keys() async throws {
    let fixture = Fixture { call, _ in
      while try await call.elicit("Guess", ElicitationForm(.integer("n")), key: "guess")["n"] != 7 {}
      _ = try await call.sample("Again", maxTokens: 5)
      return ToolResult(text: "won")
    }
    let first = try await fixture.call()
    let second = try await fixture.call(["requestState": first["requestState"] ?? .null, "inputResponses": ["guess": Self.accept(["n": 3])]])
    #expect(second["inputRequests"]?.object?.map(\.name) == ["guess.2"])
    let third = try await fixture.call(["requestState": second["requestState"] ?? .null, "inputResponses": ["guess.2": Self.accept(["n": 7])]])
    let derived = try #require(third["inputRequests"]?.object?.first { _ in true }?.name)
    #expect(derived.hasPrefix("sampling_"))
    let other = try await fixture.call(["requestState": second["requestState"] ?? .null, "inputResponses": ["guess.2": Self.accept(["n": 7])]])
    #expect(other["inputRequests"]?[derived] != nil)
  }

  @Test("Open questions win over whatever the handler makes of being left")
  func swallowed() async throws {
    let caught = Fixture { call, _ in
      do { return ToolResult(text: try await call.sample("x", maxTokens: 1).text) } catch { return ToolResult.error("no model") }
    }
    #expect(try await caught.call()["resultType"] == "input_required")
    let thrown = Fixture { call, _ in
      do { return ToolResult(text: try await call.sample("x", maxTokens: 1).text) } catch { throw RPCError(.internalError, "x") }
    }
    #expect(try await thrown.call()["resultType"] == "input_required")
  }

  @Test("Prompts and resources ask, completion does not")
  func others() async throws {
    let fixture = Self.greeter()
    fixture.server.add(Prompt(name: "p") { get in PromptResult([.user(try await get.elicit("Name?", Self.name, key: "k")["name"]?.string ?? "")]) })
    fixture.server.add(Resource(uri: "test://r", name: "r") { read in .text(try await read.elicit("Name?", Self.name, key: "k")["name"]?.string ?? "") })
    fixture.server.addCompletion(for: .prompt("p", argument: "a")) { asked in [try await asked.sample("x", maxTokens: 1).text] }
    for (method, params) in [("prompts/get", ["name": "p"]), ("resources/read", ["uri": "test://r"])] as [(String, JSONValue)] {
      let first = try await fixture.ask(method, params)
      #expect(first["resultType"] == "input_required" && first["ttlMs"] == nil)
      var retry = params
      retry["requestState"] = first["requestState"]
      retry["inputResponses"] = ["k": Self.accept(["name": "Alice"])]
      let second = try await fixture.ask(method, retry)
      #expect(second["resultType"] == "complete" && second.text.contains("Alice"))
    }
    let completion = try await fixture.ask("completion/complete", ["ref": ["type": "ref/prompt", "name": "p"], "argument": ["name": "a", "value": ""]])
    #expect(completion["error"]?["code"] == -32603)
  }

  // MARK: Legacy

  private final class Channel: ClientChannel {
    let asked = Mutex<[(Method, JSONValue?)]>([])
    let answers: @Sendable (Method) throws(ClientFailure) -> JSONValue
    init(_ answers: @escaping @Sendable (Method) throws(ClientFailure) -> JSONValue) { self.answers = answers }

    func request(_ method: Method, params: ByteBuffer?) async throws(ClientFailure) -> RawJSON {
      let params = params.flatMap { try? JSONValue(parsing: String(buffer: $0)) }
      asked.withLock { $0.append((method, params)) }
      return try answers(method).raw
    }

    func closeStream(retryAfter milliseconds: Int) async {}
  }

  @Test("The same handler asks legacy clients while it runs")
  func live() async throws {
    let channel = Channel { _ in Self.accept(["name": "Alice", "more": 1]) }
    let fixture = Self.greeter()
    let result = try await fixture.call(version: .v2025_06_18, channel: channel)
    #expect(result["content"]?.array?.first?["text"] == "Hello, Alice!" && result["resultType"] == nil)
    let asked = channel.asked.withLock { $0 }
    #expect(asked.count == 1 && asked[0].0 == .elicit && asked[0].1?["mode"] == nil && asked[0].1?["message"] == "What is your name?")
    #expect(fixture.runs.withLock { $0 } == 1)
  }

  @Test("Over stdio the question is a request on the pipe, and its response ends the wait")
  func stdio() async throws {
    let client = StdioClient(Self.greeter().server)
    let info: JSONValue = ["name": "t", "version": "1"]
    client.write([
      "jsonrpc": "2.0", "id": 0, "method": "initialize",
      "params": ["protocolVersion": "2024-11-05", "capabilities": ["elicitation": [:]], "clientInfo": info],
    ])
    #expect(await client.answer(0)?["result"]?["protocolVersion"] == "2024-11-05")
    client.write(["jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ["name": "t"]])
    let request = try #require(await client.line { $0["method"] == "elicitation/create" })
    client.write(["jsonrpc": "2.0", "id": "someone else's", "result": Self.accept(["name": "Eve"])])
    client.write(["jsonrpc": "2.0", "id": request["id"] ?? .null, "result": Self.accept(["name": "Alice"])])
    #expect(await client.answer(1)?["result"]?["content"]?.array?.first?["text"] == "Hello, Alice!")
    client.write(["jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": ["name": "t"]])
    let second = try #require(await client.line { $0["method"] == "elicitation/create" })
    client.write(["jsonrpc": "2.0", "id": second["id"] ?? .null, "error": ["code": -1, "message": "No."]])
    let refused = await client.answer(2)
    #expect(refused?["result"]?["isError"] == true && refused?["result"]?.text.contains("No.") == true)
  }

  @Test("Requests that wait for the client do not keep its answers from coming in")
  func fullPipe() async throws {
    let client = StdioClient(Self.greeter().server, StdioResponder.Configuration(maximumInFlight: 1))
    let info: JSONValue = ["name": "t", "version": "1"]
    let initialize: JSONValue = ["protocolVersion": "2025-11-25", "capabilities": ["elicitation": [:]], "clientInfo": info]
    client.write(["jsonrpc": "2.0", "id": 0, "method": "initialize", "params": initialize])
    _ = await client.answer(0)
    client.write(["jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ["name": "t"]])
    let request = try #require(await client.line { $0["method"] == "elicitation/create" })
    let response: JSONValue = ["jsonrpc": "2.0", "id": request["id"] ?? .null, "result": Self.accept(["name": "A"])]
    client.write(response)
    #expect(await client.answer(1)?["result"] != nil)
  }

  @Test("What goes wrong with a legacy client is a result that a model can read")
  func failures() async throws {
    for failure in [ClientFailure.refused(.elicit, RPCError(.invalidParams, "no")), .timeout(.elicit)] {
      let channel = Channel { _ throws(ClientFailure) in throw failure }
      let result = try await Self.greeter().call(version: .v2025_11_25, channel: channel)
      #expect(result["isError"] == true && result["content"]?.array?.first?["text"] == .string(failure.description))
    }
    let bad = try await Self.greeter().call(version: .v2025_11_25, channel: Channel { _ in ["action": "accept", "content": ["name": 3]] })
    #expect(bad["isError"] == true && bad.text.contains("must be a string"))
    #expect(try await Self.greeter().call(version: .v2025_11_25)["isError"] == true)
    let cancelled = try await Self.greeter().call(version: .v2025_11_25, channel: Channel { _ throws(ClientFailure) in throw .cancelled })
    #expect(cancelled["error"]?["code"] == -32603)
  }

  // MARK: Forms

  @Test("A form is the schema of the specification")
  func form() {
    let options: [ElicitationForm.Option] = [.init("v1", title: "One"), .init("v2", title: "Two")]
    let form = ElicitationForm(
      .string("s", title: "S", description: "d", length: 1...5, format: .email, default: "a@b.c"), .integer("i", required: false, in: 0...9, default: 3),
      .number("n", required: false, default: 95.5), .boolean("b", required: false, default: true), .choice("c", of: ["x", "y"], default: "x"),
      .choice("t", of: options), .legacyChoice("l", of: options), .choices("m", of: ["x", "y"], count: 1...2, default: ["x"]), .choices("o", of: options))
    let properties = form.schema["properties"]
    #expect(
      properties?["s"] == [
        "type": "string", "title": "S", "description": "d", "minLength": 1, "maxLength": 5, "format": "email", "default": "a@b.c",
      ])
    #expect(properties?["i"] == ["type": "integer", "minimum": 0, "maximum": 9, "default": 3])
    #expect(properties?["n"] == ["type": "number", "default": 95.5] && properties?["b"] == ["type": "boolean", "default": true])
    #expect(properties?["c"] == ["type": "string", "enum": ["x", "y"], "default": "x"])
    let titled: JSONValue = [["const": "v1", "title": "One"], ["const": "v2", "title": "Two"]]
    #expect(properties?["t"] == ["type": "string", "oneOf": titled])
    #expect(properties?["l"] == ["type": "string", "enum": ["v1", "v2"], "enumNames": ["One", "Two"]])
    #expect(properties?["m"] == ["type": "array", "minItems": 1, "maxItems": 2, "items": ["type": "string", "enum": ["x", "y"]], "default": ["x"]])
    #expect(properties?["o"] == ["type": "array", "items": ["anyOf": titled]])
    #expect(form.schema["required"] == ["s", "c", "t", "l", "m", "o"])
  }

  @Test(
    "Answers are held against the form",
    arguments: [
      ("{\"s\":\"ab\",\"i\":3}", true), ("{\"s\":\"a\"}", false), ("{\"s\":\"abcd\"}", false), ("{\"s\":\"ab\",\"i\":10}", false),
      ("{\"s\":\"ab\",\"i\":2.5}", false), ("{\"s\":\"ab\",\"i\":2.0}", true), ("{\"s\":\"ab\",\"c\":\"z\"}", false), ("{\"s\":\"ab\",\"c\":\"x\"}", true),
      ("{\"s\":\"ab\",\"t\":\"v1\"}", true), ("{\"s\":\"ab\",\"t\":\"One\"}", false), ("{\"s\":\"ab\",\"m\":[\"x\"]}", true), ("{\"s\":\"ab\",\"m\":[]}", false),
      ("{\"s\":\"ab\",\"m\":[\"x\",\"q\"]}", false), ("{\"s\":\"ab\",\"o\":[\"v1\"]}", true), ("{\"s\":\"ab\",\"o\":\"v1\"}", false),
      ("{\"s\":\"ab\",\"b\":\"true\"}", false), ("[]", false), ("{}", false),
    ])
  func answers(_ content: String, _ fits: Bool) throws {
    let options: [ElicitationForm.Option] = [.init("v1", title: "One")]
    let form = ElicitationForm(
      .string("s", length: 2...3), .integer("i", required: false, in: 0...9), .choice("c", of: ["x"], required: false), .boolean("b", required: false),
      .choice("t", of: options, required: false), .choices("m", of: ["x"], required: false, count: 1...2), .choices("o", of: options, required: false))
    let result = try JSONValue(parsing: "{\"action\":\"accept\",\"content\":\(content)}")
    #expect(((try? Elicitation("?", form).answer(result)) != nil) == fits)
  }

  @Test(
    "Answers are held against the formats that the specification allows",
    arguments: [
      ("email", "ada@example.com", nil), ("email", "ada at example.com", "an e-mail address"), ("email", "", "an e-mail address"),
      ("uri", "https://example.com/a?b#c", nil), ("uri", "example", "an absolute URI"), ("date", "2024-02-29", nil), ("date", "2026-02-29", "a date"),
      ("date-time", "2026-07-28T09:30:00+02:00", nil), ("date-time", "2026-07-28", "a date and time"), ("ipv4", "any", nil), ("colour", "any", nil),
    ] as [(String, String, String?)])
  func formats(_ format: String, _ text: String, _ expectation: String?) throws {
    let form = ElicitationForm(schema: ["type": "object", "properties": ["f": ["type": "string", "format": .string(format)]]])
    var problem: String?
    do throws(AnswerProblem) {
      _ = try Elicitation("?", form).answer(["action": "accept", "content": ["f": .string(text)]])
    } catch { problem = error.description }
    guard let expectation else {
      #expect(problem == nil)
      return
    }
    #expect(problem?.contains("\"f\" must be \(expectation)") == true, "\(problem ?? "")")
  }

  @Test("Requests to clients are answered within their scope, once, and are cancelled with their task")
  func pending() async throws {
    let requests = RequestsToClient(bound: .seconds(60))
    let (sent, continuation) = AsyncStream.makeStream(of: JSONValue.self)
    let asking = Task {
      try await requests.request(.rootsList, params: nil, scope: "one") { message in
        if let message = try? JSONValue(parsing: String(buffer: message)) { continuation.yield(message) }
      }
    }
    var messages = sent.makeAsyncIterator()
    let request = try #require(await messages.next())
    let id = try #require(request["id"])
    #expect((id.string ?? "").utf8.count == 22 && request["method"] == "roots/list")
    let response = try Envelope(JSONValue.object(["jsonrpc": "2.0", "id": id, "result": ["roots": []]]).raw)
    #expect(!requests.resolve(response, scope: "two"))
    #expect(requests.resolve(response, scope: "one"))
    #expect(try await asking.value["roots"]?.kind == .array)
    #expect(requests.resolve(response, scope: "one"))
    let other = Task {
      try await requests.request(.rootsList, params: nil, scope: "one") { message in
        if let message = try? JSONValue(parsing: String(buffer: message)) { continuation.yield(message) }
      }
    }
    let second = try #require(await messages.next())
    other.cancel()
    await #expect(throws: ClientFailure.cancelled) { try await other.value }
    let cancelled = try #require(await messages.next())
    #expect(cancelled["method"] == "notifications/cancelled" && cancelled["params"]?["requestId"] == second["id"])
  }

  @Test("A client that does not answer in time is given up")
  func timeout() async {
    let requests = RequestsToClient(bound: .milliseconds(1))
    await #expect(throws: ClientFailure.timeout(.rootsList)) { try await requests.request(.rootsList, params: nil, scope: "") { _ in } }
  }
}
