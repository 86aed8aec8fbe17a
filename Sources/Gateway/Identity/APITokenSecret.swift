/// The secret text of an API token: `sluice_`, 43 random letters and digits (256 bits), and 6 more that check them.
///
/// The fixed prefix lets secret scanners find a leaked one, and the check (CRC-32) lets the gateway refuse a mistyped or
/// invented one without asking the store. It has no description, so it cannot slip into a log.
public struct APITokenSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let text: String
  static let prefix: StaticString = "sluice_"
  private static let randomLength = 43
  private static let checkLength = 6
  /// Bytes of every secret.
  static let length = 56

  /// A new secret, from the system's cryptographic random source.
  init() {
    var body = [UInt8](String(describing: Self.prefix).utf8)
    body += Base62.random(count: Self.randomLength)
    text = String(decoding: body + Self.check(body), as: UTF8.self)
  }

  /// The whole text, to be shown to its owner once.
  public func reveal() -> String { text }

  public var description: String { "sluice_…" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }

  /// Whether a credential claims to be an API token.
  static func hasPrefix(_ credential: UnsafeBufferPointer<UInt8>) -> Bool {
    prefix.withUTF8Buffer { credential.starts(with: $0) }
  }

  /// Whether a credential has the form of an API token, its check included.
  static func isWellFormed(_ credential: UnsafeBufferPointer<UInt8>) -> Bool {
    guard credential.count == length, hasPrefix(credential) else { return false }
    return credential.dropFirst(length - checkLength).elementsEqual(check(credential.dropLast(checkLength)))
  }

  private static func check(_ body: some Sequence<UInt8>) -> [UInt8] {
    var crc: UInt32 = ~0
    for byte in body {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    var rest = ~crc
    return (0..<checkLength).map { _ in
      defer { rest /= 62 }
      return Base62.alphabet[Int(rest % 62)]
    }
  }
}

enum Base62 {
  static let alphabet = [UInt8]("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

  /// Characters drawn evenly from the system's cryptographic random source, 5.95 bits each.
  static func random(count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in alphabet[Int.random(in: 0..<62, using: &generator)] }
  }
}
