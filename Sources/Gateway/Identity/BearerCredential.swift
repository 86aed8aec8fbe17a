internal import MCPAuth

/// The token in an Authorization header (RFC 6750 section 2.1), by its digest.
struct BearerCredential {
  enum Kind {
    case apiToken
    case jwt([UInt8])
  }

  let digest: CredentialDigest
  private let header: String
  private let start: Int

  /// Throws `missing` for another scheme, and `malformed` unless there is one token of at most 16 KB after `Bearer`.
  init(_ header: String) throws(AuthenticationFailure) {
    var header = header
    header.makeContiguousUTF8()
    self.header = header
    let located = header.utf8.withContiguousStorageIfAvailable { bytes in Self.locate(bytes) } ?? .failure(.malformed)
    (start, digest) = try located.get()
  }

  private static func locate(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<(Int, CredentialDigest), AuthenticationFailure> {
    let scheme: StaticString = "bearer"
    let length = scheme.utf8CodeUnitCount
    let matches = scheme.withUTF8Buffer { scheme in
      bytes.count >= length && zip(bytes, scheme).allSatisfy { $0 | 0x20 == $1 }
    }
    guard matches, bytes.count == length || bytes[length] == UInt8(ascii: " ") else { return .failure(.missing) }
    var start = length
    while start < bytes.count, bytes[start] == UInt8(ascii: " ") { start += 1 }
    let token = UnsafeBufferPointer(rebasing: bytes[start...])
    guard !token.isEmpty, token.count <= CompactToken.maximumLength else { return .failure(.malformed) }
    return .success((start, CredentialDigest(of: UnsafeRawBufferPointer(token))))
  }

  /// What to check the token as. Not needed for a token that is known already, so a computed property that may throw.
  var kind: Kind {
    get throws(AuthenticationFailure) {
      let token = Array(header.utf8.dropFirst(start))
      guard token.allSatisfy(Self.isTokenCharacter) else { throw .malformed }
      let form = token.withUnsafeBufferPointer { (APITokenSecret.hasPrefix($0), APITokenSecret.isWellFormed($0)) }
      switch form {
      case (true, true): return .apiToken
      case (true, false): throw .invalid
      default: return .jwt(token)
      }
    }
  }

  /// The characters of `b64token`.
  private static func isTokenCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"),
      UInt8(ascii: "="):
      true
    default: false
    }
  }
}
