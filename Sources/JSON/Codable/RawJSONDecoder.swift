extension RawJSON {
  /// Decodes the value as `type`, straight from the scanned text.
  ///
  /// Numbers decode as integers when they are whole (`2` and `2.0`), and as floating point always; a member that is `null` decodes as
  /// a nil optional. ``JSONValue`` decodes as whatever there is.
  ///
  /// - Throws: `DecodingError`, its coding path leading to the place.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
    try RawJSONDecoder(value: self, codingPath: []).decode(type)
  }
}

extension JSONValue {
  /// Decodes the value as `type`; see ``RawJSON/decode(_:)``.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T { try raw.decode(type) }
}

/// `Decoder` over one scanned value. The depth of the recursion is bounded by that of the scan (``JSONLimits/depth``).
struct RawJSONDecoder: Decoder {
  let value: RawJSON
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard value.kind == .object else { throw mismatch([String: Any].self, "an object") }
    return KeyedDecodingContainer(RawJSONKeyedContainer<Key>(value: value, codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard value.kind == .array else { throw mismatch([Any].self, "an array") }
    return RawJSONUnkeyedContainer(value: value, codingPath: codingPath)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  private func mismatch(_ type: Any.Type, _ expected: String) -> DecodingError {
    .typeMismatch(type, .init(codingPath: codingPath, debugDescription: "expected \(expected), found \(value.kind.noun)"))
  }

  private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    guard value.kind == .number else { throw mismatch(type, "a number") }
    let text = value.text
    if let number = T(text) { return number }
    // 2.0 and 2e3 are whole numbers too (JSON Schema 2020-12, 6.1.1), as far as a Double tells them apart.
    if let double = Double(text), abs(double) <= 0x1p53, let number = T(exactly: double) { return number }
    throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "\(text.prefix(40)) does not fit \(type)"))
  }
}

extension RawJSONDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { value.isNull }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard let bool = value.bool else { throw mismatch(type, "a boolean") }
    return bool
  }

  func decode(_ type: String.Type) throws -> String {
    guard let string = value.string else { throw mismatch(type, "a string") }
    return string
  }

  func decode(_ type: Double.Type) throws -> Double {
    guard let double = value.double else { throw mismatch(type, "a number") }
    return double
  }

  func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
  func decode(_ type: Int.Type) throws -> Int { try integer(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    if type == JSONValue.self, let value = JSONValue(value) as? T { return value }
    return try T(from: self)
  }
}

struct RawJSONKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let value: RawJSON
  let codingPath: [any CodingKey]

  var allKeys: [Key] { value.members.compactMap { $0.name.string.flatMap { Key(stringValue: $0) } } }

  func contains(_ key: Key) -> Bool { value[key.stringValue] != nil }

  private func decoder(_ key: any CodingKey) throws -> RawJSONDecoder {
    guard let member = value[key.stringValue] else {
      throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "there is no member \"\(key.stringValue)\""))
    }
    return RawJSONDecoder(value: member, codingPath: codingPath + [key])
  }

  func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder(key).decode(type) }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder(key).decode(type) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder(key).decode(type) }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try decoder(key).decode(type) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder(key).decode(type) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder(key).decode(type) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try decoder(key).decode(type) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try decoder(key).decode(type) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder(key).decode(type) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder(key).decode(type) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try decoder(key).decode(type) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try decoder(key).decode(type) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try decoder(key).decode(type) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoder(key).decode(type) }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try decoder(key).decode(type) }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
    try decoder(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { try decoder(key).unkeyedContainer() }
  func superDecoder() throws -> any Decoder { try decoder(JSONCodingKey.super) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

struct RawJSONUnkeyedContainer: UnkeyedDecodingContainer {
  let codingPath: [any CodingKey]
  let count: Int?
  private(set) var currentIndex = 0
  private var rest: RawJSON.Elements
  private var ahead: RawJSON?

  init(value: RawJSON, codingPath: [any CodingKey]) {
    self.codingPath = codingPath
    rest = value.elements
    count = rest.reduce(0) { count, _ in count + 1 }
    ahead = rest.next()
  }

  var isAtEnd: Bool { ahead == nil }

  private mutating func next() throws -> RawJSONDecoder {
    let path = codingPath + [JSONCodingKey(intValue: currentIndex)]
    guard let value = ahead else {
      throw DecodingError.valueNotFound(Any.self, .init(codingPath: path, debugDescription: "the array has no more elements"))
    }
    ahead = rest.next()
    currentIndex += 1
    return RawJSONDecoder(value: value, codingPath: path)
  }

  mutating func decodeNil() throws -> Bool {
    guard let ahead, ahead.isNull else { return false }
    _ = try next()
    return true
  }

  mutating func decode(_ type: Bool.Type) throws -> Bool { try next().decode(type) }
  mutating func decode(_ type: String.Type) throws -> String { try next().decode(type) }
  mutating func decode(_ type: Double.Type) throws -> Double { try next().decode(type) }
  mutating func decode(_ type: Float.Type) throws -> Float { try next().decode(type) }
  mutating func decode(_ type: Int.Type) throws -> Int { try next().decode(type) }
  mutating func decode(_ type: Int8.Type) throws -> Int8 { try next().decode(type) }
  mutating func decode(_ type: Int16.Type) throws -> Int16 { try next().decode(type) }
  mutating func decode(_ type: Int32.Type) throws -> Int32 { try next().decode(type) }
  mutating func decode(_ type: Int64.Type) throws -> Int64 { try next().decode(type) }
  mutating func decode(_ type: UInt.Type) throws -> UInt { try next().decode(type) }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try next().decode(type) }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try next().decode(type) }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try next().decode(type) }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try next().decode(type) }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().decode(type) }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    try next().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
  mutating func superDecoder() throws -> any Decoder { try next() }
}

/// A step of a coding path that no type declares: an array index, or `super`.
struct JSONCodingKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  static let `super` = JSONCodingKey(stringValue: "super")

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) {
    stringValue = String(intValue)
    self.intValue = intValue
  }
}

extension RawJSON.Kind {
  fileprivate var noun: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
