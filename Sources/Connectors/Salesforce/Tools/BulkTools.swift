internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// Changes of up to 200 records in one request, and of different ones together.
struct BulkTools: Sendable {
  let salesforce: SalesforceContext
  private var single: WriteTools { WriteTools(salesforce: salesforce) }

  var tools: [Tool] { [create, update, upsert, composite] }
  var deleting: [Tool] { [delete] }

  /// What Salesforce takes in one request of composite/sobjects.
  private static let most = 200
  private static let allOrNone = Field.flag("all_or_none", "Whether all are undone where one is refused; true if not given.")

  private static let output: JSONValue = [
    "type": "object",
    "properties": [
      "results": [
        "type": "array",
        "items": [
          "type": "object",
          "properties": [
            "number": ["type": "integer"], "id": ["type": "string"], "success": ["type": "boolean"], "created": ["type": "boolean"], "code": ["type": "string"],
            "reason": ["type": "string"],
          ], "required": ["number", "success"],
        ],
      ], "succeeded": ["type": "integer"], "failed": ["type": "integer"],
    ], "required": ["results", "succeeded", "failed"],
  ]

  private static func records(_ properties: JSONObject, _ required: [String], _ description: String) -> Field {
    Field(
      "records",
      [
        "type": "array", "minItems": 1, "maxItems": .int(most), "description": .string(description),
        "items": ["type": "object", "properties": .object(properties), "required": .array(required.map { .string($0) }), "additionalProperties": false],
      ], required: true)
  }

  private func write(
    _ name: String, _ title: String, _ description: String, _ fields: [Field], _ annotations: ToolAnnotations,
    _ work: @escaping @Sendable (ToolCall, Subject) async throws(VendorError) -> ToolResult
  ) -> Tool {
    salesforce.tool(name, title, description, fields, output: Self.output, annotations: annotations, meta: salesforce.types.touchMeta, work)
  }

  // MARK: One object

  private var create: Tool {
    write(
      "create_records", "Create several records", "Creates up to 200 records of an object at once.",
      [QueryTools.object, Self.records(["fields": ["type": "object"]], ["fields"], "Each with its fields."), Self.allOrNone], .adding
    ) { call, subject throws(VendorError) in
      let object = call.string("object") ?? ""
      try salesforce.access.check(object: object)
      var records: [JSONValue] = []
      for item in call["records"].map({ Array($0.elements) }) ?? [] {
        let record = try single.record(item["fields"], of: object)
        try await RecordGuard(salesforce: salesforce).check(new: record, of: object, for: call, as: subject)
        records.append(attributed(record, object))
      }
      return Self.result(try await salesforce.api.send(.post, ["composite", "sobjects"], body(records, call), as: subject))
    }
  }

  private var update: Tool {
    write(
      "update_records", "Change several records", "Changes up to 200 records of an object at once.",
      [
        QueryTools.object, Self.records(["id": ["type": "string"], "fields": ["type": "object"]], ["id", "fields"], "Each with its id and what to set."), Self.allOrNone,
      ], .changingAnew
    ) { call, subject throws(VendorError) in
      let object = call.string("object") ?? ""
      let items = call["records"].map { Array($0.elements) } ?? []
      try await RecordGuard(salesforce: salesforce).check(items.compactMap { $0["id"]?.string }, of: object, for: call, as: subject)
      var records: [JSONValue] = []
      for item in items {
        var record = attributed(try single.record(item["fields"], of: object), object)
        record["id"] = .string(item["id"]?.string ?? "")
        records.append(record)
      }
      return Self.result(try await salesforce.api.send(.patch, ["composite", "sobjects"], body(records, call), as: subject))
    }
  }

