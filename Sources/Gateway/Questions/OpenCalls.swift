internal import JSON
internal import MCP
internal import Synchronization

/// The calls that one legacy upstream has open, by caller.
///
/// Pipes, and streams that belong to no request, do not show which call a question is about. It is put to a caller only where there
/// is no doubt: one caller has calls open. Else it is refused, so that nobody is ever asked what is another's affair.
final class OpenCalls: Sendable {
  private struct Call {
    let principal: UserKey
    /// Asks the caller; nil where they cannot be asked.
    let ask: RequestsFromServer.Answering?
  }

  private struct State {
    var calls: [UInt64: Call] = [:]
    var next: UInt64 = 0
  }

  /// Guards who has calls open.
  private let state = Mutex(State())

  /// - Returns: what ``close(_:)`` takes.
  func open(_ principal: Principal, _ ask: RequestsFromServer.Answering?) -> UInt64 {
    state.withLock { state in
      state.next += 1
      state.calls[state.next] = Call(principal: principal.userKey, ask: ask)
      return state.next
    }
  }

  func close(_ key: UInt64) { state.withLock { _ = $0.calls.removeValue(forKey: key) } }

  /// Answers a question that came without a mark of its call.
  func answer(_ method: MCP.Method, _ params: JSONValue) async throws(RPCError) -> JSONValue {
    let (isClear, ask): (Bool, RequestsFromServer.Answering?) = state.withLock { state in
      guard let first = state.calls.values.first, state.calls.values.allSatisfy({ $0.principal == first.principal }) else {
        return (false, nil)
      }
      // Of several calls of one person, the latest that can be asked.
      return (true, state.calls.filter { $0.value.ask != nil }.max { $0.key < $1.key }?.value.ask)
    }
    guard isClear else {
      throw RPCError(.internalError, "Whose call \(method.rawValue) is about cannot be told: the calls of several people are open, or of nobody")
    }
    guard let ask else { throw OpenCalls.notSupported(method) }
    return try await ask(method, params)
  }

  static func notSupported(_ method: MCP.Method) -> RPCError {
    RPCError(.methodNotFound, "\(method.rawValue) is not supported by the client of this call")
  }

  /// Answers for callers who cannot be asked.
  static let refuse: RequestsFromServer.Answering = { method, _ throws(RPCError) in throw notSupported(method) }
}
