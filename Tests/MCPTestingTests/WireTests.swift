import JSON
import MCP
import MCPTesting
import MCPTools
import Synchronization
import Testing

@Suite("One test over every wire", .timeLimit(.minutes(5)))
struct WireTests {
  @Test("every wire speaks its revision and answers a call", arguments: Wire.all)
  func calls(over wire: Wire) async throws {
    try await withClient(of: Calculator.server(), over: wire) { client, recording async throws in
      #expect(client.server?.version == wire.version)
      #expect(client.server?.instructions == "It calculates.")
      #expect(try await client.callTool("add", ["a": 1, "b": 2]).text == "3")
      #expect(recording.wire == wire)
      #expect(recording.methods(.sent).first == (wire.version.era == .modern ? "server/discover" : "initialize"))
      #expect(recording.messages(.sent, .toolsCall).first?["params"]?["arguments"] == ["a": 1, "b": 2])
      #expect(recording.messages.last?.text["result"]?["content"] != nil)
    }
  }

  @Test("questions of a server get the answers of the test, in order", arguments: Wire.all)
  func questions(over wire: Wire) async throws {
    let answers = ScriptedAnswers(forms: [.accept(["n": 21]), .decline])
    try await withClient(of: Calculator.server(), over: wire, answers: answers) { client, recording async throws in
      #expect(try await client.callTool("ask_and_double").text == "42")
      #expect(try await client.callTool("ask_and_double").text == "no number")
      #expect(recording.asked.count == 2)
      guard case .form(let form) = recording.asked.first else {
        Issue.record("no form was asked")
        return
      }
      #expect(form.message == "Which number?")
      // Legacy servers ask in a request of their own, which is on the record with its answer.
      if wire.version.era == .legacy {
        #expect(recording.messages(.received, .elicit).count == 2)
        #expect(recording.messages.contains { $0.direction == .sent && $0.text["result"]?["action"]?.equals("decline") == true })
      }
      // A question too many fails the call, however the server takes it.
      await #expect(throws: (any Error).self) { try await client.callTool("ask_and_double").decode(String.self) }
    }
  }

  /// What a user is asked for.
  private struct Factors: ToolObject {
    var a: Int
    var b: Int

    init(json: RawJSON) throws(ValueError) {
      let reader = try ObjectReader(json)
      a = try reader.read("a")
      b = try reader.read("b", default: 2)
    }
    static func schema(_ builder: inout SchemaBuilder) -> JSONValue {
      builder.object(Self.self) { members in
        members.add("a", Int.self, "The first.", constraints: .range(0...99))
        members.add("b", Int.self, default: 2)
      }
    }
    var jsonValue: JSONValue { ["a": .int(a), "b": .int(b)] }
  }

  @Test("a question with a type gets a value of it over every wire", arguments: Wire.all)
  func typedQuestions(over wire: Wire) async throws {
    let server = Calculator.server()
    server.add(
      Tool(name: "multiply") { call in
        guard let factors = try await call.elicit("Which factors?", as: Factors.self) else { return ToolResult(text: "no factors") }
        return ToolResult(text: "\(factors.a * factors.b)")
      })
    let answers = ScriptedAnswers(forms: [.accept(["a": 21]), .decline])
    try await withClient(of: server, over: wire, answers: answers) { client, recording async throws in
      #expect(try await client.callTool("multiply").text == "42")
      #expect(try await client.callTool("multiply").text == "no factors")
      guard case .form(let form) = recording.asked.first else {
        Issue.record("no form was asked")
        return
      }
      let fields: JSONValue = [
        "a": ["type": "integer", "description": "The first.", "minimum": 0, "maximum": 99], "b": ["type": "integer", "default": 2],
      ]
      #expect(form.requestedSchema == ["type": "object", "properties": fields, "required": ["a"]])
    }
  }

  @Test("a client without answers is one that cannot be asked", arguments: Wire.all)
  func unasked(over wire: Wire) async throws {
    try await withClient(of: Calculator.server(), over: wire) { client async throws in
      let outcome = await Result { try await client.callTool("ask_and_double") }
      switch outcome {
      case .success(let result): #expect(result.isError)
      case .failure(let error): #expect(error is ClientError)
      }
    }
  }

