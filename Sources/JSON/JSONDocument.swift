public import NIOCore

/// A JSON text that was scanned once: the bytes as they came, and an index of where each value stands.
///
/// Nothing is decoded by the scan. Values are read as ``RawJSON`` slices of the same bytes, so what is forwarded is
/// byte for byte what was checked.
public final class JSONDocument: Sendable {
  /// One value (or object name) of the text. Children of a container follow it; an object's children alternate name and value.
  struct Node: Sendable {
    enum Kind: UInt8, Sendable {
      case null, `true`, `false`, number, string, array, object
    }
    var kind: Kind
    /// For strings and names: whether the text between the quotes holds an escape.
    var escaped: Bool
    /// For containers: how many values (or members) it has. Saturates.
    var count: UInt16
    var start: UInt32
    /// One past the last byte, quotes and brackets included.
    var end: UInt32
    /// Index of the node that follows this one and all its children.
    var next: UInt32
  }

  let buffer: ByteBuffer
  let nodes: ContiguousArray<Node>

  /// Checks `text` against RFC 8259 and `limits`, and indexes it.
  ///
  /// - Throws: ``JSONError`` with the offset of the first problem.
  public init(scanning text: ByteBuffer, limits: JSONLimits = JSONLimits()) throws(JSONError) {
    guard text.readableBytes <= limits.bytes else {
      throw JSONError(.tooLarge, at: limits.bytes, "the text has more than \(limits.bytes) bytes")
    }
    var failure: JSONError?
    var nodes = ContiguousArray<Node>()
    // Closures of `ByteBuffer` rethrow untyped; the error travels beside them.
    text.withUnsafeReadableBytes { bytes in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), !bytes.isEmpty else {
        failure = JSONError(.truncated, at: 0, "the text is empty")
        return
      }
      // A message has a value or a name in every 12 bytes or so.
      nodes.reserveCapacity(min(max(bytes.count / 12, 16), 512))
      var scanner = JSONScanner(base: base, count: bytes.count, limits: limits)
      do throws(JSONError) { try scanner.scan(into: &nodes) } catch { failure = error }
    }
    if let failure { throw failure }
    self.buffer = text
    self.nodes = nodes
  }

  init(buffer: ByteBuffer, nodes: ContiguousArray<Node>) {
    self.buffer = buffer
    self.nodes = nodes
  }

  /// The value that is the whole text.
  public var root: RawJSON { RawJSON(document: self, index: 0) }
}
