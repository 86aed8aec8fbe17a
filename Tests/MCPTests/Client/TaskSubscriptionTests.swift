import JSON
import MCP
import NIOCore
import Synchronization
import Testing

@Suite("Tasks that a server tells of", .timeLimit(.minutes(1)))
struct TaskSubscriptionTests {
  /// Hours between two looks: what comes sooner was told.
  private static let seldom = TaskSupport(isRequired: true, pollInterval: 3_600_000)

  /// A server whose task ends when `gate` does.
  private func server(_ gate: AsyncStream<Void>) -> Server {
    Server(
      name: "reports", version: "1",
      Tool(name: "build", task: Self.seldom) { call in
        await call.reportTask("begun")
        for await _ in gate {}
        return ToolResult(structured: ["pages": 12])
      })
  }

  private func task(_ client: Client, _ tool: String = "build") async throws -> ServerTask {
    guard case .task(let task) = try await client.startTool(tool) else { throw ClientError.server(RPCError(.internalError, "no task")) }
    return task
  }

  @Test("A subscription brings the state that a task has, and each later one whole")
  func subscription() async throws {
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let client = Client(.inProcess(server(gate)))
    let task = try await task(client)
    let subscription = try await client.subscribe(to: .tasks(task.id))
    #expect(subscription.refused.isEmpty)
    var last: TaskRecord?
    for await change in subscription {
      guard case .taskUpdated(let record) = change else {
        Issue.record("\(change)")
        continue
      }
      #expect(record.id == task.id)
      if last == nil { #expect(record.status == .working) }
      last = record
      if record.status.isFinal { break }
      open.finish()
    }
    let record = try #require(last)
    #expect(record.status == .completed && record.message == "begun" && record.result?["structuredContent"] == ["pages": 12])
    #expect(JSONValue.object(record.members) == JSONValue(try await task.snapshot().raw).without("resultType", "_meta"))
    #expect(TaskSnapshot(record)?.status == .completed)
    await client.close()
  }

  @Test("The events of a client have the states of the tasks that it subscribed to")
  func events() async throws {
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let client = Client(.inProcess(server(gate)))
    let events = client.events()
    let task = try await task(client)
    let subscription = try await client.subscribe(to: .tasks(task.id))
    open.finish()
    for await event in events {
      guard case .task(let status) = event else { continue }
      #expect(status.id == task.id)
      if status.status == .completed { break }
    }
    subscription.cancel()
    await client.close()
  }

  @Test("The result of a task comes when the server tells of its end, whatever the time for the next look")
  func result() async throws {
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let client = Client(.inProcess(server(gate)))
    let result = try await task(client).result { status in
      if status.status == .working { open.finish() }
    }
    #expect(result.structured == ["pages": 12])
    await client.close()
  }

  @Test("A client without the extension is refused; a server without it, or of the legacy era, says that it tells of no task")
  func untold() async throws {
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let server = server(gate)
    let refusal = await #expect(throws: ClientError.self) {
      try await Client(.inProcess(server), settings: .init(acceptsTasks: false)).subscribe(to: .tasks("t"))
    }
    guard case .server(let error) = refusal else {
      Issue.record("\(refusal as Any)")
      return
    }
    #expect(error.code == .missingClientCapability)
    let plain = Client(.inProcess(Server(name: "plain", version: "1", Tool(name: "t") { _ in ToolResult(text: "") })))
    #expect(try await plain.subscribe(to: ChangeFilter(toolsList: true, tasks: ["t"])).refused == .tasks("t"))
    let legacy = Client(ScriptedServer.legacy { _, _ in [:] }.transport)
    #expect(try await legacy.subscribe(to: .tasks("t")).refused == .tasks("t"))
    open.finish()
  }

  private static let extensions: JSONValue = ["tools": [:], "extensions": ["io.modelcontextprotocol/tasks": [:]]]
  private static func working(every milliseconds: Int) -> JSONValue {
    [
      "taskId": "t1", "status": "working", "createdAt": "2026-07-28T02:00:00+02:00", "lastUpdatedAt": "2026-07-28T00:00:00.5Z", "ttlMs": nil,
      "pollIntervalMs": .int(milliseconds),
    ]
  }
  private static func completed(_ text: String) -> JSONValue {
    var task = working(every: 10)
    task["status"] = "completed"
    task["result"] = ["content": [["type": "text", "text": .string(text)]]]
    return task
  }

  /// A server that makes a task of every call, and answers each look at it by `looked`, told the number of it.
  private static func scripted(
    every milliseconds: Int, looked: @escaping @Sendable (Int) -> JSONValue,
    listened: @escaping @Sendable (WireRequest) async throws -> JSONValue
  ) -> ScriptedServer {
    let count = Mutex(0)
    return ScriptedServer.modern(capabilities: extensions) { _, request in
      switch request.method {
      case .toolsCall:
        var task = working(every: milliseconds)
        task["resultType"] = "task"
        return task
      case .tasksGet:
        return looked(
          count.withLock { count in
            count += 1
            return count
          })
      case .subscriptionsListen: return try await listened(request)
      default: return [:]
      }
    }
  }

  /// Agrees to tell of the task, tells `news`, and goes on listening.
  private static func tell(_ news: JSONValue, _ request: WireRequest) async throws -> JSONValue {
    await request.tell("notifications/subscriptions/acknowledged", ["notifications": ["taskIds": ["t1"]]])
    await request.tell("notifications/tasks", news)
    try await Task.sleep(for: .seconds(3600))
    return [:]
  }

