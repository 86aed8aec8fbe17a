/// One instance against one program.
///
/// Runs first without taking notes, and stops at the first violation. Only when there is one it runs again and explains:
/// paths and messages cost nothing as long as all is well.
struct SchemaValidation {
  typealias Instruction = SchemaProgram.Instruction

  let view: JSONView
  let schemas: UnsafeBufferPointer<SchemaProgram.Schema>
  let instructions: UnsafeBufferPointer<Instruction>
  let program: SchemaProgram
  let deepest: Int
  private let allowedWork: Int
  let mostFindings: Int

  /// What is left of the work that may be done; negative when it did not suffice, and then nothing counts as valid.
  var work: Int
  private(set) var depth = 0
  private var isTooDeep = false
  /// The children that keywords have evaluated, by node, as far as `unevaluated...` will ask for them. A schema that fails
  /// takes back what was added since it started.
  var evaluated: ContiguousArray<Int32> = []
  /// The resources entered, outermost first, if there are dynamic references.
  private var scope: ContiguousArray<Int32> = []
  var isExplaining = false
  /// Where violations are noted; only made to explain.
  private var notes: SchemaNotes?

  init(
    view: JSONView, schemas: UnsafeBufferPointer<SchemaProgram.Schema>, instructions: UnsafeBufferPointer<Instruction>, program: SchemaProgram,
    depth: Int, work: Int, findings: Int
  ) {
    self.view = view
    self.schemas = schemas
    self.instructions = instructions
    self.program = program
    deepest = depth
    allowedWork = work
    self.work = work
    mostFindings = findings
  }

  mutating func run(_ schema: Int, _ node: Int) -> Bool {
    let isValid = apply(Int32(truncatingIfNeeded: schema), node, tracking: false)
    return isValid && work >= 0 && !isTooDeep
  }

  /// The violations of an instance that is not valid.
  mutating func explain(_ schema: Int, _ node: Int) -> [JSONSchemaViolation] {
    if work >= 0, !isTooDeep {
      work = allowedWork
      (evaluated, scope, depth, isExplaining) = ([], [], 0, true)
      notes = SchemaNotes()
      _ = apply(Int32(truncatingIfNeeded: schema), node, tracking: false)
    }
    var violations = findings.prefix(mostFindings).map { finding in
      JSONSchemaViolation(
        instancePath: view.pointer(from: node, to: finding.node), schemaPath: program.path(finding.place), keyword: finding.keyword,
        property: finding.property, expected: finding.expected, message: finding.message)
    }
    if work < 0 || isTooDeep {
      let bound = work < 0 ? "takes more than \(allowedWork) steps to check: make it smaller" : "applies schemas more than \(deepest) deep: nest it less"
      violations.append(JSONSchemaViolation(instancePath: "", schemaPath: "", keyword: "", message: bound))
    }
    return violations
  }

  /// - Parameter tracking: whether a schema further out asks what of this very value was evaluated.
  /// - Returns: whether the value satisfies the schema.
  mutating func apply(_ number: Int32, _ node: Int, tracking: Bool) -> Bool {
    let schema = schemas[Int(number)]
    if schema.first == schema.end {
      if !schema.accepts { report("false", schema.place, node, "is not allowed") }
      return schema.accepts
    }
    work -= 1
    guard work >= 0, depth < deepest else {
      if work >= 0 { isTooDeep = true }
      return false
    }
    depth += 1
    let entered = !program.dynamicAnchors.isEmpty && scope.last != schema.resource
    if entered { scope.append(schema.resource) }
    let mark = evaluated.count
    let notes = tracking || schema.tracks
    var isValid = true
    var at = Int(schema.first)
    while at < Int(schema.end) {
      if !execute(instructions[at], at, node, tracking: notes, since: mark) {
        isValid = false
        if !isExplaining || work < 0 || findings.count >= mostFindings { break }
      }
      at += 1
    }
    if evaluated.count > mark, !isValid || !tracking { evaluated.removeLast(evaluated.count - mark) }
    if entered { scope.removeLast() }
    depth -= 1
    return isValid
  }

