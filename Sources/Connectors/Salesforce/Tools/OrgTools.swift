internal import ConnectorKit
internal import JSON
internal import MCP

/// The org, and its objects.
struct OrgTools: Sendable {
  let salesforce: SalesforceContext

  var tools: [Tool] { [identity, limits, listObjects, describe] }

  private var identity: Tool {
    salesforce.tool(
      "get_identity", "Get the identity", "Tells in whose name Salesforce is asked, and of which org.", [],
      output: [
        "type": "object",
        "properties": [
          "user_id": ["type": "string"], "organization_id": ["type": "string"], "username": ["type": "string"], "name": ["type": "string"], "email": ["type": "string"],
          "user_type": ["type": "string"], "language": ["type": "string"], "time_zone": ["type": "string"], "api_version": ["type": "string"],
        ], "required": ["user_id"],
      ], meta: [MetaKey.categories: ["/email": "pii"]]
    ) { call, subject throws(VendorError) in
      let json = try await salesforce.api.get(outside: ["services", "oauth2", "userinfo"], as: subject)
      var structured = Self.identity(json)
      structured["api_version"] = .string(try await salesforce.api.version(for: subject))
      return ToolResult(structured: .object(structured))
    }
  }

  static func identity(_ json: RawJSON) -> JSONObject {
    var structured: JSONObject = ["user_id": .string(json["user_id"]?.string ?? "")]
    let members = [
      ("organization_id", ["organization_id"]), ("username", ["preferred_username", "username"]), ("name", ["name", "display_name"]), ("email", ["email"]),
      ("user_type", ["user_type"]), ("language", ["language"]), ("time_zone", ["zoneinfo", "timezone"]),
    ]
    for (own, names) in members { if let text = names.lazy.compactMap({ json[$0]?.string }).first { structured[own] = .string(text) } }
    return structured
  }

  private var limits: Tool {
    salesforce.tool(
      "get_limits", "Get limits", "Tells how much of the org's allowances is left.",
      [Field.text("search", "Only limits whose name holds this: Api.", length: 80)],
      output: [
        "type": "object",
        "properties": [
          "limits": [
            "type": "array",
            "items": [
              "type": "object", "properties": ["name": ["type": "string"], "max": ["type": "integer"], "remaining": ["type": "integer"]], "required": ["name"],
            ],
          ], "api_requests_used": ["type": "integer"], "api_requests_allowed": ["type": "integer"],
        ], "required": ["limits"],
      ]
    ) { call, subject throws(VendorError) in
      let json = try await salesforce.api.get(["limits"], as: subject)
      let search = call.string("search")?.lowercased() ?? ""
      var rows: [JSONValue] = []
      for (name, value) in json.members {
        guard let name = name.string, search.isEmpty || name.lowercased().contains(search) else { continue }
        var row: JSONObject = ["name": .string(name)]
        if let max = value["Max"]?.int { row["max"] = .int(max) }
        if let remaining = value["Remaining"]?.int { row["remaining"] = .int(remaining) }
        rows.append(.object(row))
      }
      var structured: JSONObject = ["limits": .array(rows)]
      if let usage = salesforce.api.usage.reading {
        structured["api_requests_used"] = .int(usage.used)
        structured["api_requests_allowed"] = .int(usage.allowed)
      }
      return ToolResult(structured: .object(structured), text: CompactTable(rows, columns: ["name", "remaining", "max"]).text)
    }
  }

  // MARK: Objects

