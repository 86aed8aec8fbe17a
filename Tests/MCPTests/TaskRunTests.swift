import JSON
import MCP
import Synchronization
import Testing

@Suite("Calls that run as tasks", .timeLimit(.minutes(1)))
struct TaskRunTests {
  /// Hours between two looks: what comes sooner was told.
  private static let seldom = TaskSupport(isRequired: true, pollInterval: 3_600_000)
  private static let form = ElicitationForm(.string("name"))
  private let handlers = ClientHandlers(form: { form in form.accept(["name": .string(form.message)]) })

  private struct NoTask: Error {}

  private func start(_ client: Client, _ tool: String = "t") async throws -> ServerTask {
    guard case .task(let task) = try await client.startTool(tool) else { throw NoTask() }
    return task
  }

  @Test("A question that is no longer wanted is taken back, and the next one is asked")
  func withdrawn() async throws {
    let (withdrawn, isWithdrawn) = AsyncStream.makeStream(of: Void.self)
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let server = Server(
      name: "s", version: "1",
      Tool(name: "t", task: Self.seldom) { call in
        let asking = Task { try await call.elicit("first", Self.form, key: "first") }
        asking.cancel()
        await #expect(throws: CancellationError.self) { try await asking.value }
        isWithdrawn.finish()
        for await _ in gate {}
        return ToolResult(text: try await call.elicit("second", Self.form, key: "second")["name"]?.string ?? "")
      })
    let client = Client(.inProcess(server), handlers: handlers)
    let task = try await start(client)
    for await _ in withdrawn {}
    let status = try await task.snapshot()
    #expect(status.status == .working && status.raw["inputRequests"] == nil)
    open.finish()
    #expect(try await task.result().text == "second")
    await client.close()
  }

  @Test("A task that nobody answers ends with its life")
  func expiry() async throws {
    let (ended, end) = AsyncStream.makeStream(of: Bool.self)
    // The store's clock stands still: it is the work that must end.
    let server = Server(
      name: "s", version: "1", settings: Server.Settings(now: { 0 }),
      Tool(name: "t", task: TaskSupport(isRequired: true, lifetime: 50, pollInterval: 3_600_000)) { call in
        do { return ToolResult(text: "\(try await call.elicit("Who?", Self.form).isAccepted)") } catch {
          end.yield(Task.isCancelled)
          throw error
        }
      })
    let client = Client(.inProcess(server), handlers: handlers)
    _ = try await start(client)
    for await isCancelled in ended {
      #expect(isCancelled)
      break
    }
    await client.close()
  }

  /// A store whose first change waits until a second one is done.
  private final class Overtaken: TaskStore {
    private let inner = InMemoryTaskStore()
    private let count = Mutex(0)
    private let first = AsyncStream.makeStream(of: Void.self)
    private let second = AsyncStream.makeStream(of: Void.self)
    let both = AsyncStream.makeStream(of: Void.self)

    /// Returns when a change waits.
    func waits() async { for await _ in first.stream {} }

    func insert(_ record: TaskRecord) async throws { try await inner.insert(record) }
    func record(_ id: String) async throws -> TaskRecord? { try await inner.record(id) }
    func update(_ id: String, _ change: @Sendable (inout TaskRecord) -> Void) async throws -> TaskRecord? {
      let number = count.withLock { count in
        count += 1
        return count
      }
      if number == 1 {
        first.continuation.finish()
        for await _ in second.stream {}
      }
      let record = try await inner.update(id, change)
      if number == 1 { both.continuation.finish() } else { second.continuation.finish() }
      return record
    }
  }

  @Test("Of two questions that are asked at once none is lost, however long the store takes for one")
  func overtaken() async throws {
    let store = Overtaken()
    let server = Server(
      name: "s", version: "1", settings: Server.Settings(taskStore: store),
      Tool(name: "t", task: Self.seldom) { call in
        async let first = call.elicit("a", Self.form, key: "first")
        await store.waits()
        async let second = call.elicit("b", Self.form, key: "second")
        let (one, other) = try await (first, second)
        return ToolResult(text: (one["name"]?.string ?? "") + (other["name"]?.string ?? ""))
      })
    let client = Client(.inProcess(server), handlers: handlers)
    let task = try await start(client)
    for await _ in store.both.stream {}
    #expect(try await task.snapshot().raw["inputRequests"]?.members.compactMap { $0.0.string } == ["first", "second"])
    #expect(try await task.result().text == "ab")
    await client.close()
  }

  @Test("Another replica cancels a task in the store, and says that it cannot take its answers")
  func replicas() async throws {
    let store = InMemoryTaskStore()
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    func replica() -> Server {
      Server(
        name: "s", version: "1", settings: Server.Settings(taskStore: store),
        Tool(name: "t", task: Self.seldom) { call in
          async let answer = call.elicit("Who?", Self.form)
          for await _ in gate {}
          await call.reportTask("going on")
          defer { end.finish() }
          return ToolResult(text: "\(try await answer.isAccepted)")
        })
    }
    let (here, there) = (Client(.inProcess(replica()), handlers: handlers), Client(.inProcess(replica()), handlers: handlers))
    let task = try await start(here, "t")
    var tries = 0
    while try await task.snapshot().status != .inputRequired, tries < 3000 {
      tries += 1
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(tries < 3000, "it never asked")
    let refusal = await #expect(throws: ClientError.self) { try await there.task(task.id).result() }
    guard case .server(let error) = refusal else {
      Issue.record("\(refusal as Any)")
      return
    }
    #expect(error.message.contains("does not run here"))
    try await there.task(task.id).cancel()
    #expect(try await task.snapshot().status == .cancelled)
    // The work ends when it next has something to say.
    open.finish()
    for await _ in ended {}
    #expect(try await task.snapshot().status == .cancelled)
    await here.close()
    await there.close()
  }
}
