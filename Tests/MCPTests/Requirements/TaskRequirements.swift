import JSON
import MCP
import NIOCore
import Synchronization
import Testing

/// What the page of the tasks extension asks of servers and clients, beside what the everything server shows.
@Suite("Requirements of tasks", .timeLimit(.minutes(1)))
struct TaskRequirements {
  private static let form = ElicitationForm(.string("name"))
  private static let required = TaskSupport(isRequired: true, pollInterval: 10)

  private final class Person: Caller {
    let id: String
    init(_ id: String) { self.id = id }
  }

  /// The result or error object of a request of a client that knows tasks.
  private func ask(_ server: Server, _ method: String, _ params: JSONValue, by caller: (any Caller)? = nil) async throws -> JSONValue {
    let request: JSONValue = ["jsonrpc": "2.0", "id": 7, "method": .string(method), "params": params]
    let capabilities: JSONValue = ["elicitation": ["form": [:]], "extensions": ["io.modelcontextprotocol/tasks": [:]]]
    let client = ClientDescription(version: .v2026_07_28, capabilities: capabilities.raw)
    switch await server.handle(try Envelope(request.raw), RequestContext(client: client, caller: caller, transport: .inProcess)) {
    case .result(let result): return try JSONValue(parsing: String(buffer: result))
    case .failure(let error, _): return ["error": ["code": .int(error.code.rawValue), "message": .string(error.message)]]
    }
  }

  private func look(_ server: Server, _ id: JSONValue, until isDone: (JSONValue) -> Bool) async throws -> JSONValue {
    for _ in 0..<3000 {
      let state = try await ask(server, "tasks/get", ["taskId": id])
      if isDone(state) { return state }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("the task never came so far")
    return .null
  }

  private func server(_ store: (any TaskStore)? = nil, run: @escaping @Sendable (ToolCall) async throws -> ToolResult) -> Server {
    Server(name: "s", version: "1", settings: Server.Settings(taskStore: store), Tool(name: "t", task: Self.required, run: run))
  }

  /// A store that takes its time to keep a task, or has none.
  private final class Store: TaskStore {
    struct Broken: Error {}
    private let inner = InMemoryTaskStore()
    private let kept = Atomic<Bool>(false)
    private let isBroken: Bool
    init(isBroken: Bool = false) { self.isBroken = isBroken }
    var hasKept: Bool { kept.load(ordering: .acquiring) }

    func insert(_ record: TaskRecord) async throws {
      try await Task.sleep(for: .milliseconds(50))
      try await inner.insert(record)
      kept.store(true, ordering: .releasing)
    }
    func record(_ id: String) async throws -> TaskRecord? {
      if isBroken { throw Broken() }
      return try await inner.record(id)
    }
    func update(_ id: String, _ change: @Sendable (inout TaskRecord) -> Void) async throws -> TaskRecord? { try await inner.update(id, change) }
  }

  @Test("The handle of a task is given once the store has the task")
  func durable() async throws {
    let store = Store()
    let server = server(store) { _ in ToolResult(text: "done") }
    let handle = try await ask(server, "tools/call", ["name": "t"])
    #expect(store.hasKept && handle["resultType"] == "task")
    #expect(try await ask(server, "tasks/get", ["taskId": handle["taskId"] ?? .null])["error"] == nil)
  }

  @Test("A store that fails is an internal error, whose reason is for the log")
  func broken() async throws {
    let server = server(Store(isBroken: true)) { _ in ToolResult(text: "done") }
    let answer = try await ask(server, "tasks/get", ["taskId": "x"])
    #expect(answer["error"]?["code"] == -32603 && answer["error"]?["message"] == "Internal error")
  }

  @Test("A task that is not known is refused in words", arguments: ["tasks/get", "tasks/update", "tasks/cancel"])
  func unknown(_ method: String) async throws {
    let server = server { _ in ToolResult(text: "done") }
    let answer = try await ask(server, method, ["taskId": "x", "inputResponses": [:]])
    #expect(answer["error"]?["code"] == -32602 && answer["error"]?["message"]?.string?.contains("Task not found") == true)
  }

  @Test("Ids of tasks are long, and no two are alike")
  func ids() async throws {
    let server = server { _ in ToolResult(text: "done") }
    var ids: Set<String> = []
    for _ in 0..<100 {
      let id = try #require(try await ask(server, "tools/call", ["name": "t"])["taskId"]?.string)
      // 192 random bits in Base64.
      #expect(id.utf8.count == 32)
      ids.insert(id)
    }
    #expect(ids.count == 100 && Set(ids.map { $0.prefix(6) }).count == 100)
  }

  @Test("A task is its caller's: for anybody else there is none")
  func owner() async throws {
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let server = server { _ in
      for await _ in gate {}
      return ToolResult(text: "done")
    }
    let (ada, bob) = (Person("https://login.example.com sub:ada"), Person("https://login.example.com sub:bob"))
    let params: JSONValue = ["taskId": try await ask(server, "tools/call", ["name": "t"], by: ada)["taskId"] ?? .null, "inputResponses": [:]]
    for stranger in [bob, nil] {
      for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let refusal = try await ask(server, method, params, by: stranger)
        #expect(refusal == (try await ask(server, method, ["taskId": "x", "inputResponses": [:]], by: stranger)) && refusal["error"]?["code"] == -32602)
      }
    }
    #expect(try await ask(server, "tasks/get", params, by: ada)["status"] == "working")
    open.finish()
  }

