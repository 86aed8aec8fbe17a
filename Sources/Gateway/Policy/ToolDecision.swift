internal import Cedar
internal import JSON
internal import MCP
internal import NIOCore

/// The row-level rule of one record type for one principal and tool.
struct RowRule: Sendable {
  let declaration: RecordDeclaration
  let verdict: Verdict
  /// The upstream that the record comes from: what every record is in.
  let upstream: EntityUID
  let pushDown: RowFilter.PushDown
  /// Which records are shown by their own category; nil where all are.
  private let category: CategoryRule?
  /// Whether a context that only a call makes known could show more or fewer records.
  let mentionsContext: Bool

  /// - Parameter ancestors: what the upstream is in.
  init(_ declaration: RecordDeclaration, _ verdict: Verdict, _ clearance: ClearanceDecision, upstream: EntityUID, ancestors: Set<EntityUID>) {
    self.declaration = declaration
    self.verdict = verdict
    self.upstream = upstream
    category = CategoryRule(declaration, clearance.clearance)
    mentionsContext = verdict.mentionsContext || (declaration.category != nil && clearance.dependsOnContext)
    var pushDown = RowFilter.pushDown(verdict, declaration, ancestors: ancestors.union([upstream]))
    if let category { pushDown.filter = RowFilter.and([pushDown.filter, category.filter]).simplified }
    self.pushDown = pushDown
  }

  /// Whether some record may not be seen.
  var limits: Bool { verdict.outcome != .allow || category != nil }

  /// Whether the record stands: its category is revealed, a permit is true and every forbid false, evaluated over the row's own attributes.
  func permits(_ row: RawJSON) -> Bool {
    if let category, !category.permits(row) { return false }
    return verdict.permits(
      type: declaration.type, id: row["id"].flatMap { $0.string ?? $0.int.map(String.init) },
      attributes: Record(json: row, entities: declaration.entities), parents: [upstream])
  }

  /// What takes the rows out of a result that may not be seen; nil if the result does not hold them as rows.
  ///
  /// - Parameter isEnforced: whether the source keeps rules itself: what it was told exactly it may have left out whole.
  func filter(isEnforced: Bool) -> RecordFilter? {
    declaration.rows.flatMap { pointer in RecordFilter(pointer: pointer, mayBeAbsent: isEnforced && pushDown.isExact) { permits($0) } }
  }
}

extension RowRule {
  /// Members of `_meta` for an upstream that enforces rows and clearance itself.
  ///
  /// - Parameter isLast: whether nobody looks at the answer after the upstream: a rule that could not be told exactly then lets nothing through.
  static func meta(_ rules: [RowRule], _ clearance: Clearance, isLast: Bool = false) -> ByteBuffer {
    var filters: [String: RowFilter] = [:]
    for rule in rules {
      let filter = isLast && !rule.pushDown.isExact ? .constant(false) : rule.pushDown.filter
      // One type declared in two ways: a row must stand in both.
      filters[rule.declaration.type] = filters[rule.declaration.type].map { $0 == filter ? filter : .and([$0, filter]) } ?? filter
    }
    var rows: JSONValue = .object(JSONObject())
    for (type, filter) in filters.sorted(by: { $0.key < $1.key }) { rows[type] = filter.json }
    let revealed = DataCategory.allCases.filter { clearance.reveals($0) }.map { JSONValue.string($0.rawValue) }
    var meta = ByteBuffer()
    meta.write(JSONValue.string(MetaKey.rows))
    meta.writeStaticString(":")
    meta.write(rows)
    meta.writeStaticString(",")
    meta.write(JSONValue.string(MetaKey.clearance))
    meta.writeStaticString(":")
    meta.write(JSONValue.array(revealed))
    return meta
  }
}

/// The records whose own data category (``RecordDeclaration/category``) a principal may see, and those that have none.
private struct CategoryRule: Sendable {
  let member: String
  let revealed: Set<String>

