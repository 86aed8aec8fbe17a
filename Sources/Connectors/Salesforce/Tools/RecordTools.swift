internal import ConnectorKit
internal import JSON
internal import MCP

/// Single records, and lists that people keep.
struct RecordTools: Sendable {
  let salesforce: SalesforceContext
  private var queries: SalesforceQueries { SalesforceQueries(salesforce: salesforce) }

  var tools: [Tool] { [getRecord, related, recent, listViews, listView] }

  static let id = Field.text("id", "The record's id: 15 or 18 letters and digits.", required: true, length: 18)

  private var getRecord: Tool {
    salesforce.tool(
      "get_record", "Get a record", "Gets a record by its id, or by a field that is an external id.",
      [
        QueryTools.object, Field.text("id", "The record's id, or the value of external_field.", required: true, length: 255),
        Field.text("external_field", "The API name of an external id field, where id is its value.", length: 80),
        Field.texts("fields", "API names. The usual ones if not given; for objects without usual ones, all.", most: 200),
      ], output: RecordList.oneSchema(salesforce.types), meta: salesforce.types.oneMeta
    ) { call, subject throws(VendorError) in
      let object = try SOQLName.object(call.string("object") ?? "")
      let record = try await record(
        object, call.string("id") ?? "", externalField: call.string("external_field"), fields: SalesforceContext.texts(call["fields"]), as: subject, for: call)
      return UntrustedText.mark(
        ToolResult(structured: .object([record.type.one: record.json]), text: Self.text(record)), "/" + record.type.one)
    }
  }

  static func text(_ record: SalesforceRecord) -> String {
    (record.json.object ?? JSONObject()).map { "- \($0.name): \($0.value.string ?? $0.value.text)" }.joined(separator: "\n")
  }

  /// A record with at least what policy decides by.
  ///
  /// - Throws: ``VendorError`` `notFound` where it is not there, or policy keeps it from the caller.
  func record(
    _ object: String, _ id: String, externalField: String? = nil, fields named: [String] = [], as subject: Subject, for request: some IncomingRequest
  ) async throws(VendorError) -> SalesforceRecord {
    try salesforce.access.check(object: object)
    if let externalField { try await checkLookup(externalField, of: object, request, as: subject) } else { _ = try SOQLName.id(id) }
    for field in named { try salesforce.access.check(field: field, of: object) }
    let type = salesforce.types.type(of: object)
    let filter = salesforce.filter(request, object)
    let usual = type.map { $0.standardFields.filter { salesforce.access.admits(field: $0, of: object) } } ?? []
    var fields = named.isEmpty ? usual : ["Id"] + named + (type?.policyFields ?? [])
    if !fields.isEmpty { fields += (type ?? salesforce.types.other).fields(of: filter) }
    let json: RawJSON
    if let externalField {
      json = try await salesforce.api.get(["sobjects", object, externalField, id], as: subject, maximumBytes: salesforce.maximumBytes)
      if !fields.isEmpty {
        // This resource gives records whole and takes no `fields`: then it only tells the id.
        guard let id = json["Id"]?.string else { throw RecordGuard.unseen }
        return try await record(object, id, fields: named, as: subject, for: request)
      }
    } else if fields.contains(where: { $0.contains(".") }) {
      // Fields of related records are had by a query only.
      let query = try await queries.prepare(
        SOQLQuery(fields: fields, from: object).restricted(to: .field("Id", .equal, .quoted(id))), for: request, as: subject)
      guard let first = SalesforceContext.elements(try await queries.run(query, as: subject), "records").first else { throw RecordGuard.unseen }
      json = first
    } else {
      var seen: Set<String> = []
      let plain = fields.filter { !$0.contains(".") && seen.insert($0.lowercased()).inserted }
      json = try await salesforce.api.get(
        ["sobjects", object, id], [("fields", plain.isEmpty ? nil : plain.joined(separator: ","))], as: subject,
        maximumBytes: salesforce.maximumBytes)
    }
    guard json.kind == .object else { throw VendorError(.invalidAnswer, "Salesforce described the record in no known form.") }
    guard let record = try await queries.record(of: json, object, for: request, as: subject) else { throw RecordGuard.unseen }
    return record
  }

  /// Data that may not be seen is no way to find a record.
  func checkLookup(_ field: String, of object: String, _ request: some IncomingRequest, as subject: Subject) async throws(VendorError) {
    try salesforce.access.check(field: field, of: object)
    try await FieldClearance(salesforce, request, as: subject)?.check(field, on: object, ": records cannot be found by it")
  }

