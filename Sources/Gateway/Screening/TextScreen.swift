internal import JSON

/// Runs the detectors over the strings and numbers of a result, at any depth, and masks what may not be shown.
///
/// The whole text is first searched for candidates, names and punctuation included; values without one are not even visited.
struct TextScreen {
  private let text: TextBytes
  /// Where `text` begins in the scanned document, in which values tell their places.
  private let origin: Int
  private let plan: ScreeningPlan
  private let style: MaskStyle
  private let detectors: TextDetectors
  /// What rows and fields took away already, in the order of the text.
  private let removed: ResultEdits
  /// The first candidate that is not behind us, in the document; `Int.max` if there is none.
  private var next = 0
  private(set) var refused: DataCategory?
  private var maskedNames = 0

  init(_ text: TextBytes, origin: Int, removed: ResultEdits, plan: ScreeningPlan, style: MaskStyle) {
    self.text = text
    self.origin = origin
    self.removed = removed
    self.plan = plan
    self.style = style
    detectors = TextDetectors(plan.detectors)
    advance(to: origin)
  }

  /// Whether there is nothing to look at.
  var isClean: Bool { next == .max }

  private mutating func advance(to position: Int) {
    next = CandidateScanner(text).first(from: position - origin).map { $0.position + origin } ?? .max
  }

  // MARK: The parts of a result

  /// Screens a result: tool results, resource contents and prompt messages know positions that hold no text.
  ///
  /// - Parameter skipsContent: whether `content` is to be replaced anyway.
  mutating func screen(result: RawJSON, skipsContent: Bool, _ edits: inout ResultEdits, _ outcome: inout ScreeningOutcome) {
    guard result.kind == .object else { return visit(result, name: nil, &edits, &outcome) }
    for (name, value) in result.members {
      memberName(name, &edits, &outcome)
      guard hasCandidate(value.range) else { continue }
      if name.equals("content") {
        if !skipsContent { blocks(value, &edits, &outcome) }
      } else if name.equals("contents") {
        for resource in value.elements { members(of: resource, except: "blob", &edits, &outcome) }
      } else if name.equals("messages") {
        for message in value.elements {
          for (name, value) in message.members {
            memberName(name, &edits, &outcome)
            if name.equals("content") { blocks(value, &edits, &outcome) } else { visit(value, name: name, &edits, &outcome) }
          }
        }
      } else if !name.equals("requestState"), !name.equals("nextCursor") {
        // Those two are opaque: the client hands them back as they are.
        visit(value, name: name, &edits, &outcome)
      }
    }
  }

  /// One content block or an array of them.
  private mutating func blocks(_ value: RawJSON, _ edits: inout ResultEdits, _ outcome: inout ScreeningOutcome) {
    guard value.kind == .array else { return block(value, &edits, &outcome) }
    for element in value.elements { block(element, &edits, &outcome) }
  }

  private mutating func block(_ value: RawJSON, _ edits: inout ResultEdits, _ outcome: inout ScreeningOutcome) {
    guard hasCandidate(value.range) else { return }
    guard value.kind == .object else { return visit(value, name: nil, &edits, &outcome) }
    let isMedia = value["type"].map { $0.equals("image") || $0.equals("audio") } ?? false
    for (name, member) in value.members {
      memberName(name, &edits, &outcome)
      if isMedia, name.equals("data") { continue }
      if name.equals("resource") {
        members(of: member, except: "blob", &edits, &outcome)
      } else {
        visit(member, name: name, &edits, &outcome)
      }
    }
  }

  private mutating func members(
    of value: RawJSON, except opaque: StaticString, _ edits: inout ResultEdits, _ outcome: inout ScreeningOutcome
  ) {
    guard value.kind == .object else { return visit(value, name: nil, &edits, &outcome) }
    for (name, member) in value.members {
      memberName(name, &edits, &outcome)
      if !name.equals(opaque) { visit(member, name: name, &edits, &outcome) }
    }
  }

