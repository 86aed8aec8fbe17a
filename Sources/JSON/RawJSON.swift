public import NIOCore

/// One value inside a scanned text: a slice of the bytes as they came, decoded only when asked.
public struct RawJSON: Sendable {
  public enum Kind: Sendable { case null, bool, number, string, array, object }

  let document: JSONDocument
  let index: Int

  private var node: JSONDocument.Node { document.withView { $0[index] } }

  /// Scans `text` and gives its root value.
  public init(scanning text: ByteBuffer, limits: JSONLimits = JSONLimits()) throws(JSONError) {
    self = try JSONDocument(scanning: text, limits: limits).root
  }

  /// Scans a text given as a string, for configuration and tests.
  public init(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
    try self.init(scanning: ByteBuffer(string: text), limits: limits)
  }

  init(document: JSONDocument, index: Int) {
    self.document = document
    self.index = index
  }

  public var kind: Kind {
    switch node.kind {
    case .null: .null
    case .true, .false: .bool
    case .number: .number
    case .string: .string
    case .array: .array
    case .object: .object
    }
  }

  /// Where the value stands in the scanned text, in bytes from its start.
  public var range: Range<Int> { Int(node.start)..<Int(node.end) }

  /// Whether no container in the value, itself included, is in `depth` or more others.
  public func isNested(within depth: Int) -> Bool {
    let end = Int(node.next)
    return document.withView { nodes in
      // Where the containers end that are open at a node.
      var open: [Int] = []
      for position in index..<end where nodes[position].kind == .array || nodes[position].kind == .object {
        while let last = open.last, last <= position { open.removeLast() }
        guard open.count < depth else { return false }
        open.append(Int(nodes[position].next))
      }
      return true
    }
  }

  /// The text of the value, sharing the storage of the whole.
  public var bytes: ByteBuffer {
    document.buffer.getSlice(at: document.buffer.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
  }

  /// The text of the value as a string.
  public var text: String { String(buffer: bytes) }

  /// Calls `body` with the bytes of the value.
  public func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    document.withView { view in
      let node = view[index]
      return body(UnsafeBufferPointer(start: view.text + Int(node.start), count: Int(node.end - node.start)))
    }
  }

  /// Where a value is in its document: what is left of a ``RawJSON`` without its reference to the text.
  public struct Place: Sendable, Hashable {
    fileprivate let index: Int32
  }

  /// The place of this value, for ``value(at:)`` of any value of the same document.
  public var place: Place { Place(index: Int32(truncatingIfNeeded: index)) }

  /// The value at a place of the same document.
  public func value(at place: Place) -> RawJSON {
    precondition(place.index < document.nodes.count, "the place is of another document")
    return RawJSON(document: document, index: Int(place.index))
  }

  // MARK: Scalars

  public var isNull: Bool { node.kind == .null }

  public var bool: Bool? {
    switch node.kind {
    case .true: true
    case .false: false
    default: nil
    }
  }

  /// The characters of a string value, escapes resolved.
  public var string: String? {
    guard node.kind == .string else { return nil }
    return document.withView { view in JSONText.decode(view.characters(view[index]), escaped: view[index].escaped) }
  }

  /// The value of a number that is a whole number within `Int`, written without fraction or exponent.
  public var int: Int? {
    guard node.kind == .number else { return nil }
    return withBytes { Int(String(decoding: $0, as: UTF8.self)) }
  }

  public var double: Double? {
    guard node.kind == .number else { return nil }
    return withBytes { Double(String(decoding: $0, as: UTF8.self)) }
  }

  /// Whether a string value holds escapes, that is, differs from the bytes between its quotes.
  public var isEscaped: Bool { node.escaped }

  /// Whether this is the string `text`, without decoding it.
  public func equals(_ text: StaticString) -> Bool {
    guard node.kind == .string else { return false }
    let text = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    return document.withView { $0.equalString(index, text) }
  }

  // MARK: Containers

  /// The value of the member `name` of an object; nil if there is none or this is no object.
  public subscript(_ name: String) -> RawJSON? {
    guard node.kind == .object else { return nil }
    var name = name
    let found = name.withUTF8 { name in document.withView { $0.member(name, of: index) } }
    return found.map { RawJSON(document: document, index: $0) }
  }

  /// The members of an object in the order of the text; empty for anything else.
  public var members: Members { Members(value: self, isObject: node.kind == .object) }

  /// Calls `body` with each member of an object, its name as UTF-8 with escapes resolved: for messages, whose members are looked at one by one.
  package func forEachMember(_ body: (_ name: UnsafeBufferPointer<UInt8>, _ value: Place) -> Void) {
    document.withView { view in
      guard view[index].kind == .object else { return }
      let end = Int(view[index].next)
      var name = index + 1
      while name < end {
        view.withString(name) { body($0, Place(index: Int32(truncatingIfNeeded: name + 1))) }
        name = Int(view[name + 1].next)
      }
    }
  }

  /// The elements of an array in order; empty for anything else.
  public var elements: Elements { Elements(value: self, isArray: node.kind == .array) }

  /// The elements of the array that is the member `name`; none where there is no such member, or it is no array.
  public func elements(of name: String) -> Elements { self[name]?.elements ?? Elements(value: self, isArray: false) }

  public struct Elements: Sequence, IteratorProtocol, Sendable {
    private let document: JSONDocument
    private var next_: Int
    private let end: Int

    init(value: RawJSON, isArray: Bool) {
      document = value.document
      next_ = value.index + 1
      end = isArray ? Int(value.node.next) : 0
    }

    public mutating func next() -> RawJSON? {
      guard next_ < end else { return nil }
      defer { next_ = document.withView { Int($0[next_].next) } }
      return RawJSON(document: document, index: next_)
    }
  }

  public struct Members: Sequence, IteratorProtocol, Sendable {
    private let document: JSONDocument
    private var next_: Int
    private let end: Int

    init(value: RawJSON, isObject: Bool) {
      document = value.document
      next_ = value.index + 1
      end = isObject ? Int(value.node.next) : 0
    }

    /// The name is a string value of its own: compare it with ``RawJSON/equals(_:)`` or read its `string`.
    public mutating func next() -> (name: RawJSON, value: RawJSON)? {
      guard next_ < end else { return nil }
      let name = RawJSON(document: document, index: next_)
      let value = RawJSON(document: document, index: next_ + 1)
      next_ = Int(value.node.next)
      return (name, value)
    }
  }
}

extension ByteBuffer {
  /// Appends the text of `value` unchanged.
  public mutating func write(_ value: RawJSON) {
    _ = value.withBytes { writeBytes($0) }
  }
}
