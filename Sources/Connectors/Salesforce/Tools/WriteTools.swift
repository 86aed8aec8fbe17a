internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// Changes of single records: a toolset that is switched on.
struct WriteTools: Sendable {
  let salesforce: SalesforceContext

  var tools: [Tool] { [create, update, upsert, updateStage] }
  var deleting: [Tool] { [delete] }

  static let fields = Field.object("fields", "API names and values: {\"StageName\": \"Closed Won\", \"Amount\": 5000}. null empties a field.", required: true)
  static let output: JSONValue = [
    "type": "object", "properties": ["id": ["type": "string"], "object": ["type": "string"], "created": ["type": "boolean"]], "required": ["id"],
  ]

  private func write(
    _ name: String, _ title: String, _ description: String, _ fields: [Field], _ annotations: ToolAnnotations,
    _ work: @escaping @Sendable (ToolCall, Subject) async throws(VendorError) -> ToolResult
  ) -> Tool {
    salesforce.tool(name, title, description, fields, output: Self.output, annotations: annotations, meta: salesforce.types.touchMeta, work)
  }

  private func done(_ id: String, _ object: String, _ text: String, created: Bool? = nil) -> ToolResult {
    var structured: JSONObject = ["id": .string(id), "object": .string(object)]
    if let created { structured["created"] = .bool(created) }
    return ToolResult(structured: .object(structured), text: text)
  }

  /// What a record is set to: names that are checked, and plain values.
  func record(_ raw: RawJSON?, of object: String) throws(VendorError) -> JSONObject {
    var record = JSONObject()
    for (name, value) in raw?.members ?? RawJSON.null.members {
      guard let name = name.string, SOQLName.isName(name) else {
        throw VendorError(.refused, "\"fields\" holds a name that is no field's. Names are like StageName or Region__c.")
      }
      guard !["id", "attributes"].contains(name.lowercased()) else {
        throw VendorError(.refused, "\"fields\" holds \(name), which is not set here: the record is named by its id.")
      }
      try salesforce.access.check(field: name, of: object)
      if value.kind == .object {
        // A related record by its external id: {"Account": {"Number__c": "A-1"}}.
        let members = Array(value.members)
        guard members.count == 1, let key = members[0].name.string, SOQLName.isName(key), members[0].value.string != nil || members[0].value.int != nil else {
          throw VendorError(.refused, "\(name) must be a plain value, or one external id of a related record: {\"Number__c\": \"A-1\"}.")
        }
      } else if value.kind == .array {
        throw VendorError(.refused, "\(name) must be a plain value. Several values of a picklist are joined by semicolons.")
      }
      record[name] = JSONValue(value)
    }
    guard !record.isEmpty else { throw VendorError(.refused, "Say in \"fields\" what to set.") }
    return record
  }

  /// The id in the answer to a write.
  static func id(of json: RawJSON?) throws(VendorError) -> String {
    guard let json, json["success"]?.bool != false, let id = json["id"]?.string else {
      throw VendorError(
        .invalid, "Salesforce refused the record.\(SalesforceAnswers.words(json?["errors"]))",
        vendorCode: json?["errors"]?.elements.first { _ in true }?["statusCode"]?.string)
    }
    return id
  }

  private var create: Tool {
    write("create_record", "Create a record", "Creates a record of an object.", [QueryTools.object, Self.fields], .adding) { call, subject throws(VendorError) in
      let object = call.string("object") ?? ""
      try salesforce.access.check(object: object)
      let record = try record(call["fields"], of: object)
      try await RecordGuard(salesforce: salesforce).check(new: record, of: object, for: call, as: subject)
      let id = try Self.id(of: try await salesforce.api.send(.post, ["sobjects", object], .object(record), as: subject))
      return done(id, object, "Created \(object) \(id).", created: true)
    }
  }

  private var update: Tool {
    write("update_record", "Change a record", "Changes fields of a record.", [QueryTools.object, RecordTools.id, Self.fields], .changingAnew) {
      call, subject throws(VendorError) in
      let object = call.string("object") ?? ""
      let id = call.string("id") ?? ""
      try await RecordGuard(salesforce: salesforce).check([id], of: object, for: call, as: subject)
      // Sets what it sets however often it comes, but triggers and flows run each time: it is not repeated blindly.
      _ = try await salesforce.api.send(.patch, ["sobjects", object, id], .object(try record(call["fields"], of: object)), as: subject)
      return done(id, object, "Changed \(object) \(id).", created: false)
    }
  }

