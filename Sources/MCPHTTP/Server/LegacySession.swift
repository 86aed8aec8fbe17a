internal import MCP
internal import NIOCore
internal import Synchronization

/// A legacy session on this replica: what its sealed id says, and what the client has set up since.
final class LegacySession: Sendable {
  let token: SessionToken

  private struct State {
    var logLevel: LogLevel?
    var subscriptions: Set<String> = []
    /// The resources that are followed for the stream that is open, and what follows one more.
    var followed: [String: Observation] = [:]
    var follow: (@Sendable (String) -> Observation?)?
    var stream: ChangeQueue?
    /// Requests being answered, by the text of their id.
    var exchanges: [String: Exchange] = [:]
    /// Exchanges whose streams can be gone on with, by the name of the stream, the oldest first. Some are answered, and may be lost.
    var streams: [(id: String, exchange: Exchange)] = []
  }
  private let state = Mutex(State())

  init(_ token: SessionToken) { self.token = token }

  // MARK: What the client set up

  var logLevel: LogLevel? {
    get { state.withLock(\.logLevel) }
    set { state.withLock { $0.logLevel = newValue } }
  }

  /// - Returns: false when the session has as many subscriptions as it may.
  func subscribe(to uri: String) -> Bool {
    var follow: (@Sendable (String) -> Observation?)?
    let isTaken: Bool = state.withLock { state in
      guard state.subscriptions.count < SubscriptionFilter.resourceLimit || state.subscriptions.contains(uri) else { return false }
      if state.subscriptions.insert(uri).inserted { follow = state.follow }
      return true
    }
    if let follow { keep(follow(uri), of: uri) }
    return isTaken
  }

  func unsubscribe(from uri: String) {
    let followed = state.withLock { state in
      state.subscriptions.remove(uri)
      return state.followed.removeValue(forKey: uri)
    }
    followed?.cancel()
  }

  private func keep(_ observation: Observation?, of uri: String) {
    guard let observation else { return }
    let unwanted: Observation? = state.withLock { state in
      guard state.follow != nil, state.subscriptions.contains(uri) else { return observation }
      return state.followed.updateValue(observation, forKey: uri)
    }
    unwanted?.cancel()
  }

  func admits(_ change: ServerChange) -> Bool {
    guard case .resourceUpdated(let uri) = change else { return true }
    return state.withLock { $0.subscriptions.contains(uri) }
  }

  // MARK: The stream for notifications

  /// Makes `queue` the session's stream. Each message goes to one stream (2025-11-25, transports, "Multiple Connections"), so
  /// an earlier one ends: its client has most likely lost it.
  ///
  /// - Parameter follow: follows a resource for as long as the stream is open.
  func open(_ queue: ChangeQueue, following follow: @escaping @Sendable (String) -> Observation?) {
    let (earlier, subscriptions) = state.withLock { state in
      defer { (state.stream, state.follow) = (queue, follow) }
      return (state.stream, state.subscriptions.subtracting(state.followed.keys))
    }
    earlier?.close()
    for uri in subscriptions { keep(follow(uri), of: uri) }
  }

  func close(_ queue: ChangeQueue) {
    let followed: [Observation] = state.withLock { state in
      guard state.stream === queue else { return [] }
      defer { (state.stream, state.follow, state.followed) = (nil, nil, [:]) }
      return Array(state.followed.values)
    }
    for one in followed { one.cancel() }
    queue.close()
  }

  // MARK: Requests being answered

  func begin(_ exchange: Exchange, id: String) { state.withLock { $0.exchanges[id] = exchange } }

  func finish(_ exchange: Exchange, id: String) {
    state.withLock { if $0.exchanges[id] === exchange { $0.exchanges[id] = nil } }
  }

  /// The most streams of a session that can be gone on with.
  private static let streamLimit = 16

  func keep(_ exchange: Exchange, streamID: String) {
    state.withLock { state in
      guard !state.streams.contains(where: { $0.id == streamID }) else { return }
      // A request whose stream is forgotten goes on, and can still be cancelled.
      if state.streams.count >= LegacySession.streamLimit { state.streams.remove(at: state.streams.firstIndex(where: \.exchange.isAnswered) ?? 0) }
      state.streams.append((streamID, exchange))
    }
  }

  func keeps(_ exchange: Exchange) -> Bool { state.withLock { $0.streams.contains { $0.exchange === exchange } } }

  func forget(_ exchange: Exchange) { state.withLock { $0.streams.removeAll { $0.exchange === exchange } } }

  func exchange(streamID: String) -> Exchange? { state.withLock { $0.streams.first { $0.id == streamID }?.exchange } }

  /// Cancels the request with this id, if it is being answered here.
  func cancel(id: String) { state.withLock { $0.exchanges[id] }?.cancelByClient() }

  /// Ends what the session has open.
  func end() {
    let (stream, exchanges) = state.withLock { state in
      defer { state.streams = [] }
      return (state.stream, Array(state.exchanges.values) + state.streams.map(\.exchange))
    }
    stream?.close()
    for exchange in exchanges { exchange.cancelByClient() }
  }
}

/// The sessions that this replica has opened the seal of, bounded: when one generation is full, the one before is forgotten.
final class SessionCache: Sendable {
  private struct State {
    var recent: [ByteBuffer: LegacySession] = [:]
    var older: [ByteBuffer: LegacySession] = [:]
  }
  private let state = Mutex(State())
  private let generation: Int

  init(capacity: Int) { generation = max(1, capacity / 2) }

  /// The session with this sealed id; `make` opens the seal of one that is not known.
  func session(_ sealed: ByteBuffer, make: () -> SessionToken?) -> LegacySession? {
    if let session = state.withLock({ $0.recent[sealed] }) { return session }
    if let session = state.withLock({ $0.older[sealed] }) { return keep(session, sealed) }
    guard let token = make() else { return nil }
    return keep(LegacySession(token), sealed)
  }

  private func keep(_ session: LegacySession, _ sealed: ByteBuffer) -> LegacySession {
    // A copy, so that the key does not keep the request's buffer alive.
    let key = ByteBuffer(bytes: Array(sealed.readableBytesView))
    return state.withLock { state in
      if let other = state.recent[key] { return other }
      if state.recent.count >= generation {
        state.older = state.recent
        state.recent = [:]
      }
      state.recent[key] = session
      return session
    }
  }

  func forget(_ sealed: ByteBuffer) {
    state.withLock {
      $0.recent[sealed] = nil
      $0.older[sealed] = nil
    }
  }
}
