internal import Crypto
internal import MCPAuth

/// Tokens that were verified a moment ago, by the digest of their text; bounded in number and in time.
///
/// Two generations, as in the gateway's cache: what is used again moves up.
struct VerifiedTokenCache: Sendable {
  struct Entry {
    let token: TokenCaller
    /// Seconds since 1970.
    let until: Int64
  }

  private var young: [SHA256Digest: Entry] = [:]
  private var old: [SHA256Digest: Entry] = [:]
  private let capacity: Int

  init(capacity: Int) { self.capacity = max(2, capacity) }

  mutating func caller(for digest: SHA256Digest, at now: Int64) -> TokenCaller? {
    if let entry = young[digest] { return entry.until > now ? entry.token : nil }
    guard let entry = old.removeValue(forKey: digest), entry.until > now else { return nil }
    insert(entry, for: digest)
    return entry.token
  }

  mutating func insert(_ entry: Entry, for digest: SHA256Digest) {
    if young.count >= capacity / 2 {
      old = young
      young = [:]
    }
    young[digest] = entry
  }
}