  private var upsert: Tool {
    write(
      "upsert_record", "Create or change a record", "Changes the record that has an external id, or creates it where there is none.",
      [
        QueryTools.object, Field.text("external_field", "The API name of the external id field.", required: true, length: 80),
        Field.text("external_id", "Its value.", required: true, length: 255), Self.fields,
      ], .changingAnew
    ) { call, subject throws(VendorError) in
      let object = call.string("object") ?? ""
      let (field, value) = (call.string("external_field") ?? "", call.string("external_id") ?? "")
      try salesforce.access.check(object: object)
      try RecordGuard(salesforce: salesforce).refuseIfFiltered(call, "a change by external id")
      try await RecordTools(salesforce: salesforce).checkLookup(field, of: object, call, as: subject)
      let json = try await salesforce.api.send(.patch, ["sobjects", object, field, value], .object(try record(call["fields"], of: object)), as: subject)
      // An update answers with nothing, or in newer versions with the id.
      guard let json else { return done(value, object, "Changed the \(object) whose \(field) is \(value).", created: false) }
      let id = try Self.id(of: json)
      let isNew = json["created"]?.bool ?? true
      return done(id, object, "\(isNew ? "Created" : "Changed") \(object) \(id).", created: isNew)
    }
  }

  private var updateStage: Tool {
    write(
      "update_opportunity_stage", "Move an opportunity on", "Sets the stage of an opportunity, and what goes with it.",
      [
        Field.text("opportunity", "Its id (006...).", required: true, length: 18),
        Field.text("stage", "As the org names it: Negotiation/Review, Closed Won. A wrong one is told the right ones.", required: true, length: 255),
        Field("amount", ["type": "number", "description": "The amount, where it changes."]), Field.text("close_date", "2026-07-28, where it changes.", length: 10),
        Field.text("next_step", "Where it changes.", length: 255),
      ], .changingAnew
    ) { call, subject throws(VendorError) in
      let id = call.string("opportunity") ?? ""
      let stage = call.string("stage") ?? ""
      try await RecordGuard(salesforce: salesforce).check([id], of: "Opportunity", for: call, as: subject)
      let name = try await self.stage(stage, as: subject)
      var fields: JSONObject = ["StageName": .string(name)]
      if let amount = call["amount"] { fields["Amount"] = JSONValue(amount) }
      if let date = call.string("close_date") {
        guard date.utf8.count == 10, Timestamp.seconds(date) != nil else { throw VendorError(.refused, "\"close_date\" must be a date such as 2026-07-28.") }
        fields["CloseDate"] = .string(date)
      }
      if let step = call.string("next_step") { fields["NextStep"] = .string(step) }
      for (field, _) in fields { try salesforce.access.check(field: field, of: "Opportunity") }
      _ = try await salesforce.api.send(.patch, ["sobjects", "Opportunity", id], .object(fields), as: subject)
      return done(id, "Opportunity", "Opportunity \(id) is now in \(name).", created: false)
    }
  }

  /// The stage of that name, in Salesforce's spelling. Salesforce would take any text.
  private func stage(_ text: String, as subject: Subject) async throws(VendorError) -> String {
    let org = OrgTools(salesforce: salesforce)
    var (description, wasKept) = try await org.keptDescription(of: "Opportunity", as: subject)
    while true {
      let field = SalesforceContext.elements(description, "fields").first { $0["name"]?.string == "StageName" }
      let values = field.map { SalesforceContext.elements($0, "picklistValues") } ?? []
      let stages = values.filter { $0["active"]?.bool != false }.compactMap { $0["value"]?.string }
      if let name = stages.first(where: { $0.lowercased() == text.lowercased() }) ?? (stages.isEmpty ? text : nil) { return name }
      // It may have been added meanwhile.
      guard wasKept else { throw VendorError(.refused, "There is no stage \"\(text.prefix(80))\". There are: \(stages.joined(separator: ", ")).") }
      (description, wasKept) = try await org.keptDescription(of: "Opportunity", as: subject, isFresh: true)
    }
  }

  private var delete: Tool {
    write("delete_record", "Delete a record", "Moves a record to the recycle bin.", [QueryTools.object, RecordTools.id], .changing) { call, subject throws(VendorError) in
      let object = call.string("object") ?? ""
      let id = call.string("id") ?? ""
      try await RecordGuard(salesforce: salesforce).check([id], of: object, for: call, as: subject)
      _ = try await salesforce.api.send(.delete, ["sobjects", object, id], as: subject)
      return done(id, object, "Deleted \(object) \(id).")
    }
  }
}
