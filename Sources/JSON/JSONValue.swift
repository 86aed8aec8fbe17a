public import NIOCore

/// A JSON value that a program makes or edits. What is only forwarded stays ``RawJSON``.
///
/// Numbers keep their text and objects the order of their members, so reading and writing again changes nothing but white space.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number in the text of RFC 8259.
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// Decodes a scanned value whole.
  public init(_ raw: RawJSON) {
    switch raw.kind {
    case .null: self = .null
    case .bool: self = .bool(raw.bool ?? false)
    case .number: self = .number(JSONNumber(scanned: raw.text))
    case .string: self = .string(raw.string ?? "")
    case .array: self = .array(raw.elements.map { JSONValue($0) })
    case .object:
      self = .object(JSONObject(distinct: raw.members.map { ($0.name.string ?? "", JSONValue($0.value)) }))
    }
  }

  /// Scans and decodes a text.
  public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
    self.init(try RawJSON(text, limits: limits))
  }

  /// The member `name` of an object. Setting nil removes it; setting on anything but an object makes one.
  public subscript(_ name: String) -> JSONValue? {
    get {
      guard case .object(let object) = self else { return nil }
      return object[name]
    }
    set {
      var object = self.object ?? JSONObject()
      object[name] = newValue
      self = .object(object)
    }
  }

  public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
  public var array: [JSONValue]? { if case .array(let array) = self { array } else { nil } }
  public var string: String? { if case .string(let string) = self { string } else { nil } }
  public var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
  public var int: Int? { if case .number(let number) = self { number.int } else { nil } }
  public var double: Double? { if case .number(let number) = self { number.double } else { nil } }
  public var isNull: Bool { self == .null }

  /// The compact text of the value.
  public var text: String {
    var buffer = ByteBuffer()
    buffer.write(self)
    return String(buffer: buffer)
  }

  /// The value as a scanned slice of its own text.
  public var raw: RawJSON {
    var buffer = ByteBuffer()
    // Scalars and small objects fit; what does not grows by doubling.
    buffer.reserveCapacity(object == nil && array == nil ? 64 : 512)
    buffer.write(self)
    let limits = JSONLimits(bytes: Int.max, depth: Int.max, values: Int.max, allowsDuplicateKeys: true)
    // What `write` produces is valid JSON within these bounds, so only the last branch of the scan could fail.
    return (try? RawJSON(scanning: buffer, limits: limits)) ?? RawJSON.null
  }
}

extension RawJSON {
  /// The text `null`.
  public static let null: RawJSON = {
    do { return try RawJSON("null") } catch { preconditionFailure("null is JSON: \(error)") }
  }()
}

/// A number in the text of RFC 8259: `1.0` stays `1.0`, and what no `Double` can hold is not rounded.
public struct JSONNumber: Sendable, Hashable {
  public let text: String

  init(scanned text: String) { self.text = text }

  public init(_ value: some BinaryInteger) { text = String(value) }

  /// A finite number; nil for infinities and NaN, which JSON has not.
  public init?(_ value: Double) {
    guard value.isFinite else { return nil }
    text = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
  }

  public var int: Int? { Int(text) }
  public var double: Double? { Double(text) }
}

/// The members of an object, in order. Names are the same when their characters are, as in the scanned text: what `==` of `String` takes for
/// equal besides (the Kelvin sign and K, an accent apart or not) are two names.
public struct JSONObject: Sendable, Hashable, ExpressibleByDictionaryLiteral {
  public private(set) var members: [(name: String, value: JSONValue)] = []

  public init() {}

  /// An object of members whose names are distinct: of more with one name, all are written.
  public init(distinct members: [(name: String, value: JSONValue)]) { self.members = members }

  /// Of members with the same name the last one counts.
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }

  fileprivate init(_ elements: [(String, JSONValue)]) {
    members.reserveCapacity(elements.count)
    for (name, value) in elements { self[name] = value }
  }

  public var isEmpty: Bool { members.isEmpty }
  public var count: Int { members.count }

  public subscript(_ name: String) -> JSONValue? {
    get { members.first { $0.name.hasSameBytes(as: name) }?.value }
    set {
      let index = members.firstIndex { $0.name.hasSameBytes(as: name) }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append((name, value))
      case (nil, nil): break
      }
    }
  }

  /// With the members of another in place of its own.
  package func merging(_ other: JSONObject) -> JSONObject {
    var merged = self
    for (name, value) in other { merged[name] = value }
    return merged
  }

  /// Makes room for so many members.
  public mutating func reserveCapacity(_ count: Int) { members.reserveCapacity(count) }

  mutating func append(_ name: String, _ value: JSONValue) { members.append((name, value)) }

  public static func == (one: JSONObject, other: JSONObject) -> Bool {
    one.members.count == other.members.count && one.members.allSatisfy { other[$0.name] == $0.value }
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(members.count)
    for name in members.map(\.name).sorted() { hasher.combine(name) }
  }
}

extension String {
  /// Whether both hold the same UTF-8.
  fileprivate func hasSameBytes(as other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    var (one, other) = (self, other)
    return one.withUTF8 { one in
      other.withUTF8 { other in one.elementsEqual(other) }
    }
  }
}

extension JSONObject: Sequence {
  public func makeIterator() -> IndexingIterator<[(name: String, value: JSONValue)]> { members.makeIterator() }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(floatLiteral value: Double) { self = JSONNumber(value).map { .number($0) } ?? .null }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(nilLiteral: ()) { self = .null }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(elements))
  }
  public static func int(_ value: some BinaryInteger) -> JSONValue { .number(JSONNumber(value)) }
}

extension ByteBuffer {
  /// Appends the compact text of `value`.
  public mutating func write(_ value: JSONValue) {
    switch value {
    case .null: writeStaticString("null")
    case .bool(true): writeStaticString("true")
    case .bool(false): writeStaticString("false")
    case .number(let number): writeString(number.text)
    case .string(let string): JSONText.write(string, to: &self)
    case .array(let array):
      writeStaticString("[")
      for (index, element) in array.enumerated() {
        if index > 0 { writeStaticString(",") }
        write(element)
      }
      writeStaticString("]")
    case .object(let object):
      writeStaticString("{")
      var separator: UInt8?
      for member in object.members {
        JSONText.write(name: member.name, after: separator, to: &self)
        separator = UInt8(ascii: ",")
        write(member.value)
      }
      writeStaticString("}")
    }
  }
}
