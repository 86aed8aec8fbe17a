internal import ConnectorKit
internal import JSON
internal import MCP

/// A record of Salesforce in our form: known fields under their own names, others under Salesforce's, relationships joined by dots.
struct SalesforceRecord: Sendable {
  let type: SalesforceType
  let json: JSONValue

  /// - Parameter object: what it is of where the record does not say.
  init?(_ raw: RawJSON, of object: String?, _ types: SalesforceTypes) {
    guard raw.kind == .object, let object = raw["attributes"]?["type"]?.string ?? object else { return nil }
    type = types.type(of: object) ?? types.other
    // Without the field, the record's own URL ends with its id.
    let id = raw["Id"]?.string ?? raw["attributes"]?["url"]?.string?.split(separator: "/").last.map(String.init)
    var json: JSONObject = ["id": .string(id ?? ""), "object": .string(object)]
    Self.flatten(raw, prefix: "", type, types, into: &json)
    self.json = .object(json)
  }

  private static func flatten(_ raw: RawJSON, prefix: String, _ type: SalesforceType, _ types: SalesforceTypes, into json: inout JSONObject) {
    for (name, value) in raw.members {
      guard let name = name.string, name != "attributes", !value.isNull else { continue }
      let field = prefix + name
      switch value.kind {
      case .object where value["records"] != nil:
        json[field] = .array((value["records"].map { Array($0.elements) } ?? []).compactMap { SalesforceRecord($0, of: nil, types)?.json })
      // Parts of an address or place are fields as well, and are known as those.
      case .object where value["attributes"] == nil && prefix.count < 200 && (name.hasSuffix("Address") || name.hasSuffix("__c")):
        for (part, value) in value.members {
          guard let part = part.string, !value.isNull else { continue }
          let own = part.prefix(1).uppercased() + part.dropFirst()
          let field = prefix + (name.hasSuffix("__c") ? name.dropLast(1) + own + "__s" : name.dropLast(7) + own)
          let member = type.member(ofField: field)
          json[member?.name ?? field] = self.value(value, member?.kind)
        }
      case .object where prefix.count < 200: flatten(value, prefix: field + ".", type, types, into: &json)
      default:
        let member = type.member(ofField: field)
        json[member?.name ?? field] = self.value(value, member?.kind)
      }
    }
  }

  private static func value(_ raw: RawJSON, _ kind: SalesforceType.Kind?) -> JSONValue {
    switch kind {
    // 50000.00 and 50000 are the same amount, and policy compares whole numbers.
    case .number: raw.double.flatMap { JSONNumber($0) }.map { .number($0) } ?? JSONValue(raw)
    case .time: raw.string.map { .string(time($0)) } ?? JSONValue(raw)
    default: JSONValue(raw)
    }
  }

  /// `2015-08-19T08:17:00.000+0000` as RFC 3339 in UTC; the text itself where it is no time.
  static func time(_ text: String) -> String { text.utf8.count > 10 ? Timestamp.seconds(text).map { Timestamp.text(seconds: $0) } ?? text : text }
}

/// Records of several objects as one result: each known object in a list of its own, so that policy can tell them apart.
struct RecordList: Sendable {
  let types: SalesforceTypes
  var records: [SalesforceRecord] = []
  var next: String?
  var total: Int?

  static func schema(_ types: SalesforceTypes) -> JSONValue {
    var properties: JSONObject = [
      "next_cursor": ["type": "string", "description": "Pass it to query_more to go on. Absent at the end."],
      "total": ["type": "integer", "description": "How many there are in all."],
    ]
    for type in types.all + [types.other] { properties[type.list] = ["type": "array", "items": type.schema] }
    return ["type": "object", "properties": .object(properties)]
  }

  static func oneSchema(_ types: SalesforceTypes) -> JSONValue {
    var properties = JSONObject()
    for type in types.all + [types.other] { properties[type.one] = type.schema }
    return ["type": "object", "properties": .object(properties)]
  }

  /// - Parameter expected: the object whose list is there even when it is empty.
  func result(expected: String?) -> ToolResult {
    var structured = JSONObject()
    var texts: [String] = []
    let wanted = expected.map { types.type(of: $0) ?? types.other }
    for type in types.all + [types.other] {
      let rows = records.filter { $0.type.list == type.list }.map(\.json)
      guard !rows.isEmpty || wanted?.list == type.list else { continue }
      structured[type.list] = .array(rows)
      if !rows.isEmpty {
        texts.append((records.count == rows.count ? "" : type.list + ":\n") + CompactTable(rows, columns: Self.columns(rows, type), more: next != nil).text)
      }
    }
    if let next { structured["next_cursor"] = .string(next) }
    if let total { structured["total"] = .int(total) }
    let pointers = types.all.map { "/" + $0.list } + ["/" + types.other.list]
    var result = ToolResult(structured: .object(structured), text: texts.isEmpty ? "Nothing found." : texts.joined(separator: "\n\n"))
    var meta = result.meta ?? JSONObject()
    meta[UntrustedText.metaKey] = .array(pointers.filter { structured[String($0.dropFirst())] != nil }.map { .string($0) })
    result.meta = meta
    return result
  }

  /// The members that rows have, ours first.
  private static func columns(_ rows: [JSONValue], _ type: SalesforceType) -> [String] {
    var found: [String] = []
    var seen: Set<String> = ["object"]
    for member in type.members where rows.contains(where: { $0[member.name] != nil }) && seen.insert(member.name).inserted { found.append(member.name) }
    for row in rows.prefix(50) { for (name, _) in row.object ?? JSONObject() where seen.insert(name).inserted { found.append(name) } }
    if type.object == "*", Set(rows.compactMap { $0["object"]?.string }).count > 1 { found.insert("object", at: 0) }
    return found
  }
}
