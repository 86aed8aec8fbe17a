internal import Cedar
internal import JSON
internal import MCP
internal import NIOCore

/// The row-level rule of one record type for one principal and tool.
struct RowRule: Sendable {
  let declaration: RecordDeclaration
  let response: PartialResponse

  /// Whether the record stands: the residual, evaluated over the row's own attributes.
  func permits(_ row: RawJSON) -> Bool {
    response.evaluate(attributes: Record(json: row, entities: declaration.entities), id: row["id"].flatMap { $0.string ?? $0.int.map(String.init) })
  }
}

/// What policy says of one principal and one tool.
final class ToolDecision: Sendable {
  /// Whether some call could be permitted. What is not visible does not exist for the principal.
  let isVisible: Bool
  /// Whether the call itself must be looked at: arguments, purpose, time, network.
  let dependsOnContext: Bool
  /// Why a visible tool cannot be called after all; nil if it can.
  let obstacle: Refusal?
  /// The policies that decided, for the audit log.
  let reasons: [String]
  let purpose: PurposeRule?
  /// Whether the audit log must be on the disk, not only with the kernel, before the effect.
  let isStrict: Bool
  let plan: ScreeningPlan
  /// Members of `_meta` for an upstream that enforces rows and clearance itself.
  let meta: ByteBuffer

  init(tool: ToolEntry, responses: [PartialResponse], rules: [RowRule], clearance: Clearance, bounds: ResultBounds, dependsOnContext: Bool) {
    isVisible = responses.contains { $0.residual != .deny }
    self.dependsOnContext = dependsOnContext
    let contributing = responses.flatMap { $0.satisfied + $0.residualPolicies.map(\.policy) }
    var seen = Set<String>()
    reasons = contributing.filter { $0.effect == .permit && seen.insert($0.id).inserted }.map { $0.annotation("id") ?? $0.id }
    let purposes = contributing.filter { $0.effect == .permit }.compactMap { $0.annotation("purpose") }
    purpose = purposes.isEmpty ? nil : purposes.allSatisfy { $0 == "required" } ? .required : .optional
    isStrict = contributing.contains { $0.annotation("audit") == "strict" }

    let rows = rules.filter { $0.declaration.rows != nil && $0.response.residual != .allow }
    plan = ScreeningPlan(
      clearance: clearance, fields: tool.categories,
      rows: rows.compactMap { rule in RecordFilter(pointer: rule.declaration.rows ?? "") { rule.permits($0) } }, bounds: bounds,
      trustsText: tool.upstream.configuration.enforcesRows)

    let pushDowns = rules.map { ($0.declaration, RowFilter.pushDown($0.response.residual)) }
    obstacle = Self.obstacle(tool, rules, pushDowns.map(\.1))
    meta = tool.upstream.configuration.enforcesRows ? Self.meta(pushDowns, clearance) : ByteBuffer()
  }

  /// Rules that only the source could enforce, and the source does not.
  private static func obstacle(_ tool: ToolEntry, _ rules: [RowRule], _ pushDowns: [RowFilter.PushDown]) -> Refusal? {
    let conditional = zip(rules, pushDowns).filter { if case .conditional = $0.0.response.residual { true } else { false } }
    guard !conditional.isEmpty else { return nil }
    let enforces = tool.upstream.configuration.enforcesRows
    if tool.effect != .read, !enforces || conditional.contains(where: { !$0.1.isExact }) {
      return Refusal(.forbidden, .policy, "Policy limits which records \(tool.name) may change, and this cannot be checked before the change is made. Ask for a tool or a rule that can be.")
    }
    if conditional.contains(where: { $0.0.declaration.rows == nil && (!enforces || !$0.1.isExact) }) {
      return Refusal(.forbidden, .policy, "Policy limits which records \(tool.name) may read, and neither its source nor its result allows to check it.")
    }
    return nil
  }

  private static func meta(_ pushDowns: [(RecordDeclaration, RowFilter.PushDown)], _ clearance: Clearance) -> ByteBuffer {
    var rows: JSONValue = .object(JSONObject())
    for (declaration, pushDown) in pushDowns { rows[declaration.type] = pushDown.filter.json }
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
