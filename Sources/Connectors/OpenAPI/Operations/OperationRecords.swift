internal import ConnectorKit
internal import JSON
internal import MCP

/// What the settings say of the records in an operation's answers, so that policy can speak of them: descriptions do not know.
struct OperationRecords: Sendable {
  private let type: RecordType
  /// JSON Pointer into the result; nil where the operation touches such records and does not answer with them.
  private let rows: String?

  /// - Parameter settings: `{type, rows, entities, categories}`; `rows` is a JSON Pointer into the body of the answer, to a list of records or to one.
  init(_ settings: ConnectorSettings) throws(ConnectorError) {
    try settings.allow(["type", "rows", "entities", "categories"])
    var type = RecordType(try settings.required("type"))
    guard Self.isType(type.name) else { throw settings.error("type", "expected the name of a Cedar type, such as Order") }
    for (member, value) in try settings.settings("entities")?.values ?? JSONObject() {
      guard let entity = value.string, Self.isType(entity) else { throw settings.error("entities.\(member)", "expected the name of a Cedar type, such as User") }
      type.entities[member] = entity
    }
    if let part = try settings.settings("categories") {
      for (member, _) in part.values { type.categories[member] = try part.requiredCategory(member).rawValue }
    }
    // A tool has at most 64 places of categories, two for each member.
    guard type.categories.count <= 32 else { throw settings.error("categories", "has more than 32 members") }
    if let pointer = try settings.string("rows") {
      guard pointer.isEmpty || pointer.hasPrefix("/") else {
        throw settings.error("rows", "expected a JSON Pointer into the answer, such as /items, or \"\" for the whole")
      }
      rows = "/body" + pointer
    } else {
      rows = nil
    }
    self.type = type
  }

  /// `_meta` of the tool.
  var meta: JSONObject {
    var meta = type.meta(rows: rows)
    // Whether the pointer leads to a list or to one record, only the answer tells.
    if let rows, var fields = meta[MetaKey.categories]?.object {
      for (member, category) in type.categories.sorted(by: { $0.key < $1.key }) { fields["\(rows)/\(member)"] = .string(category) }
      meta[MetaKey.categories] = .object(fields)
    }
    return meta
  }

  private static func isType(_ text: String) -> Bool {
    text.split(separator: "::", omittingEmptySubsequences: false).allSatisfy { part in
      part.first.map { !$0.isNumber } == true
        && part.utf8.allSatisfy { $0 == 0x5F || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
    }
  }
}
