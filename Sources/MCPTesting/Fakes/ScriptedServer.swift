public import JSON
public import MCP
internal import NIOCore
internal import Synchronization

/// A server that answers as a test says, well or badly, for tests of clients. It can be served over any wire.
///
/// ```swift
/// let server = ScriptedServer(capabilities: ["tools": [:]]) { request in
///   switch request.method {
///   case .toolsCall: ["content": [["type": "text", "text": "hello"]]]
///   default: nil
///   }
/// }
/// ```
public final class ScriptedServer: RequestHandler {
  /// One request, as the script sees it.
  public struct Request: Sendable {
    public let method: Method?
    public let params: JSONValue
    public let version: ProtocolVersion
    /// How many requests with this method came before.
    public let count: Int
    private let notify: @Sendable (ByteBuffer) async -> Void

    fileprivate init(_ envelope: Envelope, _ context: RequestContext, count: Int) {
      method = envelope.method
      params = envelope.params.map { JSONValue($0) } ?? [:]
      version = context.client.version
      notify = context.notify
      self.count = count
    }

    public subscript(_ parameter: String) -> JSONValue? { params[parameter] }

    /// Says something that belongs to this request before its answer.
    public func notify(_ method: Method, _ params: JSONValue = [:]) async {
      await notify(Message.notification(method, params: ByteBuffer(params)))
    }
  }

  /// Gives the result; an `RPCError` that it throws is the answer. Nil stands for a method that the server does not have.
  ///
  /// A modern result without `resultType` is given `complete`; all else goes out as it is, wrong as it may be.
  public typealias Script = @Sendable (Request) async throws -> JSONValue?

  private struct State {
    var requests: [Request] = []
    var observers: [Int: @Sendable (ServerChange) -> Void] = [:]
    var next = 0
  }

  private let script: Script
  private let capabilities: JSONValue
  private let instructions: String?
  /// Guards what came and who listens.
  private let state = Mutex(State())

  public init(capabilities: JSONValue = ["tools": [:]], instructions: String? = nil, _ script: @escaping Script) {
    self.script = script
    self.capabilities = capabilities
    self.instructions = instructions
  }

  /// The requests that came, but for those of the transports: the handshake, subscriptions, pings.
  public var requests: [Request] { state.withLock(\.requests) }

  /// Tells clients that something has changed.
  public func tell(_ change: ServerChange) {
    for observer in state.withLock({ Array($0.observers.values) }) { observer(change) }
  }

  public func handle(_ request: Envelope, _ context: RequestContext) async -> Answer {
    let seen = state.withLock { state in
      let seen = Request(request, context, count: state.requests.count { $0.method == request.method })
      state.requests.append(seen)
      return seen
    }
    do {
      guard var result = try await script(seen) else { return .failure(.methodNotFound(request.methodName?.string ?? "")) }
      if context.era == .modern, result.object != nil, result["resultType"] == nil { result["resultType"] = "complete" }
      return .result(ByteBuffer(result))
    } catch let error as RPCError {
      return .failure(error)
    } catch {
      return .failure(RPCError(.internalError, "The script failed: \(error)"))
    }
  }

  public func receive(_ notification: Envelope, _ context: RequestContext) async {}

  public func describe(_ context: RequestContext) async -> ServerDescription {
    ServerDescription(name: "scripted", version: "1", instructions: instructions, capabilities: capabilities)
  }

  public func observe(for caller: (any Caller)?, _ observer: @escaping @Sendable (ServerChange) -> Void) -> Observation {
    let key = state.withLock { state in
      state.next += 1
      state.observers[state.next] = observer
      return state.next
    }
    return Observation { [weak self] in self?.state.withLock { _ = $0.observers.removeValue(forKey: key) } }
  }
}
