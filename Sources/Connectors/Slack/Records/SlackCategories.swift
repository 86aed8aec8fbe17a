internal import ConnectorKit
internal import JSON

/// What kind of data channels hold: `categories` of the settings. Every entry that speaks of a channel counts.
struct SlackCategories: Sendable {
  /// By what a channel is: `public`, `private`, `direct`, `shared`.
  private var kinds: [String: RecordCategory] = [:]
  private var named: [(names: NameFilter, category: RecordCategory)] = []

  static let description = "What kind of data this is, by where it stands; unknown where that cannot be told."
  private static let kindNames = ["public", "private", "direct", "shared"]

  init(_ settings: ConnectorSettings) throws(ConnectorError) {
    guard let part = try settings.settings("categories") else { return }
    try part.allow(Set(Self.kindNames + ["channels"]))
    for kind in Self.kindNames { kinds[kind] = try part.category(kind) }
    guard let channels = try part.settings("channels") else { return }
    for (name, _) in channels.values {
      let pattern = name.hasPrefix("#") ? String(name.dropFirst()) : name
      guard !pattern.isEmpty else { throw channels.error(name, "expected a channel's id, or its name, in which * stands for anything") }
      named.append((NameFilter(allow: [pattern]), try channels.requiredCategory(name)))
    }
  }

  var isEmpty: Bool { kinds.isEmpty && named.isEmpty }

  /// The categories of a channel, by its record.
  func of(_ channel: JSONObject) -> Set<RecordCategory> {
    guard !isEmpty else { return [] }
    let kind =
      switch channel["kind"]?.string {
      case "direct_message", "group_message": "direct"
      case "private_channel": "private"
      default: "public"
      }
    var found = Set([kinds[kind], channel["is_shared"]?.bool == true ? kinds["shared"] : nil].compactMap { $0 })
    let names = ["id", "name"].compactMap { channel[$0]?.string }
    for entry in named where entry.names.admits(names) { found.insert(entry.category) }
    return found
  }

  /// The categories of what is in several channels: all that one of them has. What is in none is somebody's own.
  ///
  /// - Parameter channels: nil for one of which nothing is known; then nothing can be told.
  func of(_ channels: [SlackChannel?]) -> Set<RecordCategory>? {
    guard !isEmpty else { return [] }
    guard !channels.isEmpty else { return of(["kind": "private_channel"]) }
    var found: Set<RecordCategory> = []
    for channel in channels {
      guard let categories = channel?.categories else { return nil }
      found.formUnion(categories)
    }
    return found
  }
}