  /// Nil where records have no category of their own, or all are revealed.
  init?(_ declaration: RecordDeclaration, _ clearance: Clearance) {
    guard let member = declaration.category, !DataCategory.allCases.allSatisfy(clearance.reveals) else { return nil }
    self.member = member
    revealed = Set(clearance.revealed.elements.map(\.rawValue))
  }

  var filter: RowFilter { .or([.not(.has(attribute: member)), .isIn(attribute: member, revealed.sorted().map { .string($0) })]) }

  func permits(_ row: RawJSON) -> Bool {
    guard let category = row[member], !category.isNull else { return true }
    guard let category = category.string, revealed.contains(category) else { return false }
    return row[RecordDeclaration.allCategories]?.elements.allSatisfy { other in other.string.map { revealed.contains($0) } ?? false } ?? true
  }
}

/// What policy says of one principal and one tool.
final class ToolDecision: Sendable {
  /// Whether some call could be permitted. What is not visible does not exist for the principal.
  let isVisible: Bool
  /// Whether the tool belongs into a list: some call of it could be permitted, and nothing would stand in the way.
  let isListed: Bool
  /// Whether the call itself must be looked at: arguments, purpose, time, network.
  let dependsOnContext: Bool
  /// Why a visible tool cannot be called after all; nil if it can. Final only where the decision does not depend on the context.
  let obstacle: Refusal?
  let obligations: Obligations
  let plan: ScreeningPlan
  /// Members of `_meta` for an upstream that enforces rows and clearance itself.
  let meta: ByteBuffer

  /// - Parameters:
  ///   - itself: the verdict on the tool. A tool that declares records is authorized over these, any other over itself; but what
  ///     forbids the tool forbids it in both cases.
  ///   - rules: the rules of the records that the tool declares.
  ///   - isFinal: whether the context was known.
  init(tool: ToolEntry, itself: Verdict, rules: [RowRule], clearance: ClearanceDecision, bounds: ResultBounds, isFinal: Bool) {
    let verdicts = rules.isEmpty ? [itself] : rules.map(\.verdict)
    isVisible = itself.forbidding.isEmpty && verdicts.contains { $0.outcome != .deny }
    dependsOnContext =
      !isFinal && (verdicts.contains(where: \.mentionsContext) || itself.forbidMentionsContext || clearance.dependsOnContext)
    obligations = Obligations(verdicts.flatMap(\.contributing))
    let enforces = tool.upstream.configuration.enforcesRows
    plan = ScreeningPlan(
      clearance: clearance.clearance, fields: tool.categories,
      rows: rules.filter(\.limits).compactMap { $0.filter(isEnforced: enforces) }, bounds: bounds,
      trustsText: enforces && rules.allSatisfy(\.pushDown.isExact))
    obstacle = Self.obstacle(tool, rules)
    isListed = isVisible && (obstacle == nil || (!isFinal && rules.contains(where: \.mentionsContext)))
    meta = enforces ? RowRule.meta(rules, clearance.clearance) : ByteBuffer()
  }

  var purpose: PurposeRule? { obligations.purpose }

  /// Rules that only the source could enforce, and the source does not.
  private static func obstacle(_ tool: ToolEntry, _ rules: [RowRule]) -> Refusal? {
    let enforces = tool.upstream.configuration.enforcesRows
    let unenforced = rules.filter { $0.limits && !(enforces && $0.pushDown.isExact) }
    if tool.effect != .read, !unenforced.isEmpty {
      return Refusal(
        .forbidden, .policy,
        "Policy limits which records \(tool.name) may change, and this cannot be checked before the change is made. Ask for a tool or a rule that can be.")
    }
    if unenforced.contains(where: { $0.declaration.rows == nil }) {
      return Refusal(.forbidden, .policy, "Policy limits which records \(tool.name) may read, and neither its source nor its result allows to check it.")
    }
    return nil
  }
}