  @Test("What another server tells of a task is its result, and its times are understood")
  func told() async throws {
    let server = Self.scripted(every: 3_600_000, looked: { _ in Self.working(every: 3_600_000) }, listened: { try await Self.tell(Self.completed("told"), $0) })
    let client = Client(server.transport)
    #expect(try await client.callTool("long").text == "told")
    let subscription = try await client.subscribe(to: .tasks("t1"))
    for await case .taskUpdated(let record) in subscription where record.status == .completed {
      #expect(record.createdAt == 1_785_196_800_000 && record.updatedAt == 1_785_196_800_500)
      break
    }
    await client.close()
  }

  @Test("A server that tells of the end of a task without its result is asked for it")
  func statusAlone() async throws {
    let server = Self.scripted(
      every: 3_600_000, looked: { $0 == 1 ? Self.working(every: 3_600_000) : Self.completed("asked") },
      listened: { try await Self.tell(Self.completed("told").without("result"), $0) })
    let client = Client(server.transport)
    #expect(try await client.callTool("long").text == "asked")
    await client.close()
  }

  @Test("A server that does not agree, or knows of no subscriptions, is asked again and again", arguments: [true, false])
  func polled(knowsSubscriptions: Bool) async throws {
    let server = Self.scripted(every: 10, looked: { $0 < 4 ? Self.working(every: 10) : Self.completed("asked") }) { request in
      guard knowsSubscriptions else { throw RPCError.methodNotFound(request.method.rawValue) }
      await request.tell("notifications/subscriptions/acknowledged", ["notifications": [:]])
      try await Task.sleep(for: .seconds(3600))
      return [:]
    }
    let client = Client(server.transport)
    #expect(try await client.callTool("long").text == "asked")
    #expect(server.methods.count { $0 == "tasks/get" } >= 4)
    await client.close()
  }

  @Test("A server that is away for a moment while its task is looked at does not end the call")
  func awayForAMoment() async throws {
    let looks = Mutex(0)
    let server = ScriptedServer.modern(capabilities: ["tools": [:]]) { _, request in
      guard request.method == .tasksGet else {
        var task = Self.working(every: 10)
        task["resultType"] = "task"
        return task
      }
      let look = looks.withLock { looks in
        looks += 1
        return looks
      }
      switch look {
      case 1: throw WireError(.status(503), "busy", mayHaveHadEffect: false)
      case 2: return Self.working(every: 10)
      case 3: throw WireError(.closed, "reset", mayHaveHadEffect: true)
      case 4: return Self.completed("asked")
      default: throw WireError(.status(400), "refused", mayHaveHadEffect: false)
      }
    }
    let client = Client(server.transport)
    #expect(try await client.callTool("long").text == "asked")
    // A refusal is one, at once.
    await #expect(throws: ClientError.self) { try await client.callTool("long") }
    #expect(looks.withLock { $0 } == 5)
    await client.close()
  }

  @Test("A subscription to more tasks than a server follows is refused, not cut")
  func tooMany() async throws {
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let client = Client(.inProcess(server(gate)))
    let ids = (0...SubscriptionFilter.resourceLimit).map { "t\($0)" }
    let failure = await #expect(throws: ClientError.self) { try await client.subscribe(to: ChangeFilter(tasks: ids)) }
    guard case .server(let error) = failure else {
      Issue.record("\(failure as Any)")
      return
    }
    #expect(error.code == .invalidParams && error.message.contains("1000 tasks"))
    let most = try await client.subscribe(to: ChangeFilter(tasks: Array(ids.dropLast())))
    #expect(most.refused.isEmpty)
    open.finish()
    await client.close()
  }

  @Test("Of a task only the newest state waits for a slow reader")
  func newest() async {
    let queue = ChangeQueue()
    var record = TaskRecord(id: "t1", ownerID: nil, createdAt: 0, lifetime: nil, pollInterval: 1000)
    for number in 1...3 {
      record.message = "\(number)"
      queue.add(.taskUpdated(record))
      queue.add(.toolsListChanged)
    }
    #expect(await queue.next() == .change(.taskUpdated(record)))
    #expect(await queue.next() == .change(.toolsListChanged))
    queue.add(.taskUpdated(record))
    #expect(await queue.next() == .change(.taskUpdated(record)))
  }

  @Test("A task that is over stays so, in whichever order its states are told")
  func order() async {
    let queue = ChangeQueue()
    let working = TaskRecord(id: "t1", ownerID: nil, createdAt: 0, lifetime: nil, pollInterval: 1000)
    var over = working
    over.status = .cancelled
    for record in [working, over, working] { queue.add(.taskUpdated(record)) }
    #expect(await queue.next() == .change(.taskUpdated(over)))
  }
}

extension WireRequest {
  /// Says something under this request.
  fileprivate func tell(_ method: String, _ params: JSONValue) async {
    guard let message = try? Envelope(scanning: ByteBuffer(["jsonrpc": "2.0", "method": .string(method), "params": params])) else { return }
    await onNotification?(message)
  }
}

extension JSONValue {
  fileprivate func without(_ names: String...) -> JSONValue {
    var copy = self
    for name in names { copy[name] = nil }
    return copy
  }
}
