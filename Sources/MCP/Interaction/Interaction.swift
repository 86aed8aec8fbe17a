internal import JSON
internal import NIOCore
internal import Synchronization

/// What one request asks of its client, in the way of its era.
///
/// Legacy: each question is a request to the client, and its answer comes while the handler waits. Modern: the questions are recorded,
/// the handler is left, and the client is told `input_required`; when it comes back, the handler runs from the start with the answers
/// and the results of ``ServerRequest/once(_:_:)`` that were recorded (2026-07-28, basic/patterns/mrtr).
public final class Interaction: Sendable {
  enum Mode: Sendable {
    /// Requests of this method may not ask.
    case closed
    case live(any ClientChannel)
    case replayed
  }

  private struct State {
    var call: CallState
    /// `inputResponses` of the request.
    var incoming: RawJSON?
    /// The questions of this round that have no answer, in the order in which they were asked.
    var open: [(key: String, request: JSONValue)] = []
    /// How often a key was used in this run.
    var uses: [String: Int] = [:]
    /// The progress that was told last.
    var progress = -Double.infinity

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

  private let mode: Mode
  private let client: ClientDescription
  /// Never held while a handler runs.
  private let state: Mutex<State>

  /// - Throws: ``RPCError`` `-32602` when the request brings answers or a state that cannot be.
  init(_ request: Envelope, _ context: RequestContext, seal: CallStateSeal, now: () -> Int) throws(RPCError) {
    client = context.client
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
    state = Mutex(State(call: opened ?? CallState(), incoming: incoming))
  }

  private init(closed client: ClientDescription) {
    self.client = client
    mode = .closed
    state = Mutex(State(call: CallState()))
  }

  /// For requests during which nothing may be asked.
  static func none(_ context: RequestContext) -> Interaction { Interaction(closed: context.client) }

  /// Whether `progress` is more than was told before: it grows with each notification (2026-07-28, basic/patterns/progress).
  func advances(to progress: Double) -> Bool {
    state.withLock { state in
      guard progress > state.progress else { return false }
      state.progress = progress
      return true
    }
  }

  var callID: String { state.withLock(\.call.callID) }

  // MARK: Questions

  /// Refuses the question unless it can be asked and the client declared that it can answer.
  func check(_ question: some Question) throws(RPCError) {
    if let problem = question.problem { throw RPCError(.internalError, "This server's question cannot be asked: \(problem)") }
    guard let missing = question.missingCapability(of: client) else { return }
    throw RPCError.missingCapability(missing)
  }

  /// The answer; nil when it is still open, which only happens to replayed requests.
  func answer<Q: Question>(to question: Q) async throws -> Q.Answer? {
    let params = question.params(for: client.version)
    switch mode {
    case .closed:
      throw ClientFailure.unreachable(
        client.version.era == .modern
          ? "Nothing can be asked while this request is answered" : "The client cannot be asked: its request takes no stream (Accept: text/event-stream)")
    case .live(let channel):
      let result = try await channel.request(question.method, params: params == [:] ? nil : ByteBuffer(params))
      do { return try question.answer(JSONValue(result)) } catch {
        throw ClientFailure.invalidAnswer(question.method, error.description)
      }
    case .replayed: return recordedAnswer(to: question, params)
    }
  }

  private func recordedAnswer<Q: Question>(to question: Q, _ params: JSONValue) -> Q.Answer? {
    let request: JSONValue = ["method": .string(question.method.rawValue), "params": params]
    let digest = CanonicalDigest.hex(of: request)
    return state.withLock { state in
      let key = state.next(question.key ?? Interaction.name(of: question.method) + "_" + digest)
      if let recorded = state.call.answers[key], recorded.question == digest, let answer = try? question.answer(recorded.result) { return answer }
      if let given = state.incoming?[key].map({ JSONValue($0) }), let answer = try? question.answer(given) {
        state.call.answers[key] = CallState.Answer(question: digest, result: given)
        return answer
      }
      state.open.append((key, request))
      return nil
    }
  }

  private static func name(of method: Method) -> String {
    switch method {
    case .elicit: "elicitation"
    case .createMessage: "sampling"
    default: "roots"
    }
  }

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
  func inputRequired(
    _ request: Envelope, _ context: RequestContext, seal: CallStateSeal, now: () -> Int, server: ByteBuffer
  ) throws(RPCError) -> ByteBuffer? {
    let (open, call) = state.withLock { ($0.open, $0.call) }
    guard !open.isEmpty else { return nil }
    var requests = JSONObject()
    for (key, request) in open { requests[key] = request }
    var result = ResultText(.modern, type: "input_required", capacity: 1024)
    result.value(.object(requests), for: "inputRequests")
    result.string(try seal.seal(call, for: request, context, now: now()), for: "requestState")
    return result.finish(server: server)
  }
}
