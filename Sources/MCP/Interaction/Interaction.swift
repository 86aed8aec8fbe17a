internal import JSON
internal import NIOCore
internal import Synchronization

/// What one request asks of its client, in the way of its era.
///
/// Legacy: each question is a request to the client, and its answer comes while the handler waits. Modern: the questions are recorded,
/// the handler is left, and the client is told `input_required`; when it comes back, the handler runs from the start with the answers
/// and the results of ``IncomingRequest/once(_:_:)`` that were recorded (2026-07-28, basic/patterns/mrtr).
public final class Interaction: Sendable {
  enum Mode: Sendable {
    /// Requests of this method may not ask.
    case closed
    case live(any ClientChannel)
    case replayed
    case task(TaskRun)
  }

  private struct State {
    var mode: Mode
    /// Makes a task of the request, where that is possible and has not happened.
    var startTask: (@Sendable (String?) async throws -> TaskRun)?
    var call: CallState
    /// `inputResponses` of the request.
    var incoming: RawJSON?
    /// Whether the request came without a `requestState`.
    var isStateless = false
    /// The questions of this round that have no answer, in the order in which they were asked.
    var open: [(key: String, digest: String, request: JSONValue)] = []
    /// How often a key was used in this run.
    var uses: [String: Int] = [:]
    /// The progress that was told last.
    var progress = -Double.infinity
    var progressRate: NotificationRate.Bucket
    var logRate: NotificationRate.Bucket

    /// `key` the first time, then `key.2`, `key.3`: what is asked again is another question.
    mutating func next(_ key: String) -> String {
      let count = uses[key, default: 0] + 1
      uses[key] = count
      return count == 1 ? key : "\(key).\(count)"
    }
  }

  /// Thrown through a handler that has asked what it has no answer to yet.
  struct Suspension: Error, CustomStringConvertible {
    var description: String { "The request waits for its client; its handler runs again with the answer" }
  }

  private let client: ClientDescription
  private let now: @Sendable () -> Int
  /// Never held while a handler runs.
  private let state: Mutex<State>

  /// - Throws: ``RPCError`` `-32602` when the request brings answers or a state that cannot be.
  init(
    _ request: Envelope, _ context: RequestContext, seal: CallStateSeal, rate: NotificationRate, now: @escaping @Sendable () -> Int
  ) throws(RPCError) {
    client = context.client
    self.now = now
    let mode: Mode
    var opened: CallState?
    var incoming: RawJSON?
    if context.era == .modern {
      mode = .replayed
      if let sealed = request["requestState"] { opened = try seal.open(sealed, for: request, context, now: now()) }
      incoming = request["inputResponses"]
      if let incoming, incoming.kind != .object { throw RPCError(.invalidParams, "\"inputResponses\" must be an object") }
    } else {
      mode = context.channel.map { .live($0) } ?? .closed
    }
    let bucket = NotificationRate.Bucket(rate, now: now())
    state = Mutex(
      State(
        mode: mode, call: opened ?? CallState(), incoming: incoming, isStateless: opened == nil, progressRate: bucket, logRate: bucket))
  }

  private init(closed client: ClientDescription) {
    self.client = client
    now = WallClock.now
    let bucket = NotificationRate.Bucket(NotificationRate(), now: now())
    state = Mutex(State(mode: .closed, call: CallState(), progressRate: bucket, logRate: bucket))
  }

  /// For requests during which nothing may be asked.
  static func none(_ context: RequestContext) -> Interaction { Interaction(closed: context.client) }

  /// Whether `progress` is told: it grows with each notification (2026-07-28, basic/patterns/progress), and floods are thinned out.
  ///
  /// - Parameter isLast: whether the work is done with it, so that it is told in any case.
  func advances(to progress: Double, isLast: Bool) -> Bool {
    let now = now()
    return state.withLock { state in
      guard progress > state.progress, state.progressRate.admit(now: now) != nil || isLast else { return false }
      state.progress = progress
      return true
    }
  }

  /// Whether a log message is sent.
  ///
  /// - Returns: how many were left out before it; nil when it is left out itself.
  func admitsLogMessage() -> Int? {
    let now = now()
    return state.withLock { $0.logRate.admit(now: now) }
  }

  var callID: String { state.withLock { $0.call.callID } }

  // MARK: Questions

  /// Refuses the question unless it can be asked and the client declared that it can answer.
  func check(_ question: some Question) throws(RPCError) {
    if let problem = question.problem { throw RPCError(.internalError, "This server's question cannot be asked: \(problem)") }
    guard let missing = question.missingCapability(of: client) else { return }
    throw RPCError.missingCapability(missing)
  }

