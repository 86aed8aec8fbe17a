internal import ConnectorKit
internal import Synchronization

/// How often `conversations.history` and `.replies` may be asked, and for how much. Slack limits them hard, once a minute and 15 objects, for
/// apps that are sold outside of its Marketplace (<https://docs.slack.dev/apis/web-api/rate-limits>),
/// and tells nobody which apps those are: what settings do not say is learnt from its answers, for each
/// app and workspace (``VendorCredential/limitedAs``).
final class HistoryPace: Sendable {
  struct Limit: Sendable, Hashable {
    var perMinute: Int
    var objects: Int
  }

  /// Of the apps that Slack limits hard.
  static let hard = Limit(perMinute: 1, objects: 15)
  static let methods: Set<String> = ["conversations.history", "conversations.replies"]
  /// A longer wait than this is not that of the ordinary limit, of which the connector keeps ahead.
  private static let longWait: Int64 = 30
  /// Seconds for which it is remembered: an app may be admitted to the Marketplace.
  private static let memory: Int64 = 86_400

  /// What the settings say; then nothing is learnt.
  private let fixed: Limit?
  /// When each holder of a limit was last seen to be limited. Guarded by the mutex.
  private let seen = Mutex<[String: Int64]>([:])
  private let time: VendorTime

  init(_ fixed: Limit?, time: VendorTime) {
    self.fixed = fixed
    self.time = time
  }

  /// The limit of a holder; nil for the ordinary one.
  func limit(_ holder: String) -> Limit? {
    if let fixed { return fixed }
    let now = time.seconds()
    return seen.withLock { $0[holder].map { $0 > now - Self.memory } ?? false } ? Self.hard : nil
  }

  /// Takes in that Slack wants the holder to wait.
  func note(wait: Int64, _ holder: String) { if wait > Self.longWait { learn(holder) } }

  /// Takes in a page.
  ///
  /// - Returns: whether it shows the hard limit: as many objects as that allows where more were asked for, and more to come. Other short pages
  ///   are no sign: Slack gives them to anybody.
  func note(objects: Int, of asked: Int, hasMore: Bool, _ holder: String) -> Bool {
    guard fixed == nil, hasMore, asked > Self.hard.objects, objects == Self.hard.objects else { return false }
    learn(holder)
    return true
  }

  private func learn(_ holder: String) {
    guard fixed == nil else { return }
    let now = time.seconds()
    seen.withLock { seen in
      if seen.count > 10_000 { seen = seen.filter { $0.value > now - Self.memory } }
      seen[holder] = now
    }
  }
}
