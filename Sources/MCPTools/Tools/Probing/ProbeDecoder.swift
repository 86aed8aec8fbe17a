/// A decoder that has no data: it gives what ``ProbeRun`` makes up, and notes what was asked for.
struct ProbeDecoder: Decoder {
  let run: ProbeRun
  let place: ProbedPlace
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    try run.enter(place)
    place.becomeObject()
    return KeyedDecodingContainer(ProbeKeyedContainer<Key>(run: run, place: place, codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try run.enter(place)
    place.becomeArray()
    return ProbeUnkeyedContainer(run: run, place: place, codingPath: codingPath)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { ProbeValueContainer(run: run, place: place, codingPath: codingPath) }
}

struct ProbeKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let run: ProbeRun
  let place: ProbedPlace
  let codingPath: [any CodingKey]

  var allKeys: [Key] {
    place.isDynamic = true
    return []
  }

  func contains(_ key: Key) -> Bool {
    place.member(key.stringValue).isOptional = true
    return run.holds()
  }

  func decodeNil(forKey key: Key) throws -> Bool {
    place.member(key.stringValue).isNullable = true
    return !run.holds()
  }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try run.give(type, at: place.member(key.stringValue)) }

  // Also where no value can be made: then it is nil.
  func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    let member = place.member(key.stringValue)
    member.isOptional = true
    return try run.give(Value?.self, at: member)
  }

  private func child(_ key: Key) throws -> ProbeDecoder {
    ProbeDecoder(run: run, place: place.member(key.stringValue), codingPath: codingPath + [key])
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
    try child(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { try child(key).unkeyedContainer() }
  func superDecoder() throws -> any Decoder { throw run.giveUp() }
  func superDecoder(forKey key: Key) throws -> any Decoder { throw run.giveUp() }
}

/// An array of one element, or of none; of as many as are asked for, where a type does not look for the end.
struct ProbeUnkeyedContainer: UnkeyedDecodingContainer {
  private static let limit = 64

  let run: ProbeRun
  let place: ProbedPlace
  let codingPath: [any CodingKey]
  private(set) var currentIndex = 0

  init(run: ProbeRun, place: ProbedPlace, codingPath: [any CodingKey]) {
    self.run = run
    self.place = place
    self.codingPath = codingPath
  }

  var count: Int? { nil }
  var isAtEnd: Bool { currentIndex > 0 || !run.holds() }

  private mutating func next() throws -> ProbeDecoder {
    guard currentIndex < Self.limit else { throw ProbeRun.refusal(Any.self) }
    let index = currentIndex
    currentIndex += 1
    return ProbeDecoder(run: run, place: place.element(index), codingPath: codingPath + [ProbeKey(intValue: index)])
  }

  mutating func decodeNil() throws -> Bool {
    place.element(currentIndex).isNullable = true
    if run.holds() { return false }
    _ = try next()
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try run.give(type, at: next().place) }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    try next().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
  mutating func superDecoder() throws -> any Decoder { throw run.giveUp() }
}

struct ProbeValueContainer: SingleValueDecodingContainer {
  let run: ProbeRun
  let place: ProbedPlace
  let codingPath: [any CodingKey]

  func decodeNil() -> Bool {
    place.isNullable = true
    return !run.holds()
  }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try run.give(type, at: place) }
}

/// A step of a coding path that no type declares.
struct ProbeKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) {
    stringValue = String(intValue)
    self.intValue = intValue
  }
}
