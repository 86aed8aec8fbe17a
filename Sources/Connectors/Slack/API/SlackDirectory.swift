internal import ConnectorKit
internal import JSON
internal import Synchronization

/// Names of channels and people, learnt as they are met and kept for a while: messages hold ids, and a model needs names.
final class SlackDirectory: Sendable {
  private struct Entry<Value: Sendable>: Sendable {
    var value: Value
    var expiry: Int64
  }
  /// A list as it was read.
  private struct Listing<Value: Sendable>: Sendable {
    var found: [Value] = []
    var isWhole = false
    /// Pages that it may have.
    var pages: Int
    /// When it was read.
    var time: Int64 = 0
  }
  private struct State {
    var users: [String: Entry<SlackUser>] = [:]
    var channels: [String: Entry<SlackChannel>] = [:]
    /// By id, whoever met them, as they were called last.
    var met: [String: SlackChannel] = [:]
    var workspaces: [String: Entry<[String]>] = [:]
    /// By subject.
    var rosters: [String: Listing<SlackUser>] = [:]
    var listings: [String: Listing<SlackChannel>] = [:]
    /// Counts what was told of changes: a list that was being read meanwhile is not kept.
    var changes = 0
  }

  /// Guards what is known, by subject and id: what one person sees is not shown to another.
  private let state = Mutex(State())
  private let api: SlackAPI
  private let time: VendorTime
  private let categories: SlackCategories
  static let lifetime: Int64 = 900
  /// Ages up to which a kept list is looked in for a name: who or what is not in it may be newer than the list.
  static let ages = [lifetime, 60]
  private static let maximumEntries = 20_000
  /// Lists are long, and many subjects may have one.
  private static let maximumLists = 20
  /// Names that one result may ask Slack for; the rest stay ids.
  private static let maximumLookups = 40

  init(_ api: SlackAPI, categories: SlackCategories, time: VendorTime) {
    self.api = api
    self.categories = categories
    self.time = time
  }

  /// The names of people by id; who cannot be found is left out.
  func names(of ids: Set<String>, as subject: Subject) async -> [String: String] { await people(ids, as: subject).mapValues(\.displayName) }

  /// People by id; who cannot be found is left out.
  ///
  /// - Parameter most: how many of them may be asked for.
  func people(_ ids: Set<String>, as subject: Subject, most: Int = maximumLookups) async -> [String: SlackUser] {
    var people: [String: SlackUser] = [:]
    var lookups = 0
    for id in ids.sorted() {
      if let known = knownUser(id, subject) {
        people[id] = known
        continue
      }
      guard lookups < most else { continue }
      lookups += 1
      do throws(VendorError) {
        guard let user = try await api.get("users.info", [("user", id)], as: subject)["user"].flatMap({ SlackUser($0) }) else { continue }
        remember(user, id: id, subject)
        people[id] = user
      } catch {
        // Names are a courtesy: where Slack is throttled, away or refuses all of them, ids do.
        if error.code != .notFound { lookups = most }
      }
    }
    return people
  }

  /// - Parameter id: under which it was asked for.
  func remember(_ user: SlackUser, id: String? = nil, _ subject: Subject) {
    let entry = Entry(value: user, expiry: time.seconds() + Self.lifetime)
    state.withLock {
      if $0.users.count > Self.maximumEntries { $0.users.removeAll() }
      $0.users[subject.key + " " + (id ?? user.id)] = entry
    }
  }

  private func knownUser(_ id: String, _ subject: Subject) -> SlackUser? {
    let now = time.seconds()
    return state.withLock { $0.users[subject.key + " " + id].flatMap { $0.expiry > now ? $0.value : nil } }
  }

  /// A channel by its id.
  func channel(_ id: String, as subject: Subject) async throws(VendorError) -> SlackChannel {
    let now = time.seconds()
    let key = subject.key + " " + id
    if let known = state.withLock({ $0.channels[key].flatMap { $0.expiry > now ? $0.value : nil } }) { return known }
    return try await current(id, as: subject)
  }

  /// A channel as it is now.
  func current(_ id: String, as subject: Subject) async throws(VendorError) -> SlackChannel {
    let json = try await api.get("conversations.info", [("channel", id), ("include_num_members", "true")], as: subject)
    guard let channel = json["channel"].flatMap({ SlackChannel($0, categories) }) else {
      throw VendorError(.invalidAnswer, "Slack described the channel in no known form.")
    }
    remember(channel, subject)
    return channel
  }

  func remember(_ channel: SlackChannel, _ subject: Subject) {
    let entry = Entry(value: channel, expiry: time.seconds() + Self.lifetime)
    state.withLock {
      if $0.channels.count > Self.maximumEntries { $0.channels.removeAll() }
      $0.channels[subject.key + " " + channel.id] = entry
      if $0.met.count > Self.maximumEntries { $0.met.removeAll() }
      $0.met[channel.id] = channel
    }
  }

  /// Has what is known of a channel asked for anew, after it was made or changed.
  func forget(channel id: String, _ subject: Subject) {
    state.withLock {
      $0.channels[subject.key + " " + id] = nil
      $0.listings[subject.key] = nil
      $0.changes += 1
    }
  }

  /// Has all lists of channels read anew, after Slack told of a change.
  func forgetChannels() {
    state.withLock {
      $0.listings.removeAll()
      $0.changes += 1
    }
  }

