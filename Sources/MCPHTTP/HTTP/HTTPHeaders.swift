public import NIOCore

/// The header section of a message: the bytes as they stand on the wire, and an index over them.
///
/// A received section shares the storage of the buffer it was read into; nothing is copied and no `String` is made until
/// one is asked for. Names compare without regard to case (RFC 9110, 5.1).
public struct HTTPHeaders: Sendable {
  /// Where one field line lies in `bytes`, in bytes from its reader index.
  struct Field: Sendable {
    var name: UInt32
    var nameLength: UInt32
    var value: UInt32
    var valueLength: UInt32
  }

  var bytes: ByteBuffer
  var fields: [Field]

  /// An empty section, ready for `add`.
  public init() {
    bytes = ByteBuffer()
    fields = []
  }

  public init(_ pairs: [(String, String)]) {
    self.init()
    for (name, value) in pairs { add(name, value) }
  }

  /// A section found by a parser: `bytes` begins where the offsets of `fields` count from.
  init(bytes: ByteBuffer, fields: [Field]) {
    self.bytes = bytes
    self.fields = fields
  }

  /// How many fields there are.
  public var count: Int { fields.count }
  /// Whether there is no field.
  public var isEmpty: Bool { fields.isEmpty }

  /// The first value with this name, or nil. Bytes that are not UTF-8 become U+FFFD.
  public subscript(name: String) -> String? {
    firstIndex(name).map { string(fields[$0].value, fields[$0].valueLength) }
  }

  /// The first value with this name as a slice of the received bytes: no copy, no decoding.
  public func slice(_ name: String) -> ByteBuffer? {
    firstIndex(name).flatMap { bytes.getSlice(at: offset(fields[$0].value), length: Int(fields[$0].valueLength)) }
  }

  /// All values with this name, in order.
  public func values(_ name: String) -> [String] {
    indices(name).map { string(fields[$0].value, fields[$0].valueLength) }
  }

  /// Whether there is a field of this name.
  public func contains(_ name: String) -> Bool { firstIndex(name) != nil }

  /// Whether a comma-separated list field (RFC 9110, 5.6.1) holds `token`, compared without regard to case.
  public func contains(_ name: String, token: String) -> Bool {
    withBytes(of: token) { token in
      bytes.withUnsafeReadableBytes { all in
        indices(name).contains { ASCII.list(Self.value(fields[$0], in: all), contains: token) }
      }
    }
  }

  /// Whether the first value with this name is `text`, compared without regard to case.
  public func equals(_ name: String, _ text: String) -> Bool {
    guard let index = firstIndex(name) else { return false }
    return withBytes(of: text) { text in
      bytes.withUnsafeReadableBytes { ASCII.equalIgnoringCase(Self.value(fields[index], in: $0), text) }
    }
  }

  /// Appends a field. CR, LF and NUL in the value become spaces (RFC 9110, 5.5), so that no value can forge a field.
  /// Returns false, and adds nothing, when the name is not a token (RFC 9110, 5.6.2).
  @discardableResult
  public mutating func add(_ name: String, _ value: String) -> Bool {
    guard !name.isEmpty, name.utf8.allSatisfy({ ASCII.isToken($0) }) else { return false }
    makeAppendable()
    let start = bytes.readableBytes
    bytes.writeString(name)
    bytes.writeStaticString(": ")
    let valueStart = bytes.readableBytes
    bytes.writeString(value)
    neutralize(from: valueStart)
    index(start, name.utf8.count, valueStart)
    return true
  }

  /// Appends a field whose value is bytes; the same rules as for text.
  @discardableResult
  public mutating func add(_ name: String, _ value: ByteBuffer) -> Bool {
    guard !name.isEmpty, name.utf8.allSatisfy({ ASCII.isToken($0) }) else { return false }
    makeAppendable()
    let start = bytes.readableBytes
    bytes.writeString(name)
    bytes.writeStaticString(": ")
    let valueStart = bytes.readableBytes
    bytes.writeImmutableBuffer(value)
    neutralize(from: valueStart)
    index(start, name.utf8.count, valueStart)
    return true
  }

  /// Appends every field called `name` of another section, byte for byte.
  public mutating func copy(_ name: String, from other: HTTPHeaders) {
    for position in other.indices(name) { copyField(position, from: other) }
  }

  /// Appends the fields of another section whose names `include` accepts, byte for byte.
  public mutating func copy(from other: HTTPHeaders, where include: (HTTPHeaderName) -> Bool) {
    for position in other.fields.indices where include(HTTPHeaderName(headers: other, position: position)) {
      copyField(position, from: other)
    }
  }

  /// Removes every field of this name.
  public mutating func remove(_ name: String) {
    let doomed = indices(name)
    for position in doomed.reversed() { fields.remove(at: position) }
  }

  /// Puts one field in the place of all of this name.
  public mutating func set(_ name: String, _ value: String) {
    remove(name)
    add(name, value)
  }

