/// Why a text is not acceptable JSON, and where.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The text ends before the value does.
    case truncated
    /// A byte that the grammar of RFC 8259 does not allow here.
    case syntax
    /// A string or name that is not valid UTF-8, or an escape that names no character.
    case encoding
    /// A name that occurs twice in one object: two readers could see two different values.
    case duplicateKey
    /// More nesting than ``JSONLimits/depth``.
    case tooDeep
    /// More bytes than ``JSONLimits/bytes``, or more values than ``JSONLimits/values``.
    case tooLarge
  }

  public let code: Code
  /// Byte offset of the problem from the start of the text.
  public let offset: Int
  /// What is wrong, without any of the text itself.
  public let message: String

  public init(_ code: Code, at offset: Int, _ message: String) {
    self.code = code
    self.offset = offset
    self.message = message
  }

  public var description: String { "\(message) (byte \(offset))" }
}

/// Bounds within which a text is scanned. Everything outside is refused before it costs memory.
public struct JSONLimits: Sendable, Hashable {
  /// The longest text, in bytes.
  public var bytes: Int
  /// The deepest nesting of arrays and objects.
  public var depth: Int
  /// The most values (scalars, containers and object names) in one text.
  public var values: Int
  /// Places in a text are numbers of 32 bits.
  static let mostBytes = Int(UInt32.max >> 1)
  /// Whether an object may repeat a name. RFC 8259 leaves it open; a policy must see what the next reader sees, so the default is no.
  public var allowsDuplicateKeys: Bool

  public init(
    bytes: Int = 16 << 20, depth: Int = 128, values: Int = 2_000_000, allowsDuplicateKeys: Bool = false
  ) {
    self.bytes = min(bytes, Self.mostBytes)
    self.depth = depth
    self.values = values
    self.allowsDuplicateKeys = allowsDuplicateKeys
  }
}
