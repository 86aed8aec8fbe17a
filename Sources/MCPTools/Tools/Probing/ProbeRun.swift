/// One reading of a type: what it is given, and what it asked for.
final class ProbeRun {
  /// What a type gets in place of the usual.
  enum Change: Equatable {
    case value(Int)
    /// What JSON of another kind is answered with.
    case refusal
  }

  /// A place where the type could have been given something else.
  struct Choice {
    var changes: [Change]
    var steers: Bool
  }

  /// How many values of a kind are tried to find one that the type takes.
  static let bases = 9
  /// Choices of one reading: a type that asks for more asks without end, such as for `item0`, `item1` and so on while they are there, and
  /// would use up what there is for all others.
  private static let limit = 400

  let base: Int
  private let root = ProbedPlace()
  private(set) var choices: [Choice] = []
  /// Whether it asked for too much, and was refused the rest.
  private(set) var isOver = false
  private let probe: CodableProbe
  private let change: (place: Int, change: Change)?

  /// - Parameters:
  ///   - base: which of its values each type is given, counted round.
  ///   - change: what is different, and at which choice.
  init(_ probe: CodableProbe, base: Int, change: (place: Int, change: Change)? = nil) {
    self.probe = probe
    self.base = base
    self.change = change
  }

  /// What the type looks like; nil when nothing was read.
  var shape: ProbedShape? { isOver ? .any : root.shape }

  /// A value of the type, if it takes what it is given.
  func read<Value: Decodable>(_ type: Value.Type) -> Value? {
    let path: [any CodingKey] = probe.isWithin ? [ProbeKey(stringValue: "value")] : []
    return try? Value(from: ProbeDecoder(run: self, place: root, codingPath: path))
  }

  /// A value of a type for `place`.
  func give<Value: Decodable>(_ type: Value.Type, at place: ProbedPlace) throws -> Value {
    let probed = probe.probe(type)
    let usual = probed.values.isEmpty ? 0 : base % probed.values.count
    let others = probed.values.indices.filter { $0 != usual }
    let choice = Choice(changes: (probed.steers ? others : []).map { .value($0) } + [.refusal], steers: probed.steers)
    guard let index = choose(choice, usual), probed.values.indices.contains(index) else {
      place.mix()
      throw Self.refusal(type)
    }
    place.note(probed.shape)
    return probed.values[index]
  }

  /// Whether something is so that usually is.
  func holds() -> Bool { choose(Choice(changes: [.value(1)], steers: false), 0, limit: Self.limit - 16) == 0 }

  /// Lets the type have a container at `place`.
  func enter(_ place: ProbedPlace) throws {
    guard choose(Choice(changes: [.refusal], steers: false), 0) == 0 else {
      place.mix()
      throw Self.refusal(Any.self)
    }
  }

  /// Which of its values is given; nil to refuse.
  ///
  /// - Parameter limit: what is merely asked about is refused first: a type that asks for what is there only ends in peace.
  private func choose(_ choice: Choice, _ usual: Int, limit: Int = ProbeRun.limit) -> Int? {
    probe.step()
    if choices.count >= limit { isOver = true }
    if isOver || probe.isExhausted { return nil }
    choices.append(choice)
    guard let change, change.place == choices.count - 1 else { return usual }
    guard case .value(let index) = change.change else { return nil }
    return index
  }

  /// Gives up on what a superclass reads: it has a place of its own, which other encoders do without.
  func giveUp() -> any Error {
    root.mix()
    return Self.refusal(Any.self)
  }

  static func refusal(_ type: Any.Type) -> DecodingError {
    .typeMismatch(type, .init(codingPath: [], debugDescription: "a probe for the schema of the type"))
  }
}

/// One place of the JSON that a type asked for.
final class ProbedPlace {
  private enum Content {
    case nothing
    case value(ProbedShape)
    case object([(name: String, place: ProbedPlace)])
    case array([ProbedPlace])
    case mixed
  }

  var isNullable = false
  /// Whether it may be left out where it is a member.
  var isOptional = false
  /// Whether the type looks which members there are.
  var isDynamic = false
  private var content = Content.nothing

  func note(_ shape: ProbedShape) {
    switch content {
    case .nothing: content = .value(shape)
    case .value(let known): content = .value(known.merged(with: shape))
    default: content = .mixed
    }
  }

  /// The type was refused what it wanted here, or wants several things: it may be anything.
  func mix() {
    content = .mixed
    isOptional = true
  }

  func becomeObject() {
    switch content {
    case .nothing: content = .object([])
    case .object: break
    default: content = .mixed
    }
  }

  func becomeArray() {
    switch content {
    case .nothing: content = .array([])
    case .array: break
    default: content = .mixed
    }
  }

  func member(_ name: String) -> ProbedPlace {
    guard case .object(let members) = content else { return ProbedPlace() }
    if let known = members.first(where: { $0.name == name }) { return known.place }
    let place = ProbedPlace()
    content = .object(members + [(name, place)])
    return place
  }

  func element(_ index: Int) -> ProbedPlace {
    guard case .array(let elements) = content else { return ProbedPlace() }
    if index < elements.count { return elements[index] }
    let place = ProbedPlace()
    content = .array(elements + [place])
    return place
  }

  /// What it is; nil when nothing was read.
  var shape: ProbedShape? {
    let shape: ProbedShape
    switch content {
    case .nothing: return nil
    case .value(let value): shape = value
    case .object(let members):
      shape = .object(members.map { .init(name: $0.name, shape: $0.place.shape, isRequired: !$0.place.isOptional && !isDynamic) })
    case .array(let elements): shape = .array(elements.reduce(nil) { ProbedShape.merge($0, $1.shape) })
    case .mixed: shape = .any
    }
    return isNullable ? shape.orNull : shape
  }
}
