/// A text that must not be seen: a password, a token, a client secret. It does not print or reflect itself and cannot be encoded
/// by accident; whoever needs the text says so with ``reveal()``.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let text: String

  /// Takes a text out of sight.
  public init(_ text: String) { self.text = text }

  /// The text. Hand it to the one place that needs it, never to a log or an error.
  public func reveal() -> String { text }

  public var description: String { "(secret)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
