public import JSON
internal import NIOCore

/// A task as its server described it at one time (extension `io.modelcontextprotocol/tasks`).
public struct TaskSnapshot: Sendable {
  /// The id of the task.
  public let id: String
  /// Where the task stands.
  public let status: TaskStatus
  /// For users and models.
  public let message: String?
  /// How long to wait before the next look.
  public let pollInterval: Duration?
  /// The whole `Task`; a completed one has `result`, a failed one `error`.
  public let raw: RawJSON

  init?(_ raw: RawJSON) {
    guard let id = raw["taskId"]?.string, let status = raw["status"]?.string.flatMap({ TaskStatus(rawValue: $0) }) else { return nil }
    self.id = id
    self.status = status
    self.raw = raw
    message = raw["statusMessage"]?.string
    pollInterval = raw["pollIntervalMs"]?.int.map { .milliseconds(min(max($0, 10), 3_600_000)) }
  }

  /// The state that a ``Subscription`` tells of.
  public init?(_ record: TaskRecord) { self.init(JSONValue.object(record.members).raw) }
}

/// A call that the server works on while nobody waits. Keep ``id`` to look for it again with ``Client/task(_:)``, even in another process.
public struct ServerTask: Sendable {
  let client: Client
  /// The id of the task.
  public let id: String
  let pollInterval: Duration?

  private var body: ClientConnection.RequestBody { ClientConnection.RequestBody(taskID: id) }

  /// Asks for the state.
  public func snapshot() async throws(ClientError) -> TaskSnapshot {
    let result = try await client.perform(.tasksGet, body, RequestOptions())
    guard let snapshot = TaskSnapshot(result), snapshot.id == id else { throw client.invalid("tasks/get: the answer is no state of the task \(id)") }
    return snapshot
  }

  /// Waits for the end of the task and answers its questions. Cancelling cancels the task too.
  ///
  /// A server that tells of its tasks is listened to, and asked now and then all the same; any other is asked as often as it wants to be.
  ///
  /// - Parameter onChange: told of each state that was seen.
  /// - Throws: ``ClientError``: `.server` where the task failed; `.wire` with ``WireError/Code/cancelled`` where it was cancelled.
  public func result(onChange: (@Sendable (TaskSnapshot) async -> Void)? = nil) async throws(ClientError) -> CallResult {
    do throws(ClientError) { return try await follow(onChange) } catch {
      if Task.isCancelled {
        // A task of its own, because the caller's is over.
        let task = self
        Task { try? await task.cancel() }
      }
      throw error
    }
  }

  private func follow(_ onChange: (@Sendable (TaskSnapshot) async -> Void)?) async throws(ClientError) -> CallResult {
    var interval = pollInterval ?? .seconds(1)
    // A key means the same question for the life of a task: none is put to the user twice.
    var answered: Set<String> = []
    let watch = TaskWatch()
    defer { watch.end() }
    var task = try await look()
    while true {
      await onChange?(task)
      switch task.status {
      case .completed:
        guard let result = task.raw["result"], result.kind == .object else { throw client.invalid("the task \(id) completed without a result") }
        return CallResult(result)
      case .failed: throw ClientError(task.raw["error"].map { RPCError($0) } ?? RPCError(.internalError, task.message ?? "The task failed"))
      case .cancelled: throw ClientError(WireError(.cancelled, task.message ?? "the task was cancelled", mayHaveHadEffect: true))
      case .inputRequired:
        watch.begin(self)
        if let questions = task.raw["inputRequests"] { try await answer(questions, &answered) }
      case .working: watch.begin(self)
      }
      if let wanted = task.pollInterval { interval = wanted }
      if let news = try await watch.news(every: interval) { task = news } else { task = try await look() }
    }
  }

  /// As ``snapshot()``, again and again while the server is away or busy, for the time that one request may take.
  private func look() async throws(ClientError) -> TaskSnapshot {
    let end = NIODeadline.now() + TimeAmount(client.settings.timeout)
    var failures = 0
    while true {
      do throws(ClientError) { return try await snapshot() } catch {
        guard case .wire(let wire) = error, wire.isPassing else { throw error }
        let pause: TimeAmount = wire.retryAfter.map { .seconds(Int64($0)) } ?? .milliseconds(100 << Int64(min(failures, 5)))
        guard NIODeadline.now() + pause < end else { throw error }
        do { try await Task.sleep(for: .nanoseconds(pause.nanoseconds)) } catch { throw Client.cancelled }
        failures += 1
      }
    }
  }

  private func answer(_ questions: RawJSON, _ answered: inout Set<String>) async throws(ClientError) {
    let responses = try await client.answers(to: questions, skipping: answered)
    guard !responses.isEmpty else { return }
    guard answered.count + responses.count <= 1024 else { throw ClientError.input("the task \(id) asked more than 1024 questions") }
    var body = body
    body.members.writeRequestMember("inputResponses", ByteBuffer(.object(responses)))
    _ = try await client.perform(.tasksUpdate, body, RequestOptions())
    for (key, _) in responses { answered.insert(key) }
  }

  /// Asks the server to stop. Whether and when it does shows in ``snapshot()``.
  public func cancel() async throws(ClientError) { _ = try await client.perform(.tasksCancel, body, RequestOptions()) }
}

extension Client {
  /// A task that was made before, by this client or another one of the same user.
  public func task(_ id: String) -> ServerTask { ServerTask(client: self, id: id, pollInterval: nil) }
}
