internal import Crypto

/// What was found out about tokens a moment ago, by the digest of their text; bounded in number and in time.
///
/// Two generations, as in the gateway's cache: what is used again moves up.
struct TokenCache<Value: Sendable>: Sendable {
  private struct Entry: Sendable {
    let value: Value
    /// Seconds since 1970.
    let until: Int64
  }

  private var young: [SHA256Digest: Entry] = [:]
  private var old: [SHA256Digest: Entry] = [:]
  private let capacity: Int

  init(capacity: Int) { self.capacity = max(2, capacity) }

  mutating func value(for digest: SHA256Digest, at now: Int64) -> Value? {
    if let entry = young[digest] { return entry.until > now ? entry.value : nil }
    guard let entry = old.removeValue(forKey: digest), entry.until > now else { return nil }
    insert(entry.value, for: digest, until: entry.until)
    return entry.value
  }

  mutating func insert(_ value: Value, for digest: SHA256Digest, until: Int64) {
    if young.count >= capacity / 2 {
      old = young
      young = [:]
    }
    young[digest] = Entry(value: value, until: until)
  }
}