  private var upsert: Tool {
    write(
      "upsert_records", "Create or change several records", "Changes up to 200 records by an external id, or creates those that are not there.",
      [
        QueryTools.object, Field.text("external_field", "The API name of the external id field.", required: true, length: 80),
        Self.records(["external_id": ["type": "string"], "fields": ["type": "object"]], ["external_id", "fields"], "Each with its external id and what to set."),
        Self.allOrNone,
      ], .changingAnew
    ) { call, subject throws(VendorError) in
      let object = call.string("object") ?? ""
      let field = call.string("external_field") ?? ""
      try salesforce.access.check(object: object)
      guard SOQLName.isName(field) else { throw VendorError(.refused, "\"external_field\" must be a field of the object itself.") }
      try RecordGuard(salesforce: salesforce).refuseIfFiltered(call, "a change by external id")
      try await RecordTools(salesforce: salesforce).checkLookup(field, of: object, call, as: subject)
      var records: [JSONValue] = []
      for item in call["records"].map({ Array($0.elements) }) ?? [] {
        var record = attributed(try single.record(item["fields"], of: object), object)
        record[field] = .string(item["external_id"]?.string ?? "")
        records.append(record)
      }
      return Self.result(try await salesforce.api.send(.patch, ["composite", "sobjects", object, field], body(records, call), as: subject))
    }
  }

  private var delete: Tool {
    write(
      "delete_records", "Delete several records", "Moves up to 200 records of an object to the recycle bin.",
      [QueryTools.object, Field.texts("ids", "Record ids.", required: true, most: Self.most), Self.allOrNone], .changing
    ) { call, subject throws(VendorError) in
      let ids = SalesforceContext.texts(call["ids"])
      guard !ids.isEmpty else { throw VendorError(.refused, "Say which \"ids\".") }
      let object = call.string("object") ?? ""
      try await checkKind(ids, object, call, subject)
      let json = try await salesforce.api.send(
        .delete, ["composite", "sobjects"], query: [("ids", ids.joined(separator: ",")), ("allOrNone", String(call.bool("all_or_none") ?? true))], as: subject)
      return Self.result(json)
    }
  }

  /// The request names ids only: what they are of is seen before, so that no other object's records are deleted.
  private func checkKind(_ ids: [String], _ object: String, _ call: ToolCall, _ subject: Subject) async throws(VendorError) {
    try await RecordGuard(salesforce: salesforce).check(ids, of: object, for: call, as: subject)
    // Where rows are ruled that was seen just now.
    guard !salesforce.access.objects.admitsAll, !salesforce.isFiltered(call) else { return }
    let query = SOQLQuery(fields: ["Id"], from: object).restricted(to: .field("Id", in: ids.map { .quoted($0) }))
    let found = SalesforceContext.elements(try await SalesforceQueries(salesforce: salesforce).run(query, as: subject), "records").compactMap {
      $0["Id"]?.string?.prefix(15)
    }
    guard Set(ids.map { $0.prefix(15) }).isSubset(of: Set(found)) else {
      throw VendorError(.notFound, "Not all of the ids are records of \(object). Nothing was deleted.")
    }
  }

  private func attributed(_ record: JSONObject, _ object: String) -> JSONValue {
    var full: JSONObject = ["attributes": ["type": .string(object)]]
    for (name, value) in record { full[name] = value }
    return .object(full)
  }

  private func body(_ records: [JSONValue], _ call: ToolCall) -> JSONValue {
    ["allOrNone": .bool(call.bool("all_or_none") ?? true), "records": .array(records)]
  }

  /// One outcome a record, in their order.
  static func result(_ json: RawJSON?) -> ToolResult {
    var results: [JSONValue] = []
    for (index, item) in Array(json?.elements ?? RawJSON.null.elements).enumerated() {
      let isDone = item["success"]?.bool == true
      var result: JSONObject = ["number": .int(index + 1), "success": .bool(isDone)]
      if let id = item["id"]?.string { result["id"] = .string(id) }
      if let created = item["created"]?.bool { result["created"] = .bool(created) }
      if let error = SalesforceContext.elements(item, "errors").first, !isDone {
        if let code = error["statusCode"]?.string { result["code"] = .string(code) }
        if let message = error["message"]?.string { result["reason"] = .string(message) }
      }
      results.append(.object(result))
    }
    let succeeded = results.count { $0["success"]?.bool == true }
    var text = "\(succeeded) of \(results.count) succeeded."
    let failed = results.filter { $0["success"]?.bool != true }
    if !failed.isEmpty { text += "\n" + CompactTable(failed, columns: ["number", "code", "reason"]).text }
    return ToolResult(structured: ["results": .array(results), "succeeded": .int(succeeded), "failed": .int(failed.count)], text: text)
  }

  // MARK: Composite

