internal import Crypto
internal import JSON
internal import Logging
internal import NIOCore
internal import Synchronization

extension Server {
  /// What a call is answered with: once, by the task it became or by its result.
  private final class FirstAnswer: Sendable {
    private struct State {
      var answer: Result<ByteBuffer, any Error>?
      var waiter: CheckedContinuation<Result<ByteBuffer, any Error>, Never>?
    }
    private let state = Mutex(State())

    func give(_ answer: Result<ByteBuffer, any Error>) {
      let waiter = state.withLock { state in
        guard state.answer == nil else { return CheckedContinuation<Result<ByteBuffer, any Error>, Never>?.none }
        state.answer = answer
        return state.waiter
      }
      waiter?.resume(returning: answer)
    }

    func wait() async -> Result<ByteBuffer, any Error> {
      await withCheckedContinuation { continuation in
        let answer = state.withLock { state in
          if state.answer == nil { state.waiter = continuation }
          return state.answer
        }
        if let answer { continuation.resume(returning: answer) }
      }
    }
  }

  /// Runs a call that may become a task, in a task that outlives the request if it does.
  func callAsTask(_ registered: RegisteredTool, _ arguments: RawJSON, _ request: Envelope, _ context: RequestContext) async throws -> ByteBuffer {
    let tool = registered.tool
    let support = tool.task ?? .optional
    let interaction = try Interaction(request, context, seal: seal, rate: settings.notificationRate, now: settings.now)
    let call = ToolCall(name: tool.name, arguments: arguments, envelope: request, context: context, interaction: interaction)
    let first = FirstAnswer()
    let work = Mutex<Task<Void, Never>?>(nil)
    let started = Mutex<TaskRun?>(nil)
    interaction.mayStartTask { [self] message in
      let run = try await startTask(support, message, context)
      started.withLock { $0 = run }
      if let task = work.withLock({ $0 }) { run.run(task) }
      guard let record = try await settings.taskStore.record(run.id) else { throw RPCError.taskNotFound }
      var result = ResultText(.modern, type: "task")
      result.members(record.members)
      first.give(.success(result.finish(server: implementation)))
      return run
    }
    let task = Task { [self] in
      let answer: Result<ByteBuffer, any Error>
      do {
        if support.startsAtOnce { try await call.continueAsTask() }
        let result = try await self.answer(to: call, by: registered)
        answer = .success(try inputRequired(interaction, request, context) ?? result)
      } catch {
        do { answer = try inputRequired(interaction, request, context).map { .success($0) } ?? .failure(error) } catch { answer = .failure(error) }
      }
      guard let run = interaction.task else { return first.give(answer) }
      await finish(run, answer)
    }
    work.withLock { $0 = task }
    started.withLock { $0 }?.run(task)
    let answer = await withTaskCancellationHandler {
      await first.wait()
    } onCancel: {
      // The request may go; the task that it became stays.
      if started.withLock({ $0 == nil }) { task.cancel() }
    }
    return try answer.get()
  }

  private func inputRequired(_ interaction: Interaction, _ request: Envelope, _ context: RequestContext) throws(RPCError) -> ByteBuffer? {
    guard interaction.task == nil else { return nil }
    return try interaction.inputRequired(request, context, seal: seal, now: settings.now, server: implementation)
  }

  private func startTask(_ support: TaskSupport, _ message: String?, _ context: RequestContext) async throws -> TaskRun {
    let id = Base64.encode(SymmetricKey(size: .bits192).withUnsafeBytes { Array($0) }, urlSafe: true)
    var record = TaskRecord(
      id: id, ownerID: context.caller?.id, createdAt: settings.now(), lifetime: support.lifetime, pollInterval: support.pollInterval)
    record.message = message
    try await settings.taskStore.insert(record)
    let run = TaskRun(id: id, store: settings.taskStore, now: settings.now) { [weak self] record in
      self?.notify(.taskUpdated(record))
    }
    state.withLock { $0.tasks[id] = run }
    if let lifetime = support.lifetime { run.expire(in: lifetime) }
    return run
  }

  private func finish(_ run: TaskRun, _ answer: Result<ByteBuffer, any Error>) async {
    // Only then: a task without a run that is not over is another replica's.
    defer { state.withLock { _ = $0.tasks.removeValue(forKey: run.id) } }
    let outcome: Result<JSONValue, RPCError>
    switch answer {
    case .success(let text):
      do { outcome = .success(JSONValue(try RawJSON(scanning: text))) } catch { outcome = .failure(RPCError(.internalError, "Internal error")) }
    case .failure(let error as RPCError): outcome = .failure(error)
    case .failure(is CancellationError): outcome = .failure(RPCError(.internalError, "The task was cancelled"))
    case .failure(let error):
      logger.error("A task failed", metadata: ["task": "\(run.id)", "error": "\(error)"])
      outcome = .failure(RPCError(.internalError, "Internal error"))
    }
    do { try await run.finish(outcome) } catch {
      logger.error("The result of a task could not be kept", metadata: ["task": "\(run.id)", "error": "\(error)"])
    }
  }

  // MARK: Requests about tasks

  func answerTask(_ method: Method, _ request: Envelope, _ context: RequestContext) async throws -> ByteBuffer {
    guard state.withLock(\.hasTasks) else { throw RPCError.methodNotFound(method.rawValue) }
    guard context.client.knowsTasks else { throw RPCError.tasksNeeded }
    let id = try string("taskId", of: request)
    // Before its record: what has no run here then is over in the store, or is not run here.
    let run = state.withLock { $0.tasks[id] }
    guard let record = try await settings.taskStore.record(id), record.belongs(to: context.caller) else { throw RPCError.taskNotFound }
    switch method {
    case .tasksUpdate:
      guard let responses = request["inputResponses"], responses.kind == .object else {
        throw RPCError(.invalidParams, "tasks/update needs \"inputResponses\", an object")
      }
      if run == nil, !record.status.isFinal {
        throw RPCError(
          .internalError, "The task does not run here, so nobody takes its answers: send them to the replica that made it, or call the tool again if that has ended")
      }
      try await run?.take(responses)
      return empty(context.era)
    case .tasksCancel:
      if let run { try await run.cancel() } else { try await cancel(id) }
      return empty(context.era)
    default:
      var result = ResultText(.modern, capacity: 512)
      result.members(record.members)
      return result.finish(server: implementation)
    }
  }

  /// Cancels a task that does not run here. The replica where it runs, if there still is one, finds out when it next changes the record.
  private func cancel(_ id: String) async throws {
    let time = settings.now()
    let record = try await settings.taskStore.update(id) { record in
      guard !record.status.isFinal else { return }
      (record.status, record.updatedAt) = (.cancelled, time)
    }
    if let record, record.status == .cancelled { notify(.taskUpdated(record)) }
  }
}

extension TaskRecord {
  /// Whether the task is the caller's.
  func belongs(to caller: (any Caller)?) -> Bool {
    switch (ownerID, caller?.id) {
    case (nil, nil): true
    case (let mine?, let theirs?): mine.utf8.elementsEqual(theirs.utf8)
    default: false
    }
  }
}