  /// Puts a question. Its answer is nil when it is still open, which only happens to replayed requests.
  func begin<Q: Question>(_ question: Q) async throws -> @Sendable () async throws -> Q.Answer? {
    let params = question.params(for: client.version)
    switch state.withLock(\.mode) {
    case .closed:
      throw ClientFailure.unreachable(
        client.version.era == .modern
          ? "Nothing can be asked while this request is answered" : "The client cannot be asked: its request takes no stream (Accept: text/event-stream)")
    case .live(let channel):
      return {
        let result = try await channel.request(question.method, params: params == [:] ? nil : ByteBuffer(params))
        do throws(AnswerProblem) { return try question.answer(JSONValue(result)) } catch {
          throw ClientFailure.invalidAnswer(question.method, error.description)
        }
      }
    case .replayed:
      let answer = recordedAnswer(to: question, params)
      return { answer }
    case .task(let run):
      // What was answered before the task began is not asked again.
      let (key, _, request, recorded) = lookUp(question, params)
      if let recorded { return { recorded } }
      try await run.open(key, request) { (try? question.answer($0)) != nil }
      return { try question.answer(try await run.answer(key)) }
    }
  }

  private func recordedAnswer<Q: Question>(to question: Q, _ params: JSONValue) -> Q.Answer? {
    let (key, digest, request, recorded) = lookUp(question, params)
    if recorded == nil { state.withLock { $0.open.append((key, digest, request)) } }
    return recorded
  }

  /// The name of a question in this run, the request that asks it, and its answer if there is one.
  private func lookUp<Q: Question>(_ question: Q, _ params: JSONValue) -> (key: String, digest: String, request: JSONValue, answer: Q.Answer?) {
    let method = JSONValue.string(question.method.rawValue)
    let request: JSONValue = ["method": method, "params": params]
    let digest = CanonicalDigest.hex(of: ["method": method, "params": question.essence(of: params)])
    return state.withLock { state in
      let key = state.next(question.key ?? Interaction.name(of: question.method) + "_" + digest)
      if let recorded = state.call.answers[key], recorded.question == digest, let answer = try? question.answer(recorded.result) {
        return (key, digest, request, answer)
      }
      let isExpected = state.call.open[key] == digest || (question.acceptsUnasked && state.isStateless && key == question.key)
      if isExpected, let given = state.incoming?[key].map({ JSONValue($0) }), let answer = try? question.answer(given) {
        state.call.answers[key] = CallState.Answer(question: digest, result: given)
        return (key, digest, request, answer)
      }
      return (key, digest, request, nil)
    }
  }

  private static func name(of method: Method) -> String {
    switch method {
    case .elicit: "elicitation"
    case .createMessage: "sampling"
    default: "roots"
    }
  }

  // MARK: Tasks

  /// Says how the request becomes a task.
  func mayStartTask(_ start: @escaping @Sendable (String?) async throws -> TaskRun) { state.withLock { $0.startTask = start } }

  /// Makes a task of the request, if it may be one; from here on questions are the task's.
  func startTask(_ message: String?) async throws {
    let start = state.withLock { state in
      defer { state.startTask = nil }
      return state.startTask
    }
    guard let run = try await start?(message) else { return }
    state.withLock { state in
      state.mode = .task(run)
      // A new run of keys: the handler goes on, it does not start again.
      state.incoming = nil
    }
  }

  var task: TaskRun? { if case .task(let run) = state.withLock(\.mode) { run } else { nil } }

  // MARK: Recorded results

  /// The name under which this run's next use of `key` is recorded, and what is recorded there.
  func recorded(_ key: String) -> (name: String, result: JSONValue?) {
    state.withLock { state in
      let name = state.next("once:" + key)
      return (name, state.call.results[name])
    }
  }

  func record(_ result: JSONValue, as name: String) { state.withLock { $0.call.results[name] = result } }

  // MARK: The end of a round

  /// The questions that are open: then they are the answer, whatever became of the handler.
  ///
  /// - Returns: nil when there are none.
  @inline(never)
  func inputRequired(
    _ request: Envelope, _ context: RequestContext, seal: CallStateSeal, now: () -> Int, server: ByteBuffer
  ) throws(RPCError) -> ByteBuffer? {
    var (open, call) = state.withLock { ($0.open, $0.call) }
    guard !open.isEmpty else { return nil }
    var requests = JSONObject()
    call.open = [:]
    for (key, digest, request) in open {
      requests[key] = request
      call.open[key] = digest
    }
    var result = ResultText(.modern, type: "input_required", capacity: 1024)
    result.value(.object(requests), for: "inputRequests")
    result.string(try seal.seal(call, for: request, context, now: now()), for: "requestState")
    return result.finish(server: server)
  }
}
