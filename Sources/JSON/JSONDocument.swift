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
    var start: UInt32
    /// One past the last byte, quotes and brackets included.
    var end: UInt32
    /// Index of the node that follows this one and all its children.
    var next: UInt32
  }

  let buffer: ByteBuffer
  let nodes: ContiguousArray<Node>
  /// The readable bytes of ``buffer``. Its storage is kept by it, and nobody writes to storage that is shared: a writer copies it first.
  nonisolated(unsafe) let bytes: UnsafeBufferPointer<UInt8>

  /// Checks `text` against RFC 8259 and `limits`, and indexes it.
  ///
  /// - Throws: ``JSONError`` with the offset of the first problem.
  public convenience init(scanning text: ByteBuffer, limits: JSONLimits = JSONLimits()) throws(JSONError) {
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
      // A message has a value or a name in every 12 bytes or so; short ones have more, and no allocator minds a kilobyte.
      nodes.reserveCapacity(min(max(bytes.count / 12, min(bytes.count / 8 + 8, 60)), 512))
      var scanner = JSONScanner(base: base, count: bytes.count, limits: limits)
      do throws(JSONError) { try scanner.scan(into: &nodes) } catch { failure = error }
    }
    if let failure { throw failure }
    self.init(buffer: text, nodes: nodes)
  }

  init(buffer: ByteBuffer, nodes: ContiguousArray<Node>) {
    self.buffer = buffer
    self.nodes = nodes
    bytes = buffer.withUnsafeReadableBytesWithStorageManagement { bytes, _ in bytes.assumingMemoryBound(to: UInt8.self) }
  }

  /// The value that is the whole text.
  public var root: RawJSON { RawJSON(document: self, index: 0) }
}
