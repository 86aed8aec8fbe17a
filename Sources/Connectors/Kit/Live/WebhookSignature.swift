internal import Crypto
public import MCPAuth
public import NIOCore

/// Checks that a webhook comes from who knows the shared secret: HMAC-SHA256 in hexadecimal, compared in constant time.
public enum WebhookSignature {
  /// - Parameters:
  ///   - signature: as the vendor sent it, without its prefix (`sha256=`, `v0=`).
  ///   - prefix: bytes that the vendor signs in front of the body.
  public static func isValid(_ signature: String, of body: ByteBuffer, prefix: String = "", secret: Secret) -> Bool {
    guard let code = bytes(hexadecimal: signature), code.count == 32 else { return false }
    let key = SymmetricKey(data: Array(secret.reveal().utf8))
    return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Array(prefix.utf8) + Array(body.readableBytesView), using: key)
  }

  private static func bytes(hexadecimal text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
