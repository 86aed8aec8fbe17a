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
  let nodes: NodeStorage
  /// ``nodes`` and the readable bytes of ``buffer``: good while this is kept. Nobody writes to storage that is shared, a writer copies it first.
  nonisolated(unsafe) let view: JSONView

  /// Checks `text` against RFC 8259 and `limits`, and indexes it.
  ///
  /// - Throws: ``JSONError`` with the offset of the first problem.
  public convenience init(scanning text: ByteBuffer, limits: JSONLimits = JSONLimits()) throws(JSONError) {
    let count = text.readableBytes
    guard count <= min(limits.bytes, JSONLimits.mostBytes) else {
      throw JSONError(.tooLarge, at: limits.bytes, "the text has more than \(limits.bytes) bytes")
    }
    guard count > 0, let base = Self.base(of: text) else { throw JSONError(.truncated, at: 0, "the text is empty") }
    // A message has a value or a name in every 12 bytes or so; short ones have more, and no allocator minds a kilobyte.
    var nodes = NodeStorage(capacity: min(max(count / 12, min(count / 8 + 8, 60)), 512))
    var scanner = JSONScanner(base: base, count: count, limits: limits)
    try scanner.scan(into: &nodes)
    self.init(buffer: text, base: base, nodes: nodes)
  }

  private init(buffer: ByteBuffer, base: UnsafePointer<UInt8>, nodes: consuming NodeStorage) {
    self.buffer = buffer
    view = JSONView(nodes: nodes.base, text: base)
    self.nodes = nodes
  }

  /// Where the readable bytes of a buffer are, as long as somebody keeps it.
  private static func base(of buffer: ByteBuffer) -> UnsafePointer<UInt8>? {
    buffer.withUnsafeReadableBytesWithStorageManagement { bytes, _ in bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) }
  }

  /// The value that is the whole text.
  public var root: RawJSON { RawJSON(document: self, index: 0) }

  /// Calls `body` with pointers to the text and its index, which are valid until it returns.
  func withView<R>(_ body: (JSONView) -> R) -> R { withExtendedLifetime(self) { body(view) } }
}

/// The index of a text, in memory of its own: it is read at each step of every message, and written by the scan alone.
struct NodeStorage: ~Copyable, @unchecked Sendable {
  typealias Node = JSONDocument.Node

  private var memory: UnsafeMutablePointer<Node>
  private(set) var capacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    memory = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit { memory.deallocate() }

  /// Where the nodes are, as long as this is kept and nothing is appended.
  var base: UnsafePointer<Node> { UnsafePointer(memory) }

  subscript(_ index: Int) -> Node {
    @inline(__always)
    get {
      assert(index < count)
      return memory[index]
    }
    @inline(__always)
    set {
      assert(index < count)
      memory[index] = newValue
    }
  }

  /// Appends a node. There must be room: ``grow(to:)``.
  @inline(__always)
  mutating func append(_ node: Node) {
    assert(count < capacity)
    (memory + count).initialize(to: node)
    count += 1
  }

  mutating func grow(to capacity: Int) {
    let larger = UnsafeMutablePointer<Node>.allocate(capacity: capacity)
    larger.moveInitialize(from: memory, count: count)
    memory.deallocate()
    (memory, self.capacity) = (larger, capacity)
  }
}
