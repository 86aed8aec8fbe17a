internal import JSON

/// Walks a value along all patterns of a plan at once and reports the places they name.
///
/// The work for one node is bounded by the number of patterns and segments. A named place is not entered, unless what it
/// holds may be shown: then a stricter pattern may name a part of it.
struct FieldMatcher {
  private struct State: Equatable {
    var field: Int
    var segment: Int
  }

  private let fields: [FieldCategory]
  /// The states of all levels from the root to the current node, each level a range at the end.
  private var states: ContiguousArray<State> = []

  init(_ fields: [FieldCategory]) { self.fields = fields }

  /// Calls `report` with each place and its category; the answer tells whether to enter the place.
  mutating func walk(_ root: RawJSON, report: (RawJSON, DataCategory) throws(ScreeningRefusal) -> Bool) throws(ScreeningRefusal) {
    states.removeAll(keepingCapacity: true)
    for field in fields.indices { push(State(field: field, segment: 0), above: 0) }
    try visit(root, 0..<states.count, report)
  }

  private mutating func visit(
    _ value: RawJSON, _ active: Range<Int>, _ report: (RawJSON, DataCategory) throws(ScreeningRefusal) -> Bool
  ) throws(ScreeningRefusal) {
    for index in active where states[index].segment == fields[states[index].field].path.segments.count {
      guard try report(value, fields[states[index].field].category) else { return }
    }
    switch value.kind {
    case .object:
      for (name, member) in value.members {
        try descend(member, active, report) { $0.names(name) }
      }
    case .array:
      var index = 0
      for element in value.elements {
        let position = index
        try descend(element, active, report) { $0.isIndex(position) }
        index += 1
      }
    default: return
    }
  }

  private mutating func descend(
    _ child: RawJSON, _ active: Range<Int>, _ report: (RawJSON, DataCategory) throws(ScreeningRefusal) -> Bool,
    _ matches: (FieldPath.Segment) -> Bool
  ) throws(ScreeningRefusal) {
    let start = states.count
    for index in active {
      let state = states[index]
      let segments = fields[state.field].path.segments
      guard state.segment < segments.count else { continue }
      switch segments[state.segment] {
      case .anyDepth: push(state, above: start)
      case .any: push(State(field: state.field, segment: state.segment + 1), above: start)
      case .name:
        if matches(segments[state.segment]) { push(State(field: state.field, segment: state.segment + 1), above: start) }
      }
    }
    if states.count > start { try visit(child, start..<states.count, report) }
    states.removeSubrange(start...)
  }

  /// Adds a state once; one before `**` is also behind it, since `**` may stand for no level.
  private mutating func push(_ state: State, above start: Int) {
    guard !states[start...].contains(state) else { return }
    states.append(state)
    let segments = fields[state.field].path.segments
    if state.segment < segments.count, segments[state.segment] == .anyDepth {
      push(State(field: state.field, segment: state.segment + 1), above: start)
    }
  }
}

extension FieldPath.Segment {
  fileprivate func names(_ name: RawJSON) -> Bool {
    guard case .name(let expected, _) = self else { return false }
    if name.isEscaped { return name.string.map { $0.utf8.elementsEqual(expected) } ?? false }
    return name.withBytes { $0.count == expected.count + 2 && $0.dropFirst().dropLast().elementsEqual(expected) }
  }

  fileprivate func isIndex(_ position: Int) -> Bool {
    guard case .name(_, let index) = self else { return false }
    return index == position
  }
}
