internal import ConnectorKit
internal import JSON
internal import MCP

/// Reports that people have built in Salesforce.
struct ReportTools: Sendable {
  let salesforce: SalesforceContext

  var tools: [Tool] { [listReports, runReport] }

  private var listReports: Tool {
    salesforce.tool(
      "list_reports", "List reports", "Lists reports by name, those run last first.",
      [Field.text("search", "Part of the name.", length: 80), Field.integer("limit", "Reports, 50 if not given.", 1...200)],
      output: [
        "type": "object",
        "properties": [
          "reports": [
            "type": "array",
            "items": [
              "type": "object",
              "properties": [
                "id": ["type": "string"], "name": ["type": "string"], "folder": ["type": "string"], "last_run": ["type": "string"], "description": ["type": "string"],
              ],
              "required": ["id"],
            ],
          ]
        ], "required": ["reports"],
      ]
    ) { call, subject throws(VendorError) in
      try salesforce.access.check(object: "Report")
      var query = SOQLQuery(fields: ["Id", "Name", "FolderName", "LastRunDate", "Description"], from: "Report")
      if let search = call.string("search"), !search.isEmpty {
        let escaped = SOQLLiteral.escaped(search).replacing("%", with: "\\%").replacing("_", with: "\\_")
        query.condition = .field("Name", .like, .quoted("%\(escaped)%"))
      }
      query.order = [SOQLQuery.Order(term: SOQLQuery.Term(field: "LastRunDate"), isDescending: true, nulls: "LAST")]
      query.limit = call.int("limit") ?? 50
      let json = try await SalesforceQueries(salesforce: salesforce).run(query, as: subject)
      let rows = SalesforceContext.elements(json, "records").map { report in
        var row: JSONObject = ["id": .string(report["Id"]?.string ?? "")]
        for (member, own) in [("Name", "name"), ("FolderName", "folder"), ("Description", "description")] {
          if let text = report[member]?.string { row[own] = .string(text) }
        }
        if let time = report["LastRunDate"]?.string { row["last_run"] = .string(SalesforceRecord.time(time)) }
        return JSONValue.object(row)
      }
      return ToolResult(structured: ["reports": .array(rows)], text: CompactTable(rows, columns: ["id", "name", "folder", "last_run"]).text)
    }
  }

  private var runReport: Tool {
    salesforce.tool(
      "run_report", "Run a report", "Runs a report and gives its rows and totals. Salesforce gives 2,000 rows at most.",
      [
        Field.text("report", "Its id.", required: true, length: 18), Field.flag("details", "Rows too, not only totals; true if not given."),
        Field.integer("limit", "Rows, 200 if not given.", 1...2000),
      ],
      output: Self.output, meta: salesforce.types.touchMeta
    ) { call, subject throws(VendorError) in
      let id = try SOQLName.id(call.string("report") ?? "")
      let report = try await report(id, details: call.bool("details") ?? true, limit: call.int("limit") ?? 200, as: subject, for: call)
      return UntrustedText.mark(ToolResult(structured: .object(report.json), text: report.text), "/rows")
    }
  }

  private static let output: JSONValue = [
    "type": "object",
    "properties": [
      "id": ["type": "string"], "name": ["type": "string"], "columns": ["type": "array", "items": ["type": "string"]],
      "rows": ["type": "array", "items": ["type": "object"]],
      "totals": ["type": "object"], "groups": ["type": "array", "items": ["type": "object"]], "is_complete": ["type": "boolean"],
    ], "required": ["name", "rows"],
  ]

