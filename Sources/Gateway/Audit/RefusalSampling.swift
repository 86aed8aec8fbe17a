internal import Synchronization

/// Keeps requests over a limit from filling the audit log: of one user, one leaf a second tells of them, with the number of those
/// that it stands for. All other refusals are written one by one; the limits bound them.
final class RefusalSampling: Sendable {
  private struct Count {
    var second: Int64
    var unwritten = 0
  }

  private static let capacity = 10_000
  /// Guards the counts, by user.
  private let counts = Mutex<[UserKey: Count]>([:])

  /// The number of refusals that were not written since the last one of this user; nil if this one is not to be written either.
  func admit(_ refusal: Refusal, _ exchange: Exchange) -> Int? {
    guard refusal.code == .limited else { return 0 }
    let second = exchange.time / 1000
    return counts.withLock { counts in
      if counts.count > Self.capacity { counts.removeAll() }
      guard let count = counts[exchange.principal.userKey], count.second == second else {
        let unwritten = counts[exchange.principal.userKey]?.unwritten ?? 0
        counts[exchange.principal.userKey] = Count(second: second)
        return unwritten
      }
      counts[exchange.principal.userKey]?.unwritten += 1
      return nil
    }
  }
}