  /// Has all lists of people read anew, after Slack told of a change.
  func forgetRosters() {
    state.withLock {
      $0.rosters.removeAll()
      $0.changes += 1
    }
  }

  /// A channel under the name by which it was met last, whoever met it; for those who follow it under that name.
  func lastKnown(channel id: String) -> SlackChannel? {
    state.withLock { $0.met[id] }
  }

  /// Ids under which the subject's workspace is spoken of in URIs, the usual one first.
  func workspaces(as subject: Subject) async throws(VendorError) -> [String] {
    let now = time.seconds()
    if let known = state.withLock({ $0.workspaces[subject.key].flatMap { $0.expiry > now ? $0.value : nil } }) { return known }
    let who = try await api.post("auth.test", as: subject, isRead: true)
    // An organization's token is used in the workspace that the settings name.
    let ids = [api.team ?? who["team_id"]?.string].compactMap { $0 }
    let entry = Entry(value: ids, expiry: now + Self.lifetime)
    state.withLock {
      if $0.workspaces.count > Self.maximumEntries { $0.workspaces.removeAll() }
      $0.workspaces[subject.key] = entry
    }
    return ids
  }

  /// Pages of 200 that one reading of a list takes at most.
  private static let maximumPages = 10

  /// The people of the workspace, and whether these are all.
  ///
  /// - Parameter age: in seconds, of a list that was read before.
  func roster(as subject: Subject, pages: Int = maximumPages, age: Int64 = lifetime) async throws(VendorError) -> (people: [SlackUser], isWhole: Bool) {
    try await list(\.rosters, as: subject, pages: pages, age: age) { cursor async throws(VendorError) in
      let json = try await api.get("users.list", [("limit", "200"), ("cursor", cursor)], as: subject)
      let people = SlackContext.elements(json, "members").compactMap { SlackUser($0) }
      for user in people { remember(user, subject) }
      return (people, json)
    }
  }

  /// The channels that the subject sees, and whether these are all.
  ///
  /// - Parameter age: in seconds, of a list that was read before.
  func channels(as subject: Subject, pages: Int = maximumPages, age: Int64 = lifetime) async throws(VendorError) -> (channels: [SlackChannel], isWhole: Bool) {
    try await list(\.listings, as: subject, pages: pages, age: age) { cursor async throws(VendorError) in
      let json = try await api.get(
        "conversations.list", [("types", "public_channel,private_channel"), ("exclude_archived", "true"), ("limit", "200"), ("cursor", cursor)], as: subject)
      let channels = SlackContext.elements(json, "channels").compactMap { SlackChannel($0, categories) }
      for channel in channels { remember(channel, subject) }
      return (channels, json)
    }
  }

  /// A list that is kept, or read page by page.
  private func list<Value>(
    _ kept: any WritableKeyPath<State, [String: Listing<Value>]> & Sendable, as subject: Subject, pages: Int, age: Int64,
    _ page: (_ cursor: String?) async throws(VendorError) -> (found: [Value], json: RawJSON)
  ) async throws(VendorError) -> ([Value], isWhole: Bool) {
    let oldest = time.seconds() - age
    let (known, changes) = state.withLock { ($0[keyPath: kept][subject.key], $0.changes) }
    if let list = known, list.time > oldest, list.isWhole || list.pages >= pages { return (list.found, list.isWhole) }
    var list = Listing<Value>(pages: pages)
    var cursor: String?
    for _ in 0..<pages where !list.isWhole {
      let (found, json) = try await page(cursor)
      list.found += found
      // A short page is not the end; an empty cursor is.
      cursor = json["response_metadata"]?["next_cursor"]?.string
      list.isWhole = cursor?.isEmpty ?? true
    }
    list.time = time.seconds()
    state.withLock { [list] in
      guard $0.changes == changes else { return }
      if $0[keyPath: kept].count >= Self.maximumLists { $0[keyPath: kept].removeAll() }
      $0[keyPath: kept][subject.key] = list
    }
    return (list.found, list.isWhole)
  }

  /// Finds a channel by id, `#name` or name.
  func find(_ text: String, as subject: Subject) async throws(VendorError) -> SlackChannel {
    if Self.isID(text, "CGD") { return try await channel(text, as: subject) }
    let name = (text.hasPrefix("#") ? String(text.dropFirst()) : text).lowercased()
    let now = time.seconds()
    let prefix = subject.key + " "
    if let known = state.withLock({ state in state.channels.first { $0.key.hasPrefix(prefix) && $0.value.expiry > now && $0.value.value.name.lowercased() == name } }) {
      return known.value.value
    }
    var isWhole = true
    for age in Self.ages {
      let list = try await channels(as: subject, age: age)
      if let found = list.channels.first(where: { $0.name.lowercased() == name }) { return found }
      isWhole = list.isWhole
    }
    let absence = SlackContext.noChannel(text)
    throw isWhole ? absence : VendorError(.notFound, absence.message + " There are too many channels to look through them all: its id finds it.")
  }

  static func isID(_ text: String, _ kinds: String) -> Bool {
    guard let first = text.first, kinds.contains(first), text.utf8.count >= 8, text.utf8.count <= 16 else { return false }
    return text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
  }
}