  @Test("No two questions of a task have the same key, and an answer that comes again answers nothing else")
  func keys() async throws {
    let server = server { call in
      let first = try await call.elicit("First?", Self.form, key: "name")
      let second = try await call.elicit("Second?", Self.form, key: "name")
      return ToolResult(text: [first, second].map { $0["name"]?.string ?? "-" }.joined(separator: " "))
    }
    let id = try await ask(server, "tools/call", ["name": "t"])["taskId"] ?? .null
    func key(of state: JSONValue) -> String? { state["inputRequests"]?.object?.map(\.name).first }
    func answer(_ key: String, _ name: String) async throws {
      let responses: JSONValue = .object([key: ["action": "accept", "content": ["name": .string(name)]]])
      #expect(try await ask(server, "tasks/update", ["taskId": id, "inputResponses": responses])["resultType"] == "complete")
    }
    let first = try #require(key(of: try await look(server, id) { $0["status"] == "input_required" }))
    try await answer(first, "a")
    let second = try #require(key(of: try await look(server, id) { $0["status"] == "input_required" && key(of: $0) != first }))
    try await answer(first, "again")
    #expect(key(of: try await ask(server, "tasks/get", ["taskId": id])) == second)
    try await answer(second, "b")
    let end = try await look(server, id) { $0["status"] == "completed" }
    #expect(end["result"]?["content"]?.array?.first?["text"] == "a b")
  }

  @Test("The stream that tells of a task has neither its progress nor its log messages")
  func stream() async throws {
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let server = server { call in
      for await _ in gate {}
      await call.progress(1, total: 2)
      await call.log(.error, "loud")
      return ToolResult(text: "done")
    }
    let told = Mutex<[JSONValue]>([])
    let transport = ClientTransport.inProcess(server).observed { message in
      guard message.direction == .received, message.text["params"]?["_meta"]?[MetaKey.subscriptionID] != nil else { return }
      told.withLock { $0.append(message.text["method"].map { JSONValue($0) } ?? .null) }
    }
    let client = Client(transport)
    guard case .task(let task) = try await client.startTool("t", options: RequestOptions(logLevel: .debug, onProgress: { _ in })) else {
      Issue.record("no task")
      return
    }
    let subscription = try await client.subscribe(to: .tasks(task.id))
    open.finish()
    for await case .taskUpdated(let record) in subscription where record.status.isFinal { break }
    #expect(Set(told.withLock { $0 }) == ["notifications/subscriptions/acknowledged", "notifications/tasks"])
    await client.close()
  }

  // MARK: Clients

  private static let working: JSONValue = [
    "taskId": "t1", "status": "working", "createdAt": "2026-07-28T00:00:00Z", "lastUpdatedAt": "2026-07-28T00:00:00Z", "ttlMs": nil, "pollIntervalMs": 100,
  ]

  @Test("A task in place of anything but the result of a tool is no answer")
  func elsewhere() async throws {
    let server = ScriptedServer.modern(capabilities: ["prompts": [:], "resources": [:]]) { _, _ in
      var task = Self.working
      task["resultType"] = "task"
      return task
    }
    let client = Client(server.transport)
    await #expect(throws: ClientError.self) { try await client.getPrompt("p", [:]) }
    await #expect(throws: ClientError.self) { try await client.readResource("test://a") }
    #expect(!server.methods.contains("tasks/get"))
  }

  @Test("A task is looked at no more often than the server wants")
  func interval() async throws {
    let looks = Mutex<[ContinuousClock.Instant]>([])
    let server = ScriptedServer.modern { _, request in
      var task = Self.working
      guard request.method == .tasksGet else {
        task["resultType"] = "task"
        return task
      }
      let count = looks.withLock { looks in
        looks.append(.now)
        return looks.count
      }
      if count == 4 {
        task["status"] = "completed"
        task["result"] = ["content": [["type": "text", "text": "done"]]]
      }
      return task
    }
    #expect(try await Client(server.transport).callTool("long").text == "done")
    let times = looks.withLock { $0 }
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 > .milliseconds(95) })
  }
}
