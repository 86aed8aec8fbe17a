/// Principals by the digest of their credential, bounded in number and in age.
///
/// Two generations: new entries go to the young one, and when that is full it becomes the old one and the old one is dropped.
/// What is used again moves up, so the bound costs no bookkeeping on a hit.
struct CredentialCache {
  struct Entry {
    let principal: Principal
    /// Nanoseconds since 1970.
    let expires: Int64
  }

  private var young: [CredentialDigest: Entry] = [:]
  private var old: [CredentialDigest: Entry] = [:]
  private let capacity: Int

  /// - Parameter capacity: the most entries in both generations together.
  init(capacity: Int) { self.capacity = max(2, capacity) }

  var count: Int { young.count + old.count }

  mutating func principal(for digest: CredentialDigest, at now: Int64) -> Principal? {
    if let entry = young[digest] { return entry.expires > now ? entry.principal : nil }
    guard let entry = old.removeValue(forKey: digest), entry.expires > now else { return nil }
    insert(entry, for: digest)
    return entry.principal
  }

  mutating func insert(_ entry: Entry, for digest: CredentialDigest) {
    if young.count >= capacity / 2 {
      old = young
      young = [:]
    }
    young[digest] = entry
  }

  mutating func removeAll() {
    young = [:]
    old = [:]
  }
}
