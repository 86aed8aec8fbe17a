public import JSON
public import Logging
public import NIOCore
internal import Synchronization

/// What a legacy server asks over one wire, while it is being answered. Modern servers ask in `input_required` results instead.
///
/// Each request is answered in a task of its own, so that a user who thinks holds up nothing else.
public final class RequestsFromServer: Sendable {
  /// Gives the result of a request, or the error to answer with.
  public typealias Answering = @Sendable (Method, JSONValue) async throws(RPCError) -> JSONValue

  typealias Observer = @Sendable (WireMessage.Direction, ByteBuffer) -> Void

  private struct State {
    var answering: Answering?
    var observer: Observer?
    /// By the id as the server wrote it.
    var running: [String: Task<Void, Never>] = [:]
    var limit: Int
  }

  /// Guards who answers, and what is being answered.
  private let state: Mutex<State>
  private let logger: Logger

  /// - Parameter limit: requests that may be open at once; more are refused.
  public init(limit: Int = 64, logger: Logger = Logger(label: "mcp.client")) {
    state = Mutex(State(limit: limit))
    self.logger = logger
  }

  /// Sets what answers requests of which the wire cannot tell to which request of ours they belong. Without, only `ping` is answered.
  ///
  /// - Parameter limit: requests that may be open at once from now on; nil leaves the bound as it is.
  public func answer(limit: Int? = nil, with answering: @escaping Answering) {
    state.withLock { state in
      state.answering = answering
      if let limit { state.limit = limit }
    }
  }

  /// Sets what sees requests and their responses.
  func observe(_ observer: @escaping Observer) { state.withLock { $0.observer = observer } }

  /// Takes a request, and sends its response by `reply`.
  ///
  /// - Parameter own: what answers the requests that come with one request of ours; nil for what ``answer(limit:with:)`` set.
  public func receive(_ request: Envelope, with own: Answering? = nil, reply: @escaping @Sendable (ByteBuffer) async -> Void) {
    guard let id = request.id else { return }
    let key = id.text
    let observer = state.withLock(\.observer)
    observer?(.received, request.raw.bytes)
    state.withLock { state in
      // A second one with the same id is a fault of the server's, which the first answer settles.
      guard state.running[key] == nil else { return }
      guard state.running.count < state.limit else {
        Task { await reply(Message.error(RPCError(.internalError, "Too many requests at once: wait for the answers"), id: id)) }
        return
      }
      let answering = own ?? state.answering
      state.running[key] = Task {
        let answer = await Self.response(to: request, id, answering)
        // Whoever cancelled does not wait for an answer.
        if !Task.isCancelled {
          observer?(.sent, answer)
          await reply(answer)
        }
        self.state.withLock { _ = $0.running.removeValue(forKey: key) }
      }
    }
  }

  private static func response(to request: Envelope, _ id: RawJSON, _ answering: Answering?) async -> ByteBuffer {
    if request.method == .ping { return Message.response(id: id, result: ByteBuffer(string: "{}")) }
    do throws(RPCError) {
      guard let answering, let method = request.method else { throw RPCError.methodNotFound(request.methodName?.string ?? "") }
      let params = request.params.map { JSONValue($0) } ?? .object(JSONObject())
      return Message.response(id: id, result: ByteBuffer(try await answering(method, params)))
    } catch {
      return Message.error(error, id: id)
    }
  }

  /// Stops answering the request that a `notifications/cancelled` names, and logs the reason that it gives.
  public func cancel(_ notification: Envelope) {
    CancellationReason.log(notification, to: logger)
    guard let id = notification["requestId"] else { return }
    state.withLock { $0.running.removeValue(forKey: id.text) }?.cancel()
  }

  /// Stops answering: the connection is gone.
  public func cancelAll() {
    let running = state.withLock { state in
      defer { state.running = [:] }
      return state.running.values
    }
    for task in running { task.cancel() }
  }
}
