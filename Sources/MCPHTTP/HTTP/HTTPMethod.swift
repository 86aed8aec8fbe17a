/// A request method (RFC 9110, 9). Methods are case-sensitive.
public enum HTTPMethod: Hashable, Sendable, CustomStringConvertible {
  case get, head, post, put, delete, options, patch
  case other(String)

  public init(_ name: String) {
    self =
      switch name {
      case "GET": .get
      case "HEAD": .head
      case "POST": .post
      case "PUT": .put
      case "DELETE": .delete
      case "OPTIONS": .options
      case "PATCH": .patch
      default: .other(name)
      }
  }

  init(bytes: UnsafeRawBufferPointer) {
    // The two methods of the MCP endpoint's hot path are told apart without making a String.
    if bytes.count == 4, bytes.loadUnaligned(as: UInt32.self) == UInt32(littleEndian: 0x5453_4F50) {
      self = .post
    } else if bytes.count == 3, bytes[0] == 0x47, bytes[1] == 0x45, bytes[2] == 0x54 {
      self = .get
    } else {
      self.init(String(decoding: bytes, as: UTF8.self))
    }
  }

  /// The method as it goes on the wire.
  public var name: String {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .patch: "PATCH"
    case .other(let name): name
    }
  }

  public var description: String { name }
}