  private var listObjects: Tool {
    salesforce.tool(
      "list_objects", "List objects", "Lists the org's objects, or searches them by name and label.",
      [
        Field.text("search", "Part of the name or label.", length: 80), Field.flag("custom", "Only those that the org made itself, or only standard ones if false."),
        Field.flag("all", "Technical ones too, such as histories and shares."),
      ] + Field.page(limit: 100, most: 500),
      output: [
        "type": "object",
        "properties": [
          "objects": [
            "type": "array",
            "items": [
              "type": "object",
              "properties": [
                "name": ["type": "string"], "label": ["type": "string"], "custom": ["type": "boolean"], "queryable": ["type": "boolean"],
                "createable": ["type": "boolean"], "updateable": ["type": "boolean"], "deletable": ["type": "boolean"], "key_prefix": ["type": "string"],
              ], "required": ["name"],
            ],
          ], "next_cursor": ["type": "string"], "total": ["type": "integer"],
        ], "required": ["objects"],
      ]
    ) { call, subject throws(VendorError) in
      let search = call.string("search")?.lowercased() ?? ""
      let all = try await objects(as: subject).filter { object in
        guard let name = object["name"]?.string, salesforce.access.admits(object: name) else { return false }
        if let custom = call.bool("custom"), object["custom"]?.bool != custom { return false }
        if call.bool("all") != true, object["queryable"]?.bool == false || object["layoutable"]?.bool == false { return false }
        return search.isEmpty || name.lowercased().contains(search) || object["label"]?.string?.lowercased().contains(search) == true
      }
      let place = PageCursor(list: ["list_objects", search, call.bool("custom").map { String($0) } ?? "", String(call.bool("all") ?? false)])
      let start = try call.string("cursor").map { text throws(VendorError) in Int(try place.vendor(text)) ?? 0 } ?? 0
      let page = all.dropFirst(max(start, 0)).prefix(call.int("limit") ?? 100)
      let rows = page.map { Self.object($0) }
      let end = max(start, 0) + page.count
      var structured: JSONObject = ["objects": .array(rows), "total": .int(all.count)]
      if end < all.count { structured["next_cursor"] = .string(place.text(String(end))) }
      return ToolResult(structured: .object(structured), text: CompactTable(rows, columns: ["name", "label"], more: end < all.count).text)
    }
  }

  func objects(as subject: Subject) async throws(VendorError) -> [RawJSON] {
    SalesforceContext.elements(try await salesforce.api.description(["sobjects"], as: subject).json, "sobjects")
  }

  private static func object(_ raw: RawJSON) -> JSONValue {
    var row: JSONObject = ["name": .string(raw["name"]?.string ?? "")]
    for (member, own) in [("label", "label"), ("keyPrefix", "key_prefix")] { if let text = raw[member]?.string { row[own] = .string(text) } }
    for member in ["custom", "queryable", "createable", "updateable", "deletable"] { if let flag = raw[member]?.bool { row[member] = .bool(flag) } }
    return .object(row)
  }

  static let fieldProperties: JSONObject = [
    "name": ["type": "string"], "label": ["type": "string"], "type": ["type": "string"], "required": ["type": "boolean"], "createable": ["type": "boolean"],
    "updateable": ["type": "boolean"], "filterable": ["type": "boolean"], "external_id": ["type": "boolean"], "length": ["type": "integer"],
    "references": ["type": "array", "items": ["type": "string"]], "relationship": ["type": "string"], "values": ["type": "array", "items": ["type": "string"]],
    "formula": ["type": "boolean"],
    "category": ["type": "string", "description": "The category of data that keeps the field from you. It can be neither read nor asked by."],
  ]

  private var describe: Tool {
    salesforce.tool(
      "describe_object", "Describe an object", "Tells the fields of an object and how it is related to others. Salesforce's own description is long: choose with search.",
      [
        QueryTools.object, Field.text("search", "Only fields whose name, label or type holds this.", length: 80),
        Field.flag("custom", "Only fields that the org made itself."),
        Field.flag("writable", "Only fields that can be set."), Field.flag("children", "Names of relationships from other objects too."),
        Field.integer("limit", "Fields at most, 200 if not given.", 1...800),
      ],
      output: [
        "type": "object",
        "properties": [
          "name": ["type": "string"], "label": ["type": "string"], "createable": ["type": "boolean"], "updateable": ["type": "boolean"], "deletable": ["type": "boolean"],
          "fields": ["type": "array", "items": ["type": "object", "properties": .object(Self.fieldProperties), "required": ["name"]]],
          "children": [
            "type": "array", "items": ["type": "object", "properties": ["relationship": ["type": "string"], "object": ["type": "string"], "field": ["type": "string"]]],
          ], "record_types": ["type": "array", "items": ["type": "string"]], "total": ["type": "integer"],
        ], "required": ["name", "fields"],
      ]
    ) { call, subject throws(VendorError) in
      let object = call.string("object") ?? ""
      let json = try await description(of: object, as: subject)
      let search = call.string("search")?.lowercased() ?? ""
      let all = SalesforceContext.elements(json, "fields").filter { field in
        guard let name = field["name"]?.string, salesforce.access.admits(field: name, of: object) else { return false }
        if call.bool("custom") == true, field["custom"]?.bool != true { return false }
        if call.bool("writable") == true, field["createable"]?.bool != true, field["updateable"]?.bool != true { return false }
        return search.isEmpty || [name, field["label"]?.string ?? "", field["type"]?.string ?? ""].contains { $0.lowercased().contains(search) }
      }
      let rows = try await fields(Array(all.prefix(call.int("limit") ?? 200)), of: object, for: call, as: subject)
      var structured: JSONObject = ["name": .string(json["name"]?.string ?? object), "fields": .array(rows), "total": .int(all.count)]
      if let label = json["label"]?.string { structured["label"] = .string(label) }
      for member in ["createable", "updateable", "deletable"] { if let flag = json[member]?.bool { structured[member] = .bool(flag) } }
      let recordTypes = SalesforceContext.elements(json, "recordTypeInfos").filter { $0["available"]?.bool != false }.compactMap { $0["name"]?.string }
      if !recordTypes.isEmpty { structured["record_types"] = .array(recordTypes.map { .string($0) }) }
      if call.bool("children") == true { structured["children"] = .array(children(json)) }
      let text = Self.table(rows).text
      return ToolResult(structured: .object(structured), text: rows.count < all.count ? text + "\n(\(all.count) fields: search for the others)" : text)
    }
  }