  // MARK: Values

  private mutating func hasCandidate(_ range: Range<Int>) -> Bool {
    if next < range.lowerBound { advance(to: range.lowerBound) }
    return next < range.upperBound
  }

  private mutating func visit(
    _ value: RawJSON, name: RawJSON?, _ edits: inout ResultEdits, _ outcome: inout ScreeningOutcome
  ) {
    let range = value.range
    guard hasCandidate(range) else { return }
    switch value.kind {
    case .object:
      if removed.covers(range) { return }
      for (name, member) in value.members {
        memberName(name, &edits, &outcome)
        visit(member, name: name, &edits, &outcome)
      }
    case .array:
      if removed.covers(range) { return }
      for element in value.elements { visit(element, name: name, &edits, &outcome) }
    case .string:
      if !removed.covers(range) { string(value, name, &edits, &outcome) }
    case .number:
      if !removed.covers(range) { number(value, name, &edits, &outcome) }
    default: return
    }
  }

  /// Names of members are text of the upstream's, too. A masked one gets a number, so that two do not become the same.
  private mutating func memberName(_ name: RawJSON, _ edits: inout ResultEdits, _ outcome: inout ScreeningOutcome) {
    guard hasCandidate(name.range), !removed.covers(name.range) else { return }
    string(name, nil, isName: true, &edits, &outcome)
  }

  private mutating func string(
    _ value: RawJSON, _ name: RawJSON?, isName: Bool = false, _ edits: inout ResultEdits, _ outcome: inout ScreeningOutcome
  ) {
    let range = (value.range.lowerBound + 1)..<(value.range.upperBound - 1)
    let characters = slice(range)
    var context = TextContext(name: name.map { slice($0.range) })
    var found: [TextFinding] = []
    if value.isEscaped, EscapedText.isNeeded(for: characters) {
      let decoded = EscapedText(decoding: characters)
      decoded.bytes.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return }
        detectors.scan(TextBytes(base: base, count: bytes.count), context) { finding in
          found.append(TextFinding(kind: finding.kind, range: decoded.rawRange(of: finding.range)))
        }
      }
    } else {
      context.hasEscapes = value.isEscaped
      detectors.scan(characters, context) { found.append($0) }
    }
    for finding in found where masks(finding.kind, &outcome) {
      let place = (range.lowerBound + finding.range.lowerBound)..<(range.lowerBound + finding.range.upperBound)
      if isName { maskedNames += 1 }
      let number = maskedNames
      edits.replace(place) { output in
        style.write(finding.kind, slice(place), to: &output)
        if isName { output.append(contentsOf: " \(number)".utf8) }
      }
    }
  }

  /// A number that is a finding becomes a string.
  private mutating func number(
    _ value: RawJSON, _ name: RawJSON?, _ edits: inout ResultEdits, _ outcome: inout ScreeningOutcome
  ) {
    let digits = slice(value.range)
    var found: TextFinding?
    detectors.scan(digits, TextContext(name: name.map { slice($0.range) }, isNumber: true)) { found = found ?? $0 }
    guard let found, masks(found.kind, &outcome) else { return }
    edits.replace(value.range) { output in
      output.append(UInt8(ascii: "\""))
      style.write(found.kind, digits, to: &output)
      output.append(UInt8(ascii: "\""))
    }
  }

  /// Counts a finding and tells whether it is to be masked.
  private mutating func masks(_ kind: DetectorKind, _ outcome: inout ScreeningOutcome) -> Bool {
    outcome.findings[kind, default: 0] += 1
    outcome.categories.insert(kind.category)
    guard let action = plan.clearance.action(for: kind.category) else { return false }
    if action == .refuse { refused = refused ?? kind.category }
    outcome.findingsMasked += 1
    return true
  }

  private func slice(_ range: Range<Int>) -> TextBytes {
    text.slice((range.lowerBound - origin)..<(range.upperBound - origin))
  }
}
