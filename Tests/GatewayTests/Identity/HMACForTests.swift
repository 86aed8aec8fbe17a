import Crypto
import Foundation

enum HMACForTests {
  static func code(_ data: Data, _ key: Data) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: data, using: SymmetricKey(data: key)))
  }
}
