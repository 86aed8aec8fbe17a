public import JSON
internal import MCP

/// What kind of data a record holds, in the gateway's names, the more strictly kept after the less.
///
/// The first three are ordered: who may see one may see those before it. `pii` and `secret` stand apart: each must be granted by itself.
public enum RecordCategory: String, Sendable, Hashable, CaseIterable {
  case `public`, `internal`, confidential, pii, secret

  /// All of them, for messages.
  public static let names = allCases.map(\.rawValue).joined(separator: ", ")

  /// The member of a record that names its category, the strictest if it is of several.
  public static let member = "category"
  /// The member that names all of several categories none of which grants another.
  static let allMember = RecordDeclaration.allCategories
  /// In place of a category that the vendor should tell and does not: for who may see all.
  public static let unknown = "unknown"

  /// The members of a record that is of these categories; none for none.
  private static func members(_ categories: Set<RecordCategory>) -> JSONObject {
    let ordered = allCases.filter { categories.contains($0) }
    guard let strictest = ordered.last else { return [:] }
    var members: JSONObject = [member: .string(strictest.rawValue)]
    let highest = ordered.last { $0.isOrdered }
    let needed = ordered.filter { !$0.isOrdered || ($0 == highest && $0 != .public) }
    if needed.count > 1 { members[allMember] = .array(needed.map { .string($0.rawValue) }) }
    return members
  }

  /// Says in a record of what categories it is; nil is that it cannot be told.
  public static func describe(_ record: inout JSONObject, _ categories: Set<RecordCategory>?) {
    (record[member], record[allMember]) = (nil, nil)
    guard let categories else {
      record[member] = .string(unknown)
      return
    }
    for (name, value) in members(categories) { record[name] = value }
  }

  private var isOrdered: Bool { self != .pii && self != .secret }

  /// Properties of a record with those members among them.
  public static func properties(_ description: String, and others: JSONObject) -> JSONObject {
    var properties = others
    properties[member] = ["type": "string", "description": .string(description)]
    properties[allMember] = ["type": "array", "items": ["type": "string"], "description": "Where it is of several. All of them count."]
    return properties
  }

  /// Members that must not be left out by a choice of fields.
  public static let always = [member, allMember]

  /// Whether a caller who is cleared for some categories may see a record that is of several. What names one, the rule sees to.
  static func clears(_ record: JSONValue, _ granted: Set<String>?) -> Bool {
    guard let granted, let all = record[allMember]?.array else { return true }
    return all.allSatisfy { name in name.string.flatMap { RecordCategory(rawValue: $0) } == nil || granted.contains(name.string ?? "") }
  }
}

extension ConnectorSettings {
  /// The name of a data category.
  public func category(_ key: String) throws(ConnectorError) -> RecordCategory? {
    guard let text = try string(key) else { return nil }
    guard let category = RecordCategory(rawValue: text) else { throw error(key, "expected one of \(RecordCategory.names)") }
    return category
  }

  public func requiredCategory(_ key: String) throws(ConnectorError) -> RecordCategory {
    guard let category = try category(key) else { throw error(key, "is needed") }
    return category
  }
}

extension RecordType {
  /// `_meta` of a tool with it said that records of some types name their category in ``RecordCategory/member``.
  public static func categorized(_ meta: JSONObject?, _ types: Set<String>) -> JSONObject? {
    guard var meta, let records = meta[MetaKey.records]?.array else { return meta }
    meta[MetaKey.records] = .array(
      records.map { record in
        guard let type = record["type"]?.string, types.contains(type) else { return record }
        var record = record
        record["category"] = .string(RecordCategory.member)
        return record
      })
    return meta
  }
}