  @inline(__always)
  private mutating func execute(_ instruction: Instruction, _ at: Int, _ node: Int, tracking: Bool, since mark: Int) -> Bool {
    let value = view[node]
    switch instruction {
    case .type(let types):
      if types.contains(JSONTypes(value.kind)) { return true }
      if value.kind == .number, types.contains(.integer), view.number(node).isInteger { return true }
      return fail("type", at, node, "must be of type \(types.text), not \(SchemaText.kind(view, node))")
    case .constant(let index): return checkConstant(Int(index), at, node)
    case .enumeration(let index): return checkEnumeration(Int(index), at, node)
    case .bound(let index): return value.kind != .number || checkBound(Int(index), at, node)
    case .multiple(let index):
      guard value.kind == .number, !program.tables.multiples[Int(index)].value.divides(view.number(node)) else { return true }
      return fail("multipleOf", at, node, "must be a multiple of \(program.tables.multiples[Int(index)].text)")
    case .minLength(let least):
      guard value.kind == .string, !hasLength(value, node, atLeast: Int(least)) else { return true }
      return fail("minLength", at, node, "must have at least \(SchemaText.count(Int(least), "character")), has \(length(value, node))")
    case .maxLength(let most):
      guard value.kind == .string, hasLength(value, node, atLeast: Int(most) + 1) else { return true }
      return fail("maxLength", at, node, "must have at most \(SchemaText.count(Int(most), "character")), has \(length(value, node))")
    case .pattern(let index):
      guard value.kind == .string, !matches(Int(index), node) else { return true }
      return fail("pattern", at, node, "must match the pattern \(SchemaText.shortened(program.tables.patternTexts[Int(index)]))")
    case .format(let format):
      guard value.kind == .string, !view.withString(node, format.accepts) else { return true }
      return fail("format", at, node, "must be \(format.expectation)")
    case .object(let index): return value.kind != .object || check(program.tables.objects[Int(index)], node, tracking: tracking)
    case .array(let index): return value.kind != .array || check(program.tables.arrays[Int(index)], node, tracking: tracking)
    case .dependents(let index): return value.kind != .object || checkDependents(Int(index), node, tracking: tracking)
    case .reference(let target): return apply(target, node, tracking: tracking)
    case .dynamicReference(let anchor, let otherwise):
      return apply(dynamicTarget(Int(anchor)) ?? otherwise, node, tracking: tracking)
    case .all(let start, let count): return checkAll(Int(start), Int(count), node, tracking: tracking)
    case .any(let start, let count): return checkAny(Int(start), Int(count), at, node, tracking: tracking)
    case .one(let start, let count): return checkOne(Int(start), Int(count), at, node, tracking: tracking)
    case .not(let target):
      guard test(target, node, tracking: false) else { return work >= 0 }
      return fail("not", at, node, "must not be \(SchemaText.expectation(of: target, program, isNegated: true))")
    case .conditional(let test, let then, let otherwise):
      let branch = self.test(test, node, tracking: tracking) ? then : otherwise
      return branch < 0 || apply(branch, node, tracking: tracking)
    case .unevaluatedItems(let target): return value.kind != .array || checkUnevaluated(target, at, node, since: mark, tracking: tracking)
    case .unevaluatedProperties(let target): return value.kind != .object || checkUnevaluated(target, at, node, since: mark, tracking: tracking)
    }
  }

  /// Applies a schema of which only the answer counts.
  mutating func test(_ schema: Int32, _ node: Int, tracking: Bool) -> Bool {
    let wasExplaining = isExplaining
    isExplaining = false
    defer { isExplaining = wasExplaining }
    return apply(schema, node, tracking: tracking)
  }

  private func dynamicTarget(_ anchor: Int) -> Int32? {
    let candidates = program.dynamicAnchors[anchor]
    for resource in scope {
      if let found = candidates.first(where: { $0.resource == resource }) { return found.schema }
    }
    return nil
  }

  // MARK: Notes

  var findings: [SchemaFinding] {
    get { notes?.findings ?? [] }
    nonmutating set { notes?.findings = newValue }
  }

  @inline(__always)
  func fail(_ keyword: StaticString, _ instruction: Int, _ node: Int, _ message: @autoclosure () -> String) -> Bool {
    if isExplaining { report(keyword, program.places[instruction], node, message()) }
    return false
  }

  @inline(__always)
  func report(
    _ keyword: StaticString, _ place: SchemaPlace, _ node: Int, property: String? = nil, expected: String? = nil, _ message: @autoclosure () -> String
  ) {
    guard isExplaining, let notes, notes.findings.count < mostFindings else { return }
    notes.findings.append(SchemaFinding(node: node, place: place, keyword: "\(keyword)", property: property, expected: expected, message: message()))
  }
}

/// The violations noted so far. A class, so that noting one changes nothing of the run.
final class SchemaNotes {
  var findings: [SchemaFinding] = []
}

/// A violation as noted during the run: places instead of paths.
struct SchemaFinding {
  let node: Int
  let place: SchemaPlace
  let keyword: String
  let property: String?
  let expected: String?
  let message: String
}
