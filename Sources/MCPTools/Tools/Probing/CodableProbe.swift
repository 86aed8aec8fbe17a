internal import JSON

/// Finds out what a `Codable` type looks like in JSON, by having it decode itself from made-up values.
///
/// A type is read once as it likes it best, and then once more for each thing that it asked for, with something else in that place, or a
/// refusal. Members that are not asked for every time may be left out, and a type that has another way when it is refused (a number or
/// else a text) is anything. What the values found encode as must fit the shape, or else that is dropped too.
final class CodableProbe {
  private static let depth = 48
  private static let size = 2_000
  private static let steps = 200_000

  /// What is known of types, each a `Probed` of its type.
  private var found: [ObjectIdentifier: Any] = [:]
  private var underWay: [ObjectIdentifier] = []
  private var steps = 0

  /// The schema of `type`, if it is `Codable` and can be read without knowing more of it.
  static func schema(of type: Any.Type) -> JSONValue? {
    guard let type = type as? any Decodable.Type else { return nil }
    let probe = CodableProbe()
    let shape = probe.shape(of: type)
    guard shape != .any, !probe.isExhausted else { return nil }
    return shape.json
  }

  private func shape<Value: Decodable>(of type: Value.Type) -> ProbedShape { probe(type).shape }

  /// What is known of `type`. Within itself it is anything.
  func probe<Value: Decodable>(_ type: Value.Type) -> Probed<Value> {
    let id = ObjectIdentifier(type)
    if let probed = found[id] as? Probed<Value> { return probed }
    guard !underWay.contains(id), underWay.count < Self.depth else { return Probed(shape: .any, values: []) }
    underWay.append(id)
    var probed = known(type) ?? examine(type)
    underWay.removeLast()
    if probed.shape.size > Self.size || !fits(probed) { probed.shape = .any }
    probed.values = Array(probed.values.prefix(probed.limit))
    found[id] = probed
    return probed
  }

  /// Whether a type is part of another that is probed.
  var isWithin: Bool { underWay.count > 1 }

  /// Counts what is asked for; too much and the probe is over.
  func step() { steps += 1 }
  var isExhausted: Bool { steps > Self.steps }

  // MARK: Types that need no reading

  private func known<Value>(_ type: Value.Type) -> Probed<Value>? {
    if let type = type as? any ProbedType.Type { return probed(type) as? Probed<Value> }
    if let type = type as? any (CaseIterable & RawRepresentable & Encodable).Type { return cases(type) as? Probed<Value> }
    return nil
  }

  private func probed<Value: ProbedType>(_ type: Value.Type) -> Any { type.probed(by: self) }

  /// An enum that is one of its cases as they encode; nil where it may be something else. One that lists its cases by hand must list all.
  private func cases<Case: CaseIterable & RawRepresentable & Encodable>(_ type: Case.Type) -> Any? {
    let cases = Array(type.allCases.prefix(257))
    guard let first = cases.first, cases.count <= 256, Mirror(reflecting: first).displayStyle == .enum, !isOpen(cases) else { return nil }
    guard let values = try? cases.map({ try JSONValue(encoding: $0) }) else { return nil }
    return Probed(shape: .values(values), values: cases, limit: 32)
  }

  /// Whether the type takes raw values that nobody has thought of.
  private func isOpen<Value: RawRepresentable>(_ cases: [Value]) -> Bool {
    func unlikely<Raw: FixedWidthInteger>(_ type: Raw.Type) -> Any? {
      let known = cases.compactMap { $0.rawValue as? Raw }
      return (0...256).lazy.compactMap { Raw(exactly: $0) }.map { Raw.max - $0 }.first { !known.contains($0) }
    }
    let raw: Any? = Value.RawValue.self == String.self ? "\u{1}no case" : (Value.RawValue.self as? any FixedWidthInteger.Type).flatMap { unlikely($0) }
    guard let raw = raw as? Value.RawValue else { return true }
    return Value(rawValue: raw) != nil
  }

  // MARK: Reading

  private func examine<Value: Decodable>(_ type: Value.Type) -> Probed<Value> {
    for base in 0..<ProbeRun.bases where !isExhausted {
      let run = ProbeRun(self, base: base)
      if let value = run.read(type) { return run.isOver ? Probed(shape: .any, values: [value]) : vary(run, value) }
    }
    return Probed(shape: .any, values: [])
  }

  /// Reads a type again with other values than those of `first`.
  private func vary<Value: Decodable>(_ first: ProbeRun, _ value: Value) -> Probed<Value> {
    var shape = first.shape
    var values = [value]
    // An enum reads what its case needs, and the made-up values are of one case.
    let mirror = Mirror(reflecting: value)
    var isDoubtful = mirror.displayStyle == .enum
    for (place, choice) in first.choices.enumerated() {
      for change in choice.changes {
        let run = ProbeRun(self, base: first.base, change: (place, change))
        if let value = run.read(Value.self) {
          values.append(value)
        } else if choice.steers, change != .refusal {
          // There are such values, and how they go on is not known.
          isDoubtful = true
        } else {
          continue
        }
        shape = ProbedShape.merge(shape, run.shape)
      }
    }
    // Properties that may be nil in memory, where what was read had them all, or had no such members.
    if case .object(let members)? = shape {
      let properties = sequence(first: mirror, next: \.superclassMirror).flatMap { $0.children }
      let optionals = properties.filter { Mirror(reflecting: $0.value).displayStyle == .optional }
      let required = Set(members.filter(\.isRequired).map(\.name))
      if members.count - required.count < optionals.count || optionals.contains(where: { required.contains($0.label ?? "") }) { isDoubtful = true }
    }
    if isDoubtful { shape = shape?.loosened }
    return Probed(shape: isExhausted ? .any : shape ?? .any, values: values)
  }

  // MARK: Writing

  private func fits<Value>(_ probed: Probed<Value>) -> Bool {
    if probed.shape == .any { return true }
    guard let type = Value.self as? any Encodable.Type, let encoded = encode(probed.values, of: type) else { return false }
    guard let schema = try? JSONSchema(probed.shape.json) else { return false }
    return encoded.allSatisfy { schema.isValid($0.raw) }
  }

  private func encode<Value: Encodable>(_ values: Any, of type: Value.Type) -> [JSONValue]? {
    guard let values = values as? [Value] else { return nil }
    return try? values.map { try JSONValue(encoding: $0) }
  }
}
