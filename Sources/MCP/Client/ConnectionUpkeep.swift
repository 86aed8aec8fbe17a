internal import NIOCore
internal import Synchronization

/// Takes what a server sends of itself, and connects again when it is lost. Holds no client, so that dropping the client ends it.
struct ConnectionUpkeep: Sendable {
  let connection: ClientConnection
  let hub: ServerEvents
  let cache: ResultCache
  let subscriptions: LegacySubscriptions
  let connectTimeout: TimeAmount

  /// How long whoever connects waits for the server's stream.
  static let patience = TimeAmount.seconds(1)

  /// Runs until cancelled.
  ///
  /// - Parameter end: when nobody waits any more for the first stream: what happens before one that opens later is missed.
  func run(patienceEnds end: NIODeadline, opened: @escaping @Sendable () -> Void) async {
    // Between one stream and the next something may have been missed.
    let wasOpen = Atomic<Bool>(false)
    let begun: @Sendable () -> Void = {
      opened()
      guard wasOpen.exchange(true, ordering: .relaxed) || NIODeadline.now() >= end else { return }
      cache.forgetAll()
      hub.publish(.reconnected)
    }
    var failures = 0
    while !Task.isCancelled {
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          await connection.wire.lost()
          return true
        }
        group.addTask {
          await receive(opened: opened, begun: begun)
          return false
        }
        for await isLost in group where isLost { break }
        group.cancelAll()
      }
      opened()
      wasOpen.store(true, ordering: .relaxed)
      cache.forgetAll()
      while !Task.isCancelled {
        do throws(ClientError) {
          try await connection.connect(timeout: connectTimeout)
          failures = 0
          await subscribeAgain()
          break
        } catch {
          failures += 1
          try? await Task.sleep(for: .milliseconds(250 << min(failures, 7)))
        }
      }
    }
  }

  /// Follows the server's own messages; the stream that carries them over HTTP is opened again when it ends, and with it a session that
  /// the server has ended.
  ///
  /// - Parameters:
  ///   - opened: told when there is no more need to wait for a stream.
  ///   - begun: told of each stream that is open.
  private func receive(opened: @escaping @Sendable () -> Void, begun: @escaping @Sendable () -> Void) async {
    var failures = 0
    var number = connection.peer?.connectionNumber
    var lostSession: Int?
    while !Task.isCancelled {
      if let lost = lostSession {
        do throws(ClientError) {
          try await connection.reconnect(from: lost, timeout: connectTimeout)
          lostSession = nil
        } catch {
          failures += 1
          // Who is not let in is not asked to sign in behind their back: the next request opens the session.
          if case .wire(let wire) = error, !wire.isPassing {
            while !Task.isCancelled, connection.peer?.connectionNumber == lost { try? await Task.sleep(for: .seconds(5)) }
            continue
          }
          try? await Task.sleep(for: .milliseconds(100 << min(failures, 8)))
          continue
        }
      }
      guard let peer = connection.peer else { return }
      if number != peer.connectionNumber {
        number = peer.connectionNumber
        await subscribeAgain()
      }
      let started = NIODeadline.now()
      do throws(WireError) {
        try await connection.wire.receiveUnsolicited(version: peer.version, opened: begun) { [hub, cache] in Client.publish($0, hub, cache) }
        if peer.version.era == .modern || connection.wire.isSharedChannel { return opened() }
      } catch {
        opened()
        // Many servers have no such stream (405).
        if case .status = error.code, !error.isPassing { return }
        if error.code == .sessionEnded { lostSession = peer.connectionNumber }
      }
      failures = NIODeadline.now() - started > .seconds(10) ? 0 : failures + 1
      try? await Task.sleep(for: .milliseconds(100 << min(failures, 8)))
    }
  }

  private func subscribeAgain() async {
    for uri in subscriptions.uris {
      _ = try? await connection.request(.resourcesSubscribe, .init(uri: uri), deadline: .now() + .seconds(30))
    }
  }
}

/// The resources that legacy subscriptions name, so that a new session is told of them again.
final class LegacySubscriptions: Sendable {
  /// Guards how many want each URI.
  private let counts: Mutex<[String: Int]> = Mutex([:])

  var uris: [String] { counts.withLock { Array($0.keys) } }

  /// Whether this is the first to want `uri`.
  func add(_ uri: String) -> Bool {
    counts.withLock { counts in
      counts[uri, default: 0] += 1
      return counts[uri] == 1
    }
  }

  /// Whether this was the last to want `uri`.
  func remove(_ uri: String) -> Bool {
    counts.withLock { counts in
      guard let count = counts[uri] else { return false }
      counts[uri] = count > 1 ? count - 1 : nil
      return count == 1
    }
  }
}
