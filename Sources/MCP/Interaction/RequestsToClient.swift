internal import Crypto
public import JSON
public import NIOCore
internal import Synchronization

/// Requests that were sent to legacy clients and wait for their responses.
///
/// A waiter is found by the connection or session it belongs to together with an id that only its client was told: no client can
/// answer for another one by counting.
public final class RequestsToClient: Sendable {
  private struct Waiter {
    let continuation: CheckedContinuation<Result<RawJSON, ClientFailure>, Never>
    let method: Method
    let timeout: Task<Void, any Error>
  }
  private struct State {
    var waiters: [String: Waiter] = [:]
    /// Keys that were cancelled before they waited.
    var abandoned: Set<String> = []
    /// The last keys that are no longer waited for, so that a late answer is told from one that nobody asked for.
    var finished: [String] = []
  }
  /// Who waits for what. Continuations are resumed outside of the lock.
  private let state = Mutex(State())
  private let bound: Duration
  private static let remembered = 64

  /// - Parameter bound: the longest that a client may take. People answer slowly.
  public init(bound: Duration = .seconds(600)) { self.bound = bound }

  /// Sends a request and waits for its response.
  ///
  /// - Parameters:
  ///   - scope: the session or connection; what ``resolve(_:scope:)`` is given when its response comes.
  ///   - send: writes a message to the client.
  public func request(
    _ method: Method, params: ByteBuffer?, scope: String, send: @escaping @Sendable (ByteBuffer) async -> Void
  ) async throws(ClientFailure) -> RawJSON {
    let id = Base64.encode(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }, urlSafe: true)
    let key = scope + "/" + id
    let result: Result<RawJSON, ClientFailure> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let timeout = Task { [bound] in
          try await Task.sleep(for: bound)
          self.finish(key, .failure(.timeout(method)))
        }
        let waiter = Waiter(continuation: continuation, method: method, timeout: timeout)
        let isAbandoned = state.withLock { state in
          guard state.abandoned.remove(key) == nil else { return true }
          state.waiters[key] = waiter
          return false
        }
        guard !isAbandoned else {
          timeout.cancel()
          return continuation.resume(returning: .failure(.cancelled))
        }
        var text = ByteBuffer()
        JSONText.write(id, to: &text)
        let message = Message.request(id: text, method: method.rawValue, params: params)
        Task { await send(message) }
      }
    } onCancel: {
      let isWaiting = state.withLock { state in
        if state.waiters[key] == nil { state.abandoned.insert(key) }
        return state.waiters[key] != nil
      }
      if isWaiting { finish(key, .failure(.cancelled)) }
    }
    state.withLock { _ = $0.abandoned.remove(key) }
    switch result {
    case .success(let answer): return answer
    case .failure(let failure):
      switch failure {
      case .timeout, .cancelled:
        // Nobody waits any more: the client need not go on asking its user (2025-11-25, basic/utilities/cancellation).
        let params = ByteBuffer(["requestId": .string(id), "reason": .string(failure.description)])
        await send(Message.notification(.cancelled, params: params))
      default: break
      }
      throw failure
    }
  }

  /// Takes a response.
  ///
  /// - Returns: false when it answers nothing that was asked in `scope`, or not by this process. An answer that comes too late is
  ///   taken and forgotten.
  public func resolve(_ response: Envelope, scope: String) -> Bool {
    guard response.kind == .response, let id = response.id?.string else { return false }
    let key = scope + "/" + id
    guard let method = state.withLock({ $0.waiters[key]?.method }) else { return state.withLock { $0.finished.contains(key) } }
    if let error = response.error {
      finish(key, .failure(.refused(method, RPCError(error))))
    } else if let result = response.result {
      finish(key, .success(result))
    }
    return true
  }

  private func finish(_ key: String, _ result: Result<RawJSON, ClientFailure>) {
    let finished: Waiter? = state.withLock { state in
      guard let waiter = state.waiters.removeValue(forKey: key) else { return nil }
      if state.finished.count >= RequestsToClient.remembered { state.finished.removeFirst() }
      state.finished.append(key)
      return waiter
    }
    guard let waiter = finished else { return }
    waiter.timeout.cancel()
    waiter.continuation.resume(returning: result)
  }
}
