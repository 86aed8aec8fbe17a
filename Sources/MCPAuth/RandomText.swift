/// Unguessable texts: states, verifiers, ids.
package enum RandomText {
  /// `bytes` bytes of the system's cryptographic random source in base64url: 43 characters for 32 bytes.
  package static func make(bytes: Int = 32) -> String {
    var generator = SystemRandomNumberGenerator()
    return Base64URL.encode((0..<bytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }
}