  /// Makes other bytes of the received section the value of the first field of this name.
  mutating func point(_ name: String, to place: Range<Int>) {
    guard let index = firstIndex(name) else { return }
    (fields[index].value, fields[index].valueLength) = (UInt32(truncatingIfNeeded: place.lowerBound), UInt32(truncatingIfNeeded: place.count))
  }

  /// Every field in order, decoded; for logs and tests, not for the request path.
  public var pairs: [(name: String, value: String)] {
    fields.map { (string($0.name, $0.nameLength), string($0.value, $0.valueLength)) }
  }
}

/// The name of one received field, compared in place.
public struct HTTPHeaderName {
  let headers: HTTPHeaders
  let position: Int

  /// Whether this is the name `text`, without regard to case.
  public func `is`(_ text: String) -> Bool { headers.isName(position, text) }
}

extension HTTPHeaders: CustomStringConvertible {
  /// Names only: values carry credentials.
  public var description: String { "HTTPHeaders(\(pairs.map(\.name).joined(separator: ", ")))" }
}

extension HTTPHeaders {
  func firstIndex(_ name: String) -> Int? {
    withBytes(of: name) { name in
      bytes.withUnsafeReadableBytes { all in
        fields.firstIndex { Self.matches($0, name, in: all) }
      }
    }
  }

  private func indices(_ name: String) -> [Int] {
    withBytes(of: name) { name in
      bytes.withUnsafeReadableBytes { all in
        fields.indices.filter { Self.matches(fields[$0], name, in: all) }
      }
    }
  }

  fileprivate func isName(_ position: Int, _ text: String) -> Bool {
    withBytes(of: text) { text in
      bytes.withUnsafeReadableBytes { Self.matches(fields[position], text, in: $0) }
    }
  }

  /// Writes every field as `name: value CRLF`, but those that frame the message: the connection writes these itself.
  func writeFields(into out: inout ByteBuffer, includingHost: Bool = true) {
    bytes.withUnsafeReadableBytes { all in
      for field in fields where !Self.framesMessage(field, in: all) {
        if !includingHost, field.nameLength == 4, Self.matches(field, "host", in: all) { continue }
        let line = Int(field.name)..<Int(field.value + field.valueLength)
        out.writeBytes(UnsafeRawBufferPointer(rebasing: all[line]))
        out.writeInteger(UInt16(0x0D0A))
      }
    }
  }

  private static func framesMessage(_ field: Field, in all: UnsafeRawBufferPointer) -> Bool {
    switch field.nameLength {
    case 10: matches(field, "connection", in: all) || matches(field, "keep-alive", in: all)
    case 14: matches(field, "content-length", in: all)
    case 17: matches(field, "transfer-encoding", in: all)
    default: false
    }
  }

  private static func matches(_ field: Field, _ name: StaticString, in all: UnsafeRawBufferPointer) -> Bool {
    matches(field, UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), in: all)
  }

  private static func matches(_ field: Field, _ name: UnsafeRawBufferPointer, in all: UnsafeRawBufferPointer) -> Bool {
    guard Int(field.nameLength) == name.count else { return false }
    let start = Int(field.name)
    return ASCII.equalIgnoringCase(UnsafeRawBufferPointer(rebasing: all[start..<start + name.count]), name)
  }

  static func value(_ field: Field, in all: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: all[Int(field.value)..<Int(field.value + field.valueLength)])
  }

  private func withBytes<R>(of text: String, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    var text = text
    return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
  }

  private func offset(_ position: UInt32) -> Int { bytes.readerIndex + Int(position) }

  private func string(_ start: UInt32, _ length: UInt32) -> String {
    bytes.getString(at: offset(start), length: Int(length)) ?? ""
  }

  private mutating func makeAppendable() {
    if fields.isEmpty, bytes.storageCapacity == 0 { bytes.reserveCapacity(256) }
  }

  private mutating func index(_ start: Int, _ nameLength: Int, _ valueStart: Int) {
    fields.append(
      Field(
        name: UInt32(start), nameLength: UInt32(nameLength), value: UInt32(valueStart),
        valueLength: UInt32(bytes.readableBytes - valueStart)))
  }

  private mutating func neutralize(from start: Int) {
    bytes.withUnsafeMutableReadableBytes { all in
      for position in start..<all.count where all[position] == 0x0D || all[position] == 0x0A || all[position] == 0 {
        all[position] = 0x20
      }
    }
  }

  private mutating func copyField(_ position: Int, from other: HTTPHeaders) {
    makeAppendable()
    let field = other.fields[position]
    let start = bytes.readableBytes
    other.bytes.withUnsafeReadableBytes { all in
      _ = bytes.writeBytes(UnsafeRawBufferPointer(rebasing: all[Int(field.name)..<Int(field.value + field.valueLength)]))
    }
    fields.append(
      Field(
        name: UInt32(start), nameLength: field.nameLength, value: UInt32(start) + (field.value - field.name),
        valueLength: field.valueLength))
  }
}
