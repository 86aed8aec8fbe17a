import Crypto

enum TestPEM {
  static let es256 = P256.Signing.PrivateKey().pemRepresentation
}