  private var composite: Tool {
    salesforce.tool(
      "composite", "Do several things as one",
      "Creates, changes and reads up to 25 records in order, in one request. A later step takes what an earlier one gave as @{name.id} in a value or an id.",
      [
        Field(
          "steps",
          [
            "type": "array", "minItems": 1, "maxItems": 25,
            "items": [
              "type": "object",
              "properties": [
                "name": ["type": "string", "description": "What later steps call it: letters and digits."],
                "action": ["type": "string", "enum": ["create", "update", "get"]],
                "object": ["type": "string"], "id": ["type": "string", "description": "Of update and get."],
                "fields": ["type": "object", "description": "Of create and update."],
              ], "required": ["name", "action", "object"], "additionalProperties": false,
            ],
          ], required: true), Self.allOrNone,
      ],
      output: [
        "type": "object",
        "properties": [
          "steps": [
            "type": "array",
            "items": [
              "type": "object",
              "properties": [
                "name": ["type": "string"], "status": ["type": "integer"], "success": ["type": "boolean"], "id": ["type": "string"], "reason": ["type": "string"],
              ],
              "required": ["name", "success"],
            ],
          ]
        ], "required": ["steps"],
      ], annotations: ToolAnnotations(readOnly: false, destructive: true, idempotent: false, openWorld: true), meta: salesforce.types.touchMeta
    ) { call, subject throws(VendorError) in
      let version = try await salesforce.api.version(for: subject)
      var steps: [JSONValue] = []
      var names: Set<String> = []
      for item in call["steps"].map({ Array($0.elements) }) ?? [] {
        steps.append(try await step(item, names, version, call, subject))
        guard let name = item["name"]?.string, names.insert(name).inserted else { throw VendorError(.refused, "Each step needs a name of its own.") }
      }
      let body: JSONValue = ["allOrNone": .bool(call.bool("all_or_none") ?? true), "compositeRequest": .array(steps)]
      let json = try await salesforce.api.send(.post, ["composite"], body, as: subject)
      let rows = SalesforceContext.elements(json, "compositeResponse").map { Self.outcome($0) }
      return ToolResult(structured: ["steps": .array(rows)], text: CompactTable(rows, columns: ["name", "status", "id", "reason"]).text)
    }
  }

  private func step(_ item: RawJSON, _ earlier: Set<String>, _ version: String, _ call: ToolCall, _ subject: Subject) async throws(VendorError) -> JSONValue {
    let object = item["object"]?.string ?? ""
    try salesforce.access.check(object: object)
    guard let name = item["name"]?.string, SOQLName.isName(name), !name.contains("_") else { throw VendorError(.refused, "A step's name has letters and digits only.") }
    var path = "/services/data/v\(version)/sobjects/\(object)"
    let action = item["action"]?.string
    if action != "create" {
      let id = item["id"]?.string ?? ""
      if Self.isReference(id, earlier) {
        try RecordGuard(salesforce: salesforce).refuseIfFiltered(call, "a step on a record whose id is not known yet")
      } else {
        try await RecordGuard(salesforce: salesforce).check([id], of: object, for: call, as: subject)
      }
      path += "/" + id
    }
    if action == "get" { return ["method": "GET", "url": .string(path + "?fields=Id"), "referenceId": .string(name)] }
    let record = try single.record(item["fields"], of: object)
    if action == "create" { try await RecordGuard(salesforce: salesforce).check(new: record, of: object, for: call, as: subject) }
    return ["method": .string(action == "create" ? "POST" : "PATCH"), "url": .string(path), "referenceId": .string(name), "body": .object(record)]
  }

  /// `@{name.id}` of an earlier step.
  static func isReference(_ text: String, _ names: Set<String>) -> Bool {
    guard text.hasPrefix("@{"), text.hasSuffix("}") else { return false }
    let parts = text.dropFirst(2).dropLast().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    return parts.count == 2 && names.contains(parts[0]) && parts[1].lowercased() == "id"
  }

  private static func outcome(_ raw: RawJSON) -> JSONValue {
    let status = raw["httpStatusCode"]?.int ?? 0
    let body = raw["body"]
    var row: JSONObject = ["name": .string(raw["referenceId"]?.string ?? ""), "status": .int(status), "success": .bool((200..<300).contains(status))]
    if let id = body?["id"]?.string ?? body?["Id"]?.string { row["id"] = .string(id) }
    if !(200..<300).contains(status) { row["reason"] = .string(String(SalesforceAnswers.words(body).dropFirst())) }
    return .object(row)
  }
}
