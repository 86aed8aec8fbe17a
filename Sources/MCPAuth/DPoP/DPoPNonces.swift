public import Crypto
internal import Foundation

/// Nonces that a server can recognize without remembering them: a time and its authentication code under a key (RFC 9449 section 8).
public struct DPoPNonces: Sendable {
  private let key: SymmetricKey
  /// Seconds that a nonce is good for.
  private let lifetime: Int64

  /// - Parameter key: the same in all replicas of a server.
  public init(key: SymmetricKey = SymmetricKey(size: .bits256), lifetime: Int64 = 300) {
    self.key = key
    self.lifetime = lifetime
  }

  /// A nonce to send to clients.
  ///
  /// - Parameter now: in seconds since 1970.
  public func make(at now: Int64) -> String {
    let time = Self.bytes(now)
    return Base64URL.encode(time + code(time))
  }

  /// Whether a nonce is one of ours and not too old.
  public func isValid(_ nonce: String, at now: Int64) -> Bool {
    guard nonce.utf8.count <= 64, let bytes = Base64URL.decode(nonce.utf8), bytes.count == 24 else { return false }
    let made = bytes[..<8].reduce(Int64(0)) { $0 << 8 | Int64($1) }
    guard made <= now, now - made <= lifetime else { return false }
    let expected = code(Array(bytes[..<8]))
    return zip(expected, bytes[8...]).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private func code(_ time: [UInt8]) -> [UInt8] { Array(HMAC<SHA256>.authenticationCode(for: time, using: key).prefix(16)) }

  private static func bytes(_ time: Int64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * Int64($0))) } }
}
