extension JSONValue {
  /// The value that an `Encodable` type describes itself as. Members keep the order in which they were encoded.
  ///
  /// - Throws: `EncodingError`, for example for a number that is not finite, and whatever the type throws.
  public init(encoding value: some Encodable) throws {
    self = try JSONValueEncoder.value(of: value, codingPath: [])
  }
}

/// What has been encoded so far at one place. A class, because containers of Codable write through copies.
private final class JSONNode {
  enum Content {
    case empty
    case value(JSONValue)
    case array([JSONNode])
    /// The index finds members by name, so that large dictionaries do not cost the square of their size.
    case object([(name: String, node: JSONNode)], index: [String: Int])
  }
  var content = Content.empty

  init() {}
  init(_ value: JSONValue) { content = .value(value) }

  /// Nil where nothing was encoded.
  var json: JSONValue? {
    switch content {
    case .empty: return nil
    case .value(let value): return value
    case .array(let nodes): return .array(nodes.map { $0.json ?? .object(JSONObject()) })
    case .object(let members, _):
      var object = JSONObject()
      for member in members { object.append(member.name, member.node.json ?? .object(JSONObject())) }
      return .object(object)
    }
  }

  func set(_ name: String, _ node: JSONNode) {
    guard case .object(var members, var index) = content else { return }
    // Not two owners while they change.
    content = .empty
    if let known = index[name] {
      members[known].node = node
    } else {
      index[name] = members.count
      members.append((name, node))
    }
    content = .object(members, index: index)
  }

  func append(_ node: JSONNode) {
    guard case .array(var nodes) = content else { return }
    content = .empty
    nodes.append(node)
    content = .array(nodes)
  }

  var count: Int { if case .array(let nodes) = content { nodes.count } else { 0 } }

  func becomeObject() { if case .object = content {} else { content = .object([], index: [:]) } }
  func becomeArray() { if case .array = content {} else { content = .array([]) } }
}

private struct JSONValueEncoder: Encoder {
  let node: JSONNode
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  static func value(of value: some Encodable, codingPath: [any CodingKey]) throws -> JSONValue {
    if let json = value as? JSONValue { return json }
    let encoder = JSONValueEncoder(node: JSONNode(), codingPath: codingPath)
    try value.encode(to: encoder)
    return encoder.node.json ?? .object(JSONObject())
  }

