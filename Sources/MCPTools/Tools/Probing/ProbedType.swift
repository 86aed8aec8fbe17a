internal import JSON

/// What is known of a type: its shape, and values of it, the usual one first.
struct Probed<Value> {
  var shape: ProbedShape
  /// Made up. There are none where the type took nothing that it was given.
  var values: [Value]
  /// Whether what another type reads next may depend on which of the values it got. Others than the usual are given only where that is
  /// so: numbers and texts that nobody expects are what initializers trap on.
  var steers = true
  /// How many of the values are worth trying where the type is part of another.
  var limit = 4
}

/// A type whose shape need not be found by decoding one.
protocol ProbedType {
  static func probed(by probe: CodableProbe) -> Probed<Self>
}

extension Bool: ProbedType {
  static func probed(by probe: CodableProbe) -> Probed<Bool> { Probed(shape: .scalar("boolean"), values: [false, true]) }
}

extension String: ProbedType {
  /// What types that are written as strings may take: numbers, versions, times, identifiers, addresses.
  private static let samples = [
    "a", "1", "1.0.0", "2000-01-01", "2000-01-01T00:00:00Z", "00000000-0000-0000-0000-000000000000", "https://example.com/", "a@example.com", "",
  ]

  static func probed(by probe: CodableProbe) -> Probed<String> {
    Probed(shape: .scalar("string"), values: samples, steers: false, limit: samples.count)
  }
}

extension ProbedType where Self: FixedWidthInteger {
  static func probed(by probe: CodableProbe) -> Probed<Self> {
    Probed(shape: .scalar("integer"), values: [1, 2, 3, 5, 10, 100, 0], steers: false, limit: 7)
  }
}
extension Int: ProbedType {}
extension Int8: ProbedType {}
extension Int16: ProbedType {}
extension Int32: ProbedType {}
extension Int64: ProbedType {}
extension UInt: ProbedType {}
extension UInt8: ProbedType {}
extension UInt16: ProbedType {}
extension UInt32: ProbedType {}
extension UInt64: ProbedType {}

extension ProbedType where Self: BinaryFloatingPoint {
  static func probed(by probe: CodableProbe) -> Probed<Self> { Probed(shape: .scalar("number"), values: [1, 0.5, 0], steers: false) }
}
extension Double: ProbedType {}
extension Float: ProbedType {}

extension JSONValue: ProbedType {
  static func probed(by probe: CodableProbe) -> Probed<JSONValue> { Probed(shape: .any, values: [[:], "a", .null]) }
}

extension Optional: ProbedType where Wrapped: Decodable {
  static func probed(by probe: CodableProbe) -> Probed<Wrapped?> {
    let wrapped = probe.probe(Wrapped.self)
    let values = wrapped.steers ? wrapped.values : Array(wrapped.values.prefix(1))
    return Probed(shape: wrapped.shape.orNull, values: values.map { .some($0) } + [.none], limit: values.count + 1)
  }
}

extension Array: ProbedType where Element: Decodable {
  static func probed(by probe: CodableProbe) -> Probed<[Element]> {
    let element = probe.probe(Element.self)
    return Probed(shape: .array(element.shape), values: element.values.first.map { [[$0], []] } ?? [[]], steers: false)
  }
}

extension Set: ProbedType where Element: Decodable {
  static func probed(by probe: CodableProbe) -> Probed<Set<Element>> {
    let element = probe.probe(Element.self)
    return Probed(shape: .array(element.shape), values: element.values.first.map { [[$0], []] } ?? [[]], steers: false)
  }
}

extension Dictionary: ProbedType where Key: Decodable, Value: Decodable {
  static func probed(by probe: CodableProbe) -> Probed<[Key: Value]> {
    let value = probe.probe(Value.self)
    // Other keys make arrays of some dictionaries, and objects of others.
    guard let key = ("a" as? Key) ?? (1 as? Key) else { return Probed(shape: .any, values: [[:]]) }
    return Probed(shape: .dictionary(value.shape), values: value.values.first.map { [[key: $0], [:]] } ?? [[:]], steers: false)
  }
}
