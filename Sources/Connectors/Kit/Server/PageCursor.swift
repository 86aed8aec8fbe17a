internal import Crypto
internal import JSON
internal import MCPAuth

/// A place in a list, as the model is given it: the vendor's own cursor, tied to the tool and its arguments. It holds no state of
/// this process, so it outlives a restart, and no right: who brings it is authorized anew.
public struct PageCursor: Sendable {
  private let digest: String

  /// - Parameter list: what the list is: the tool's name and the arguments that choose its items.
  public init(list: [String]) {
    let hash = SHA256.hash(data: Array(JSONValue.array(list.map { .string($0) }).text.utf8))
    digest = Base64URL.encode(hash.prefix(9))
  }

  /// The text that stands for the vendor's cursor.
  public func text(_ vendor: String) -> String {
    Base64URL.encode(Array(JSONValue.array([.string(digest), .string(vendor)]).text.utf8))
  }

  /// The vendor's cursor in a text that ``text(_:)`` gave.
  ///
  /// - Throws: ``VendorError`` `refused` where it is none, or belongs to other arguments.
  public func vendor(_ text: String) throws(VendorError) -> String {
    guard text.utf8.count <= 8192, let bytes = Base64URL.decode(Array(text.utf8)), let string = String(validating: bytes, as: UTF8.self),
      let parts = try? JSONValue(parsing: string).array, parts.count == 2, let vendor = parts[1].string
    else { throw VendorError(.refused, "The cursor is not valid: pass next_cursor exactly as it was received, or none to start again.") }
    guard parts[0].string == digest else {
      throw VendorError(.refused, "The cursor belongs to a list with other arguments: repeat the arguments of the call that gave it, or start again without a cursor.")
    }
    return vendor
  }
}