  static func number(_ value: some BinaryFloatingPoint, codingPath: [any CodingKey]) throws -> JSONValue {
    guard let number = JSONNumber(Double(value)) else {
      throw EncodingError.invalidValue(value, .init(codingPath: codingPath, debugDescription: "JSON has no infinity and no NaN"))
    }
    return .number(number)
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    node.becomeObject()
    return KeyedEncodingContainer(Keyed<Key>(node: node, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.becomeArray()
    return Unkeyed(node: node, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { Single(node: node, codingPath: codingPath) }

  struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: JSONNode
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) { node.set(key.stringValue, JSONNode(.null)) }
    func encode(_ value: Bool, forKey key: Key) { node.set(key.stringValue, JSONNode(.bool(value))) }
    func encode(_ value: String, forKey key: Key) { node.set(key.stringValue, JSONNode(.string(value))) }
    func encode(_ value: Double, forKey key: Key) throws { try set(number(value, codingPath: codingPath + [key]), key) }
    func encode(_ value: Float, forKey key: Key) throws { try set(number(value, codingPath: codingPath + [key]), key) }
    func encode(_ value: Int, forKey key: Key) { set(.int(value), key) }
    func encode(_ value: Int8, forKey key: Key) { set(.int(value), key) }
    func encode(_ value: Int16, forKey key: Key) { set(.int(value), key) }
    func encode(_ value: Int32, forKey key: Key) { set(.int(value), key) }
    func encode(_ value: Int64, forKey key: Key) { set(.int(value), key) }
    func encode(_ value: UInt, forKey key: Key) { set(.int(value), key) }
    func encode(_ value: UInt8, forKey key: Key) { set(.int(value), key) }
    func encode(_ value: UInt16, forKey key: Key) { set(.int(value), key) }
    func encode(_ value: UInt32, forKey key: Key) { set(.int(value), key) }
    func encode(_ value: UInt64, forKey key: Key) { set(.int(value), key) }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
      set(try JSONValueEncoder.value(of: value, codingPath: codingPath + [key]), key)
    }

    private func set(_ value: JSONValue, _ key: Key) { node.set(key.stringValue, JSONNode(value)) }

    private func child(_ key: any CodingKey) -> JSONValueEncoder {
      let child = JSONNode()
      node.set(key.stringValue, child)
      return JSONValueEncoder(node: child, codingPath: codingPath + [key])
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
      child(key).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { child(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { child(JSONCodingKey.super) }
    func superEncoder(forKey key: Key) -> any Encoder { child(key) }
  }

  struct Unkeyed: UnkeyedEncodingContainer {
    let node: JSONNode
    let codingPath: [any CodingKey]
    var count: Int { node.count }

    private var path: [any CodingKey] { codingPath + [JSONCodingKey(intValue: count)] }

    func encodeNil() { node.append(JSONNode(.null)) }
    func encode(_ value: Bool) { node.append(JSONNode(.bool(value))) }
    func encode(_ value: String) { node.append(JSONNode(.string(value))) }
    func encode(_ value: Double) throws { node.append(JSONNode(try number(value, codingPath: path))) }
    func encode(_ value: Float) throws { node.append(JSONNode(try number(value, codingPath: path))) }
    func encode(_ value: Int) { node.append(JSONNode(.int(value))) }
    func encode(_ value: Int8) { node.append(JSONNode(.int(value))) }
    func encode(_ value: Int16) { node.append(JSONNode(.int(value))) }
    func encode(_ value: Int32) { node.append(JSONNode(.int(value))) }
    func encode(_ value: Int64) { node.append(JSONNode(.int(value))) }
    func encode(_ value: UInt) { node.append(JSONNode(.int(value))) }
    func encode(_ value: UInt8) { node.append(JSONNode(.int(value))) }
    func encode(_ value: UInt16) { node.append(JSONNode(.int(value))) }
    func encode(_ value: UInt32) { node.append(JSONNode(.int(value))) }
    func encode(_ value: UInt64) { node.append(JSONNode(.int(value))) }

    func encode<T: Encodable>(_ value: T) throws {
      node.append(JSONNode(try JSONValueEncoder.value(of: value, codingPath: path)))
    }

    private func child() -> JSONValueEncoder {
      let encoder = JSONValueEncoder(node: JSONNode(), codingPath: path)
      node.append(encoder.node)
      return encoder
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> { child().container(keyedBy: type) }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { child().unkeyedContainer() }
    func superEncoder() -> any Encoder { child() }
  }

  struct Single: SingleValueEncodingContainer {
    let node: JSONNode
    let codingPath: [any CodingKey]

    func encodeNil() { node.content = .value(.null) }
    func encode(_ value: Bool) { node.content = .value(.bool(value)) }
    func encode(_ value: String) { node.content = .value(.string(value)) }
    func encode(_ value: Double) throws { node.content = .value(try number(value, codingPath: codingPath)) }
    func encode(_ value: Float) throws { node.content = .value(try number(value, codingPath: codingPath)) }
    func encode(_ value: Int) { node.content = .value(.int(value)) }
    func encode(_ value: Int8) { node.content = .value(.int(value)) }
    func encode(_ value: Int16) { node.content = .value(.int(value)) }
    func encode(_ value: Int32) { node.content = .value(.int(value)) }
    func encode(_ value: Int64) { node.content = .value(.int(value)) }
    func encode(_ value: UInt) { node.content = .value(.int(value)) }
    func encode(_ value: UInt8) { node.content = .value(.int(value)) }
    func encode(_ value: UInt16) { node.content = .value(.int(value)) }
    func encode(_ value: UInt32) { node.content = .value(.int(value)) }
    func encode(_ value: UInt64) { node.content = .value(.int(value)) }
    func encode<T: Encodable>(_ value: T) throws { node.content = .value(try JSONValueEncoder.value(of: value, codingPath: codingPath)) }
  }
}
