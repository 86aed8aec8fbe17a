public import JSON
internal import MCP

/// A kind of record that a connector serves, as policy speaks of it: `Message`, `Issue`, `Opportunity`.
public struct RecordType: Sendable, Hashable {
  public var name: String
  /// Members that refer to entities: `owner` -> `User`.
  public var entities: [String: String]
  /// Members that hold more than public data: member -> category.
  public var categories: [String: String]
  /// The member that names the data category of a whole record: who may not see that category does not get the record.
  public var category: String?

  public init(_ name: String, entities: [String: String] = [:], categories: [String: String] = [:], category: String? = nil) {
    self.name = name
    self.entities = entities
    self.categories = categories
    self.category = category
  }

  /// `_meta` of a tool whose result holds these records.
  ///
  /// - Parameter rows: JSON Pointer to an array of them (`/issues`) or to one (`/issue`); nil where the tool touches such records
  ///   but does not show them as rows.
  public func meta(rows: String?, isList: Bool = true) -> JSONObject { RecordType.meta([(self, rows, isList)]) }

  /// `_meta` of a tool whose result holds records of several types.
  public static func meta(_ parts: [(type: RecordType, rows: String?, isList: Bool)]) -> JSONObject {
    var fields = JSONObject()
    for (type, rows, isList) in parts {
      guard let rows else { continue }
      for (member, category) in type.categories.sorted(by: { $0.key < $1.key }) {
        fields[rows + (isList ? "/*/" : "/") + member] = .string(category)
      }
    }
    var meta: JSONObject = [
      MetaKey.records: .array(parts.map { RecordDeclaration(type: $0.type.name, rows: $0.rows, entities: $0.type.entities, category: $0.type.category).json })
    ]
    if !fields.isEmpty { meta[MetaKey.categories] = .object(fields) }
    return meta
  }
}
