public import JSON
public import MCP

/// What a connector that enforces rows is told, and what it may show then: for tests over all of its tools.
public enum RowRules {
  private static let categories = ["public", "internal", "confidential", "pii", "secret"]

  /// `_meta` as a gateway sends it with a tool: one rule for every type that the tool declares, but those that are given; all categories are cleared.
  public static func meta(_ tool: ToolDefinition, _ rule: RowFilter, but others: [String: RowFilter] = [:]) -> JSONObject {
    var rows = JSONObject()
    for (type, _) in declared(tool) { rows[type] = (others[type] ?? rule).json }
    return [MetaKey.rows: .object(rows), MetaKey.clearance: .array(categories.map { .string($0) })]
  }

  /// As ``meta(_:_:but:)`` with what is no tool: rules for these types.
  public static func meta(_ rules: [String: RowFilter], clearance: [String] = []) -> JSONObject {
    var rows = JSONObject()
    for (type, rule) in rules { rows[type] = rule.json }
    return [MetaKey.rows: .object(rows), MetaKey.clearance: .array(clearance.map { .string($0) })]
  }

  /// As ``meta(_:clearance:)`` for who is cleared for some categories, nil for all: what is of these types is shown by its category, of the others everything.
  public static func cleared(_ granted: [String]?, _ types: [String], others: [String] = []) -> JSONObject {
    let rule = granted.map { RowFilter.or([.not(.has(attribute: "category")), .isIn(attribute: "category", $0.map { .string($0) })]) } ?? .constant(true)
    var rules: [String: RowFilter] = [:]
    for type in types { rules[type] = rule }
    for type in others { rules[type] = .constant(true) }
    return meta(rules, clearance: granted ?? categories)
  }

  /// Whether the tool declares records.
  public static func declares(_ tool: ToolDefinition) -> Bool { !declared(tool).isEmpty }

  /// The places at which a result shows records.
  public static func places(_ result: CallResult, _ tool: ToolDefinition) -> [String] {
    declared(tool).compactMap(\.rows).filter { place in
      guard !result.isError, let value = result.structured?[String(place.dropFirst())], !value.isNull else { return false }
      return value.array?.isEmpty != true
    }
  }

  private static func declared(_ tool: ToolDefinition) -> [(type: String, rows: String?)] {
    (tool.raw["_meta"]?[MetaKey.records].map { Array($0.elements) } ?? []).compactMap { raw in
      raw["type"]?.string.map { ($0, raw["rows"]?.string) }
    }
  }
}
