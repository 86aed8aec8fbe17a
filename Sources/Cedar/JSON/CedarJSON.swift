/// A JSON document as Cedar's data formats see it, to be filled from any JSON library.
///
/// Numbers must be integers; pass others as `.unsupported` to get an error that names them. Duplicate keys of an object are
/// an error.
public indirect enum CedarJSON: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int64)
  case string(String)
  case array([CedarJSON])
  /// Members in the order of the text.
  case object([Member])
  /// Something Cedar has no value for, such as a fraction; the text is shown in the error.
  case unsupported(String)

  public struct Member: Sendable, Hashable {
    public let key: String
    public let value: CedarJSON

    public init(_ key: String, _ value: CedarJSON) {
      self.key = key
      self.value = value
    }
  }

  static let maximumDepth = 64

  var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .int: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    case .unsupported(let text): text
    }
  }
}