  @Test("a page that a tool needs visited is put to the user over every wire, and then the call goes on", arguments: Wire.all)
  func visits(over wire: Wire) async throws {
    let server = Calculator.server()
    let calls = Mutex(0)
    server.add(
      Tool(name: "signed_in") { _ in
        let call = calls.withLock { calls in
          calls += 1
          return calls
        }
        guard call > 1 else { throw RPCError.urlElicitationRequired([URLElicitation(message: "Sign in", url: "https://example.com/sign-in")]) }
        return ToolResult(text: "signed in")
      })
    let answers = ScriptedAnswers(urls: [ElicitationResult(.accept)])
    try await withClient(of: server, over: wire, answers: answers) { client, recording async throws in
      #expect(try await client.callTool("signed_in").text == "signed in")
      #expect(recording.asked.count == 1)
      #expect(recording.messages(.sent, .toolsCall).count == 2)
    }
  }

  @Test("a legacy server is told of new roots over every wire", arguments: Wire.all.filter({ $0.version.era == .legacy }))
  func roots(over wire: Wire) async throws {
    let (changes, change) = AsyncStream.makeStream(of: String.self)
    let server = Calculator.server()
    server.onRootsChanged { context in change.yield(context.client.info?["name"]?.string ?? "nobody") }
    try await withClient(of: server, over: wire, answers: ScriptedAnswers(roots: [])) { client async throws in
      try await client.rootsChanged()
      for await name in changes {
        #expect(name == "mcp-testing")
        break
      }
    }
  }

  @Test("progress comes over every wire", arguments: Wire.all)
  func progress(over wire: Wire) async throws {
    try await withClient(of: Calculator.server(), over: wire) { client, recording async throws in
      _ = try await client.callTool("count", ["n": 3], options: RequestOptions(onProgress: { _ in }))
      #expect(recording.messages(.received, .progress).count == 3)
    }
  }

  @Test("list changes reach a subscription over every wire", arguments: Wire.all)
  func subscription(over wire: Wire) async throws {
    let server = Calculator.server()
    try await withClient(of: server, over: wire) { client async throws in
      let changes = try await client.subscribe(to: .lists)
      server.add(Tool(name: "late") { _ in ToolResult(text: "late") })
      for await change in changes {
        #expect(change == .toolsListChanged)
        break
      }
      changes.cancel()
      #expect(try await client.listTools(options: RequestOptions(usesCache: false)).map(\.name).contains("late"))
    }
  }

  @Test("a server that starts empty offers what its settings declare, and tells when there is something, over every wire", arguments: Wire.all)
  func empty(over wire: Wire) async throws {
    let declared: JSONObject = ["tools": ["listChanged": true], "prompts": ["listChanged": true], "resources": ["listChanged": true]]
    let server = Server(name: "empty", version: "1", settings: Server.Settings(capabilities: declared))
    try await withClient(of: server, over: wire) { client async throws in
      #expect(try await client.listTools().isEmpty)
      #expect(try await client.listPrompts().isEmpty)
      #expect(try await client.listResources().isEmpty)
      #expect(try await client.listResourceTemplates().isEmpty)
      let changes = try await client.subscribe(to: .lists)
      var iterator = changes.makeAsyncIterator()
      server.add(Tool(name: "late") { _ in ToolResult(text: "late") })
      #expect(await iterator.next() == .toolsListChanged)
      server.add(Prompt(name: "late") { _ in PromptResult([.user("late")]) })
      #expect(await iterator.next() == .promptsListChanged)
      server.add(Resource(uri: "test://late", name: "late") { _ in .text("late") })
      #expect(await iterator.next() == .resourcesListChanged)
      changes.cancel()
      let fresh = RequestOptions(usesCache: false)
      #expect(try await client.listTools(options: fresh).map(\.name) == ["late"])
      #expect(try await client.listPrompts(options: fresh).map(\.name) == ["late"])
      #expect(try await client.listResources(options: fresh).map(\.name) == ["late"])
    }
  }

  @Test("a server offers no list that it neither declares nor has", arguments: Wire.all)
  func undeclared(over wire: Wire) async throws {
    let settings = Server.Settings(capabilities: ["prompts": [:]])
    try await withClient(of: Server(name: "empty", version: "1", settings: settings), over: wire) { client async throws in
      for method in [MCP.Method.toolsList, .resourcesList, .resourceTemplatesList] {
        do throws(ClientError) {
          _ = try await client.request(method)
          Issue.record("\(method) was answered")
        } catch {
          guard case .server(let error) = error else { throw error }
          #expect(error.code == .methodNotFound)
        }
      }
      #expect(try await client.listPrompts().isEmpty)
    }
  }

