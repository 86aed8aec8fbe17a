internal import JSON
package import NIOCore
internal import Synchronization

/// The requests that wait for their responses on a channel that all messages of a server share, and those who listen to what belongs to
/// none of them.
package final class PendingRequests: Sendable {
  private struct Waiter {
    let isStream: Bool
    let continuation: CheckedContinuation<Result<Envelope, WireError>, Never>
    let notifications: AsyncStream<Envelope>.Continuation?
    /// Sends `notifications/cancelled`.
    let tell: @Sendable (ByteBuffer) -> Void
    var timeout: Scheduled<Void>?
  }

  private struct State {
    var isOpen = false
    var waiters: [Int: Waiter] = [:]
    var unsolicited: [Int: AsyncStream<Envelope>.Continuation] = [:]
    var losing: [Int: CheckedContinuation<Void, Never>] = [:]
    var next = 0
  }

  /// Guards who waits for what; continuations are resumed outside of it.
  private let state = Mutex(State())
  private let name: String

  /// - Parameter name: what the server is called in errors.
  package init(name: String) { self.name = name }

  // MARK: Life of the channel

  /// The channel is there: requests may wait on it.
  package func begin() { state.withLock { $0.isOpen = true } }

  /// The channel is gone. What waits fails by `error`.
  package func end(_ error: WireError) {
    let over = state.withLock { state in
      defer { state = State(next: state.next) }
      return state
    }
    for waiter in over.waiters.values {
      waiter.timeout?.cancel()
      waiter.continuation.resume(returning: .failure(error))
    }
    for continuation in over.losing.values { continuation.resume() }
    for continuation in over.unsolicited.values { continuation.finish() }
  }

  /// Returns when the channel is gone, or the task is cancelled.
  package func lost() async {
    let key = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          guard state.isOpen, !Task.isCancelled else { return true }
          state.losing[key] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.losing.removeValue(forKey: key) }?.resume()
    }
  }

  // MARK: Requests

  /// Sends a request by `send`, and waits for its response. All notifications that came before it are handed on before this returns.
  ///
  /// - Parameters:
  ///   - eventLoop: where its timeout is kept.
  ///   - tell: sends `notifications/cancelled` when nobody waits any more.
  package func roundTrip(
    _ request: WireRequest, on eventLoop: any EventLoop, tell: @escaping @Sendable (ByteBuffer) -> Void, send: () throws(WireError) -> Void
  ) async throws(WireError) -> Envelope {
    guard let forward = request.onNotification else { return try await exchange(request, nil, on: eventLoop, tell: tell, send: send) }
    let (stream, continuation) = AsyncStream.makeStream(of: Envelope.self, bufferingPolicy: .bufferingNewest(1024))
    async let pump: Void = {
      for await notification in stream { await forward(notification) }
    }()
    let result: Result<Envelope, WireError>
    do throws(WireError) { result = .success(try await exchange(request, continuation, on: eventLoop, tell: tell, send: send)) } catch {
      result = .failure(error)
    }
    continuation.finish()
    await pump
    return try result.get()
  }

  private func exchange(
    _ request: WireRequest, _ notifications: AsyncStream<Envelope>.Continuation?, on eventLoop: any EventLoop,
    tell: @escaping @Sendable (ByteBuffer) -> Void, send: () throws(WireError) -> Void
  ) async throws(WireError) -> Envelope {
    let id = request.id
    // The handshake is not cancelled (2025-11-25, basic/utilities/cancellation).
    let isHandshake = request.method == .initialize
    let tell: @Sendable (ByteBuffer) -> Void = { if !isHandshake { tell($0) } }
    let result: Result<Envelope, WireError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOpen = state.withLock { state in
          guard state.isOpen else { return false }
          state.waiters[id] = Waiter(isStream: request.isStream, continuation: continuation, notifications: notifications, tell: tell)
          return true
        }
        guard isOpen else {
          return continuation.resume(returning: .failure(WireError(.closed, "the connection to \(name) was lost", mayHaveHadEffect: false)))
        }
        do throws(WireError) { try send() } catch { fail(id, error) }
        bound(request, on: eventLoop)
        if Task.isCancelled { cancel(id) }
      }
    } onCancel: {
      cancel(id)
    }
    return try result.get()
  }

  /// Gives up at the deadline. Only what waits already: the deadline may be over.
  private func bound(_ request: WireRequest, on eventLoop: any EventLoop) {
    // A timer for the end of time would keep the loop from noticing any other.
    guard request.deadline < .distantFuture else { return }
    let timeout: Scheduled<Void> = eventLoop.scheduleTask(deadline: request.deadline) { [weak self] in
      self?.abandon(request.id, WireError(.timeout, "\(self?.name ?? "the server") did not answer in time", mayHaveHadEffect: true))
    }
    let isWaiting = state.withLock { state in
      state.waiters[request.id]?.timeout = timeout
      return state.waiters[request.id] != nil
    }
    if !isWaiting { timeout.cancel() }
  }

  private func cancel(_ id: Int) { abandon(id, WireError(.cancelled, "cancelled by the caller", mayHaveHadEffect: true)) }

  /// Fails a request; its server is told first that nobody waits for it any more.
  private func abandon(_ id: Int, _ error: WireError) {
    guard let waiter = take(id) else { return }
    waiter.tell(Message.notification(.cancelled, params: ByteBuffer(string: "{\"requestId\":\(id)}")))
    waiter.continuation.resume(returning: .failure(error))
  }

  /// Fails a request, if it waits.
  package func fail(_ id: Int, _ error: WireError) { take(id)?.continuation.resume(returning: .failure(error)) }

  private func take(_ id: Int) -> Waiter? {
    let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
    waiter?.timeout?.cancel()
    return waiter
  }

  // MARK: What the server says

  /// Takes a response. One that nobody waits for goes nowhere.
  package func resolve(_ response: Envelope) {
    guard let id = response.id?.int else { return }
    take(id)?.continuation.resume(returning: .success(response))
  }

  /// Takes a notification: for the request that it belongs to, or for all who listen.
  package func deliver(_ notification: Envelope) {
    // Progress and subscriptions name the request they belong to; our tokens are the requests' ids.
    let owner = notification["progressToken"]?.int ?? notification.meta?[MetaKey.subscriptionID]?.int
    state.withLock { state in
      if let owner {
        state.waiters[owner]?.notifications?.yield(notification)
      } else {
        for continuation in state.unsolicited.values { continuation.yield(notification) }
      }
    }
  }

  /// Whether a request that opens a stream waits under this id.
  package func awaitsStream(_ id: Int) -> Bool { state.withLock { $0.waiters[id]?.isStream == true } }

  /// Hands on notifications that belong to no request, until the channel is gone or the task is cancelled.
  package func receiveUnsolicited(opened: () -> Void, _ receive: (Envelope) async -> Void) async {
    let (stream, continuation) = AsyncStream.makeStream(of: Envelope.self, bufferingPolicy: .bufferingNewest(256))
    let key: Int? = state.withLock { state in
      guard state.isOpen else { return nil }
      state.next += 1
      state.unsolicited[state.next] = continuation
      return state.next
    }
    opened()
    guard let key else { return }
    for await message in stream { await receive(message) }
    state.withLock { _ = $0.unsolicited.removeValue(forKey: key) }
  }
}
