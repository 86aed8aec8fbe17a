internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// Flows that the org has built, and its metadata: toolsets that are switched on.
struct AutomationTools: Sendable {
  let salesforce: SalesforceContext

  var flows: [Tool] { [listFlows, runFlow] }
  var tooling: [Tool] { [toolingQuery] }

  private var listFlows: Tool {
    salesforce.tool(
      "list_flows", "List flows", "Lists the flows that can be run.", [Field.text("search", "Part of the name or label.", length: 80)],
      output: [
        "type": "object",
        "properties": [
          "flows": ["type": "array", "items": ["type": "object", "properties": ["name": ["type": "string"], "label": ["type": "string"]], "required": ["name"]]]
        ], "required": ["flows"],
      ]
    ) { call, subject throws(VendorError) in
      let json = try await salesforce.api.get(["actions", "custom", "flow"], as: subject)
      let search = call.string("search")?.lowercased() ?? ""
      let rows: [JSONValue] = SalesforceContext.elements(json, "actions").compactMap { action in
        guard let name = action["name"]?.string else { return nil }
        let label = action["label"]?.string ?? name
        guard search.isEmpty || name.lowercased().contains(search) || label.lowercased().contains(search) else { return nil }
        return ["name": .string(name), "label": .string(label)]
      }
      return ToolResult(structured: ["flows": .array(rows)], text: CompactTable(rows, columns: ["name", "label"]).text)
    }
  }

  private var runFlow: Tool {
    salesforce.tool(
      "run_flow", "Run a flow", "Runs a flow with inputs. What it does the org has decided: it may change anything.",
      [Field.text("flow", "Its name, as list_flows gives it.", required: true, length: 120), Field.object("inputs", "Values of the flow's input variables.")],
      output: [
        "type": "object", "properties": ["success": ["type": "boolean"], "outputs": ["type": "object"], "reason": ["type": "string"]], "required": ["success"],
      ], annotations: ToolAnnotations(readOnly: false, destructive: true, idempotent: false, openWorld: true), meta: salesforce.types.touchMeta
    ) { call, subject throws(VendorError) in
      let flow = call.string("flow") ?? ""
      guard SOQLName.isName(flow) else { throw VendorError(.refused, "\"\(flow.prefix(80))\" is no name of a flow. list_flows tells which there are.") }
      guard salesforce.access.objects.admitsAll, salesforce.access.fields.admitsAll else {
        throw VendorError(.forbidden, "This connector's settings limit objects or fields, and flows reach beyond them.")
      }
      try RecordGuard(salesforce: salesforce).refuseIfFiltered(call, "a flow")
      guard FieldClearance(salesforce, call, as: subject)?.seesAll ?? true else {
        throw VendorError(.forbidden, "Policy does not show every category of data here, and what a flow answers with does not tell its own.")
      }
      let inputs = call["inputs"].map { JSONValue($0) } ?? .object(JSONObject())
      let json = try await salesforce.api.send(.post, ["actions", "custom", "flow", flow], ["inputs": [inputs]], as: subject)
      let first = json?.kind == .array ? json?.elements.first { _ in true } : json
      let isDone = first?["isSuccess"]?.bool ?? false
      var structured: JSONObject = ["success": .bool(isDone)]
      if let outputs = first?["outputValues"], outputs.kind == .object { structured["outputs"] = JSONValue(outputs) }
      if !isDone { structured["reason"] = .string(SalesforceAnswers.words(first?["errors"])) }
      return UntrustedText.mark(
        ToolResult(structured: .object(structured), text: isDone ? "The flow ran." : "The flow failed.\(SalesforceAnswers.words(first?["errors"]))"), "/outputs")
    }
  }

  /// Objects of the Tooling API that only describe: code and fields of the org, no records.
  private static let toolingObjects: Set<String> = [
    "apexclass", "apextrigger", "apexpage", "apexcomponent", "customobject", "customfield", "entitydefinition", "fielddefinition", "flow", "flowdefinition", "layout",
    "validationrule", "workflowrule", "recordtype", "profile", "permissionset", "apextestresult", "apexcodecoverage", "apexcodecoverageaggregate", "apexlog",
    "installedsubscriberpackage",
  ]
  /// Relationships that lead from one of them to another.
  private static let toolingRelationships: Set<String> = ["entitydefinition", "apexclass", "apexclassortrigger", "definition", "activeversion", "latestversion"]

  /// Through relationships metadata leads to people and their records, which nobody looks at after this.
  private func checkRelated(_ query: SOQLQuery, _ request: some IncomingRequest, _ subject: Subject) throws(VendorError) {
    let isOpen =
      salesforce.access.objects.admitsAll && salesforce.access.fields.admitsAll && !salesforce.isFiltered(request)
      && FieldClearance(salesforce, request, as: subject)?.seesAll ?? true
    if isOpen { return }
    for field in query.fields where !field.split(separator: ".").dropLast().allSatisfy({ Self.toolingRelationships.contains($0.lowercased()) }) {
      throw VendorError(
        .refused, "\(field) is a field of a related record, and this connector's settings or policy limit what may be seen. Ask for the object's own fields.")
    }
  }

  private var toolingQuery: Tool {
    salesforce.tool(
      "tooling_query", "Query metadata", "Asks the Tooling API by SOQL: Apex classes, fields, flows, validation rules, test results.",
      [Field.text("soql", "SELECT Id, Name FROM ApexClass.", required: true, length: SOQLLexer.maximumBytes)],
      output: [
        "type": "object", "properties": ["rows": ["type": "array", "items": ["type": "object"]], "total": ["type": "integer"]], "required": ["rows"],
      ]
    ) { call, subject throws(VendorError) in
      var query = try SOQLParser.parse(call.string("soql") ?? "")
      guard Self.toolingObjects.contains(query.object.lowercased()) else {
        throw VendorError(.refused, "tooling_query asks for metadata only: \(Self.toolingObjects.sorted().joined(separator: ", ")).")
      }
      let hasInner = query.items.contains { if case .children = $0 { true } else { false } }
      guard !hasInner, [query.condition, query.having].allSatisfy({ $0?.queries.isEmpty ?? true }) else {
        throw VendorError(.refused, "Queries within queries are not taken here.")
      }
      try checkRelated(query, call, subject)
      if !query.isCount { query.limit = min(query.limit ?? 200, 2000) }
      let json = try await salesforce.api.get(["tooling", "query"], [("q", query.text)], as: subject, maximumBytes: salesforce.maximumBytes)
      let rows = SalesforceContext.elements(json, "records").map { raw in
        var row = JSONObject()
        for (name, value) in raw.members { if let name = name.string, name != "attributes", !value.isNull { row[name] = JSONValue(value) } }
        return JSONValue.object(row)
      }
      var structured: JSONObject = ["rows": .array(rows)]
      if let total = json["totalSize"]?.int { structured["total"] = .int(total) }
      let columns = rows.first?.object?.map(\.name) ?? []
      return UntrustedText.mark(ToolResult(structured: .object(structured), text: CompactTable(rows, columns: columns).text), "/rows")
    }
  }
}