  /// A report's rows under the labels of its columns.
  func report(
    _ id: String, details: Bool, limit: Int, as subject: Subject, for request: some IncomingRequest
  ) async throws(VendorError) -> (json: JSONObject, text: String) {
    // What a report is made of it does not tell in a way that could be checked.
    guard salesforce.access.objects.admitsAll, salesforce.access.fields.admitsAll else {
      throw VendorError(.forbidden, "This connector's settings limit objects or fields, and reports reach beyond them. Use soql_query.")
    }
    try RecordGuard(salesforce: salesforce).refuseIfFiltered(request, "a report")
    guard FieldClearance(salesforce, request, as: subject)?.seesAll ?? true else {
      throw VendorError(.forbidden, "Policy does not show every category of data here, and a report's columns do not tell theirs. Use soql_query.")
    }
    let json = try await salesforce.api.get(
      ["analytics", "reports", id], [("includeDetails", details ? "true" : "false")], as: subject, maximumBytes: salesforce.maximumBytes)
    return Self.read(json, id: id, limit: limit)
  }

  /// Reads a report's fact map: `T!T` holds the grand totals, and of tabular reports all rows.
  static func read(_ json: RawJSON, id: String, limit: Int) -> (json: JSONObject, text: String) {
    let about = json["reportMetadata"]
    let extended = json["reportExtendedMetadata"]
    let columns = SalesforceContext.texts(about?["detailColumns"]).map { extended?["detailColumnInfo"]?[$0]?["label"]?.string ?? $0 }
    let aggregates = SalesforceContext.texts(about?["aggregates"])
    func label(_ aggregate: String) -> String { extended?["aggregateColumnInfo"]?[aggregate]?["label"]?.string ?? aggregate }
    var rows: [JSONValue] = []
    var totals = JSONObject()
    var groups: [JSONValue] = []
    for (key, fact) in json["factMap"]?.members ?? RawJSON.null.members {
      let key = key.string ?? ""
      for row in SalesforceContext.elements(fact, "rows") where rows.count < limit {
        var record = JSONObject()
        for (column, cell) in zip(columns, SalesforceContext.elements(row, "dataCells")) { record[column] = .string(cell["label"]?.string ?? "") }
        rows.append(.object(record))
      }
      var sums = JSONObject()
      for (aggregate, value) in zip(aggregates, SalesforceContext.elements(fact, "aggregates")) { sums[label(aggregate)] = value["value"].map { JSONValue($0) } ?? .null }
      if key == "T!T" { totals = sums } else if groups.count < 500 { groups.append(["group": .string(groupLabel(key, json)), "totals": .object(sums)]) }
    }
    let name = about?["name"]?.string ?? id
    var structured: JSONObject = [
      "id": .string(id), "name": .string(name), "columns": .array(columns.map { .string($0) }), "rows": .array(rows), "totals": .object(totals),
    ]
    if !groups.isEmpty { structured["groups"] = .array(groups) }
    if let isAll = json["allData"]?.bool { structured["is_complete"] = .bool(isAll) }
    var parts = ["# \(name)", CompactTable(rows, columns: columns).text]
    if !groups.isEmpty { parts.append(groups.map { "\($0["group"]?.string ?? ""): \($0["totals"]?.text ?? "")" }.joined(separator: "\n")) }
    parts.append("Totals: \(JSONValue.object(totals).text)")
    return (structured, parts.joined(separator: "\n\n"))
  }

  /// `0_1!T` in the words of the report's groupings.
  private static func groupLabel(_ key: String, _ json: RawJSON) -> String {
    let parts = key.split(separator: "!").map(String.init)
    func labels(_ part: String?, _ side: String) -> [String] {
      guard let part, part != "T" else { return [] }
      var level = SalesforceContext.elements(json[side], "groupings")
      var labels: [String] = []
      for index in part.split(separator: "_").compactMap({ Int($0) }) where level.indices.contains(index) {
        labels.append(level[index]["label"]?.string ?? "")
        level = SalesforceContext.elements(level[index], "groupings")
      }
      return labels
    }
    let words = labels(parts.first, "groupingsDown") + labels(parts.count > 1 ? parts[1] : nil, "groupingsAcross")
    return words.isEmpty ? key : words.joined(separator: " / ")
  }
}