  @Test("a call that becomes a task is told of and asks over every wire", arguments: Wire.all)
  func tasks(over wire: Wire) async throws {
    let server = Calculator.server()
    server.add(
      Tool(name: "double_later", task: TaskSupport(isRequired: false, pollInterval: 3_600_000)) { call in
        let answer = try await call.elicit("Which number?", ElicitationForm(.integer("n")))
        return ToolResult(text: "\(2 * (answer["n"]?.int ?? 0))")
      })
    try await withClient(of: server, over: wire, answers: ScriptedAnswers(forms: [.accept(["n": 21])])) { client, recording async throws in
      // Nobody would look again for an hour: only what the server tells brings the end.
      #expect(try await client.callTool("double_later").text == "42")
      #expect(recording.asked.count == 1)
      #expect(recording.methods(.sent).contains("subscriptions/listen") == (wire.version.era == .modern))
    }
  }

  @Test("the end of a task is told with its result or without, however large that is", arguments: Wire.all.filter({ $0.version.era == .modern }))
  func largeTask(over wire: Wire) async throws {
    let text = String(repeating: "x", count: 200_000)
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let server = Calculator.server()
    server.add(
      Tool(name: "write", task: TaskSupport(isRequired: true, pollInterval: 3_600_000)) { _ in
        for await _ in gate {}
        return ToolResult(text: text)
      })
    struct NoTask: Error {}
    try await withClient(of: server, over: wire) { client async throws in
      guard case .task(let task) = try await client.startTool("write") else { throw NoTask() }
      let subscription = try await client.subscribe(to: .tasks(task.id))
      var statuses: [TaskStatus] = []
      for await case .taskUpdated(let record) in subscription {
        statuses.append(record.status)
        if record.status.isFinal { break }
        open.finish()
      }
      #expect(statuses == [.working, .completed])
      #expect(try await task.result().text == text)
    }
  }

  @Test("hundreds of subscriptions leave room for calls, and one too many is refused")
  func manySubscriptions() async throws {
    try await withClient(of: Calculator.server(), over: .stdio) { client async throws in
      var subscriptions: [Subscription] = []
      for _ in 0..<256 { subscriptions.append(try await client.subscribe(to: .lists)) }
      #expect(try await client.callTool("add", ["a": 1, "b": 2]).text == "3")
      await #expect(throws: ClientError.self) { try await client.subscribe(to: .lists) }
      #expect(try await client.callTool("add", ["a": 1, "b": 3]).text == "4")
      for subscription in subscriptions { subscription.cancel() }
    }
  }

  @Test("forEachWire gives each wire a server of its own, and its failure names the wire")
  func each() async throws {
    let seen = Names()
    try await forEachWire(Calculator.server()) { client, recording async throws in
      seen.add("\(recording.wire)")
      _ = try await client.callTool("add", ["a": 1])
    }
    #expect(seen.all == Wire.all.map(\.description))
    struct Wrong: Error {}
    let failure = await #expect(throws: WireFailure.self) {
      try await forEachWire(Calculator.server(), on: [.stdio]) { client async throws in
        _ = try await client.callTool("add", ["a": 7])
        throw Wrong()
      }
    }
    #expect(failure?.wire == .stdio)
    #expect(failure?.description.contains("\"a\":7") == true)
  }

  @Test("a body that hangs is ended at its limit, with what was said last", arguments: Wire.all)
  func hangs(over wire: Wire) async throws {
    let server = Server(name: "slow", version: "1")
    server.add(
      Tool(name: "sleep") { _ in
        try await Task.sleep(for: .seconds(3600))
        return ToolResult(text: "")
      })
    let failure = await #expect(throws: WireFailure.self) {
      try await withClient(of: server, over: wire, within: .seconds(15)) { client in _ = try await client.callTool("sleep") }
    }
    #expect(failure?.description.contains("sleep") == true, "\(failure as Any)")
  }

  @Test("a client inside of a client's test needs no second place among the tests", arguments: [Wire.stdio, .http])
  func nested(over wire: Wire) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<12 {
        group.addTask {
          try await withClient(of: Calculator.server(), over: wire) { client async throws in
            try await withClient(of: Calculator.server(), over: wire) { inner async throws in
              #expect(try await inner.callTool("add", ["a": 1]).text == (try await client.callTool("add", ["a": 1])).text)
            }
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("hundreds of clients over stdio at once are all served")
  func many() async throws {
    try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<200 {
        group.addTask {
          try await withClient(of: Calculator.server(), over: Wire(.stdio, number % 2 == 0 ? .latest : .latestLegacy)) { client async throws in
            try await client.callTool("add", ["a": .int(number), "b": 0]).text
          }
        }
      }
      var answers: Set<String> = []
      for try await answer in group { answers.insert(answer) }
      #expect(answers.count == 200)
    }
  }
}

/// Names in the order in which they came.
final class Names: Sendable {
  private let names = Mutex<[String]>([])
  var all: [String] { names.withLock { $0 } }
  func add(_ name: String) { names.withLock { $0.append(name) } }
}

extension Result where Failure == any Error {
  init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
