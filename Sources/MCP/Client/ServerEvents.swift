internal import JSON
internal import Synchronization

/// What a server says of itself.
public enum ServerEvent: Sendable {
  /// A list or a resource is not what it was. Modern servers tell only what a subscription asks for; see ``Client/subscribe(to:)``.
  case changed(ServerChange)
  case log(LogMessage)
  /// What an elicitation by URL was about is done (2025-11-25).
  case elicitationCompleted(id: String)
  /// The state of a task that is subscribed to (extension `io.modelcontextprotocol/tasks`).
  case task(TaskSnapshot)
  /// The connection was lost and is made again: what the server said in between was not heard.
  case reconnected
  /// Any other notification.
  case other(Envelope)

  init(_ notification: Envelope) {
    if notification.method == .taskStatus, let task = notification.params.flatMap({ TaskSnapshot($0) }) {
      self = .task(task)
    } else if let change = ServerChange(notification) {
      self = .changed(change)
    } else if let message = LogMessage(notification) {
      self = .log(message)
    } else if notification.method == .elicitationComplete, let id = notification["elicitationId"]?.string {
      self = .elicitationCompleted(id: id)
    } else {
      self = .other(notification)
    }
  }
}

/// Hands events to whoever listens. A listener that is slow loses the oldest ones beyond its buffer, and holds up nobody.
final class ServerEvents: Sendable {
  private struct State {
    var listeners: [Int: AsyncStream<ServerEvent>.Continuation] = [:]
    var next = 0
    var isClosed = false
  }

  /// Guards the listeners.
  private let state = Mutex(State())

  func listen(buffering limit: Int) -> AsyncStream<ServerEvent> {
    let (stream, continuation) = AsyncStream.makeStream(of: ServerEvent.self, bufferingPolicy: .bufferingNewest(limit))
    let key: Int? = state.withLock { state in
      guard !state.isClosed else { return nil }
      state.next += 1
      state.listeners[state.next] = continuation
      return state.next
    }
    guard let key else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in self?.state.withLock { _ = $0.listeners.removeValue(forKey: key) } }
    return stream
  }

  func publish(_ event: ServerEvent) {
    let listeners = state.withLock { Array($0.listeners.values) }
    for listener in listeners { listener.yield(event) }
  }

  func close() {
    let listeners = state.withLock { state in
      state.isClosed = true
      defer { state.listeners = [:] }
      return Array(state.listeners.values)
    }
    for listener in listeners { listener.finish() }
  }
}
