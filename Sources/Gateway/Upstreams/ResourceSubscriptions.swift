internal import JSON
internal import Logging
internal import MCP
internal import NIOCore
internal import Synchronization

/// The resources of one upstream that clients follow: one subscription there, however many they are here.
final class ResourceSubscriptions: Sendable {
  fileprivate struct State {
    /// How many follow each resource.
    var followers: [String: Int] = [:]
    var wake: AsyncStream<Void>.Continuation?
  }

  /// No honest set of clients comes near; it bounds what one upstream has to keep for us.
  static let limit = 10_000

  /// Guards who follows what.
  private let state = Mutex(State())

  /// - Returns: nil where too much is followed already.
  func follow(_ uri: String) -> Observation? {
    let isTaken = state.withLock { state in
      guard state.followers[uri] != nil || state.followers.count < Self.limit else { return false }
      state.followers[uri, default: 0] += 1
      if state.followers[uri] == 1 { state.change() }
      return true
    }
    guard isTaken else { return nil }
    let follower = Follower()
    // Observations end once when cancelled and once more when released.
    return Observation { [weak self] in if follower.end() { self?.leave(uri) } }
  }

  private func leave(_ uri: String) {
    state.withLock { state in
      guard let count = state.followers[uri] else { return }
      state.followers[uri] = count > 1 ? count - 1 : nil
      if count == 1 { state.change() }
    }
  }

  private var wanted: Set<String> { state.withLock { Set($0.followers.keys) } }

  /// Tells the upstream what is followed, now and at each change, until the task is cancelled.
  ///
  /// - Parameter changed: takes the updates of a modern upstream; a legacy one sends them with its other notifications.
  func run(_ connection: ClientConnection, logger: Logger, changed: @escaping @Sendable (ServerChange) -> Void) async {
    let (changes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    state.withLock { $0.wake = wake }
    wake.yield()
    var told: Set<String> = []
    var number = connection.peer?.connectionNumber
    var stream: Task<Void, Never>?
    defer { stream?.cancel() }
    for await _ in changes {
      guard !Task.isCancelled, let peer = connection.peer else { return }
      let uris = wanted
      if number != peer.connectionNumber { (number, told) = (peer.connectionNumber, []) }
      guard uris != told else { continue }
      if peer.version.era == .modern {
        stream = await Self.listen(to: uris, connection, replacing: stream, changed: changed)
        told = uris
      } else {
        told = await Self.tell(connection, from: told, to: uris, logger: logger)
      }
    }
  }

  /// Looks again at what is followed: the upstream may have forgotten it with its session.
  func renew() { state.withLock { _ = $0.wake?.yield() } }

  // MARK: Modern

  /// Opens a stream for these resources; the one before ends when this one was agreed to, so that nothing is missed between them.
  private static func listen(
    to uris: Set<String>, _ connection: ClientConnection, replacing earlier: Task<Void, Never>?, changed: @escaping @Sendable (ServerChange) -> Void
  ) async -> Task<Void, Never>? {
    guard !uris.isEmpty else {
      earlier?.cancel()
      return nil
    }
    let filter: JSONValue = ["resourceSubscriptions": .array(uris.sorted().map { .string($0) })]
    let (agreed, signal) = AsyncStream.makeStream(of: Void.self)
    let stream = Task {
      var failures = 0
      while !Task.isCancelled {
        let started = NIODeadline.now()
        try? await connection.listen(filter: filter) { notification in
          if notification.method == .subscriptionsAcknowledged { return signal.finish() }
          if let change = ServerChange(notification) { changed(change) }
        }
        failures = NIODeadline.now() - started > .seconds(10) ? 0 : failures + 1
        try? await Task.sleep(for: .milliseconds(100 << min(failures, 8)))
      }
      signal.finish()
    }
    let patience = Task {
      try await Task.sleep(for: .seconds(5))
      signal.finish()
    }
    for await _ in agreed {}
    patience.cancel()
    earlier?.cancel()
    return stream
  }

  // MARK: Legacy

  /// - Returns: what the upstream was told to follow. What it refuses is not tried again until it is followed anew.
  private static func tell(_ connection: ClientConnection, from told: Set<String>, to wanted: Set<String>, logger: Logger) async -> Set<String> {
    for (method, uris) in [(MCP.Method.resourcesSubscribe, wanted.subtracting(told)), (.resourcesUnsubscribe, told.subtracting(wanted))] {
      for uri in uris {
        do throws(ClientError) {
          let answer = try await connection.request(method, ClientConnection.RequestBody(uri: uri), deadline: .now() + .seconds(30))
          if let error = answer.error { logger.info("does not follow a resource", metadata: ["reason": "\(RPCError(error).message.prefix(200))"]) }
        } catch { logger.info("cannot be told which resources are followed", metadata: ["reason": "\(error)"]) }
      }
    }
    return wanted
  }
}

/// Counts once for its resource, until it ends.
private final class Follower: Sendable {
  private let isFollowing = Atomic<Bool>(true)

  /// Whether it ends now, and has not before.
  func end() -> Bool { isFollowing.exchange(false, ordering: .relaxed) }
}

extension ResourceSubscriptions.State {
  fileprivate func change() { wake?.yield() }
}