  func description(of object: String, as subject: Subject) async throws(VendorError) -> RawJSON {
    try await keptDescription(of: object, as: subject).json
  }

  /// - Parameter isFresh: whether Salesforce is asked in any case.
  func keptDescription(of object: String, as subject: Subject, isFresh: Bool = false) async throws(VendorError) -> (json: RawJSON, wasKept: Bool) {
    try salesforce.access.check(object: object)
    return try await salesforce.api.description(["sobjects", object, "describe"], as: subject, isFresh: isFresh)
  }

  private func children(_ json: RawJSON) -> [JSONValue] {
    SalesforceContext.elements(json, "childRelationships").compactMap { child in
      guard let name = child["relationshipName"]?.string, let object = child["childSObject"]?.string, salesforce.access.admits(object: object) else { return nil }
      return ["relationship": .string(name), "object": .string(object), "field": .string(child["field"]?.string ?? "")]
    }
  }

  /// Fields as the caller may know them: of those that may not be seen the name, the type and what keeps them back.
  func fields(_ raws: [RawJSON], of object: String, for request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> [JSONValue] {
    guard let clearance = FieldClearance(salesforce, request, as: subject) else { return raws.map { Self.field($0) } }
    var rows: [JSONValue] = []
    for raw in raws {
      let name = raw["name"]?.string ?? ""
      guard let category = try await clearance.category(withholding: name, on: object) else {
        rows.append(Self.field(raw))
        continue
      }
      rows.append(["name": .string(name), "type": .string(raw["type"]?.string ?? ""), "category": .string(category)])
    }
    return rows
  }

  static func table(_ fields: [JSONValue]) -> CompactTable {
    CompactTable(fields, columns: ["name", "label", "type", "references", "values"] + (fields.contains { $0["category"] != nil } ? ["category"] : []))
  }

  /// One field, as short as it can be said: a whole description has 200 KB.
  static func field(_ raw: RawJSON) -> JSONValue {
    var row: JSONObject = ["name": .string(raw["name"]?.string ?? "")]
    for member in ["label", "type"] { if let text = raw[member]?.string { row[member] = .string(text) } }
    if raw["nillable"]?.bool == false, raw["defaultedOnCreate"]?.bool != true, raw["createable"]?.bool == true { row["required"] = true }
    for member in ["createable", "updateable", "filterable"] { if let flag = raw[member]?.bool { row[member] = .bool(flag) } }
    if raw["externalId"]?.bool == true { row["external_id"] = true }
    if raw["calculated"]?.bool == true { row["formula"] = true }
    if let length = raw["length"]?.int, length > 0 { row["length"] = .int(length) }
    let references = SalesforceContext.texts(raw["referenceTo"])
    if !references.isEmpty { row["references"] = .array(references.prefix(20).map { .string($0) }) }
    if let name = raw["relationshipName"]?.string { row["relationship"] = .string(name) }
    let values = SalesforceContext.elements(raw, "picklistValues").filter { $0["active"]?.bool != false }.compactMap { $0["value"]?.string }
    if !values.isEmpty { row["values"] = .array(values.prefix(60).map { .string($0) }) }
    return .object(row)
  }
}
