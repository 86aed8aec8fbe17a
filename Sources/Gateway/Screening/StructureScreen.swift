internal import JSON

/// Rows, bounds on items, and declared fields of `structuredContent`.
struct StructureScreen {
  let plan: ScreeningPlan

  /// - Returns: the edits in the order of the text.
  /// - Throws: ``ScreeningRefusal`` if the records are missing, a single one is not admitted, or a declared field refuses the result.
  func screen(
    _ content: RawJSON, _ edits: inout ResultEdits, _ outcome: inout ScreeningOutcome
  ) throws(ScreeningRefusal) {
    for rows in plan.rows {
      guard let target = rows.target(in: content) else {
        if rows.mayBeAbsent { continue }
        throw ScreeningRefusal.unstructured(outcome)
      }
      if !target.isNull { try filter(target, rows, &edits, &outcome) }
    }
    if plan.rows.isEmpty, let items = plan.bounds.items {
      for (_, value) in content.members where value.kind == .array {
        prune(value, limit: items, admits: nil, &edits, &outcome)
      }
    }
    if !plan.fields.isEmpty { try maskFields(content, &edits, &outcome) }
  }

  private func filter(
    _ target: RawJSON, _ rows: RecordFilter, _ edits: inout ResultEdits, _ outcome: inout ScreeningOutcome
  ) throws(ScreeningRefusal) {
    guard target.kind == .array else {
      guard rows.admits(target) else {
        outcome.rowsRemoved += 1
        throw ScreeningRefusal(.notFound, "There is no such record, or it is not for you.", outcome: outcome)
      }
      return
    }
    prune(target, limit: plan.bounds.items ?? .max, admits: rows.admits, &edits, &outcome)
  }

  /// Removes the elements that are not admitted, and those beyond the first `limit` that are.
  private func prune(
    _ array: RawJSON, limit: Int, admits: (@Sendable (RawJSON) -> Bool)?, _ edits: inout ResultEdits,
    _ outcome: inout ScreeningOutcome
  ) {
    var kept = 0
    // The end of the last element, if any was kept: a removed one takes the comma before it along. Before the first kept
    // one it takes the comma behind it.
    var previousEnd = 0
    var leading: Int?
    for element in array.elements {
      let range = element.range
      if let start = leading {
        edits.remove(start..<range.lowerBound)
        leading = nil
      }
      // Records past the bound are asked for too: the note must count only what the principal could have seen.
      if !(admits?(element) ?? true) {
        outcome.rowsRemoved += 1
      } else if kept >= limit {
        outcome.rowsTruncated += 1
      } else {
        kept += 1
        previousEnd = range.upperBound
        continue
      }
      if kept > 0 { edits.remove(previousEnd..<range.upperBound) } else { leading = range.lowerBound }
      previousEnd = range.upperBound
    }
    if let start = leading { edits.remove(start..<previousEnd) }
  }

  private func maskFields(
    _ content: RawJSON, _ edits: inout ResultEdits, _ outcome: inout ScreeningOutcome
  ) throws(ScreeningRefusal) {
    var matcher = FieldMatcher(plan.fields)
    // The edits of the rows stay sorted while those of the fields are collected.
    let rows = edits
    var refused: DataCategory?
    try matcher.walk(content) { (value, category) throws(ScreeningRefusal) -> Bool in
      if value.isNull || rows.covers(value.range) { return false }
      outcome.categories.insert(category)
      guard let action = plan.clearance.action(for: category) else { return true }
      if action == .refuse { refused = refused ?? category }
      outcome.fieldsMasked += 1
      edits.replace(value.range) { output in
        output.append(contentsOf: value.kind == .string ? "\"[masked: \(category.rawValue)]\"".utf8 : "null".utf8)
      }
      return false
    }
    if let refused { throw ScreeningRefusal.uncleared(refused, outcome) }
    edits.sort()
  }
}
