internal import MCPAuth
internal import Synchronization

/// Makes the proofs of one key, with the nonces that servers gave (RFC 9449 sections 8 and 9).
final class DPoPSender: Sendable {
  let key: SigningKey
  let thumbprint: String
  private let now: @Sendable () -> Int64
  /// Guards the last nonce of each server, by its origin. There are two or three.
  private let nonces: Mutex<[String: String]> = Mutex([:])

  init(_ key: SigningKey, now: @escaping @Sendable () -> Int64) {
    self.key = key
    thumbprint = key.thumbprint
    self.now = now
  }

  func proof(method: HTTPMethod, url: HTTPURL, accessToken: Secret? = nil) throws(OAuthError) -> String {
    let nonce = nonces.withLock { $0[url.origin.description] }
    do {
      return try DPoPProof.make(key, method: method.name, url: url.description, accessToken: accessToken, nonce: nonce, now: now())
    } catch { throw OAuthError(.configuration, "The proof key cannot sign: \(error)") }
  }

  /// Remembers the nonce of an answer.
  /// - Returns: whether there is one that was not known.
  @discardableResult
  func note(_ headers: HTTPHeaders, from origin: HTTPOrigin) -> Bool {
    guard let nonce = headers["DPoP-Nonce"], !nonce.isEmpty, nonce.utf8.count <= 1024 else { return false }
    return nonces.withLock { nonces in
      if nonces.count > 64 { nonces.removeAll() }
      return nonces.updateValue(nonce, forKey: origin.description) != nonce
    }
  }
}