  private var related: Tool {
    salesforce.list(
      "get_related_records", "Get related records",
      "Gets the records that a relationship of a record leads to: Contacts and Opportunities of an Account, Account of a Contact.",
      [
        QueryTools.object, Self.id, Field.text("relationship", "Its name, as describe_object gives it with children: Contacts.", required: true, length: 80),
        Field.integer("limit", "Records, 100 if not given.", 1...200),
      ]
    ) { call, subject throws(VendorError) in
      let object = call.string("object") ?? ""
      let id = call.string("id") ?? ""
      let relationship = call.string("relationship") ?? ""
      guard SOQLName.isName(relationship) else { throw VendorError(.refused, "\"\(relationship.prefix(80))\" is no name of a relationship.") }
      try await RecordGuard(salesforce: salesforce).check([id], of: object, for: call, as: subject)
      let json = try await salesforce.api.get(["sobjects", object, id, relationship], as: subject, maximumBytes: salesforce.maximumBytes)
      var list = RecordList(types: salesforce.types)
      let found = json["records"] == nil ? [json] : SalesforceContext.elements(json, "records")
      list.records = try await queries.records(of: Array(found.prefix(call.int("limit") ?? 100)), nil, for: call, as: subject)
      // Of which object they are only they themselves say.
      if !salesforce.isFiltered(call) { list.total = json["totalSize"]?.int }
      return list.result(expected: nil)
    }
  }

  private var recent: Tool {
    salesforce.list(
      "list_recent", "List recent records", "Lists the records that the account has looked at lately, of one object or of all.",
      [
        Field.text("object", "An object's API name; all objects if not given, with names only.", length: 80),
        Field.integer("limit", "Records, 25 if not given.", 1...200),
      ]
    ) { call, subject throws(VendorError) in
      let limit = call.int("limit") ?? 25
      guard let object = call.string("object") else {
        let json = try await salesforce.api.get(["recent"], [("limit", String(limit))], as: subject, maximumBytes: salesforce.maximumBytes)
        var list = RecordList(types: salesforce.types)
        list.records = try await queries.records(of: Array(json.elements), nil, for: call, as: subject)
        return list.result(expected: nil)
      }
      var query = SOQLQuery(fields: QueryTools(salesforce: salesforce).standardFields(of: try SOQLName.object(object)), from: object)
      query.condition = .field("LastViewedDate", .different, .null)
      query.order = [SOQLQuery.Order(term: SOQLQuery.Term(field: "LastViewedDate"), isDescending: true)]
      query.limit = limit
      return try await queries.records(try await queries.prepare(query, for: call, as: subject), for: call, as: subject)
    }
  }

  // MARK: List views

  private var listViews: Tool {
    salesforce.tool(
      "list_list_views", "List list views", "Lists the list views of an object: queries that people keep under a name.", [QueryTools.object],
      output: [
        "type": "object",
        "properties": [
          "list_views": [
            "type": "array",
            "items": ["type": "object", "properties": ["id": ["type": "string"], "label": ["type": "string"], "name": ["type": "string"]], "required": ["id"]],
          ]
        ], "required": ["list_views"],
      ]
    ) { call, subject throws(VendorError) in
      let object = call.string("object") ?? ""
      try salesforce.access.check(object: object)
      let json = try await salesforce.api.get(["sobjects", object, "listviews"], as: subject)
      let rows = SalesforceContext.elements(json, "listviews").map { view in
        var row: JSONObject = ["id": .string(view["id"]?.string ?? "")]
        for (member, own) in [("label", "label"), ("developerName", "name")] { if let text = view[member]?.string { row[own] = .string(text) } }
        return JSONValue.object(row)
      }
      return ToolResult(structured: ["list_views": .array(rows)], text: CompactTable(rows, columns: ["id", "label"]).text)
    }
  }

  /// Asked as the query that the view is, so that fields, objects and rows are checked as those of any query.
  private var listView: Tool {
    salesforce.list(
      "get_list_view_records", "Get records of a list view", "Gets the records that a list view shows.",
      [
        QueryTools.object, Field.text("list_view", "Its id, as list_list_views gives it.", required: true, length: 18),
        Field.integer("limit", "Records, 200 if not given.", 1...2000),
      ]
    ) { call, subject throws(VendorError) in
      let object = call.string("object") ?? ""
      try salesforce.access.check(object: object)
      let view = try SOQLName.id(call.string("list_view") ?? "")
      let json = try await salesforce.api.get(["sobjects", object, "listviews", view, "describe"], as: subject)
      guard let text = json["query"]?.string else { throw VendorError(.invalidAnswer, "Salesforce did not tell the list view's query.") }
      var query = try SOQLParser.parse(text)
      query.limit = min(query.limit ?? .max, call.int("limit") ?? 200)
      return try await queries.records(try await queries.prepare(query, for: call, as: subject), for: call, as: subject)
    }
  }
}
